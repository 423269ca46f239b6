//! What a study may say and check, and a run of this version cannot carry out yet.

use std::collections::BTreeSet;

use crate::problem::{Origin, Problem};
use crate::study::{Plan, Tokenizer};
use crate::table::{Source, TableId};

/// A part of a plan that is refused when it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCarriedOut {
    /// What it is, with its name: "law `optimal` over the law `valley`".
    pub what: String,
    pub origin: Option<Origin>,
}

impl NotCarriedOut {
    pub fn new(what: impl Into<String>, origin: Option<&Origin>) -> NotCarriedOut {
        NotCarriedOut { what: what.into(), origin: origin.cloned() }
    }

    /// As a user meets it.
    pub fn problem(&self) -> Problem {
        Problem::new("E0963", format!("{} cannot be carried out yet", self.what))
            .help("`synx check` and `synx plan` know it in full; take it out of the study to run the rest")
            .at(self.origin.as_ref())
    }
}

impl Plan {
    /// All that a run of this plan would have to leave out: then it does not begin.
    pub fn not_carried_out(&self) -> Vec<NotCarriedOut> {
        let mut refused = Vec::new();
        self.refused_corpora(&mut refused);
        self.refused_cells(&mut refused);
        refused
    }

    /// The grid whose cells are the rows of a table; none where the rows are others.
    pub fn grid_of(&self, table: TableId) -> Option<usize> {
        match self.tables.get(table.0)?.source {
            Source::Grid(grid) => Some(grid),
            _ => None,
        }
    }

    fn refused_corpora(&self, refused: &mut Vec<NotCarriedOut>) {
        if self.study.tokenizer != Tokenizer::Bytes {
            refused.push(NotCarriedOut::new("a tokenizer besides `bytes`", None));
        }
        for corpus in &self.corpora {
            if let Some(what) = corpus.content.not_carried_out() {
                let what = format!("corpus `{}`: {what}", corpus.name);
                refused.push(NotCarriedOut::new(what, corpus.origin.as_ref()));
            }
        }
    }

    /// Each reason once for every grid.
    fn refused_cells(&self, refused: &mut Vec<NotCarriedOut>) {
        for grid in &self.grids {
            let mut refuse = |what: String| {
                let refusal = NotCarriedOut::new(format!("grid `{}`, {what},", grid.name), grid.origin.as_ref());
                if !refused.contains(&refusal) {
                    refused.push(refusal);
                }
            };
            let mut models = BTreeSet::new();
            for cell in &grid.cells {
                if cell.start.is_some() {
                    refuse("whose cells start from the weights of others".to_owned());
                }
                if cell.objective.is_some() {
                    refuse("which is trained for something else than the next token".to_owned());
                }
                if models.insert(cell.model) && self.model(cell).has_experts() {
                    refuse("whose models have experts".to_owned());
                }
            }
        }
    }
}
