//! The points of a law, known before anything runs, and what they can tell of its parameters.

use indexmap::IndexMap;
use synx_plan::expression::{Binary, Expression, Name};
use synx_plan::grid::ColumnValue;
use synx_plan::law::{FreeParameter, HoldOut, Law, Model};
use synx_plan::random::Stream;

use super::matrix::{Spectrum, spectrum};
use super::plausible::{PLACES, values};
use crate::compiler::Compiler;
use crate::table::Table;

/// The points of one group of a law.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// `r = 1/3, synthetic = textbook`; empty without `by`.
    pub name: String,
    /// Distinct points that are fitted, each with the number of rows there: the values of the formula's columns.
    pub points: Vec<(Vec<f64>, u32)>,
    /// Rows that are kept for the test.
    pub held_out: usize,
    /// The numbers of all its rows in the table.
    pub rows: Vec<usize>,
}

/// A law's points by group.
#[derive(Debug, Clone)]
pub(super) struct Design {
    /// The columns of the formula.
    pub columns: Vec<String>,
    pub groups: Vec<Group>,
}

/// The rows of a group: each point with its place in the order of the test, and the number of each in the table.
type Rows = (Vec<(Vec<f64>, f64)>, Vec<usize>);

/// After so many different points no more are looked at: what they tell is told.
const MAX_POINTS: usize = 400;

impl Design {
    /// The design of a law; nothing where a column that it needs is only known after a run.
    pub(super) fn of(compiler: &Compiler, law: &Law, model: &Model, table: &Table) -> Option<Design> {
        let columns: Vec<String> = model.columns().into_iter().map(str::to_owned).collect();
        let numbers = |name: &str| -> Option<Vec<f64>> {
            let number = |value: &ColumnValue| if let ColumnValue::Number(n) = value { Some(n.to_f64()) } else { None };
            compiler.known(table, name)?.iter().map(number).collect()
        };
        let values = columns.iter().map(|name| numbers(name)).collect::<Option<Vec<_>>>()?;
        let by = law.formula.by.iter().map(|name| compiler.known(table, name)).collect::<Option<Vec<_>>>()?;
        let ranks = match &law.formula.test {
            Some(HoldOut::Largest(name)) => Some(numbers(name)?),
            // Other tests leave about the same points.
            Some(HoldOut::Rows(_) | HoldOut::Share { .. } | HoldOut::Where(_) | HoldOut::Each(_)) | None => None,
        };
        let left_out = match &law.formula.test {
            Some(HoldOut::Where(condition)) => Some(compiler.known_truths(table, condition)?),
            _ => None,
        };
        // Grouped by the values themselves: names are made once a group.
        let mut groups: IndexMap<Vec<&ColumnValue>, Rows> = IndexMap::new();
        for row in 0..usize::try_from(table.count()?).ok()? {
            let group = groups.entry(by.iter().map(|values| &values[row]).collect()).or_default();
            let point = values.iter().map(|column| column[row]).collect();
            group.0.push((point, ranks.as_ref().map_or(0.0, |ranks| ranks[row])));
            group.1.push(row);
        }
        let tested = ranks.is_some();
        let group = |(values, (rows, numbers)): (Vec<&ColumnValue>, Rows)| {
            let named = law.formula.by.iter().zip(values).map(|(name, value)| format!("{name} = {value}"));
            let largest = rows.iter().fold(f64::NEG_INFINITY, |largest, (_, rank)| largest.max(*rank));
            let is_held_out = |rank: f64, row: usize| {
                tested && rank == largest || left_out.as_ref().is_some_and(|left_out| left_out[row])
            };
            let held_out = rows.iter().zip(&numbers).filter(|((_, rank), row)| is_held_out(*rank, **row)).count();
            let mut points: IndexMap<Vec<u64>, (Vec<f64>, u32)> = IndexMap::new();
            for ((point, rank), row) in rows.into_iter().zip(&numbers) {
                if is_held_out(rank, *row) {
                    continue;
                }
                let bits: Vec<u64> = point.iter().map(|x| x.to_bits()).collect();
                points.entry(bits).or_insert((point, 0)).1 += 1;
            }
            Group {
                name: named.collect::<Vec<_>>().join(", "),
                points: points.into_values().collect(),
                held_out,
                rows: numbers,
            }
        };
        Some(Design { columns, groups: groups.into_iter().map(group).collect() })
    }

    /// The groups that differ in their points, each with the numbers of all groups that have them.
    pub(super) fn distinct(&self) -> Vec<(&Group, Vec<usize>)> {
        let mut distinct: Vec<(&Group, Vec<usize>)> = Vec::new();
        for (number, group) in self.groups.iter().enumerate() {
            let room = distinct.len() < MAX_DESIGNS;
            match distinct.iter_mut().find(|(known, _)| known.points == group.points) {
                Some((_, numbers)) => numbers.push(number),
                None if room => distinct.push((group, vec![number])),
                None => {}
            }
        }
        distinct
    }
}

/// So many different designs of groups are looked at; others are like them.
const MAX_DESIGNS: usize = 64;

/// What points tell of parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// All of them, each with its expected error: the part of the parameter's value that noise of 0.5 % in what is observed makes.
    Apart(Vec<f64>),
    /// These, by number, cannot be told apart, or not at all.
    Together(Vec<usize>),
}

/// What a formula, with all `let`s written out, is about.
pub(super) struct Question<'a> {
    pub model: &'a Expression,
    pub free: &'a [FreeParameter],
    pub columns: &'a [String],
}

/// Directions that change predictions this much less than others do not change them: derivatives are good to 1e-14.
const FLAT: f64 = 1e-10;
/// The part that a parameter has in a flat direction, from which it counts as moving along.
const MOVES: f64 = 1e-3;
/// The expected error of a parameter, as a part of its value, up to which it counts as fitted: an interval of 95 % is twice as wide to
/// each side, and then just excludes zero.
pub(super) const FITTED: f64 = 0.5;
/// Noise of a loss from one seed to another, as a part of it. Published spreads are 0.1 % to 1 %.
pub(super) const NOISE: f64 = 0.005;

impl Question<'_> {
    /// What the points tell, at the place where they tell most; nothing where the formula has no value at any.
    pub(super) fn told(&self, points: &[(Vec<f64>, u32)]) -> Option<Told> {
        let points = &points[..points.len().min(MAX_POINTS)];
        let middle: Vec<f64> = (0..self.columns.len()).map(|column| middle(points, column)).collect();
        let mut best: Option<Told> = None;
        for place in 0..PLACES {
            let of = |name: &str| self.columns.iter().position(|column| column == name).map_or(f64::NAN, |k| middle[k]);
            let values = values(self.model, self.free, place, &of);
            let Some(told) = self.told_at(points, &values) else { continue };
            if matches!(&told, Told::Apart(errors) if errors.iter().all(|error| *error <= FITTED)) {
                return Some(told);
            }
            best = Some(match (best, told) {
                (Some(Told::Apart(a)), Told::Apart(b)) => {
                    Told::Apart(a.iter().zip(&b).map(|(a, b)| a.min(*b)).collect())
                }
                (Some(Told::Apart(a)), Told::Together(_)) => Told::Apart(a),
                (Some(Told::Together(a)), Told::Together(b)) if a.len() <= b.len() => Told::Together(a),
                (_, told) => told,
            });
        }
        best
    }

    fn told_at(&self, points: &[(Vec<f64>, u32)], values: &[f64]) -> Option<Told> {
        let names: Vec<&str> = self.free.iter().map(|parameter| parameter.name.as_str()).collect();
        let mut rows = Vec::with_capacity(points.len());
        for (point, count) in points {
            let at = |name: Name<'_>| match name {
                Name::Column(column) => self.columns.iter().position(|c| c == column).map_or(f64::NAN, |k| point[k]),
                Name::Parameter(parameter) => {
                    names.iter().position(|n| *n == parameter).map_or(f64::NAN, |k| values[k])
                }
                Name::Bound(_) | Name::Answer(_) | Name::Is(..) => f64::NAN,
            };
            let (value, slopes) = self.model.gradient(&names, &at);
            let weight = f64::from(*count).sqrt() / value.abs();
            rows.push(slopes.into_iter().map(|slope| slope * weight).collect::<Vec<f64>>());
        }
        let Spectrum { lengths, directions } = spectrum(&rows, names.len())?;
        let largest = directions.first().map_or(0.0, |(size, _)| *size);
        let flat = |size: f64| size <= FLAT * largest;
        let mut moving: Vec<usize> = Vec::new();
        for k in 0..names.len() {
            let moves = directions.iter().any(|(size, direction)| flat(*size) && direction[k].abs() > MOVES);
            if moves || lengths[k] == 0.0 {
                moving.push(k);
            }
        }
        if !moving.is_empty() {
            return Some(Told::Together(moving));
        }
        let error = |k: usize| {
            let sum: f64 = directions.iter().map(|(size, direction)| (direction[k] / size).powi(2)).sum();
            NOISE * sum.sqrt() / lengths[k] / values[k].abs()
        };
        Some(Told::Apart((0..names.len()).map(error).collect()))
    }

    /// The parameters that no design could tell apart, by number: what the points tell where columns vary freely. With `shares`, but
    /// for these columns, which sum to one.
    pub(super) fn never_apart(&self, points: &[(Vec<f64>, u32)], shares: &[usize]) -> Option<Vec<usize>> {
        let random = Stream::new("lint/design", &0);
        let spread: Vec<(f64, f64)> = (0..self.columns.len())
            .map(|column| {
                let values = || points.iter().map(|(point, _)| point[column]);
                (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
            })
            .collect();
        let free: Vec<(Vec<f64>, u32)> = (0..3 * self.free.len() as u64 + 8)
            .map(|row| {
                let value = |(column, (low, high)): (usize, &(f64, f64))| {
                    let at = random.child(column as u64).uniform(row);
                    if *low > 0.0 {
                        // A positive column over a factor of ten on both sides.
                        (low / 10.0) * Binary::Power.apply(100.0 * high / low, at)
                    } else {
                        low + (high - low + f64::from(u8::from(high == low))) * at
                    }
                };
                let mut point: Vec<f64> = spread.iter().enumerate().map(value).collect();
                let sum: f64 = shares.iter().map(|k| point[*k]).sum();
                for k in shares {
                    point[*k] /= sum;
                }
                (point, 1)
            })
            .collect();
        match self.told(&free)? {
            Told::Together(parameters) => Some(parameters),
            Told::Apart(_) => None,
        }
    }
}

/// The middle value of a column.
fn middle(points: &[(Vec<f64>, u32)], column: usize) -> f64 {
    let mut values: Vec<f64> = points.iter().map(|(point, _)| point[column]).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
