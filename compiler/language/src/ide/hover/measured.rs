//! What is known of tables, laws, answers and claims before anything runs.

use std::fmt::Write as _;

use synx_grammar::view::{Body, Entry, Item, Name};
use synx_plan::answer::{Answer, AnswerId, Question, Sort};
use synx_plan::exact::Exact;
use synx_plan::law::Law;
use synx_plan::number::{grouped, plural};
use synx_plan::study::Plan;
use synx_plan::table::ColumnKind;

use super::line_of;
use super::origins::{questions, rows, sources, sources_of};
use crate::ide::analysis::Analysis;
use crate::late::{Bounds, Late};
use crate::table::Table;
use crate::value::Value;

/// How many columns or answers one pointer shows. Arbitrary: what fits a window.
const SHOWN: usize = 16;

impl Analysis {
    /// Rows, what tells them apart, and the columns with their units and bounds.
    pub(super) fn describe_table(&self, text: &mut String, table: &Table) {
        let rows = match table.count() {
            Some(rows) => plural(rows as usize, "row"),
            None => "Rows that a run or a file settles".to_owned(),
        };
        let keys: Vec<&str> = table.keys().collect();
        let apart = if keys.is_empty() { String::new() } else { format!(", told apart by `{}`", keys.join("`, `")) };
        let _ = writeln!(text, "{rows}{apart}");
        if let (Some(plan), Some(id)) = (&self.plan, table.id) {
            let from = sources(plan, id);
            if !from.is_empty() {
                let _ = writeln!(text, "\nFrom {}", from.join(" and "));
            }
        }
        let columns = table.plan_columns();
        text.push_str("\n| column | unit | bounds |\n| --- | --- | --- |\n");
        for column in columns.iter().take(SHOWN) {
            let unit = match column.kind {
                ColumnKind::Number if column.unit.is_empty() => "a number",
                ColumnKind::Number => &column.unit,
                ColumnKind::Text => "text",
                ColumnKind::Truth => "true or false",
            };
            let bounds = bounds(column.low.as_ref(), column.high.as_ref());
            let _ = writeln!(text, "| {} | {unit} | {bounds} |", column.name.replace('|', "\\|"));
        }
        if columns.len() > SHOWN {
            let _ = writeln!(text, "\nand {} more", plural(columns.len() - SHOWN, "column"));
        }
    }

    /// What is fitted to what: the formula, the free parameters with their bounds, and the points of each group.
    pub(super) fn describe_law(&self, text: &mut String, item: Item<'_>) {
        let (Some(plan), Some(name)) = (&self.plan, item.name()) else { return };
        let Some(law) = plan.laws.iter().find(|law| law.name == name.text()) else { return };
        let free = &law.formula.free;
        if !free.is_empty() {
            let names: Vec<&str> = free.iter().map(|parameter| parameter.name.as_str()).collect();
            let _ = writeln!(text, "{}: `{}`", plural(free.len(), "free parameter"), names.join("`, `"));
        }
        let from = sources(plan, law.over);
        let points = rows(plan, law.over);
        let rows = points.map_or_else(
            || "Points that a run or a file settles".to_owned(),
            |points| format!("{} points", grouped(points)),
        );
        let groups = self.groups_of(item, law);
        let groups = match (points, groups) {
            (_, Some(0 | 1)) => String::new(),
            (Some(points), Some(groups)) => format!(", in {groups} groups of about {}", points / groups),
            _ if law.formula.by.is_empty() => String::new(),
            _ => format!(", a group for every `{}`", law.formula.by.join("`, `")),
        };
        let _ = writeln!(text, "\n{rows} of {}{groups}", from.join(" and "));
        if let Some(test) = field_text(item, "test") {
            let _ = writeln!(text, "\nTested on rows that are left out: `{}`", line_of(test));
        }
    }

    /// In how many groups the rows of a law are fitted, as far as the values that tell them apart are known.
    fn groups_of(&self, item: Item<'_>, law: &Law) -> Option<u64> {
        if law.formula.by.is_empty() {
            return Some(1);
        }
        let plan = self.plan.as_ref()?;
        if let Some(grid) = plan.grid_of(law.over).and_then(|grid| plan.grids.get(grid)) {
            return Some(super::groups(grid, &law.formula.by));
        }
        let over = self.seen(crate::ide::columns::over(item)?.node())?;
        over.values.iter().find_map(|value| match value {
            Value::Table(table) => table.known_groups(&law.formula.by),
            _ => None,
        })
    }

    /// The condition of a claim, and what it stands on.
    pub(super) fn describe_claim(&self, text: &mut String, item: Item<'_>) {
        let Body::Expression(condition) = item.body() else { return };
        let _ = writeln!(text, "Holds where `{}`", line_of(condition.text()));
        let (Some(plan), Some(name)) = (&self.plan, item.name().map(Name::text)) else { return };
        let Some(claim) = plan.claims.iter().find(|claim| claim.name == name) else { return };
        text.push_str(&self.answers_table(plan, &claim.condition.answers()));
    }

    /// What settles a late value, with its unit and bounds.
    pub(super) fn describe_late(&self, text: &mut String, late: &Late) {
        let answers = match late {
            Late::Number(number) => number.value.answers(),
            Late::Truth(value) => value.answers(),
            Late::OneOf { answer, .. } | Late::Mixture { answer, .. } => vec![*answer],
            Late::Text { .. } | Late::Candidate { .. } | Late::Field { .. } => Vec::new(),
        };
        if let Some(plan) = &self.plan {
            text.push_str(&self.answers_table(plan, &answers));
        }
    }

    /// A line for each question that some answers come down to: how it is asked, what answers it, and where that is from.
    fn answers_table(&self, plan: &Plan, answers: &[AnswerId]) -> String {
        let mut asked: Vec<AnswerId> = Vec::new();
        answers.iter().for_each(|answer| questions(plan, *answer, &mut asked));
        if asked.is_empty() {
            return String::new();
        }
        let mut text = String::from("\n| it stands on | which is | from |\n| --- | --- | --- |\n");
        for answer in asked.iter().take(SHOWN).filter_map(|answer| plan.answers.get(answer.0)) {
            let how = line_of(&self.asked(answer)).replace('|', "\\|");
            let _ = writeln!(text, "| `{how}` | {} | {} |", sort(&answer.sort), sources_of(plan, answer).join(" and "));
        }
        if asked.len() > SHOWN {
            let _ = writeln!(text, "\nand {} more", asked.len() - SHOWN);
        }
        text
    }

    /// How a question stands in the text.
    fn asked(&self, answer: &Answer) -> String {
        let place = answer.origin.as_ref().and_then(|origin| {
            let source = self.sources().get(&origin.file)?;
            source.text.get(origin.range.clone())
        });
        match (&answer.question, place) {
            (_, Some(text)) => text.to_owned(),
            (Question::Value { column, .. }, None) => column.clone(),
            (Question::Call { function, .. }, None) => format!("{function}(…)"),
            (Question::Expression(expression), None) => expression.to_string(),
        }
    }
}

/// The text of a field of a block.
fn field_text<'t>(item: Item<'t>, name: &str) -> Option<&'t str> {
    let Body::Block(block) = item.body() else { return None };
    block.entries().find_map(|entry| match entry {
        Entry::Field(field) if field.name().is_some_and(|it| it.text() == name) => Some(field.value()?.text()),
        _ => None,
    })
}

/// What an answer is: `a number in tokens, from 0`.
fn sort(sort: &Sort) -> String {
    match sort {
        Sort::Number { unit, low, high } => {
            let unit = if unit.is_empty() { String::new() } else { format!(" in {unit}") };
            let bounds = bounds(low.as_ref(), high.as_ref());
            let bounds = if bounds.is_empty() { bounds } else { format!(", {bounds}") };
            format!("a number{unit}{bounds}")
        }
        Sort::Truth => "true or false".to_owned(),
        Sort::Mixture(corpora) => format!("a mixture of up to {} corpora", corpora.len()),
        Sort::OneOf(values) => format!("one of {} values", values.len()),
    }
}

/// What is known of a number: `from 0`; nothing where that is nothing.
pub(super) fn bounds(low: Option<&Exact>, high: Option<&Exact>) -> String {
    Bounds { low: low.cloned(), high: high.cloned() }.to_string()
}
