//! The fields of a block, evaluated when they are asked for.

use std::cell::RefCell;
use std::rc::Rc;

use crate::map::IndexMap;
use synx_grammar::view::{Block, Entry, Expression};

use crate::compiler::{Compiler, State};
use crate::scope::{Binding, Scope};
use crate::value::{Span, Value};

/// A block with the parameters of its declaration: a parameter named like a field sets that field.
pub(crate) struct Fields<'t> {
    scope: Rc<Scope<'t>>,
    /// The declaration's name.
    pub span: Span,
    /// Whether a piece of the block could not be read: what is missing may stand there.
    pub broken: bool,
}

impl<'t> Fields<'t> {
    /// The fields of `block` under the parameters that `names` binds.
    pub(crate) fn new(
        block: Block<'t>,
        mut names: IndexMap<&'t str, Binding<'t>>,
        outer: &Rc<Scope<'t>>,
        span: Span,
    ) -> Fields<'t> {
        for entry in block.entries() {
            let (name, value, field) = match entry {
                Entry::Field(field) => (field.name(), field.value(), true),
                Entry::Let(entry) => (entry.name(), entry.value(), false),
                _ => continue,
            };
            if let (Some(name), Some(value)) = (name, value) {
                let binding = Binding::Entry { value, field, state: RefCell::new(State::Open) };
                names.entry(name.text()).or_insert(binding);
            }
        }
        Fields { scope: Scope::inner(outer, names), span, broken: block.node().has_error() }
    }

    /// Where the names of the block are looked up.
    pub(crate) fn scope(&self) -> Rc<Scope<'t>> {
        Rc::clone(&self.scope)
    }

    /// A field's value and place; none where neither the block nor a parameter sets it.
    pub(crate) fn get(&self, compiler: &mut Compiler<'t>, name: &str) -> Option<(Value, Span)> {
        let span = self.place(compiler, name)?;
        Some((compiler.bound(&self.scope, name, span), span))
    }

    pub(crate) fn place(&self, compiler: &Compiler<'t>, name: &str) -> Option<Span> {
        Some(match self.scope.binding(name)? {
            Binding::Value(_, span) => *span,
            Binding::Entry { value, .. } => compiler.span(value.node()),
        })
    }

    /// The field's expression, where the block itself sets it.
    pub(crate) fn expression(&self, name: &str) -> Option<Expression<'t>> {
        match self.scope.binding(name)? {
            Binding::Entry { value, .. } => Some(*value),
            Binding::Value(..) => None,
        }
    }

    /// Where the argument was given that an expression of the block names.
    pub(crate) fn argument(&self, expression: Expression<'t>) -> Option<Span> {
        let Expression::Name(name) = expression.without_parens() else { return None };
        match self.scope.binding(name.text())? {
            Binding::Value(_, span) => Some(*span),
            Binding::Entry { .. } => None,
        }
    }

    /// A required field; its absence is reported.
    pub(crate) fn required(&self, compiler: &mut Compiler<'t>, kind: &str, name: &str) -> Option<(Value, Span)> {
        let found = self.get(compiler, name);
        if found.is_none() && !self.broken {
            compiler.missing_field(kind, name, self.span);
        }
        found
    }

    /// A field with a default.
    pub(crate) fn or_default(&self, compiler: &mut Compiler<'t>, name: &str, default: &str) -> (Value, Span) {
        self.get(compiler, name).unwrap_or_else(|| (crate::fill::literal(default), self.span))
    }

    /// A field that is one of some words, or any other value.
    pub(crate) fn word(
        &self,
        compiler: &mut Compiler<'t>,
        name: &str,
        words: &[&'static str],
    ) -> Option<(Value, Span)> {
        let span = self.place(compiler, name)?;
        let value = match self.expression(name) {
            Some(value) => compiler.word(value, words, &Scope::hiding(&self.scope, "")),
            None => compiler.bound(&self.scope, name, span),
        };
        Some((value, span))
    }

    /// A field that is one of some words.
    pub(crate) fn choice(
        &self,
        compiler: &mut Compiler<'t>,
        name: &str,
        words: &[&'static str],
    ) -> Option<(Value, Span)> {
        let span = self.place(compiler, name)?;
        let value = match self.expression(name) {
            Some(value) => {
                let scope = Scope::hiding(&self.scope, "");
                compiler.choice(value, words, &scope)
            }
            None => match compiler.bound(&self.scope, name, span) {
                Value::Text(word) if words.contains(&&*word) => Value::Text(word),
                other => compiler.expected(
                    span,
                    &format!("one of {}", crate::suggest::listed(words.iter().copied())),
                    &other,
                ),
            },
        };
        Some((value, span))
    }
}

impl Compiler<'_> {
    pub(crate) fn missing_field(&mut self, kind: &str, name: &str, span: Span) {
        self.missing_fields(kind, &[name], span);
    }

    pub(crate) fn missing_fields(&mut self, kind: &str, names: &[&str], span: Span) {
        let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let listed = crate::suggest::listed(names.iter().copied());
        let add = names.iter().map(|name| format!("`{name} = …`")).collect::<Vec<_>>().join(", ");
        let finding = self
            .finding("E0104", span, format!("{article} {kind} needs {listed}"), format!("without {listed}"))
            .help(format!("add {add} to its block"));
        self.report(finding);
    }
}
