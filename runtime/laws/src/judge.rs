//! How well a fit predicts rows that it has not seen, and which rows those are.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use synx_plan::law::HoldOut;
use synx_plan::problem::Problem;
use synx_plan::random::Stream;

use crate::prepared::Prepared;
use crate::result::{Prediction, TestError};

/// A group's rows, parted into those that are fitted and those that are not.
pub struct Split {
    pub group: Vec<(String, String)>,
    /// All rows, in the order of the table.
    pub rows: Vec<usize>,
    /// Those that are fitted, in the order of the fit.
    pub fitted: Vec<usize>,
    left_out: BTreeSet<usize>,
    /// Where the fit is made with all rows: those that are left out in turn and predicted by fits without them.
    pub folds: Vec<Vec<usize>>,
}

impl Split {
    pub fn new(prepared: &Prepared<'_>, group: Vec<(String, String)>, rows: Vec<usize>) -> Split {
        let all = prepared.canonical(rows.iter().copied());
        // Drawn in an order that no formula decides: laws of one target over the same rows are tested on the same.
        let mut by_target = all.clone();
        by_target.sort_by(|&a, &b| prepared.target[a].total_cmp(&prepared.target[b]));
        let drawn = |count: usize, time: u64| -> Vec<usize> {
            let random = Stream::new("law.leave_out/1", &prepared.formula.seed).child(time);
            let n = all.len() as u64;
            (0..count.min(all.len()) as u64).map(|index| by_target[random.permutation(n, index) as usize]).collect()
        };
        let mut folds = Vec::new();
        let left_out: BTreeSet<usize> = match &prepared.formula.test {
            None => BTreeSet::new(),
            Some(HoldOut::Largest(column)) => {
                let value = |row: usize| prepared.number(column, row);
                let largest = all.iter().map(|&row| value(row)).fold(f64::NEG_INFINITY, f64::max);
                all.iter().copied().filter(|&row| value(row) == largest).collect()
            }
            Some(HoldOut::Where(_)) => all.iter().copied().filter(|&row| prepared.condition(row)).collect(),
            Some(HoldOut::Rows(count)) => drawn(usize::try_from(*count).unwrap_or(usize::MAX), 0).into_iter().collect(),
            Some(HoldOut::Share { part, times }) => {
                // At least one row, however small the part.
                let count = ((part.to_f64() * all.len() as f64).round() as usize).max(1);
                folds = (0..*times).map(|time| drawn(count, time)).collect();
                BTreeSet::new()
            }
            Some(HoldOut::Each(_)) => {
                let mut values: IndexMap<&str, Vec<usize>> = IndexMap::new();
                for &row in &all {
                    values.entry(prepared.each(row).unwrap_or_default()).or_default().push(row);
                }
                values.sort_unstable_keys();
                folds = values.into_values().collect();
                BTreeSet::new()
            }
        };
        let fitted = all.into_iter().filter(|row| !left_out.contains(row)).collect();
        Split { group, rows, fitted, left_out, folds }
    }

    /// " in the group …", for messages.
    pub fn place(&self) -> String {
        if self.group.is_empty() {
            return String::new();
        }
        let parts: Vec<String> = self.group.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        format!(" in the group {}", parts.join(", "))
    }

    /// Every row of the group under the fit, in the order of the table.
    ///
    /// # Errors
    /// E0948 where the fit has no finite value in a row.
    pub fn predictions(
        &self,
        prepared: &Prepared<'_>,
        predicted: &dyn Fn(usize) -> f64,
    ) -> Result<Vec<Prediction>, Problem> {
        let one = |row: &usize| self.prediction(prepared, predicted, *row, self.left_out.contains(row));
        self.rows.iter().map(one).collect()
    }

    /// One row under the fit.
    ///
    /// # Errors
    /// E0948 where the fit has no finite value there.
    pub fn prediction(
        &self,
        prepared: &Prepared<'_>,
        predicted: &dyn Fn(usize) -> f64,
        row: usize,
        held_out: bool,
    ) -> Result<Prediction, Problem> {
        let predicted = predicted(row);
        if !predicted.is_finite() {
            let place = self.place();
            let headline = format!("the fitted law has no finite value in row {}{place}", row + 1);
            return Err(Problem::new("E0948", headline)
                .note(format!("the model is {}", prepared.model))
                .help("such a row lies outside of what the law can say: leave it out, or take another form"));
        }
        Ok(Prediction { row, observed: prepared.target[row], predicted, held_out })
    }
}

/// How far predictions of held-out rows are off; none where there are no such rows.
pub fn test_error(predictions: &[Prediction]) -> Option<TestError> {
    let held_out: Vec<&Prediction> = predictions.iter().filter(|prediction| prediction.held_out).collect();
    let errors: Vec<f64> = held_out.iter().map(|p| ((p.predicted - p.observed) / p.observed).abs()).collect();
    let points = errors.len();
    let (observed, predicted): (Vec<f64>, Vec<f64>) = held_out.iter().map(|p| (p.observed, p.predicted)).unzip();
    (points > 0).then(|| TestError {
        points,
        mean_relative_error: errors.iter().sum::<f64>() / points as f64,
        max_relative_error: errors.iter().copied().fold(0.0, f64::max),
        spearman: spearman(&observed, &predicted),
        kendall: kendall(&observed, &predicted),
    })
}

/// Spearman's rank correlation (1904): the correlation of ranks, where equal values share the mean of theirs. None where one side is constant.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let n = a.len() as f64;
    let mean = f64::midpoint(n, 1.0);
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    let size = (product(&a, &a) * product(&b, &b)).sqrt();
    (size > 0.0).then(|| product(&a, &b) / size)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let end = start + order[start..].iter().take_while(|&&i| values[i] == values[order[start]]).count();
        // Places from 1; where a value is no number it equals nothing, not even itself.
        let end = end.max(start + 1);
        let rank = f64::midpoint((start + 1) as f64, end as f64);
        order[start..end].iter().for_each(|&i| ranks[i] = rank);
        start = end;
    }
    ranks
}

/// More pairs than this are not counted: Spearman's says much the same. Arbitrary.
const MOST_RANKED: usize = 20_000;

/// Kendall's rank correlation, corrected for ties (tau-b, Kendall 1945). None where one side is constant or there are too many rows.
pub fn kendall(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() > MOST_RANKED {
        return None;
    }
    let (mut balance, mut in_a, mut in_b) = (0i64, 0i64, 0i64);
    for i in 0..a.len() {
        for j in 0..i {
            let order = |x: &[f64]| x[i].partial_cmp(&x[j]).map_or(0, |order| order as i64);
            let (x, y) = (order(a), order(b));
            balance += x * y;
            in_a += x * x;
            in_b += y * y;
        }
    }
    (in_a > 0 && in_b > 0).then(|| balance as f64 / (in_a as f64 * in_b as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_correlations_are_those_of_textbooks() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 1.0, 4.0, 3.0, 5.0]);
        assert!((spearman(&a, &b).unwrap() - 0.8).abs() < 1e-15);
        assert!((kendall(&a, &b).unwrap() - 0.6).abs() < 1e-15);
        // Ties: as scipy's spearmanr and kendalltau give them.
        let tied = [1.0, 1.0, 2.0, 3.0, 3.0];
        assert!((spearman(&a, &tied).unwrap() - 0.948_683_298_050_513_8).abs() < 1e-12);
        assert!((kendall(&a, &tied).unwrap() - 0.894_427_190_999_915_9).abs() < 1e-12);
        assert_eq!((spearman(&a, &[1.0; 5]), kendall(&[1.0; 5], &a)), (None, None));
        assert_eq!((spearman(&[], &[]), kendall(&[], &[])), (None, None));
    }
}
