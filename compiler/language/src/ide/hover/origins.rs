//! Where what is measured comes from, by the names that a study has for it.

use synx_plan::answer::{Answer, AnswerId, Argument, Question};
use synx_plan::grid::ColumnValue;
use synx_plan::study::Plan;
use synx_plan::table::{Source, TableId};

/// The grids, laws and files that the rows of a table come from, each once: "`runs`".
pub(super) fn sources(plan: &Plan, table: TableId) -> Vec<String> {
    let mut found = Vec::new();
    collect(plan, table, &mut found);
    found
}

fn collect(plan: &Plan, table: TableId, found: &mut Vec<String>) {
    let Some(table) = plan.tables.get(table.0) else { return };
    let name = match &table.source {
        Source::Grid(grid) => plan.grids.get(*grid).map(|grid| grid.name.as_str()),
        Source::Law(law) | Source::Predictions(law) => plan.laws.get(*law).map(|law| law.name.as_str()),
        Source::Observations(observations) => Some(observations.path.as_str()),
        // What a table is made of stands before it, so this ends.
        made => {
            made.inputs().into_iter().for_each(|input| collect(plan, input, found));
            None
        }
    };
    add(found, name);
}

fn add(found: &mut Vec<String>, name: Option<&str>) {
    let name = name.map(|name| format!("`{name}`"));
    found.extend(name.filter(|name| !found.contains(name)).into_iter().collect::<Vec<_>>());
}

/// How many rows a table has, where that is known.
pub(super) fn rows(plan: &Plan, table: TableId) -> Option<u64> {
    let known = plan.tables.get(table.0)?.rows;
    known.or_else(|| Some(plan.grids.get(plan.grid_of(table)?)?.cells.len() as u64))
}

/// The questions that an answer comes down to, each once: what comes of other answers comes down to theirs.
pub(super) fn questions(plan: &Plan, answer: AnswerId, found: &mut Vec<AnswerId>) {
    match plan.answers.get(answer.0).map(|answer| &answer.question) {
        Some(Question::Expression(expression)) => {
            expression.answers().into_iter().for_each(|part| questions(plan, part, found));
        }
        Some(_) if !found.contains(&answer) => found.push(answer),
        _ => {}
    }
}

/// The grids, laws and files that an answer is from.
pub(super) fn sources_of(plan: &Plan, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    of_answer(plan, answer, &mut found);
    found
}

fn of_answer(plan: &Plan, answer: &Answer, found: &mut Vec<String>) {
    match &answer.question {
        Question::Value { table, .. } => collect(plan, *table, found),
        Question::Call { arguments, .. } => {
            arguments.iter().for_each(|(_, argument)| of_argument(plan, argument, found));
        }
        Question::Expression(expression) => {
            expression.answers().into_iter().for_each(|part| of_number(plan, part, found));
        }
    }
}

fn of_number(plan: &Plan, answer: AnswerId, found: &mut Vec<String>) {
    if let Some(answer) = plan.answers.get(answer.0) {
        of_answer(plan, answer, found);
    }
}

fn of_argument(plan: &Plan, argument: &Argument, found: &mut Vec<String>) {
    match argument {
        Argument::Table(table) => collect(plan, *table, found),
        Argument::Law(law) => add(found, plan.laws.get(*law).map(|law| law.name.as_str())),
        Argument::Answer(answer) | Argument::Value(ColumnValue::Answer(answer)) => of_number(plan, *answer, found),
        Argument::Expression(expression) => {
            expression.answers().into_iter().for_each(|part| of_number(plan, part, found));
        }
        Argument::List(list) => list.iter().for_each(|argument| of_argument(plan, argument, found)),
        Argument::Named(arguments) => {
            arguments.iter().for_each(|(_, argument)| of_argument(plan, argument, found));
        }
        _ => {}
    }
}
