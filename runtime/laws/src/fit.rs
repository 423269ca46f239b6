//! From a table and a formula to estimates: groups, hold-out, starts, descent, intervals.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use rayon::prelude::*;

use synx_plan::expression::Expression;
use synx_plan::law::{Formula, FreeParameter, Method, Model};
use synx_plan::problem::Problem;

use crate::bootstrap::{Bootstrap, Units};
use crate::criteria::criteria;
use crate::descend::{Best, descend, down};
use crate::identify::{Identification, identified};
use crate::joint::{Alone, descend_together, together};
use crate::judge::{Split, test_error};
use crate::minimise::{DRAW, Descent};
use crate::objective::{Objective, Segment};
use crate::prepared::Prepared;
use crate::profile::profiles;
use crate::result::{Draw, GroupFit, LawResult, Minimum, ParameterEstimate, Prediction, SkippedGroup};
use crate::table::Table;
use crate::trees::fit_trees;

/// Starts that are followed where nothing else is asked for.
pub const DEFAULT_STARTS: usize = 64;

/// More than these is a mistake rather than a fit.
pub const MOST_STARTS: usize = 1_000_000;
pub const MOST_DRAWS: u64 = 1_000_000;
pub const MOST_PARAMETERS: usize = 200;

/// Starts of a fit without the rows that are left out in turn. Arbitrary.
const REFIT_STARTS: usize = 8;

/// How a fit is done, beside what the law says.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// From how many points the fit starts (fewer where the model is linear in all parameters).
    pub starts: usize,
    /// Whether the bootstrap keeps the design and draws residuals, where it would draw rows or streams otherwise.
    pub residuals: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { starts: DEFAULT_STARTS, residuals: false }
    }
}

/// Fits a law to each group of a table's rows; where parameters are shared, to all groups together.
///
/// The result does not depend on the order of rows nor on the number of threads, to the last bit, and not on the units of columns. Rows whose run has
/// no result are left out before (`Table::filter`).
///
/// # Errors
/// Where the table lacks what the law reads (E0941, E0942), a target has no logarithm (E0943), the law cannot be fitted to anything (E0947), or no group
/// could be fitted: the first group's reason (E0944, E0946, E0948).
pub fn fit(law: &str, formula: &Formula, table: &Table, options: &Options) -> Result<LawResult, Problem> {
    let prepared = Prepared::new(formula, table, *options)?;
    let splits: Vec<Split> = group_rows(formula, table)?
        .into_iter()
        .map(|(labels, rows)| Split::new(&prepared, formula.by.iter().cloned().zip(labels).collect(), rows))
        .collect();
    let shared = formula.free.iter().any(|parameter| parameter.shared);
    let outcomes = match &prepared.model {
        Model::Formula(model) if shared && splits.len() > 1 => fit_together(&prepared, model, &splits)?,
        Model::Formula(model) => splits.iter().map(|split| fit_alone(&prepared, model, split)).collect(),
        Model::Trees(trees) => fit_trees(&prepared, trees, &splits)?,
    };
    let mut groups = Vec::new();
    let mut skipped = Vec::new();
    let mut first_problem = None;
    for (split, outcome) in splits.into_iter().zip(outcomes) {
        match outcome {
            Ok(fit) => groups.push(fit),
            Err(problem) => {
                let (code, reason) = (problem.code.to_owned(), problem.headline.clone());
                skipped.push(SkippedGroup { group: split.group, code, reason });
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

fn fit_alone(prepared: &Prepared<'_>, model: &Expression, split: &Split) -> Result<GroupFit, Problem> {
    enough_rows(prepared, split, prepared.formula.free.len())?;
    let Alone { rungs, weights, best } = alone(prepared, model, split)?;
    let fitted = Fitted { prepared, model, splits: &[split], rungs: &rungs, weights: &weights, best: &best };
    let mut groups = fitted.describe()?;
    groups.pop().unwrap_or_else(|| Err(nowhere(model, &split.place())))
}

fn alone(prepared: &Prepared<'_>, model: &Expression, split: &Split) -> Result<Alone, Problem> {
    let rungs = prepared.objectives(model, &split.fitted)?;
    let column = |name: &str, row: usize| prepared.number(name, split.fitted[row]);
    let weights = rungs[0].weights(|row| prepared.weights[split.fitted[row]]);
    let best = descend(&rungs, model, &column, &weights, prepared.options.starts);
    let best = best.ok_or_else(|| nowhere(model, &split.place()))?;
    Ok(Alone { rungs, weights, best })
}

/// Fits of all groups with the parameters that they share; what keeps one group out does not keep out the others.
///
/// # Errors
/// Where the groups have too many parameters (E0947), too few rows (E0944) or no finite value together (E0946).
fn fit_together(
    prepared: &Prepared<'_>,
    model: &Expression,
    splits: &[Split],
) -> Result<Vec<Result<GroupFit, Problem>>, Problem> {
    let free = &prepared.formula.free;
    let shared: Vec<usize> = (0..free.len()).filter(|&k| free[k].shared).collect();
    let own = free.len() - shared.len();
    let mut outcomes: IndexMap<usize, Result<GroupFit, Problem>> = IndexMap::new();
    let (mut taken, mut alones) = (Vec::new(), Vec::new());
    for (place, split) in splits.iter().enumerate() {
        match enough_rows(prepared, split, own.max(1)).and_then(|()| alone(prepared, model, split)) {
            Ok(alone) => {
                taken.push(place);
                alones.push(alone);
            }
            Err(problem) => drop(outcomes.insert(place, Err(problem))),
        }
    }
    if !taken.is_empty() {
        let groups: Vec<&Split> = taken.iter().map(|&place| &splits[place]).collect();
        let all = shared.len() + own * groups.len();
        let note = format!("{} are shared, {own} are fitted in each of {} groups", shared.len(), groups.len());
        if all > MOST_PARAMETERS {
            let headline = format!("the law has {all} free parameters, more than {MOST_PARAMETERS}");
            let help = "group by fewer columns, or share no parameter, so that each group is fitted by itself";
            return Err(Problem::new("E0947", headline).note(note).help(help));
        }
        let fitted: Vec<usize> = groups.iter().flat_map(|split| split.fitted.iter().copied()).collect();
        if fitted.len() < all {
            let headline = format!("{} rows cannot settle {all} free parameters", fitted.len());
            return Err(Problem::new("E0944", headline).note(note).help("run more cells, or free fewer parameters"));
        }
        let rungs = together(prepared, model, &groups)?;
        let weights = rungs[0].weights(|row| prepared.weights[fitted[row]]);
        let best = descend_together(&rungs, &weights, &shared, &alones);
        let best = best.ok_or_else(|| nowhere(model, ""))?;
        let fits =
            Fitted { prepared, model, splits: &groups, rungs: &rungs, weights: &weights, best: &best }.describe()?;
        outcomes.extend(taken.into_iter().zip(fits));
    }
    outcomes.sort_unstable_keys();
    Ok(outcomes.into_values().collect())
}

fn enough_rows(prepared: &Prepared<'_>, split: &Split, needed: usize) -> Result<(), Problem> {
    let (have, left) = (split.fitted.len(), split.rows.len() - split.fitted.len());
    if have >= needed {
        return Ok(());
    }
    let of = if needed < prepared.formula.free.len() { " of the group's own" } else { "" };
    let headline = format!("{have} rows cannot settle {needed} free parameters{of}{}", split.place());
    let problem = Problem::new("E0944", headline);
    let problem = if left > 0 { problem.note(format!("{left} rows are left out for the test")) } else { problem };
    Err(problem.help("run more cells, free fewer parameters, or group by fewer columns"))
}

fn nowhere(model: &Expression, place: &str) -> Problem {
    Problem::new("E0946", format!("the law has no finite value at any start{place}"))
        .note(format!("the model is {model}"))
        .help(
            "look for a division by zero, a logarithm or a power of what can be negative, or bounds that leave no room",
        )
}

/// A fit of one group, or of groups that share parameters.
struct Fitted<'a> {
    prepared: &'a Prepared<'a>,
    model: &'a Expression,
    splits: &'a [&'a Split],
    rungs: &'a [Objective],
    /// As evaluations take them.
    weights: &'a [f64],
    best: &'a Best,
}

/// How far all parameters are moved together to look at other fits. Arbitrary.
const ELSEWHERE: [f64; 3] = [0.25, 0.5, 2.0];

/// The parameters that do not tell themselves in general, though they may at the fit that was found. Where a law is measured at fewer places than it has
/// parameters there are many fits, and between those just beside the found one a parameter may stand still (a floor where the falling part happens to have vanished);
/// what is told at all is told elsewhere too.
fn open_elsewhere(objective: &Objective, parameters: &[f64], known: &Identification) -> Vec<bool> {
    let mut open = vec![false; parameters.len()];
    if objective.places().iter().max().map_or(0, |most| most + 1) >= objective.coordinates() {
        return open;
    }
    for factor in ELSEWHERE {
        let moved: Vec<f64> = parameters.iter().map(|parameter| factor * parameter).collect();
        let there = identified(objective, &mut objective.workspace(), &moved);
        if there.rank >= known.rank {
            open.iter_mut().zip(&there.identified).for_each(|(open, identified)| *open |= !identified);
        }
    }
    open
}

impl Fitted<'_> {
    /// What there is to say of each group.
    ///
    /// # Errors
    /// None as a whole: each group has its own.
    fn describe(&self) -> Result<Vec<Result<GroupFit, Problem>>, Problem> {
        let Fitted { prepared, model, best, .. } = *self;
        let Some(objective) = self.rungs.last() else { return Ok(Vec::new()) };
        let all = |point: &[f64]| -> Vec<f64> {
            point.iter().enumerate().map(|(k, u)| objective.space.parameter(k, *u)).collect()
        };
        let parameters = all(&best.point);
        let known = identified(objective, &mut objective.workspace(), &parameters);
        let row_weights = objective.row_weights(self.weights);
        let rows: f64 = row_weights.iter().sum();
        let profiles = profiles(self.rungs, best, &known, self.weights, rows, prepared.confidence);
        let shared = prepared.formula.free.iter().filter(|parameter| parameter.shared).count();
        let shared = if self.splits.len() > 1 { shared } else { 0 };
        let open = open_elsewhere(objective, &parameters, &known);
        let settled =
            |k: usize| !open[k] && known.identified[k] && profiles[k].is_none_or(|profile| profile.interval.is_some());
        let units: Vec<Units> = self
            .splits
            .iter()
            .zip(&objective.segments)
            .map(|(split, segment)| {
                let streams = prepared.stream_numbers(&split.fitted);
                Units::new(segment.rows.clone(), streams, prepared.options.residuals)
            })
            .collect();
        let seed = prepared.formula.seed;
        let bootstrap = Bootstrap { rungs: self.rungs, best, weights: &row_weights, units: &units, shared, seed };
        let asked = prepared.formula.bootstrap as usize;
        let draws = if asked > 0 { bootstrap.draws(asked) } else { None };
        let criteria = criteria(objective, best.value, &row_weights, objective.coordinates());
        let left_out = self.left_out(objective)?;
        let groups = self.splits.iter().zip(&objective.segments).zip(&units).zip(left_out);
        let describe = |(((split, segment), units), left_out): (((&&Split, &Segment), &Units), Vec<Prediction>)| {
            let estimate = |(free, &k): (&FreeParameter, &usize)| {
                let draws = draws.as_ref().filter(|_| settled(k));
                let interval = draws.and_then(|draws| draws.interval(k, prepared.confidence));
                ParameterEstimate {
                    name: free.name.clone(),
                    estimate: parameters[k],
                    low: interval.map(|interval| interval.low),
                    high: interval.map(|interval| interval.high),
                    bca: draws.and_then(|draws| draws.accelerated(k, parameters[k], prepared.confidence)),
                    profile: profiles[k].and_then(|profile| profile.interval),
                    identified: settled(k),
                    at_bound: objective.space.at_bound(k, best.point[k]),
                }
            };
            let own = |all: &[f64]| -> Vec<f64> { segment.coordinates.iter().map(|&k| all[k]).collect() };
            let parameters_of_group = own(&parameters);
            let predicted = |row: usize| prepared.predicted(model, row, &parameters_of_group);
            let predictions = split.predictions(prepared, &predicted)?;
            let minimum = |(objective, point, starts): &(f64, Vec<f64>, usize)| Minimum {
                objective: prepared.unit() * objective,
                parameters: own(&all(point)),
                starts: *starts,
            };
            let tested = if split.folds.is_empty() { test_error(&predictions) } else { test_error(&left_out) };
            Ok(GroupFit {
                group: split.group.clone(),
                objective: self.value(&predictions),
                points: split.fitted.len(),
                parameters: prepared.formula.free.iter().zip(&segment.coordinates).map(estimate).collect(),
                converged: best.converged,
                starts: best.starts,
                minima: best.minima.iter().map(minimum).collect(),
                rank: known.rank,
                condition: known.condition,
                criteria,
                resampling: draws.as_ref().map(|draws| draws.resampling(units)),
                draws: draws.as_ref().map_or_else(Vec::new, |draws| {
                    let one = |draw: &Draw| Draw { number: draw.number, parameters: own(&draw.parameters) };
                    draws.used.iter().map(one).collect()
                }),
                test: tested,
                left_out,
                predictions,
                trees: None,
            })
        };
        Ok(groups.map(describe).collect())
    }

    /// The losses' sum over a group's fitted rows; that of the descent where it is of one group.
    fn value(&self, predictions: &[Prediction]) -> f64 {
        let quantile = matches!(self.prepared.formula.method, Method::Quantile { .. });
        if self.splits.len() == 1 && !quantile {
            return self.best.value;
        }
        let loss = |prediction: &Prediction| self.prepared.loss(prediction) * self.prepared.weights[prediction.row];
        predictions.iter().filter(|prediction| !prediction.held_out).map(loss).sum()
    }

    /// For each group, the rows of its folds as fits without them predict them: all groups' folds of one number together.
    fn left_out(&self, objective: &Objective) -> Result<Vec<Vec<Prediction>>, Problem> {
        let folds = self.splits.iter().map(|split| split.folds.len()).max().unwrap_or(0);
        let fitted: Vec<usize> = self.splits.iter().flat_map(|split| split.fitted.iter().copied()).collect();
        let row_weights = objective.row_weights(self.weights);
        let one = |fold: usize| -> Result<Vec<Vec<Prediction>>, Problem> {
            let out: BTreeSet<usize> =
                self.splits.iter().filter_map(|split| split.folds.get(fold)).flatten().copied().collect();
            let weights = objective.weights(|row| if out.contains(&fitted[row]) { 0.0 } else { row_weights[row] });
            let point = self.refit(objective, &fitted, &weights);
            let parameters: Vec<f64> =
                point.iter().enumerate().map(|(k, u)| objective.space.parameter(k, *u)).collect();
            let of_group = |(split, segment): (&&Split, &Segment)| {
                let own: Vec<f64> = segment.coordinates.iter().map(|&k| parameters[k]).collect();
                let rows = split.folds.get(fold).into_iter().flatten();
                let predicted = |row: usize| self.prepared.predicted(self.model, row, &own);
                rows.map(|&row| split.prediction(self.prepared, &predicted, row, true)).collect()
            };
            self.splits.iter().zip(&objective.segments).map(of_group).collect()
        };
        let folds: Vec<_> = (0..folds).into_par_iter().map(one).collect::<Result<_, _>>()?;
        let mut found = vec![Vec::new(); self.splits.len()];
        for fold in folds {
            found.iter_mut().zip(fold).for_each(|(found, more)| found.extend(more));
        }
        Ok(found)
    }

    /// Where the fit goes with other weights: from where it is, and by itself also from a few other starts, because what is left out may have
    /// decided between two minima.
    fn refit(&self, objective: &Objective, fitted: &[usize], weights: &[f64]) -> Vec<f64> {
        let mut descent = Descent::new(objective);
        descent.point.copy_from_slice(&self.best.inside);
        down(&mut descent, self.rungs, &mut objective.workspace(), weights, DRAW);
        if self.splits.len() == 1 {
            let column = |name: &str, row: usize| self.prepared.number(name, fitted[row]);
            let other = descend(self.rungs, self.model, &column, weights, REFIT_STARTS);
            if let Some(other) = other.filter(|other| other.value < descent.state.value) {
                return other.point;
            }
        }
        descent.point
    }
}
