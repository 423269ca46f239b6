//! What is known of a corpus while the study is evaluated.

use synx_plan::corpus::{CorpusId, declaration_keys, derive_facts};
use synx_plan::key::Key;

use crate::compiler::Compiler;

impl Compiler<'_> {
    /// The training tokens that the last scan of a corpus found, or that follow from it; `None` where it has not been scanned.
    pub(crate) fn training_tokens(&mut self, id: CorpusId) -> Option<u64> {
        if let Some(known) = self.corpora.facts.get(&id) {
            return *known;
        }
        let corpora = self.corpora.with_inputs(id);
        let mut facts = self.host.facts(&corpora);
        facts.resize(corpora.len(), None);
        derive_facts(&corpora, &mut facts);
        let tokens = facts.pop().flatten().map(|facts| facts.training.tokens);
        self.corpora.facts.insert(id, tokens);
        tokens
    }

    /// What corpora are declared as: equal for equal declarations, whatever they are called and wherever they stand.
    pub(crate) fn declared_as(&self, corpora: impl Iterator<Item = CorpusId>) -> Vec<Key> {
        let key = |id: CorpusId| {
            let declared = self.corpora.with_inputs(id);
            declaration_keys(&declared).pop().flatten().unwrap_or_else(|| Key::of("declaration/1", &id))
        };
        corpora.map(key).collect()
    }
}
