//! The command `synx`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arguments;
mod commands;
mod interrupt;
mod outcome;
mod panic;
mod render;
mod study;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    quiet_loader();
    panic::install();
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; clap knows which stream each goes to. A closed pipe is nobody's loss.
            let _ = error.print();
            return if error.use_stderr() { outcome::Outcome::Usage.code() } else { outcome::Outcome::Done.code() };
        }
    };
    // Commands need a deep stack for the deepest expressions and trees that the compiler takes.
    let run = move || commands::carry_out(arguments.command);
    let thread = std::thread::Builder::new().name("synx".to_owned()).stack_size(STACK).spawn(run);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome.code(),
        // The panic hook has said what happened.
        Ok(Err(_)) => outcome::Outcome::Internal.code(),
        Err(error) => {
            eprintln!("synx: could not start: {error}");
            outcome::Outcome::Failed.code()
        }
    }
}

/// Keeps Mesa's device-select layer, which only reorders adapters, from printing errors of its own where there is no desktop session.
fn quiet_loader() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: the first thing that the program does, while it has one thread, so nothing reads the environment meanwhile.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// Bytes of the main thread's stack: walking a tree at the compiler's nesting limit takes less than a tenth of it.
const STACK: usize = 64 << 20;
