//! Trees that were grown, and what they predict.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::elementary::exp;

/// Regression trees whose values add up: cheap to clone, because draws share what they do not change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Grown", into = "Grown")]
pub struct Forest(Arc<Grown>);

/// What trees are made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grown {
    /// The columns that they split on, in the order of the law.
    pub columns: Vec<String>,
    /// Whether they predict the logarithm.
    pub logarithmic: bool,
    /// What is predicted without any tree, and what a step of one in the trees' sum is worth.
    pub middle: f64,
    pub unit: f64,
    /// The first node of each tree.
    pub roots: Vec<u32>,
    pub nodes: Vec<Node>,
}

/// A node of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Node {
    Leaf(f64),
    /// A row whose value of the column, by its place, lies below goes to node `left`, any other to the one after it.
    Split {
        column: u32,
        below: f64,
        left: u32,
    },
}

impl From<Grown> for Forest {
    fn from(grown: Grown) -> Forest {
        Forest(Arc::new(grown))
    }
}

impl From<Forest> for Grown {
    fn from(forest: Forest) -> Grown {
        Arc::unwrap_or_clone(forest.0)
    }
}

impl Forest {
    /// The columns whose values `predict` takes, in this order.
    pub fn columns(&self) -> &[String] {
        &self.0.columns
    }

    /// How many trees there are.
    pub fn trees(&self) -> usize {
        self.0.roots.len()
    }

    /// What the trees say of a row with these values, one a column; not-a-number where one of them is missing.
    pub fn predict(&self, values: &[f64]) -> f64 {
        let Grown { columns, logarithmic, middle, unit, roots, nodes } = &*self.0;
        if values.len() != columns.len() || values.iter().any(|value| value.is_nan()) {
            return f64::NAN;
        }
        let sum: f64 = roots.iter().map(|root| leaf(nodes, *root, values)).sum();
        let predicted = middle + unit * sum;
        if *logarithmic { exp(predicted) } else { predicted }
    }
}

/// The value of the leaf that a row ends in. Children stand after their parents, so that every way ends; one that leads out of the nodes, as a damaged file may
/// have it, ends in not-a-number.
fn leaf(nodes: &[Node], root: u32, values: &[f64]) -> f64 {
    let mut at = root;
    loop {
        match nodes.get(at as usize) {
            Some(Node::Leaf(value)) => return *value,
            Some(Node::Split { column, below, left }) if *left > at => {
                let Some(value) = values.get(*column as usize) else { return f64::NAN };
                at = left.saturating_add(u32::from(value >= below));
            }
            _ => return f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forest(nodes: Vec<Node>) -> Forest {
        let columns = vec!["x".to_owned()];
        Grown { columns, logarithmic: false, middle: 1.0, unit: 10.0, roots: vec![0], nodes }.into()
    }

    #[test]
    fn a_row_goes_left_below_and_right_from_there_on() {
        let split = Node::Split { column: 0, below: 2.0, left: 1 };
        let forest = forest(vec![split, Node::Leaf(0.5), Node::Leaf(0.75)]);
        assert_eq!([1.0, 2.0, 3.0].map(|x| forest.predict(&[x])), [6.0, 8.5, 8.5]);
        assert!(forest.predict(&[f64::NAN]).is_nan() && forest.predict(&[]).is_nan());
    }

    #[test]
    fn damaged_trees_end() {
        for nodes in [
            vec![Node::Split { column: 0, below: 2.0, left: 0 }],
            vec![Node::Split { column: 0, below: 2.0, left: u32::MAX }],
            vec![Node::Split { column: 7, below: 2.0, left: 1 }, Node::Leaf(1.0)],
            vec![],
        ] {
            assert!(forest(nodes).predict(&[3.0]).is_nan());
        }
    }
}
