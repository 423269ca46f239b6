//! Grids: the cells of a study and the columns that name them.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::AnswerId;
use crate::corpus::{CorpusId, Part};
use crate::exact::Exact;
use crate::problem::Origin;
use crate::unit::Amount;

/// A grid after expansion. Cells are small: the values of their columns stand once, in `columns`, and cells hold numbers of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Grid {
    pub name: String,
    /// The documentation comment.
    pub documentation: Option<String>,
    /// Axes first, then `let` columns, each kind in the order of the file. An axis `tokens` or `replicate` is a column here too.
    pub columns: Vec<Column>,
    pub cells: Vec<Cell>,
    /// Cells that a `where` left out.
    pub excluded: Vec<Excluded>,
    /// The `where`s, in the order of the file.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    pub origin: Option<Origin>,
}

/// An axis or a `let` of a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    /// The unit or label of its numbers, as results print it in `spec/results.md`: `tokens`, `FLOP`, `USD`; empty for plain numbers and text.
    pub unit: String,
    /// Every value that occurs, each once, in the order of first use.
    pub values: Vec<ColumnValue>,
}

/// How a grid has a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Axis,
    Let,
}

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnValue {
    Number(Exact),
    /// A word, a truth value, or the name of a declared thing: `hq(medium)`.
    Text(String),
    /// What only a run or a fit settles.
    Answer(AnswerId),
}

/// One training run to an end, with its evaluation. The numbers index the plan's lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// For each column of the grid, the number of its value.
    pub values: Box<[u32]>,
    pub mixture: u32,
    pub model: u32,
    pub recipe: u32,
    pub evaluation: u32,
    /// The budget, a whole number of batches.
    pub tokens: u64,
    pub replicate: u32,
    /// The cell whose weights it starts from; `None` for a fresh initialisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<CellId>,
    /// What it is trained for, in the plan's list; `None` for the next token of all text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<u32>,
    /// The choice that a run makes of what the cell is, in the plan's list; its own fields are then the first of what it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<u32>,
}

/// What a cell may be, as answers choose. With several answers the last one's values change fastest: the cell is number
/// a₁ · n₂ · … + a₂ · … of the alternatives, where each answer aᵢ is one of nᵢ values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    pub answers: Vec<AnswerId>,
    pub alternatives: Vec<Alternative>,
}

/// What a cell is made of, as numbers of the plan's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Alternative {
    pub mixture: u32,
    pub model: u32,
    pub recipe: u32,
    pub evaluation: u32,
    pub tokens: u64,
}

impl Cell {
    /// What it is, or may be: more than one where a run chooses, out of `choices`.
    pub fn alternatives(&self, choices: &[Choice]) -> Vec<Alternative> {
        let choice = self.choice.and_then(|choice| choices.get(choice as usize));
        choice.map_or_else(|| vec![self.own()], |choice| choice.alternatives.clone())
    }

    /// What its own fields say: where a run chooses, the first of what it may be.
    pub fn own(&self) -> Alternative {
        Alternative {
            mixture: self.mixture,
            model: self.model,
            recipe: self.recipe,
            evaluation: self.evaluation,
            tokens: self.tokens,
        }
    }
}

/// A cell, by the number of its grid in the plan and its own within the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CellId {
    pub grid: u32,
    pub cell: u32,
}

/// What a run is trained for where that is not the next token of all text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The next token of documents that are a prompt and its answer.
    Supervised { mask: Mask },
    /// The reward of answers that the model itself gives, each against the mean of its group (Shao et al. 2024).
    Grpo { reward: Reward, rollouts: u64 },
}

/// What the loss leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// Nothing: prompts count like answers.
    None,
    /// The tokens of prompts.
    Prompt,
}

/// What an answer is rewarded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reward {
    /// One where the answer is the reference's, letter by letter; else zero.
    ExactAnswer,
    /// One where the last number of the answer is the reference's; else zero.
    NumericAnswer,
}

/// A cell that a condition left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excluded {
    pub values: Box<[u32]>,
    /// The number of the condition in the grid's list.
    pub condition: u32,
}

/// A condition on the cells of a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// Of the cells that it leaves out the one that misses it by least; `None` where it leaves out none or compares no numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closest: Option<Closest>,
}

/// By how much a cell misses a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Closest {
    /// The numbers of the cell's values, of axes only.
    pub cell: Box<[u32]>,
    /// What the condition compares.
    pub value: Amount,
    /// What it compares it with.
    pub bound: Amount,
}

impl Condition {
    /// How far the closest of the cells that it leaves out is off, for people.
    pub fn closest_text(&self) -> Option<String> {
        let Closest { value, bound, .. } = self.closest.as_ref()?;
        let short = |amount: &Amount| {
            let digits = format!("{:.3e}", amount.value.to_f64()).parse().unwrap_or(f64::NAN);
            let number = if amount.value.is_integer() { readable(&amount.value) } else { format!("{digits}") };
            if amount.unit.is_plain() { number } else { format!("{number} {}", amount.unit) }
        };
        Some(format!("`{}`: the closest has {} against {}", self.text, short(value), short(bound)))
    }
}

impl Grid {
    pub fn value(&self, values: &[u32], column: usize) -> &ColumnValue {
        &self.columns[column].values[values[column] as usize]
    }

    /// A cell's stable, readable name, equal on every device: `grid[r=1/3,tokens=4M]`; axes only, in the order of the file.
    pub fn cell_name(&self, values: &[u32]) -> String {
        cell_name(&self.name, &self.columns, values)
    }
}

/// The name of a cell of the grid `grid` with these columns.
pub fn cell_name(grid: &str, columns: &[Column], values: &[u32]) -> String {
    let mut name = grid.to_owned();
    let mut separator = '[';
    for (column, value) in columns.iter().zip(values) {
        if column.kind == ColumnKind::Axis {
            let _ = write!(name, "{separator}{}={}", column.name, column.values[*value as usize]);
            separator = ',';
        }
    }
    if separator == ',' {
        name.push(']');
    }
    name
}

impl std::fmt::Display for ColumnValue {
    /// Short and exact, as in cell names: `4M`, `1/3`, `0.003`, `web`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ColumnValue::Text(text) => f.write_str(text),
            ColumnValue::Answer(answer) => write!(f, "late {}", answer.0),
            ColumnValue::Number(number) => f.write_str(&readable(number)),
        }
    }
}

/// A number as a person would write it in a study, exactly: `1e18` where it is so large, with `k M B T` where that is whole, as a short decimal where that is exact, else
/// as a fraction.
pub fn readable(number: &Exact) -> String {
    if number.is_integer() {
        if let Some(power) = power_of_ten(number) {
            return power;
        }
        for (suffix, scale) in [("T", 1_000_000_000_000u64), ("B", 1_000_000_000), ("M", 1_000_000), ("k", 1000)] {
            let Some(scaled) = number.div(&Exact::from(scale)) else { continue };
            if scaled.is_integer() && !scaled.is_zero() {
                return format!("{scaled}{suffix}");
            }
        }
        return number.to_string();
    }
    let decimal = format!("{}", number.to_f64());
    if decimal.len() <= 12 && Exact::from_decimal(&decimal).as_ref() == Some(number) {
        return decimal;
    }
    number.to_string()
}

/// A whole number of a few digits times a power of ten, from ten thousand `T` on: `1e18`, `2.5e17`.
fn power_of_ten(number: &Exact) -> Option<String> {
    const LARGE: usize = 17;
    const DIGITS: usize = 6;
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (first, rest) = digits.trim_end_matches('0').split_at_checked(1)?;
    let point = if rest.is_empty() { "" } else { "." };
    let short = digits.len() >= LARGE && rest.len() < DIGITS;
    short.then(|| format!("{sign}{first}{point}{rest}e{}", digits.len() - 1))
}

/// What a cell is evaluated on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    pub name: String,
    pub domains: Vec<Domain>,
    /// The weights of the domains in `loss`, summing to one; `None` where several domains were given none: `loss` then has no meaning.
    pub weights: Option<Vec<Exact>>,
    /// At most about this many tokens of each domain, as whole sequences spread evenly over it.
    pub tokens: u64,
}

/// What an evaluation reads, and what that is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Domain {
    /// As written: `web.heldout`.
    pub name: String,
    pub corpus: CorpusId,
    pub part: Part,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_writes_them() {
        for (text, readable_as) in [
            ("4000000", "4M"),
            ("1500", "1500"),
            ("0", "0"),
            ("1/3", "1/3"),
            ("3/1000", "0.003"),
            ("-2000", "-2k"),
            ("16384", "16384"),
            ("1000000000000000", "1000T"),
            ("1000000000000000000", "1e18"),
            ("-250000000000000000", "-2.5e17"),
            ("31622776601683796000", "31622776601683796k"),
        ] {
            assert_eq!(readable(&text.parse().unwrap()), readable_as);
        }
    }
}
