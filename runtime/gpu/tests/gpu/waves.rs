//! What a wave promises: a slot's bits are its own.

use synx_gpu::GpuExecutor;
use synx_plan::executor::{Batch, SlotState, StepControl, StepReading, Wave};
use synx_plan::program::Program;

use crate::bench::devices;
use crate::steps::{batch, control, model, program_of};

/// Runs steps `from..=to` in the slots that have a stream; slot s has rate `(s + 1) · 1e-3` unless `rates` says otherwise.
fn steps(
    wave: &mut dyn Wave,
    program: &Program,
    from: u64,
    to: u64,
    streams: &[Option<(u64, f32)>],
) -> Vec<Vec<Option<StepReading>>> {
    for step in from..=to {
        let numbers: Vec<u64> = streams.iter().map(|stream| stream.map_or(0, |s| s.0)).collect();
        let controls: Vec<Option<StepControl>> =
            streams.iter().map(|stream| stream.map(|(_, rate)| control(program, step, rate))).collect();
        wave.step(&batch(program, step, &numbers), &controls).unwrap();
    }
    wave.drain().unwrap()
}

fn start(program: &Program, replicate: u64) -> SlotState {
    SlotState::initial(program.initial_parameters(1, replicate))
}

/// A model trained alone.
fn alone(
    executor: &mut GpuExecutor,
    program: &Program,
    model: (u64, u64, f32),
    to: u64,
) -> (Vec<StepReading>, SlotState) {
    let mut wave = executor.wave(program, 1).unwrap();
    let (replicate, stream, rate) = model;
    wave.join(0, &start(program, replicate)).unwrap();
    let readings = steps(&mut wave, program, 1, to, &[Some((stream, rate))]);
    (readings.iter().map(|slots| slots[0].unwrap()).collect(), wave.leave(0).unwrap())
}

#[test]
fn models_in_a_wave_are_what_each_is_alone_in_any_slot() {
    let mut devices = devices();
    let program = program_of(&model(97, false));
    for executor in &mut devices.executors {
        let models: Vec<(u64, u64, f32)> = (0..8).map(|i| (i % 3, i, 1e-3 * (i + 1) as f32)).collect();
        let want: Vec<_> = models.iter().map(|&model| alone(executor, &program, model, 4)).collect();
        for (slots, first) in [(3, 0), (3, 5), (8, 0), (8, 3)] {
            let mut wave = executor.wave(&program, slots).unwrap();
            let chosen: Vec<usize> = (0..slots).map(|slot| (first + slot) % 8).collect();
            for (slot, &i) in chosen.iter().enumerate() {
                wave.join(slot, &start(&program, models[i].0)).unwrap();
            }
            let streams: Vec<_> = chosen.iter().map(|&i| Some((models[i].1, models[i].2))).collect();
            let readings = steps(&mut wave, &program, 1, 4, &streams);
            for (slot, &i) in chosen.iter().enumerate() {
                let got: Vec<StepReading> = readings.iter().map(|slots| slots[slot].unwrap()).collect();
                assert_eq!(got, want[i].0, "model {i} in slot {slot} of {slots}, {:?}", executor.set());
                assert!(wave.leave(slot).unwrap() == want[i].1, "model {i} in slot {slot} of {slots}");
            }
        }
    }
}

#[test]
fn slots_join_rest_fork_and_leave_without_touching_others() {
    let mut devices = devices();
    let program = program_of(&model(97, true));
    for executor in &mut devices.executors {
        let (_, want) = alone(executor, &program, (0, 1, 1e-3), 6);
        let (_, want_other) = alone(executor, &program, (1, 2, 2e-3), 3);
        let mut wave = executor.wave(&program, 4).unwrap();
        wave.join(2, &start(&program, 0)).unwrap();
        let readings = steps(&mut wave, &program, 1, 2, &[None, None, Some((1, 1e-3)), None]);
        assert!(readings.iter().all(|slots| slots[0].is_none() && slots[2].is_some()));
        // A branch of slot 2 goes on in slot 0, another model starts in slot 3, slot 2 rests.
        wave.fork(2, 0).unwrap();
        assert!(wave.read(0).unwrap() == wave.read(2).unwrap());
        wave.join(3, &start(&program, 1)).unwrap();
        let resting = wave.read(2).unwrap();
        steps(&mut wave, &program, 3, 4, &[Some((1, 1e-3)), None, None, None]);
        steps(&mut wave, &program, 1, 3, &[None, None, None, Some((2, 2e-3))]);
        assert!(wave.read(2).unwrap() == resting);
        assert!(wave.leave(3).unwrap() == want_other);
        // The branch leaves, comes back elsewhere and goes on.
        let state = wave.leave(0).unwrap();
        assert_eq!(state.step, 4);
        wave.join(1, &state).unwrap();
        assert!(wave.read(1).unwrap() == state);
        steps(&mut wave, &program, 5, 6, &[None, Some((1, 1e-3)), None, None]);
        assert!(wave.leave(1).unwrap() == want);
    }
}

#[test]
fn a_model_that_diverges_stops_and_leaves_the_others_alone() {
    let mut devices = devices();
    let program = program_of(&model(97, false));
    for executor in &mut devices.executors {
        let (want_readings, want) = alone(executor, &program, (0, 1, 1e-3), 5);
        let mut wave = executor.wave(&program, 3).unwrap();
        // Slot 0 has a number that is none, slot 2 a rate that no training survives.
        let mut broken = start(&program, 0);
        broken.parameters[100] = f32::NAN;
        wave.join(0, &broken).unwrap();
        wave.join(1, &start(&program, 0)).unwrap();
        wave.join(2, &start(&program, 0)).unwrap();
        let streams = [Some((1, 1e-3)), Some((1, 1e-3)), Some((1, 1e25))];
        let readings = steps(&mut wave, &program, 1, 5, &streams);
        for (step, slots) in readings.iter().enumerate() {
            assert!(slots[0].unwrap().is_stop(), "{:?}", slots[0]);
            assert_eq!(slots[1].unwrap(), want_readings[step]);
            assert_eq!(!slots[2].unwrap().is_stop(), step == 0, "step {step}: {:?}", slots[2]);
        }
        assert!(wave.leave(1).unwrap() == want);
        // What has stopped is what it was before the step that broke it.
        let stopped = wave.leave(0).unwrap();
        assert_eq!(stopped.step, 0);
        assert!(stopped.first_moment.iter().all(|m| *m == 0.0));
        let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same(&stopped.parameters, &broken.parameters));
        assert_eq!(wave.read(2).unwrap().step, 1);
        // A state that joins the slot trains as if nothing had been there.
        wave.join(0, &start(&program, 0)).unwrap();
        let readings = steps(&mut wave, &program, 1, 5, &[Some((1, 1e-3)), None, None]);
        assert_eq!(readings.iter().map(|slots| slots[0].unwrap()).collect::<Vec<_>>(), want_readings);
        assert!(wave.leave(0).unwrap() == want);
    }
}

#[test]
fn evaluating_between_steps_changes_nothing() {
    let mut devices = devices();
    let program = program_of(&model(97, false));
    for executor in &mut devices.executors {
        let (_, want) = alone(executor, &program, (0, 1, 1e-3), 4);
        let mut wave = executor.wave(&program, 2).unwrap();
        wave.join(1, &start(&program, 0)).unwrap();
        steps(&mut wave, &program, 1, 2, &[None, Some((1, 1e-3))]);
        let Batch { inputs, targets, .. } = batch(&program, 9, &[4]);
        let first = wave.evaluate(&inputs, &targets).unwrap();
        assert!(first == wave.evaluate(&inputs, &targets).unwrap());
        steps(&mut wave, &program, 3, 4, &[None, Some((1, 1e-3))]);
        assert!(wave.leave(1).unwrap() == want);
    }
}

#[test]
fn readings_of_more_steps_than_the_device_holds_come_in_order() {
    let mut devices = devices();
    let program =
        synx_plan::program::lower(&synx_plan::model::Model { blocks: vec![], context: 4, ..model(5, false) }, 1);
    let executor = &mut devices.executors[0];
    let mut wave = executor.wave(&program, 2).unwrap();
    wave.join(0, &start(&program, 0)).unwrap();
    let all = steps(&mut wave, &program, 1, 600, &[Some((1, 1e-3)), None]);
    assert_eq!(all.len(), 600);
    let mut again = executor.wave(&program, 2).unwrap();
    again.join(0, &start(&program, 0)).unwrap();
    for from in [1, 201, 401] {
        let some = steps(&mut again, &program, from, from + 199, &[Some((1, 1e-3)), None]);
        assert_eq!(some, all[from as usize - 1..from as usize + 199]);
    }
    assert!(wave.drain().unwrap().is_empty());
}

#[test]
fn what_breaks_the_contract_is_a_problem_and_no_panic() {
    let mut devices = devices();
    let program = program_of(&model(97, false));
    let mut wave = devices.executors[0].wave(&program, 2).unwrap();
    wave.join(0, &start(&program, 0)).unwrap();
    let good = batch(&program, 1, &[0, 0]);
    let one = [Some(control(&program, 1, 1e-3)), None];
    let mut outside = good.clone();
    outside.inputs[3] = 97;
    assert_eq!(wave.step(&outside, &one).unwrap_err().code, "E0957");
    let short = Batch { inputs: good.inputs[1..].to_vec(), ..good.clone() };
    assert_eq!(wave.step(&short, &one).unwrap_err().code, "E0957");
    assert_eq!(wave.step(&good, &one[..1]).unwrap_err().code, "E0957");
    assert_eq!(wave.step(&good, &[None, one[0]]).unwrap_err().code, "E0957");
    assert_eq!(wave.read(1).unwrap_err().code, "E0957");
    assert_eq!(wave.fork(1, 0).unwrap_err().code, "E0957");
    assert_eq!(wave.join(2, &start(&program, 0)).unwrap_err().code, "E0957");
    assert_eq!(wave.join(1, &SlotState::initial(vec![0.0; 3])).unwrap_err().code, "E0957");
    assert_eq!(wave.evaluate(&good.inputs[1..33], &good.targets[1..34]).unwrap_err().code, "E0957");
    // And the wave is as good as before.
    wave.step(&good, &one).unwrap();
    assert!(!wave.drain().unwrap()[0][0].unwrap().is_stop());
}
