//! Mixtures drawn around a prior, by the recipe of regression over mixtures (RegMix, Liu et al. 2024): Dirichlet draws whose strengths
//! are spread over the points, with a cap on the ratio to the prior and a floor below which a source is left out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Mixture, billionths};
use crate::corpus::CorpusId;
use crate::random::Stream;

/// How often a draw above the cap is drawn again before its excess is given to the other sources. Arbitrary.
const TRIES: u64 = 200;

/// Draws from a Dirichlet distribution. Point k is a function of (seed, stream, k) and of what each source is declared as: it can be
/// drawn alone, and neither names nor the order of declarations change it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dirichlet {
    /// In the order of their labels.
    sources: Vec<Source>,
    pub points: u64,
    /// Point k has strength number k modulo their number. A draw has the parameters strength × share of the prior: below one most of
    /// a draw is one source, far above it a draw is close to the prior.
    pub strengths: Vec<f64>,
    /// The largest ratio of a share to the prior's, 1 or more.
    pub cap: Option<f64>,
    /// A share below is zero.
    pub floor: f64,
    pub seed: u64,
    pub stream: u64,
}

/// A corpus of the prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DirichletSource")]
pub struct Source {
    pub corpus: CorpusId,
    /// Its share in the prior.
    pub share: f64,
    /// What its draws are keyed by: what it is declared as.
    pub label: u64,
}

impl Dirichlet {
    pub fn new(mut sources: Vec<Source>, points: u64, strengths: Vec<f64>, seed: u64, stream: u64) -> Dirichlet {
        sources.sort_by_key(|source| (source.label, source.corpus));
        Dirichlet { sources, points, strengths, cap: None, floor: 0.0, seed, stream }
    }

    pub fn corpora(&self) -> impl Iterator<Item = CorpusId> {
        self.sources.iter().map(|source| source.corpus)
    }

    /// The same draws of corpora with other numbers.
    #[must_use]
    pub fn renumbered(mut self, number: impl Fn(CorpusId) -> CorpusId) -> Dirichlet {
        self.sources.iter_mut().for_each(|source| source.corpus = number(source.corpus));
        self
    }

    /// The mixture of a point: its shares are whole billionths.
    pub fn mixture(&self, point: u64) -> Mixture {
        let shares = billionths(&self.draw(point));
        let parts = self.sources.iter().zip(shares).map(|(source, share)| (source.corpus, share));
        // Billionths are not negative and sum to one.
        Mixture::new(parts).unwrap_or_else(|_| Mixture::open(self.corpora()))
    }

    /// The weights of a point, in the order of the sources.
    fn draw(&self, point: u64) -> Vec<f64> {
        let strength = self.strengths[(point % self.strengths.len().max(1) as u64) as usize];
        let stream = Stream::new("dirichlet/1", &(self.seed, self.stream)).child(point);
        let mut weights = Vec::new();
        for again in 0..TRIES {
            weights = self.attempt(strength, stream.child(again));
            if !self.exceeds(&weights) {
                return weights;
            }
        }
        self.cut(weights)
    }

    fn attempt(&self, strength: f64, stream: Stream) -> Vec<f64> {
        let log = |source: &Source| log_gamma_draw(strength * source.share, stream.child(source.label));
        let logs: Vec<f64> = self.sources.iter().map(log).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = logs.iter().map(|log| libm::exp(log - largest)).collect();
        normalise(&mut weights);
        let most = weights.iter().copied().fold(0.0, f64::max);
        // The largest stays, so that something does.
        weights.iter_mut().filter(|weight| **weight < self.floor && **weight < most).for_each(|weight| *weight = 0.0);
        normalise(&mut weights);
        weights
    }

    fn limit(&self, source: &Source) -> f64 {
        self.cap.map_or(f64::INFINITY, |cap| cap * source.share)
    }

    fn exceeds(&self, weights: &[f64]) -> bool {
        weights.iter().zip(&self.sources).any(|(weight, source)| *weight > self.limit(source))
    }

    /// Cuts what is above the cap, and gives the excess to the others by the prior, as far as their caps go: a cap of 1 or more leaves room.
    fn cut(&self, mut weights: Vec<f64>) -> Vec<f64> {
        for _ in 0..=self.sources.len() {
            let mut excess = 0.0;
            for (weight, source) in weights.iter_mut().zip(&self.sources) {
                let over = *weight - self.limit(source);
                if over > 0.0 {
                    excess += over;
                    *weight -= over;
                }
            }
            let room = |weight: f64, source: &Source| if weight < self.limit(source) { source.share } else { 0.0 };
            let total: f64 = weights.iter().zip(&self.sources).map(|(weight, source)| room(*weight, source)).sum();
            if excess <= 0.0 || total <= 0.0 {
                break;
            }
            for (weight, source) in weights.iter_mut().zip(&self.sources) {
                *weight += excess * room(*weight, source) / total;
            }
        }
        weights
    }
}

fn normalise(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= sum);
    }
}

/// The logarithm of a draw from a gamma distribution of this shape and scale one, by Marsaglia and Tsang (2000); a shape below one is
/// drawn at one more and multiplied by a uniform number to the power of its inverse.
fn log_gamma_draw(shape: f64, stream: Stream) -> f64 {
    let d = shape + 1.0 - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    let normals = stream.child(0);
    let uniforms = stream.child(1);
    let mut drawn = libm::log(d);
    for i in 0..u64::from(u16::MAX) {
        let x = normals.normal(i);
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let log_v = 3.0 * libm::log(v);
        let u = 1.0 - uniforms.uniform(i);
        if libm::log(u) < 0.5 * x * x + d - d * libm::exp(log_v) + d * log_v {
            drawn = libm::log(d) + log_v;
            break;
        }
    }
    let u = 1.0 - stream.child(2).uniform(0);
    drawn + libm::log(u) / shape.max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::Exact;

    fn prior(shares: &[f64]) -> Vec<Source> {
        let source = |(i, share): (usize, &f64)| Source { corpus: CorpusId(i), share: *share, label: 100 + i as u64 };
        shares.iter().enumerate().map(source).collect()
    }

    fn swarm(strengths: &[f64], points: u64) -> Dirichlet {
        Dirichlet::new(prior(&[0.5, 0.3, 0.15, 0.05]), points, strengths.to_vec(), 17, 0)
    }

    fn shares(mixture: &Mixture) -> Vec<f64> {
        let mut shares = vec![0.0; 4];
        mixture.shares().iter().for_each(|(corpus, share)| shares[corpus.0] = share.to_f64());
        shares
    }

    #[test]
    fn every_draw_sums_to_one_in_whole_billionths() {
        let swarm = swarm(&[0.1, 1.0, 5.0], 300);
        for point in 0..swarm.points {
            let mixture = swarm.mixture(point);
            let sum = mixture.shares().iter().fold(Exact::zero(), |sum, (_, share)| sum.add(share));
            assert_eq!(sum, Exact::one());
            let common = Exact::common_denominator(mixture.shares().iter().map(|(_, share)| share)).unwrap();
            assert!(1_000_000_000u64.is_multiple_of(common));
        }
    }

    #[test]
    fn draws_have_the_mean_and_the_variance_of_their_distribution() {
        let strength = 8.0;
        let swarm = swarm(&[strength], 4000);
        let drawn: Vec<Vec<f64>> = (0..swarm.points).map(|point| shares(&swarm.mixture(point))).collect();
        for (i, prior) in [0.5, 0.3, 0.15, 0.05].into_iter().enumerate() {
            let mean = drawn.iter().map(|d| d[i]).sum::<f64>() / 4000.0;
            let variance = drawn.iter().map(|d| (d[i] - mean).powi(2)).sum::<f64>() / 4000.0;
            // Dirichlet: mean α / α₀, variance m (1 − m) / (α₀ + 1).
            let expected = prior * (1.0 - prior) / (strength + 1.0);
            assert!((mean - prior).abs() < 5.0 * (expected / 4000.0).sqrt(), "{i}: {mean}");
            assert!((variance / expected - 1.0).abs() < 0.15, "{i}: {variance} {expected}");
        }
    }

    #[test]
    fn neither_numbers_nor_the_order_of_sources_change_a_draw() {
        let one = swarm(&[1.0], 10);
        let mut sources = prior(&[0.5, 0.3, 0.15, 0.05]);
        sources.reverse();
        let other = Dirichlet::new(sources, 10, vec![1.0], 17, 0);
        assert_eq!(one.mixture(7), other.mixture(7));
        assert_ne!(one.mixture(7), one.mixture(8));
        assert_ne!(one.mixture(7), Dirichlet { stream: 1, ..one.clone() }.mixture(7));
        assert_ne!(one.mixture(7), Dirichlet { seed: 18, ..one.clone() }.mixture(7));
    }

    #[test]
    fn no_share_is_above_its_cap_or_below_the_floor() {
        for cap in [1.2, 2.0, 15.0] {
            let swarm = Dirichlet { cap: Some(cap), floor: 2e-2, ..swarm(&[0.1, 0.5, 5.0], 200) };
            for point in 0..swarm.points {
                for (drawn, prior) in shares(&swarm.mixture(point)).into_iter().zip([0.5, 0.3, 0.15, 0.05]) {
                    assert!(drawn <= cap * prior + 1e-8, "{point}: {drawn}");
                }
            }
        }
        let floored = Dirichlet { floor: 0.1, ..swarm(&[1.0], 200) };
        for point in 0..200 {
            assert!(shares(&floored.mixture(point)).into_iter().all(|share| share == 0.0 || share >= 0.1));
        }
    }

    #[test]
    fn a_draw_never_changes() {
        let swarm = Dirichlet { cap: Some(15.0), floor: 2e-4, ..swarm(&[0.1, 1.0, 5.0], 512) };
        let text: Vec<String> = swarm.mixture(2).shares().iter().map(|(_, share)| share.to_string()).collect();
        assert_eq!(text.join(" "), GOLDEN);
    }

    const GOLDEN: &str = "167754941/250000000 12721247/1000000000 312450661/1000000000 476041/125000000";
}
