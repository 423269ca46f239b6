//! Growing trees: the one place that knows the library of trees (forust).
//!
//! A column is handed over as the places of its values in their order, and targets in standard deviations from their mean, so that neither the units of a
//! column nor those of the target change what is grown, and no size of number overflows the floats of 32 bits that gradients are kept in.

use forust_ml::gradientbooster::GrowPolicy;
use forust_ml::objective::ObjectiveType;
use forust_ml::{GradientBooster, Matrix};

use synx_plan::law::{LEAF_ROWS, Trees};
use synx_plan::problem::Problem;

use super::forest::{Forest, Grown, Node};
use super::sample::{Moments, Sample};

/// Leaves of a tree: what a few columns do together, and little more (Hastie, Tibshirani and Friedman 2009, section 10.11: four to eight). More were no better on
/// known mixtures, and slower.
const LEAVES: usize = 8;

/// Places at which a column is split at most: each of its values in tables of experiments. Arbitrary.
const PLACES: u16 = 1024;

/// Grows trees for the rows of a sample.
///
/// # Errors
/// E0946 where the library refuses them.
pub fn grow(trees: &Trees, sample: &Sample, logarithmic: bool) -> Result<Forest, Problem> {
    let moments = Moments::of(sample.target.iter().zip(&sample.weights));
    let mut grown = Grown {
        columns: trees.columns.clone(),
        logarithmic,
        middle: moments.mean,
        unit: moments.deviation,
        roots: Vec::new(),
        nodes: Vec::new(),
    };
    // One value needs no tree.
    if moments.deviation <= 0.0 {
        return Ok(grown.into());
    }
    let columns: Vec<Vec<f64>> = sample.columns.iter().map(|column| distinct(column)).collect();
    let places: Vec<f64> = sample.columns.iter().zip(&columns).flat_map(|(column, all)| places(column, all)).collect();
    let target: Vec<f64> = sample.target.iter().map(|y| moments.standard(*y)).collect();
    let heaviest = sample.weights.iter().copied().fold(0.0, f64::max);
    let weights: Vec<f64> = sample.weights.iter().map(|weight| weight / heaviest).collect();
    let mut booster = GradientBooster::default();
    booster.objective_type = ObjectiveType::SquaredLoss;
    booster.iterations = usize::try_from(trees.rounds).unwrap_or(usize::MAX);
    booster.learning_rate = trees.rate.to_f64() as f32;
    booster.grow_policy = GrowPolicy::LossGuide;
    booster.max_depth = LEAVES;
    booster.max_leaves = LEAVES;
    booster.min_leaf_weight = (f64::from(LEAF_ROWS) / heaviest) as f32;
    booster.l2 = 0.0;
    booster.nbins = PLACES;
    booster.initialize_base_score = false;
    booster.base_score = 0.0;
    // Draws and tests are what is done side by side.
    booster.parallel = false;
    booster.fit(&Matrix::new(&places, target.len(), columns.len()), &target, &weights, None).map_err(|error| {
        Problem::new("E0946", "no trees can be grown for these rows")
            .note(error.to_string())
            .help("look for values that are far larger than all others, and leave such rows out")
    })?;
    for tree in &booster.trees {
        let root = grown.nodes.len() as u32;
        grown.roots.push(root);
        grown.nodes.push(Node::Leaf(0.0));
        // Nodes that are still to be written: where they stand in the library's tree, and here.
        let mut waiting = vec![(0, root as usize)];
        while let Some((from, to)) = waiting.pop() {
            let node = &tree.nodes[from];
            if node.is_leaf {
                grown.nodes[to] = Node::Leaf(f64::from(node.weight_value));
                continue;
            }
            let left = grown.nodes.len();
            let below = between(&columns[node.split_feature], node.split_value);
            grown.nodes[to] = Node::Split { column: node.split_feature as u32, below, left: left as u32 };
            grown.nodes.extend([Node::Leaf(0.0); 2]);
            waiting.extend([(node.left_child, left), (node.right_child, left + 1)]);
        }
    }
    Ok(grown.into())
}

/// The values of a column, each once, rising.
fn distinct(column: &[f64]) -> Vec<f64> {
    let mut values = column.to_vec();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| a == b);
    values
}

/// The place of each value among the distinct ones.
fn places<'a>(column: &'a [f64], distinct: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    column.iter().map(|value| distinct.partition_point(|other| other < value) as f64)
}

/// The value that parts those at lower places than `place` from the others: half-way between the neighbours.
fn between(distinct: &[f64], place: f64) -> f64 {
    let right = place.ceil() as usize;
    match (right.checked_sub(1).and_then(|left| distinct.get(left)), distinct.get(right)) {
        (Some(left), Some(right)) => {
            let middle = f64::midpoint(*left, *right);
            if middle > *left { middle } else { *right }
        }
        (None, _) => f64::NEG_INFINITY,
        (_, None) => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_lies_between_the_values_that_it_parts() {
        let values = distinct(&[3.0, 1.0, 3.0, 2.0, -0.0, 0.0]);
        assert_eq!(values, [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(places(&[2.0, 0.0, -0.0, 3.0], &values).collect::<Vec<_>>(), [2.0, 0.0, 0.0, 3.0]);
        assert_eq!(
            [0.0, 1.0, 2.5, 4.0].map(|place| between(&values, place)),
            [f64::NEG_INFINITY, 0.5, 2.5, f64::INFINITY]
        );
        let close = [1.0, 1.0f64.next_up()];
        assert_eq!(between(&close, 1.0), close[1]);
        assert_eq!(between(&[-f64::MAX, f64::MAX], 1.0), 0.0);
    }
}
