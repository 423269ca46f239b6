//! Mixtures: which part of a run's tokens comes from which corpus.

mod cap;
mod dirichlet;
mod draw;
mod simplex;

pub use cap::TooLittleText;
pub use dirichlet::{Dirichlet, Source};
pub use draw::billionths;
pub use simplex::Simplex;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::AnswerId;
use crate::corpus::{CorpusFacts, CorpusId};
use crate::exact::Exact;

/// Shares of tokens in canonical form: every corpus once, in the order of the plan's list, no share of zero, the sum exactly one.
///
/// Two mixtures of equal contents are equal and train once, whatever they were called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Mixture {
    /// Of the whole run.
    shares: Vec<(CorpusId, Exact)>,
    /// Where the shares change on the way: what holds from the start, and from each switch on. Empty where they do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    phases: Vec<Phase>,
    /// Whether the shares wait for a scan of the corpora. Until then all of them are zero.
    #[serde(default, skip_serializing_if = "is_false")]
    open: bool,
    /// The answer that settles the shares, where a fit does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerId>,
}

/// A stretch of a run with shares of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Phase {
    /// The part of the run after which it begins; zero for the first.
    pub from: Exact,
    pub shares: Vec<(CorpusId, Exact)>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Mixture {
    /// The canonical form of shares: equal corpora are merged, zeros dropped. The sum that was found comes back where it is not one, and
    /// the first corpus whose share is negative.
    pub fn new(parts: impl IntoIterator<Item = (CorpusId, Exact)>) -> Result<Mixture, SharesError> {
        let shares = canonical(parts)?;
        let sum = shares.iter().fold(Exact::zero(), |sum, (_, share)| sum.add(share));
        if sum == Exact::one() {
            Ok(Mixture { shares, phases: Vec::new(), open: false, answer: None })
        } else {
            Err(SharesError::Sum(sum))
        }
    }

    /// A mixture of these corpora whose shares a scan settles.
    pub fn open(corpora: impl IntoIterator<Item = CorpusId>) -> Mixture {
        let mut shares: Vec<(CorpusId, Exact)> = corpora.into_iter().map(|corpus| (corpus, Exact::zero())).collect();
        shares.sort_by_key(|(corpus, _)| *corpus);
        shares.dedup_by_key(|(corpus, _)| *corpus);
        if let [(_, share)] = &mut shares[..] {
            // All of one corpus, whatever it has.
            *share = Exact::one();
            return Mixture { shares, phases: Vec::new(), open: false, answer: None };
        }
        Mixture { shares, phases: Vec::new(), open: true, answer: None }
    }

    /// A mixture of some of these corpora that a fit settles: open until then.
    pub fn late(corpora: impl IntoIterator<Item = CorpusId>, answer: AnswerId) -> Mixture {
        Mixture { answer: Some(answer), ..Mixture::open(corpora) }
    }

    /// The answer that settles the shares, where a fit does.
    pub fn answer(&self) -> Option<AnswerId> {
        self.answer
    }

    /// `early` for the first `switch` of the run's tokens, then `late`. Each may have phases, in which case those of the first are cut at
    /// the switch and those of the second go on from there.
    pub fn phased(early: &Mixture, late: &Mixture, switch: &Exact) -> Mixture {
        if early.open || late.open {
            let corpora = early.shares.iter().chain(&late.shares).map(|(corpus, _)| *corpus);
            return Mixture::open(corpora);
        }
        let mut phases: Vec<Phase> = early.stretches().into_iter().filter(|phase| phase.from < *switch).collect();
        let mut after = late.stretches();
        let at = after.iter().rposition(|phase| phase.from <= *switch).unwrap_or(0);
        after.drain(..at);
        if let Some(first) = after.first_mut() {
            first.from = switch.clone();
        }
        phases.extend(after.into_iter().filter(|phase| phase.from < Exact::one()));
        Mixture::of_phases(phases)
    }

    /// Phases in order, the first from zero on; equal neighbours become one.
    fn of_phases(mut phases: Vec<Phase>) -> Mixture {
        phases.dedup_by(|next, last| next.shares == last.shares);
        let ends: Vec<Exact> = phases.iter().skip(1).map(|phase| phase.from.clone()).chain([Exact::one()]).collect();
        let parts = phases.iter().zip(&ends).flat_map(|(phase, end)| {
            let length = end.sub(&phase.from);
            phase.shares.iter().map(move |(corpus, share)| (*corpus, share.mul(&length))).collect::<Vec<_>>()
        });
        // Each phase sums to one and the lengths do: no share is negative.
        let shares = canonical(parts).unwrap_or_default();
        if phases.len() == 1 {
            phases.clear();
        }
        Mixture { shares, phases, open: false, answer: None }
    }

    /// Corpora and their shares of the whole run; never empty. Zeros where the mixture [is open](Mixture::is_open).
    pub fn shares(&self) -> &[(CorpusId, Exact)] {
        &self.shares
    }

    /// The share of a corpus; 0 where the mixture has none of it.
    pub fn share_of(&self, corpus: CorpusId) -> f64 {
        self.shares.iter().find(|(known, _)| *known == corpus).map_or(0.0, |(_, share)| share.to_f64())
    }

    /// Whether a scan has to settle the shares.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The phases; empty where the shares hold for the whole run.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// The phases; one where the shares hold for the whole run.
    pub fn stretches(&self) -> Vec<Phase> {
        if self.phases.is_empty() {
            return vec![Phase { from: Exact::zero(), shares: self.shares.clone() }];
        }
        self.phases.clone()
    }

    /// The shares by the step that they hold from, for a run of `steps` steps: a switch is moved to the nearest step, and what has no
    /// step is left out.
    pub fn schedule(&self, steps: u64) -> Vec<(u64, Vec<(CorpusId, Exact)>)> {
        let mut schedule: Vec<(u64, Vec<(CorpusId, Exact)>)> = Vec::new();
        for phase in self.stretches() {
            let from = phase.from.mul(&Exact::from(steps)).round().to_u64().unwrap_or(steps);
            if schedule.last().is_some_and(|(last, _)| *last == from) {
                schedule.pop();
            }
            if from < steps || schedule.is_empty() {
                schedule.push((from, phase.shares));
            }
        }
        schedule
    }

    /// The same mixture with other numbers for its corpora.
    #[must_use]
    pub fn renumbered(&self, number: impl Fn(CorpusId) -> CorpusId) -> Mixture {
        let renumber = |shares: &[(CorpusId, Exact)]| {
            let mut shares: Vec<_> = shares.iter().map(|(corpus, share)| (number(*corpus), share.clone())).collect();
            shares.sort_by_key(|(corpus, _)| *corpus);
            shares
        };
        let phases =
            self.phases.iter().map(|phase| Phase { from: phase.from.clone(), shares: renumber(&phase.shares) });
        Mixture { shares: renumber(&self.shares), phases: phases.collect(), open: self.open, answer: self.answer }
    }

    /// How often a run of `tokens` tokens goes through the training part of each source, in the order of `shares`; `None` where a corpus has not been scanned.
    pub fn epochs(&self, tokens: u64, facts: &[Option<CorpusFacts>]) -> Vec<Option<f64>> {
        let epochs = |(corpus, share): &(CorpusId, Exact)| {
            let there = facts.get(corpus.0)?.as_ref()?.training.tokens;
            (there > 0 && !self.open).then(|| share.to_f64() * tokens as f64 / there as f64)
        };
        self.shares.iter().map(epochs).collect()
    }
}

/// Equal corpora merged, zeros dropped, in the order of the plan's list.
fn canonical(parts: impl IntoIterator<Item = (CorpusId, Exact)>) -> Result<Vec<(CorpusId, Exact)>, SharesError> {
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
    Ok(shares)
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

    #[test]
    fn phases_hold_from_their_switch_and_sum_over_the_run() {
        let (a, b) = (CorpusId(0), CorpusId(1));
        let early = Mixture::new([(a, Exact::one())]).unwrap();
        let late = Mixture::new([(a, share("1/2")), (b, share("1/2"))]).unwrap();
        let both = Mixture::phased(&early, &late, &share("4/5"));
        assert_eq!(both.shares(), [(a, share("9/10")), (b, share("1/10"))]);
        let steps: Vec<u64> = both.schedule(101).iter().map(|(from, _)| *from).collect();
        assert_eq!(steps, [0, 81]);
        // A run too short for the second phase has only the first.
        assert_eq!(both.schedule(1), [(0, early.shares().to_vec())]);
        assert_eq!(Mixture::phased(&early, &early, &share("1/2")), early);
        let three = Mixture::phased(&both, &early, &share("9/10"));
        let from: Vec<&Exact> = three.phases().iter().map(|phase| &phase.from).collect();
        assert_eq!(from, [&share("0"), &share("4/5"), &share("9/10")]);
        assert_eq!(
            serde_json::to_string(&early).unwrap(),
            r#"{"shares":[[0,"1"]]}"#,
            "the form of plain mixtures stays"
        );
    }

    #[test]
    fn what_waits_for_a_scan_has_its_corpora_and_no_shares() {
        let open = Mixture::open([CorpusId(2), CorpusId(1), CorpusId(2)]);
        assert_eq!(open.shares(), [(CorpusId(1), Exact::zero()), (CorpusId(2), Exact::zero())]);
        assert_eq!(open.epochs(1000, &[None, None, None]), [None, None]);
        let plain = Mixture::new([(CorpusId(0), Exact::one())]).unwrap();
        assert_eq!(Mixture::phased(&plain, &open, &share("1/2")).shares().len(), 3);
    }
}
