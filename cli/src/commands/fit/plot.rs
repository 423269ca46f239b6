//! A drawing of a fit: the rows, the law's curve through them, and the interval of its draws.

use std::collections::BTreeSet;

use synx_plan::expression::{Expression, Name};
use synx_plan::law::Model;
use synx_run::laws::{GroupFit, LawResult};
use synx_run::report::{AxisTitle, Panel, Plot, Series};
use synx_run::tables::shown;

use super::asked::Asked;
use super::data::Data;
use super::shown::group_name;

/// Places that a curve is drawn through. Arbitrary.
const PLACES: usize = 120;

/// Groups that are told apart in one drawing. Arbitrary: as many looks as one can keep apart.
const MOST_GROUPS: usize = 6;

/// Parts of the values of a second column, each with a curve. Arbitrary.
const PARTS: usize = 5;

/// Draws that a band is of. Arbitrary; more change it by less than a line's width.
const MOST_DRAWS: usize = 400;

/// A law over one column is drawn over it, with a series a group. Over two, the column that reaches furthest lies along the axis, and the values of the other are
/// parted, each with a curve at its middle. Over more, what was predicted lies along the axis, and what was observed above it.
pub fn plot(asked: &Asked, data: &Data, result: &LawResult) -> Plot {
    let (target, model) = asked.formula.inlined();
    let y = AxisTitle { name: target.to_string(), unit: String::new() };
    let groups = &result.groups[..result.groups.len().min(MOST_GROUPS)];
    let mut title = asked.name.clone();
    if groups.len() < result.groups.len() {
        title = format!("{title}: {} of {} groups", groups.len(), result.groups.len());
    }
    let columns: Vec<String> = model.columns().into_iter().map(str::to_owned).collect();
    let (Model::Formula(model), 1..=2) = (&model, columns.len()) else {
        return predicted(asked, groups, title, y);
    };
    let drawn = Drawn { asked, data, model };
    let mut columns = columns;
    columns.sort_by(|a, b| drawn.reach(b).total_cmp(&drawn.reach(a)));
    let x = AxisTitle { name: columns[0].clone(), unit: String::new() };
    let Some(second) = columns.get(1) else {
        let series = groups.iter().enumerate();
        let series = series.map(|(look, group)| Series {
            name: if group.group.is_empty() { "law".to_owned() } else { group_name(&group.group) },
            look,
            ..drawn.series(group, &columns[0], None)
        });
        let panels = vec![Panel { title: String::new(), series: series.collect() }];
        let legend = asked.formula.by.join(", ");
        return Plot { title, x, y, legend, panels };
    };
    let parts = drawn.parts(second);
    let panels = groups.iter().map(|group| {
        let series = parts.iter().enumerate().map(|(look, part)| Series {
            name: part.name.clone(),
            look,
            ..drawn.series(group, &columns[0], Some((second, part)))
        });
        Panel { title: group_name(&group.group), series: series.collect() }
    });
    Plot { title, x, y, legend: second.clone(), panels: panels.collect() }
}

/// What was observed over what was predicted, and where both are equal.
fn predicted(asked: &Asked, groups: &[GroupFit], title: String, y: AxisTitle) -> Plot {
    let series = groups.iter().enumerate().map(|(look, group)| {
        let of = |held_out: bool| {
            let rows = group.predictions.iter().filter(move |prediction| prediction.held_out == held_out);
            rows.map(|prediction| (prediction.predicted, prediction.observed)).collect::<Vec<_>>()
        };
        let ends = group.predictions.iter().map(|prediction| prediction.predicted);
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let name = if group.group.is_empty() { "rows".to_owned() } else { group_name(&group.group) };
        let curve = vec![(low, low), (high, high)];
        Series { name, look, points: of(false), held_out: of(true), curve, ..Series::default() }
    });
    let panels = vec![Panel { title: String::new(), series: series.collect() }];
    let x = AxisTitle { name: format!("{} as predicted", y.name), unit: String::new() };
    Plot { title, x, y, legend: asked.formula.by.join(", "), panels }
}

/// Some of the values of a column.
struct Part {
    name: String,
    low: f64,
    high: f64,
    /// Where its curve is.
    middle: f64,
}

struct Drawn<'a> {
    asked: &'a Asked,
    data: &'a Data,
    model: &'a Expression,
}

impl Drawn<'_> {
    /// The values of a column in all rows, sorted.
    fn values(&self, column: &str) -> Vec<f64> {
        let rows = 0..self.data.table.rows();
        let mut values: Vec<f64> = rows.filter_map(|row| self.data.table.value(row, column).number()).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// How many times larger the largest value is than the smallest.
    fn reach(&self, column: &str) -> f64 {
        let values = self.values(column);
        match (values.first(), values.last()) {
            (Some(low), Some(high)) if *low > 0.0 => high / low,
            _ => 1.0,
        }
    }

    /// The values of a column one by one where they are few, else in parts with as many rows each.
    fn parts(&self, column: &str) -> Vec<Part> {
        let values = self.values(column);
        let mut distinct = values.clone();
        distinct.dedup();
        if distinct.len() <= PARTS {
            let part = |value: &f64| Part { name: shown(*value), low: *value, high: *value, middle: *value };
            return distinct.iter().map(part).collect();
        }
        // Equal values stay together.
        let (mut parts, mut above) = (Vec::new(), f64::NEG_INFINITY);
        for k in 1..=PARTS {
            let high = values[k * values.len() / PARTS - 1];
            let inside: Vec<f64> = values.iter().copied().filter(|value| (above < *value) && *value <= high).collect();
            let [low, ..] = inside[..] else { continue };
            let name = format!("{} to {}", synx_plan::number::count(low), synx_plan::number::count(high));
            parts.push(Part { name, low, high, middle: inside[inside.len() / 2] });
            above = high;
        }
        parts
    }

    /// The points, the curve and the band of a group, of those rows whose second column lies in the part.
    fn series(&self, group: &GroupFit, x: &str, second: Option<(&String, &Part)>) -> Series {
        let table = &self.data.table;
        let number = |row: usize, column: &str| table.value(row, column).number();
        let is_in = |row: usize| {
            second.is_none_or(|(column, part)| {
                number(row, column).is_some_and(|value| (part.low..=part.high).contains(&value))
            })
        };
        let mut series = Series::default();
        let mut places = BTreeSet::new();
        for prediction in group.predictions.iter().filter(|prediction| is_in(prediction.row)) {
            let Some(at) = number(prediction.row, x) else { continue };
            let of = if prediction.held_out { &mut series.held_out } else { &mut series.points };
            of.push((at, prediction.observed));
            places.insert(at.to_bits());
        }
        let places: Vec<f64> = places.into_iter().map(f64::from_bits).collect();
        let (low, high) = places.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
        if !(low.is_finite() && high.is_finite()) {
            return series;
        }
        let estimates: Vec<f64> = group.parameters.iter().map(|parameter| parameter.estimate).collect();
        let step = group.draws.len().div_ceil(MOST_DRAWS).max(1);
        let confidence = self.asked.formula.confidence.to_f64();
        let tail = group.resampling.map_or(0.5 * (1.0 - confidence), |drawn| drawn.sample.tail(confidence));
        for k in 0..PLACES {
            let part = k as f64 / (PLACES - 1) as f64;
            let at = if low > 0.0 { low * (high / low).powf(part) } else { low + (high - low) * part };
            let value =
                |parameters: &[f64]| self.predict(group, parameters, x, at, second.map(|(c, part)| (c, part.middle)));
            series.curve.push((at, value(&estimates)));
            let mut drawn: Vec<f64> = group.draws.iter().step_by(step).map(|draw| value(&draw.parameters)).collect();
            drawn.retain(|value| value.is_finite());
            drawn.sort_by(f64::total_cmp);
            if let [first, .., last] = drawn[..] {
                let at_part = |part: f64| drawn[(part * (drawn.len() - 1) as f64).round() as usize];
                debug_assert!(first <= last);
                series.band.push((at, at_part(tail), at_part(1.0 - tail)));
            }
        }
        series
    }

    fn predict(&self, group: &GroupFit, parameters: &[f64], x: &str, at: f64, second: Option<(&String, f64)>) -> f64 {
        self.model.evaluate(&|name| match name {
            Name::Column(column) if column == x => at,
            Name::Column(column) => second.filter(|(known, _)| *known == column).map_or(f64::NAN, |(_, value)| value),
            Name::Parameter(name) => {
                let place = group.parameters.iter().position(|parameter| parameter.name == name);
                place.and_then(|place| parameters.get(place).copied()).unwrap_or(f64::NAN)
            }
            _ => f64::NAN,
        })
    }
}
