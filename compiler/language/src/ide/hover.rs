//! What is known of the place under the pointer: its type, its value in its unit, its documentation.

mod columns;
mod data;
mod measured;
mod origins;

use std::fmt::Write as _;
use std::ops::Range;

use synx_grammar::view::{Body, Expression, Item, ItemKind, Name};
use synx_grammar::{Node, SyntaxKind};
use synx_plan::column::result_column;
use synx_plan::number::plural;

use super::analysis::{Analysis, ancestors};
use super::record::{Seen, Target};
use super::shown::{MIXTURES, seen_line, short, sort};
use crate::signature::{Need, Parameter, Signature, fields, kind_doc, law_function, signature};
use crate::value::{Span, Value};

/// What a pointer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// What it is about.
    pub range: Range<usize>,
    /// Markdown.
    pub text: String,
}

impl Analysis {
    /// What is known of the place at `offset` of the study's own text.
    pub fn hover(&self, offset: usize) -> Option<Hover> {
        if let Some(hover) = self.hover_named_columns(offset) {
            return Some(hover);
        }
        let word = self.word_at(offset);
        if let Some(word) = word
            && let Some(text) = self.hover_indexed(word).or_else(|| self.hover_word(word))
        {
            return Some(Hover { range: word.range(), text });
        }
        let expression = self.expression_at(offset)?;
        let text = self.value_text(expression.node())?;
        Some(Hover { range: expression.range(), text })
    }

    /// The innermost expression around a place that came to something.
    fn expression_at(&self, offset: usize) -> Option<Expression<'_>> {
        let leaf = self.leaf_at(offset).filter(|leaf| !leaf.kind().is_trivia())?;
        ancestors(leaf)
            .take_while(|node| !matches!(node.kind(), SyntaxKind::Item | SyntaxKind::Block))
            .filter_map(Expression::cast)
            .find(|expression| self.seen(expression.node()).is_some())
    }

    fn hover_word(&self, word: Node<'_>) -> Option<String> {
        let Some(target) = self.target(word) else {
            // What laws alone know is looked up by the law.
            let called = word.parent().is_some_and(|parent| parent.kind() == SyntaxKind::Call);
            let signature = law_function(word.text()).filter(|_| called)?;
            return Some(code(&written(signature)) + signature.doc);
        };
        match target {
            Target::Declared(span) => self.hover_declared(span, word),
            Target::Field(kind, name) => {
                let field = fields(kind).iter().find(|field| field.name == name)?;
                let mut text = code(&format!("{} of a {}", parameter(field), kind.word()));
                text.push_str(field.doc);
                self.add_value(&mut text, field_value(word));
                Some(text)
            }
            Target::Function(name) => {
                let signature = signature(name)?;
                let mut text = code(&written(signature));
                text.push_str(signature.doc);
                let call = word.parent().filter(|parent| parent.kind() == SyntaxKind::Call);
                self.add_value(&mut text, call);
                Some(text)
            }
            Target::Argument(function, name) => {
                let parameter_of = signature(function)?.parameters.iter().find(|parameter| parameter.name == name)?;
                Some(format!("{}{}", code(&format!("{function}({})", parameter(parameter_of))), parameter_of.doc))
            }
            Target::Column(name) => {
                let column = result_column(name)?;
                let unit = if column.unit.is_plain() { String::new() } else { format!(", in {}", column.unit) };
                Some(format!("{}A column of the results{unit}. {}", code(column.name), column.doc))
            }
            Target::Kind(kind) => Some(format!("{}{}", code(kind.word()), kind_doc(kind))),
            Target::Lint => {
                let lint = crate::diagnostic::code(word.text())?;
                Some(format!("{}{}", code(lint.code), lint.title()))
            }
            Target::Unit => {
                let (scale, unit) = synx_plan::unit::Unit::named(word.text())?;
                let shown = synx_plan::unit::Amount::new(scale, unit).to_string();
                let is = if shown == format!("1 {}", word.text()) {
                    "A unit.".to_owned()
                } else {
                    format!("A unit: {shown}.")
                };
                Some(format!("{}{is}", code(word.text())))
            }
            Target::Word | Target::Member(_) => {
                let whole = word.parent().filter(|parent| parent.kind() == SyntaxKind::Access).unwrap_or(word);
                self.value_text(whole)
            }
        }
    }

    /// What a name stands for that is declared in some file; `word` is where it is named.
    fn hover_declared(&self, span: Span, word: Node<'_>) -> Option<String> {
        let Some(declared) = self.declared(span) else { return self.hover_local(span, word) };
        let mut text = code(&head(self.text(declared.whole)));
        if let Some(docs) = &declared.docs {
            let _ = writeln!(text, "{docs}\n");
        }
        let item = self.item(span);
        match (declared.kind, item) {
            (ItemKind::Grid, Some(item)) => self.describe_grid(&mut text, item),
            (ItemKind::Law, Some(item)) => self.describe_law(&mut text, item),
            (ItemKind::Claim, Some(item)) => self.describe_claim(&mut text, item),
            _ => {}
        }
        if !matches!(declared.kind, ItemKind::Grid | ItemKind::Law | ItemKind::Claim) {
            // Where it is named in a cell it may have another value than where it is declared.
            let seen = self.record.values.get(&self.span(word)).or_else(|| self.body_seen(span));
            if let Some(seen) = seen {
                self.describe(&mut text, seen);
            }
        }
        Some(text.trim_end().to_owned())
    }

    /// A parameter, an axis, a `let`, a free parameter.
    fn hover_local(&self, span: Span, word: Node<'_>) -> Option<String> {
        if span.file != 0 {
            return None;
        }
        let name = self.parse.tree.at(span.start as usize);
        let parent = name.parent()?;
        let (what, value) = match parent.kind() {
            SyntaxKind::Parameter => (format!("parameter {}", parent.text()), None),
            SyntaxKind::Pattern => match parent.parent()?.kind() {
                SyntaxKind::Axis => (parent.parent()?.text().to_owned(), self.axis_values(parent, name)),
                _ => (format!("{} of `for`", name.text()), None),
            },
            SyntaxKind::Let => (parent.text().to_owned(), field_value(name)),
            SyntaxKind::FreeName => (format!("free {}", parent.text()), None),
            SyntaxKind::Field => (parent.text().to_owned(), field_value(name)),
            _ => return None,
        };
        let mut text = code(&what);
        if let Some(docs) =
            ancestors(name).find_map(synx_grammar::view::Entry::cast).and_then(synx_grammar::view::Entry::docs)
        {
            let _ = writeln!(text, "{docs}\n");
        }
        if parent.kind() == SyntaxKind::FreeName {
            text.push_str("A parameter that the fit settles.\n");
            // `law.E` is its value in one group.
            if let Some(access) = word.parent().filter(|parent| parent.kind() == SyntaxKind::Access) {
                self.add_value(&mut text, Some(access));
            }
            return Some(text.trim_end().to_owned());
        }
        match self.record.values.get(&self.span(word)) {
            Some(seen) => self.describe(&mut text, seen),
            None => self.add_value(&mut text, value),
        }
        Some(text.trim_end().to_owned())
    }

    fn axis_values<'t>(&self, pattern: Node<'t>, name: Node<'t>) -> Option<Node<'t>> {
        // Of a tuple axis each name has a part of every value; the list as a whole is shown for one name only.
        let alone = pattern.children().filter(|child| child.kind() == SyntaxKind::Name).count() == 1;
        let axis = synx_grammar::view::Axis::cast(pattern.parent()?)?;
        let value = axis.value().filter(|_| alone)?.node();
        (name.parent() == Some(pattern)).then_some(value)
    }

    /// What the declaration came to whose name stands at a place: at the first place that names or calls it, else in its body.
    pub(super) fn body_seen(&self, name: Span) -> Option<&Seen> {
        let item = self.item(name)?;
        let called = item.parameters_node().is_some();
        let named = self.names().iter().filter(|(span, target)| span.file == 0 && **target == Target::Declared(name));
        let valued = named.filter_map(|(span, _)| {
            let place = if called {
                let call = self.parse.tree.at(span.start as usize).parent()?;
                (call.kind() == SyntaxKind::Call).then(|| self.span(call))?
            } else {
                *span
            };
            self.record.values.contains_key(&place).then_some(place)
        });
        match (valued.min(), item.body()) {
            // Calls in a grid have the values of all its cells, the body those of all calls.
            (Some(place), _) if !called => self.record.values.get(&place),
            (_, Body::Expression(value)) => self.seen(value.node()),
            (place, _) => self.record.values.get(&place?),
        }
    }

    fn value_text(&self, node: Node<'_>) -> Option<String> {
        let mut text = String::new();
        self.describe(&mut text, self.seen(node)?);
        (!text.is_empty()).then(|| text.trim_end().to_owned())
    }

    fn add_value(&self, text: &mut String, node: Option<Node<'_>>) {
        if let Some(seen) = node.and_then(|node| self.seen(node)) {
            text.push_str("\n\n");
            self.describe(text, seen);
        }
    }

    /// Sort and value, and what belongs to a mixture or a model.
    fn describe(&self, text: &mut String, seen: &Seen) {
        let Some(first) = seen.values.first() else { return };
        match first {
            // What these are called says nothing that their own lines do not.
            Value::Table(_) => text.push_str("A table\n"),
            Value::Late(_) | Value::Family(_) | Value::Generator(_) => {
                let _ = writeln!(text, "{}", capital(&sort(first)));
            }
            _ => {
                let Some(line) = seen_line(seen) else { return };
                let _ = writeln!(text, "{}: `{}`", capital(&sort(first)), line.replace('`', "'"));
            }
        }
        match first {
            Value::Table(table) => {
                text.push('\n');
                self.describe_table(text, table);
            }
            Value::Late(late) => self.describe_late(text, late),
            Value::Family(family) => self.describe_family(text, family),
            Value::Generator(generator) => self.describe_generator(text, &generator.it),
            Value::Mixture(_) | Value::Shares(_) => text.push_str(&self.mixture_tables(&seen.values)),
            Value::Model(_) => {
                let mut shown: Vec<&synx_plan::model::Model> = Vec::new();
                for value in &seen.values {
                    if let Value::Model(model) = value
                        && !shown.contains(&&model.it)
                        && shown.len() < MIXTURES
                    {
                        text.push_str(&self.model_table(&model.it));
                        shown.push(&model.it);
                    }
                }
            }
            _ => {}
        }
    }

    fn describe_grid(&self, text: &mut String, item: Item<'_>) {
        let Some(cost) = item.name().map(Name::text).and_then(|name| self.grid_cost_of(name)) else { return };
        let _ = writeln!(text, "{} on {}", cost.line(), self.device_of(cost));
        if cost.excluded > 0 {
            let _ = writeln!(text, "\n{} left out by `where`", plural(cost.excluded as usize, "cell"));
        }
        let axes = self.plan.as_ref().and_then(|plan| plan.grids.iter().find(|grid| grid.name == cost.name));
        if let Some(grid) = axes {
            text.push_str("\n| column | values | |\n| --- | ---: | --- |\n");
            for column in grid.columns.iter().take(16) {
                let shown: Vec<String> = column.values.iter().take(6).map(ToString::to_string).collect();
                let more = if column.values.len() > 6 { ", …" } else { "" };
                let unit = if column.unit.is_empty() { String::new() } else { format!(" {}", column.unit) };
                let _ =
                    writeln!(text, "| {} | {} | {}{more}{unit} |", column.name, column.values.len(), shown.join(", "));
            }
        }
        for (source, epochs) in cost.epochs.iter().take(16) {
            match epochs {
                Some(epochs) => {
                    let _ = writeln!(text, "\n`{source}`: up to {} epochs", short(*epochs));
                }
                None => {
                    let _ = writeln!(text, "\n`{source}`: epochs unknown until it has been scanned");
                }
            }
        }
    }
}

/// How many combinations of the values of some columns there are.
fn groups(grid: &synx_plan::grid::Grid, by: &[String]) -> u64 {
    let columns: Vec<usize> =
        by.iter().filter_map(|name| grid.columns.iter().position(|column| column.name == *name)).collect();
    let mut seen = std::collections::BTreeSet::new();
    for cell in &grid.cells {
        seen.insert(columns.iter().map(|column| cell.values[*column]).collect::<Vec<u32>>());
    }
    seen.len() as u64
}

/// The value of the field or `let` whose name this is.
fn field_value(name: Node<'_>) -> Option<Node<'_>> {
    let parent = name.parent()?;
    let value = parent.children().skip_while(|child| child.kind() != SyntaxKind::Equals).find_map(Expression::cast)?;
    Some(value.node())
}

/// A declaration without its block: its first line up to `{`, or the whole of a short one.
fn head(text: &str) -> String {
    let text =
        text.lines().find(|line| !line.trim_start().starts_with("//") && !line.trim().is_empty()).unwrap_or(text);
    let head = text.split('{').next().unwrap_or(text).trim_end();
    head.chars().take(120).collect()
}

/// A text on one line, for a line of code.
fn line_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'")
}

fn code(text: &str) -> String {
    let line: String = text.lines().next().unwrap_or_default().chars().take(160).collect();
    format!("```synx\n{line}\n```\n")
}

/// A parameter with its default: `batch = 16Ki tokens`.
pub(super) fn parameter(parameter: &Parameter) -> String {
    match parameter.need {
        Need::Default(value) => format!("{} = {value}", parameter.name),
        _ => parameter.name.to_owned(),
    }
}

/// A function with its parameters: `wsd(warmup = 128k tokens, decay = 20%, last = 0)`.
pub(super) fn written(signature: &Signature) -> String {
    let parameters: Vec<String> = signature.parameters.iter().map(parameter).collect();
    format!("{}({})", signature.name, if signature.variadic { "…".to_owned() } else { parameters.join(", ") })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
