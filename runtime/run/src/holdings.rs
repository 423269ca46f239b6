//! What the store holds of a plan in the numerics classes of one device: which segments are trained, and how every cell stands.

use std::collections::BTreeMap;
use std::rc::Rc;

use synx_plan::executor::NumericsClass;
use synx_plan::grid::Cell;
use synx_plan::key::Key;
use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_store::{EvaluationRecord, SegmentRecord, Store};

use crate::corpora::DomainId;

/// Records in reach of a plan, each read and verified once.
pub(crate) struct Holdings<'a> {
    pub plan: &'a Plan,
    pub training: &'a Training,
    store: &'a Store,
    /// The device's, in f32.
    class: &'a NumericsClass,
    corpus_keys: Vec<Option<Key>>,
    /// The segments of the plan by their keys.
    segments: BTreeMap<Key, usize>,
    records: BTreeMap<Key, Option<Rc<SegmentRecord>>>,
}

/// How a cell stands.
pub(crate) enum Standing {
    /// Results on its evaluation's domains, in their order.
    Done {
        chain: Vec<Rc<SegmentRecord>>,
        results: Vec<EvaluationRecord>,
    },
    /// At this optimiser step, from zero.
    Diverged {
        chain: Vec<Rc<SegmentRecord>>,
        step: u64,
    },
    Missing {
        why: String,
    },
}

impl<'a> Holdings<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        training: &'a Training,
        store: &'a Store,
        class: &'a NumericsClass,
    ) -> Holdings<'a> {
        Holdings {
            plan,
            training,
            store,
            class,
            corpus_keys: plan.corpus_keys(),
            segments: training.segments.iter().enumerate().map(|(i, s)| (s.key, i)).collect(),
            records: BTreeMap::new(),
        }
    }

    /// The class of what a segment's cells compute.
    pub(crate) fn class(&self, segment: usize) -> NumericsClass {
        class_of(self.plan, self.training, segment, self.class)
    }

    fn record(&mut self, key: &Key, class: &NumericsClass) -> Result<Option<Rc<SegmentRecord>>, Problem> {
        if let Some(known) = self.records.get(key) {
            return Ok(known.clone());
        }
        let steps = |r: &SegmentRecord| r.diverged.unwrap_or(r.end).min(r.end).saturating_sub(r.start);
        let found = self.store.segment(key, class)?.filter(|r| r.curve.len() as u64 == steps(r));
        let found = found.map(Rc::new);
        self.records.insert(*key, found.clone());
        Ok(found)
    }

    /// The records from a fresh initialisation to a state, as they were trained; `None` where one is missing. The plan may cut the chain elsewhere.
    fn chain(&mut self, key: &Key, class: &NumericsClass) -> Result<Option<Vec<Rc<SegmentRecord>>>, Problem> {
        let mut chain: Vec<Rc<SegmentRecord>> = Vec::new();
        let mut next = Some(*key);
        while let Some(key) = next {
            let Some(record) = self.record(&key, class)? else { return Ok(None) };
            // A record that does not lead towards the beginning would lead in circles.
            if chain.last().is_some_and(|after| record.end != after.start) || record.start >= record.end {
                return Ok(None);
            }
            next = record.parent;
            chain.push(record);
        }
        chain.reverse();
        Ok(Some(chain).filter(|chain| chain.first().is_some_and(|first| first.start == 0)))
    }

    /// Whether a segment needs no training: it is on record, and so is all before it, or that is the plan's and will be.
    pub(crate) fn is_trained(&mut self, segment: usize) -> Result<bool, Problem> {
        let class = self.class(segment);
        let mut at = self.training.segments[segment].key;
        loop {
            let Some(record) = self.record(&at, &class)? else { return Ok(false) };
            match record.parent {
                None => return Ok(record.start == 0),
                Some(parent) if self.segments.contains_key(&parent) => return Ok(true),
                Some(parent) => at = parent,
            }
        }
    }

    /// The segment at or before this one that diverged, and its step.
    pub(crate) fn diverged(&mut self, segment: usize) -> Result<Option<(usize, u64)>, Problem> {
        let class = self.class(segment);
        let mut found = None;
        let mut at = Some(segment);
        while let Some(segment) = at {
            let key = self.training.segments[segment].key;
            let record = self.record(&key, &class)?;
            found = record.and_then(|record| record.diverged).map(|step| (segment, step)).or(found);
            at = self.training.segments[segment].parent;
        }
        Ok(found)
    }

    /// The result of a state on a domain.
    pub(crate) fn result(&self, segment: usize, domain: &DomainId) -> Result<Option<EvaluationRecord>, Problem> {
        let Some(corpus) = &self.corpus_keys[domain.corpus.0] else { return Ok(None) };
        self.store.evaluation(&self.training.segments[segment].key, &self.class(segment), &domain.key(corpus))
    }

    /// How a cell stands; none where it has no key.
    pub(crate) fn standing(&mut self, grid: usize, number: usize, cell: &Cell) -> Result<Option<Standing>, Problem> {
        let segment = self.training.ends[grid][number];
        segment.map(|segment| self.standing_at(segment, cell)).transpose()
    }

    /// How a cell stands that ends at a segment's end.
    fn standing_at(&mut self, segment: usize, cell: &Cell) -> Result<Standing, Problem> {
        let class = self.class(segment);
        let missing = |why: String| Ok(Standing::Missing { why });
        if let Some((at, step)) = self.diverged(segment)? {
            let key = self.training.segments[at].key;
            let chain = self.chain(&key, &class)?.unwrap_or_default();
            return Ok(Standing::Diverged { chain, step });
        }
        let key = self.training.segments[segment].key;
        let Some(chain) = self.chain(&key, &class)? else {
            let steps = self.plan.steps(cell);
            return missing(match self.reached(segment)? {
                0 => "not trained yet".to_owned(),
                reached => format!("trained up to step {reached} of {steps}"),
            });
        };
        let evaluation = self.plan.evaluation(cell);
        let mut results = Vec::with_capacity(evaluation.domains.len());
        for domain in &evaluation.domains {
            match self.result(segment, &DomainId::new(evaluation, domain))? {
                Some(result) => results.push(result),
                None => return missing(format!("trained, but not evaluated on {}", domain.name)),
            }
        }
        Ok(Standing::Done { chain, results })
    }

    /// The step up to which a cell's chain is finished, by segment.
    fn reached(&mut self, segment: usize) -> Result<u64, Problem> {
        let class = self.class(segment);
        if let Some(checkpoint) = self.store.checkpoint(&self.training.segments[segment].key, &class)? {
            return Ok(checkpoint.state.step);
        }
        let mut at = self.training.segments[segment].parent;
        while let Some(before) = at {
            let key = self.training.segments[before].key;
            if self.chain(&key, &class)?.is_some() {
                return Ok(self.training.segments[before].end);
            }
            at = self.training.segments[before].parent;
        }
        Ok(0)
    }
}

/// The class of what a segment's cells compute on a device.
pub(crate) fn class_of(plan: &Plan, training: &Training, segment: usize, device: &NumericsClass) -> NumericsClass {
    let (grid, cell) = training.segments[segment].example;
    device.at(plan.recipe(&plan.grids[grid].cells[cell]).precision)
}

/// The classes in which a plan has results, each with how many of the plan's cells are trained in it; most first, then by name.
pub(crate) fn classes(plan: &Plan, training: &Training, store: &Store) -> Result<Vec<(NumericsClass, usize)>, Problem> {
    let trained = store.trained()?;
    let mut counts: BTreeMap<NumericsClass, usize> = BTreeMap::new();
    for (grid, number, _) in plan.cells() {
        let Some(end) = training.ends[grid][number] else { continue };
        for class in trained.get(&training.segments[end].key).into_iter().flatten() {
            *counts.entry(class.clone()).or_default() += 1;
        }
    }
    Ok(most_first(counts))
}

/// The same by devices, each by its class in f32.
pub(crate) fn devices(classes: &[(NumericsClass, usize)]) -> Vec<(NumericsClass, usize)> {
    let mut counts: BTreeMap<NumericsClass, usize> = BTreeMap::new();
    for (class, cells) in classes {
        *counts.entry(class.of_device()).or_default() += cells;
    }
    most_first(counts)
}

fn most_first(counts: BTreeMap<NumericsClass, usize>) -> Vec<(NumericsClass, usize)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}
