//! A built corpus: its tokens and facts.

use synx_plan::corpus::{CorpusFacts, Part};
use synx_plan::key::Key;

use crate::tokens::Tokens;

/// The tokens of a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltCorpus {
    pub key: Key,
    pub facts: CorpusFacts,
    /// Everything that is not held out: each document followed by its end.
    pub training: Tokens,
    pub heldout: Tokens,
}

impl BuiltCorpus {
    /// The tokens of a part; `All` is the training part, then the held-out part.
    pub fn part(&self, part: Part) -> Tokens {
        match part {
            Part::Training => self.training.clone(),
            Part::Heldout => self.heldout.clone(),
            Part::All if self.heldout.is_empty() => self.training.clone(),
            Part::All => [self.training.as_bytes(), self.heldout.as_bytes()].concat().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synx_plan::corpus::PartFacts;

    fn example() -> BuiltCorpus {
        BuiltCorpus {
            key: Key::of("test/1", &1),
            facts: CorpusFacts {
                bytes_hash: Some(Key::of("test/1", &2)),
                training: PartFacts { documents: 2, tokens: 9, bytes: 7 },
                heldout: PartFacts { documents: 1, tokens: 4, bytes: 3 },
            },
            training: b"one\xFFfour\xFF".to_vec().into(),
            heldout: b"two\xFF".to_vec().into(),
        }
    }

    #[test]
    fn parts_are_training_heldout_and_both() {
        let built = example();
        assert_eq!(built.part(Part::Training).as_bytes(), b"one\xFFfour\xFF");
        assert_eq!(built.part(Part::Heldout).as_bytes(), b"two\xFF");
        assert_eq!(built.part(Part::All).as_bytes(), b"one\xFFfour\xFFtwo\xFF");
    }
}
