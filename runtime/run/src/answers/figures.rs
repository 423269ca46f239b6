//! Figures: which points, curves and bands a drawing has.

use indexmap::IndexMap;
use synx_answers::{Drawn, Fitted, Group, Settled};
use synx_plan::figure::Figure;
use synx_plan::grid::ColumnValue;
use synx_plan::study::Plan;
use synx_plan::table::{Source, TableId};
use synx_report::{AxisTitle, FigureResult, Panel, Plot, Series};
use synx_tables::{Standing, Table};

use super::cells::written;

/// Places along a curve. Arbitrary: smooth at the size of a panel.
const PLACES: usize = 60;

/// Draws that a band is of, at most: its ends have two digits then. Arbitrary.
const BAND_DRAWS: usize = 400;

/// The drawing of a figure; none where its table could not be made.
pub(super) fn figure(plan: &Plan, figure: &Figure, settled: &Settled) -> Option<FigureResult> {
    let table = settled.tables[figure.over.0].as_ref().ok()?;
    let rows: Vec<usize> = (0..table.rows()).filter(|row| table.standing(*row) == Standing::There).collect();
    let value = |row: usize, column: &Option<String>| {
        column.as_ref().map(|column| written(plan, column, table.value(row, column)))
    };
    let looks = order(rows.iter().map(|row| value(*row, &figure.series)));
    let titles = order(rows.iter().map(|row| value(*row, &figure.panel)));
    let along = is_of_points(plan, figure.over);
    let curves = figure.overlay.map(|law| Curves::new(plan, settled, law, table, figure, &rows));
    let panels = titles.iter().map(|title| {
        let series = looks.iter().enumerate().map(|(look, name)| {
            let own = |row: &&usize| value(**row, &figure.series) == *name && value(**row, &figure.panel) == *title;
            let own: Vec<usize> = rows.iter().filter(own).copied().collect();
            let place =
                |row: &usize| Some((table.value(*row, &figure.x).number()?, table.value(*row, &figure.y).number()?));
            let held_out = |row: &usize| curves.as_ref().is_some_and(|curves| curves.held_out[*row]);
            let (open, full): (Vec<usize>, Vec<usize>) = own.iter().copied().partition(|row| held_out(row));
            let interval = |row: &usize| {
                let (low, high) =
                    settled.shown.interval(figure.over, &figure.y, *row, plan.study.confidence.to_f64())?;
                Some((table.value(*row, &figure.x).number()?, low, high))
            };
            let mut bars: Vec<_> = own.iter().filter_map(interval).collect();
            let (mut curve, mut band) = curves.as_ref().map(|curves| curves.of(&own)).unwrap_or_default();
            // Answers along an axis are a line, with what lies around it; what was measured is points, each with its own interval.
            if curves.is_none() && along {
                curve = own.iter().filter_map(place).filter(|(_, y)| y.is_finite()).collect();
                curve.sort_by(|a, b| a.0.total_cmp(&b.0));
                band = std::mem::take(&mut bars);
                band.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
            Series {
                name: name.as_ref().map(ToString::to_string).unwrap_or_default(),
                look,
                points: full.iter().filter_map(place).collect(),
                held_out: open.iter().filter_map(place).collect(),
                bars,
                curve,
                band,
            }
        });
        let title = title.as_ref().zip(figure.panel.as_ref()).map(|(title, panel)| format!("{panel} = {title}"));
        Panel {
            title: title.unwrap_or_default(),
            series: series.filter(|series| !series.points.is_empty() || !series.held_out.is_empty()).collect(),
        }
    });
    let axis = |column: &str| AxisTitle {
        name: column.to_owned(),
        unit: table.get(column).map(|column| column.unit.clone()).unwrap_or_default(),
    };
    let title = figure.documentation.as_ref().and_then(|words| words.lines().next()).unwrap_or(&figure.name);
    let plot = Plot {
        title: title.to_owned(),
        x: axis(&figure.x),
        y: axis(&figure.y),
        legend: figure.series.clone().unwrap_or_default(),
        panels: panels.collect(),
    };
    Some(FigureResult { name: figure.name.clone(), plot })
}

/// Whether the rows of a table are points at which something is asked.
fn is_of_points(plan: &Plan, table: TableId) -> bool {
    let mut at = table;
    loop {
        match &plan.tables[at.0].source {
            Source::Points { .. } => return true,
            Source::Filter { of, .. } | Source::Derive { of, .. } | Source::Best { of, .. } => at = *of,
            _ => return false,
        }
    }
}

/// Each value once: numbers by their size, others as they come.
fn order(values: impl Iterator<Item = Option<ColumnValue>>) -> Vec<Option<ColumnValue>> {
    let mut each: Vec<Option<ColumnValue>> = Vec::new();
    for value in values {
        if !each.contains(&value) {
            each.push(value);
        }
    }
    let number = |value: &Option<ColumnValue>| match value {
        Some(ColumnValue::Number(number)) => Some(number.clone()),
        Some(ColumnValue::Text(text)) => synx_plan::exact::Exact::from_decimal(text),
        _ => None,
    };
    if each.iter().all(|value| number(value).is_some()) {
        each.sort_by_key(number);
    }
    each
}

/// Points by x.
type Curve = Vec<(f64, f64)>;

/// By x, the lower and the upper end.
type Band = Vec<(f64, f64, f64)>;

/// The curves of an overlay.
struct Curves<'a> {
    table: &'a Table,
    x: &'a str,
    by: &'a [String],
    /// The columns that the law reads besides `x` and those of `by`.
    others: Vec<String>,
    fitted: Option<&'a Fitted>,
    settled: &'a Settled,
    law: usize,
    confidence: f64,
    /// For each row of the figure's table, whether the fit was made without it.
    held_out: Vec<bool>,
    ends: (f64, f64),
}

impl<'a> Curves<'a> {
    fn new(
        plan: &'a Plan,
        settled: &'a Settled,
        law: usize,
        table: &'a Table,
        figure: &'a Figure,
        rows: &[usize],
    ) -> Curves<'a> {
        let declared = &plan.laws[law];
        let (by, x) = (&declared.formula.by[..], figure.x.as_str());
        let model = declared.formula.inlined().1;
        let others = model.columns().into_iter().filter(|name| *name != x && !by.iter().any(|by| by == name));
        // A row of the figure is held out where it is a row of the law's that is.
        let mut held_out = vec![false; table.rows()];
        if declared.over == figure.over
            && let Some(fit) = &settled.laws[law].fit
        {
            for prediction in fit.groups.iter().flat_map(|group| &group.predictions).filter(|row| row.held_out) {
                held_out[settled.laws[law].rows[prediction.row] as usize] = true;
            }
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in rows.iter().filter_map(|row| table.value(*row, x).number()) {
            (low, high) = (low.min(value), high.max(value));
        }
        Curves {
            table,
            x,
            by,
            others: others.map(str::to_owned).collect(),
            fitted: settled.laws[law].fitted.as_deref().ok(),
            settled,
            law,
            confidence: plan.study.confidence.to_f64(),
            held_out,
            ends: (low, high),
        }
    }

    /// The curve and the band of a series, over the whole width of the drawing; none where its rows do not agree in what the law reads besides `x`: one
    /// curve could not be theirs.
    fn of(&self, rows: &[usize]) -> (Curve, Band) {
        let nothing = (Vec::new(), Vec::new());
        let (Some(fitted), Some(first)) = (self.fitted, rows.first()) else { return nothing };
        let labels = synx_answers::labels(self.table, *first, self.by);
        let same = |row: &usize| {
            synx_answers::labels(self.table, *row, self.by) == labels
                && self.others.iter().all(|name| self.table.value(*row, name) == self.table.value(*first, name))
        };
        let Some(group) = fitted.group(&labels).filter(|_| rows.iter().all(same)) else { return nothing };
        let (low, high) = self.ends;
        if low.partial_cmp(&high).is_none_or(std::cmp::Ordering::is_ge) {
            return nothing;
        }
        let at = |i: usize| {
            let part = i as f64 / (PLACES - 1) as f64;
            if low > 0.0 { low * (high / low).powf(part) } else { low + (high - low) * part }
        };
        let xs: Vec<f64> = (0..PLACES).map(at).collect();
        let of =
            |x: f64| move |name: &str| if name == self.x { Some(x) } else { self.table.value(*first, name).number() };
        let curve = xs.iter().map(|x| (*x, fitted.predict(group, &of(*x)))).collect();
        (curve, self.band(fitted, group, &xs, &of))
    }

    fn band<F: Fn(&str) -> Option<f64>>(
        &self,
        fitted: &Fitted,
        group: &Group,
        xs: &[f64],
        of: &dyn Fn(f64) -> F,
    ) -> Band {
        let law = &self.settled.laws[self.law];
        let is_this = |fit: &&synx_laws::GroupFit| fit.group.iter().map(|(_, label)| label).eq(&group.labels);
        let Some(fit) = law.fit.as_ref().and_then(|fit| fit.groups.iter().find(is_this)) else { return Vec::new() };
        if fit.draws.is_empty() {
            return Vec::new();
        }
        let band = |x: &f64| {
            let of = of(*x);
            let draws = (0..fit.draws.len().min(BAND_DRAWS)).map(|draw| fitted.predict_in(fit, draw, group, &of));
            let samples = fit.resampling.iter().map(|resampling| resampling.sample).collect();
            let drawn = Drawn { estimate: f64::NAN, draws: draws.collect(), samples };
            let (low, high) = drawn.interval(self.confidence)?;
            Some((*x, low, high))
        };
        xs.iter().filter_map(band).collect()
    }
}

/// Panels by name, for tables that are laid out alike.
pub(super) fn panels(plan: &Plan, table: &Table, panel: Option<&String>) -> IndexMap<String, Vec<usize>> {
    let mut panels: IndexMap<String, Vec<usize>> = IndexMap::new();
    for row in (0..table.rows()).filter(|row| table.standing(*row) == Standing::There) {
        let title = panel.map(|panel| format!("{panel} = {}", written(plan, panel, table.value(row, panel))));
        panels.entry(title.unwrap_or_default()).or_default().push(row);
    }
    panels
}
