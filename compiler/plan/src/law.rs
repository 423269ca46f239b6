//! Laws: formulas with free parameters that are fitted to a table of results.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::expression::Expression;
use crate::key::Key;
use crate::problem::Origin;
use crate::table::TableId;

/// A law of the study as declared: `target ~ model` over the rows of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Law {
    /// The name in results and messages. Not part of the key.
    pub name: String,
    /// The table whose rows it is fitted to.
    pub over: TableId,
    pub formula: Formula,
    /// Where it was declared. Not part of the key.
    pub origin: Option<Origin>,
}

/// Everything about a law but the table that it is fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Formula {
    /// Columns whose every combination of values is fitted by itself.
    pub by: Vec<String>,
    /// What is fitted, in the order of the declaration.
    pub free: Vec<FreeParameter>,
    /// Abbreviations (`Expression::Bound`), a later one may use earlier ones.
    pub lets: Vec<(String, Expression)>,
    /// Left of `~`: what is observed, without free parameters.
    pub target: Expression,
    /// Right of `~`.
    pub model: Model,
    pub method: Method,
    /// Rows that are left out of the fit and predicted.
    pub test: Option<HoldOut>,
    /// How often the rows are drawn again; 0 for no intervals.
    pub bootstrap: u64,
    /// The part of the draws that an interval holds, between 0 and 1: 19/20 for 95 %.
    pub confidence: Exact,
    /// Seed of the draws.
    pub seed: u64,
}

/// What predicts the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "LawModel")]
pub enum Model {
    Formula(Expression),
    Trees(Trees),
}

/// Gradient-boosted regression trees over columns: the baseline that assumes no form (Friedman 2001).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trees {
    pub columns: Vec<String>,
    /// The part of each tree that is added.
    pub rate: Exact,
    /// How many trees are grown.
    pub rounds: u64,
}

/// Rows that a leaf of a tree holds at least, as often as they count. Arbitrary: fewer follow the noise, more see nothing in a few dozen rows.
pub const LEAF_ROWS: u32 = 5;

/// Trees that are kept of one group, those of draws included: more fill memory. Arbitrary: about 0.7 GB.
pub const MOST_TREES: u64 = 2_000_000;

impl Trees {
    /// How many are kept of a group with so many draws.
    pub fn kept(&self, draws: u64) -> u64 {
        self.rounds.saturating_mul(draws.saturating_add(1))
    }
}

impl Model {
    /// The columns that it reads, each once.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Model::Formula(formula) => formula.columns(),
            Model::Trees(trees) => trees.columns.iter().map(String::as_str).collect(),
        }
    }

    /// The free parameters that stand in it, each once.
    pub fn parameters(&self) -> Vec<&str> {
        match self {
            Model::Formula(formula) => formula.parameters(),
            Model::Trees(_) => Vec::new(),
        }
    }
}

impl From<Expression> for Model {
    fn from(formula: Expression) -> Model {
        Model::Formula(formula)
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Model::Formula(formula) => formula.fmt(f),
            Model::Trees(trees) => {
                let columns = trees.columns.join(", ");
                write!(f, "boosted_trees({columns}, rate = {}, rounds = {})", trees.rate.short(), trees.rounds)
            }
        }
    }
}

/// A parameter that a fit settles, with the interval it is kept in (ends included; none is unbounded).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FreeParameter {
    pub name: String,
    pub low: Option<Exact>,
    pub high: Option<Exact>,
    /// Whether it has one value in all groups.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// What a fit makes small: a sum over rows, never a mean (a mean stops optimisers early).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Huber's loss of `log(model) − log(target)`: r²/2 up to |r| = delta, delta·(|r| − delta/2) beyond.
    Huber { delta: Exact },
    /// r²/2 of `log(model) − log(target)`.
    LogSquares,
    /// r²/2 of `model − target`.
    Squares,
    /// Of `log(model) − log(target)`: −level·r where r is below zero, (1 − level)·r above, so that this part of the rows lies below the
    /// fit (Koenker and Bassett 1978).
    Quantile { level: Exact },
}

impl Default for Method {
    /// Huber with delta 1e-3 on log residuals: Hoffmann et al. 2022, approach 3.
    fn default() -> Method {
        Method::Huber { delta: Exact::ratio(1, 1000).expect("1000 is not zero") }
    }
}

/// Which rows of a group are kept for testing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldOut {
    /// The rows with the group's largest value of a column.
    Largest(String),
    /// Rows drawn at random, as many of each group.
    Rows(u64),
    /// A part of each group's rows, drawn at random this many times; the fit itself is made with all rows.
    Share { part: Exact, times: u64 },
    /// The rows for which a condition holds.
    Where(Expression),
    /// The rows of each value of a column in turn; the fit itself is made with all rows.
    Each(String),
}

impl HoldOut {
    /// The columns that it reads, each once.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            HoldOut::Largest(column) | HoldOut::Each(column) => vec![column],
            HoldOut::Where(condition) => condition.columns(),
            HoldOut::Rows(_) | HoldOut::Share { .. } => Vec::new(),
        }
    }
}

impl Formula {
    /// Target and model with the `let`s written out.
    pub fn inlined(&self) -> (Expression, Model) {
        let model = match &self.model {
            Model::Formula(formula) => Model::Formula(formula.inline(&self.lets)),
            Model::Trees(trees) => Model::Trees(trees.clone()),
        };
        (self.target.inline(&self.lets), model)
    }

    /// The model with the `let`s written out, where it is a formula.
    pub fn curve(&self) -> Option<Expression> {
        match self.inlined().1 {
            Model::Formula(formula) => Some(formula),
            Model::Trees(_) => None,
        }
    }

    /// The columns that a fit reads: those of target and model, then `by`, then the test's; each once.
    pub fn columns(&self) -> Vec<String> {
        let (target, model) = self.inlined();
        let mut columns: Vec<String> = Vec::new();
        let test = self.test.as_ref().map_or_else(Vec::new, HoldOut::columns);
        let read = target.columns().into_iter().chain(model.columns());
        for column in read.chain(self.by.iter().map(String::as_str)).chain(test) {
            if !columns.iter().any(|known| known == column) {
                columns.push(column.to_owned());
            }
        }
        columns
    }
}

/// The key of a fit: the formula with its `let`s written out, and the key of the table that it is fitted to
/// (which the caller makes from the keys of the rows and the columns that `Formula::columns` names).
pub fn law_key(formula: &Formula, table: &Key) -> Key {
    let Formula { by, free, lets: _, target: _, model: _, method, test, bootstrap, confidence, seed } = formula;
    let (target, model) = formula.inlined();
    // Without draws, neither their seed nor the confidence changes anything.
    let draws = (*bootstrap > 0).then_some((bootstrap, confidence, seed));
    Key::of("law/3", &(table, by, free, target, model, method, test, draws))
}

/// The free parameters that a formula names but does not declare, and those declared that it does not use.
///
/// For what takes a formula from outside the compiler, which checks this by itself.
pub fn parameter_mismatch(formula: &Formula) -> (Vec<String>, Vec<String>) {
    let (target, model) = formula.inlined();
    let mut used = model.parameters();
    used.extend(target.parameters());
    let undeclared = used.iter().filter(|name| !formula.free.iter().any(|p| p.name == **name));
    let unused = formula.free.iter().filter(|p| !model.parameters().contains(&p.name.as_str()));
    (undeclared.map(|name| (*name).to_owned()).collect(), unused.map(|p| p.name.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{Binary, Name};

    fn formula() -> Formula {
        let power = Expression::binary(Binary::Power, Expression::Bound("D".to_owned()), Expression::parameter("beta"));
        let term = Expression::binary(Binary::Divide, Expression::parameter("B"), power);
        Formula {
            by: vec!["r".to_owned()],
            free: ["B", "beta"]
                .map(|n| FreeParameter { name: n.to_owned(), low: Some(Exact::zero()), high: None, shared: false })
                .into(),
            lets: vec![("D".to_owned(), Expression::column("tokens"))],
            target: Expression::column("loss"),
            model: term.into(),
            method: Method::default(),
            test: Some(HoldOut::Largest("tokens".to_owned())),
            bootstrap: 0,
            confidence: Exact::ratio(19, 20).unwrap(),
            seed: 1,
        }
    }

    #[test]
    fn a_formula_names_each_column_once() {
        assert_eq!(formula().columns(), ["loss", "tokens", "r"]);
    }

    #[test]
    fn the_key_depends_on_meaning_alone() {
        let table = Key::of("test/1", &0);
        let plain = law_key(&formula(), &table);
        let mut renamed = formula();
        renamed.lets[0].0 = "budget".to_owned();
        let budget = Expression::Bound("budget".to_owned());
        let Model::Formula(model) = formula().model else { panic!("a formula") };
        renamed.model = model.substitute(&|name| (name == Name::Bound("D")).then(|| budget.clone())).into();
        assert_eq!(law_key(&renamed, &table), plain, "the name of a let");
        let seeded = Formula { seed: 2, ..formula() };
        assert_eq!(law_key(&seeded, &table), plain, "a seed that nothing is drawn with");
        assert_ne!(law_key(&Formula { bootstrap: 100, ..formula() }, &table), plain);
        assert_ne!(law_key(&Formula { method: Method::Squares, ..formula() }, &table), plain);
        assert_ne!(law_key(&formula(), &Key::of("test/1", &1)), plain);
    }

    #[test]
    fn parameters_are_declared_and_used() {
        assert_eq!(parameter_mismatch(&formula()), (vec![], vec![]));
        let mut wrong = formula();
        wrong.free[0].name = "A".to_owned();
        assert_eq!(parameter_mismatch(&wrong), (vec!["B".to_owned()], vec!["A".to_owned()]));
    }
}
