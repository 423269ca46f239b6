//! What a study asks of its results: laws fitted, questions answered, claims decided, figures and tables laid out. Fills the rest of `StudyResults` from its cells.

mod asked;
mod cells;
mod design;
mod figures;
mod given;
mod laws;
mod shown;

pub use design::{Advice, GroupAdvice, design};

use std::path::Path;

use synx_plan::grid::ColumnValue;
use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_report::StudyResults;
use synx_store::{Store, Writer};

use crate::corpora::Corpora;
use crate::progress::{Event, Progress};
pub(crate) use given::World;

/// Where the run reads what its answers need.
pub(crate) struct Sources<'a, 'p> {
    pub folder: &'a Path,
    pub allow_outside: bool,
    pub store: &'a Store,
    /// Where fits and corpora are put that are not in the store; without one, fits have no draws and no corpus is made.
    pub writer: Option<&'a Writer>,
    pub corpora: &'a mut Corpora<'p>,
}

/// Answers everything that the plan asks of the cells of `results`. A fit that was made of the same rows before is taken from the store.
pub(crate) fn answer(
    plan: &Plan,
    mut results: StudyResults,
    sources: Sources,
    progress: &mut dyn Progress,
) -> Result<StudyResults, Problem> {
    let settled = synx_answers::settle(plan, &World::new(plan, &results, sources))?;
    for (law, settled_law) in plan.laws.iter().zip(&settled.laws) {
        let fitted = laws::result(plan, law, settled_law, &settled);
        let count = fitted.groups.iter().filter(|group| laws::is_fitted(group)).count();
        progress.tell(Event::Law { law: law.name.clone(), fitted: count, groups: fitted.groups.len() });
        results.laws.push(fitted);
        results.predictions.extend(laws::predictions(plan, law, settled_law, &settled));
    }
    for value in results.cells.iter_mut().flat_map(|cell| &mut cell.values).flatten() {
        if let ColumnValue::Answer(answer) = value {
            *value = asked::column_value(&settled, *answer);
        }
    }
    results.answers = asked::answers(plan, &settled);
    results.claims = asked::claims(plan, &settled);
    results.figures = plan.figures.iter().filter_map(|figure| figures::figure(plan, figure, &settled)).collect();
    results.tables = plan.report_tables.iter().filter_map(|table| shown::table(plan, table, &settled)).collect();
    results.notes = asked::notes(plan, &settled);
    Ok(results)
}
