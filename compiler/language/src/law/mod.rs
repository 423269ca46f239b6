//! Laws: what is fitted, over which rows, and how.

mod family;
mod formula;
mod free;
mod settings;
mod template;

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Block, Entry, Expression, Formula as FormulaView, Free, Let};
use synx_plan::expression::MAX_DEPTH;
use synx_plan::law::{Formula, Law, Model};
use synx_plan::unit::Unit;

use crate::compiler::Compiler;
use crate::scope::Scope;
use crate::table::Table;
use crate::value::Span;

/// The text of a law, and what the parameters in it stand for where it is called.
#[derive(Clone)]
pub(crate) struct Text<'t> {
    pub block: Block<'t>,
    /// What a call gave for each parameter, or its default; empty for a law without parameters.
    pub given: IndexMap<&'t str, Expression<'t>>,
    /// The item that is called, and the call; none for a law without parameters.
    pub call: Option<(usize, Span)>,
}

impl<'t> Text<'t> {
    pub(crate) fn of(block: Block<'t>) -> Text<'t> {
        Text { block, given: IndexMap::new(), call: None }
    }

    /// A field's value: the block's entry, or the parameter that is named like it.
    pub(crate) fn field(&self, name: &str) -> Option<Expression<'t>> {
        let entry = self.block.entries().find_map(|entry| match entry {
            Entry::Field(field) if field.name().is_some_and(|n| n.text() == name) => field.value(),
            _ => None,
        });
        let value = entry.or_else(|| self.given.get(name).copied())?;
        Some(self.meant(value))
    }

    /// The expression, or what a call gave for it where it is the name of a parameter.
    fn meant(&self, expression: Expression<'t>) -> Expression<'t> {
        match expression.without_parens() {
            Expression::Name(name) => self.given.get(name.text()).copied().unwrap_or(expression),
            _ => expression,
        }
    }
}

/// The names that a formula may use.
pub(crate) struct Names<'a, 't> {
    pub table: &'a Table,
    pub text: &'a Text<'t>,
    pub free: IndexMap<&'t str, FreeName>,
    pub lets: IndexMap<&'t str, Span>,
    /// What values are looked up in: the names that comprehensions bind, then the file.
    pub scope: RefCell<Rc<Scope<'t>>>,
    /// Where a further `free` would be written; none in what a call gives.
    pub insert: Option<Span>,
}

/// A name after `free`.
pub(crate) struct FreeName {
    pub at: Span,
    /// What there is one parameter for each of; none for a single one, nothing where that could not be read.
    pub family: Option<Vec<String>>,
}

impl<'t> Compiler<'t> {
    /// The law that an item declares; nothing where it has mistakes, or where its table has.
    pub(crate) fn law(&mut self, item: usize, text: &Text<'t>) -> Option<Law> {
        let declaration = self.items[item].item;
        let name = declaration.name()?;
        let span = self.span(name.node());
        let table = text.field("over").and_then(|value| {
            let at = self.span(value.node());
            let scope = Rc::clone(&self.file_scope);
            let value = self.evaluate(value, &scope);
            let table = self.as_table(&value, at);
            if table.is_none() && !value.is_error() && !value.is_table() {
                let finding = self
                    .finding(
                        "E0606",
                        at,
                        format!("a law is fitted over a table, not over {}", value.describe()),
                        "not a table",
                    )
                    .help("write the name of a grid: `over = data_arm`");
                self.report(finding);
            }
            table
        });
        // Where the table is unknown or broken, the law's own words are still marked as used.
        let formula = match &table {
            Some(table) => self.called(text, |compiler| compiler.formula(text, table, span)),
            None => self.formula(text, &Rc::new(Table::unknown()), span),
        };
        let table = table?;
        let over = table.id?;
        let scope = self.scope_of(text);
        let held = self.called(text, |compiler| compiler.hold_for_rows(text.block, &table, &scope));
        self.law_tables.insert(item, table);
        if !held {
            return None;
        }
        Some(Law { name: name.text().to_owned(), over, formula: formula?, origin: Some(self.origin(span)) })
    }

    /// What a law's block says, over the columns of `table`.
    pub(crate) fn formula(&mut self, text: &Text<'t>, table: &Rc<Table>, span: Span) -> Option<Formula> {
        let block = text.block;
        let mut views: Vec<FormulaView<'t>> = Vec::new();
        let mut lets: Vec<Let<'t>> = Vec::new();
        let mut frees: Vec<Free<'t>> = Vec::new();
        for entry in block.entries() {
            match entry {
                Entry::Formula(formula) => views.push(formula),
                Entry::Let(entry) => lets.push(entry),
                Entry::Free(free) => frees.push(free),
                _ => {}
            }
        }
        let first = views.first().copied();
        if let Some(second) = views.get(1) {
            let at = self.span(second.node());
            let mut finding = self.finding("E0602", at, "a law has one formula", "a second one");
            if let Some(first) = first {
                finding = finding.label(self.label(self.span(first.node()), "the first"));
            }
            self.report(finding.help("declare a second law"));
            return None;
        }
        let Some(view) = first else {
            if !block.node().has_error() {
                let finding = self
                    .finding("E0602", span, "a law without a formula", "what is fitted?")
                    .help("add a line such as `loss ~ E + B / tokens^beta`");
                self.report(finding);
            }
            return None;
        };
        let at_formula = self.span(view.node());
        let mut names = Names {
            table,
            text,
            free: IndexMap::new(),
            lets: IndexMap::new(),
            scope: RefCell::new(self.scope_of(text)),
            insert: Some(Span { end: at_formula.start, ..at_formula }),
        };
        let free = self.free_parameters(&frees, &mut names);
        let mut fits = true;
        let mut lowered_lets = Vec::new();
        for entry in lets {
            let (Some(name), Some(value)) = (entry.name(), entry.value()) else { continue };
            match self.lower_checked(value, &names) {
                Some(value) => lowered_lets.push((name.text().to_owned(), value)),
                None => fits = false,
            }
            let at = self.span(name.node());
            names.lets.insert(name.text(), at);
        }
        // What is observed is a column: a name that is none is no parameter that was forgotten.
        let insert = names.insert.take();
        let target = view.left().and_then(|left| self.lower_checked(left, &names));
        names.insert = insert;
        let model = view.right().and_then(|right| self.model(right, &names));
        let by = self.by(text, table);
        let method = self.method(text);
        let test = self.test(text, table);
        let bootstrap = match text.field("bootstrap") {
            None => Some(0),
            Some(value) => {
                let at = self.span(value.node());
                let scope = Rc::clone(&self.file_scope);
                let value = self.evaluate(value, &scope);
                self.whole(&value, at, Unit::PLAIN, "`bootstrap`", (0, 1_000_000))
            }
        };
        let formula = Formula {
            by: by?,
            free: free?,
            lets: lowered_lets,
            target: target?,
            model: model?,
            method: method?,
            test: test?,
            bootstrap: bootstrap?,
            confidence: self.settings.confidence.clone(),
            seed: self.settings.seed,
        };
        if let Model::Trees(trees) = &formula.model {
            fits &= self.trees_fit(trees, &formula.method, formula.bootstrap, text, at_formula);
        }
        (fits && self.check_parameters(&formula, &names, at_formula)).then_some(formula)
    }

    /// What predicts: a formula, or trees.
    fn model(&mut self, right: Expression<'t>, names: &Names<'_, 't>) -> Option<Model> {
        if let Expression::Call(call) = right.without_parens()
            && let Some(Expression::Name(callee)) = call.callee()
            && callee.text() == "boosted_trees"
        {
            return self.trees(call, names).map(Model::Trees);
        }
        self.lower_checked(right, names).map(Model::Formula)
    }

    fn lower_checked(
        &mut self,
        value: Expression<'t>,
        names: &Names<'_, 't>,
    ) -> Option<synx_plan::expression::Expression> {
        let lowered = self.lower(value, names)?;
        if lowered.depth() <= MAX_DEPTH {
            return Some(lowered);
        }
        let span = self.span(value.node());
        let finding = self.finding("E0504", span, "this formula is too deep", format!("more than {MAX_DEPTH} levels"));
        self.report(finding);
        None
    }
}
