//! Laws with parameters: checked where they are declared, and again over the table of every call.

use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument, Body, Expression, ItemKind};

use super::Text;
use crate::compiler::Compiler;
use crate::scope::{Binding, Scope};
use crate::signature::fields;
use crate::suggest::{listed, nearest};
use crate::table::Table;

impl<'t> Compiler<'t> {
    /// The text of the law that an item declares: its block, or that of the law that it calls. Nothing for a law with parameters,
    /// and where there are mistakes.
    pub(crate) fn law_text(&mut self, item: usize) -> Option<Text<'t>> {
        let declaration = self.items[item].item;
        if declaration.parameters_node().is_some() {
            return None;
        }
        match declaration.body() {
            Body::Block(block) => Some(Text::of(block)),
            Body::Expression(value) => self.law_call(value),
            Body::Missing => None,
        }
    }

    /// `chinchilla(over = iso, by = [r])`.
    pub(crate) fn law_call(&mut self, value: Expression<'t>) -> Option<Text<'t>> {
        let span = self.span(value.node());
        let Expression::Call(call) = value.without_parens() else {
            if !matches!(value, Expression::Bad(_)) {
                let finding = self
                    .finding("E0633", span, "a law is declared with a block or calls a law with parameters", "neither")
                    .help("write `law name { … }`, or `law name = chinchilla(over = table)`");
                self.report(finding);
            }
            return None;
        };
        let Some(Expression::Name(callee)) = call.callee() else { return None };
        let place = self.span(callee.node());
        let laws: Vec<&'static str> = crate::library::names_of("laws");
        let Some(item) = self.item_named(callee) else {
            if self.broken_words.contains(callee.text()) {
                return None;
            }
            let own: Vec<&str> = self
                .names_in(place.file)
                .filter(|(_, item)| self.items[*item].kind == ItemKind::Law)
                .filter(|(_, item)| self.items[*item].item.parameters_node().is_some())
                .map(|(name, _)| name)
                .collect();
            let known = || own.iter().copied().chain(laws.iter().copied());
            let mut finding = self.finding("E0101", place, format!("there is no law `{}`", callee.text()), "not known");
            finding = match nearest(callee.text(), known()) {
                Some(near) => {
                    let edit = self.edit(place, near);
                    finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
                }
                None => finding.help(format!("laws with parameters are {}", listed(known()))),
            };
            self.report(finding);
            return None;
        };
        self.items[item].used = true;
        let called = self.items[item].item;
        let name = self.items[item].name;
        let block = match (self.items[item].kind, called.body(), called.parameters_node()) {
            (ItemKind::Law, Body::Block(block), Some(_)) => block,
            (kind, ..) => {
                let what = if kind == ItemKind::Law {
                    "has no parameters".to_owned()
                } else {
                    format!("is a {}", kind.word())
                };
                let finding = self
                    .finding("E0633", place, format!("`{name}` {what}, so it cannot be called as a law"), "called here")
                    .help("what is called is declared with parameters and a block: `law name(over) { … }`");
                self.report(finding);
                return None;
            }
        };
        let parameters: Vec<_> = called.parameters().filter(|parameter| parameter.name().is_some()).collect();
        let names: Vec<&'t str> =
            parameters.iter().filter_map(|parameter| parameter.name()).map(synx_grammar::view::Name::text).collect();
        let arguments: Vec<Argument<'t>> = call.arguments().collect();
        let matched = self.match_arguments(name, &names, &arguments, false, span)?;
        let mut given = IndexMap::new();
        for (i, parameter) in parameters.iter().enumerate() {
            let argument = matched[i].and_then(|at| arguments[at].value());
            match argument.or_else(|| parameter.default()) {
                Some(value) => drop(given.insert(names[i], value)),
                None if matched[i].is_some() => return None,
                None => {
                    self.missing_argument(name, names[i], span);
                    return None;
                }
            }
        }
        Some(Text { block, given, call: Some((item, span)) })
    }

    /// What is found in a law's text where it is called is reported at the call.
    pub(crate) fn called<T>(&mut self, text: &Text<'t>, check: impl FnOnce(&mut Self) -> T) -> T {
        let Some((item, call)) = text.call else { return check(self) };
        self.go_into_call(item, call);
        let value = check(self);
        self.return_from_call();
        value
    }

    /// What values in a law's text are looked up in: what a call gave, as far as these are values and not columns.
    pub(super) fn scope_of(&mut self, text: &Text<'t>) -> Rc<Scope<'t>> {
        let file = Rc::clone(&self.file_scope);
        let is_field = |name: &str| fields(ItemKind::Law).iter().any(|field| field.name == name);
        let mut names = crate::map::IndexMap::default();
        for (name, expression) in text.given.iter().filter(|(name, _)| !is_field(name)) {
            let value = self.quietly(|compiler| compiler.evaluate(*expression, &file));
            if !value.is_error() {
                let place = self.span(expression.node());
                names.insert(*name, Binding::Value(value, place));
            }
        }
        if names.is_empty() { file } else { Scope::inner(&file, names) }
    }

    /// Checks a law with parameters where it is declared: over the columns that every result has, with its parameters as further ones.
    pub(crate) fn check_law_definition(&mut self, item: usize) {
        let declaration = self.items[item].item;
        let (Body::Block(block), Some(name)) = (declaration.body(), declaration.name()) else {
            if let Body::Expression(value) = declaration.body() {
                let span = self.span(value.node());
                let finding = self
                    .finding("E0633", span, "a law with parameters is declared with a block", "a value")
                    .help("write `law name(over) { … }`");
                self.report(finding);
            }
            return;
        };
        let mut text = Text::of(block);
        let is_field = |name: &str| fields(ItemKind::Law).iter().any(|field| field.name == name);
        let mut columns: Vec<String> = Vec::new();
        for parameter in declaration.parameters() {
            let Some(name) = parameter.name() else { continue };
            match parameter.default() {
                // Groups and tests name columns of a table that is not known here.
                Some(default) if is_field(name.text()) && !matches!(name.text(), "by" | "test") => {
                    text.given.insert(name.text(), default);
                }
                _ if is_field(name.text()) => {}
                _ => columns.push(name.text().to_owned()),
            }
        }
        let span = self.span(name.node());
        let table = Rc::new(Table::of_results(&columns));
        self.formula(&text, &table, span);
    }
}
