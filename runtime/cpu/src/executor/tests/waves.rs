//! What a slot's bits must not depend on.

use synx_plan::executor::{Executor, Load, StepReading, Wave};
use synx_plan::program::lower;

use super::*;
use crate::{CpuExecutor, Instructions};

fn wave(program: &Program, slots: usize, threads: usize) -> Box<dyn Wave> {
    CpuExecutor::new(Some(threads)).unwrap().prepare(program, slots).unwrap()
}

/// Each replica alone in a wave of one slot: its state after `steps` and its readings.
fn alone(program: &Program, replica: u64, steps: u64) -> (SlotState, Vec<StepReading>) {
    let mut wave = wave(program, 1, 1);
    wave.join(0, &start(program, replica)).unwrap();
    for step in 0..steps {
        wave.step(&batch(program, &[replica], step), &[Some(control(program, step))]).unwrap();
    }
    let readings = wave.drain().unwrap().into_iter().map(|slots| slots[0].unwrap()).collect();
    (wave.leave(0).unwrap(), readings)
}

#[test]
fn models_in_a_wave_are_those_that_each_is_alone() {
    let program = lower(&small(false), 20);
    let want: Vec<_> = (0..8).map(|replica| alone(&program, replica, 3)).collect();
    for (slots, threads) in [(1, 2), (3, 1), (3, 2), (8, 2), (8, 3)] {
        let mut wave = wave(&program, slots, threads);
        // Any slot: replicas in descending order.
        let replicas: Vec<u64> = (0..slots as u64).rev().collect();
        for (slot, replica) in replicas.iter().enumerate() {
            wave.join(slot, &start(&program, *replica)).unwrap();
        }
        for step in 0..3 {
            let controls = vec![Some(control(&program, step)); slots];
            wave.step(&batch(&program, &replicas, step), &controls).unwrap();
        }
        let readings = wave.drain().unwrap();
        for (slot, replica) in replicas.iter().enumerate() {
            let (state, alone) = &want[*replica as usize];
            let same = wave.read(slot).unwrap() == *state;
            assert!(same, "replica {replica} in slot {slot} of {slots}, {threads} threads");
            let together: Vec<StepReading> = readings.iter().map(|step| step[slot].unwrap()).collect();
            assert_eq!(together, *alone);
        }
    }
}

#[test]
fn slots_that_join_leave_rest_and_fork_go_on_bit_for_bit() {
    let program = lower(&small(true), 6);
    let (mut wave, at) = (wave(&program, 3, 2), |step| Some(control(&program, step)));
    wave.join(1, &start(&program, 0)).unwrap();
    wave.step(&batch(&program, &[9, 0, 9], 0), &[None, at(0), None]).unwrap();
    wave.step(&batch(&program, &[9, 0, 9], 1), &[None, at(1), None]).unwrap();
    wave.fork(1, 0).unwrap();
    wave.join(2, &start(&program, 5)).unwrap();
    // The first slot goes on, the second rests, the third starts.
    wave.step(&batch_of(&program, &[(0, 2), (9, 0), (5, 0)]), &[at(2), None, at(0)]).unwrap();
    assert!(wave.read(0).unwrap() == alone(&program, 0, 3).0);
    let rested = wave.leave(1).unwrap();
    assert!(rested == alone(&program, 0, 2).0);
    assert!(wave.read(1).is_err());
    // What left comes back elsewhere, in place of the third.
    assert!(wave.leave(2).unwrap() == alone(&program, 5, 1).0);
    wave.join(2, &rested).unwrap();
    wave.step(&batch(&program, &[9, 9, 0], 2), &[None, None, at(2)]).unwrap();
    assert!(wave.read(2).unwrap() == alone(&program, 0, 3).0);
    let readings = wave.drain().unwrap();
    assert_eq!(readings.len(), 4);
    assert!(readings[3][0].is_none() && readings[3][2].is_some());
}

/// Steps wait and are carried out together: more slots than are stepped at once, which rest now and then, so that some are far ahead of others.
#[test]
fn slots_that_wait_for_no_other_go_their_own_steps() {
    const SLOTS: usize = 7;
    let program = lower(&small(false), 6);
    let rests = |slot: usize, step: u64| (slot as u64 * 5 + step * 3).is_multiple_of(4) || (slot == 2 && step < 7);
    for threads in 1..=3 {
        let mut wave = wave(&program, SLOTS, threads);
        for slot in 0..SLOTS {
            wave.join(slot, &start(&program, slot as u64)).unwrap();
        }
        let mut taken = [0; SLOTS];
        for step in 0..9 {
            let own: Vec<(u64, u64)> = (0..SLOTS).map(|slot| (slot as u64, taken[slot])).collect();
            let takes = |slot: usize| !rests(slot, step);
            let controls: Vec<_> = (0..SLOTS).map(|slot| takes(slot).then(|| control(&program, taken[slot]))).collect();
            wave.step(&batch_of(&program, &own), &controls).unwrap();
            (0..SLOTS).filter(|slot| takes(*slot)).for_each(|slot| taken[slot] += 1);
        }
        let readings = wave.drain().unwrap();
        assert!(wave.drain().unwrap().is_empty());
        for slot in 0..SLOTS {
            let (state, alone) = alone(&program, slot as u64, taken[slot]);
            assert!(wave.leave(slot).unwrap() == state, "slot {slot}, {threads} threads");
            let own: Vec<StepReading> = readings.iter().filter_map(|step| step[slot]).collect();
            assert_eq!(own, alone);
            assert!((0..9).all(|step| readings[step as usize][slot].is_none() == rests(slot, step)));
        }
    }
}

#[test]
fn a_slot_that_diverges_stops_and_its_neighbours_do_not_notice() {
    let program = lower(&small(false), 6);
    let mut wave = wave(&program, 3, 2);
    for slot in 0..3 {
        wave.join(slot, &start(&program, slot as u64)).unwrap();
    }
    let mut before = None;
    for step in 0..4 {
        let mut controls = vec![Some(control(&program, step)); 3];
        if step == 1 {
            // The update itself is finite; the next loss is not.
            controls[1] = Some(StepControl { rate: 1e30, ..control(&program, step) });
        }
        wave.step(&batch(&program, &[0, 1, 2], step), &controls).unwrap();
        if step == 1 {
            before = Some(wave.read(1).unwrap());
        }
    }
    let readings = wave.drain().unwrap();
    assert!(!readings[1][1].unwrap().is_stop());
    assert!(readings[2][1].unwrap().is_stop() && readings[3][1].unwrap().is_stop());
    assert_eq!(wave.read(1).unwrap(), before.unwrap(), "weights stay those before the step that was not finite");
    for slot in [0, 2] {
        assert!(wave.read(slot).unwrap() == alone(&program, slot as u64, 4).0);
    }
    // A state that joins starts afresh.
    wave.join(1, &start(&program, 7)).unwrap();
    wave.step(&batch(&program, &[0, 7, 2], 0), &[None, Some(control(&program, 0)), None]).unwrap();
    assert!(wave.read(1).unwrap() == alone(&program, 7, 1).0);
}

#[test]
fn instruction_sets_and_thread_counts_agree_over_fifty_steps() {
    let program = lower(&small(false), 3);
    let run = |instructions, threads| {
        let mut executor = CpuExecutor::with_instructions(Some(threads), instructions).unwrap();
        let mut wave = executor.prepare(&program, 1).unwrap();
        wave.join(0, &start(&program, 0)).unwrap();
        for step in 0..50 {
            wave.step(&batch(&program, &[0], step), &[Some(control(&program, step))]).unwrap();
        }
        let readings = wave.drain().unwrap();
        (wave.leave(0).unwrap(), readings)
    };
    let want = run(Instructions::SCALAR, 1);
    assert!(want.1.iter().all(|step| !step[0].unwrap().is_stop()));
    for instructions in Instructions::available() {
        for threads in [1, 2] {
            assert!(run(instructions, threads) == want, "{instructions}, {threads} threads");
        }
    }
}

#[test]
fn evaluation_gives_each_target_its_loss_under_every_slot() {
    let program = lower(&small(false), 2);
    let mut wave = wave(&program, 3, 2);
    wave.join(0, &start(&program, 0)).unwrap();
    wave.join(2, &start(&program, 2)).unwrap();
    let (inputs, targets) = tokens(&program, 0, 0);
    let control = control(&program, 0);
    wave.step(&batch(&program, &[0, 9, 0], 0), &[Some(StepControl { rate: 0.0, ..control }), None, None]).unwrap();
    let loss = wave.drain().unwrap()[0][0].unwrap().loss;
    // More sequences than a step has, and the same ones twice.
    let twice = |x: &[u32]| [x, x].concat();
    let losses = wave.evaluate(&twice(&inputs), &twice(&targets)).unwrap();
    let n = inputs.len();
    assert_eq!(losses.len(), 3 * 2 * n);
    let mean = losses[..n].iter().map(|l| f64::from(*l)).sum::<f64>() / n as f64;
    assert!((mean - f64::from(loss)).abs() < 1e-6);
    assert_eq!(losses[..n], losses[n..2 * n]);
    assert!(losses[2 * n..4 * n].iter().all(|l| *l == 0.0), "an empty slot gives zeros");
    assert!(losses[4 * n..].iter().all(|l| *l > 0.0) && losses[4 * n..5 * n] != losses[..n]);
    assert!(wave.evaluate(&[], &[]).unwrap().is_empty());
}

#[test]
fn row_weights_of_zero_leave_a_row_out() {
    let program = lower(&small(false), 2);
    let run = |batch: &Batch| {
        let mut wave = wave(&program, 1, 1);
        wave.join(0, &start(&program, 0)).unwrap();
        wave.step(batch, &[Some(StepControl { loss_scale: 0.05, ..control(&program, 0) })]).unwrap();
        wave.leave(0).unwrap()
    };
    let mut weighted = batch(&program, &[0], 0);
    weighted.weights = (0..program.tokens()).map(|r| if r % 3 == 0 { 0.0 } else { 1.0 }).collect();
    let mut other = weighted.clone();
    for r in (0..program.tokens()).step_by(3) {
        other.targets[r] = (other.targets[r] + 1) % 97;
    }
    assert!(run(&weighted) == run(&other));
    weighted.weights.clear();
    assert!(run(&weighted) != run(&other));
}

#[test]
fn calls_that_do_not_fit_the_wave_are_problems() {
    let program = lower(&small(false), 2);
    let mut wave = wave(&program, 2, 1);
    let good = batch(&program, &[0, 1], 0);
    let controls = [Some(control(&program, 0)), None];
    assert!(wave.step(&good, &controls).is_err(), "the slot is empty");
    wave.join(0, &start(&program, 0)).unwrap();
    assert!(wave.step(&good, &controls[..1]).is_err());
    assert!(wave.step(&batch(&program, &[0], 0), &controls).is_err());
    let mut bad = good.clone();
    bad.inputs[3] = 97;
    assert!(wave.step(&bad, &controls).is_err());
    assert!(wave.step(&Batch { weights: vec![1.0], ..good.clone() }, &controls).is_err());
    assert!(wave.join(2, &start(&program, 0)).is_err());
    assert!(wave.join(1, &SlotState::initial(vec![0.0; 3])).is_err());
    assert!(wave.fork(1, 0).is_err());
    assert!(wave.evaluate(&[0; 31], &[0; 31]).is_err());
    assert!(wave.step(&good, &controls).is_ok());
}

#[test]
fn what_does_not_fit_memory_is_refused_with_its_sizes() {
    let program = lower(&small(false), 2);
    let roomy = CpuExecutor::new(Some(2)).unwrap().with_memory(8 << 30);
    assert_eq!(roomy.fit(&program, 5).unwrap(), 5);
    let mut tight = CpuExecutor::new(Some(2)).unwrap().with_memory(100 << 10);
    let problem = tight.fit(&program, 1).unwrap_err();
    assert_eq!(problem.code, "E0958");
    assert!(problem.notes.iter().any(|note| note.contains("MiB")));
    assert!(tight.prepare(&program, 1).is_err());
}

#[test]
fn threads_are_idle_beside_fewer_shards_than_they_are() {
    // 128 tokens a step are one shard, 2,048 are eight.
    let (small, large) = (lower(&small(false), 4), lower(&small(false), 64));
    let executor = CpuExecutor::new(Some(3)).unwrap();
    let load = |program, live| Load { program, live };
    assert!(executor.is_idle_beside(&[]));
    assert!(executor.is_idle_beside(&[load(&small, 1.5), load(&small, 1.4)]));
    assert!(!executor.is_idle_beside(&[load(&small, 1.5), load(&small, 1.5)]));
    assert!(!executor.is_idle_beside(&[load(&large, 1.0)]));
}

#[test]
fn a_wave_has_the_memory_that_those_beside_it_leave() {
    let program = lower(&small(false), 4);
    let bytes = |slots| CpuExecutor::new(Some(2)).unwrap().bytes(&program, slots).unwrap();
    let mut executor = CpuExecutor::new(Some(2)).unwrap().with_memory(bytes(4) + bytes(2));
    assert!(executor.fit(&program, 100).unwrap() > 4);
    let first = executor.prepare(&program, 4).unwrap();
    assert_eq!(executor.fit(&program, 4).unwrap(), 2);
    assert_eq!(executor.prepare(&program, 3).err().unwrap().code, "E0958");
    let second = executor.prepare(&program, 2).unwrap();
    assert_eq!(executor.fit(&program, 1).unwrap_err().code, "E0958");
    drop(first);
    assert_eq!(executor.fit(&program, 4).unwrap(), 4);
    drop(second);
    assert!(executor.fit(&program, 100).unwrap() > 4);
}

#[test]
fn thread_counts_that_make_no_sense_are_refused() {
    assert_eq!(CpuExecutor::new(Some(0)).unwrap_err().code, "E0959");
    assert_eq!(CpuExecutor::new(Some(1_000_000)).unwrap_err().code, "E0959");
}
