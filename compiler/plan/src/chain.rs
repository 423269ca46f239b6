//! Keys of corpora and of cells that are made from each other: a cell that starts from the weights of another, a corpus that a cell writes.

use std::collections::{BTreeMap, BTreeSet};

use crate::corpus::{Content, CorpusId, Measure, corpus_key, sampled_key, scored_key};
use crate::grid::{Cell, CellId};
use crate::key::Key;
use crate::study::Plan;
use crate::training::{Base, state_key};

/// The keys that others are made of; `None` where files have not been scanned, and for all that is made from them.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    corpora: BTreeMap<CorpusId, Option<Key>>,
    /// Of the weights that runs end with: of those cells that others are made from.
    states: BTreeMap<CellId, Option<Key>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Link {
    Corpus(CorpusId),
    State(CellId),
}

impl Chain {
    /// The keys of all corpora of a plan, and of all cells that others are made from.
    pub(crate) fn new(plan: &Plan) -> Chain {
        let mut chain = Chain::default();
        let starts = plan.cells().filter_map(|(_, _, cell)| cell.start).collect::<BTreeSet<_>>();
        let corpora = (0..plan.corpora.len()).map(|id| Link::Corpus(CorpusId(id)));
        let mut open: Vec<Link> = corpora.chain(starts.into_iter().map(Link::State)).rev().collect();
        // Not a recursion: a chain may be as long as a grid has rounds.
        let mut begun: BTreeSet<Link> = BTreeSet::new();
        while let Some(link) = open.pop() {
            if chain.has(link) {
                continue;
            }
            let missing: Vec<Link> = links(plan, link).into_iter().filter(|link| !chain.has(*link)).collect();
            // The compiler refuses circles; in a plan from elsewhere what leads back to itself has no key.
            if missing.is_empty() || !begun.insert(link) {
                chain.add(plan, link);
            } else {
                open.push(link);
                open.extend(missing);
            }
        }
        chain
    }

    pub(crate) fn corpus(&self, id: CorpusId) -> Option<Key> {
        self.corpora.get(&id).copied().flatten()
    }

    pub(crate) fn state(&self, cell: CellId) -> Option<Key> {
        self.states.get(&cell).copied().flatten()
    }

    fn has(&self, link: Link) -> bool {
        match link {
            Link::Corpus(id) => self.corpora.contains_key(&id),
            Link::State(cell) => self.states.contains_key(&cell),
        }
    }

    fn add(&mut self, plan: &Plan, link: Link) {
        match link {
            Link::Corpus(id) => {
                let key = self.corpus_key(plan, id);
                self.corpora.insert(id, key);
            }
            Link::State(id) => {
                let key = cell(plan, id).and_then(|cell| {
                    let stream = Base::of(plan, self, cell, None)?.key();
                    Some(state_key(stream, &plan.recipe(cell).pieces(plan.steps(cell))))
                });
                self.states.insert(id, key);
            }
        }
    }

    fn corpus_key(&self, plan: &Plan, id: CorpusId) -> Option<Key> {
        let corpus = plan.corpora.get(id.0)?;
        let bytes_hash = plan.facts.get(id.0).and_then(|facts| facts.as_ref()?.bytes_hash);
        match &corpus.content {
            Content::Sampled { cell, tokens } => Some(sampled_key(self.state(*cell)?, *tokens)),
            Content::Score { of, by: Measure::Perplexity(cell) } => {
                Some(scored_key(self.corpus(*of)?, self.state(*cell)?))
            }
            Content::Files(_) if bytes_hash.is_none() => None,
            _ => {
                let inputs: Option<BTreeMap<CorpusId, Key>> =
                    corpus.inputs().into_iter().map(|input| Some((input, self.corpus(input)?))).collect();
                let inputs = inputs?;
                Some(corpus_key(corpus, bytes_hash.as_ref(), |input| inputs[&input]))
            }
        }
    }
}

/// What the key of a link is made of.
fn links(plan: &Plan, link: Link) -> Vec<Link> {
    match link {
        Link::Corpus(id) => match plan.corpora.get(id.0) {
            Some(corpus) => {
                let inputs = corpus.inputs().into_iter().map(Link::Corpus);
                inputs.chain(corpus.content.cell().map(Link::State)).collect()
            }
            None => Vec::new(),
        },
        Link::State(id) => match cell(plan, id) {
            Some(cell) => {
                let corpora = plan.mixture(cell).shares().iter().map(|(corpus, _)| Link::Corpus(*corpus));
                corpora.chain(cell.start.map(Link::State)).collect()
            }
            None => Vec::new(),
        },
    }
}

fn cell(plan: &Plan, id: CellId) -> Option<&Cell> {
    plan.grids.get(id.grid as usize)?.cells.get(id.cell as usize)
}
