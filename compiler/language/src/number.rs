//! Numbers where they are wanted: units, ranges, whole numbers.

use synx_plan::exact::Exact;
use synx_plan::unit::{Amount, Unit};

use crate::compiler::Compiler;
use crate::value::{Span, Value};

impl Compiler<'_> {
    /// The amount that must stand here.
    pub(crate) fn amount(&mut self, value: &Value, span: Span, what: &str) -> Option<Amount> {
        match value {
            Value::Number(amount) => Some(amount.clone()),
            Value::List(_) => {
                self.list_for_one(span, what);
                None
            }
            other => {
                self.expected(span, &format!("a number for {what}"), other);
                None
            }
        }
    }

    /// A list stands where one value is wanted.
    pub(crate) fn list_for_one(&mut self, span: Span, what: &str) {
        let finding =
            self.finding("E0401", span, format!("a list stands where {what} wants one value"), "a list").help(
                "to try every value of a list, make it an axis of the grid: `axis name = [ … ]`, and use `name` here",
            );
        self.report(finding);
    }

    /// A number in `unit`; a bare number takes the label of its place.
    pub(crate) fn in_unit(&mut self, value: &Value, span: Span, unit: Unit, what: &str) -> Option<Exact> {
        let amount = self.amount(value, span, what)?;
        if amount.unit == unit || (amount.unit.is_plain() && unit.is_dimensionless()) {
            return Some(amount.value);
        }
        let wanted = if unit.is_plain() { "is a plain number".to_owned() } else { format!("is counted in {unit}") };
        let (found, help) = if amount.unit.is_plain() {
            ("and this is a plain number".to_owned(), format!("give the number its unit: `… {unit}`"))
        } else {
            let found = format!("not in {}", amount.unit);
            (found, "divide by the unit, or write the number in the unit that is wanted".to_owned())
        };
        let finding =
            self.finding("E0202", span, format!("{what} {wanted}, {found}"), format!("this is {amount}")).help(help);
        self.report(finding);
        None
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn whole(
        &mut self,
        value: &Value,
        span: Span,
        unit: Unit,
        what: &str,
        (least, most): (u64, u64),
    ) -> Option<u64> {
        let number = self.in_unit(value, span, unit, what)?;
        let whole = number.to_u64().filter(|whole| (least..=most).contains(whole));
        if whole.is_none() {
            let range = format!("a whole number from {} to {}", bound(least), bound(most));
            self.not_in_range(span, what, &number, &range);
        }
        whole
    }

    /// A plain number for which `fits` holds; `range` says which those are.
    pub(crate) fn plain(
        &mut self,
        value: &Value,
        span: Span,
        what: &str,
        range: &str,
        fits: impl Fn(&Exact) -> bool,
    ) -> Option<Exact> {
        let number = self.in_unit(value, span, Unit::PLAIN, what)?;
        if fits(&number) {
            return Some(number);
        }
        self.not_in_range(span, what, &number, range);
        None
    }

    /// Reports a number outside of what its place takes.
    pub(crate) fn not_in_range(&mut self, span: Span, what: &str, number: &Exact, range: &str) -> Value {
        let shown = synx_plan::grid::readable(number);
        let finding = self.finding("E0204", span, format!("{what} must be {range}"), format!("this is {shown}"));
        self.report(finding)
    }

    /// Reports two amounts that cannot be put together.
    pub(crate) fn units_differ(&mut self, span: Span, what: &str, left: &Amount, right: &Amount) -> Value {
        self.two_units(span, what, left.unit, right.unit, format!("{left} and {right}"))
    }

    /// Reports two units that do not go together.
    pub(crate) fn two_units(&mut self, span: Span, what: &str, left: Unit, right: Unit, shown: String) -> Value {
        let name = |unit: Unit| if unit.is_plain() { "a plain number".to_owned() } else { format!("in {unit}") };
        let headline = format!("{what} have different units: one is {}, the other {}", name(left), name(right));
        let help = match (left.is_plain(), right.is_plain()) {
            (true, false) => format!("write the plain number in {right}, or divide the other side by `1 {right}`"),
            (false, true) => format!("write the plain number in {left}, or divide the other side by `1 {left}`"),
            _ if left.count.is_some() && right.count.is_some() => {
                "products drop the labels of counted things: `1 * model.params` is a plain number".to_owned()
            }
            _ => "what is measured in different units is neither added nor compared: divide one by the other first"
                .to_owned(),
        };
        let finding = self.finding("E0202", span, headline, shown).help(help);
        self.report(finding)
    }

    /// The value of a function without an exact one, rounded to 15 digits.
    pub(crate) fn rounded(&mut self, value: f64, span: Span, what: &str) -> Option<Exact> {
        let exact = Exact::from_f64_rounded(value);
        if exact.is_none() {
            let finding = self
                .finding("E0205", span, format!("{what} has no value here"), "no number comes out")
                .help("check the numbers that go in: a logarithm wants more than 0, a root 0 or more");
            self.report(finding);
        }
        exact
    }
}

fn bound(number: u64) -> String {
    synx_plan::grid::readable(&Exact::from(number))
}
