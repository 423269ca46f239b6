//! What a wave is planned to take of memory is what it takes.

#![allow(clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use synx_cpu::CpuExecutor;
use synx_plan::exact::Exact;
use synx_plan::executor::{Batch, Executor, SlotState, StepControl};
use synx_plan::model::{Block, Model};
use synx_plan::program::{Program, lower};
use synx_plan::recipe::Precision;

/// The system's memory, counted.
struct Counted;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTED: Counted = Counted;

fn model(width: u64, layers: u64, heads: u64, vocabulary: u64) -> Model {
    let attention = Block::Attention { heads, kv_heads: heads, head_dim: width / heads };
    let gated = Block::Swiglu { hidden: (width * 8).div_ceil(3).next_multiple_of(32) };
    Model {
        width,
        context: 64,
        vocabulary,
        blocks: (0..layers).flat_map(|_| [attention.clone(), gated.clone()]).collect(),
        tied: false,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: Exact::ratio(1, 100_000).unwrap(),
        init_std: Exact::ratio(1, 50).unwrap(),
    }
}

#[test]
fn a_wave_takes_what_it_was_planned_to_take() {
    for (width, layers, vocabulary, threads, slots) in
        [(64, 2, 256, 1, 1), (64, 2, 256, 2, 8), (128, 4, 256, 2, 1), (128, 2, 4096, 2, 3)]
    {
        for precision in [Precision::F32, Precision::Bf16, Precision::F16] {
            let program = lower(&model(width, layers, 2, vocabulary), 8).with_precision(precision);
            takes_what_it_was_planned_to_take(&program, threads, slots);
        }
    }
}

fn takes_what_it_was_planned_to_take(program: &Program, threads: usize, slots: usize) {
    let mut executor = CpuExecutor::new(Some(threads)).unwrap();
    let planned = executor.bytes(program, slots).unwrap() as f64;
    let tokens = vec![1; slots * program.tokens()];
    let batch = Batch { inputs: tokens.clone(), targets: tokens, weights: Vec::new() };
    let control = StepControl {
        rate: 1e-3,
        beta1: 0.9,
        beta2: 0.95,
        correction1: 0.1,
        correction2: 0.05,
        epsilon: 1e-8,
        weight_decay: 0.1,
        clip: 1.0,
        loss_scale: 1.0 / program.tokens() as f32,
    };
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let mut wave = executor.prepare(program, slots).unwrap();
    for slot in 0..slots {
        wave.join(slot, &SlotState::initial(program.initial_parameters(1, slot as u64))).unwrap();
    }
    wave.step(&batch, &vec![Some(control); slots]).unwrap();
    wave.drain().unwrap();
    let taken = (MOST.load(Ordering::Relaxed) - before) as f64;
    let off = taken / planned - 1.0;
    let precision = program.precision.name();
    assert!(off.abs() < 0.1, "{precision}, {slots} slots: planned {planned}, taken {taken}");
}
