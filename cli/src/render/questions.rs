//! What a plan asks of its results: tables that are made of others, late values, claims, figures.

use synx_plan::answer::{Answer, Argument, Question, Sort};
use synx_plan::expression::Expression;
use synx_plan::grid::readable;
use synx_plan::study::Plan;
use synx_plan::table::{Source, Table, TableId};

use super::table::{Align, table};

/// What a run settles after its cells, in the order in which it does; empty where nothing is asked.
pub fn questions(plan: &Plan) -> String {
    let mut text = String::new();
    let made = |table: &&Table| !matches!(table.source, Source::Grid(_));
    if plan.tables.iter().any(|table| made(&table)) {
        let columns = [("table", Align::Right), ("rows", Align::Right), ("made by", Align::Left)];
        let row = |(id, made): (usize, &Table)| {
            let rows = made.rows.map_or_else(|| "late".to_owned(), |rows| rows.to_string());
            vec![id.to_string(), rows, source(plan, TableId(id))]
        };
        let rows = plan.tables.iter().enumerate().filter(|(_, table)| made(table)).map(row);
        text.push_str(&table(&columns, rows));
    }
    if !plan.answers.is_empty() {
        separate(&mut text);
        let columns = [("late", Align::Right), ("is", Align::Left), ("settled by", Align::Left)];
        let row = |(id, answer): (usize, &Answer)| vec![id.to_string(), sort(&answer.sort), question(plan, answer)];
        text.push_str(&table(&columns, plan.answers.iter().enumerate().map(row)));
    }
    let mut shown: Vec<Vec<String>> = Vec::new();
    for claim in &plan.claims {
        let words = claim.documentation.as_deref().and_then(|words| words.trim().lines().next()).unwrap_or_default();
        shown.push(vec!["claim".to_owned(), claim.name.clone(), written(&claim.condition), words.to_owned()]);
    }
    for figure in &plan.figures {
        let what = format!("{} over {} of {}", figure.y, figure.x, source(plan, figure.over));
        shown.push(vec!["figure".to_owned(), figure.name.clone(), what, String::new()]);
    }
    for report in &plan.report_tables {
        let what =
            format!("{} by {} and {} of {}", report.cell, report.rows, report.columns, source(plan, report.over));
        shown.push(vec!["table".to_owned(), report.name.clone(), what, String::new()]);
    }
    if !shown.is_empty() {
        separate(&mut text);
        let columns = [("", Align::Left), ("name", Align::Left), ("of", Align::Left), ("in words", Align::Left)];
        text.push_str(&table(&columns, shown));
    }
    text
}

fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
}

/// A table by what makes it: grids, laws and files by their names, others by their numbers.
fn source(plan: &Plan, id: TableId) -> String {
    let Some(table) = plan.tables.get(id.0) else { return String::new() };
    let name = |id: &TableId| match plan.tables.get(id.0).map(|table| &table.source) {
        Some(Source::Grid(_) | Source::Law(_) | Source::Observations(_)) => source(plan, *id),
        _ => format!("table {}", id.0),
    };
    let law = |law: usize| plan.laws.get(law).map_or("", |law| law.name.as_str());
    match &table.source {
        Source::Grid(grid) => plan.grids.get(*grid).map_or_else(String::new, |grid| grid.name.clone()),
        Source::Law(place) => law(*place).to_owned(),
        Source::Predictions(place) => format!("predictions of {}", law(*place)),
        Source::Observations(file) => format!("\"{}\"", file.path),
        Source::Filter { of, condition } => format!("{} where {condition}", name(of)),
        Source::Derive { of, columns } => {
            let columns: Vec<String> =
                columns.iter().take(4).map(|(name, value)| format!("{name} = {value}")).collect();
            format!("{} with {}", name(of), columns.join(", "))
        }
        Source::Mean { of, over } => format!("mean of {} over {}", name(of), over.join(", ")),
        Source::Best { of, by, over, .. } => format!("best {by} of {} over {}", name(of), over.join(", ")),
        Source::Join { left, right, on, .. } => format!("{} beside {} on {}", name(left), name(right), on.join(", ")),
        Source::Gather { of, columns, .. } => format!("{} of {}, one below the other", columns.join(", "), name(of)),
        Source::DOptimal { of, law: place, points, .. } => {
            format!("{points} rows of {} that tell {} best", name(of), law(*place))
        }
        Source::Points { given, asked } => {
            let names = |all: &mut dyn Iterator<Item = &String>| all.cloned().collect::<Vec<_>>().join(", ");
            let (given, asked) =
                (names(&mut given.iter().map(|(name, _)| name)), names(&mut asked.iter().map(|(name, _)| name)));
            if asked.is_empty() { format!("points of {given}") } else { format!("{asked} at points of {given}") }
        }
        Source::Union(of) => of.iter().map(name).collect::<Vec<_>>().join(" and "),
    }
}

fn sort(sort: &Sort) -> String {
    match sort {
        Sort::Number { unit, low, high } => {
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            match (low, high) {
                (Some(low), Some(high)) => format!("{}..{}{unit}", readable(low), readable(high)),
                (Some(low), None) => format!("{}..{unit}", readable(low)),
                (None, Some(high)) => format!("..{}{unit}", readable(high)),
                (None, None) => format!("a number{unit}"),
            }
        }
        Sort::Truth => "true or false".to_owned(),
        Sort::Mixture(of) => format!("a mixture of {}", of.len()),
        Sort::OneOf(values) => format!("one of {}", values.len()),
    }
}

fn question(plan: &Plan, answer: &Answer) -> String {
    match &answer.question {
        Question::Value { table, column } => format!("{column} of {}", source(plan, *table)),
        Question::Expression(value) => written(value),
        Question::Call { function, arguments } => {
            let shown = arguments.iter().map(|(name, value)| match argument(plan, value) {
                value if name == "of" => value,
                value => format!("{name} = {value}"),
            });
            format!("{function}({})", shown.collect::<Vec<_>>().join(", "))
        }
    }
}

/// An expression, with answers as the table calls them.
fn written(value: &Expression) -> String {
    value.to_string().replace("answer[", "late[")
}

fn argument(plan: &Plan, value: &Argument) -> String {
    let all = |of: &[Argument]| of.iter().map(|value| argument(plan, value)).collect::<Vec<_>>().join(", ");
    match value {
        Argument::Expression(value) => written(value),
        Argument::Value(value) => value.to_string(),
        Argument::Column(name) => name.clone(),
        Argument::Columns(names) => names.join(", "),
        Argument::Table(table) => source(plan, *table),
        Argument::Law(law) => plan.laws.get(*law).map_or_else(String::new, |law| law.name.clone()),
        Argument::Interval(low, high) => {
            let end = |end: &Option<Expression>| end.as_ref().map(written).unwrap_or_default();
            format!("{}..{}", end(low), end(high))
        }
        Argument::Answer(answer) => format!("late[{}]", answer.0),
        Argument::Mixture(_) => "a mixture".to_owned(),
        Argument::Mixtures(of) => format!("{} mixtures", of.len()),
        Argument::Drawn(draws) => format!("{} draws", draws.points),
        Argument::Steps(simplex) => format!("{} mixtures in equal steps", simplex.count()),
        Argument::Shares(of) => format!("all mixtures of {} corpora", of.len()),
        Argument::List(of) => format!("[{}]", all(of)),
        Argument::Named(of) => {
            let named = of.iter().map(|(name, value)| format!("{name} = {}", argument(plan, value)));
            format!("({})", named.collect::<Vec<_>>().join(", "))
        }
    }
}
