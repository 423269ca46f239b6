//! What a study may say and check, and a run of this version cannot carry out yet.

use crate::problem::{Origin, Problem};
use crate::study::Plan;
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
        self.refused_laws(&mut refused);
        refused
    }

    /// The grid whose cells are the rows of a table; none where the rows are others.
    pub fn grid_of(&self, table: TableId) -> Option<usize> {
        match self.tables.get(table.0)?.source {
            Source::Grid(grid) => Some(grid),
            _ => None,
        }
    }

    fn refused_laws(&self, refused: &mut Vec<NotCarriedOut>) {
        for law in &self.laws {
            if self.grid_of(law.over).is_none() {
                let what = format!("law `{}`, which is not over a grid alone,", law.name);
                refused.push(NotCarriedOut::new(what, law.origin.as_ref()));
            }
        }
    }
}
