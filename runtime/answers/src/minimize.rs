//! `minimize`: of many mixtures the one for which a law predicts the least.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use synx_plan::answer::{Answer, Argument, Question};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression, Name};
use synx_plan::mixture::{Mixture, billionths};
use synx_plan::study::Plan;
use synx_tables::evaluate;

use crate::ask::{Asked, At, argument};
use crate::settled::{Beside, BestMixture, Pass, Unsettled, Value};
use crate::simplex::{Limits, SIDES, minimise, minimise_near};

/// Predictions for the choices of all draws of all answers together, at most: of many candidates fewer draws tell how shares spread. Arbitrary: seconds.
const MOST_PREDICTED: usize = 4_000_000;

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

/// What a choice has to keep to.
struct Conditions<'a> {
    under: Option<&'a Expression>,
    /// The most that the share of each corpus may be.
    most: Option<BTreeMap<usize, f64>>,
}

/// What was chosen, and from what.
struct Choice {
    mixture: Mixture,
    corpora: BTreeSet<usize>,
    /// How many predictions it took; where shares may be any, how many it takes near the best.
    predictions: usize,
}

impl BestMixture {
    /// Whether a draw chooses again.
    pub(crate) fn is_chosen_anew(&self, draw: u64, plan: &Plan) -> bool {
        let is_choice =
            |answer: &&Answer| matches!(&answer.question, Question::Call { function, .. } if function == "minimize");
        let choices = plan.answers.iter().filter(is_choice).count().max(1);
        (draw as usize + 1).saturating_mul(self.predictions) <= MOST_PREDICTED / choices
    }
}

impl Pass<'_> {
    /// The best of the candidates, or the mean of the `top` best. In a draw: what is predicted for the mixture that was chosen, and what would have been chosen
    /// by the law of the draw.
    pub fn minimize(&mut self, place: usize, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let (asked, at) = (self.asked(arguments)?, self.at(arguments)?);
        let columns = Shares::new(self.plan);
        let predicted = |mixture: &[(CorpusId, Exact)]| {
            asked.fitted.predict(&asked.group, &|name| columns.of(mixture, name).or_else(|| asked.value(&at, name)))
        };
        if let Some(draw) = self.draw() {
            let Some(Ok(Value::Mixture(chosen))) = self.estimate(place) else {
                return Err(Unsettled::new("no mixture was chosen"));
            };
            let mut chosen = chosen.clone();
            chosen.predicted = predicted(chosen.mixture.shares());
            chosen.beside.iter_mut().for_each(|beside| beside.predicted = predicted(&beside.shares));
            chosen.anew = chosen.is_chosen_anew(draw, self.plan).then(|| {
                let near: Vec<f64> = chosen.corpora.iter().map(|corpus| chosen.mixture.share_of(*corpus)).collect();
                let choice = self.choose(arguments, &asked, &at, &columns, &predicted, Some(&near));
                let share = |corpus| choice.as_ref().map_or(f64::NAN, |choice| choice.mixture.share_of(corpus));
                chosen.corpora.iter().map(|corpus| share(*corpus)).collect()
            });
            return Ok(Value::Mixture(chosen));
        }
        let Choice { mixture, corpora, predictions } =
            self.choose(arguments, &asked, &at, &columns, &predicted, None)?;
        let allowed = self.allowed(arguments, &asked, &at, &columns)?;
        let beside = self.baselines(&corpora).into_iter().map(|(name, shares)| Beside {
            name,
            predicted: predicted(&shares),
            allowed: allowed(&shares),
            shares,
        });
        let beside = beside.collect();
        let predicted = predicted(mixture.shares());
        let corpora = corpora.into_iter().map(CorpusId).collect();
        Ok(Value::Mixture(Box::new(BestMixture { predicted, beside, mixture, corpora, predictions, anew: None })))
    }

    /// The choice; in a draw `near` what was chosen by the data as they are, whose shares stand in the order of the corpora's numbers.
    fn choose(
        &self,
        arguments: &[(String, Argument)],
        asked: &Asked,
        at: &At,
        columns: &Shares,
        predicted: &dyn Fn(&Parts) -> f64,
        near: Option<&[f64]>,
    ) -> Result<Choice, Unsettled> {
        let over = argument(arguments, "over").ok_or_else(|| Unsettled::new("no mixtures are given to choose from"))?;
        if let Argument::Shares(corpora) = over {
            return self.best_shares(asked, at, corpora, &self.conditions(arguments)?, near);
        }
        let top = match argument(arguments, "top") {
            Some(Argument::Expression(top)) => self.value_of(top)?.max(1.0) as usize,
            _ => 1,
        };
        let allowed = self.allowed(arguments, asked, at, columns)?;
        best_candidate(over.candidates(&self.plan.mixtures), top, predicted, &allowed)
    }

    /// Whether a mixture keeps to the conditions.
    fn allowed<'a>(
        &'a self,
        arguments: &'a [(String, Argument)],
        asked: &'a Asked,
        at: &'a At,
        columns: &'a Shares,
    ) -> Result<impl Fn(&Parts) -> bool + 'a, Unsettled> {
        let conditions = self.conditions(arguments)?;
        Ok(move |shares: &Parts| {
            let holds = |condition: &Expression| {
                let value = evaluate(condition, &|name| match name {
                    Name::Column(name) => columns.of(shares, name).or_else(|| asked.value(at, name)),
                    Name::Answer(answer) => self.number(answer),
                    _ => None,
                });
                value.is_some_and(|value| value != 0.0)
            };
            let within = |most: &BTreeMap<usize, f64>| {
                shares
                    .iter()
                    .all(|(corpus, share)| most.get(&corpus.0).is_none_or(|most| share.to_f64() <= most + 1e-9))
            };
            conditions.under.is_none_or(holds) && conditions.most.as_ref().is_none_or(within)
        })
    }

    fn conditions<'a>(&self, arguments: &'a [(String, Argument)]) -> Result<Conditions<'a>, Unsettled> {
        let expression = |name: &str| match argument(arguments, name) {
            Some(Argument::Expression(expression)) => Some(expression),
            _ => None,
        };
        let most = match (expression("cap_epochs"), expression("budget"), argument(arguments, "over")) {
            (Some(cap), Some(tokens), Some(over)) => {
                let (cap, tokens) = (self.value_of(cap)?, self.value_of(tokens)?);
                let corpora: BTreeSet<usize> = match over {
                    Argument::Shares(corpora) => corpora.iter().map(|corpus| corpus.0).collect(),
                    _ => over
                        .candidates(&self.plan.mixtures)
                        .flat_map(|mixture| mixture.shares().iter().map(|(corpus, _)| corpus.0).collect::<Vec<_>>())
                        .collect(),
                };
                let most = corpora.into_iter().map(|corpus| {
                    let there = self.there(corpus).ok_or_else(|| {
                        let name = &self.plan.corpora[corpus].name;
                        Unsettled::new(format!("how much text `{name}` has is not known before a scan"))
                    })?;
                    Ok((corpus, cap * there / tokens))
                });
                Some(most.collect::<Result<_, Unsettled>>()?)
            }
            _ => None,
        };
        Ok(Conditions { under: expression("under"), most })
    }

    /// The tokens that may be trained on of a corpus, where it was scanned.
    fn there(&self, corpus: usize) -> Option<f64> {
        self.plan.facts.get(corpus)?.as_ref().map(|facts| facts.training.tokens as f64)
    }

    /// The best of all shares of some corpora.
    fn best_shares(
        &self,
        asked: &Asked,
        at: &At,
        corpora: &[CorpusId],
        conditions: &Conditions,
        near: Option<&[f64]>,
    ) -> Result<Choice, Unsettled> {
        let columns = Shares::new(self.plan);
        let share_of = |shares: &[f64], name: &str| {
            let corpus = columns.0.get(name)?;
            Some(corpora.iter().position(|known| known.0 == *corpus).map_or(0.0, |place| shares[place]))
        };
        let names: Vec<String> =
            corpora.iter().map(|corpus| format!("share[{}]", self.plan.corpora[corpus.0].name)).collect();
        let moving: Vec<&str> = names.iter().map(String::as_str).collect();
        let calls = Cell::new(0usize);
        let function = |shares: &[f64]| {
            calls.set(calls.get() + 1);
            let of = |name: &str| share_of(shares, name).or_else(|| asked.value(at, name));
            asked.fitted.slopes(&asked.group, &moving, &of)
        };
        let number = |shares: &[f64], side: &Expression| {
            evaluate(side, &|name| match name {
                Name::Column(name) => share_of(shares, name).or_else(|| asked.value(at, name)),
                Name::Answer(answer) => self.number(answer),
                _ => None,
            })
            .ok_or_else(|| Unsettled::new("`under` has no value"))
        };
        let mut limits = Limits::none(corpora.len());
        if let Some(most) = &conditions.most {
            limits.most = corpora.iter().map(|corpus| most.get(&corpus.0).map_or(1.0, |most| most.min(1.0))).collect();
        }
        if let Some(under) = conditions.under {
            sums(under, corpora.len(), &number, &mut limits.sums)?;
        }
        let numbers: BTreeSet<usize> = corpora.iter().map(|corpus| corpus.0).collect();
        let near: Option<Vec<f64>> = near.map(|near| {
            let share =
                |corpus: &CorpusId| numbers.iter().position(|known| *known == corpus.0).map(|place| near[place]);
            corpora.iter().map(|corpus| share(corpus).unwrap_or(0.0)).collect()
        });
        let best = match &near {
            Some(near) => minimise_near(corpora.len(), &function, &limits, near),
            None => minimise(corpora.len(), &function, &limits),
        };
        let best = best.ok_or_else(|| {
            Unsettled::new("no shares meet `under` and `cap_epochs`, or the law has no value where they do")
        })?;
        let weights =
            corpora.iter().map(|corpus| corpus.0).zip(best.shares).filter(|(_, share)| *share > 0.0).collect();
        let mixture = Mixture::new(shares(&weights)).map_err(|_| Unsettled::new("the best shares are no mixture"))?;
        // Each call gives a slope for every source beside the prediction; near the best one start serves in the place of one a source.
        let starts = 1 + corpora.len().min(SIDES);
        let predictions = (calls.get() * (corpora.len() + 1) / starts).max(1);
        Ok(Choice { mixture, corpora: numbers, predictions })
    }

    /// The shares that one would take without a law: even ones, what there is of each corpus, and where corpora are of families even ones of these, each
    /// in proportion within.
    fn baselines(&self, corpora: &BTreeSet<usize>) -> Vec<(&'static str, Vec<(CorpusId, Exact)>)> {
        let even = corpora.iter().map(|corpus| (*corpus, 1.0)).collect();
        let mut all = vec![("uniform", shares(&even))];
        let tokens: Option<BTreeMap<usize, f64>> =
            corpora.iter().map(|corpus| Some((*corpus, self.there(*corpus).filter(|tokens| *tokens > 0.0)?))).collect();
        let Some(tokens) = tokens else { return all };
        all.push(("proportional", shares(&tokens)));
        // `pile.arxiv` is of the family `pile`; a corpus of no family stands for itself.
        let family = |corpus: usize| {
            let name = self.plan.corpora[corpus].name.as_str();
            name.split_once('.').map_or(name, |(family, _)| family)
        };
        let mut families: BTreeMap<&str, f64> = BTreeMap::new();
        tokens.iter().for_each(|(corpus, tokens)| *families.entry(family(*corpus)).or_default() += tokens);
        if families.len() > 1 && families.len() < corpora.len() {
            let within = tokens.iter().map(|(corpus, tokens)| (*corpus, tokens / families[family(*corpus)])).collect();
            all.push(("stratified", shares(&within)));
        }
        all
    }

    /// What so many tokens of a mixture cost, whose shares a scan or a fit settles.
    pub fn price(&self, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let (Some(Argument::Mixture(mixture)), Some(Argument::Expression(tokens))) =
            (argument(arguments, "data"), argument(arguments, "tokens"))
        else {
            return Err(Unsettled::new("no mixture and no budget are given"));
        };
        let (mixture, tokens) = (self.settled_mixture(*mixture)?, self.value_of(tokens)?);
        let price = |(corpus, share): &(CorpusId, Exact)| {
            share.to_f64() * tokens * self.plan.corpora[corpus.0].token_price().to_f64()
        };
        Ok(Value::Number(mixture.shares().iter().map(price).sum()))
    }
}

/// A number where shares are these.
type NumberAt<'a> = dyn Fn(&[f64], &Expression) -> Result<f64, Unsettled> + 'a;

/// Corpora with their shares.
type Parts = [(CorpusId, Exact)];

/// A condition as sums of shares that are at most a number: each side is linear, which the compiler checked, so that its weights are what it gains from one
/// share after the other.
fn sums(
    condition: &Expression,
    sources: usize,
    number: &NumberAt,
    found: &mut Vec<(Vec<f64>, f64)>,
) -> Result<(), Unsettled> {
    let nothing = vec![0.0; sources];
    let (operator, left, right) = match condition {
        Expression::Binary { operator: Binary::And, left, right } => {
            sums(left, sources, number, found)?;
            return sums(right, sources, number, found);
        }
        Expression::Binary { operator, left, right }
            if matches!(operator, Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual) =>
        {
            (*operator, left, right)
        }
        // The same for all shares.
        known => {
            if number(&nothing, known)? == 0.0 {
                found.push((vec![0.0; sources], -1.0));
            }
            return Ok(());
        }
    };
    let excess = |shares: &[f64]| Ok(number(shares, left)? - number(shares, right)?);
    let sign = if matches!(operator, Binary::Less | Binary::LessOrEqual) { 1.0 } else { -1.0 };
    let without = excess(&nothing)?;
    let weights = (0..sources).map(|source| {
        let mut all = nothing.clone();
        all[source] = 1.0;
        Ok(sign * (excess(&all)? - without))
    });
    found.push((weights.collect::<Result<_, Unsettled>>()?, -sign * without));
    Ok(())
}

/// Of candidates the best, or the mean of the `top` best.
fn best_candidate(
    candidates: impl Iterator<Item = Mixture>,
    top: usize,
    predicted: &dyn Fn(&Parts) -> f64,
    allowed: &dyn Fn(&Parts) -> bool,
) -> Result<Choice, Unsettled> {
    // The best so far, the worst of them on top.
    let mut best: BinaryHeap<Candidate> = BinaryHeap::new();
    let (mut count, mut left_out) = (0, 0);
    let mut corpora = BTreeSet::new();
    for (number, mixture) in candidates.enumerate() {
        if mixture.is_open() {
            return Err(Unsettled::new("the shares of the mixtures to choose from wait for a scan"));
        }
        count += 1;
        corpora.extend(mixture.shares().iter().map(|(corpus, _)| corpus.0));
        if !allowed(mixture.shares()) {
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
            _ if left_out == count => format!("none of the {count} mixtures meets `under` and `cap_epochs`"),
            _ => format!(
                "{left_out} of {count} mixtures do not meet `under` and `cap_epochs`, and for none of the others the law has a value"
            ),
        }));
    }
    let best: Vec<Mixture> = best.into_sorted_vec().into_iter().map(|candidate| candidate.mixture).collect();
    Ok(Choice { mixture: mean(&best)?, corpora, predictions: count })
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
