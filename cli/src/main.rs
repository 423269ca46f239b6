//! The command `synx`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arguments;
mod commands;
mod graph;
mod interrupt;
mod outcome;
mod panic;
mod render;
mod study;

use std::process::ExitCode;

use clap::Parser;

use crate::outcome::Outcome;

fn main() -> ExitCode {
    quiet_loader();
    panic::install();
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; clap knows which stream each goes to. A closed pipe is nobody's loss.
            let _ = error.print();
            return if error.use_stderr() { Outcome::Usage.code() } else { Outcome::Done.code() };
        }
    };
    carried_out(move || commands::carry_out(arguments.command)).code()
}

/// How a command ends that runs on a thread with a deep stack, which the deepest expressions and trees need that the compiler takes.
fn carried_out(command: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    let thread = std::thread::Builder::new().name("synx".to_owned()).stack_size(STACK).spawn(command);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome,
        // The panic hook has said what happened.
        Ok(Err(_)) => Outcome::Internal,
        Err(error) => {
            eprintln!("synx: could not start: {error}");
            Outcome::Failed
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_end_has_its_exit_code_and_a_panic_is_an_internal_error() {
        assert_eq!(carried_out(|| Outcome::Done).number(), 0);
        assert_eq!(carried_out(|| Outcome::Failed).number(), 1);
        assert_eq!(carried_out(|| Outcome::Usage).number(), 2);
        assert_eq!(carried_out(|| panic!("a mistake in synx itself")).number(), 3);
    }
}
