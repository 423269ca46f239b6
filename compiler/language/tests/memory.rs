//! What the cells of a plan take in memory.
#![allow(clippy::unwrap_used)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::World;
use synx_compiler::{Options, compile};

/// The system's allocator, with a count of the bytes that are held.
struct Counted;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is the system's; the count touches no memory of its.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Bytes that the plan of a study with so many replicates holds, and its cells.
fn held(replicates: u64) -> (usize, usize) {
    let source = format!(
        "synx 1
        corpus web = world(register = web, documents = 20k, heldout = 2%)
        corpus hq  = web |> rephrase(style = encyclopedic, generator = builtin)
        mixture blend(r) = r * hq + rest * web
        model llama(width, depth) {{ blocks = [attention(heads = width / 32), swiglu(ratio = 8/3)] * depth }}
        recipe standard(lr) {{ optimizer = adamw(lr = lr) }}
        grid g {{
            axis r = 0..90% step 10%
            axis (width, depth) = [(64, 2), (96, 3), (128, 4), (192, 6), (256, 8)]
            axis lr = geometric(1e-4..1e-2, points = 20)
            axis tokens = 1Mi..10Mi step 1Mi
            axis replicate = 1..{replicates} step 1
            let ratio = tokens / model.params
            data = blend(r); model = llama(width, depth); recipe = standard(lr); evaluate = web.heldout
        }}"
    );
    let before = HELD.load(Ordering::Relaxed);
    let plan = compile("study.synx", &source, &World::default(), &Options::default()).plan.unwrap();
    (HELD.load(Ordering::Relaxed) - before, plan.grids[0].cells.len())
}

#[test]
fn a_cell_takes_at_most_200_bytes() {
    // What a compilation keeps for the whole program, such as the standard library once it is read, is not the plan's.
    held(1);
    let (few, one) = held(1);
    let (many, ten) = held(10);
    assert_eq!((one, ten), (10_000, 100_000));
    let each = (many - few) / (ten - one);
    assert!(each <= 200, "{each} bytes a cell");
    let all = many / ten;
    assert!(all <= 200, "{all} bytes a cell with what the cells share");
}
