//! What is made from a corpus by choosing among its documents: parts, the best of them, each once, repetitions.

use std::rc::Rc;

use synx_plan::corpus::{Content, CorpusId, Measure, Order};
use synx_plan::exact::Exact;
use synx_plan::grid::CellId;
use synx_plan::unit::{Count, Unit};

use super::MANY;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{Named, Span, Value, percent};

/// How often a corpus may be repeated as a whole. Arbitrary.
const MOST_TIMES: u64 = 1_000_000;

impl Compiler<'_> {
    pub(crate) fn tokens_argument(&mut self, given: &(Value, Span)) -> Option<u64> {
        self.whole(&given.0, given.1, Unit::counted(Count::Tokens), "`tokens`", (1, MANY))
    }

    /// A share: a plain number above 0, up to 1.
    fn share_of(&mut self, given: &(Value, Span), what: &str) -> Option<Exact> {
        self.plain(&given.0, given.1, what, "more than 0 and at most 100 %", |part| {
            part.is_positive() && *part <= Exact::one()
        })
    }

    /// `take(8M)`, `take(50%)`.
    pub(crate) fn take(&mut self, arguments: &Arguments) -> Value {
        let input = self.input(arguments.required("of"));
        let amount = arguments.required("tokens");
        let share = match &amount.0 {
            Value::Number(number) => number.unit.is_plain() && number.value <= Exact::one(),
            _ => false,
        };
        let (content, shown) = if share {
            let Some(share) = self.share_of(&amount, "`take`") else { return Value::Error };
            let Some((of, _)) = &input else { return Value::Error };
            let shown = percent(&share);
            // All of a corpus is the corpus.
            if share == Exact::one() {
                return arguments.required("of").0;
            }
            (Content::TakeShare { of: *of, share }, shown)
        } else {
            let (Some((of, _)), Some(tokens)) = (&input, self.tokens_argument(&amount)) else { return Value::Error };
            (Content::Take { of: *of, tokens }, synx_plan::grid::readable(&Exact::from(tokens)))
        };
        let Some((of, name)) = input else { return Value::Error };
        self.chosen(of, content, format!("take({name}, {shown})"), arguments.span)
    }

    /// `repeat(4)`: the documents that many times over.
    pub(crate) fn repeat_corpus(&mut self, arguments: &Arguments) -> Value {
        let input = self.input(arguments.required("of"));
        let (times, at) = arguments.required("times");
        let times = self.whole(&times, at, Unit::PLAIN, "`times`", (1, MOST_TIMES));
        let (Some((of, name)), Some(times)) = (input, times) else { return Value::Error };
        if times == 1 {
            return arguments.required("of").0;
        }
        self.chosen(of, Content::Repeat { of, times }, format!("repeat({name}, {times})"), arguments.span)
    }

    /// `dedup()`: each text once.
    pub(crate) fn dedup(&mut self, arguments: &Arguments) -> Value {
        let Some((of, name)) = self.input(arguments.required("of")) else { return Value::Error };
        self.chosen(of, Content::Dedup { of }, format!("dedup({name})"), arguments.span)
    }

    /// `keep(top = 40%, by = score)`: the first part in an order.
    pub(crate) fn keep(&mut self, arguments: &Arguments) -> Value {
        let (given, at) = arguments.required("of");
        let input = self.input((given.clone(), at));
        let top = self.share_of(&arguments.required("top"), "`top`");
        let (by, by_span) = arguments.required("by");
        let (Some((of, name)), Some(top), Value::Text(word)) = (input, top, by) else { return Value::Error };
        let by = match &*word {
            "score" => Order::Score,
            "random" => Order::Random,
            _ => Order::Length,
        };
        if by == Order::Score && !self.is_scored(of) {
            let finding = self
                .finding("E0328", by_span, format!("the documents of `{name}` have no score"), "by which score?")
                .label(self.label(at, "not scored"))
                .help("score them first: `web |> score(by = perplexity(of = reference[tokens = 8M]))`");
            return self.report(finding);
        }
        if top == Exact::one() {
            return given;
        }
        let shown = format!("keep({name}, {}, {word})", percent(&top));
        self.chosen(of, Content::Keep { of, top, by }, shown, arguments.span)
    }

    /// Whether the documents of a corpus were scored, or chosen from such.
    pub(super) fn is_scored(&self, id: CorpusId) -> bool {
        match &self.corpora.get(id).corpus.content {
            Content::Score { .. } => true,
            Content::Take { of, .. }
            | Content::TakeShare { of, .. }
            | Content::Dedup { of }
            | Content::Filter { of, .. }
            | Content::Keep { of, .. } => self.is_scored(*of),
            _ => false,
        }
    }

    /// `perplexity(of = reference[tokens = 8M])`: what a trained model makes of a document.
    pub(crate) fn perplexity(&mut self, arguments: &Arguments) -> Value {
        let (cell, at) = arguments.required("of");
        let Some(cell) = self.cell_argument(&cell, at) else { return Value::Error };
        let it = Measure::Perplexity(CellId { grid: cell.cell.item, cell: cell.cell.combination });
        Value::Measure(Rc::new(Named { name: format!("perplexity({})", cell.name).into(), it }))
    }

    /// `score(by = perplexity(of = reference[tokens = 8M]))`: the same documents, each with a score.
    pub(crate) fn score(&mut self, arguments: &Arguments) -> Value {
        let input = self.input(arguments.required("of"));
        let (by, at) = arguments.required("by");
        let Value::Measure(by) = &by else {
            return self.expected(at, "what to score by: `perplexity(of = reference[tokens = 8M])`", &by);
        };
        let Some((of, name)) = input else { return Value::Error };
        self.chosen(of, Content::Score { of, by: by.it }, format!("score({name}, {})", by.name), arguments.span)
    }

    /// A corpus of documents of another, whose held-out part is the same.
    pub(super) fn chosen(&mut self, of: CorpusId, content: Content, name: String, span: Span) -> Value {
        let entry = self.corpora.get(of);
        let (heldout, price) = (entry.corpus.heldout.clone(), entry.corpus.price.clone());
        let made = self.made(content, heldout, name, span);
        if let (Value::Corpus(id, _), Some(price)) = (&made, price) {
            self.corpora.set_price(*id, price);
        }
        made
    }
}
