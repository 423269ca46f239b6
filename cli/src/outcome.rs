//! How a command ended, as programs see it.

use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 0: carried out, nothing to complain about.
    Done,
    /// 1: the study has mistakes, or what was asked could not be carried out.
    Failed,
    /// 2: the command line is wrong.
    Usage,
    /// 3: a mistake in synx itself.
    Internal,
    /// 130: stopped by Ctrl-C.
    Interrupted,
}

impl Outcome {
    pub fn code(self) -> ExitCode {
        ExitCode::from(self.number())
    }

    pub fn number(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Internal => 3,
            Outcome::Interrupted => 130,
        }
    }
}
