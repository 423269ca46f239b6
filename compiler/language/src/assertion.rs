//! `assert condition because "…"`: what the author of a declaration demands.

use std::rc::Rc;

use synx_grammar::view::{Assert, BinaryOperator as Op, Block, Entry, Expression, UnaryOperator};

use crate::compiler::Compiler;
use crate::diagnostic::Diagnostic;
use crate::late::Late;
use crate::scope::Scope;
use crate::table::Table;
use crate::value::{Span, Value};

/// How many values are shown where one does not hold.
const SHOWN: usize = 8;

impl<'t> Compiler<'t> {
    /// Whether all assertions of a block hold in its scope; those that do not are reported.
    pub(crate) fn assertions(&mut self, block: Block<'t>, scope: &Rc<Scope<'t>>) -> bool {
        let mut all = true;
        for entry in block.entries() {
            if let Entry::Assert(assertion) = entry {
                all &= self.holds(assertion, scope);
            }
        }
        all
    }

    /// Whether an assertion holds; what is not known at its place is not said to be wrong.
    pub(crate) fn holds(&mut self, assertion: Assert<'t>, scope: &Rc<Scope<'t>>) -> bool {
        let Some(condition) = assertion.condition() else { return true };
        let span = self.span(condition.node());
        let value = self.evaluate(condition, scope);
        match self.condition(&value, span) {
            Some(true) => return true,
            Some(false) => {}
            None => return value.is_error(),
        }
        let mut finding = self.broken(assertion, condition, span);
        let mut parts = Vec::new();
        involved(condition, &mut parts);
        for part in parts.into_iter().take(SHOWN) {
            let value = self.quietly(|compiler| compiler.evaluate(part, scope));
            let shown = match &value {
                Value::Error => continue,
                Value::Number(amount) => amount.to_string(),
                other => other.column().0.to_string(),
            };
            let note = format!("`{}` is {shown}", part.text());
            if !finding.notes.contains(&note) {
                finding.notes.push(note);
            }
        }
        self.report(finding);
        false
    }

    /// An assertion that does not hold, in the words of whoever demands it.
    fn broken(&mut self, assertion: Assert<'t>, condition: Expression<'t>, span: Span) -> Diagnostic {
        let reason = assertion.reason().map(synx_grammar::view::Text::value).unwrap_or_default();
        let headline = if reason.is_empty() { format!("`{}` does not hold", condition.text()) } else { reason };
        self.finding("E0120", span, headline.trim_end_matches('.'), "does not hold")
    }

    /// Whether the assertions of a law hold for every row that it is fitted to: over columns that are known before anything runs.
    pub(crate) fn hold_for_rows(&mut self, block: Block<'t>, table: &Rc<Table>, scope: &Rc<Scope<'t>>) -> bool {
        let inside = Scope::of_columns(scope, table);
        let free: Vec<&str> = block
            .entries()
            .filter_map(|entry| if let Entry::Free(free) = entry { Some(free) } else { None })
            .flat_map(|free| free.names().filter_map(synx_grammar::view::FreeName::name).collect::<Vec<_>>())
            .map(synx_grammar::view::Name::text)
            .collect();
        let mut all = true;
        for entry in block.entries() {
            let Entry::Assert(assertion) = entry else { continue };
            let Some(condition) = assertion.condition() else { continue };
            let fitted = crate::grid::scope::free_names(condition.node()).find(|name| free.contains(name));
            all &= match fitted {
                Some(name) => self.not_yet_known(condition, &format!("`{name}` is what a fit settles")),
                None => self.holds_for_rows(assertion, condition, table, &inside),
            };
        }
        all
    }

    fn holds_for_rows(
        &mut self,
        assertion: Assert<'t>,
        condition: Expression<'t>,
        table: &Rc<Table>,
        scope: &Rc<Scope<'t>>,
    ) -> bool {
        let span = self.span(condition.node());
        let value = self.evaluate(condition, scope);
        let lowered = match &value {
            Value::Error => return false,
            Value::Late(late) if matches!(**late, Late::Truth(_)) => self.late_truth(&value, span, "a condition"),
            // Known, and the same for every row.
            _ => return self.holds(assertion, scope),
        };
        let Some(lowered) = lowered else { return false };
        let Some(truths) = self.known_truths(table, &lowered) else {
            return self.not_yet_known(condition, "a run or a file settles it");
        };
        let failing: Vec<usize> = truths.iter().enumerate().filter(|(_, holds)| !**holds).map(|(row, _)| row).collect();
        let Some(first) = failing.first() else { return true };
        let mut finding = self.broken(assertion, condition, span);
        finding.notes.push(format!("not for {} of the {} rows of {}", failing.len(), truths.len(), table.name));
        for name in lowered.columns().into_iter().take(SHOWN) {
            if let Some(value) = self.known(table, name).and_then(|values| values.get(*first).cloned()) {
                finding.notes.push(format!("`{name}` is {value} in the first of them"));
            }
        }
        self.report(finding);
        false
    }

    /// Reports an assertion about what is not known before anything runs.
    fn not_yet_known(&mut self, condition: Expression<'t>, why: &str) -> bool {
        let span = self.span(condition.node());
        let finding = self
            .finding("E0654", span, "an assertion is decided before anything runs", why)
            .help("what results decide is claimed: `claim name = …`, beside the declarations");
        self.report(finding);
        false
    }
}

/// The parts of a condition whose values say why it does not hold: the sides of its comparisons, and in those the names.
fn involved<'t>(condition: Expression<'t>, parts: &mut Vec<Expression<'t>>) {
    match condition.without_parens() {
        Expression::Binary(binary) => {
            let compares = matches!(
                binary.operator(),
                Op::Equal | Op::NotEqual | Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual | Op::In
            );
            for side in [binary.left(), binary.right()].into_iter().flatten() {
                if compares && matches!(side.without_parens(), Expression::Binary(_)) {
                    parts.push(side);
                }
                involved(side, parts);
            }
        }
        Expression::Unary(unary) if unary.operator() == UnaryOperator::Not => {
            unary.operand().into_iter().for_each(|operand| involved(operand, parts));
        }
        part @ (Expression::Name(_) | Expression::Access(_) | Expression::Call(_) | Expression::Index(_)) => {
            parts.push(part);
        }
        _ => {}
    }
}
