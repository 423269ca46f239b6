//! Mixtures by function.

use synx_plan::exact::Exact;

use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::Value;

impl Compiler<'_> {
    /// `uniform([a, b, c])`: equal shares.
    pub(crate) fn uniform(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let Some(items) = self.elements(&list, span, "`uniform`") else { return Value::Error };
        let Some(share) = Exact::one().div(&Exact::from(items.len() as u64)) else {
            let finding = self.finding("E0304", span, "`uniform` of an empty list is no mixture", "nothing to mix");
            return self.report(finding);
        };
        let weight = crate::operator::Placed {
            value: Value::Number(synx_plan::unit::Amount::plain(share)),
            span: arguments.span,
        };
        let mut sum: Option<crate::operator::Placed> = None;
        for item in items.iter() {
            let item = crate::operator::Placed { value: item.clone(), span };
            let value = self.weigh(&weight, &item, arguments.span);
            if value.is_error() {
                return Value::Error;
            }
            let weighed = crate::operator::Placed { value, span: arguments.span };
            sum = Some(match sum {
                None => weighed,
                Some(sum) => crate::operator::Placed {
                    value: self.add_shares(&sum, &weighed, arguments.span),
                    span: arguments.span,
                },
            });
        }
        let value = sum.map_or(Value::Error, |sum| sum.value);
        self.mixture(&value, arguments.span).map_or(Value::Error, Value::Mixture)
    }
}
