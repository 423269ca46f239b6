//! Whole steps against the CPU executor.

use synx_cpu::CpuExecutor;
use synx_gpu::GpuExecutor;
use synx_plan::exact::Exact;
use synx_plan::executor::{Batch, Executor, SlotState, StepControl, Wave};
use synx_plan::model::{Block, Model};
use synx_plan::program::{Program, lower};

use crate::bench::{STILL, close, devices, tokens};

/// Width 32, two layers (SwiGLU and GELU), context 32, grouped queries.
pub fn model(vocabulary: u64, tied: bool) -> Model {
    let attention = Block::Attention { heads: 4, kv_heads: 2, head_dim: 8 };
    Model {
        width: 32,
        context: 32,
        vocabulary,
        blocks: vec![attention.clone(), Block::Swiglu { hidden: 96 }, attention, Block::Gelu { hidden: 64 }],
        tied,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: Exact::from_decimal("1e-5").unwrap(),
        init_std: Exact::from_decimal("0.02").unwrap(),
    }
}

pub fn program_of(model: &Model) -> Program {
    lower(model, 4)
}

/// The control of step `step`, counted from one.
pub fn control(program: &Program, step: u64, rate: f32) -> StepControl {
    let correction = |beta: f64| (1.0 - beta.powi(step as i32)) as f32;
    StepControl {
        rate,
        correction1: correction(0.9),
        correction2: correction(0.95),
        weight_decay: 0.1,
        clip: 1.0,
        loss_scale: 1.0 / program.tokens() as f32,
        ..STILL
    }
}

/// The tokens of a step for slots whose streams have these numbers: something that can be learned.
pub fn batch(program: &Program, step: u64, streams: &[u64]) -> Batch {
    let mut batch = Batch::default();
    for stream in streams {
        for row in 0..program.rows as u64 {
            let starts = tokens(stream * 1_000_003 + step * 101 + row, 2, program.vocabulary);
            let at = |i: usize| (starts[0] + starts[1] % 5 * i as u32) % program.vocabulary as u32;
            batch.inputs.extend((0..program.context).map(at));
            batch.targets.extend((1..=program.context).map(at));
        }
    }
    batch
}

fn trained(wave: &mut dyn Wave, program: &Program, steps: u64) -> (Vec<f64>, SlotState) {
    wave.join(0, &SlotState::initial(program.initial_parameters(1, 0))).unwrap();
    let mut losses = Vec::new();
    for step in 1..=steps {
        wave.step(&batch(program, step, &[7]), &[Some(control(program, step, 3e-3))]).unwrap();
        if step % 20 == 0 || step == steps {
            losses.extend(wave.drain().unwrap().iter().map(|slots| f64::from(slots[0].unwrap().loss)));
        }
    }
    (losses, wave.leave(0).unwrap())
}

#[test]
fn fifty_steps_follow_the_cpu_executor() {
    let mut devices = devices();
    for tied in [false, true] {
        let program = program_of(&model(97, tied));
        let mut cpu = CpuExecutor::new(Some(1)).unwrap();
        let (want, want_state) = trained(&mut *cpu.prepare(&program, 1).unwrap(), &program, 50);
        assert!(want[49] < 0.8 * want[0], "the CPU learns: {want:?}");
        for executor in &mut devices.executors {
            let (got, state) = trained(&mut executor.wave(&program, 1).unwrap(), &program, 50);
            for (step, (got, want)) in got.iter().zip(&want).enumerate() {
                assert!((got / want - 1.0).abs() < 1e-5, "step {step}: {got}, not {want}, {:?}", executor.set());
            }
            assert_eq!(state.step, 50);
            let difference: f64 =
                state.parameters.iter().zip(&want_state.parameters).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            let size: f64 = want_state.parameters.iter().map(|a| f64::from(*a).powi(2)).sum();
            assert!((difference / size).sqrt() < 1e-4, "{}", (difference / size).sqrt());
        }
    }
}

/// With no momentum, no clip and no decay the first moment after a step is the gradient.
fn gradient(wave: &mut dyn Wave, program: &Program, weights: Vec<f32>) -> (Vec<f32>, f32, f32) {
    wave.join(0, &SlotState::initial(program.initial_parameters(1, 0).iter().map(|p| p * 2.0).collect())).unwrap();
    let mut batch = batch(program, 1, &[3]);
    batch.weights = weights;
    let still = StepControl { beta1: 0.0, loss_scale: 1.0 / program.tokens() as f32, ..STILL };
    wave.step(&batch, &[Some(still)]).unwrap();
    let reading = wave.drain().unwrap()[0][0].unwrap();
    (wave.read(0).unwrap().first_moment, reading.loss, reading.gradient_norm)
}

#[test]
fn every_gradient_is_the_cpus() {
    let mut devices = devices();
    for tied in [false, true] {
        let program = program_of(&model(97, tied));
        let weights: Vec<f32> = (0..program.tokens()).map(|i| [1.0, 0.5, 0.0][i % 3]).collect();
        for weights in [Vec::new(), weights] {
            let mut cpu = CpuExecutor::new(Some(1)).unwrap();
            let (want, want_loss, want_norm) =
                gradient(&mut *cpu.prepare(&program, 1).unwrap(), &program, weights.clone());
            for executor in &mut devices.executors {
                let mut wave = executor.wave(&program, 1).unwrap();
                let (got, loss, norm) = gradient(&mut wave, &program, weights.clone());
                close(&[loss, norm], &[want_loss, want_norm], 1e-5, "loss and norm");
                for parameter in &program.parameters {
                    let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
                    close(&got[range.clone()], &want[range], 2e-4, &program.tensor(parameter.tensor).name);
                }
            }
        }
    }
}

#[test]
fn the_optimiser_is_its_twin() {
    let mut devices = devices();
    let program = program_of(&model(97, false));
    for executor in &mut devices.executors {
        for clip in [f32::INFINITY, 0.01] {
            let (mut state, gradient, norm, after) = one_update(executor, &program, clip);
            let control = StepControl { clip, ..control(&program, 3, 0.1) };
            let update = synx_cpu::twin::Update::new(&control, norm, 1.0);
            for parameter in &program.parameters {
                let range = parameter.offset..parameter.offset + program.size(parameter.tensor);
                crate::bench::twin!(
                    executor,
                    adamw(
                        &mut state.parameters[range.clone()],
                        &mut state.first_moment[range.clone()],
                        &mut state.second_moment[range.clone()],
                        &gradient[range],
                        &update,
                        parameter.decay,
                    )
                );
            }
            close(&after.parameters, &state.parameters, 1e-6, "parameters");
            close(&after.first_moment, &state.first_moment, 1e-6, "first moments");
            close(&after.second_moment, &state.second_moment, 1e-6, "second moments");
            let want = synx_cpu::twin::reduce_norm(&gradient);
            close(&[norm], &[want], 1e-6, "the norm");
        }
    }
}

/// A state with moments, the gradient at it, its norm, and the state after an update.
fn one_update(executor: &mut GpuExecutor, program: &Program, clip: f32) -> (SlotState, Vec<f32>, f32, SlotState) {
    let mut wave = executor.wave(program, 1).unwrap();
    let mut state = SlotState::initial(program.initial_parameters(4, 0));
    for (i, m) in state.first_moment.iter_mut().enumerate() {
        *m = (i % 13) as f32 * 1e-3 - 6e-3;
    }
    for (i, v) in state.second_moment.iter_mut().enumerate() {
        *v = (i % 11) as f32 * 1e-5;
    }
    wave.join(0, &state).unwrap();
    let batch = batch(program, 1, &[3]);
    let controls = [Some(StepControl { clip, ..control(program, 3, 0.1) })];
    wave.run_passes(&batch, &controls).unwrap();
    let gradients = program.parameters.iter().map(|p| p.gradient);
    let gradient: Vec<f32> = gradients.flat_map(|gradient| wave.read_tensor(0, gradient).unwrap()).collect();
    wave.step(&batch, &controls).unwrap();
    let norm = wave.drain().unwrap()[0][0].unwrap().gradient_norm;
    (state, gradient, norm, wave.leave(0).unwrap())
}

#[test]
fn evaluation_is_the_cpus_in_any_number_of_rows() {
    let mut devices = devices();
    let program = program_of(&model(97, false));
    let state = SlotState::initial(program.initial_parameters(1, 0).iter().map(|p| p * 2.0).collect());
    let long = Program { rows: 11, ..program.clone() };
    let Batch { inputs, targets, .. } = batch(&long, 1, &[5]);
    let mut cpu = CpuExecutor::new(Some(1)).unwrap();
    let mut wave = cpu.prepare(&program, 1).unwrap();
    wave.join(0, &state).unwrap();
    let want = wave.evaluate(&inputs, &targets).unwrap();
    for executor in &mut devices.executors {
        let mut wave = executor.wave(&program, 3).unwrap();
        wave.join(1, &state).unwrap();
        let got = wave.evaluate(&inputs, &targets).unwrap();
        let (before, rest) = got.split_at(want.len());
        let (got, after) = rest.split_at(want.len());
        close(got, &want, 1e-5, "losses");
        assert!(before.iter().chain(after).all(|loss| *loss == 0.0), "empty slots give zeros");
        // Rows do not know of each other.
        let one = 32 * 6..32 * 7;
        let alone = wave.evaluate(&inputs[one.clone()], &targets[one.clone()]).unwrap();
        assert_eq!(alone[32..64], got[one]);
    }
}

#[test]
fn a_step_that_is_timed_is_a_step_and_its_times_lie_within_it() {
    let mut devices = devices();
    let program = program_of(&model(97, false));
    for executor in &mut devices.executors {
        let state = SlotState::initial(program.initial_parameters(1, 0));
        let (batch, controls) = (batch(&program, 1, &[3]), [Some(control(&program, 1, 1e-3))]);
        let mut plain = executor.wave(&program, 1).unwrap();
        plain.join(0, &state).unwrap();
        plain.step(&batch, &controls).unwrap();
        let mut timed = executor.wave(&program, 1).unwrap();
        timed.join(0, &state).unwrap();
        let start = std::time::Instant::now();
        let times = timed.profile(&batch, &controls).unwrap();
        let whole = start.elapsed().as_secs_f64();
        assert!(timed.read(0).unwrap() == plain.read(0).unwrap());
        assert_eq!(times.iter().map(|time| time.dispatches).sum::<usize>(), timed.dispatches_per_step());
        assert!(times.iter().all(|time| time.seconds > 0.0), "{times:?}");
        assert!(times.iter().map(|time| time.seconds).sum::<f64>() <= whole, "{times:?} in {whole} s");
    }
}
