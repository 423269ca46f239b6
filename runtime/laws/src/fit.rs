//! From a table and a formula to estimates: groups, hold-out, starts, descent, intervals.

use indexmap::IndexMap;
use rayon::prelude::*;

use synx_plan::carried_out::NotCarriedOut;
use synx_plan::expression::{Expression, Name};
use synx_plan::law::{Formula, HoldOut, Method, Model};
use synx_plan::problem::Problem;

use crate::bootstrap::{self, Asked};
use crate::identify::{identified, scales};
use crate::minimise::{Descent, Effort, FINE, ROUGH, SMOOTH};
use crate::objective::{Loss, Objective};
use crate::result::{GroupFit, LawResult, ParameterEstimate, Prediction, SkippedGroup, Starts, TestError};
use crate::space::Space;
use crate::starts::{linear_parameters, starts};
use crate::table::Table;
use crate::tape::Tape;

/// Starts that are followed where nothing else is asked for.
pub const DEFAULT_STARTS: usize = 64;

/// More than these is a mistake rather than a fit.
const MOST_STARTS: usize = 1_000_000;
const MOST_DRAWS: u64 = 1_000_000;
const MOST_PARAMETERS: usize = 200;

/// Starts that come this near to the least objective agree with it.
const AGREEMENT: f64 = 1e-6;

/// Minima of the squares that differ by less than this (relative, and in every coordinate) are one.
const MEETING: f64 = 1e-3;

/// More different minima of the squares are not followed.
const MOST_DISTINCT: usize = 64;

/// Starts that also go straight down. Arbitrary.
const STRAIGHT: usize = 8;

/// Different ends that are followed to the last digit, of which the best is the fit.
const FINISHED: usize = 4;

/// A positive parameter whose effect on every prediction is smaller (relative, root mean square) is tried as 0.
const VANISHING: f64 = 1e-6;

/// The effect (relative, root mean square) that such a parameter starts with in draws.
const FOOTHOLD: f64 = 1e-2;

/// How a fit is done, beside what the law says.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// From how many points the fit starts (fewer where the model is linear in all parameters).
    pub starts: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { starts: DEFAULT_STARTS }
    }
}

/// Fits a law to each group of a table's rows.
///
/// The result does not depend on the order of rows nor on the number of threads, to the last bit, and not on the units of columns. Rows whose run has
/// no result are left out before (`Table::filter`).
///
/// # Errors
/// Where the table lacks what the law reads (E0941, E0942), a target has no logarithm (E0943), the law cannot be fitted to anything (E0947), or no group
/// could be fitted: the first group's reason (E0944, E0946, E0948).
pub fn fit(law: &str, formula: &Formula, table: &Table, options: &Options) -> Result<LawResult, Problem> {
    let prepared = Prepared::new(formula, table, *options)?;
    let mut groups = Vec::new();
    let mut skipped = Vec::new();
    let mut first_problem = None;
    for (labels, rows) in group_rows(formula, table)? {
        let group: Vec<(String, String)> = formula.by.iter().cloned().zip(labels).collect();
        match prepared.fit_group(group.clone(), &rows) {
            Ok(fit) => groups.push(fit),
            Err(problem) => {
                skipped.push(SkippedGroup { group, code: problem.code.to_owned(), reason: problem.headline.clone() });
                first_problem.get_or_insert(problem);
            }
        }
    }
    match (groups.is_empty(), first_problem) {
        (true, Some(problem)) => Err(problem),
        (true, None) => Err(Problem::new("E0944", format!("the law `{law}` has no rows to be fitted to"))
            .help("a law needs at least as many rows with a result as it has free parameters")),
        (false, _) => Ok(LawResult { law: law.to_owned(), groups, skipped }),
    }
}

/// The rows of each group, in the order in which groups appear.
fn group_rows(formula: &Formula, table: &Table) -> Result<IndexMap<Vec<String>, Vec<usize>>, Problem> {
    let labels = formula.by.iter().map(|name| table.labels(name)).collect::<Result<Vec<_>, _>>()?;
    let mut groups: IndexMap<Vec<String>, Vec<usize>> = IndexMap::new();
    for row in 0..table.rows() {
        groups.entry(labels.iter().map(|column| column[row].clone()).collect()).or_default().push(row);
    }
    Ok(groups)
}

/// A law that has been checked against a table.
struct Prepared<'a> {
    formula: &'a Formula,
    model: Expression,
    /// The columns that the formula reads.
    columns: IndexMap<String, &'a [f64]>,
    target: Vec<f64>,
    streams: Option<&'a [String]>,
    loss: Loss,
    confidence: f64,
    starts: usize,
}

impl<'a> Prepared<'a> {
    fn new(formula: &'a Formula, table: &'a Table, options: Options) -> Result<Prepared<'a>, Problem> {
        let bad = |headline: String| Err(Problem::new("E0947", headline));
        if let Some(part) = formula.not_carried_out() {
            return Err(NotCarriedOut::new(part, None).problem());
        }
        let (target, Model::Formula(model)) = formula.inlined() else {
            return bad("the law has no formula".to_owned());
        };
        if formula.free.is_empty() {
            return bad("the law has nothing to fit: no parameter is free".to_owned());
        }
        if formula.free.len() > MOST_PARAMETERS {
            return bad(format!("the law has {} free parameters, more than {MOST_PARAMETERS}", formula.free.len()));
        }
        if let Some(name) = target.parameters().first() {
            return bad(format!("`{name}` is free and stands left of `~`, where only what is observed may stand"));
        }
        if !(1..=MOST_STARTS).contains(&options.starts) {
            return bad(format!("a fit takes 1 to {MOST_STARTS} starts, not {}", options.starts));
        }
        if formula.bootstrap > MOST_DRAWS {
            return bad(format!("a bootstrap takes up to {MOST_DRAWS} draws, not {}", formula.bootstrap));
        }
        let confidence = formula.confidence.to_f64();
        if !(confidence > 0.0 && confidence < 1.0) {
            return bad(format!("a confidence is between 0 and 1, not {confidence}"));
        }
        let loss = match &formula.method {
            Method::Huber { delta } => Loss { logarithmic: true, delta: delta.to_f64() },
            Method::LogSquares => Loss { logarithmic: true, delta: f64::INFINITY },
            Method::Squares => Loss { logarithmic: false, delta: f64::INFINITY },
            Method::Quantile { .. } => return Err(NotCarriedOut::new("a fit of a quantile", None).problem()),
        };
        if loss.delta.is_nan() || loss.delta <= 0.0 {
            return bad(format!("the delta of Huber's loss is above 0, not {}", loss.delta));
        }
        let mut columns = IndexMap::new();
        let test = formula.test.as_ref().and_then(HoldOut::column);
        for name in target.columns().into_iter().chain(model.columns()).chain(test) {
            columns.insert(name.to_owned(), table.numbers(name)?);
        }
        let at = |row: usize| {
            let columns = &columns;
            move |name: Name<'_>| value_of(columns, name, row)
        };
        let target_text = target.to_string();
        let target: Vec<f64> = (0..table.rows()).map(|row| target.evaluate(&at(row))).collect();
        let usable = |y: &f64| y.is_finite() && (!loss.logarithmic || *y > 0.0);
        if let Some(row) = target.iter().position(|y| !usable(y)) {
            let count = target.iter().filter(|y| !usable(y)).count();
            let problem = Problem::new("E0943", format!("`{target_text}` is {} in row {}", target[row], row + 1));
            let problem =
                if count > 1 { problem.note(format!("so it is, or no better, in {count} rows")) } else { problem };
            return Err(if loss.logarithmic {
                problem.help("residuals of this method are of logarithms, so what is fitted must be above 0: leave such rows out, or use `least_squares`")
            } else {
                problem.help("leave such rows out")
            });
        }
        Ok(Prepared {
            formula,
            model,
            columns,
            target,
            streams: table.streams(),
            loss,
            confidence,
            starts: options.starts,
        })
    }

    fn fit_group(&self, group: Vec<(String, String)>, rows: &[usize]) -> Result<GroupFit, Problem> {
        let held_out = self.held_out(rows);
        let fitted = self.canonical(rows.iter().zip(&held_out).filter(|(_, out)| !**out).map(|(row, _)| *row));
        let place = place(&group);
        let n = self.formula.free.len();
        if fitted.len() < n {
            let (have, left) = (fitted.len(), rows.len() - fitted.len());
            let problem = Problem::new("E0944", format!("{have} rows cannot settle {n} free parameters{place}"));
            let problem =
                if left > 0 { problem.note(format!("{left} rows are left out for the test")) } else { problem };
            return Err(problem.help("run more cells, free fewer parameters, or group by fewer columns"));
        }
        let objective = self.objective(&fitted)?;
        let everything = objective.weights(|_| 1.0);
        let best = self.descend(&objective, &fitted, &everything).ok_or_else(|| {
            Problem::new("E0946", format!("the law has no finite value at any start{place}"))
                .note(format!("the model is {}", self.model))
                .help("look for a division by zero, a logarithm or a power of what can be negative, or bounds that leave no room")
        })?;
        let parameters: Vec<f64> =
            best.point.iter().enumerate().map(|(k, u)| objective.space.parameter(k, *u)).collect();
        let identified = identified(&objective, &mut objective.workspace(), &parameters);
        let draws = (self.formula.bootstrap > 0).then(|| {
            let streams = self.stream_numbers(&fitted);
            let asked = Asked { draws: self.formula.bootstrap as usize, seed: self.formula.seed };
            bootstrap::draws(&objective, &best.inside, &best.vanishing, streams.as_deref(), asked)
        });
        let estimates = (0..n).map(|k| {
            let interval =
                draws.as_ref().filter(|_| identified[k]).and_then(|draws| draws.interval(k, self.confidence));
            ParameterEstimate {
                name: self.formula.free[k].name.clone(),
                estimate: parameters[k],
                low: interval.map(|(low, _)| low),
                high: interval.map(|(_, high)| high),
                identified: identified[k],
                at_bound: objective.space.at_bound(k, best.point[k]),
            }
        });
        let predictions = self.predict(rows, &held_out, &parameters, &place)?;
        Ok(GroupFit {
            group,
            objective: best.value,
            points: fitted.len(),
            parameters: estimates.collect(),
            converged: best.converged,
            starts: best.starts,
            resampling: draws.as_ref().map(|draws| draws.resampling),
            draws: draws.map(|draws| draws.used).unwrap_or_default(),
            test: test_error(&predictions),
            predictions,
        })
    }

    /// For each row, whether it is kept for the test.
    fn held_out(&self, rows: &[usize]) -> Vec<bool> {
        match &self.formula.test {
            None | Some(HoldOut::Rows(_) | HoldOut::Share { .. }) => vec![false; rows.len()],
            Some(HoldOut::Largest(column)) => {
                let values = self.columns[column];
                let largest = rows.iter().map(|&row| values[row]).fold(f64::NEG_INFINITY, f64::max);
                rows.iter().map(|&row| values[row] == largest).collect()
            }
        }
    }

    /// Rows in an order of their own, so that sums, and with them every digit, do not depend on the table's: where the law is measured
    /// first, what was measured last, so that groups of one design are in one order and their draws pair.
    fn canonical(&self, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut rows: Vec<usize> = rows.collect();
        let places: Vec<&[f64]> =
            self.model.columns().iter().filter_map(|name| self.columns.get(*name).copied()).collect();
        rows.sort_by(|&a, &b| {
            let by_place = places.iter().map(|values| values[a].total_cmp(&values[b]));
            let by_stream = self.streams.map(|streams| streams[a].cmp(&streams[b]));
            let by_rest = self.columns.values().map(|values| values[a].total_cmp(&values[b]));
            let by_target = std::iter::once_with(|| self.target[a].total_cmp(&self.target[b]));
            by_place
                .chain(by_stream)
                .chain(by_target)
                .chain(by_rest)
                .fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        rows
    }

    fn objective(&self, rows: &[usize]) -> Result<Objective, Problem> {
        let gathered: IndexMap<&str, Vec<f64>> = self
            .columns
            .iter()
            .map(|(name, values)| (name.as_str(), rows.iter().map(|&row| values[row]).collect()))
            .collect();
        let names: Vec<String> = self.formula.free.iter().map(|free| free.name.clone()).collect();
        let column = |name: &str| {
            let missing = || Problem::new("E0941", format!("there is no column `{name}`"));
            gathered.get(name).map(Vec::as_slice).ok_or_else(missing)
        };
        let tape = Tape::compile(&self.model, &names, rows.len(), &column)?;
        let target: Vec<f64> = rows.iter().map(|&row| self.target[row]).collect();
        Ok(Objective::new(tape, Space::new(&self.formula.free)?, self.loss, &target))
    }

    /// The streams of rows, numbered as they come.
    fn stream_numbers(&self, rows: &[usize]) -> Option<Vec<usize>> {
        let streams = self.streams?;
        let mut numbers: IndexMap<&str, ()> = IndexMap::new();
        Some(rows.iter().map(|&row| numbers.insert_full(&streams[row], ()).0).collect())
    }

    /// The least that the starts lead to; none where the model has no finite value at any.
    fn descend(&self, objective: &Objective, rows: &[usize], weights: &[f64]) -> Option<Best> {
        let column = |name: &str, row: usize| self.columns[name][rows[row]];
        let points = starts(objective, &self.model, &column, weights, self.starts);
        let tried = points.len();
        let mut ends = follow(objective, &self.model, &points, weights);
        ends.retain(|(value, _)| value.is_finite());
        // Stable, so that among equals the first start leads.
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut finished: Vec<(f64, Vec<f64>, bool)> = Vec::new();
        let mut last = f64::NAN;
        let mut descent = Descent::new(objective);
        let mut workspace = objective.workspace();
        for (value, point) in &ends {
            if finished.len() == FINISHED {
                break;
            }
            if !finished.is_empty() && (value - last).abs() <= AGREEMENT * last.abs() {
                continue;
            }
            last = *value;
            descent.point.copy_from_slice(point);
            descent.run(objective, &mut workspace, weights, FINE);
            if descent.state.value.is_finite() {
                finished.push((descent.state.value, descent.point.clone(), descent.converged));
            }
        }
        let (value, inside, converged) = finished.into_iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let near = |end: f64| end - value <= AGREEMENT * value.abs() + f64::MIN_POSITIVE;
        let agreeing = ends.iter().filter(|(end, _)| near(*end)).count().max(1);
        let starts = Starts { tried, agreeing };
        let mut best = Best { value, point: inside.clone(), inside, converged, starts, vanishing: Vec::new() };
        best.drop_vanishing(objective, &mut descent, &mut workspace, weights);
        Some(best)
    }

    fn predict(
        &self,
        rows: &[usize],
        held_out: &[bool],
        parameters: &[f64],
        place: &str,
    ) -> Result<Vec<Prediction>, Problem> {
        let named: IndexMap<&str, f64> =
            self.formula.free.iter().map(|free| free.name.as_str()).zip(parameters.iter().copied()).collect();
        let mut predictions = Vec::with_capacity(rows.len());
        for (&row, &held_out) in rows.iter().zip(held_out) {
            let predicted = self.model.evaluate(&|name| match name {
                Name::Parameter(parameter) => named.get(parameter).copied().unwrap_or(f64::NAN),
                name => value_of(&self.columns, name, row),
            });
            if !predicted.is_finite() {
                return Err(Problem::new(
                    "E0948",
                    format!("the fitted law has no finite value in row {}{place}", row + 1),
                )
                .note(format!("the model is {}", self.model))
                .help("such a row lies outside of what the law can say: leave it out, or take another form"));
            }
            predictions.push(Prediction { row, observed: self.target[row], predicted, held_out });
        }
        Ok(predictions)
    }
}

/// Where each start leads: least value and point.
///
/// A robust loss has kinks wherever a residual passes delta, over which the way down is slow. So the starts first go to a minimum of the
/// squares of relative residuals; those that meet there go on as one. The most promising also go straight down.
fn follow(objective: &Objective, model: &Expression, points: &[Vec<f64>], weights: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let names: Vec<&str> = objective.space.coordinates().iter().map(|c| c.name.as_str()).collect();
    let linear = linear_parameters(model, &names);
    let projected: Vec<usize> = (0..names.len()).filter(|&k| linear[k]).collect();
    let all = |objective: &Objective, points: &[Vec<f64>], weights: &[f64], projected: &[usize], effort: Effort| {
        let memory = || (Descent::new(objective), objective.workspace());
        let one = |(descent, workspace): &mut (Descent, _), point: &Vec<f64>| {
            descent.projected.clear();
            descent.projected.extend_from_slice(projected);
            descent.point.copy_from_slice(point);
            descent.run(objective, workspace, weights, effort);
            (descent.state.value, descent.point.clone())
        };
        points.par_iter().map_init(memory, one).collect::<Vec<(f64, Vec<f64>)>>()
    };
    let (smooth, smooth_weights) = objective.smooth(weights);
    let smooth_ends = all(&smooth, points, &smooth_weights, &projected, SMOOTH);
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| smooth_ends[a].0.total_cmp(&smooth_ends[b].0));
    let mut meeting = vec![0; points.len()];
    let mut distinct: Vec<Vec<f64>> = Vec::new();
    for start in order {
        let point = &smooth_ends[start].1;
        let near = |other: &Vec<f64>| point.iter().zip(other).all(|(a, b)| (a - b).abs() <= MEETING * (1.0 + a.abs()));
        meeting[start] = distinct.iter().position(near).unwrap_or_else(|| {
            distinct.push(point.clone());
            distinct.len() - 1
        });
    }
    // They are in the order of their squares. Where many starts meet nowhere (in a corner of the box, each a little farther), the worst
    // are not followed, and agree with nothing.
    distinct.truncate(MOST_DISTINCT);
    let met = distinct.len();
    distinct.extend(points.iter().take(STRAIGHT).cloned());
    let ends = all(objective, &distinct, weights, &[], ROUGH);
    let nowhere = (f64::INFINITY, Vec::new());
    let better = |start: usize| {
        let through = ends[..met].get(meeting[start]).unwrap_or(&nowhere);
        let straight = ends[met..].get(start);
        straight.filter(|end| end.0 < through.0).unwrap_or(through).clone()
    };
    (0..points.len()).map(better).collect()
}

/// Where a fit has come to.
struct Best {
    value: f64,
    /// Where it is: coordinates of minus infinity are parameters that are 0.
    point: Vec<f64>,
    /// The same with all coordinates finite, from where they can move.
    inside: Vec<f64>,
    converged: bool,
    starts: Starts,
    /// Parameters below these count as 0; 0 for those that cannot be.
    vanishing: Vec<f64>,
}

impl Best {
    /// Positive parameters that have run towards 0 until nothing changes any more are 0, if that is no worse.
    fn drop_vanishing(
        &mut self,
        objective: &Objective,
        descent: &mut Descent,
        workspace: &mut crate::objective::Workspace,
        weights: &[f64],
    ) {
        let parameters: Vec<f64> =
            self.point.iter().enumerate().map(|(k, u)| objective.space.parameter(k, *u)).collect();
        self.vanishing = scales(objective, workspace, &parameters).iter().map(|scale| VANISHING * scale).collect();
        for (k, coordinate) in objective.space.coordinates().iter().enumerate() {
            if !(coordinate.logarithmic && coordinate.low == 0.0) {
                self.vanishing[k] = 0.0;
                continue;
            }
            if parameters[k] >= self.vanishing[k] {
                continue;
            }
            descent.point.copy_from_slice(&self.point);
            descent.point[k] = f64::NEG_INFINITY;
            for (fixed, u) in descent.fixed.iter_mut().zip(&descent.point) {
                *fixed = *u == f64::NEG_INFINITY;
            }
            descent.run(objective, workspace, weights, FINE);
            if descent.state.value <= self.value * (1.0 + 1e-9) {
                self.point.copy_from_slice(&descent.point);
                self.value = descent.state.value;
                self.converged = descent.converged;
                // From where a draw that wants it larger can still find the way: a logarithm hardly feels the slope at 0.
                let small = FOOTHOLD / VANISHING * self.vanishing[k];
                if small.is_finite() {
                    self.inside[k] = objective.space.coordinate(k, small);
                }
            }
        }
    }
}

fn test_error(predictions: &[Prediction]) -> Option<TestError> {
    let errors: Vec<f64> = predictions
        .iter()
        .filter(|prediction| prediction.held_out)
        .map(|prediction| ((prediction.predicted - prediction.observed) / prediction.observed).abs())
        .collect();
    let points = errors.len();
    (points > 0).then(|| TestError {
        points,
        mean_relative_error: errors.iter().sum::<f64>() / points as f64,
        max_relative_error: errors.iter().copied().fold(0.0, f64::max),
    })
}

fn value_of(columns: &IndexMap<String, &[f64]>, name: Name<'_>, row: usize) -> f64 {
    if let Name::Column(column) = name { columns.get(column).map_or(f64::NAN, |values| values[row]) } else { f64::NAN }
}

/// " in the group …", for messages.
fn place(group: &[(String, String)]) -> String {
    if group.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = group.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!(" in the group {}", parts.join(", "))
}
