//! Corpora that cells write, and how large corpora are.

use std::rc::Rc;

use synx_plan::corpus::{Content, Corpus, CorpusId};
use synx_plan::exact::Exact;
use synx_plan::grid::{CellId, readable};
use synx_plan::unit::{Amount, Count};

use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::Value;

impl Compiler<'_> {
    /// `sampled(cell, tokens = 8M)`.
    pub(crate) fn sampled(&mut self, arguments: &Arguments) -> Value {
        let (cell, at) = arguments.required("cell");
        let tokens = self.tokens_argument(&arguments.required("tokens"));
        let cell = match &cell {
            Value::Cell(cell) | Value::Weights(cell) => Rc::clone(cell),
            Value::Grid(item) => match self.only_cell(*item, at) {
                Some(cell) => cell,
                None => return Value::Error,
            },
            other => return self.expected(at, "a cell: `grid[axis = value]`, or an axis over a grid", other),
        };
        let Some(tokens) = tokens else { return Value::Error };
        let name = format!("sampled({}, {})", cell.name, readable(&Exact::from(tokens)));
        let cell = CellId { grid: cell.cell.item, cell: cell.cell.combination };
        self.made(Content::Sampled { cell, tokens }, None, name, arguments.span)
    }

    /// `size(corpus)`: tokens that may be trained on.
    pub(crate) fn size(&mut self, arguments: &Arguments) -> Value {
        let Some((of, name)) = self.input(arguments.required("of")) else { return Value::Error };
        let corpora: Vec<Corpus> =
            (0..self.corpora.len()).map(|id| self.corpora.get(CorpusId(id)).corpus.clone()).collect();
        let known = self.host.facts(&corpora).get(of.0).cloned().flatten();
        match known {
            Some(facts) => Value::Number(Amount::counted(facts.training.tokens, Count::Tokens)),
            None => {
                self.unscanned = corpora;
                let finding = self
                    .finding("E0415", arguments.span, format!("how large `{name}` is is not known yet"), "not scanned")
                    .help("`synx plan` and `synx run` scan it first; after that `synx check` knows it too");
                self.report(finding)
            }
        }
    }
}
