//! The SVG document: the few shapes that a drawing is made of.

use std::fmt::Write;

/// Where a text stands from its place.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Colour, mark and dash of a series: three ways to tell it from others, of which two are left in print without colours.
#[derive(Debug, Clone)]
pub struct Look {
    colour: String,
    mark: usize,
    dash: &'static str,
}

/// Colours from dark to light of growing lightness, so that their order is one in grey too (sampled from viridis; van der Walt and Smith 2015), without its yellow,
/// which is lost on white.
const COLOURS: [(f64, f64, f64); 6] = [
    (68.0, 1.0, 84.0),
    (65.0, 68.0, 135.0),
    (42.0, 120.0, 142.0),
    (34.0, 150.0, 130.0),
    (76.0, 180.0, 90.0),
    (160.0, 200.0, 40.0),
];

const DASHES: [&str; 4] = ["", "7 3", "2 3", "8 3 2 3"];

const MARKS: usize = 6;

const STYLE: &str = "text{font-family:system-ui,'Helvetica Neue',Arial,sans-serif;font-size:12px;fill:#222}\
.title{font-size:15px;font-weight:600}.panel,.axis{font-size:12.5px}.label{font-size:11.5px;fill:#444}\
.grid{stroke:#e4e4e4;stroke-width:1}.tick{stroke:#888;stroke-width:1}.frame{fill:none;stroke:#888;stroke-width:1}\
.curve{fill:none;stroke-width:1.8;stroke-linejoin:round}.band{fill-opacity:.16;stroke:none}.bar{fill:none;stroke-width:1.2}.mark{stroke-width:1.4}";

impl Look {
    /// The look number `place` of so many.
    pub fn of(place: usize, looks: usize) -> Look {
        let along = if looks < 2 { 0.25 } else { place as f64 / (looks - 1) as f64 };
        let at = along.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f64;
        let below = (at.floor() as usize).min(COLOURS.len() - 2);
        let (a, b, part) = (COLOURS[below], COLOURS[below + 1], at - below as f64);
        let mix = |a: f64, b: f64| (a + (b - a) * part).round() as u8;
        let colour = format!("#{:02x}{:02x}{:02x}", mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2));
        Look { colour, mark: place % MARKS, dash: DASHES[place % DASHES.len()] }
    }
}

/// A document that is being written.
pub struct Svg(String);

impl Svg {
    pub fn new(width: f64, height: f64, title: &str) -> Svg {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\">\n",
            w = short(width),
            h = short(height)
        );
        let _ = write!(text, "<title>{}</title>\n<style>{STYLE}</style>\n", escaped(title));
        text.push_str("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        Svg(text)
    }

    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, text) = (short(x), short(y), escaped(text));
        let _ = writeln!(self.0, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>");
    }

    /// A text that reads upwards.
    pub fn turned(&mut self, (x, y): (f64, f64), class: &str, text: &str) {
        let (x, y, text) = (short(x), short(y), escaped(text));
        let _ = writeln!(
            self.0,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" transform=\"rotate(-90 {x} {y})\">{text}</text>"
        );
    }

    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (a, b, c, d) = (short(from.0), short(from.1), short(to.0), short(to.1));
        let _ = writeln!(self.0, "<line class=\"{class}\" x1=\"{a}\" y1=\"{b}\" x2=\"{c}\" y2=\"{d}\"/>");
    }

    pub fn frame(&mut self, corner: (f64, f64), size: (f64, f64)) {
        let _ = writeln!(self.0, "<rect class=\"frame\" {}/>", rectangle(corner, size));
    }

    /// What follows is cut off at this frame; `number` is the frame's own.
    pub fn clipped(&mut self, number: usize, corner: (f64, f64), size: (f64, f64)) {
        let rectangle = rectangle(corner, size);
        let _ = writeln!(
            self.0,
            "<clipPath id=\"panel{number}\"><rect {rectangle}/></clipPath>\n<g clip-path=\"url(#panel{number})\">"
        );
    }

    pub fn unclipped(&mut self) {
        self.0.push_str("</g>\n");
    }

    /// A closed area; nothing below three corners.
    pub fn area(&mut self, look: &Look, corners: impl Iterator<Item = (f64, f64)>) {
        let corners = places(corners);
        if corners.len() > 2 {
            let _ =
                writeln!(self.0, "<polygon class=\"band\" fill=\"{}\" points=\"{}\"/>", look.colour, corners.join(" "));
        }
    }

    /// A line through places; nothing below two.
    pub fn curve(&mut self, look: &Look, through: impl Iterator<Item = (f64, f64)>) {
        let through = places(through);
        if through.len() < 2 {
            return;
        }
        let dash = if look.dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", look.dash) };
        let (colour, points) = (&look.colour, through.join(" "));
        let _ = writeln!(self.0, "<polyline class=\"curve\" stroke=\"{colour}\"{dash} points=\"{points}\"/>");
    }

    /// An interval: a line from end to end, and a short one across each.
    pub fn bar(&mut self, look: &Look, (x, low): (f64, f64), (_, high): (f64, f64)) {
        let (left, middle, right) = (short(x - 3.0), short(x), short(x + 3.0));
        let (low, high) = (short(low), short(high));
        let _ = writeln!(
            self.0,
            "<path class=\"bar\" stroke=\"{}\" d=\"M{left} {high}H{right}M{middle} {high}V{low}M{left} {low}H{right}\"/>",
            look.colour
        );
    }

    /// A point: full, or open.
    pub fn mark(&mut self, look: &Look, (x, y): (f64, f64), full: bool) {
        let fill = if full { &look.colour } else { "#fff" };
        let colour = format!("class=\"mark\" fill=\"{fill}\" stroke=\"{}\"", look.colour);
        let at = |dx: f64, dy: f64| format!("{},{}", short(x + dx), short(y + dy));
        let polygon = |corners: &[(f64, f64)]| {
            let corners: Vec<String> = corners.iter().map(|(dx, dy)| at(*dx, *dy)).collect();
            format!("<polygon {colour} points=\"{}\"/>", corners.join(" "))
        };
        let shape = match look.mark {
            0 => format!("<circle {colour} cx=\"{}\" cy=\"{}\" r=\"3.4\"/>", short(x), short(y)),
            1 => polygon(&[(-3.1, -3.1), (3.1, -3.1), (3.1, 3.1), (-3.1, 3.1)]),
            2 => polygon(&[(0.0, -4.2), (3.9, 2.7), (-3.9, 2.7)]),
            3 => polygon(&[(0.0, -4.4), (4.4, 0.0), (0.0, 4.4), (-4.4, 0.0)]),
            4 => polygon(&[(0.0, 4.2), (3.9, -2.7), (-3.9, -2.7)]),
            // A star of four points.
            _ => polygon(&[
                (0.0, -5.0),
                (1.3, -1.3),
                (5.0, 0.0),
                (1.3, 1.3),
                (0.0, 5.0),
                (-1.3, 1.3),
                (-5.0, 0.0),
                (-1.3, -1.3),
            ]),
        };
        self.0.push_str(&shape);
        self.0.push('\n');
    }

    pub fn end(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

fn rectangle(corner: (f64, f64), size: (f64, f64)) -> String {
    let (x, y, w, h) = (short(corner.0), short(corner.1), short(size.0), short(size.1));
    format!("x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"")
}

fn places(places: impl Iterator<Item = (f64, f64)>) -> Vec<String> {
    places.map(|(x, y)| format!("{},{}", short(x), short(y))).collect()
}

/// Hundredths of a pixel.
fn short(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    format!("{}", rounded + 0.0)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // No document may hold other letters of control.
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}
