//! Laws: what is fitted, over which cells, and how.

mod formula;
use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument, Block, Entry, Expression, Formula as FormulaView, Free, Let};
use synx_plan::exact::Exact;
use synx_plan::expression::MAX_DEPTH;
use synx_plan::law::{Formula, FreeParameter, HoldOut, Law, Method};
use synx_plan::unit::Unit;

use crate::compiler::Compiler;
use crate::suggest::{listed, nearest};
use crate::table::Table;
use crate::value::{Span, Value};

/// The names that a formula may use.
pub(crate) struct Names<'a, 't> {
    pub table: &'a Table,
    pub free: IndexMap<&'t str, Span>,
    pub lets: IndexMap<&'t str, Span>,
    /// Where a further `free` would be written.
    pub insert: Span,
}

impl<'t> Compiler<'t> {
    /// The law that an item declares; nothing where it has mistakes, or where its table has.
    pub(crate) fn law(&mut self, item: usize, block: Block<'t>) -> Option<Law> {
        let declaration = self.items[item].item;
        let name = declaration.name()?;
        let span = self.span(name.node());
        let over = field(block, "over");
        let table = over.and_then(|value| {
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
            Some(table) => self.formula(block, table, span),
            None => self.formula(block, &Table::unknown(), span),
        };
        let table = table?;
        let over = table.id?;
        self.law_tables.insert(item, table);
        Some(Law { name: name.text().to_owned(), over, formula: formula?, origin: Some(self.origin(span)) })
    }

    /// What a law's block says, over the columns of `table`.
    pub(crate) fn formula(&mut self, block: Block<'t>, table: &Table, span: Span) -> Option<Formula> {
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
            free: IndexMap::new(),
            lets: IndexMap::new(),
            insert: Span { end: at_formula.start, ..at_formula },
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
        let target = view.left().and_then(|left| self.lower_checked(left, &names));
        let model = view.right().and_then(|right| self.lower_checked(right, &names));
        let by = self.by(block, table);
        let method = self.method(block);
        let test = self.test(block, table);
        let bootstrap = match field(block, "bootstrap") {
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
        (fits && self.check_parameters(&formula, &names, at_formula)).then_some(formula)
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

    fn free_parameters(&mut self, frees: &[Free<'t>], names: &mut Names<'_, 't>) -> Option<Vec<FreeParameter>> {
        let mut free = Vec::new();
        let mut fits = true;
        for declared in frees.iter().flat_map(|free| free.names().collect::<Vec<_>>()) {
            let Some(name) = declared.name() else { continue };
            let at = self.span(name.node());
            if names.table.has(name.text()) {
                let finding = self
                    .finding(
                        "E0603",
                        at,
                        format!("the free parameter `{}` is named like a column", name.text()),
                        "which one is meant?",
                    )
                    .help("give the parameter another name");
                self.report(finding);
                fits = false;
            }
            names.free.insert(name.text(), at);
            let (mut low, mut high) = (None, None);
            if let Some(bounds) = declared.bounds() {
                let at = self.span(bounds.node());
                let scope = Rc::clone(&self.file_scope);
                match self.evaluate(bounds, &scope) {
                    Value::Interval(ends) => {
                        for end in [&ends.0, &ends.1].into_iter().flatten() {
                            if !end.unit.is_plain() {
                                let finding =
                                    self.finding("E0202", at, "bounds are plain numbers", format!("this is {end}"));
                                self.report(finding);
                                fits = false;
                            }
                        }
                        low = ends.0.as_ref().map(|end| end.value.clone());
                        high = ends.1.as_ref().map(|end| end.value.clone());
                        if low.is_some() && low == high {
                            let finding = self
                                .finding(
                                    "E0604",
                                    at,
                                    format!("the bounds of `{}` leave nothing to fit", name.text()),
                                    "one value",
                                )
                                .help("write the number itself in the formula, or widen the bounds");
                            self.report(finding);
                            fits = false;
                        }
                    }
                    Value::Error => fits = false,
                    other => {
                        let finding = self
                            .finding(
                                "E0604",
                                at,
                                format!("bounds are an interval, not {}", other.describe()),
                                "not an interval",
                            )
                            .help("write `0..` for a parameter that is not negative, `0..2` for one between both");
                        self.report(finding);
                        fits = false;
                    }
                }
            }
            free.push(FreeParameter { name: name.text().to_owned(), low, high });
        }
        fits.then_some(free)
    }

    /// Every free parameter has something to do, and what is observed has none.
    fn check_parameters(&mut self, formula: &Formula, names: &Names<'_, 't>, at: Span) -> bool {
        let (target, model) = formula.inlined();
        let mut fits = true;
        if let Some(name) = target.parameters().first() {
            let finding = self
                .finding(
                    "E0603",
                    at,
                    format!("the free parameter `{name}` stands left of `~`"),
                    "what is observed is left of `~`",
                )
                .help("bring everything that is fitted to the right side");
            self.report(finding);
            fits = false;
        }
        let used = model.parameters();
        for parameter in &formula.free {
            if let (false, Some(span)) =
                (used.contains(&parameter.name.as_str()), names.free.get(parameter.name.as_str()))
            {
                let finding = self
                    .finding(
                        "E0603",
                        *span,
                        format!("the free parameter `{}` is not in the formula", parameter.name),
                        "nothing to fit",
                    )
                    .help("use it right of `~`, or take it out of `free`");
                self.report(finding);
                fits = false;
            }
        }
        fits
    }

    fn by(&mut self, block: Block<'t>, table: &Table) -> Option<Vec<String>> {
        let Some(value) = field(block, "by") else { return Some(Vec::new()) };
        let columns: Vec<Expression<'t>> = match value.without_parens() {
            Expression::List(list) => list.elements().collect(),
            Expression::Tuple(tuple) => tuple.elements().collect(),
            one => vec![one],
        };
        let mut by: Vec<String> = Vec::new();
        for column in columns {
            let name = self.column(column, table)?;
            if by.contains(&name) {
                let at = self.span(column.node());
                let finding = self.finding("E0102", at, format!("`{name}` is there twice"), "named again");
                self.report(finding);
                return None;
            }
            by.push(name);
        }
        Some(by)
    }

    /// The column that an expression names; reported where it names none.
    fn column(&mut self, expression: Expression<'t>, table: &Table) -> Option<String> {
        let at = self.span(expression.node());
        let name = match expression.without_parens() {
            Expression::Name(_) | Expression::Access(_) | Expression::Index(_) => {
                expression.text().chars().filter(|c| !c.is_whitespace()).collect()
            }
            Expression::Text(text) => text.value(),
            Expression::Bad(_) => return None,
            _ => {
                let finding = self.finding("E0601", at, "expected the name of a column", "not a column");
                self.report(finding);
                return None;
            }
        };
        if let Some(known) = table.column(&name) {
            return Some(known);
        }
        let mut finding = self.finding("E0601", at, format!("there is no column `{name}`"), "no such column");
        finding = match nearest(&name, table.names()) {
            Some(near) => {
                let edit = self.edit(at, near);
                finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
            }
            None => finding.help(format!("the columns are {}", listed(table.names().take(20)))),
        };
        self.report(finding);
        None
    }

    fn method(&mut self, block: Block<'t>) -> Option<Method> {
        let Some(value) = field(block, "method") else { return Some(Method::default()) };
        let at = self.span(value.node());
        let (word, arguments): (&str, Vec<Argument<'t>>) = match value.without_parens() {
            Expression::Name(name) => (name.text(), Vec::new()),
            Expression::Call(call) => match call.callee() {
                Some(Expression::Name(name)) => (name.text(), call.arguments().collect()),
                _ => ("", Vec::new()),
            },
            Expression::Bad(_) => return None,
            _ => ("", Vec::new()),
        };
        let parameters: &[&str] = if word == "huber" { &["delta"] } else { &[] };
        let method = match word {
            "huber" => Method::default(),
            "log_least_squares" => Method::LogSquares,
            "least_squares" => Method::Squares,
            _ => {
                let methods = crate::signature::METHODS;
                let mut finding = self
                    .finding("E0112", at, "this is no method of fitting", "not a method")
                    .help(format!("methods are {}", listed(methods.iter().copied())));
                if let Some(near) = nearest(word, methods.iter().copied()) {
                    finding = finding.help(format!("did you mean `{near}`?"));
                }
                self.report(finding);
                return None;
            }
        };
        let matched = self.match_arguments(word, parameters, &arguments, false, at)?;
        let Some(delta) = matched.first().copied().flatten().and_then(|at| arguments[at].value()) else {
            return Some(method);
        };
        let at = self.span(delta.node());
        let scope = Rc::clone(&self.file_scope);
        let value = self.evaluate(delta, &scope);
        let fits = |delta: &Exact| delta.is_positive() && *delta <= Exact::from(1000u64);
        let delta = self.plain(&value, at, "`delta`", "more than 0 and at most 1000", fits)?;
        Some(Method::Huber { delta })
    }

    #[allow(clippy::option_option, reason = "the outer one is a mistake, the inner one a law without a test")]
    fn test(&mut self, block: Block<'t>, table: &Table) -> Option<Option<HoldOut>> {
        let Some(value) = field(block, "test") else { return Some(None) };
        let at = self.span(value.node());
        if let Expression::Call(call) = value.without_parens()
            && let Some(Expression::Name(callee)) = call.callee()
        {
            let arguments: Vec<Argument<'t>> = call.arguments().collect();
            match callee.text() {
                "largest" => {
                    let matched = self.match_arguments("largest", &["column"], &arguments, false, at)?;
                    let Some(column) = matched[0].and_then(|at| arguments[at].value()) else {
                        self.missing_argument("largest", "column", at);
                        return None;
                    };
                    return self.column(column, table).map(|column| Some(HoldOut::Largest(column)));
                }
                "leave_out" => {
                    self.not_yet(at, "`leave_out`");
                    return None;
                }
                _ => {}
            }
        }
        if !matches!(value, Expression::Bad(_)) {
            let finding = self
                .finding("E0112", at, "this is no way of holding out a test", "not known")
                .help("write `test = largest(tokens)`");
            self.report(finding);
        }
        None
    }
}

/// A field's value in a block.
fn field<'t>(block: Block<'t>, name: &str) -> Option<Expression<'t>> {
    block.entries().find_map(|entry| match entry {
        Entry::Field(field) if field.name().is_some_and(|n| n.text() == name) => field.value(),
        _ => None,
    })
}
