//! In which order tables, laws and answers are settled: each after what it needs.

use std::collections::BTreeSet;

use synx_plan::answer::{AnswerId, Argument, Question};
use synx_plan::expression::{Expression, Name};
use synx_plan::grid::ColumnValue;
use synx_plan::study::Plan;
use synx_plan::table::{Source, TableId};

/// Something of a plan that is settled by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    Table(usize),
    Law(usize),
    Answer(usize),
}

/// The answers that stand in an expression.
pub fn answers_in(expression: &Expression) -> impl Iterator<Item = AnswerId> + '_ {
    expression.names().into_iter().filter_map(|name| match name {
        Name::Answer(answer) => Some(answer),
        _ => None,
    })
}

/// What a node needs, each once.
pub fn needs(plan: &Plan, node: Node) -> BTreeSet<Node> {
    let mut found = BTreeSet::new();
    let mut of = |expression: &Expression| found.extend(answers_in(expression).map(|answer| Node::Answer(answer.0)));
    match node {
        Node::Table(table) => {
            let Some(table) = plan.tables.get(table) else { return found };
            match &table.source {
                Source::Filter { condition, .. } => of(condition),
                Source::Derive { columns, .. } => columns.iter().for_each(|(_, column)| of(column)),
                Source::Points { asked, .. } => asked.iter().flat_map(|(_, cells)| cells).for_each(of),
                Source::Law(law) | Source::Predictions(law) => {
                    found.insert(Node::Law(*law));
                }
                Source::DOptimal { law, group, .. } => {
                    found.insert(Node::Law(*law));
                    found.extend(group.iter().map(|group| Node::Table(group.0)));
                }
                Source::Grid(grid) => found.extend(answers_of_grid(plan, *grid).map(|answer| Node::Answer(answer.0))),
                _ => {}
            }
            found.extend(table.source.inputs().into_iter().map(|TableId(input)| Node::Table(input)));
        }
        Node::Law(law) => {
            let Some(law) = plan.laws.get(law) else { return found };
            let (target, model) = law.formula.inlined();
            of(&target);
            if let synx_plan::law::Model::Formula(model) = &model {
                of(model);
            }
            found.insert(Node::Table(law.over.0));
        }
        Node::Answer(answer) => match plan.answers.get(answer).map(|answer| &answer.question) {
            None => {}
            Some(Question::Value { table, .. }) => {
                found.insert(Node::Table(table.0));
            }
            Some(Question::Expression(expression)) => of(expression),
            Some(Question::Call { arguments, .. }) => {
                for (name, argument) in arguments {
                    if name == "of"
                        && let Argument::Table(table) = argument
                        && let Some(law) = law_of(plan, *table)
                    {
                        found.insert(Node::Law(law));
                        found.insert(Node::Table(plan.laws[law].over.0));
                    }
                    needs_of(plan, argument, &mut found);
                }
                found.extend(mixtures_in(plan, answer).into_iter().map(|answer| Node::Answer(answer.0)));
            }
        },
    }
    found
}

/// The answers that settle something of a grid's cells.
fn answers_of_grid(plan: &Plan, grid: usize) -> impl Iterator<Item = AnswerId> + '_ {
    let grid = plan.grids.get(grid);
    let columns = grid.into_iter().flat_map(|grid| &grid.columns).flat_map(|column| &column.values);
    let columns = columns.filter_map(|value| match value {
        ColumnValue::Answer(answer) => Some(*answer),
        _ => None,
    });
    let cells = grid.into_iter().flat_map(|grid| &grid.cells);
    columns.chain(cells.flat_map(|cell| plan.awaited(cell)))
}

/// The grids whose results an answer is made of, and those answers among what it needs that mixtures wait for.
pub fn reads(plan: &Plan, answer: AnswerId) -> (BTreeSet<usize>, BTreeSet<AnswerId>) {
    let (mut grids, mut answers) = (BTreeSet::new(), BTreeSet::new());
    for node in order(plan, [Node::Answer(answer.0)]) {
        match node {
            Node::Table(table) => grids.extend(plan.grid_of(TableId(table))),
            Node::Answer(needed) => answers.extend(mixtures_in(plan, needed)),
            Node::Law(_) => {}
        }
    }
    (grids, answers)
}

/// The answers that settle the mixtures which a question names.
fn mixtures_in(plan: &Plan, answer: usize) -> Vec<AnswerId> {
    let Some(Question::Call { arguments, .. }) = plan.answers.get(answer).map(|answer| &answer.question) else {
        return Vec::new();
    };
    let mixtures = arguments.iter().filter_map(|(_, argument)| match argument {
        Argument::Mixture(mixture) => plan.mixtures.get(*mixture as usize)?.answer(),
        _ => None,
    });
    mixtures.collect()
}

fn needs_of(plan: &Plan, argument: &Argument, found: &mut BTreeSet<Node>) {
    let mut of = |expression: &Expression| found.extend(answers_in(expression).map(|answer| Node::Answer(answer.0)));
    match argument {
        Argument::Expression(expression) => of(expression),
        Argument::Interval(low, high) => low.iter().chain(high).for_each(of),
        Argument::Table(table) => {
            found.insert(Node::Table(table.0));
        }
        Argument::Law(law) => {
            found.insert(Node::Law(*law));
            if let Some(law) = plan.laws.get(*law) {
                found.insert(Node::Table(law.over.0));
            }
        }
        Argument::Mixture(mixture) => {
            let settled = plan.mixtures.get(*mixture as usize).and_then(synx_plan::mixture::Mixture::answer);
            found.extend(settled.map(|answer| Node::Answer(answer.0)));
        }
        Argument::Answer(answer) => {
            found.insert(Node::Answer(answer.0));
        }
        Argument::List(all) => all.iter().for_each(|argument| needs_of(plan, argument, found)),
        Argument::Named(all) => all.iter().for_each(|(_, argument)| needs_of(plan, argument, found)),
        _ => {}
    }
}

/// The law whose groups a table's rows are, also after rows were left out or columns added.
pub fn law_of(plan: &Plan, table: TableId) -> Option<usize> {
    let mut at = table;
    loop {
        match &plan.tables.get(at.0)?.source {
            Source::Law(law) => return Some(*law),
            Source::Filter { of, .. } | Source::Derive { of, .. } | Source::Best { of, .. } => at = *of,
            _ => return None,
        }
    }
}

/// All nodes that `wanted` need, and these, each after what it needs. Walked without recursion: a plan may be any number of steps deep.
pub fn order(plan: &Plan, wanted: impl IntoIterator<Item = Node>) -> Vec<Node> {
    let mut order = Vec::new();
    let mut begun = BTreeSet::new();
    let mut done = BTreeSet::new();
    let mut stack: Vec<Node> = wanted.into_iter().collect();
    stack.reverse();
    while let Some(&node) = stack.last() {
        if done.contains(&node) {
            stack.pop();
            continue;
        }
        if begun.insert(node) {
            // The compiler lets no circle through; what has begun is not walked again, whatever a file says.
            stack.extend(needs(plan, node).into_iter().rev().filter(|needed| !begun.contains(needed)));
        } else {
            stack.pop();
            done.insert(node);
            order.push(node);
        }
    }
    order
}
