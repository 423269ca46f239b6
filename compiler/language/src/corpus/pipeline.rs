//! What is made from a corpus by choosing among its documents: parts, repetitions.

use synx_plan::corpus::Content;
use synx_plan::exact::Exact;
use synx_plan::unit::{Count, Unit};

use super::MANY;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{Span, Value};

impl Compiler<'_> {
    pub(crate) fn tokens_argument(&mut self, given: &(Value, Span)) -> Option<u64> {
        if let (Value::Number(amount), span) = given
            && amount.unit.is_plain()
            && amount.value.is_positive()
            && amount.value < Exact::one()
        {
            let finding = self
                .finding("E0109", *span, "a share of a corpus is not part of this version yet", "less than one token")
                .help("say how many tokens: `take(8M)`");
            self.report(finding);
            return None;
        }
        self.whole(&given.0, given.1, Unit::counted(Count::Tokens), "`tokens`", (1, MANY))
    }

    pub(crate) fn take(&mut self, arguments: &Arguments) -> Value {
        let input = self.input(arguments.required("of"));
        let tokens = self.tokens_argument(&arguments.required("tokens"));
        let (Some((of, name)), Some(tokens)) = (input, tokens) else { return Value::Error };
        let shown = synx_plan::grid::readable(&Exact::from(tokens));
        let heldout = self.corpora.get(of).corpus.heldout.clone();
        self.made(Content::Take { of, tokens }, heldout, format!("take({name}, {shown})"), arguments.span)
    }
}
