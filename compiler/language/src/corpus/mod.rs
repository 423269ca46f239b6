//! Corpora: files, the built-in world, random processes, and what is made from them.

mod declare;
mod facts;
mod family;
mod files;
mod filter;
mod pipeline;
mod source;
mod written;

pub(crate) use family::Family;

use crate::map::HashMap;
use std::rc::Rc;

use synx_plan::corpus::{Content, Corpus, CorpusId};
use synx_plan::exact::Exact;
use synx_plan::grid::CellId;
use synx_plan::problem::Origin;

use crate::compiler::Compiler;
use crate::value::{Span, Value};

/// The corpora that evaluation has met, each once; inputs before what is made from them.
#[derive(Default)]
pub(crate) struct Corpora {
    entries: Vec<Entry>,
    index: HashMap<String, CorpusId>,
    /// What was asked of the last scan: training tokens, where they are known.
    facts: HashMap<CorpusId, Option<u64>>,
}

pub(crate) struct Entry {
    pub corpus: Corpus,
    /// Where it was declared or made.
    pub span: Span,
    /// Whether no declaration has given it a name yet.
    anonymous: bool,
}

/// What may not be told apart by keys: so many documents, tokens and symbols are beyond anything that is read or made.
const MANY: u64 = 1_000_000_000_000_000;

impl Corpora {
    /// The number of a corpus of this content; a known one if there is one.
    fn intern(
        &mut self,
        content: Content,
        heldout: Option<Exact>,
        name: String,
        origin: Origin,
        span: Span,
    ) -> CorpusId {
        let key = serde_json::to_string(&(&content, &heldout)).unwrap_or_default();
        if let Some(known) = self.index.get(&key) {
            return *known;
        }
        let id = CorpusId(self.entries.len());
        let corpus = Corpus { name, content, heldout, price: None, origin: Some(origin) };
        self.entries.push(Entry { corpus, span, anonymous: true });
        self.index.insert(key, id);
        id
    }

    pub(crate) fn get(&self, id: CorpusId) -> &Entry {
        &self.entries[id.0]
    }

    /// What a token of a corpus costs, in USD.
    pub(crate) fn token_price(&self, id: CorpusId) -> Exact {
        self.entries[id.0].corpus.token_price()
    }

    /// Says what a token of a corpus costs, in USD.
    pub(crate) fn set_price(&mut self, id: CorpusId, price: Exact) {
        self.entries[id.0].corpus.price = Some(price);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn name(&self, id: CorpusId) -> Rc<str> {
        self.entries[id.0].corpus.name.as_str().into()
    }

    /// The corpus whose documents a corpus's documents belong to.
    pub(crate) fn anchor(&self, id: CorpusId) -> CorpusId {
        match &self.entries[id.0].corpus.content {
            content if content.is_anchored() => content.of().map_or(id, |of| self.anchor(of)),
            _ => id,
        }
    }

    /// Gives the cell that writes a corpus its numbers in the plan.
    pub(crate) fn number_sample(&mut self, id: CorpusId, number: CellId) {
        self.entries[id.0].corpus.content.set_cell(number);
    }

    /// A corpus and all that it is made from, numbered by themselves, itself last.
    fn with_inputs(&self, id: CorpusId) -> Vec<Corpus> {
        let mut chain = vec![id];
        while let Some(of) = chain.last().and_then(|id| self.entries[id.0].corpus.content.of()) {
            chain.push(of);
        }
        chain.reverse();
        let corpora = chain.iter().enumerate().map(|(place, id)| {
            let mut corpus = self.entries[id.0].corpus.clone();
            corpus.content.set_of(CorpusId(place.saturating_sub(1)));
            corpus
        });
        corpora.collect()
    }

    /// Gives a corpus the name of its declaration, unless an earlier one has.
    fn declare(&mut self, id: CorpusId, name: &str, origin: Origin, span: Span) {
        let entry = &mut self.entries[id.0];
        if entry.anonymous {
            name.clone_into(&mut entry.corpus.name);
            entry.corpus.origin = Some(origin);
            entry.span = span;
            entry.anonymous = false;
        }
    }
}

impl Compiler<'_> {
    pub(crate) fn made(&mut self, content: Content, heldout: Option<Exact>, name: String, span: Span) -> Value {
        let origin = self.origin(span);
        let id = self.corpora.intern(content, heldout, name.clone(), origin, span);
        Value::Corpus(id, name.into())
    }

    #[allow(clippy::option_option, reason = "the outer one is a mistake, the inner one a part that is not held out")]
    /// The held-out part: none where it is not given; nothing at all where it is wrong.
    fn heldout(&mut self, given: Option<(Value, Span)>) -> Option<Option<Exact>> {
        let Some((value, span)) = given else { return Some(None) };
        if matches!(&value, Value::Text(word) if &**word == "none") {
            return Some(None);
        }
        let range = "more than 0 and less than 100 %";
        let fits = |part: &Exact| part.is_positive() && *part < Exact::one();
        self.plain(&value, span, "`heldout`", range, fits).map(Some)
    }

    /// A corpus that must stand here as the input of another.
    pub(crate) fn input(&mut self, given: (Value, Span)) -> Option<(CorpusId, Rc<str>)> {
        match given.0 {
            Value::Corpus(id, name) => Some((id, name)),
            Value::Domain(_, _, name) => {
                self.heldout_trained(given.1, &name);
                None
            }
            Value::Mixture(_) | Value::Shares(_) => {
                let finding = self
                    .finding("E0201", given.1, "expected a corpus, found a mixture", "a mixture")
                    .help("make the corpus first, and mix afterwards");
                self.report(finding);
                None
            }
            other => {
                self.expected(given.1, "a corpus", &other);
                None
            }
        }
    }
}
