//! Where everything of a drawing stands.

use super::scale::{Scale, Tick};
use super::svg::{Anchor, Look, Svg};
use super::{AxisTitle, Panel, Plot, Series};

/// Width and height of a panel's frame.
const FRAME: (f64, f64) = (360.0, 260.0);

/// Panels beside each other.
const ACROSS: usize = 3;

/// Room for the axis' numbers and its title.
const LEFT: f64 = 66.0;
const BELOW: f64 = 52.0;
const ABOVE: f64 = 26.0;
const BETWEEN: f64 = 14.0;

const TITLE: f64 = 34.0;
const LEGEND_LINE: f64 = 20.0;

/// The width of a letter at the size of the text, about: nothing is measured.
const LETTER: f64 = 6.8;

/// Names in the legend before the rest is counted. Arbitrary: as many as stand beside a panel.
const NAMES: usize = 24;

pub struct Layout {
    x: Scale,
    y: Scale,
    columns: usize,
    legend: Vec<(usize, String)>,
    /// Series that have no place in the legend.
    more: usize,
    looks: usize,
}

impl Layout {
    pub fn new(plot: &Plot) -> Layout {
        let series = || plot.panels.iter().flat_map(|panel| &panel.series);
        let marks = || series().flat_map(|series| series.points.iter().chain(&series.held_out));
        let on_x = marks().chain(series().flat_map(|series| &series.curve)).map(|(x, _)| *x);
        let x = Scale::new(on_x);
        // A band may be as wide as it likes: points and curves say what is shown.
        let y = Scale::new(marks().chain(series().flat_map(|series| &series.curve)).map(|(_, y)| *y));
        let mut legend: Vec<(usize, String)> = Vec::new();
        for series in series().filter(|series| !series.name.is_empty()) {
            if !legend.iter().any(|(look, _)| *look == series.look) {
                legend.push((series.look, series.name.clone()));
            }
        }
        legend.sort_by_key(|(look, _)| *look);
        let more = legend.len().saturating_sub(NAMES);
        legend.truncate(NAMES);
        let columns = plot.panels.len().clamp(1, ACROSS);
        Layout { x, y, columns, legend, more, looks: plot.looks() }
    }

    pub fn svg(&self, plot: &Plot) -> String {
        let step = (LEFT + FRAME.0 + BETWEEN, ABOVE + FRAME.1 + BELOW);
        let rows = plot.panels.len().max(1).div_ceil(self.columns);
        let top = if plot.title.is_empty() { 0.0 } else { TITLE };
        let across = step.0 * self.columns as f64;
        let names = self.legend.iter().map(|(_, name)| name).chain([&plot.legend]);
        let letters = names.map(|name| name.chars().count()).max().unwrap_or(0);
        let beside = if self.legend.is_empty() { 0.0 } else { 64.0 + LETTER * letters as f64 };
        let legend_height = LEGEND_LINE * (self.legend.len() + 2) as f64;
        let height = (top + step.1 * rows as f64).max(top + ABOVE + legend_height);
        let mut svg = Svg::new(across + beside, height, &plot.title);
        if !plot.title.is_empty() {
            svg.text((LEFT, 22.0), Anchor::Start, "title", &plot.title);
        }
        for (i, panel) in plot.panels.iter().enumerate() {
            let corner = (LEFT + step.0 * (i % self.columns) as f64, top + ABOVE + step.1 * (i / self.columns) as f64);
            self.panel(&mut svg, i, panel, corner, plot);
        }
        if !self.legend.is_empty() {
            self.legend(&mut svg, (across + 4.0, top + ABOVE + 12.0), plot);
        }
        svg.end()
    }

    fn panel(&self, svg: &mut Svg, number: usize, panel: &Panel, corner: (f64, f64), plot: &Plot) {
        let (left, top) = corner;
        let (width, height) = FRAME;
        if !panel.title.is_empty() {
            svg.text((left + width / 2.0, top - 8.0), Anchor::Middle, "panel", &panel.title);
        }
        for Tick { at, label } in self.x.ticks() {
            let x = left + at * width;
            if label.is_empty() {
                svg.line("tick", (x, top + height), (x, top + height + 3.0));
            } else {
                svg.line("grid", (x, top), (x, top + height));
                svg.text((x, top + height + 17.0), Anchor::Middle, "label", &label);
            }
        }
        for Tick { at, label } in self.y.ticks() {
            let y = top + (1.0 - at) * height;
            if label.is_empty() {
                svg.line("tick", (left - 3.0, y), (left, y));
            } else {
                svg.line("grid", (left, y), (left + width, y));
                svg.text((left - 6.0, y + 4.0), Anchor::End, "label", &label);
            }
        }
        svg.frame((left, top), FRAME);
        svg.text((left + width / 2.0, top + height + 38.0), Anchor::Middle, "axis", &title(&plot.x));
        svg.turned((left - 50.0, top + height / 2.0), "axis", &title(&plot.y));
        svg.clipped(number, (left, top), FRAME);
        let place =
            |(x, y): (f64, f64)| Some((left + self.x.place(x)? * width, top + (1.0 - self.y.place(y)?) * height));
        // What is wide lies below what is narrow.
        for series in &panel.series {
            let ends = series.band.iter();
            let upper = ends.clone().filter_map(|(x, low, high)| self.ends(*x, *low, *high, place).map(|(_, b)| b));
            let lower = ends.rev().filter_map(|(x, low, high)| self.ends(*x, *low, *high, place).map(|(a, _)| a));
            svg.area(&Look::of(series.look, self.looks), upper.chain(lower));
        }
        for series in &panel.series {
            svg.curve(&Look::of(series.look, self.looks), series.curve.iter().filter_map(|at| place(*at)));
        }
        for series in &panel.series {
            let look = Look::of(series.look, self.looks);
            let bars = series.bars.iter().filter_map(|(x, low, high)| self.ends(*x, *low, *high, place));
            bars.for_each(|(low, high)| svg.bar(&look, low, high));
            series.points.iter().filter_map(|at| place(*at)).for_each(|at| svg.mark(&look, at, true));
            series.held_out.iter().filter_map(|at| place(*at)).for_each(|at| svg.mark(&look, at, false));
        }
        svg.unclipped();
    }

    /// Both ends of a band at a place; an end that has no place of its own goes to the panel's edge.
    fn ends(
        &self,
        x: f64,
        low: f64,
        high: f64,
        place: impl Fn((f64, f64)) -> Option<(f64, f64)>,
    ) -> Option<((f64, f64), (f64, f64))> {
        let (edge, top) = (place((x, self.y.end(false)))?, place((x, self.y.end(true)))?);
        let low = if low.is_nan() { return None } else { place((x, low)).unwrap_or(edge) };
        let high = if high.is_nan() { return None } else { place((x, high)).unwrap_or(top) };
        Some((low, high))
    }

    fn legend(&self, svg: &mut Svg, (left, top): (f64, f64), plot: &Plot) {
        svg.text((left, top), Anchor::Start, "axis", &plot.legend);
        let with_curves =
            plot.panels.iter().flat_map(|panel| &panel.series).any(|series: &Series| !series.curve.is_empty());
        for (i, (look, name)) in self.legend.iter().enumerate() {
            let y = top + LEGEND_LINE * (i + 1) as f64;
            let look = Look::of(*look, self.looks);
            if with_curves {
                svg.curve(&look, [(left, y - 4.0), (left + 34.0, y - 4.0)].into_iter());
            }
            svg.mark(&look, (left + 17.0, y - 4.0), true);
            svg.text((left + 42.0, y), Anchor::Start, "label", name);
        }
        if self.more > 0 {
            let y = top + LEGEND_LINE * (self.legend.len() + 1) as f64;
            svg.text((left, y), Anchor::Start, "label", &format!("and {} more", self.more));
        }
    }
}

/// `loss (nats/token)`.
fn title(axis: &AxisTitle) -> String {
    if axis.unit.is_empty() || axis.unit == axis.name {
        return axis.name.clone();
    }
    format!("{} ({})", axis.name, axis.unit)
}
