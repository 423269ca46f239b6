//! What must hold of waves, on a small executor of our own that can be made to fail: a table of bigrams under AdamW.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use synx_plan::exact::Exact;
use synx_plan::executor::{Batch, Executor, NumericsClass, SlotState, StepControl, StepReading, Wave};
use synx_plan::key::Key;
use synx_plan::model::Model;
use synx_plan::problem::Problem;
use synx_plan::program::{Program, lower};
use synx_plan::random::Stream;
use synx_plan::recipe::{AdamW, Length, Piece, RateSchedule, Recipe, Shape};
use synx_plan::training::Segment;

use crate::{
    BatchSource, Breadth, DomainRows, Event, Finished, Ledger, LossSum, Options, Outcome, Snapshot, Work, train,
};

const VOCABULARY: usize = 11;
const CONTEXT: usize = 4;
const ROWS: usize = 3;

/// Counts steps of waves; the device is lost at the one that it is told.
#[derive(Default)]
struct Bigrams {
    steps: Arc<AtomicU64>,
    lost_at: Option<u64>,
    most_slots: usize,
}

struct BigramWave {
    slots: Vec<Option<Slot>>,
    readings: Vec<Vec<Option<StepReading>>>,
    steps: Arc<AtomicU64>,
    lost_at: Option<u64>,
}

#[derive(Clone)]
struct Slot {
    state: SlotState,
    broken: bool,
}

impl Executor for Bigrams {
    fn class(&self) -> NumericsClass {
        NumericsClass("bigrams/1".to_owned())
    }

    fn name(&self) -> String {
        "bigrams".to_owned()
    }

    fn fit(&self, _: &Program, wanted: usize) -> Result<usize, Problem> {
        Ok(wanted.min(self.most_slots))
    }

    fn bytes(&self, program: &Program, slots: usize) -> Result<u64, Problem> {
        Ok(12 * program.parameter_count() as u64 * slots as u64)
    }

    fn prepare(&mut self, _: &Program, slots: usize) -> Result<Box<dyn Wave>, Problem> {
        let slots = vec![None; slots];
        Ok(Box::new(BigramWave { slots, readings: Vec::new(), steps: self.steps.clone(), lost_at: self.lost_at }))
    }
}

/// The logits' places for an input token; any table does.
fn place(input: u32, target: usize, count: usize) -> usize {
    (input as usize * 5 + target) % count
}

fn row_losses(parameters: &[f32], input: u32) -> Vec<f32> {
    let logits: Vec<f32> = (0..VOCABULARY).map(|t| parameters[place(input, t, parameters.len())]).collect();
    let sum: f32 = logits.iter().map(|l| l.exp()).sum();
    logits.iter().map(|l| sum.ln() - l).collect()
}

impl BigramWave {
    fn slot(&mut self, slot: usize) -> &mut Slot {
        self.slots[slot].as_mut().expect("nobody asks an empty slot")
    }
}

impl Wave for BigramWave {
    fn slots(&self) -> usize {
        self.slots.len()
    }

    fn join(&mut self, slot: usize, state: &SlotState) -> Result<(), Problem> {
        assert!(self.slots[slot].is_none(), "slot {slot} is taken");
        self.slots[slot] = Some(Slot { state: state.clone(), broken: false });
        Ok(())
    }

    fn leave(&mut self, slot: usize) -> Result<SlotState, Problem> {
        Ok(self.slots[slot].take().expect("nobody leaves an empty slot").state)
    }

    fn fork(&mut self, from: usize, to: usize) -> Result<(), Problem> {
        assert!(self.slots[to].is_none(), "slot {to} is taken");
        self.slots[to] = Some(self.slot(from).clone());
        Ok(())
    }

    fn read(&mut self, slot: usize) -> Result<SlotState, Problem> {
        Ok(self.slot(slot).state.clone())
    }

    fn step(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<(), Problem> {
        let taken = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        if self.lost_at == Some(taken) {
            return Err(Problem::new("E0999", "the device is lost"));
        }
        let mut readings = Vec::new();
        for (slot, control) in controls.iter().enumerate() {
            let tokens = slot * ROWS * CONTEXT..(slot + 1) * ROWS * CONTEXT;
            let (inputs, targets) = (&batch.inputs[tokens.clone()], &batch.targets[tokens]);
            readings.push(control.map(|control| step(self.slot(slot), inputs, targets, control)));
        }
        self.readings.push(readings);
        Ok(())
    }

    fn drain(&mut self) -> Result<Vec<Vec<Option<StepReading>>>, Problem> {
        Ok(std::mem::take(&mut self.readings))
    }

    fn evaluate(&mut self, inputs: &[u32], targets: &[u32]) -> Result<Vec<f32>, Problem> {
        let mut losses = Vec::new();
        for slot in &self.slots {
            let loss = |(input, target): (&u32, &u32)| {
                slot.as_ref().map_or(0.0, |s| row_losses(&s.state.parameters, *input)[*target as usize])
            };
            losses.extend(inputs.iter().zip(targets).map(loss));
        }
        Ok(losses)
    }
}

fn step(slot: &mut Slot, inputs: &[u32], targets: &[u32], control: StepControl) -> StepReading {
    let SlotState { step, parameters, first_moment, second_moment, .. } = &mut slot.state;
    let mut gradient = vec![0.0; parameters.len()];
    let mut loss = 0.0;
    for (&input, &target) in inputs.iter().zip(targets) {
        let losses = row_losses(parameters, input);
        loss += losses[target as usize] * control.loss_scale;
        for (t, l) in losses.iter().enumerate() {
            let truth = if t == target as usize { 1.0 } else { 0.0 };
            gradient[place(input, t, parameters.len())] += ((-l).exp() - truth) * control.loss_scale;
        }
    }
    let gradient_norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
    let gradient_norm = if gradient_norm.is_finite() { gradient_norm } else { f32::NAN };
    let reading = StepReading { loss, gradient_norm };
    slot.broken |= reading.is_stop();
    if slot.broken {
        return reading;
    }
    *step += 1;
    for i in 0..parameters.len() {
        let g = gradient[i];
        first_moment[i] = control.beta1 * first_moment[i] + (1.0 - control.beta1) * g;
        second_moment[i] = control.beta2 * second_moment[i] + (1.0 - control.beta2) * g * g;
        let root = second_moment[i].sqrt() / control.correction2.sqrt() + control.epsilon;
        parameters[i] -= control.rate / control.correction1 * first_moment[i] / root;
    }
    reading
}

/// A ledger in memory, with the calls that matter written down.
#[derive(Default, Clone)]
struct Memory {
    states: BTreeMap<usize, SlotState>,
    /// States that look as if they were there and cannot be read.
    damaged: BTreeSet<usize>,
    weights: BTreeMap<usize, Vec<f32>>,
    snapshots: BTreeMap<usize, Snapshot>,
    finished: BTreeMap<usize, Finished>,
    trained: Vec<usize>,
    results: BTreeMap<(usize, usize), Option<LossSum>>,
}

impl Ledger for Memory {
    fn has_state(&mut self, segment: usize) -> Result<bool, Problem> {
        Ok(self.states.contains_key(&segment))
    }

    fn state(&mut self, segment: usize) -> Result<Option<SlotState>, Problem> {
        Ok(self.states.get(&segment).filter(|_| !self.damaged.contains(&segment)).cloned())
    }

    fn weights(&mut self, segment: usize) -> Result<Option<Vec<f32>>, Problem> {
        Ok(self.weights.get(&segment).cloned())
    }

    fn has_snapshot(&mut self, segment: usize) -> Result<bool, Problem> {
        Ok(self.snapshots.contains_key(&segment))
    }

    fn snapshot(&mut self, segment: usize) -> Result<Option<Snapshot>, Problem> {
        Ok(self.snapshots.get(&segment).cloned())
    }

    fn save_snapshot(&mut self, segment: usize, snapshot: &Snapshot) -> Result<(), Problem> {
        self.snapshots.insert(segment, snapshot.clone());
        Ok(())
    }

    fn finish(
        &mut self,
        segment: usize,
        finished: &Finished,
        state: Option<&SlotState>,
        forks: bool,
    ) -> Result<(), Problem> {
        assert_eq!(state.is_none(), finished.diverged.is_some());
        self.trained.push(segment);
        self.snapshots.remove(&segment);
        if let Some(state) = state {
            self.weights.insert(segment, state.parameters.clone());
            if forks {
                self.damaged.remove(&segment);
                self.states.insert(segment, state.clone());
            }
        }
        self.finished.insert(segment, finished.clone());
        Ok(())
    }

    fn release(&mut self, segment: usize) -> Result<(), Problem> {
        assert!(self.states.remove(&segment).is_some(), "{segment} was not kept");
        Ok(())
    }

    fn evaluated(&mut self, segment: usize, domain: usize, losses: Option<LossSum>) -> Result<(), Problem> {
        self.results.insert((segment, domain), losses);
        Ok(())
    }
}

/// Tokens that follow their step and the root of their segment's chain.
struct Tokens<'a>(&'a [Segment]);

impl BatchSource for Tokens<'_> {
    fn fill(&self, segment: usize, step: u64, inputs: &mut [u32], targets: &mut [u32]) {
        let draws = Stream::new("test/1", &(root(self.0, segment), step));
        for (i, (input, target)) in inputs.iter_mut().zip(targets).enumerate() {
            *input = draws.below(i as u64, VOCABULARY as u64) as u32;
            *target = (*input + 1) % VOCABULARY as u32;
        }
    }
}

/// Three rows, of the last of which only the first target is real.
struct Domain(u32);

impl DomainRows for Domain {
    fn rows(&self) -> usize {
        3
    }

    fn fill(&self, first: usize, inputs: &mut [u32], targets: &mut [u32], weights: &mut [f32]) {
        for (i, input) in inputs.iter_mut().enumerate() {
            let at = first * CONTEXT + i;
            *input = (at as u32 + self.0) % VOCABULARY as u32;
            targets[i] = (*input + 1) % VOCABULARY as u32;
            weights[i] = if at <= 2 * CONTEXT { 1.0 } else { 0.0 };
        }
    }
}

fn root(segments: &[Segment], segment: usize) -> usize {
    segments[segment].parent.map_or(segment, |parent| root(segments, parent))
}

/// Two chains: one with two forks, one alone. Piece by piece: (parent, start, end).
fn forest() -> Vec<Segment> {
    let stretches: [(Option<usize>, u64, u64); 6] =
        [(None, 0, 6), (Some(0), 6, 10), (Some(0), 6, 15), (Some(2), 15, 18), (Some(2), 15, 20), (None, 0, 4)];
    let segment = |(i, &(parent, start, end)): (usize, &(Option<usize>, u64, u64))| Segment {
        key: Key::of("test/1", &i),
        stream: Key::of("test/1", &"stream"),
        parent,
        start,
        end,
        // Siblings part in their rates.
        pieces: vec![Piece { start, end, shape: Shape::Linear { length: 20 + i as u64, last: Exact::zero() } }],
        example: (0, 0),
        cells: 1,
    };
    stretches.iter().enumerate().map(segment).collect()
}

fn program() -> Program {
    let model = Model {
        width: 8,
        context: CONTEXT as u64,
        vocabulary: VOCABULARY as u64,
        blocks: Vec::new(),
        tied: true,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: Exact::ratio(1, 100_000).unwrap(),
        init_std: Exact::ratio(1, 50).unwrap(),
    };
    lower(&model, ROWS)
}

fn recipe(rate: &str) -> Recipe {
    let decimal = |text: &str| Exact::from_decimal(text).unwrap();
    Recipe {
        batch: (ROWS * CONTEXT) as u64,
        optimizer: AdamW {
            rate: decimal(rate),
            beta1: decimal("0.9"),
            beta2: decimal("0.95"),
            epsilon: decimal("1e-8"),
            weight_decay: Exact::zero(),
        },
        schedule: RateSchedule::Constant { warmup: Length::Tokens(0) },
        clip: None,
        precision: synx_plan::recipe::Precision::F32,
    }
}

/// How one call of `train` is made.
struct Call {
    slots: usize,
    train: BTreeSet<usize>,
    evaluate: BTreeMap<usize, Vec<usize>>,
    lost_at: Option<u64>,
    /// Stop after so many looks at the losses.
    stop_after: usize,
    checkpoint_every: f64,
    /// The segment that trains at a rate without sense.
    hot: Option<usize>,
    /// The wave's part of the device.
    share: f64,
}

impl Call {
    fn all(slots: usize) -> Call {
        Call {
            slots,
            train: (0..6).collect(),
            evaluate: [(1, vec![0, 1]), (3, vec![0]), (4, vec![0, 1]), (5, vec![0, 1])].into(),
            lost_at: None,
            stop_after: usize::MAX,
            checkpoint_every: f64::INFINITY,
            hot: None,
            share: 1.0,
        }
    }

    /// What is not on record yet.
    fn rest(memory: &Memory) -> Call {
        let mut call = Call::all(2);
        call.train.retain(|segment| !memory.finished.contains_key(segment));
        for (segment, domains) in &mut call.evaluate {
            domains.retain(|&domain| !memory.results.contains_key(&(*segment, domain)));
        }
        call.evaluate.retain(|_, domains| !domains.is_empty());
        call
    }

    /// The outcome, how many steps waves took, and what was told.
    fn run(self, memory: &mut Memory) -> (Result<Outcome, Problem>, u64, Vec<Event>) {
        let (segments, program) = (forest(), program());
        let (usual, hot) = (recipe("0.05"), recipe("1e30"));
        let domains: [&dyn DomainRows; 2] = [&Domain(0), &Domain(3)];
        let interrupt = AtomicBool::new(self.stop_after == 0);
        let time = Cell::new(0.0);
        let steps = Arc::new(AtomicU64::new(0));
        let mut executor = Bigrams { steps: steps.clone(), lost_at: self.lost_at, most_slots: self.slots };
        let work = Work {
            program: &program,
            segments: &segments,
            train: self.train,
            evaluate: self.evaluate,
            domains: &domains,
            source: &Tokens(&segments),
            recipe: &|segment| if self.hot == Some(segment) { &hot } else { &usual },
            initial: &|segment| program.initial_parameters(17, root(&segments, segment) as u64),
        };
        let slots = Breadth::of(&segments, &work.train, &work.evaluate, 8).slots;
        let fitting = executor.fit(&program, slots).unwrap();
        let wave = executor.prepare(&program, fitting).unwrap();
        let options = Options {
            checkpoint_every: self.checkpoint_every,
            interrupt: &|| interrupt.load(Ordering::Relaxed),
            share: &|| self.share,
            // Every look at the clock takes a while, so that it looks after every step.
            clock: &|| {
                time.set(time.get() + 0.2);
                time.get()
            },
        };
        let events = RefCell::new(Vec::new());
        let outcome = train(wave, &work, memory, &options, &mut |event| {
            let mut events = events.borrow_mut();
            events.push(event);
            let looks = events.iter().filter(|e| matches!(e, Event::Stepped { .. })).count();
            interrupt.fetch_or(looks >= self.stop_after, Ordering::Relaxed);
        });
        (outcome, steps.load(Ordering::Relaxed), events.into_inner())
    }
}

/// What came out, without times and without the order in which it was made.
fn results(memory: &Memory) -> impl PartialEq + std::fmt::Debug + use<> {
    let curves: Vec<_> = memory.finished.iter().map(|(s, f)| (*s, f.diverged, f.curve.clone())).collect();
    (curves, memory.weights.clone(), memory.results.clone())
}

fn straight() -> Memory {
    let mut memory = Memory::default();
    assert_eq!(Call::all(1).run(&mut memory).0, Ok(Outcome::Done));
    memory
}

#[test]
fn a_segment_is_what_its_steps_say() {
    let (segments, program, memory) = (forest(), program(), straight());
    // The chain 0, 2, 4 by hand.
    let mut slot = Slot { state: SlotState::initial(program.initial_parameters(17, 0)), broken: false };
    let mut curve = Vec::new();
    for at in [0, 2, 4] {
        let piece = &segments[at].pieces[0];
        for s in segments[at].start..segments[at].end {
            let (mut inputs, mut targets) = (vec![0; ROWS * CONTEXT], vec![0; ROWS * CONTEXT]);
            Tokens(&segments).fill(at, s, &mut inputs, &mut targets);
            let control = recipe("0.05").control(piece, s, (ROWS * CONTEXT) as f64);
            curve.push(step(&mut slot, &inputs, &targets, control));
        }
    }
    let recorded: Vec<StepReading> = [0, 2, 4].iter().flat_map(|s| memory.finished[s].curve.clone()).collect();
    assert_eq!(recorded, curve);
    assert_eq!(memory.weights[&4], slot.state.parameters);
    let mut loss = 0.0;
    let mut tokens = 0;
    for at in 0..=2 * CONTEXT as u32 {
        loss += f64::from(row_losses(&slot.state.parameters, (at + 3) % 11)[((at + 4) % 11) as usize]);
        tokens += 1;
    }
    assert_eq!(memory.results[&(4, 1)], Some(LossSum { loss, tokens }));
}

#[test]
fn the_number_of_slots_changes_no_bit() {
    let alone = straight();
    for slots in [2, 3, 8] {
        let mut memory = Memory::default();
        let (outcome, _, events) = Call::all(slots).run(&mut memory);
        assert_eq!(outcome, Ok(Outcome::Done));
        assert_eq!(results(&memory), results(&alone), "{slots} slots");
        assert!(events.contains(&Event::Wave { slots: slots.min(4), segments: 6, steps: 31 }), "{:?}", events[0]);
    }
}

#[test]
fn a_wave_has_slots_for_what_can_be_live_at_once() {
    let (segments, all) = (forest(), Call::all(1));
    let breadth = |train: &[usize], evaluate: &[usize], most| {
        let evaluate = evaluate.iter().map(|&segment| (segment, vec![0])).collect();
        Breadth::of(&segments, &train.iter().copied().collect(), &evaluate, most)
    };
    let of_all = Breadth::of(&segments, &all.train, &all.evaluate, 8);
    let longest = (0..6).map(|segment| segments[segment].end).max().unwrap() as f64;
    assert_eq!(of_all, Breadth { slots: 4, live: 31.0 / longest });
    assert_eq!(breadth(&[0], &[0, 1, 2], 8).slots, 2, "a slot each for ends that are not trained");
    assert_eq!(breadth(&[0, 1], &[0, 1], 8), Breadth { slots: 1, live: 1.0 }, "a chain");
    assert_eq!(breadth(&[], &[0, 1, 2], 2), Breadth { slots: 2, live: 2.0 });
}

#[test]
fn seconds_are_a_waves_part_of_the_device() {
    let seconds = |share: f64| {
        let mut memory = Memory::default();
        let (_, _, events) = Call { share, ..Call::all(2) }.run(&mut memory);
        let told =
            |event: &Event| if let Event::Stepped { own_seconds, .. } = event { Some(*own_seconds) } else { None };
        let sum: f64 = memory.finished.values().map(|finished| finished.seconds).sum();
        (sum, events.iter().filter_map(told).next_back().unwrap())
    };
    let (alone, beside) = (seconds(1.0), seconds(0.25));
    assert!(alone.0 > 0.0 && (alone.0 / 4.0 - beside.0).abs() < 1e-9, "{alone:?} {beside:?}");
    assert!((alone.1 / 4.0 - beside.1).abs() < 1e-9 && (beside.0 - beside.1).abs() < 1e-9);
}

#[test]
fn every_segment_trains_once_and_states_go_when_their_branches_are_through() {
    for slots in [1, 2, 8] {
        let mut memory = Memory::default();
        Call::all(slots).run(&mut memory).0.unwrap();
        memory.trained.sort_unstable();
        assert_eq!(memory.trained, [0, 1, 2, 3, 4, 5]);
        assert!(memory.states.is_empty() && memory.snapshots.is_empty());
    }
}

#[test]
fn interrupted_anywhere_and_continued_is_straight_through() {
    let uninterrupted = results(&straight());
    for stop_after in 0.. {
        let mut memory = Memory::default();
        let (outcome, first, _) = Call { stop_after, ..Call::all(2) }.run(&mut memory);
        if outcome == Ok(Outcome::Done) {
            assert!(stop_after > 10, "{stop_after}");
            break;
        }
        assert_eq!(outcome, Ok(Outcome::Interrupted));
        let (outcome, second, _) = Call::rest(&memory).run(&mut memory);
        assert_eq!(outcome, Ok(Outcome::Done));
        assert_eq!(results(&memory), uninterrupted, "stopped after {stop_after}");
        // Nothing is trained twice: 31 steps of slots take a wave 31 steps at most.
        assert!(first + second <= 31, "{first} + {second}");
    }
}

#[test]
fn a_lost_device_costs_what_came_after_the_last_checkpoint() {
    let uninterrupted = results(&straight());
    for lost_at in 1..=14 {
        let mut memory = Memory::default();
        let (outcome, ..) = Call { lost_at: Some(lost_at), checkpoint_every: 0.5, ..Call::all(2) }.run(&mut memory);
        assert_eq!(outcome.unwrap_err().code, "E0999");
        assert_eq!(Call::rest(&memory).run(&mut memory).0, Ok(Outcome::Done));
        assert_eq!(results(&memory), uninterrupted, "lost at {lost_at}");
    }
}

#[test]
fn checkpoints_are_kept_while_it_runs_and_go_with_their_segment() {
    let mut memory = Memory::default();
    let (_, _, events) = Call { checkpoint_every: 0.5, ..Call::all(2) }.run(&mut memory);
    assert!(events.iter().any(|event| matches!(event, Event::Checkpointed { segments: 2 })));
    assert!(memory.snapshots.is_empty());
    assert_eq!(results(&memory), results(&straight()));
}

#[test]
fn what_is_needed_and_not_kept_is_trained_again() {
    let whole = straight();
    let mut memory = whole.clone();
    memory.finished.remove(&4);
    memory.trained.clear();
    assert_eq!(Call::rest(&memory).run(&mut memory).0, Ok(Outcome::Done));
    assert_eq!(memory.trained, [0, 2, 4], "4 starts from 2 and that from 0, of which nothing was kept");
    assert_eq!(results(&memory), results(&whole));
}

#[test]
fn a_state_that_cannot_be_read_is_made_again() {
    let whole = straight();
    let mut memory = whole.clone();
    memory.finished.remove(&4);
    memory.trained.clear();
    memory.states.insert(2, SlotState::initial(Vec::new()));
    memory.damaged.insert(2);
    assert_eq!(Call::rest(&memory).run(&mut memory).0, Ok(Outcome::Done));
    assert_eq!(memory.trained, [0, 2, 4]);
    assert_eq!(results(&memory), results(&whole));
}

#[test]
fn weights_that_cannot_be_read_for_an_evaluation_are_made_again() {
    let whole = straight();
    let mut memory = whole.clone();
    memory.results.remove(&(5, 1));
    memory.weights.remove(&5);
    memory.trained.clear();
    assert_eq!(Call::rest(&memory).run(&mut memory).0, Ok(Outcome::Done));
    assert_eq!(memory.trained, [5]);
    assert_eq!(results(&memory), results(&whole));
}

#[test]
fn an_evaluation_alone_trains_nothing() {
    let whole = straight();
    let mut memory = whole.clone();
    memory.results.remove(&(3, 0));
    memory.results.remove(&(4, 1));
    memory.trained.clear();
    let (outcome, steps, _) = Call::rest(&memory).run(&mut memory);
    assert_eq!((outcome, steps), (Ok(Outcome::Done), 0));
    assert_eq!(results(&memory), results(&whole));
    assert_eq!(Call::rest(&memory).run(&mut memory), (Ok(Outcome::Done), 0, Vec::new()), "nothing left");
}

#[test]
fn what_diverges_is_marked_with_all_behind_it_and_the_rest_goes_on() {
    let well = straight();
    for slots in [1, 2, 8] {
        let mut memory = Memory::default();
        let (outcome, _, events) = Call { hot: Some(2), ..Call::all(slots) }.run(&mut memory);
        assert_eq!(outcome, Ok(Outcome::Done));
        let diverged: BTreeMap<usize, u64> = events
            .iter()
            .filter_map(|e| if let Event::Diverged { segment, step } = e { Some((*segment, *step)) } else { None })
            .collect();
        // The step after the first with that rate shows it.
        assert_eq!(diverged, [(2, 7), (3, 7), (4, 7)].into());
        let given_up = &memory.finished[&2];
        assert_eq!((given_up.diverged, given_up.curve.len()), (Some(7), 1));
        assert_eq!(memory.finished.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 5]);
        for segment in [0, 1, 5] {
            assert_eq!(memory.weights[&segment], well.weights[&segment], "{slots} slots");
        }
        assert!(memory.results.keys().all(|(segment, _)| [1, 5].contains(segment)));
        assert!(memory.states.is_empty());
    }
}
