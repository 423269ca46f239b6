//! The tokens that a run needs: built once, kept in the store, cut into training streams and evaluation domains.

use std::collections::BTreeMap;
use std::path::Path;

use synx_corpus::{BuiltCorpus, EvaluationRows, Options, SourceView, Sources, Stream};
use synx_plan::corpus::{CorpusId, Part};
use synx_plan::exact::Exact;
use synx_plan::grid::{Domain, Evaluation};
use synx_plan::key::Key;
use synx_plan::mixture::Mixture;
use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_store::{CorpusTokens, Writer};
use synx_train::DomainRows;

use crate::progress::{Event, Progress};

/// The corpora of a plan, built when they are asked for.
pub(crate) struct Corpora<'a> {
    plan: &'a Plan,
    keys: Vec<Option<Key>>,
    sources: Sources<'a>,
    built: BTreeMap<CorpusId, BuiltCorpus>,
}

impl<'a> Corpora<'a> {
    pub(crate) fn new(plan: &'a Plan, folder: &Path, allow_outside: bool) -> Corpora<'a> {
        let options = Options { allow_outside, ..Options::default() };
        let sources = Sources::new(folder, &plan.corpora, options);
        Corpora { plan, keys: plan.corpus_keys(), sources, built: BTreeMap::new() }
    }

    /// The key of a corpus by the plan's facts.
    pub(crate) fn key(&self, id: CorpusId) -> Result<Key, Problem> {
        self.keys.get(id.0).copied().flatten().ok_or_else(|| {
            let name = self.plan.corpora.get(id.0).map_or("", |corpus| corpus.name.as_str());
            Problem::new("E0975", format!("corpus `{name}` has not been scanned"))
        })
    }

    /// The tokens of a corpus: from memory, from the store, or built and put there.
    pub(crate) fn get(
        &mut self,
        id: CorpusId,
        writer: &Writer,
        progress: &mut dyn Progress,
    ) -> Result<&BuiltCorpus, Problem> {
        if !self.built.contains_key(&id) {
            let key = self.key(id)?;
            let built = match writer.corpus(&key)? {
                Some(CorpusTokens { facts, training, heldout }) => {
                    BuiltCorpus { key, facts, training: training.into(), heldout: heldout.into() }
                }
                None => self.build(id, key, writer, progress)?,
            };
            self.built.insert(id, built);
        }
        Ok(&self.built[&id])
    }

    fn build(
        &self,
        id: CorpusId,
        key: Key,
        writer: &Writer,
        progress: &mut dyn Progress,
    ) -> Result<BuiltCorpus, Problem> {
        let corpus = &self.plan.corpora[id.0];
        progress.tell(Event::Building { corpus: corpus.name.clone() });
        let built = self.sources.build(id)?;
        if built.key != key {
            return Err(Problem::new(
                "E0976",
                format!("the files of corpus `{}` changed after they were scanned", corpus.name),
            )
            .help("run again when nothing writes to them")
            .at(corpus.origin.as_ref()));
        }
        writer.save_corpus(&key, &built.facts, [built.training.as_bytes(), built.heldout.as_bytes()])?;
        Ok(built)
    }

    /// The order in which a run of that many steps of `rows` sequences sees the data of a mixture.
    pub(crate) fn stream(
        &mut self,
        mixture: &Mixture,
        (steps, rows): (u64, u64),
        context: u64,
        replicate: u32,
        writer: &Writer,
        progress: &mut dyn Progress,
    ) -> Result<Stream, Problem> {
        // By key, as keys of training have them: the order of declarations is no part of a study's meaning.
        let schedule = mixture.schedule(steps);
        let mut sources: Vec<(Key, CorpusId)> = Vec::new();
        for (id, _) in schedule.iter().flat_map(|(_, shares)| shares) {
            sources.push((self.key(*id)?, *id));
        }
        sources.sort();
        sources.dedup();
        let mut views = Vec::with_capacity(sources.len());
        for (key, id) in &sources {
            let name = self.plan.corpora[id.0].name.clone();
            let tokens = self.get(*id, writer, progress)?.training.clone();
            views.push(SourceView { key: *key, name, tokens });
        }
        let share = |shares: &[(CorpusId, Exact)], id: CorpusId| {
            let given = shares.iter().find(|(corpus, _)| *corpus == id);
            given.map_or_else(Exact::zero, |(_, share)| share.clone())
        };
        let phases: Vec<(u64, Vec<Exact>)> = schedule
            .iter()
            .map(|(from, shares)| (from * rows, sources.iter().map(|(_, id)| share(shares, *id)).collect()))
            .collect();
        Stream::with_phases(views, &phases, context as usize, self.plan.study.seed, u64::from(replicate))
    }

    /// The rows of a domain for models of a context.
    pub(crate) fn domain(
        &mut self,
        domain: &DomainId,
        name: &str,
        context: u64,
        writer: &Writer,
        progress: &mut dyn Progress,
    ) -> Result<Rows, Problem> {
        let tokens = self.get(domain.corpus, writer, progress)?.part(domain.part);
        let rows = EvaluationRows::new(name, tokens, context as usize, Some(domain.tokens));
        rows.map(Rows).map_err(|problem| problem.at(self.plan.corpora[domain.corpus.0].origin.as_ref()))
    }
}

/// A domain as evaluations mean it, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DomainId {
    pub corpus: CorpusId,
    pub part: Part,
    /// At most about so many tokens.
    pub tokens: u64,
}

impl DomainId {
    pub(crate) fn new(evaluation: &Evaluation, domain: &Domain) -> DomainId {
        DomainId { corpus: domain.corpus, part: domain.part, tokens: evaluation.tokens }
    }

    /// What a result on this domain is found by, beside the state and the class.
    pub(crate) fn key(&self, corpus: &Key) -> Key {
        Key::of("domain/1", &(corpus, self.part, self.tokens))
    }
}

/// Rows of an evaluation, as training takes them.
pub(crate) struct Rows(EvaluationRows);

impl Rows {
    pub(crate) fn text_bytes(&self) -> u64 {
        self.0.text_bytes()
    }
}

impl DomainRows for Rows {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn fill(&self, first: usize, inputs: &mut [u32], targets: &mut [u32], weights: &mut [f32]) {
        self.0.fill(first, inputs, targets, weights);
    }
}
