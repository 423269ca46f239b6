//! Stages: cells that train on what other results settle, mixtures that a fit chooses and values that rank best, wait until that is settled.
//!
//! What is settled is put in its place in the plan, where it has the key of its content: a second run finds the cells done, and one that was interrupted
//! settles the same from the same results. Nothing is kept but fits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use synx_answers::{Unsettled, Value, answer_text, estimates, reads, shares_text};
use synx_plan::answer::{AnswerId, Sort};
use synx_plan::executor::NumericsClass;
use synx_plan::grid::{Cell, ColumnValue};
use synx_plan::problem::Problem;
use synx_plan::settled::Found;
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_report::{CellResult, CellStatus, StudyResults};
use synx_store::{Store, Writer};

use crate::answers::{Sources, World};
use crate::corpora::Corpora;
use crate::holdings::Holdings;
use crate::progress::Event;
use crate::results::results;

/// A study as far as it has been settled.
pub(crate) struct Stages<'a> {
    declared: &'a Plan,
    /// The study with all in its place that has been settled.
    pub plan: Plan,
    found: BTreeMap<AnswerId, Found>,
    /// Answers that have no value, and will have none from the same results.
    without: BTreeMap<AnswerId, Unsettled>,
}

/// A study as far as the results in the store settle it, and how its cells stand in a class. Without a right to write, what only a run makes is left unsettled.
pub(crate) fn so_far<'a>(
    plan: &'a Plan,
    share: bool,
    class: &NumericsClass,
    reading: &Reading,
) -> Result<(Stages<'a>, StudyResults), Problem> {
    let mut corpora = Corpora::new(plan, reading.folder, reading.allow_outside);
    let mut stages = Stages::new(plan);
    loop {
        let training = Training::new(&stages.plan, share);
        let mut holdings = Holdings::new(&stages.plan, &training, reading.store, class);
        let cells = results(&mut holdings, class, String::new(), &|cell| stages.status(cell))?;
        match stages.settle(&cells, reading.sources(&mut corpora)) {
            Ok(told) if !told.is_empty() => {}
            Err(problem) if reading.writer.is_some() => return Err(problem),
            _ => return Ok((stages, cells)),
        }
    }
}

/// What a study is read with.
pub(crate) struct Reading<'a> {
    pub folder: &'a Path,
    pub allow_outside: bool,
    pub store: &'a Store,
    pub writer: Option<&'a Writer>,
}

impl Reading<'_> {
    pub(crate) fn sources<'b, 'p>(&'b self, corpora: &'b mut Corpora<'p>) -> Sources<'b, 'p> {
        Sources {
            folder: self.folder,
            allow_outside: self.allow_outside,
            store: self.store,
            writer: self.writer,
            corpora,
        }
    }
}

/// What keeps a cell from having a key.
enum Wait<'a> {
    /// The first of the answers that nothing has settled so far.
    For(AnswerId),
    /// An answer that has no value.
    InVain(AnswerId, &'a Unsettled),
}

impl<'a> Stages<'a> {
    pub(crate) fn new(declared: &'a Plan) -> Stages<'a> {
        Stages { declared, plan: declared.clone(), found: BTreeMap::new(), without: BTreeMap::new() }
    }

    /// Settles what cells wait for and the results so far are enough for: those of all grids that it is made of. Tells what was settled; nothing where there is no more.
    pub(crate) fn settle(&mut self, results: &StudyResults, sources: Sources) -> Result<Vec<Event>, Problem> {
        let ready = self.ready(&results.cells);
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let values = estimates(&self.plan, &World::new(&self.plan, results, sources), &ready)?;
        let mut settled: BTreeSet<AnswerId> = BTreeSet::new();
        let mut events = Vec::new();
        for (answer, value) in ready.iter().zip(values) {
            let found = value.and_then(|value| match value {
                Value::Mixture(best) => Ok(Found::Mixture(best.mixture)),
                Value::Choice(value) => Ok(Found::Value(value)),
                Value::Number(_) => Err(Unsettled::new("it is a number, which nothing is chosen by")),
            });
            match found {
                Ok(found) => {
                    self.found.insert(*answer, found);
                    settled.insert(*answer);
                }
                Err(why) => {
                    let event = Event::WithoutValue { what: self.name(*answer), why: why.0.to_string() };
                    // Of several values of one list the first says it for all.
                    if !self.without.iter().any(|(other, same)| *same == why && self.asked_with(*answer, *other)) {
                        events.push(event);
                    }
                    self.without.insert(*answer, why);
                }
            }
        }
        events.extend(self.told(&settled));
        if !settled.is_empty() {
            self.plan = self.declared.with_found(&self.found);
        }
        Ok(events)
    }

    /// The answers that cells wait for and that can be given by now.
    fn ready(&self, cells: &[CellResult]) -> Vec<AnswerId> {
        let mut awaited = self.plan.all_awaited();
        awaited.retain(|answer| !self.without.contains_key(answer));
        if awaited.is_empty() {
            return Vec::new();
        }
        let mut open: BTreeSet<usize> = BTreeSet::new();
        for ((grid, _, _), cell) in self.plan.cells().zip(cells) {
            if let CellStatus::Missing { .. } = cell.status {
                open.insert(grid);
            }
        }
        awaited.retain(|answer| {
            let (grids, mixtures) = reads(&self.plan, *answer);
            grids.is_disjoint(&open) && mixtures.iter().all(|answer| self.without.contains_key(answer))
        });
        awaited.into_iter().collect()
    }

    /// What was settled, in a line each: a mixture, and for each column of a grid the values that were chosen.
    fn told(&self, settled: &BTreeSet<AnswerId>) -> Vec<Event> {
        let mut events = Vec::new();
        for answer in settled {
            if let Some(Found::Mixture(mixture)) = self.found.get(answer) {
                events.push(Event::Settled { what: self.name(*answer), value: shares_text(self.declared, mixture) });
            }
        }
        for grid in &self.declared.grids {
            for column in &grid.columns {
                let chosen = column.values.iter().filter_map(|value| match value {
                    ColumnValue::Answer(answer) if settled.contains(answer) => match self.found.get(answer) {
                        Some(Found::Value(value)) => Some(value.to_string()),
                        _ => None,
                    },
                    _ => None,
                });
                let chosen: Vec<String> = chosen.collect();
                if !chosen.is_empty() {
                    let what = format!("`{}` of grid `{}`", column.name, grid.name);
                    events.push(Event::Settled { what, value: chosen.join(", ") });
                }
            }
        }
        events
    }

    /// An answer as people call it.
    fn name(&self, answer: AnswerId) -> String {
        let declared = self.declared.answers.get(answer.0);
        let what = match declared.and_then(|answer| answer.name.clone()) {
            Some(name) => name,
            None => answer_text(self.declared, answer),
        };
        match declared.map(|answer| &answer.sort) {
            Some(Sort::Mixture(_)) => format!("mixture `{what}`"),
            _ => format!("`{what}`"),
        }
    }

    /// Whether two answers are asked for at one place: the values of one list.
    fn asked_with(&self, answer: AnswerId, other: AnswerId) -> bool {
        let place = |answer: AnswerId| self.declared.answers.get(answer.0).and_then(|answer| answer.origin.as_ref());
        place(answer).is_some_and(|there| place(other) == Some(there))
    }

    fn wait(&self, cell: &Cell) -> Option<Wait<'_>> {
        let awaited: Vec<AnswerId> = self.plan.awaited(cell);
        let in_vain = awaited.iter().find_map(|answer| Some(Wait::InVain(*answer, self.without.get(answer)?)));
        let open = || awaited.iter().find(|answer| !self.found.contains_key(answer)).map(|answer| Wait::For(*answer));
        in_vain.or_else(open)
    }

    /// How a cell stands that has no key.
    pub(crate) fn status(&self, cell: &Cell) -> CellStatus {
        match self.wait(cell) {
            None => CellStatus::Missing { why: "its corpora have not been scanned yet".to_owned() },
            Some(Wait::For(answer)) => CellStatus::Missing { why: format!("waits for {}", self.settled_by(answer)) },
            Some(Wait::InVain(answer, why)) => {
                CellStatus::Unsettled { why: format!("{} has no value: {}", self.name(answer), why.0) }
            }
        }
    }

    /// An answer with what settles it.
    fn settled_by(&self, answer: AnswerId) -> String {
        let (name, question) = (self.name(answer), answer_text(self.declared, answer));
        if name.contains(&question) { name } else { format!("{name} = {question}") }
    }

    /// How many answers have taken their places.
    pub(crate) fn settled(&self) -> usize {
        self.found.len()
    }

    /// How many cells wait for what has not been settled.
    pub(crate) fn waiting(&self) -> usize {
        self.plan.cells().filter(|(_, _, cell)| matches!(self.wait(cell), Some(Wait::For(_)))).count()
    }

    /// The cells that were not trained since what they train on has no value: a problem for each cause.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut causes: Vec<(AnswerId, &Unsettled, usize)> = Vec::new();
        for (_, _, cell) in self.plan.cells() {
            let Some(Wait::InVain(answer, why)) = self.wait(cell) else { continue };
            let same = |(known, reason, _): &&mut (AnswerId, &Unsettled, usize)| {
                *known == answer || (*reason == why && self.asked_with(*known, answer))
            };
            match causes.iter_mut().find(same) {
                Some((_, _, cells)) => *cells += 1,
                None => causes.push((answer, why, 1)),
            }
        }
        let problem = |(answer, why, cells): (AnswerId, &Unsettled, usize)| {
            let cells = if cells == 1 { "a cell was".to_owned() } else { format!("{cells} cells were") };
            Problem::new("E0964", format!("{} has no value, so {cells} not trained", self.name(answer)))
                .note(why.0.to_string())
                .help("all other cells are finished; change what it is made of and run again: nothing is trained twice")
                .at(self.declared.answers.get(answer.0).and_then(|answer| answer.origin.as_ref()))
        };
        causes.into_iter().map(problem).collect()
    }
}
