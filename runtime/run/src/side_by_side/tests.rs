//! What holds of waves that train beside others, with devices that are made to wait, to fail and to be short of memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use synx_cpu::CpuExecutor;
use synx_plan::exact::Exact;
use synx_plan::executor::{Batch, Executor, Load, NumericsClass, SlotState, StepControl, StepReading, Wave};
use synx_plan::grid::{self, ColumnValue};
use synx_plan::problem::Problem;
use synx_plan::program::{Program, lower};
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_store::Store;

use crate::carrier::{Carried, Carrier, Todo};
use crate::corpora::Corpora;
use crate::holdings::Holdings;
use crate::tests::{How, Study, USUAL, bits, model, plan};
use crate::{Event, RunOptions, Silent, scan};

/// Four models, one chain each: on two threads one alone leaves a thread idle.
fn ladder() -> Plan {
    let mut plan = plan();
    let widths = [16u64, 24, 48, 32];
    plan.models = widths.map(model).into();
    plan.grids[0].columns[0].name = "width".to_owned();
    plan.grids[0].columns[0].values = widths.map(|width| ColumnValue::Number(Exact::from(width))).into();
    let cells = (0..16u32).map(|i| grid::Cell {
        values: Box::new([i / 4, i % 4]),
        model: i / 4,
        recipe: 0,
        ..plan.grids[0].cells[i as usize % 4].clone()
    });
    plan.grids[0].cells = cells.collect();
    plan.laws[0].formula.by = vec!["width".to_owned()];
    plan
}

/// Steps of each of its waves: a trunk, and what decays from it.
const STEPS: u64 = 32 + 2 + 4 + 6;

/// What a wave does before a step, by its number and the waves that were made so far.
type Before = dyn Fn(usize, &AtomicUsize) -> Result<(), Problem> + Send + Sync;

/// The CPU, with something before each step.
struct Staged {
    cpu: CpuExecutor,
    before: Arc<Before>,
    made: Arc<AtomicUsize>,
}

struct StagedWave {
    wave: Box<dyn Wave>,
    number: usize,
    before: Arc<Before>,
    made: Arc<AtomicUsize>,
}

impl Executor for Staged {
    fn class(&self) -> NumericsClass {
        self.cpu.class()
    }

    fn name(&self) -> String {
        self.cpu.name()
    }

    fn fit(&self, program: &Program, wanted: usize) -> Result<usize, Problem> {
        self.cpu.fit(program, wanted)
    }

    fn bytes(&self, program: &Program, slots: usize) -> Result<u64, Problem> {
        self.cpu.bytes(program, slots)
    }

    fn is_idle_beside(&self, running: &[Load]) -> bool {
        self.cpu.is_idle_beside(running)
    }

    fn prepare(&mut self, program: &Program, slots: usize) -> Result<Box<dyn Wave>, Problem> {
        let wave = self.cpu.prepare(program, slots)?;
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let (before, made) = (Arc::clone(&self.before), Arc::clone(&self.made));
        Ok(Box::new(StagedWave { wave, number, before, made }))
    }
}

impl Wave for StagedWave {
    fn slots(&self) -> usize {
        self.wave.slots()
    }

    fn join(&mut self, slot: usize, state: &SlotState) -> Result<(), Problem> {
        self.wave.join(slot, state)
    }

    fn leave(&mut self, slot: usize) -> Result<SlotState, Problem> {
        self.wave.leave(slot)
    }

    fn fork(&mut self, from: usize, to: usize) -> Result<(), Problem> {
        self.wave.fork(from, to)
    }

    fn read(&mut self, slot: usize) -> Result<SlotState, Problem> {
        self.wave.read(slot)
    }

    fn step(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<(), Problem> {
        (self.before)(self.number, &self.made)?;
        self.wave.step(batch, controls)
    }

    fn drain(&mut self) -> Result<Vec<Vec<Option<StepReading>>>, Problem> {
        self.wave.drain()
    }

    fn evaluate(&mut self, inputs: &[u32], targets: &[u32]) -> Result<Vec<f32>, Problem> {
        self.wave.evaluate(inputs, targets)
    }
}

/// Waits until something holds; fails where it does not come to.
fn wait_until(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "this should have come long ago");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Trains what is missing of a study on a device; what it came to, and the waves: their widths as they begin, nothing as one ends.
fn train(study: &mut Study, executor: &mut dyn Executor) -> (Result<(), Problem>, Carried, Vec<Option<u64>>) {
    train_and(study, executor, || {})
}

/// The same, with something as each wave ends, on the thread that waits for them.
fn train_and(
    study: &mut Study,
    executor: &mut dyn Executor,
    at_end: impl Fn() + Send + Sync,
) -> (Result<(), Problem>, Carried, Vec<Option<u64>>) {
    study.plan.facts = scan(study.path(), &study.plan.corpora, false, &mut Silent).unwrap();
    let store = Store::open(study.path()).unwrap();
    let writer = store.write().unwrap();
    let training = Training::new(&study.plan, true);
    let class = executor.class();
    let mut holdings = Holdings::new(&study.plan, &training, &store, &class);
    let todo = Todo::new(&mut holdings, &writer).unwrap();
    let mut corpora = Corpora::new(&study.plan, study.path(), false);
    let interrupt = AtomicBool::new(false);
    let options = RunOptions::new(study.path(), study.path(), &interrupt);
    let mut carrier = Carrier::new(&study.plan, &training, &options, (&writer, &class), &mut corpora);
    let (mut carried, mut waves, mut numbers) = (Carried::default(), Vec::new(), Vec::new());
    let mut watch = |event: Event| match event {
        Event::Wave { wave, waves: 4, model, .. } => {
            numbers.push(wave);
            let width = model.strip_prefix("width ").and_then(|rest| rest.split(',').next()).unwrap();
            waves.push(Some(width.parse().unwrap()));
        }
        Event::Wave { .. } => panic!("there are four waves: {event:?}"),
        Event::WaveEnded { .. } => {
            waves.push(None);
            at_end();
        }
        _ => {}
    };
    let outcome = carrier.carry_out(&todo, executor, &mut watch, &mut carried);
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<usize>>(), "waves are told of in their order");
    (outcome, carried, waves)
}

fn staged(before: impl Fn(usize, &AtomicUsize) -> Result<(), Problem> + Send + Sync + 'static) -> Staged {
    let cpu = CpuExecutor::new(Some(2)).unwrap();
    Staged { cpu, before: Arc::new(before), made: Arc::default() }
}

/// The cells of a study that was trained, without times.
fn trained(study: &mut Study) -> Vec<String> {
    let summary = study.run(USUAL).unwrap();
    assert_eq!((summary.steps, summary.interrupted), (0, false));
    bits(&summary.results)
}

#[test]
fn waves_that_leave_threads_idle_train_side_by_side_with_the_same_bits() {
    let mut alone = Study::new(ladder());
    let (outcome, carried, waves) = train(&mut alone, &mut CpuExecutor::new(Some(1)).unwrap());
    assert_eq!((outcome, carried.steps, carried.interrupted), (Ok(()), 4 * STEPS, false));
    assert_eq!(waves, [Some(16), None, Some(24), None, Some(48), None, Some(32), None], "in the order of the plan");
    let mut beside = Study::new(ladder());
    // No wave steps before the second is there: they are side by side, or this waits in vain.
    let mut executor = staged(|_, made| {
        wait_until(|| made.load(Ordering::SeqCst) >= 2);
        Ok(())
    });
    let (outcome, carried, waves) = train(&mut beside, &mut executor);
    assert_eq!((outcome, carried.steps, carried.interrupted), (Ok(()), 4 * STEPS, false));
    let begun: Vec<u64> = waves.iter().flatten().copied().collect();
    assert_eq!(begun, [16, 48, 32, 24], "beside the first, those with the longest way");
    let open = waves.iter().scan(0, |open, wave| {
        *open += if wave.is_some() { 1 } else { -1 };
        Some(*open)
    });
    assert_eq!(open.max(), Some(2), "{waves:?}");
    assert_eq!(trained(&mut beside), trained(&mut alone));
}

#[test]
fn a_wave_that_fits_with_few_slots_only_trains_with_those() {
    let mut study = Study::new(ladder());
    let rows = study.plan.recipes[0].batch / study.plan.models[2].context;
    let program = lower(&study.plan.models[2], rows as usize);
    let bytes = CpuExecutor::new(Some(2)).unwrap().bytes(&program, 1).unwrap();
    let mut executor = CpuExecutor::new(Some(2)).unwrap().with_memory(bytes);
    let (outcome, carried, waves) = train(&mut study, &mut executor);
    assert_eq!((outcome, carried.steps, carried.interrupted), (Ok(()), 4 * STEPS, false));
    assert_eq!(waves.iter().flatten().count(), 4);
    assert_eq!(trained(&mut study), trained_alone());
}

fn trained_alone() -> Vec<String> {
    bits(&Study::new(ladder()).run(USUAL).unwrap().results)
}

#[test]
fn waves_side_by_side_that_are_interrupted_go_on_with_the_same_bits() {
    let straight = bits(&Study::new(ladder()).run(USUAL).unwrap().results);
    for stop_after in 1..6 {
        let mut study = Study::new(ladder());
        let first = study.run(How { stop_after, ..USUAL }).unwrap();
        let second = study.run(USUAL).unwrap();
        assert!(!second.interrupted);
        assert_eq!(bits(&second.results), straight, "stopped after {stop_after}");
        assert_eq!(first.steps + second.steps, 4 * STEPS, "stopped after {stop_after}");
    }
}

/// What becomes of the first wave where the second comes to grief, which the first waits for, and then goes slowly.
fn beside_grief(grief: impl Fn() -> Result<(), Problem> + Send + Sync + 'static) -> Staged {
    let came = AtomicBool::new(false);
    staged(move |number, _| {
        if number == 2 {
            came.store(true, Ordering::SeqCst);
            return grief();
        }
        wait_until(|| came.load(Ordering::SeqCst));
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    })
}

#[test]
fn a_problem_of_one_wave_stops_those_beside_it_and_loses_nothing() {
    let mut study = Study::new(ladder());
    let mut executor = beside_grief(|| Err(Problem::new("E0957", "the device is gone")));
    let (outcome, carried, waves) = train(&mut study, &mut executor);
    assert_eq!(outcome.unwrap_err().headline, "the device is gone");
    assert_eq!(waves, [Some(16), Some(48), None, None], "no other begins");
    assert!(carried.interrupted && (1..STEPS).contains(&carried.steps), "{} steps", carried.steps);
    let second = study.run(USUAL).unwrap();
    assert_eq!(second.steps + carried.steps, 4 * STEPS, "the first goes on from its checkpoint");
    assert_eq!(bits(&second.results), trained_alone());
}

#[test]
fn a_failure_within_a_wave_reaches_the_one_who_waits_and_stops_the_others() {
    let mut study = Study::new(ladder());
    let started = Instant::now();
    let mut executor = beside_grief(|| panic!("as a mistake of ours would"));
    assert!(catch_unwind(AssertUnwindSafe(|| train(&mut study, &mut executor))).is_err());
    // All steps of the first wave would take 20 ms each.
    assert!(started.elapsed() < Duration::from_millis(20) * STEPS as u32, "it stopped before its end");
    let second = study.run(USUAL).unwrap();
    assert!(second.steps < 4 * STEPS, "what the first had is kept");
    assert_eq!(bits(&second.results), trained_alone());
}

#[test]
fn a_failure_of_the_one_who_waits_stops_the_waves() {
    let mut study = Study::new(ladder());
    let fails = Arc::new(AtomicBool::new(false));
    let came = Arc::clone(&fails);
    // The first wave steps once the second has ended and the one who waits fails of it; all its steps would take 20 ms each.
    let mut executor = staged(move |number, _| {
        if number == 1 {
            wait_until(|| came.load(Ordering::SeqCst));
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    });
    let at_end = || {
        fails.store(true, Ordering::SeqCst);
        panic!("as a mistake of ours would");
    };
    assert!(catch_unwind(AssertUnwindSafe(|| train_and(&mut study, &mut executor, at_end))).is_err());
    let second = study.run(USUAL).unwrap();
    assert!((2 * STEPS + 1..3 * STEPS).contains(&second.steps), "{} steps: the first had not ended", second.steps);
    assert_eq!(bits(&second.results), trained_alone());
}
