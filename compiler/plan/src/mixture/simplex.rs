//! Every mixture of some corpora whose shares are multiples of a step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Mixture;
use crate::corpus::CorpusId;
use crate::exact::Exact;

/// All ways to share a run between corpora in equal steps, in the order in which the first corpus has most first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Simplex {
    pub corpora: Vec<CorpusId>,
    /// How many steps make the whole.
    pub steps: u64,
}

impl Simplex {
    /// How many mixtures there are: the ways to put `steps` parts into so many corpora, (steps + corpora − 1 over corpora − 1).
    pub fn count(&self) -> Exact {
        ways(self.steps, self.corpora.len() as u64)
    }

    /// All of them; `None` where there are more than `limit`.
    pub fn mixtures(&self, limit: u64) -> Option<Vec<Mixture>> {
        self.count().to_u64().filter(|count| *count <= limit)?;
        Some(self.iter().collect())
    }

    /// All of them, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = Mixture> + '_ {
        let mut first = vec![0; self.corpora.len()];
        first.first_mut().into_iter().for_each(|part| *part = self.steps);
        let parts = std::iter::successors((!first.is_empty()).then_some(first), |parts| next(parts));
        parts.filter_map(|parts| {
            let share = |part: u64| Exact::from(part).div(&Exact::from(self.steps));
            let shares = self.corpora.iter().zip(parts).map(|(corpus, part)| Some((*corpus, share(part)?)));
            Mixture::new(shares.collect::<Option<Vec<_>>>()?).ok()
        })
    }

    /// The same of corpora with other numbers.
    #[must_use]
    pub fn renumbered(mut self, number: impl Fn(CorpusId) -> CorpusId) -> Simplex {
        self.corpora.iter_mut().for_each(|corpus| *corpus = number(*corpus));
        self
    }
}

/// The last corpus but one that has a part gives one on, and all behind it go to the next place.
fn next(parts: &[u64]) -> Option<Vec<u64>> {
    let from = (0..parts.len().saturating_sub(1)).rev().find(|&i| parts[i] > 0)?;
    let mut parts = parts.to_vec();
    let behind: u64 = parts[from + 1..].iter().sum();
    parts[from + 1..].fill(0);
    parts[from] -= 1;
    parts[from + 1] = behind + 1;
    Some(parts)
}

/// (parts + places − 1 over places − 1), exactly.
fn ways(parts: u64, places: u64) -> Exact {
    let Some(bars) = places.checked_sub(1) else { return Exact::zero() };
    let (n, k) = (Exact::from(parts).add(&Exact::from(bars)), bars.min(parts));
    let mut ways = Exact::one();
    for i in 0..k {
        let factor = n.sub(&Exact::from(i)).div(&Exact::from(i + 1)).unwrap_or_else(Exact::zero);
        ways = ways.mul(&factor);
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simplex(corpora: usize, steps: u64) -> Simplex {
        Simplex { corpora: (0..corpora).map(CorpusId).collect(), steps }
    }

    #[test]
    fn every_mixture_of_equal_steps_stands_once() {
        let all = simplex(3, 4).mixtures(100).unwrap();
        assert_eq!(all.len(), 15);
        let distinct: std::collections::HashSet<&Mixture> = all.iter().collect();
        assert_eq!(distinct.len(), 15);
        assert_eq!(all[0].shares(), [(CorpusId(0), Exact::one())]);
        assert_eq!(all[14].shares(), [(CorpusId(2), Exact::one())]);
        assert_eq!(simplex(1, 20).mixtures(100).unwrap().len(), 1);
    }

    #[test]
    fn they_are_counted_before_they_are_made() {
        assert_eq!(simplex(3, 20).count().to_u64(), Some(231));
        assert_eq!(simplex(17, 20).count().to_u64(), Some(7_307_872_110));
        assert_eq!(simplex(17, 20).mixtures(1_000_000), None);
        for (corpora, steps) in [(1, 3), (2, 7), (4, 5), (5, 4)] {
            let made = simplex(corpora, steps).mixtures(10_000).unwrap().len() as u64;
            assert_eq!(simplex(corpora, steps).count().to_u64(), Some(made));
        }
    }
}
