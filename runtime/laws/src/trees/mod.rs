//! Gradient-boosted regression trees (Friedman 2001) in a law's place, always beside a linear model and a constant.

mod forest;
mod grow;
mod linear;
mod sample;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use synx_plan::law::{LEAF_ROWS, MOST_TREES, Trees};
use synx_plan::problem::Problem;
use synx_plan::random::Stream;

pub use forest::Forest;

use crate::bootstrap::Units;
use crate::elementary::log;
use crate::judge::{Split, test_error};
use crate::prepared::Prepared;
use crate::result::{Beside, Draw, GroupFit, GrownTrees, Prediction, Resampling, Simple, Starts};

use grow::grow;
use linear::Linear;
use sample::Sample;

/// Trees for each group of rows.
///
/// # Errors
/// E0947 where that would be too many trees. What keeps a group out does not keep out the others.
pub fn fit_trees(
    prepared: &Prepared<'_>,
    trees: &Trees,
    splits: &[Split],
) -> Result<Vec<Result<GroupFit, Problem>>, Problem> {
    let draws = prepared.formula.bootstrap;
    let all = trees.kept(draws).saturating_mul(splits.len() as u64);
    if all > MOST_TREES {
        let groups = splits.len();
        return Err(Problem::new("E0947", format!("{all} trees would be kept, more than {MOST_TREES}"))
            .note(format!("{} for each of {draws} draws and the fit itself, in each of {groups} groups", trees.rounds))
            .help("take fewer rounds at a larger `rate`, or a smaller `bootstrap`"));
    }
    Ok(splits.iter().map(|split| Group::new(prepared, trees, split).and_then(|group| group.describe())).collect())
}

/// The rows of one group.
struct Group<'a> {
    prepared: &'a Prepared<'a>,
    trees: &'a Trees,
    split: &'a Split,
    /// Whether squares are of logarithms.
    logarithmic: bool,
    /// The fitted rows, in their order.
    sample: Sample,
}

/// What is fitted to a group's rows, each to the same.
struct Models {
    forest: Forest,
    linear: Linear,
    constant: Linear,
}

impl<'a> Group<'a> {
    fn new(prepared: &'a Prepared<'a>, trees: &'a Trees, split: &'a Split) -> Result<Group<'a>, Problem> {
        let logarithmic = prepared.losses[0].logarithmic;
        let rows = &split.fitted;
        let target = |row: &usize| if logarithmic { log(prepared.target[*row]) } else { prepared.target[*row] };
        let of_column = |name: &String| rows.iter().map(|row| prepared.number(name, *row)).collect();
        let sample = Sample {
            columns: trees.columns.iter().map(of_column).collect(),
            target: rows.iter().map(target).collect(),
            weights: rows.iter().map(|row| prepared.weights[*row]).collect(),
        };
        let group = Group { prepared, trees, split, logarithmic, sample };
        if group.sample.columns.iter().all(|column| column.iter().all(|value| *value == column[0])) && !rows.is_empty()
        {
            let place = split.place();
            return Err(Problem::new("E0944", format!("no column that the trees split on varies{place}"))
                .help("name columns that differ between rows"));
        }
        Ok(group)
    }

    /// Fits everything to a sample of the rows.
    ///
    /// # Errors
    /// E0944 where the rows fill no two leaves.
    fn models(&self, sample: &Sample) -> Result<Models, Problem> {
        self.enough(sample)?;
        Ok(Models {
            forest: grow(self.trees, sample, self.logarithmic)?,
            linear: Linear::least_squares(sample, self.logarithmic),
            constant: Linear::constant(sample, self.logarithmic),
        })
    }

    fn enough(&self, sample: &Sample) -> Result<(), Problem> {
        if sample.weight() >= 2.0 * f64::from(LEAF_ROWS) {
            return Ok(());
        }
        let (rows, place) = (sample.target.len(), self.split.place());
        let left = self.split.rows.len() - rows;
        let problem = Problem::new("E0944", format!("{rows} rows are too few for trees{place}"))
            .note(format!("a tree has at least two leaves, and a leaf at least {LEAF_ROWS} rows"));
        let problem = if left > 0 { problem.note(format!("{left} rows are left out for the test")) } else { problem };
        Err(problem.help("run more cells, group by fewer columns, or leave fewer rows out"))
    }

    /// What the trees split on in a row of the table.
    fn values(&self, row: usize) -> Vec<f64> {
        self.trees.columns.iter().map(|name| self.prepared.number(name, row)).collect()
    }

    /// What there is to say of the group.
    fn describe(&self) -> Result<GroupFit, Problem> {
        let (prepared, split) = (self.prepared, self.split);
        let models = self.models(&self.sample)?;
        let by_trees = |row: usize| models.forest.predict(&self.values(row));
        let predictions = split.predictions(prepared, &by_trees)?;
        let left_out = self.left_out()?;
        let beside = |place: usize, model: Simple, linear: &Linear| -> Result<Beside, Problem> {
            let predicted = |row: usize| linear.predict(&self.values(row));
            let predictions = split.predictions(prepared, &predicted)?;
            let test = test_error(if split.folds.is_empty() { &predictions } else { &left_out[place] });
            Ok(Beside { model, objective: self.objective(&predicted)?, test })
        };
        let beside = vec![beside(1, Simple::Linear, &models.linear)?, beside(2, Simple::Constant, &models.constant)?];
        let units = Units::new(0..split.fitted.len(), prepared.stream_numbers(&split.fitted), false);
        let drawn = self.draws(&units)?;
        let asked = prepared.formula.bootstrap as usize;
        // What trees are free to follow is no number of parameters: only the rows, or streams, are counted.
        let sample = crate::sample::Sample {
            rows: self.sample.weights.iter().sum(),
            units: units.count as f64,
            parameters: 0.0,
            enlarged: false,
        };
        let resampling = Resampling { unit: units.unit, units: units.count, draws: asked, used: drawn.len(), sample };
        let (draws, forests) =
            drawn.into_iter().map(|(number, forest)| (Draw { number, parameters: Vec::new() }, forest)).unzip();
        let [of_trees, ..] = left_out;
        Ok(GroupFit {
            group: split.group.clone(),
            objective: self.objective(&by_trees)?,
            points: split.fitted.len(),
            parameters: Vec::new(),
            converged: true,
            starts: Starts { tried: 1, agreeing: 1 },
            minima: Vec::new(),
            rank: 0,
            condition: None,
            criteria: None,
            resampling: (asked > 0).then_some(resampling),
            draws,
            test: test_error(if split.folds.is_empty() { &predictions } else { &of_trees }),
            left_out: of_trees,
            predictions,
            trees: Some(GrownTrees { forest: models.forest, draws: forests, beside }),
        })
    }

    /// The method's sum over the fitted rows, in the order of the fit.
    fn objective(&self, predicted: &dyn Fn(usize) -> f64) -> Result<f64, Problem> {
        let loss = |row: &usize| -> Result<f64, Problem> {
            let prediction = self.split.prediction(self.prepared, predicted, *row, false)?;
            Ok(self.prepared.loss(&prediction) * self.prepared.weights[*row])
        };
        self.split.fitted.iter().map(loss).sum()
    }

    /// The rows of each fold as fits without them predict them: of trees, of the linear model, of the constant.
    fn left_out(&self) -> Result<[Vec<Prediction>; 3], Problem> {
        let one = |fold: &Vec<usize>| -> Result<[Vec<Prediction>; 3], Problem> {
            let weight = |(row, weight): (&usize, &f64)| if fold.contains(row) { 0.0 } else { *weight };
            let weights: Vec<f64> = self.split.fitted.iter().zip(&self.sample.weights).map(weight).collect();
            let models = self.models(&self.sample.weighted(&weights))?;
            let of = |predict: &dyn Fn(&[f64]) -> f64| -> Result<Vec<Prediction>, Problem> {
                let predicted = |row: usize| predict(&self.values(row));
                fold.iter().map(|row| self.split.prediction(self.prepared, &predicted, *row, true)).collect()
            };
            Ok([
                of(&|values| models.forest.predict(values))?,
                of(&|values| models.linear.predict(values))?,
                of(&|values| models.constant.predict(values))?,
            ])
        };
        let folds: Vec<_> = self.split.folds.par_iter().map(one).collect::<Result<_, _>>()?;
        let mut found = [const { Vec::new() }; 3];
        for fold in folds {
            found.iter_mut().zip(fold).for_each(|(found, more)| found.extend(more));
        }
        Ok(found)
    }

    /// Trees for rows that were drawn again, with the numbers of their draws. Units are drawn as for formulas, so that a law of either kind pairs with the other.
    fn draws(&self, units: &Units) -> Result<Vec<(u64, Forest)>, Problem> {
        let random = Stream::new("law.bootstrap/1", &self.prepared.formula.seed);
        let one = |draw: u64| -> Option<Result<(u64, Forest), Problem>> {
            let counts = units.drawn(random.child(draw));
            let weight = |(weight, unit): (&f64, &usize)| f64::from(counts[*unit]) * weight;
            let weights: Vec<f64> = self.sample.weights.iter().zip(&units.numbers).map(weight).collect();
            let sample = self.sample.weighted(&weights);
            // Streams may be drawn that have hardly any rows.
            self.enough(&sample).ok()?;
            Some(grow(self.trees, &sample, self.logarithmic).map(|forest| (draw, forest)))
        };
        let drawn: Vec<_> = (0..self.prepared.formula.bootstrap).into_par_iter().map(one).collect();
        drawn.into_iter().flatten().collect()
    }
}
