//! Mixtures: which part of a run's tokens comes from which corpus.

use serde::{Deserialize, Serialize};

use crate::corpus::{CorpusFacts, CorpusId};
use crate::exact::Exact;

/// Shares of tokens in canonical form: every corpus once, in the order of the plan's list, no share of zero, the sum exactly one.
///
/// Two mixtures of equal contents are equal and train once, whatever they were called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mixture {
    shares: Vec<(CorpusId, Exact)>,
}

impl Mixture {
    /// The canonical form of shares: equal corpora are merged, zeros dropped. The sum that was found comes back where it is not one, and
    /// the first corpus whose share is negative.
    pub fn new(parts: impl IntoIterator<Item = (CorpusId, Exact)>) -> Result<Mixture, SharesError> {
        let mut shares: Vec<(CorpusId, Exact)> = Vec::new();
        for (corpus, share) in parts {
            if share.is_negative() {
                return Err(SharesError::Negative(corpus, share));
            }
            match shares.iter_mut().find(|(c, _)| *c == corpus) {
                Some((_, sum)) => *sum = sum.add(&share),
                None => shares.push((corpus, share)),
            }
        }
        shares.retain(|(_, share)| !share.is_zero());
        shares.sort_by_key(|(corpus, _)| *corpus);
        let sum = shares.iter().fold(Exact::zero(), |sum, (_, share)| sum.add(share));
        if sum == Exact::one() { Ok(Mixture { shares }) } else { Err(SharesError::Sum(sum)) }
    }

    /// Corpora and their shares; never empty.
    pub fn shares(&self) -> &[(CorpusId, Exact)] {
        &self.shares
    }

    /// How often a run of `tokens` tokens goes through the training part of each source, in the order of `shares`; `None` where a corpus has not been scanned.
    pub fn epochs(&self, tokens: u64, facts: &[Option<CorpusFacts>]) -> Vec<Option<f64>> {
        let epochs = |(corpus, share): &(CorpusId, Exact)| {
            let there = facts.get(corpus.0)?.as_ref()?.training.tokens;
            (there > 0).then(|| share.to_f64() * tokens as f64 / there as f64)
        };
        self.shares.iter().map(epochs).collect()
    }
}

/// Why shares are no mixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharesError {
    Negative(CorpusId, Exact),
    /// The sum, which is not one.
    Sum(Exact),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> Exact {
        text.parse().unwrap()
    }

    #[test]
    fn equal_contents_are_one_mixture() {
        let a = Mixture::new([(CorpusId(1), share("1/3")), (CorpusId(0), share("2/3"))]).unwrap();
        let b = Mixture::new([
            (CorpusId(0), share("1/3")),
            (CorpusId(2), share("0")),
            (CorpusId(1), share("1/3")),
            (CorpusId(0), share("1/3")),
        ])
        .unwrap();
        assert_eq!(a, b);
    }

    #[test]
    fn shares_sum_to_one_exactly() {
        let off = Mixture::new([(CorpusId(0), share("3/10")), (CorpusId(1), share("7001/10000"))]);
        assert_eq!(off, Err(SharesError::Sum(share("10001/10000"))));
        let negative = Mixture::new([(CorpusId(0), share("3/2")), (CorpusId(1), share("-1/2"))]);
        assert!(matches!(negative, Err(SharesError::Negative(CorpusId(1), _))));
    }
}
