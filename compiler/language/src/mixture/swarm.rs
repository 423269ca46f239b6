//! Lists of mixtures: draws around a prior, and all mixtures in equal steps. Counted first, made when they are needed.

use std::rc::Rc;

use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::key::Key;
use synx_plan::mixture::{Dirichlet, Mixture, Simplex, Source};
use synx_plan::unit::Unit;

use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{List, Named, Swarm, SwarmKind, Value};

/// Most points of a list of draws. Arbitrary: a hundred times what anybody has simulated.
const MOST_POINTS: u64 = 10_000_000;

/// Most strengths that a list of draws goes through.
const MOST_STRENGTHS: usize = 10_000;

impl Compiler<'_> {
    /// `dirichlet(prior, points = 512, strength = …, cap = 15, floor = 2e-4, stream = 1)`.
    pub(crate) fn dirichlet(&mut self, arguments: &Arguments) -> Value {
        let (prior, prior_span) = arguments.required("prior");
        let prior = self.plain_mixture(&prior, prior_span, "draws around");
        let (points, at) = arguments.required("points");
        let points = self.whole(&points, at, Unit::PLAIN, "`points`", (1, MOST_POINTS));
        let strengths = self.strengths(arguments);
        let cap = match arguments.get("cap") {
            None => Some(None),
            Some((cap, at)) => {
                self.plain(&cap, at, "`cap`", "1 or more", |cap| *cap >= Exact::one()).map(|cap| Some(cap.to_f64()))
            }
        };
        let (floor, at) = arguments.required("floor");
        let below_one = |floor: &Exact| !floor.is_negative() && *floor < Exact::one();
        let floor = self.plain(&floor, at, "`floor`", "0 or more and less than 100 %", below_one);
        let (stream, at) = arguments.required("stream");
        let stream = self.whole(&stream, at, Unit::PLAIN, "`stream`", (0, 1 << 53));
        let (Some(prior), Some(points), Some(strengths)) = (prior, points, strengths) else { return Value::Error };
        let (Some(cap), Some(floor), Some(stream)) = (cap, floor, stream) else { return Value::Error };
        let labels = self.declared_as(prior.it.shares().iter().map(|(corpus, _)| *corpus));
        let source = |((corpus, share), label): (&(CorpusId, Exact), Key)| {
            let label = label.as_bytes().iter().take(8).fold(0, |label, byte| label << 8 | u64::from(*byte));
            Source { corpus: *corpus, share: share.to_f64(), label }
        };
        let sources = prior.it.shares().iter().zip(labels).map(source).collect();
        let mut draws = Dirichlet::new(sources, points, strengths, self.settings.seed, stream);
        (draws.cap, draws.floor) = (cap, floor.to_f64());
        let kind = if prior.it.is_open() {
            SwarmKind::Open { corpora: draws.corpora().collect(), points }
        } else {
            SwarmKind::Drawn(draws)
        };
        let stream = if stream == 0 { String::new() } else { format!(", stream = {stream}") };
        Value::List(List::Swarm(Rc::new(Swarm { name: Rc::clone(&prior.name), suffix: stream, kind })))
    }

    /// A strength, or several that the points go through in turn.
    fn strengths(&mut self, arguments: &Arguments) -> Option<Vec<f64>> {
        let (given, at) = arguments.required("strength");
        let values = match &given {
            Value::List(_) => self.elements(&given, at, "`strength`")?,
            _ => Rc::new(vec![given]),
        };
        if values.is_empty() || values.len() > MOST_STRENGTHS {
            let finding = self
                .finding(
                    "E0204",
                    at,
                    format!("`strength` has from 1 to {MOST_STRENGTHS} values"),
                    "too few or too many",
                )
                .help("one number, or a list that the points go through: `geometric(0.1..5, points = 15)`");
            self.report(finding);
            return None;
        }
        let positive = |strength: &Exact| (1e-6..=1e9).contains(&strength.to_f64());
        values
            .iter()
            .map(|value| {
                self.plain(value, at, "`strength`", "from 1e-6 to 1e9", positive).map(|strength| strength.to_f64())
            })
            .collect()
    }

    /// `simplex([a, b, c], step = 5%)`; without a step all of their mixtures, of which `minimize` finds the best.
    pub(crate) fn simplex(&mut self, arguments: &Arguments) -> Value {
        let (list, span) = arguments.required("of");
        let corpora = self.corpora_of(&list, span, "`simplex`");
        let Some((step, at)) = arguments.get("step") else {
            return corpora.map_or(Value::Error, |corpora| Value::Simplex(Rc::new(corpora)));
        };
        let whole = |step: &Exact| step.is_positive() && Exact::one().div(step).is_some_and(|n| n.to_u64().is_some());
        let step = self.plain(&step, at, "`step`", "a whole part of 100 %, as 5 % is", whole);
        let (Some(corpora), Some(step)) = (corpora, step) else { return Value::Error };
        let steps = Exact::one().div(&step).and_then(|steps| steps.to_u64()).unwrap_or(1);
        let name = match &list {
            Value::Family(family) => Rc::clone(&family.name),
            _ => "simplex".into(),
        };
        let names = corpora.iter().map(|(_, name)| Rc::clone(name)).collect();
        let simplex = Simplex { corpora: corpora.into_iter().map(|(id, _)| id).collect(), steps };
        let kind = SwarmKind::Steps { simplex, names };
        Value::List(List::Swarm(Rc::new(Swarm { name, suffix: String::new(), kind })))
    }
}

impl Swarm {
    pub(crate) fn count(&self) -> Exact {
        match &self.kind {
            SwarmKind::Drawn(draws) => Exact::from(draws.points),
            SwarmKind::Open { points, .. } => Exact::from(*points),
            SwarmKind::Steps { simplex, .. } => simplex.count(),
        }
    }

    /// All mixtures, where there are at most `limit`.
    pub(crate) fn expand(&self, limit: u64) -> Option<Vec<Value>> {
        let count = self.count().to_u64().filter(|count| *count <= limit)?;
        let named = |name: String, it: Mixture| Value::Mixture(Rc::new(Named { name: name.into(), it }));
        let point = |point: u64| format!("dirichlet({}, {}{})", self.name, point + 1, self.suffix);
        Some(match &self.kind {
            SwarmKind::Drawn(draws) => (0..count).map(|i| named(point(i), draws.mixture(i))).collect(),
            SwarmKind::Open { corpora, .. } => {
                (0..count).map(|i| named(point(i), Mixture::open(corpora.iter().copied()))).collect()
            }
            SwarmKind::Steps { simplex, names } => {
                let name = |mixture: &Mixture| {
                    let part = |(corpus, share): &(CorpusId, Exact)| {
                        let at = simplex.corpora.iter().position(|known| known == corpus).unwrap_or(0);
                        if *share == Exact::one() {
                            names[at].to_string()
                        } else {
                            format!("{} {}", crate::value::percent(share), names[at])
                        }
                    };
                    mixture.shares().iter().map(part).collect::<Vec<_>>().join(" + ")
                };
                simplex.mixtures(limit)?.into_iter().map(|mixture| named(name(&mixture), mixture)).collect()
            }
        })
    }
}
