//! Corpora that cells write, and how large corpora are.

use std::rc::Rc;

use synx_plan::corpus::{Content, CorpusId};
use synx_plan::exact::Exact;
use synx_plan::grid::{CellId, readable};
use synx_plan::unit::{Amount, Count};

use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{CellValue, Span, Value};

impl Compiler<'_> {
    /// `sampled(cell, tokens = 8M)`.
    pub(crate) fn sampled(&mut self, arguments: &Arguments) -> Value {
        let (cell, at) = arguments.required("cell");
        let tokens = self.tokens_argument(&arguments.required("tokens"));
        let (Some(cell), Some(tokens)) = (self.cell_argument(&cell, at), tokens) else { return Value::Error };
        let name = format!("sampled({}, {})", cell.name, readable(&Exact::from(tokens)));
        let cell = CellId { grid: cell.cell.item, cell: cell.cell.combination };
        self.made(Content::Sampled { cell, tokens }, None, name, arguments.span)
    }

    /// A cell, itself or the only one of its grid.
    pub(crate) fn cell_argument(&mut self, value: &Value, at: Span) -> Option<Rc<CellValue>> {
        match value {
            Value::Cell(cell) | Value::Weights(cell) => Some(Rc::clone(cell)),
            Value::Grid(item) => self.only_cell(*item, at),
            other => {
                self.expected(at, "a cell: `grid[axis = value]`, or an axis over a grid", other);
                None
            }
        }
    }

    /// `size(corpus)`: tokens that may be trained on.
    pub(crate) fn size(&mut self, arguments: &Arguments) -> Value {
        let Some((of, name)) = self.input(arguments.required("of")) else { return Value::Error };
        if let Some(tokens) = self.training_tokens(of) {
            Value::Number(Amount::counted(tokens, Count::Tokens))
        } else {
            self.unscanned = (0..self.corpora.len()).map(|id| self.corpora.get(CorpusId(id)).corpus.clone()).collect();
            let finding = self
                .finding("E0415", arguments.span, format!("how large `{name}` is is not known yet"), "not scanned")
                .help("`synx plan` and `synx run` scan it first; after that `synx check` knows it too");
            self.report(finding)
        }
    }
}
