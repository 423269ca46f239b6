//! What is asked of fitted laws and of columns: `predict solve optimal marginal minimize spearman kendall`.
//!
//! Here it is checked what each needs: the columns that the law reads, their units, the group. What comes out is late.

use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Argument as Given, Expression};
use synx_plan::answer::{Argument, Question};
use synx_plan::expression as plan;
use synx_plan::law::{Law, Model};
use synx_plan::unit::{Count, Unit};

use super::columns::{Column, Table};
use super::known::Rows;
use crate::compiler::Compiler;
use crate::late::{Bounds, LateNumber};
use crate::scope::Scope;
use crate::signature::Signature;
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

/// A fitted law, and the group that is asked.
pub(super) struct Fitted {
    pub law: Rc<Law>,
    pub over: Rc<Table>,
    /// The row of the law's table, or the law itself where it has one group.
    pub of: Argument,
    /// That row.
    pub row: Option<Rc<Table>>,
}

/// The arguments of a question, by what they are for.
pub(super) struct Asked<'t> {
    pub of: Fitted,
    /// The column that is asked for, where the function has one.
    column: Option<(String, Span)>,
    /// Whether that column is the share of a source, of whose tokens one more is asked.
    of_source: bool,
    /// What columns are set to.
    pub at: IndexMap<String, (LateNumber, Span)>,
    /// The mixture whose shares are meant, by its place in the plan's list.
    data: Option<(u32, Span)>,
    pub span: Span,
    signature: &'static Signature,
    rest: Vec<(&'t str, Expression<'t>)>,
}

impl<'t> Asked<'t> {
    /// An argument that was not evaluated.
    pub(super) fn argument(&self, name: &str) -> Option<Expression<'t>> {
        self.rest.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

impl<'t> Compiler<'t> {
    /// A function of fitted laws or of columns.
    pub(super) fn answer(
        &mut self,
        signature: &'static Signature,
        arguments: &[Given<'t>],
        piped: Option<(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        match signature.name {
            "spearman" | "kendall" => self.correlation(signature.name, arguments, piped, span, scope),
            _ => match self.asked(signature, arguments, piped, span, scope) {
                Some(asked) => match signature.name {
                    "predict" => self.predict(&asked),
                    "solve" => self.solve(&asked),
                    "optimal" => self.optimal(&asked),
                    "marginal" => self.marginal(&asked),
                    _ => self.minimize(&asked, scope),
                },
                None => Value::Error,
            },
        }
    }

    fn asked(
        &mut self,
        signature: &'static Signature,
        arguments: &[Given<'t>],
        piped: Option<(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Option<Asked<'t>> {
        let own = |name: &str| signature.parameters.iter().any(|parameter| parameter.name == name);
        let (named, others): (Vec<Given<'t>>, Vec<Given<'t>>) = arguments
            .iter()
            .copied()
            .partition(|argument| !matches!(argument, Given::Named(name, _) if signature.others && !own(name.text())));
        let names: Vec<&str> = signature.parameters.iter().map(|parameter| parameter.name).collect();
        let matched = self.match_arguments(signature.name, &names, &named, piped.is_some(), span)?;
        let expression = |place: usize| matched.get(place).copied().flatten().and_then(|at| named[at].value());
        let (value, at) = match (piped, expression(0)) {
            (Some(piped), _) => piped,
            (None, Some(first)) => {
                let at = self.span(first.node());
                (self.evaluate(first, scope), at)
            }
            (None, None) => {
                self.missing_argument(signature.name, names[0], span);
                return None;
            }
        };
        let of = self.fitted_group(&value, at)?;
        if matches!((signature.name, &of.law.formula.model), ("solve" | "optimal" | "marginal", Model::Trees(_))) {
            let headline = format!("`{}` needs a formula, and the law `{}` has trees", signature.name, of.law.name);
            let finding = self
                .finding("E0655", at, headline, "predicts in steps, without slopes")
                .help("ask a law with a formula; trees answer `predict`, `minimize` and `spearman(law.predicted, law.observed)`");
            self.report(finding);
            return None;
        }
        let (mut column, mut of_source) = (None, false);
        if names.get(1) == Some(&"column") {
            let Some(named) = expression(1) else {
                self.missing_argument(signature.name, "column", span);
                return None;
            };
            let at = self.span(named.node());
            let mut name: String = named.text().chars().filter(|c| !c.is_whitespace()).collect();
            let (read, share) = (inputs(&of.law), format!("share[{name}]"));
            of_source = signature.name == "marginal" && !read.contains(&name) && read.contains(&share);
            if of_source {
                name = share;
            }
            self.read_by(&of, &name, at)?;
            column = Some((name, at));
        }
        let mut given = IndexMap::new();
        let mut data: Option<(u32, Span)> = None;
        for argument in others {
            let Given::Named(name, Some(value)) = argument else { return None };
            let at = self.span(value.node());
            let found = self.evaluate(value, scope);
            let is_set = data.is_some() && name.text() == "data";
            if name.text() == "data"
                && !is_set
                && signature.name != "minimize"
                && !inputs(&of.law).iter().any(|column| column == "data")
            {
                data = Some((self.shares_of(&of, &found, at)?, at));
                continue;
            }
            let number = self.late_number(&found, at, &format!("`{}`", name.text()))?;
            let name_at = self.span(name.node());
            if given.insert(name.text().to_owned(), (number, name_at)).is_some() || is_set {
                let finding =
                    self.finding("E0102", name_at, format!("`{}` is given twice", name.text()), "given again");
                self.report(finding);
                return None;
            }
        }
        let rest = signature
            .parameters
            .iter()
            .enumerate()
            .skip(1)
            .filter_map(|(place, parameter)| Some((parameter.name, expression(place)?)));
        Some(Asked { of, column, of_source, at: given, data, span, signature, rest: rest.collect() })
    }

    /// The mixture whose shares a question sets, by its place in the plan's list.
    fn shares_of(&mut self, of: &Fitted, value: &Value, at: Span) -> Option<u32> {
        let read = inputs(&of.law);
        if !read.iter().any(|column| is_share(column)) {
            let headline = format!("the law `{}` reads no shares", of.law.name);
            let finding = self
                .finding("E0616", at, headline, "no column of its formula")
                .help(format!("it reads {}", listed(read.iter().map(String::as_str))));
            self.report(finding);
            return None;
        }
        let mixture = self.mixture(value, at)?;
        if !mixture.it.phases().is_empty() {
            let finding = self
                .finding("E0616", at, "a law of shares is asked of one mixture, not of phases", "several mixtures")
                .help("name the mixture of one of the phases");
            self.report(finding);
            return None;
        }
        for (corpus, _) in mixture.it.shares() {
            let name = self.corpora.get(*corpus).corpus.name.clone();
            // A law need not read all shares, which sum to one; what its runs had none of it says nothing about.
            if !of.over.has(&format!("share[{name}]")) {
                let headline = format!("the runs of the law `{}` had no share of `{name}`", of.law.name);
                let sources = of.over.names().filter_map(|column| column.strip_prefix("share[")?.strip_suffix(']'));
                let finding = self
                    .finding("E0616", at, headline, format!("a mixture with `{name}`"))
                    .help(format!("it was fitted to mixtures of {}", listed(sources)));
                self.report(finding);
                return None;
            }
        }
        Some(self.lists.mixture(&mixture.it) as u32)
    }

    /// The law and the group that a value is.
    pub(super) fn fitted_group(&mut self, value: &Value, at: Span) -> Option<Fitted> {
        let (item, row) = match value {
            Value::Error => return None,
            Value::Law(item) => (*item, None),
            Value::Row(table) if table.law.is_some() => (table.law?, Some(Rc::clone(table))),
            other => {
                let found = other.describe();
                let finding = self
                    .finding("E0616", at, format!("this is asked of a fitted law, not of {found}"), found)
                    .help("write the law, and which of its groups: `law[r = 1/3]`");
                self.report(finding);
                return None;
            }
        };
        let law = self.fitted(item, at)?;
        let over = self.made.get(law.over.0).cloned()?;
        let of = match &row {
            Some(row) => Argument::Table(row.id?),
            None if law.formula.by.is_empty() => Argument::Law(item),
            None => {
                let by = listed(law.formula.by.iter().map(String::as_str));
                let pins = law.formula.by.iter().map(|name| format!("{name} = …")).collect::<Vec<_>>().join(", ");
                let finding = self
                    .finding(
                        "E0616",
                        at,
                        format!("`{}` is fitted for each {by}: which group is meant?", law.name),
                        "several groups",
                    )
                    .help(format!("pick one: `{}[{pins}]`", law.name));
                self.report(finding);
                return None;
            }
        };
        Some(Fitted { law, over, of, row })
    }

    /// Whether the law reads a column beside those that tell its groups apart; reported where it does not.
    pub(super) fn read_by(&mut self, of: &Fitted, name: &str, at: Span) -> Option<()> {
        let read = inputs(&of.law);
        if read.iter().any(|column| column == name) {
            return Some(());
        }
        let headline = format!("the law `{}` does not read `{name}`", of.law.name);
        let mut finding = self.finding("E0616", at, headline, "no column of its formula");
        finding = match nearest(name, read.iter().map(String::as_str)) {
            Some(near) => {
                let edit = self.edit(at, near);
                finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
            }
            None => finding.help(format!("it reads {}", listed(read.iter().map(String::as_str)))),
        };
        self.report(finding);
        None
    }

    /// Checks that every column that the law reads is given once, in its unit; `target` and the column that is asked for are not.
    pub(super) fn given(&mut self, asked: &Asked<'t>, without: &[&str]) -> Option<IndexMap<String, LateNumber>> {
        let read = inputs(&asked.of.law);
        let mut given = IndexMap::new();
        for (name, (number, at)) in &asked.at {
            if without.contains(&name.as_str()) {
                continue;
            }
            self.read_by(&asked.of, name, *at)?;
            let unit = asked.of.over.get(name).map_or(Unit::PLAIN, |column| column.unit);
            if unit.unify(number.unit).is_none() {
                let wanted = if unit.is_plain() { "a plain number".to_owned() } else { format!("counted in {unit}") };
                let headline = format!("`{name}` is {wanted}, not in {}", number.unit);
                let finding = self.finding("E0202", *at, headline, format!("in {}", number.unit));
                self.report(finding);
                return None;
            }
            if let plan::Expression::Number(value) = &number.value {
                self.lint_extrapolation(&asked.of.law, &asked.of.over, name, value, *at);
            }
            given.insert(name.clone(), number.clone());
        }
        let missing: Vec<&str> = read
            .iter()
            .map(String::as_str)
            .filter(|name| !given.contains_key(*name) && !without.contains(name))
            .filter(|name| asked.data.is_none() || !is_share(name))
            .collect();
        if !missing.is_empty() {
            let function = asked.signature.name;
            let names = listed(missing.iter().copied());
            let shares = missing.iter().any(|name| is_share(name)).then(|| "`data = …`, a mixture".to_owned());
            let others = missing.iter().filter(|name| !is_share(name)).map(|name| format!("`{name} = …`"));
            let add = shares.into_iter().chain(others).collect::<Vec<_>>().join(", ");
            let headline = format!("`{function}` needs {names}, which the law `{}` reads", asked.of.law.name);
            let finding =
                self.finding("E0616", asked.span, headline, format!("without {names}")).help(format!("add {add}"));
            self.report(finding);
            return None;
        }
        Some(given)
    }

    /// Between which numbers the law's prediction lies where its columns are set so.
    fn predicted(&self, of: &Fitted, given: &IndexMap<String, LateNumber>) -> (Unit, Bounds) {
        let (target, model) = of.law.formula.inlined();
        let unit = match &target {
            plan::Expression::Column(name) => of.over.get(name).map_or(Unit::PLAIN, |column| column.unit),
            _ => Unit::PLAIN,
        };
        let mut columns: IndexMap<String, Column> = of.over.columns().clone();
        for (name, number) in given {
            columns.insert(name.clone(), Column::number(number.unit, number.bounds.clone()));
        }
        let at = Table::new("the prediction", columns, Rows::Unknown);
        let bounds = match &model {
            Model::Formula(model) => self.bounds_of(model, &at, &of.law.formula.free),
            Model::Trees(_) => self.bounds_of(&target, &at, &of.law.formula.free),
        };
        (unit, bounds)
    }

    fn ask_of(&mut self, asked: &Asked<'t>, given: &IndexMap<String, LateNumber>, unit: Unit, bounds: Bounds) -> Value {
        let mut arguments = vec![("of".to_owned(), asked.of.of.clone())];
        if let Some((column, _)) = &asked.column {
            let role = if asked.of_source { "source" } else { "column" };
            arguments.push((role.to_owned(), Argument::Column(column.clone())));
        }
        if let Some((data, _)) = asked.data {
            arguments.push(("data".to_owned(), Argument::Mixture(data)));
        }
        let set = given.iter().map(|(name, number)| (name.clone(), Argument::Expression(number.value.clone())));
        arguments.push(("at".to_owned(), Argument::Named(set.collect())));
        let question = Question::Call { function: asked.signature.name.to_owned(), arguments };
        self.ask_number(question, unit, bounds, asked.span)
    }

    fn predict(&mut self, asked: &Asked<'t>) -> Value {
        let Some(given) = self.given(asked, &[]) else { return Value::Error };
        let (unit, bounds) = self.predicted(&asked.of, &given);
        self.ask_of(asked, &given, unit, bounds)
    }

    /// The value of a column at which the law predicts what is given for its target; infinite where it never does.
    fn solve(&mut self, asked: &Asked<'t>) -> Value {
        let Some((column, _)) = &asked.column else { return Value::Error };
        let (target, _) = asked.of.law.formula.inlined();
        let plan::Expression::Column(target) = target else {
            let headline = format!("`{}` does not fit a column but what is computed from some", asked.of.law.name);
            let finding = self
                .finding("E0616", asked.span, headline, "nothing can be set to a value here")
                .help("derive the column first, and fit the law to it");
            return self.report(finding);
        };
        let Some((wanted, at)) = asked.at.get(&target).cloned() else {
            let finding = self
                .finding(
                    "E0616",
                    asked.span,
                    format!("`solve` needs the `{target}` that is to be reached"),
                    "which value?",
                )
                .help(format!("add `{target} = …`"));
            return self.report(finding);
        };
        let unit = asked.of.over.get(&target).map_or(Unit::PLAIN, |column| column.unit);
        if unit.unify(wanted.unit).is_none() {
            let headline = format!("`{target}` is not counted in {}", wanted.unit);
            let finding = self.finding("E0202", at, headline, format!("in {}", wanted.unit));
            return self.report(finding);
        }
        let Some(mut given) = self.given(asked, &[column, &target]) else { return Value::Error };
        let reached =
            asked.of.over.get(column).cloned().unwrap_or_else(|| Column::number(Unit::PLAIN, Bounds::default()));
        // Beyond the rows that were seen: only that it does not change its sign is kept.
        let bounds = if reached.bounds.low.as_ref().is_some_and(|low| !low.is_negative()) {
            Bounds::at_least_zero()
        } else {
            Bounds::default()
        };
        given.insert(target, wanted);
        self.ask_of(asked, &given, reached.unit, bounds)
    }

    /// The value of `tokens` or `params` at which a budget of operations (6 × params × tokens) gives the smallest prediction.
    fn optimal(&mut self, asked: &Asked<'t>) -> Value {
        let Some((column, at)) = asked.column.clone() else { return Value::Error };
        for needed in ["params", "tokens"] {
            if self.read_by(&asked.of, needed, at).is_none() {
                return Value::Error;
            }
        }
        if !matches!(column.as_str(), "params" | "tokens") {
            let finding = self
                .finding(
                    "E0616",
                    at,
                    "a budget of operations is split between `params` and `tokens`",
                    "neither of them",
                )
                .help("write `optimal(law, tokens, flops = …)`");
            return self.report(finding);
        }
        let Some((budget, budget_at)) = asked.at.get("flops").cloned() else {
            self.missing_argument("optimal", "flops", asked.span);
            return Value::Error;
        };
        if Unit::FLOP.unify(budget.unit).is_none() {
            let headline = "`flops` is counted in FLOP".to_owned();
            let finding = self
                .finding("E0202", budget_at, headline, "not in FLOP")
                .help("write the unit after the number: `1e20 FLOP`");
            return self.report(finding);
        }
        let Some(mut given) = self.given(asked, &["params", "tokens", "flops"]) else { return Value::Error };
        let unit = asked.of.over.get(&column).map_or(Unit::PLAIN, |column| column.unit);
        given.insert("flops".to_owned(), budget);
        self.ask_of(asked, &given, unit, Bounds::at_least_zero())
    }

    /// How much the prediction changes with one more of a column, or with one more token of a source.
    fn marginal(&mut self, asked: &Asked<'t>) -> Value {
        let Some((column, _)) = &asked.column else { return Value::Error };
        if asked.of_source {
            return self.marginal_of_source(asked);
        }
        let Some(given) = self.given(asked, &[]) else { return Value::Error };
        let (target, _) = self.predicted(&asked.of, &given);
        let unit = asked.of.over.get(column).map_or(Unit::PLAIN, |column| column.unit);
        let unit = target.over(unit).unwrap_or(Unit::PLAIN);
        self.ask_of(asked, &given, unit, Bounds::default())
    }

    /// One more token of a source makes its share larger, all others smaller and the budget longer: the budget must be known also where the law
    /// does not read it.
    fn marginal_of_source(&mut self, asked: &Asked<'t>) -> Value {
        const BUDGET: &str = "tokens";
        let reads = inputs(&asked.of.law).iter().any(|column| column == BUDGET);
        let by_group = asked.of.law.formula.by.iter().any(|by| by == BUDGET);
        let without: &[&str] = if reads { &[] } else { &[BUDGET] };
        let Some(mut given) = self.given(asked, without) else { return Value::Error };
        match asked.at.get(BUDGET) {
            _ if reads || by_group => {}
            Some((tokens, at)) if Unit::counted(Count::Tokens).unify(tokens.unit).is_none() => {
                let headline = format!("`tokens` is counted in tokens, not in {}", tokens.unit);
                let finding = self.finding("E0202", *at, headline, format!("in {}", tokens.unit));
                return self.report(finding);
            }
            Some((tokens, _)) => {
                given.insert(BUDGET.to_owned(), tokens.clone());
            }
            None => {
                let finding = self
                    .finding(
                        "E0616",
                        asked.span,
                        "what one more token is worth depends on how many there are",
                        "of how many?",
                    )
                    .help("say the budget: `tokens = 64M`");
                return self.report(finding);
            }
        }
        let (target, _) = self.predicted(&asked.of, &given);
        let tokens = asked.of.over.get(BUDGET).map_or(Unit::counted(Count::Tokens), |column| column.unit);
        let unit = target.over(tokens).unwrap_or(Unit::PLAIN);
        self.ask_of(asked, &given, unit, Bounds::default())
    }
}

/// Whether a column is a share of a source.
fn is_share(column: &str) -> bool {
    column.starts_with("share[")
}

/// The columns that a law's prediction needs besides those that tell its groups apart.
pub(super) fn inputs(law: &Law) -> Vec<String> {
    let (_, model) = law.formula.inlined();
    let by = &law.formula.by;
    model.columns().into_iter().filter(|name| !by.iter().any(|by| by == name)).map(str::to_owned).collect()
}
