//! Expressions to values.

use std::rc::Rc;

use synx_grammar::view::{
    Access, Comprehension, Expression, If, Index, Interval, IntervalStep, Name, Number, Pattern, Suffix, UnaryOperator,
};
use synx_plan::exact::Exact;
use synx_plan::unit::{Amount, Count, Unit};

use crate::compiler::{Compiler, MAX_LIST};
use crate::operator::Placed;
use crate::scope::Scope;
use crate::suggest::nearest;
use crate::value::{List, Span, Value};

impl<'t> Compiler<'t> {
    /// The value of an expression; [`Value::Error`] where something in it is wrong, which was reported.
    pub(crate) fn evaluate(&mut self, expression: Expression<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let span = self.span(expression.node());
        if !self.enter(span) {
            return Value::Error;
        }
        let value = match expression {
            Expression::Access(_) | Expression::Index(_) if self.named_column(expression, scope).is_some() => {
                let column = self.named_column(expression, scope);
                column.map_or(Value::Error, |(table, column)| self.column_at_hand(&table, &column, span))
            }
            Expression::Number(number) => self.number(number),
            Expression::Text(text) if text.node().has_error() => Value::Error,
            Expression::Text(text) => Value::text(&text.value()),
            Expression::Name(name) => self.lookup(name, scope),
            Expression::Bool(_, value) => Value::Bool(value),
            Expression::Rest(_) => Value::Rest,
            Expression::Call(call) => self.call(call, scope),
            Expression::Pipe(pipe) => self.pipe(pipe, scope),
            Expression::Access(access) => self.access(access, scope),
            Expression::Index(index) => self.index(index, scope),
            Expression::Unary(unary) => match unary.operand() {
                Some(operand) => {
                    let value = self.evaluate(operand, scope);
                    self.unary(unary.operator(), &value, span)
                }
                None => Value::Error,
            },
            Expression::Binary(_) => self.binary_chain(expression, scope),
            Expression::Interval(interval) => self.interval(interval, scope),
            Expression::List(list) => {
                let mut items = Vec::new();
                for element in list.elements() {
                    items.push(self.evaluate(element, scope));
                }
                Value::items(items)
            }
            Expression::Tuple(tuple) => {
                let mut items = Vec::new();
                for element in tuple.elements() {
                    items.push(self.evaluate(element, scope));
                }
                if items.iter().any(Value::is_error) { Value::Error } else { Value::Tuple(items.into()) }
            }
            Expression::Paren(paren) => match paren.inner() {
                Some(inner) => self.evaluate(inner, scope),
                None => Value::Error,
            },
            Expression::Comprehension(comprehension) => self.comprehension(comprehension, scope),
            Expression::If(choice) => self.choose(choice, scope),
            Expression::Bad(_) => Value::Error,
        };
        if let Some(record) = &mut self.record {
            record.value(span, &value);
        }
        self.leave();
        value
    }

    /// A literal number with its suffix and unit.
    fn number(&mut self, number: Number<'t>) -> Value {
        let span = self.span(number.node());
        let Some(mut value) = Exact::from_decimal(&number.digits()) else {
            let finding =
                self.finding("E0504", span, "this number is too long", "more than 1000 digits, or beyond 1e400");
            return self.report(finding);
        };
        if let Some(suffix) = number.suffix() {
            value = value.mul(&suffix_value(suffix));
        }
        let mut unit = Unit::PLAIN;
        let words: Vec<Name<'t>> =
            number.unit().into_iter().flat_map(|unit| unit.words().collect::<Vec<_>>()).collect();
        for (i, word) in words.iter().enumerate() {
            let Some((scale, named)) = Unit::named(word.text()) else { return self.unknown_unit(*word) };
            let combined = if i == 0 { Some(named) } else { unit.over(named) };
            let scaled = if i == 0 { Some(value.mul(&scale)) } else { value.div(&scale) };
            let (Some(scaled), Some(combined)) = (scaled, combined) else { return Value::Error };
            (value, unit) = (scaled, combined);
        }
        Value::Number(Amount::new(value, unit))
    }

    fn unknown_unit(&mut self, word: Name<'t>) -> Value {
        let span = self.span(word.node());
        let mut finding = self.finding("E0203", span, format!("`{}` is not a unit", word.text()), "not a unit");
        if self.names_in(span.file).any(|(name, _)| name == word.text()) {
            let edit = self.edit(Span { end: span.start, ..span }, "* ");
            finding =
                finding.help(format!("a product has its sign: `0.5 * {}`", word.text())).fix("write `*`", vec![edit]);
            return self.report(finding);
        }
        let near = synonym(word.text()).or_else(|| nearest(word.text(), Unit::WORDS));
        finding.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if word.text().eq_ignore_ascii_case("e") => {
                "an exponent is glued to its number: `1e-3`, without a space".to_owned()
            }
            None => "units are `tokens params documents steps epochs`, `FLOP … EFLOP`, `B … TiB`, `ms s min h`, \
                     `W kW J Wh kWh`, `USD`, `gCO2e kgCO2e`"
                .to_owned(),
        });
        if let Some(near) = near {
            let edit = self.edit(span, near);
            finding = finding.fix(format!("write `{near}`"), vec![edit]);
        }
        self.report(finding)
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &Value, span: Span) -> Value {
        match (operator, operand) {
            (_, Value::Error) => Value::Error,
            (UnaryOperator::Negate, Value::Late(late)) => self.late_negated(late, span),
            (UnaryOperator::Not, Value::Late(late)) => self.late_not(late, span),
            (UnaryOperator::Negate, Value::Number(amount)) => {
                Value::Number(Amount::new(amount.value.neg(), amount.unit))
            }
            (UnaryOperator::Not, Value::Bool(value)) => Value::Bool(!value),
            (UnaryOperator::Negate, other) => self.expected(span, "a number after `-`", other),
            (UnaryOperator::Not, other) => self.expected(span, "a condition after `not`", other),
        }
    }

    /// `a..b`, with its step or factor.
    fn interval(&mut self, interval: Interval<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let span = self.span(interval.node());
        let end = |compiler: &mut Self, end: Option<Expression<'t>>| -> Option<Option<Amount>> {
            let Some(end) = end else { return Some(None) };
            let value = compiler.evaluate(end, scope);
            let place = compiler.span(end.node());
            compiler.amount(&value, place, "an end of an interval").map(Some)
        };
        let (low, high) = (end(self, interval.start()), end(self, interval.end()));
        let (Some(mut low), Some(mut high)) = (low, high) else { return Value::Error };
        if let (Some(low), Some(high)) = (&mut low, &mut high) {
            let Some(unit) = low.unit.unify(high.unit) else {
                return self.units_differ(span, "the ends of an interval", low, high);
            };
            (low.unit, high.unit) = (unit, unit);
            if low.value > high.value {
                let finding = self
                    .finding("E0204", span, "this interval is empty", format!("{low} is above {high}"))
                    .help("the lower end stands first");
                return self.report(finding);
            }
        }
        let Some(step) = interval.step() else { return Value::Interval(Rc::new((low, high))) };
        let (Some(low), Some(high)) = (low, high) else {
            let finding = self.finding("E0204", span, "an interval with steps needs both ends", "one end is open");
            return self.report(finding);
        };
        match step {
            IntervalStep::Step(step) => {
                let value = self.evaluate(step, scope);
                let place = self.span(step.node());
                let Some(step) = self.in_unit(&value, place, low.unit, "a step") else { return Value::Error };
                if !step.is_positive() {
                    return self.not_in_range(place, "a step", &step, "more than 0");
                }
                let Some(steps) = high.value.sub(&low.value).div(&step) else { return Value::Error };
                let count = Rc::new(steps.floor().add(&Exact::one()));
                Value::List(List::Arithmetic { start: Rc::new(low), step: Rc::new(step), count })
            }
            IntervalStep::Factor(factor) => {
                let value = self.evaluate(factor, scope);
                let place = self.span(factor.node());
                let Some(factor) = self.in_unit(&value, place, Unit::PLAIN, "a factor") else { return Value::Error };
                if factor <= Exact::one() {
                    return self.not_in_range(place, "a factor", &factor, "more than 1");
                }
                if !low.value.is_positive() {
                    return self.not_in_range(
                        span,
                        "the start of an interval with a factor",
                        &low.value,
                        "more than 0",
                    );
                }
                let mut items = Vec::new();
                let mut value = low.value.clone();
                while value <= high.value {
                    if !self.burn(1 + value.bits() / 64, span) || self.too_large(&value, span) {
                        return Value::Error;
                    }
                    items.push(Value::Number(Amount::new(value.clone(), low.unit)));
                    value = value.mul(&factor);
                }
                Value::items(items)
            }
        }
    }

    fn choose(&mut self, choice: If<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let Some(condition) = choice.condition() else { return Value::Error };
        if choice.node().has_error() {
            return Value::Error;
        }
        let value = self.evaluate(condition, scope);
        let place = self.span(condition.node());
        if let Some(crate::late::Late::Truth(truth)) = value.late() {
            let (Some(then), Some(otherwise)) = (choice.then(), choice.otherwise()) else { return Value::Error };
            let then = Placed { value: self.evaluate(then, scope), span: self.span(then.node()) };
            let otherwise = Placed { value: self.evaluate(otherwise, scope), span: self.span(otherwise.node()) };
            let span = self.span(choice.node());
            return self.late_choice((truth, place), &then, &otherwise, span);
        }
        let branch = match self.condition(&value, place) {
            Some(true) => choice.then(),
            Some(false) => choice.otherwise(),
            None => None,
        };
        branch.map_or(Value::Error, |branch| self.evaluate(branch, scope))
    }

    /// The truth of a condition.
    pub(crate) fn condition(&mut self, value: &Value, span: Span) -> Option<bool> {
        match value {
            Value::Bool(value) => Some(*value),
            other => {
                self.expected(span, "a condition", other);
                None
            }
        }
    }

    fn comprehension(&mut self, comprehension: Comprehension<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let (Some(element), Some(pattern), Some(source)) =
            (comprehension.element(), comprehension.pattern(), comprehension.source())
        else {
            return Value::Error;
        };
        let value = self.evaluate(source, scope);
        let place = self.span(source.node());
        let Some(items) = self.elements(&value, place, "`for`") else { return Value::Error };
        let mut made = Vec::new();
        for item in items.iter() {
            if item.is_error() || !self.burn(1, place) {
                return Value::Error;
            }
            let Some(inner) = self.bind_pattern(pattern, item, scope) else { return Value::Error };
            if let Some(filter) = comprehension.filter() {
                let value = self.evaluate(filter, &inner);
                let at = self.span(filter.node());
                match self.condition(&value, at) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return Value::Error,
                }
            }
            made.push(self.evaluate(element, &inner));
        }
        Value::items(made)
    }

    /// A scope in which the names of a pattern are bound to a value or to its parts.
    pub(crate) fn bind_pattern(
        &mut self,
        pattern: Pattern<'t>,
        value: &Value,
        scope: &Rc<Scope<'t>>,
    ) -> Option<Rc<Scope<'t>>> {
        let span = self.span(pattern.node());
        let names: Vec<Name<'t>> = pattern.names().collect();
        if let ([name], false) = (names.as_slice(), pattern.is_tuple()) {
            return Some(Scope::one(scope, name.text(), value.clone(), span));
        }
        let mut inner = Rc::clone(scope);
        for (name, part) in names.iter().zip(self.tuple_parts(value, names.len(), span)?.iter()) {
            inner = Scope::one(&inner, name.text(), part.clone(), span);
        }
        Some(inner)
    }

    /// The parts of a tuple of `count` parts.
    pub(crate) fn tuple_parts(&mut self, value: &Value, count: usize, span: Span) -> Option<Rc<[Value]>> {
        match value {
            Value::Tuple(parts) if parts.len() == count => Some(Rc::clone(parts)),
            Value::Error => None,
            Value::Tuple(parts) => {
                let found = parts.len();
                let finding = self
                    .finding(
                        "E0407",
                        span,
                        format!("{count} names for tuples of {found}"),
                        format!("{count} names here"),
                    )
                    .note(format!("a value is {}", value.column().0))
                    .help("every tuple has one value for each name");
                self.report(finding);
                None
            }
            other => {
                let finding = self
                    .finding("E0407", span, format!("{count} names for single values"), format!("{count} names here"))
                    .note(format!("a value is {}", other.describe()))
                    .help("write the values as tuples: [(64, 2), (128, 4)]");
                self.report(finding);
                None
            }
        }
    }

    /// The elements of a list that must be one; lists that are too long to be held are refused.
    pub(crate) fn elements(&mut self, value: &Value, span: Span, place: &str) -> Option<Rc<Vec<Value>>> {
        match value {
            Value::Family(family) => self.elements(&family.list(), span, place),
            Value::List(list) => {
                let expanded = list.expand(MAX_LIST);
                if expanded.is_none() {
                    let finding = self
                        .finding("E0504", span, "this list is too long", format!("{} elements", list.count()))
                        .help(format!("a list may have {MAX_LIST} elements"));
                    self.report(finding);
                }
                let cost = expanded.as_ref().map_or(0, |items| items.len() as u64);
                if self.burn(cost, span) { expanded } else { None }
            }
            Value::Interval(_) => {
                let finding = self
                    .finding("E0402", span, "an interval without a step is no list", "no `step` and no `factor`")
                    .help("write `1..10 step 1` for equal steps, or `1M..64M factor 2`");
                self.report(finding);
                None
            }
            other => {
                self.expected(span, &format!("a list for {place}"), other);
                None
            }
        }
    }

    /// `base.name`.
    fn access(&mut self, access: Access<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let (Some(base), Some(name)) = (access.base(), access.name()) else { return Value::Error };
        // `model.params` is a number and `model.params.total` another.
        if let Expression::Access(inner) = base
            && let (Some(model), Some(column)) = (inner.base(), inner.name())
            && column.text() == "params"
        {
            let value = self.evaluate(model, scope);
            if let Value::Model(model) = &value {
                let total = model.it.parameters_total();
                let count = match name.text() {
                    "total" => total,
                    "active" => model.it.parameters_active(),
                    "embedding" => model.it.parameters_embedding(),
                    "non_embedding" => total - model.it.parameters_embedding(),
                    _ => return self.no_field(name, "the parameters of a model", &PARAMS),
                };
                return Value::Number(Amount::counted(count, Count::Params));
            }
        }
        let value = self.evaluate(base, scope);
        if self.is_unknown(self.span(base.node())) {
            return Value::Error;
        }
        let plain = |value: u64| Value::Number(Amount::plain(value));
        match &value {
            Value::Error => Value::Error,
            Value::Corpus(id, corpus) => match name.text() {
                "heldout" => {
                    let span = self.span(access.node());
                    self.heldout_domain(*id, corpus, span)
                }
                _ => self.no_field(name, "a corpus", &["heldout"]),
            },
            Value::Family(family) => {
                let span = self.span(name.node());
                self.family_member(family, name.text(), span)
            }
            Value::Model(model) => match name.text() {
                "params" => {
                    let count = model.it.parameters(self.settings.parameters);
                    Value::Number(Amount::counted(count, Count::Params))
                }
                "width" => plain(model.it.width),
                "context" => Value::Number(Amount::counted(model.it.context, Count::Tokens)),
                "vocabulary" => plain(model.it.vocabulary),
                _ => self.no_field(name, "a model", &["params", "width", "context", "vocabulary"]),
            },
            Value::Recipe(recipe) => match name.text() {
                "batch" => Value::Number(Amount::counted(recipe.it.batch, Count::Tokens)),
                "lr" => Value::Number(Amount::plain(recipe.it.optimizer.rate.clone())),
                _ => self.no_field(name, "a recipe", &["batch", "lr"]),
            },
            Value::Cell(cell) => self.cell_access(cell, access, name),
            Value::Grid(item) if name.text() == "weights" => {
                let span = self.span(base.node());
                self.only_cell(*item, span).map_or(Value::Error, Value::Weights)
            }
            table if table.is_table() || matches!(table, Value::Row(_)) => {
                let (base, span) = (self.span(base.node()), self.span(name.node()));
                self.table_column(table, name.text(), base, span)
            }
            other => {
                let span = self.span(name.node());
                let finding =
                    self.finding("E0103", span, format!("{} has no fields", other.describe()), "nothing to read here");
                self.report(finding)
            }
        }
    }

    pub(crate) fn no_field(&mut self, name: Name<'t>, of: &str, fields: &[&str]) -> Value {
        let span = self.span(name.node());
        let mut finding = self
            .finding("E0103", span, format!("{of} has no field `{}`", name.text()), "no such field")
            .help(format!("it has {}", crate::suggest::listed(fields.iter().copied())));
        if let Some(near) = nearest(name.text(), fields.iter().copied()) {
            let edit = self.edit(span, near);
            finding = finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit]);
        }
        self.report(finding)
    }

    /// `base[…]`: rows of a table.
    fn index(&mut self, index: Index<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let span = self.span(index.node());
        let Some(base) = index.base() else { return Value::Error };
        if let Expression::Access(access) = base
            && let (Some(of), Some(name)) = (access.base(), access.name())
            && matches!(name.text(), "loss" | "bits_per_byte")
            && let row @ (Value::Row(_) | Value::Cell(_)) = self.evaluate(of, scope)
        {
            return self.loss_of_domain(&row, index, access);
        }
        match self.evaluate(base, scope) {
            Value::Error => Value::Error,
            Value::Family(family) => {
                let mut arguments = index.arguments();
                let (Some(synx_grammar::view::Argument::Positional(key)), None) = (arguments.next(), arguments.next())
                else {
                    let finding = self
                        .finding(
                            "E0325",
                            span,
                            format!("`{}` is looked into with one name", family.name),
                            "one name in quotes",
                        )
                        .help("write `pile[\"arxiv\"]`");
                    return self.report(finding);
                };
                let place = self.span(key.node());
                let key = self.evaluate(key, scope);
                self.family_index(&family, &key, place)
            }
            Value::Grid(item) if self.is_cell(item, index, scope) => self.select_cell(item, index, scope),
            table if table.is_table() => self.rows_where(&table, index, scope),
            other => self.expected(span, "a table to be looked into with `[…]`", &other),
        }
    }

    /// Reports that a value is of the wrong sort.
    pub(crate) fn expected(&mut self, span: Span, wanted: &str, found: &Value) -> Value {
        if found.is_error() || self.is_unknown(span) {
            return Value::Error;
        }
        if let Value::Late(late) = found {
            let late = Rc::clone(late);
            return self.too_late(span, wanted, &late);
        }
        let mut finding =
            self.finding("E0201", span, format!("expected {wanted}, found {}", found.describe()), found.describe());
        if let Value::Text(text) = found
            && let Some((name, _)) = self.names_in(span.file).find(|(name, _)| *name == &**text)
            && self.source(span).trim_matches('"') == name
        {
            let edit = self.edit(span, name);
            finding = finding
                .help(format!("names stand without quotes: `{name}`"))
                .fix(format!("write `{name}`"), vec![edit]);
        } else if wanted == "a condition" {
            finding = finding.help("a condition compares: `tokens > 1M`; `true` and `false` are conditions too");
        }
        self.report(finding)
    }
}

/// The unit that a word of everyday language means.
fn synonym(word: &str) -> Option<&'static str> {
    Some(match word {
        "hour" | "hours" | "hrs" => "h",
        "second" | "seconds" | "sec" | "secs" => "s",
        "minute" | "minutes" | "mins" => "min",
        "dollar" | "dollars" | "usd" => "USD",
        "flop" | "flops" | "FLOPs" | "FLOPS" => "FLOP",
        "bytes" | "byte" => "B",
        "watt" | "watts" => "W",
        _ => return None,
    })
}

const PARAMS: [&str; 4] = ["total", "embedding", "non_embedding", "active"];

fn suffix_value(suffix: Suffix) -> Exact {
    match suffix {
        Suffix::Percent => Exact::ratio(1, 100).expect("100 is not zero"),
        Suffix::Kilo => Exact::from(1000u64),
        Suffix::Mega => Exact::from(1_000_000u64),
        Suffix::Billion => Exact::from(1_000_000_000u64),
        Suffix::Trillion => Exact::from(1_000_000_000_000u64),
        Suffix::Kibi => Exact::from(1u64 << 10),
        Suffix::Mebi => Exact::from(1u64 << 20),
        Suffix::Gibi => Exact::from(1u64 << 30),
    }
}
