//! Drawings of points, curves and bands as SVG: what figures of a study and of a fit are drawn with.
//!
//! `scale` settles where numbers lie on an axis and which are written there, `layout` where everything stands, `svg` writes it down. The same drawing gives the same
//! bytes everywhere: nothing is measured with fonts of the machine.

mod layout;
mod scale;
mod svg;

/// A drawing: panels with the same axes side by side, one legend for all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plot {
    pub title: String,
    pub x: AxisTitle,
    pub y: AxisTitle,
    /// What tells series apart, above their names in the legend; empty for one series that needs none.
    pub legend: String,
    pub panels: Vec<Panel>,
}

/// What an axis shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AxisTitle {
    pub name: String,
    /// Empty for plain numbers.
    pub unit: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// Empty where there is one.
    pub title: String,
    pub series: Vec<Series>,
}

/// Points and curve of one colour.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    pub name: String,
    /// Place of the series' colour, mark and dash among all of the drawing: equal in all panels.
    pub look: usize,
    pub points: Vec<(f64, f64)>,
    /// Points that a fit was not made with: drawn open.
    pub held_out: Vec<(f64, f64)>,
    /// Place, lower and upper end of the interval of a point: a line through it.
    pub bars: Vec<(f64, f64, f64)>,
    /// A line through these, from left to right.
    pub curve: Vec<(f64, f64)>,
    /// Place, lower and upper end of what lies around the curve.
    pub band: Vec<(f64, f64, f64)>,
}

impl Plot {
    /// The drawing as a whole SVG document. What is not finite is left out; on an axis of logarithms, so is what is not above zero.
    pub fn svg(&self) -> String {
        layout::Layout::new(self).svg(self)
    }

    /// How many looks the series of the drawing have.
    fn looks(&self) -> usize {
        let looks = self.panels.iter().flat_map(|panel| &panel.series).map(|series| series.look + 1);
        looks.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        let law = |x: f64, b: f64| 1.5 + b / x.powf(0.3);
        let xs: Vec<f64> = (0..7).map(|i| 1e6 * 4f64.powi(i)).collect();
        let series = |name: &str, look: usize, b: f64| Series {
            name: name.to_owned(),
            look,
            points: xs[..6].iter().map(|&x| (x, law(x, b))).collect(),
            held_out: vec![(xs[6], law(xs[6], b))],
            bars: xs[..2].iter().map(|&x| (x, law(x, b) * 0.98, f64::INFINITY)).collect(),
            curve: xs.iter().map(|&x| (x, law(x, b))).collect(),
            band: xs.iter().map(|&x| (x, law(x, b) * 0.99, law(x, b) * 1.01)).collect(),
        };
        Plot {
            title: "loss & tokens".to_owned(),
            x: AxisTitle { name: "tokens".to_owned(), unit: String::new() },
            y: AxisTitle { name: "loss".to_owned(), unit: "nats/token".to_owned() },
            legend: "r".to_owned(),
            panels: vec![
                Panel { title: "width = 64".to_owned(), series: vec![series("0", 0, 60.0), series("1/2", 1, 90.0)] },
                Panel { title: "width = 128".to_owned(), series: vec![series("0", 0, 50.0), series("<1>", 2, 80.0)] },
            ],
        }
    }

    fn count(text: &str, what: &str) -> usize {
        text.matches(what).count()
    }

    #[test]
    fn every_point_curve_and_band_is_drawn_and_named() {
        let svg = plot().svg();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"), "{svg}");
        // Four series of six full marks and an open one, and the legend's three.
        assert_eq!(count(&svg, "class=\"mark"), 4 * 7 + 3, "{svg}");
        assert_eq!((count(&svg, "class=\"curve"), count(&svg, "class=\"band")), (4 + 3, 4));
        assert_eq!(count(&svg, "class=\"bar"), 4 * 2);
        for text in ["loss &amp; tokens", "&lt;1&gt;", "nats/token", "width = 128", ">1M<", ">1B<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn the_same_drawing_is_the_same_text_and_nothing_of_it_is_not_a_number() {
        assert_eq!(plot().svg(), plot().svg());
        let mut odd = plot();
        odd.panels[0].series[0].points.extend([(f64::NAN, 1.0), (1e6, f64::INFINITY), (-3.0, 2.0), (0.0, 2.0)]);
        odd.panels[1].series.clear();
        for text in [odd.svg(), Plot::default().svg(), Plot { panels: vec![Panel::default()], ..Plot::default() }.svg()]
        {
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }

    #[test]
    fn one_point_has_axes_too() {
        let one = Series { points: vec![(4e6, 2.5)], ..Series::default() };
        let plot = Plot { panels: vec![Panel { title: String::new(), series: vec![one] }], ..Plot::default() };
        let svg = plot.svg();
        assert_eq!(count(&svg, "class=\"mark"), 1);
        assert!(svg.contains(">4M<") && svg.contains(">2.4<"), "{svg}");
    }
}
