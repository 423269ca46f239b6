//! Defaults: as values, and written out in the study's text.

use synx_grammar::SyntaxKind;
use synx_grammar::view::{Argument, Block, Entry, Expression, Item, ItemKind};
use synx_plan::exact::Exact;
use synx_plan::unit::{Amount, Unit};

use crate::compiler::Compiler;
use crate::diagnostic::Edit;
use crate::signature::{Need, Signature, fields};
use crate::value::{Span, Value};

/// The value of a default, which the tables write as the language does: a number, a tuple of numbers, a word.
pub(crate) fn literal(text: &str) -> Value {
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return Value::Tuple(inner.split(',').map(|part| literal(part.trim())).collect());
    }
    match text {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let digits = number.trim_end_matches(|c: char| !c.is_ascii_digit());
    let scale = match &number[digits.len()..] {
        "" => Some(1),
        "k" => Some(1000),
        "Ki" => Some(1024),
        "%" => None,
        _ => return Value::text(text),
    };
    let Some(value) = Exact::from_decimal(digits) else { return Value::text(text) };
    let value = match scale {
        Some(scale) => value.mul(&Exact::from(scale as u64)),
        None => value.div(&Exact::from(100u64)).unwrap_or(value),
    };
    let unit = Unit::named(unit).map_or(Unit::PLAIN, |(_, unit)| unit);
    Value::Number(Amount::new(value, unit))
}

impl<'t> Compiler<'t> {
    /// Writes out the defaults of a call to a function of the language; `given` says which parameters have an argument.
    pub(crate) fn fill_call(&mut self, signature: &Signature, given: &[bool], call: synx_grammar::view::Call<'t>) {
        let missing: Vec<String> = signature
            .parameters
            .iter()
            .zip(given)
            .filter_map(|(parameter, given)| match parameter.need {
                Need::Default(value) if !given => Some(format!("{} = {value}", parameter.name)),
                _ => None,
            })
            .collect();
        let Some(close) = call.arguments_node().and_then(|node| node.child(SyntaxKind::RightParen)) else { return };
        // After a comma that ends the list, no second one.
        let last = call.arguments_node().and_then(|node| {
            node.children().filter(|child| !child.kind().is_trivia() && child.kind() != SyntaxKind::RightParen).last()
        });
        let separator = match last.map(synx_grammar::Node::kind) {
            Some(SyntaxKind::LeftParen | SyntaxKind::Comma) => "",
            _ => ", ",
        };
        if !missing.is_empty() {
            let span = self.span(close);
            let at = Span { end: span.start, ..span };
            let edit = self.edit(at, format!("{separator}{}", missing.join(", ")));
            self.fills.push(edit);
        }
    }

    /// Writes out the defaults of a block's fields, but for those that a parameter sets.
    pub(crate) fn fill_block(&mut self, item: Item<'t>, kind: ItemKind, block: Block<'t>) {
        let mut set: Vec<&str> = item
            .parameters()
            .filter_map(synx_grammar::view::Parameter::name)
            .map(synx_grammar::view::Name::text)
            .collect();
        for entry in block.entries() {
            match entry {
                Entry::Field(field) => set.extend(field.name().map(synx_grammar::view::Name::text)),
                Entry::Axis(axis) => {
                    set.extend(
                        axis.pattern()
                            .into_iter()
                            .flat_map(synx_grammar::view::Pattern::names)
                            .map(synx_grammar::view::Name::text),
                    );
                }
                _ => {}
            }
        }
        let Some(close) = block.node().child(SyntaxKind::RightBrace) else { return };
        let missing: Vec<String> = fields(kind)
            .iter()
            .filter_map(|field| match field.need {
                Need::Default(value) if !set.contains(&field.name) => Some(format!("{} = {value}", field.name)),
                _ => None,
            })
            .collect();
        if missing.is_empty() {
            return;
        }
        let close = self.span(close);
        let block_text = block.text();
        let at = Span { end: close.start, ..close };
        let text = if block_text.contains('\n') {
            // The closing brace stands on its own line: each default gets a line of its own before it.
            let lines: Vec<String> = missing.iter().map(|line| format!("    {line}\n")).collect();
            let before = block_text.trim_end_matches('}').trim_end_matches([' ', '\t']);
            let start = if before.ends_with('\n') { "" } else { "\n" };
            format!("{start}{}", lines.concat())
        } else {
            let empty = block_text.trim_start_matches('{').trim_end_matches('}').trim().is_empty();
            let ends = block_text.trim_end_matches('}').trim_end().ends_with(';');
            format!("{}{} ", if empty || ends { "" } else { "; " }, missing.join("; "))
        };
        let edit = self.edit(at, text);
        self.fills.push(edit);
    }

    /// Writes out what `--set` gave in the place of a parameter's default.
    pub(crate) fn fill_param(&mut self, item: Item<'t>, text: &str) {
        if let synx_grammar::view::Body::Expression(default) = item.body() {
            let span = self.span(default.node());
            let edit = self.edit(span, text);
            self.fills.push(edit);
        }
    }
}

/// Which parameters of a function have an argument.
pub(crate) fn given(signature: &Signature, arguments: &[Argument<'_>], piped: bool) -> Vec<bool> {
    let mut given = vec![false; signature.parameters.len()];
    let positional = arguments.iter().filter(|argument| matches!(argument, Argument::Positional(_))).count();
    given.iter_mut().take(positional + usize::from(piped)).for_each(|given| *given = true);
    for argument in arguments {
        if let Argument::Named(name, _) = argument
            && let Some(at) = signature.parameters.iter().position(|parameter| parameter.name == name.text())
        {
            given[at] = true;
        }
    }
    given
}

/// The text of the study with the insertions made.
pub(crate) fn filled(source: &str, path: &str, mut fills: Vec<Edit>) -> String {
    fills.retain(|edit| edit.file == path);
    fills.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut text = String::with_capacity(source.len() + fills.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in fills {
        // What stands in a default that `--set` has replaced is gone.
        let Some(between) = source.get(at..edit.range.start) else { continue };
        text.push_str(between);
        text.push_str(&edit.text);
        at = edit.range.end;
    }
    text + &source[at..]
}

/// A value's text in quotes, as a study writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether an expression is one text in quotes, for which `--set name=value` takes its value as it stands.
pub(crate) fn is_text(expression: Expression<'_>) -> bool {
    matches!(expression.without_parens(), Expression::Text(_))
}
