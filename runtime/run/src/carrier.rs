//! Training and evaluating what is missing of the cells of a plan.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

use synx_plan::cost::TrainedRate;
use synx_plan::executor::{Executor, NumericsClass};
use synx_plan::grid::Cell;
use synx_plan::key::Key;
use synx_plan::problem::Problem;
use synx_plan::program::lower;
use synx_plan::recipe::Precision;
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_store::Writer;
use synx_train::Breadth;

use crate::corpora::{Corpora, DomainId, Rows};
use crate::course::{Batches, Common, Course, Trained};
use crate::holdings::Holdings;
use crate::progress::Progress;
use crate::run::RunOptions;
use crate::side_by_side::train_all;

/// What is missing.
pub(crate) struct Todo {
    pub train: BTreeSet<usize>,
    /// For each segment whose end has no result on some domain: those domains.
    pub evaluate: BTreeMap<usize, BTreeSet<DomainId>>,
    /// Names of domains, for messages.
    names: BTreeMap<DomainId, String>,
    /// How many of the cells that have keys lack a result.
    pub cells: usize,
}

impl Todo {
    pub(crate) fn new(holdings: &mut Holdings, writer: &Writer) -> Result<Todo, Problem> {
        let (plan, training) = (holdings.plan, holdings.training);
        let mut todo = Todo { train: BTreeSet::new(), evaluate: BTreeMap::new(), names: BTreeMap::new(), cells: 0 };
        for (i, segment) in training.segments.iter().enumerate() {
            let above = segment.parent.map(|parent| holdings.diverged(parent)).transpose()?.flatten();
            if above.is_none() && !holdings.is_trained(i)? {
                todo.train.insert(i);
            }
        }
        for (g, c, cell) in plan.cells() {
            let Some(segment) = training.ends[g][c] else { continue };
            if holdings.diverged(segment)?.is_some() {
                continue;
            }
            let evaluation = plan.evaluation(cell);
            let mut lacks = todo.train.contains(&segment);
            for domain in &evaluation.domains {
                let id = DomainId::new(evaluation, domain);
                if holdings.result(segment, &id)?.is_none() {
                    lacks = true;
                    todo.names.entry(id).or_insert_with(|| domain.name.clone());
                    todo.evaluate.entry(segment).or_default().insert(id);
                }
            }
            todo.cells += usize::from(lacks);
        }
        for &segment in todo.evaluate.keys() {
            if !writer.has_weights(&training.segments[segment].key, &holdings.class(segment))? {
                todo.train.insert(segment);
            }
        }
        Ok(todo)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.train.is_empty() && self.evaluate.is_empty()
    }
}

/// What has been done so far.
#[derive(Default)]
pub(crate) struct Carried {
    pub interrupted: bool,
    pub steps: u64,
    pub evaluations: usize,
    /// What each wave reached, and in how many seconds of steps.
    pub rates: Vec<(TrainedRate, f64)>,
}

impl Carried {
    fn add(&mut self, trained: Trained) {
        let Trained { interrupted, steps, evaluations, rate } = trained;
        self.interrupted |= interrupted;
        self.steps += steps;
        self.evaluations += evaluations;
        self.rates.extend(rate);
    }
}

/// The segments of one program.
struct Group {
    model: u32,
    /// Sequences a step.
    rows: u64,
    precision: Precision,
    segments: BTreeSet<usize>,
}

/// Carries out what is to do at one stage.
pub(crate) struct Carrier<'a, 'p> {
    plan: &'a Plan,
    training: &'a Training,
    options: &'a RunOptions<'a>,
    writer: &'a Writer,
    class: &'a NumericsClass,
    corpora: &'a mut Corpora<'p>,
    /// For each segment, the cells that end at its end.
    ends: Arc<[Vec<(usize, usize)>]>,
}

impl<'a, 'p> Carrier<'a, 'p> {
    pub(crate) fn new(
        plan: &'a Plan,
        training: &'a Training,
        options: &'a RunOptions<'a>,
        (writer, class): (&'a Writer, &'a NumericsClass),
        corpora: &'a mut Corpora<'p>,
    ) -> Carrier<'a, 'p> {
        let mut ends = vec![Vec::new(); training.segments.len()];
        for (g, cells) in training.ends.iter().enumerate() {
            for (c, segment) in cells.iter().enumerate() {
                if let Some(segment) = segment {
                    ends[*segment].push((g, c));
                }
            }
        }
        Carrier { plan, training, options, writer, class, corpora, ends: ends.into() }
    }

    /// Trains and evaluates group by group in the order of the plan; where several train side by side, those with the longest way come first beside others.
    pub(crate) fn carry_out(
        &mut self,
        todo: &Todo,
        executor: &mut dyn Executor,
        progress: &mut dyn Progress,
        carried: &mut Carried,
    ) -> Result<(), Problem> {
        let mut waiting = self.groups(todo);
        self.check_memory(&waiting, executor)?;
        self.check_data(todo, progress)?;
        let ends = Arc::clone(&self.ends);
        let common = Common {
            plan: self.plan,
            training: self.training,
            options: self.options,
            writer: self.writer,
            class: self.class,
            ends: &ends,
            progress: Mutex::new(progress),
            waves: waiting.len(),
            running: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        };
        let next = |fills_up: bool| {
            if waiting.is_empty() {
                return Ok(None);
            }
            let place = if fills_up { self.longest(&waiting) } else { 0 };
            self.prepare(&waiting.remove(place), todo, &mut &common).map(Some)
        };
        let is_done = train_all(&common, executor, next, &mut |trained| carried.add(trained))?;
        carried.interrupted |= !is_done;
        Ok(())
    }

    /// The place of the group whose longest chain has most to compute.
    fn longest(&self, groups: &[Group]) -> usize {
        let way = |group: &Group| {
            let steps = group.segments.iter().map(|&segment| self.training.segments[segment].end).max().unwrap_or(0);
            let model = &self.plan.models[group.model as usize];
            u128::from(steps) * u128::from(group.rows) * u128::from(model.flops_exact_per_sequence())
        };
        (0..groups.len()).max_by_key(|&place| (way(&groups[place]), Reverse(place))).unwrap_or(0)
    }

    fn cell(&self, segment: usize) -> &Cell {
        let (g, c) = self.training.segments[segment].example;
        &self.plan.grids[g].cells[c]
    }

    /// The length of a run, where its stream depends on it: shares that change do so after a part of the run.
    fn phase_steps(&self, cell: &Cell) -> u64 {
        if self.plan.mixture(cell).phases().is_empty() { 0 } else { self.plan.steps(cell) }
    }

    /// What is to do, by program, in the order of the plan.
    fn groups(&self, todo: &Todo) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let segments: BTreeSet<usize> = todo.train.iter().chain(todo.evaluate.keys()).copied().collect();
        for segment in segments {
            let cell = self.cell(segment);
            let (model, rows, precision) = (cell.model, self.plan.rows(cell), self.plan.recipe(cell).precision);
            let same = |group: &&mut Group| (group.model, group.rows, group.precision) == (model, rows, precision);
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.segments.insert(segment);
                }
                None => groups.push(Group { model, rows, precision, segments: BTreeSet::from([segment]) }),
            }
        }
        groups
    }

    /// Finds a model that does not fit before anything is trained, which may take hours: of what is to do, and of what may be chosen for cells that wait.
    fn check_memory(&self, groups: &[Group], executor: &dyn Executor) -> Result<(), Problem> {
        let grid_of =
            |group: &Group| group.segments.first().map_or(0, |&segment| self.training.segments[segment].example.0);
        let mut models: BTreeMap<(u32, u64, Precision), usize> =
            groups.iter().map(|group| ((group.model, group.rows, group.precision), grid_of(group))).collect();
        for (g, c, cell) in self.plan.cells() {
            if self.training.ends[g][c].is_none() {
                for it in cell.alternatives(&self.plan.choices) {
                    let (model, recipe) =
                        (&self.plan.models[it.model as usize], &self.plan.recipes[it.recipe as usize]);
                    models.entry((it.model, recipe.batch / model.context, recipe.precision)).or_insert(g);
                }
            }
        }
        for ((model, rows, precision), grid) in models {
            let model = &self.plan.models[model as usize];
            executor.fit(&lower(model, rows as usize).with_precision(precision), 1).map_err(|problem| {
                let (width, blocks, context) = (model.width, model.blocks.len(), model.context);
                problem
                    .note(format!("width {width}, {blocks} blocks, {rows} sequences of {context} tokens a step"))
                    .at(self.plan.grids[grid].origin.as_ref())
            })?;
        }
        Ok(())
    }

    /// Finds what is wrong with the data of any cell before anything is trained.
    fn check_data(&mut self, todo: &Todo, progress: &mut dyn Progress) -> Result<(), Problem> {
        let mut streams: BTreeSet<(u32, u64, u64, u64)> = BTreeSet::new();
        let mut domains: BTreeSet<(DomainId, u64)> = BTreeSet::new();
        for &segment in &todo.train {
            let cell = self.cell(segment);
            streams.insert((cell.mixture, self.phase_steps(cell), self.plan.model(cell).context, self.plan.rows(cell)));
        }
        for (&segment, wanted) in &todo.evaluate {
            let context = self.plan.model(self.cell(segment)).context;
            domains.extend(wanted.iter().map(|domain| (*domain, context)));
        }
        for (mixture, steps, context, rows) in streams {
            let mixture = &self.plan.mixtures[mixture as usize];
            self.corpora.stream(mixture, (steps, rows), context, 1, self.writer, progress)?.check_batch(rows)?;
        }
        for (domain, context) in domains {
            self.corpora.domain(&domain, &todo.names[&domain], context, self.writer, progress)?;
        }
        Ok(())
    }

    /// Makes a group ready to be trained.
    fn prepare(&mut self, group: &Group, todo: &Todo, progress: &mut dyn Progress) -> Result<Course, Problem> {
        let model = &self.plan.models[group.model as usize];
        let domains: BTreeSet<DomainId> =
            group.segments.iter().filter_map(|s| todo.evaluate.get(s)).flatten().copied().collect();
        let mut rows: Vec<Rows> = Vec::new();
        let mut domain_keys: Vec<(Key, u64)> = Vec::new();
        for domain in &domains {
            let found = self.corpora.domain(domain, &todo.names[domain], model.context, self.writer, progress)?;
            domain_keys.push((domain.key(&self.corpora.key(domain.corpus)?), found.text_bytes()));
            rows.push(found);
        }
        let place_of = |domain: &DomainId| domains.iter().position(|known| known == domain);
        let evaluate: BTreeMap<usize, Vec<usize>> = todo
            .evaluate
            .iter()
            .filter(|(segment, _)| group.segments.contains(segment))
            .map(|(&segment, wanted)| (segment, wanted.iter().filter_map(place_of).collect()))
            .collect();
        let train: BTreeSet<usize> = group.segments.intersection(&todo.train).copied().collect();
        Ok(Course {
            program: lower(model, group.rows as usize).with_precision(group.precision),
            model: model.clone(),
            breadth: Breadth::of(&self.training.segments, &train, &evaluate, self.options.slots),
            train,
            evaluate,
            names: domains.iter().map(|domain| todo.names[domain].clone()).collect(),
            domains: rows,
            domain_keys,
            batches: self.batches(group, progress)?,
        })
    }

    /// The batches of all chains that lead to a group's segments.
    fn batches(&mut self, group: &Group, progress: &mut dyn Progress) -> Result<Batches, Problem> {
        let mut batches = Batches { streams: Vec::new(), of: BTreeMap::new(), rows: group.rows };
        let mut known: BTreeMap<(u32, u64, u32), usize> = BTreeMap::new();
        for &segment in &group.segments {
            let cell = self.cell(segment);
            let (mixture, replicate, context) = (cell.mixture, cell.replicate, self.plan.model(cell).context);
            let steps = self.phase_steps(cell);
            let stream = if let Some(&stream) = known.get(&(mixture, steps, replicate)) {
                stream
            } else {
                let mixed = &self.plan.mixtures[mixture as usize];
                let length = (steps, group.rows);
                let stream = self.corpora.stream(mixed, length, context, replicate, self.writer, progress)?;
                batches.streams.push(stream);
                known.insert((mixture, steps, replicate), batches.streams.len() - 1);
                batches.streams.len() - 1
            };
            // What it starts from may have to be trained again, on the same stream.
            let mut at = Some(segment);
            while let Some(segment) = at {
                batches.of.insert(segment, stream);
                at = self.training.segments[segment].parent;
            }
        }
        Ok(batches)
    }
}
