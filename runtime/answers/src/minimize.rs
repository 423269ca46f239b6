//! `minimize`: of many mixtures the one for which a law predicts the least.

use std::collections::{BTreeMap, BinaryHeap};

use synx_plan::answer::Argument;
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression::Name;
use synx_plan::mixture::{Mixture, billionths};
use synx_plan::study::Plan;
use synx_tables::evaluate;

use crate::ask::argument;
use crate::settled::{BestMixture, Pass, Unsettled, Value};

/// A candidate that was predicted: less is better, of equals the first.
#[derive(Debug)]
struct Candidate {
    predicted: f64,
    number: usize,
    mixture: Mixture,
}

impl Candidate {
    fn order(&self) -> (f64, usize) {
        (self.predicted, self.number)
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Candidate) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Candidate) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Candidate) -> std::cmp::Ordering {
        let ((a, i), (b, j)) = (self.order(), other.order());
        a.total_cmp(&b).then(i.cmp(&j))
    }
}

/// Shares of a mixture by the columns that laws read them in: `share[web]`.
struct Shares(BTreeMap<String, usize>);

impl Shares {
    fn new(plan: &Plan) -> Shares {
        Shares(plan.corpora.iter().enumerate().map(|(i, corpus)| (format!("share[{}]", corpus.name), i)).collect())
    }

    /// The share that a column is of; zero for a corpus that the mixture does not have; nothing for another column.
    fn of(&self, mixture: &[(CorpusId, Exact)], column: &str) -> Option<f64> {
        let corpus = self.0.get(column)?;
        let share = mixture.iter().find(|(known, _)| known.0 == *corpus);
        Some(share.map_or(0.0, |(_, share)| share.to_f64()))
    }
}

impl Pass<'_> {
    /// The best of the candidates, or the mean of the `top` best. In a draw: what is predicted for the mixture that was chosen.
    pub fn minimize(&mut self, place: usize, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let (asked, at) = (self.asked(arguments)?, self.at(arguments)?);
        let columns = Shares::new(self.plan);
        let predicted = |mixture: &[(CorpusId, Exact)]| {
            asked.fitted.predict(&asked.group, &|name| columns.of(mixture, name).or_else(|| asked.value(&at, name)))
        };
        if self.draw().is_some() {
            let Some(Ok(Value::Mixture(chosen))) = self.estimate(place) else {
                return Err(Unsettled::new("no mixture was chosen"));
            };
            return Ok(Value::Number(predicted(chosen.mixture.shares())));
        }
        let over = argument(arguments, "over").ok_or_else(|| Unsettled::new("no mixtures are given to choose from"))?;
        let under = match argument(arguments, "under") {
            Some(Argument::Expression(condition)) => Some(condition),
            _ => None,
        };
        let allowed = |mixture: &Mixture| {
            under.is_none_or(|condition| {
                let holds = evaluate(condition, &|name| match name {
                    Name::Column(name) => columns.of(mixture.shares(), name).or_else(|| asked.value(&at, name)),
                    Name::Answer(answer) => self.number(answer),
                    _ => None,
                });
                holds.is_some_and(|holds| holds != 0.0)
            })
        };
        let top = match argument(arguments, "top") {
            Some(Argument::Expression(top)) => self.value_of(top)?.max(1.0) as usize,
            _ => 1,
        };
        // The best so far, the worst of them on top.
        let mut best: BinaryHeap<Candidate> = BinaryHeap::new();
        let (mut count, mut left_out) = (0, 0);
        let mut corpora: BTreeMap<usize, f64> = BTreeMap::new();
        for (number, mixture) in over.candidates(&self.plan.mixtures).enumerate() {
            if mixture.is_open() {
                return Err(Unsettled::new("the shares of the mixtures to choose from wait for a scan"));
            }
            count += 1;
            mixture.shares().iter().for_each(|(corpus, _)| {
                corpora.entry(corpus.0).or_insert(1.0);
            });
            if !allowed(&mixture) {
                left_out += 1;
                continue;
            }
            let candidate = Candidate { predicted: predicted(mixture.shares()), number, mixture };
            if candidate.predicted.is_nan() {
                continue;
            }
            if best.len() < top {
                best.push(candidate);
            } else if best.peek().is_some_and(|worst| candidate < *worst) {
                best.pop();
                best.push(candidate);
            }
        }
        if best.is_empty() {
            return Err(Unsettled::new(match left_out {
                0 => "the law has no value for any of the mixtures".to_owned(),
                _ => format!(
                    "`under` leaves out {left_out} of {count} mixtures, and for none of the others the law has a value"
                ),
            }));
        }
        let best: Vec<Mixture> = best.into_sorted_vec().into_iter().map(|candidate| candidate.mixture).collect();
        let mixture = mean(&best)?;
        let beside = self.baselines(&corpora);
        let beside = beside.into_iter().map(|(name, shares)| (name, predicted(&shares))).collect();
        let best = BestMixture { predicted: predicted(mixture.shares()), beside, mixture };
        Ok(Value::Mixture(Box::new(best)))
    }

    /// The shares that one would take without a law: even ones, and what there is of each corpus.
    fn baselines(&self, even: &BTreeMap<usize, f64>) -> Vec<(&'static str, Vec<(CorpusId, Exact)>)> {
        let mut all = vec![("uniform", shares(even))];
        let there = |corpus: usize| self.plan.facts.get(corpus)?.as_ref().map(|facts| facts.training.tokens as f64);
        let weights: Option<BTreeMap<usize, f64>> =
            even.keys().map(|corpus| Some((*corpus, there(*corpus).filter(|tokens| *tokens > 0.0)?))).collect();
        all.extend(weights.map(|weights| ("proportional", shares(&weights))));
        all
    }
}

/// Weights of corpora as shares.
fn shares(weights: &BTreeMap<usize, f64>) -> Vec<(CorpusId, Exact)> {
    let shares = billionths(&weights.values().copied().collect::<Vec<_>>());
    weights.keys().map(|corpus| CorpusId(*corpus)).zip(shares).collect()
}

/// The mean of mixtures, share by share.
fn mean(mixtures: &[Mixture]) -> Result<Mixture, Unsettled> {
    if let [only] = mixtures {
        return Ok(only.clone());
    }
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (corpus, share) in mixtures.iter().flat_map(Mixture::shares) {
        *sums.entry(corpus.0).or_default() += share.to_f64();
    }
    Mixture::new(shares(&sums)).map_err(|_| Unsettled::new("the best mixtures have no mean"))
}
