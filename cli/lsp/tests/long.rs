//! Random edits and requests against the server, for a long time: `./test long`.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use synx_mutate::{Until, seed};

#[allow(dead_code)]
#[path = "server/support.rs"]
mod support;
#[path = "server/walk.rs"]
mod walk;

#[test]
fn no_walk_of_edits_finds_a_difference_or_a_panic() {
    let small = "synx 1\ncorpus web = world(register = web, documents = 4k)\nmixture m = 30% * web + rest * web\n";
    let starts = [support::STUDY, small, "", "synx 1\n"];
    let until = Until::in_tests(true, 0);
    let began = Instant::now();
    let first = seed();
    for number in 0.. {
        if until.is_reached(number, began) {
            println!(
                "server: {number} walks of 60 edits in {:.0} s, seeds from {first}",
                began.elapsed().as_secs_f64()
            );
            return;
        }
        let seed = first + number;
        let encodings: &[&str] = if seed.is_multiple_of(2) { &["utf-8"] } else { &["utf-16"] };
        let start = starts[number as usize % starts.len()];
        if let Err(panic) = std::panic::catch_unwind(|| walk::walk(seed, 60, start, encodings)) {
            println!("server: wrong in the walk with seed {seed} from {start:?}");
            std::panic::resume_unwind(panic);
        }
    }
}
