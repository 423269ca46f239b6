//! A cap on how often a run goes through a source.

use super::draw::PARTS;
use super::{Mixture, Phase};
use crate::corpus::CorpusId;
use crate::exact::Exact;

/// All text at the cap is less than the run needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLittleText {
    /// The tokens that the sources have, the cap times over.
    pub there: Exact,
}

impl Mixture {
    /// The mixture for a run of `tokens` tokens in which no source is gone through more than `cap` times: what is too much for a
    /// source goes to the sources below their cap, in proportion to their shares, phase by phase. `there` gives the training tokens of
    /// a corpus.
    ///
    /// Where something is capped the shares are whole billionths, those of capped sources rounded down.
    pub fn capped(&self, cap: &Exact, tokens: u64, there: impl Fn(CorpusId) -> u64) -> Result<Mixture, TooLittleText> {
        let run = Exact::from(tokens);
        let most = |corpus: CorpusId| cap.mul(&Exact::from(there(corpus))).div(&run).unwrap_or_else(Exact::zero);
        // The part of its own share that each capped source keeps.
        let mut kept: Vec<(CorpusId, Exact)> = Vec::new();
        loop {
            let capped = self.with_kept(&kept).ok_or_else(|| TooLittleText {
                there: self.shares.iter().fold(Exact::zero(), |sum, (corpus, _)| sum.add(&most(*corpus).mul(&run))),
            })?;
            let mut more = false;
            for (corpus, share) in capped.shares() {
                let limit = most(*corpus);
                if *share > limit && !kept.iter().any(|(known, _)| known == corpus) {
                    let own = self.shares.iter().find(|(known, _)| known == corpus);
                    let part = own.and_then(|(_, own)| limit.div(own)).unwrap_or_else(Exact::zero);
                    kept.push((*corpus, part));
                    more = true;
                }
            }
            if !more {
                return Ok(if kept.is_empty() { capped } else { capped.rounded(&kept) });
            }
        }
    }

    /// The mixture in which each of `kept` keeps that part of its share and the others take the rest; `None` where a phase has no others.
    fn with_kept(&self, kept: &[(CorpusId, Exact)]) -> Option<Mixture> {
        let part = |corpus: CorpusId| kept.iter().find(|(known, _)| *known == corpus).map(|(_, part)| part);
        let mut phases = Vec::new();
        for phase in self.stretches() {
            let (mut given, mut free) = (Exact::zero(), Exact::zero());
            for (corpus, share) in &phase.shares {
                match part(*corpus) {
                    Some(part) => given = given.add(&share.mul(part)),
                    None => free = free.add(share),
                }
            }
            let left = Exact::one().sub(&given);
            let factor = if free.is_zero() { None } else { left.div(&free) };
            if factor.is_none() && !left.is_zero() {
                return None;
            }
            let shares = phase.shares.iter().map(|(corpus, share)| {
                let by = part(*corpus).or(factor.as_ref());
                (*corpus, by.map_or_else(Exact::zero, |by| share.mul(by)))
            });
            phases.push(Phase { from: phase.from.clone(), shares: super::canonical(shares).ok()? });
        }
        Some(Mixture::of_phases(phases))
    }

    /// The same in whole billionths: capped sources rounded down, what that leaves given to the largest of the others.
    fn rounded(&self, kept: &[(CorpusId, Exact)]) -> Mixture {
        let parts = Exact::from(PARTS);
        let down = |share: &Exact| share.mul(&parts).floor().div(&parts).unwrap_or_else(Exact::zero);
        let round = |phase: Phase| {
            let mut shares: Vec<(CorpusId, Exact)> =
                phase.shares.iter().map(|(corpus, share)| (*corpus, down(share))).collect();
            let sum = shares.iter().fold(Exact::zero(), |sum, (_, share)| sum.add(share));
            let is_capped = |corpus: &CorpusId| kept.iter().any(|(known, _)| known == corpus);
            let largest = (0..shares.len())
                .filter(|&i| !is_capped(&shares[i].0))
                .max_by(|&a, &b| shares[a].1.cmp(&shares[b].1).then(b.cmp(&a)));
            match largest {
                Some(largest) => shares[largest].1 = shares[largest].1.add(&Exact::one().sub(&sum)),
                // All are at their cap and fill the run exactly.
                None => shares.clone_from(&phase.shares),
            }
            Phase { from: phase.from, shares: super::canonical(shares).unwrap_or(phase.shares) }
        };
        Mixture::of_phases(self.stretches().into_iter().map(round).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> Exact {
        text.parse().unwrap()
    }

    fn mixture(shares: &[&str]) -> Mixture {
        Mixture::new(shares.iter().enumerate().map(|(i, text)| (CorpusId(i), share(text)))).unwrap()
    }

    /// Corpora of so many tokens.
    fn there(tokens: &'static [u64]) -> impl Fn(CorpusId) -> u64 {
        move |CorpusId(i)| tokens[i]
    }

    #[test]
    fn what_is_too_much_goes_to_the_others_in_proportion() {
        let four = share("4");
        let plain = mixture(&["1/2", "1/3", "1/6"]);
        assert_eq!(plain.capped(&four, 1200, there(&[1000, 1000, 1000])).unwrap(), plain);
        // The first has 4 × 90 of the 600 tokens that it should give; the other 240 are shared two to one.
        let capped = plain.capped(&four, 1200, there(&[90, 10_000, 10_000])).unwrap();
        let text: Vec<String> = capped.shares().iter().map(|(_, share)| share.short()).collect();
        assert_eq!(text, ["0.3", "0.466666667", "0.233333333"]);
    }

    #[test]
    fn a_source_that_takes_what_others_leave_may_reach_its_cap_too() {
        let plain = mixture(&["1/2", "1/3", "1/6"]);
        let capped = plain.capped(&share("1"), 1200, there(&[90, 500, 10_000])).unwrap();
        for ((_, share), most) in capped.shares().iter().zip([90.0, 500.0, 1200.0]) {
            assert!(share.to_f64() * 1200.0 <= most + 1e-9, "{capped:?}");
        }
        let sum = capped.shares().iter().fold(Exact::zero(), |sum, (_, share)| sum.add(share));
        assert_eq!(sum, Exact::one());
    }

    #[test]
    fn phases_are_capped_over_the_whole_run_and_filled_each_by_itself() {
        let both = Mixture::phased(&mixture(&["1/2", "1/2"]), &mixture(&["9/10", "1/10"]), &share("1/2"));
        let capped = both.capped(&share("1"), 1000, there(&[350, 10_000])).unwrap();
        assert_eq!(capped.shares()[0].1, share("7/20"));
        let first: Vec<String> = capped.phases().iter().map(|phase| phase.shares[0].1.short()).collect();
        assert_eq!(first, ["0.25", "0.45"]);
    }

    #[test]
    fn too_little_text_is_said() {
        let plain = mixture(&["1/2", "1/2"]);
        let short = plain.capped(&share("4"), 1000, there(&[100, 100])).unwrap_err();
        assert_eq!(short.there, share("800"));
    }
}
