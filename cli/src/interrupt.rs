//! Ctrl-C: once to finish cleanly, twice to stop at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::outcome::Outcome;

/// A flag that the first Ctrl-C (or a termination signal) raises; the second ends the process.
///
/// Nothing is lost either way: what is finished is in the store, and a next run goes on after it.
pub fn watch() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    let handler = move || {
        if raised.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(Outcome::Interrupted.number()));
        }
        eprintln!("\nstopping at the next safe point; press Ctrl-C again to stop at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("note: Ctrl-C will stop at once ({error})");
    }
    stop
}
