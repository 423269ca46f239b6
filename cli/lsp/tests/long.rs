//! Random edits and requests against the server, for a long time: `./test long`.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[allow(dead_code)]
#[path = "server/support.rs"]
mod support;
#[path = "server/walk.rs"]
mod walk;

/// How long is searched, where `SYNX_FUZZ_SECONDS` does not say otherwise.
const SECONDS: u64 = 600;

/// Seeds that once found something stand here and are walked first.
const KNOWN: [u64; 2] = [0, 1];

#[test]
fn no_walk_of_edits_finds_a_difference_or_a_panic() {
    let seconds = std::env::var("SYNX_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    let small = "synx 1\ncorpus web = world(register = web, documents = 4k)\nmixture m = 30% * web + rest * web\n";
    let starts = [support::STUDY, small, "", "synx 1\n"];
    let began = Instant::now();
    // Another way each time; the seed is printed with what it finds.
    let new = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() << 20;
    for (number, seed) in (0..).zip(KNOWN.into_iter().chain(new..)) {
        if began.elapsed() > Duration::from_secs(seconds) {
            println!("{number} walks without a finding");
            return;
        }
        let encodings: &[&str] = if seed % 2 == 0 { &["utf-8"] } else { &["utf-16"] };
        walk::walk(seed, 60, starts[number % starts.len()], encodings);
    }
}
