//! Bytes with a count of lines, of which no more are taken than a file may have.

use std::io::{self, Read};
use std::path::Path;

use synx_plan::problem::Problem;

use super::Limits;

/// A reader that ends in an error where there is more than the limit.
pub(super) struct Bounded<R> {
    from: R,
    left: u64,
    /// What is read after the end.
    tail: &'static [u8],
}

/// What `Bounded` ends with.
#[derive(Debug)]
struct TooMuch;

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too much")
    }
}

impl std::error::Error for TooMuch {}

impl<R> Bounded<R> {
    pub fn new(from: R, limits: &Limits) -> Bounded<R> {
        Bounded { from, left: limits.bytes, tail: b"" }
    }

    /// The same, with these bytes after the end.
    pub fn ending(self, tail: &'static [u8]) -> Bounded<R> {
        Bounded { tail, ..self }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        if count == 0 {
            return self.tail.read(buffer);
        }
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(TooMuch))?;
        Ok(count)
    }
}

/// A failure of reading as a user meets it.
pub(super) fn failure(error: &io::Error, name: &str, limits: &Limits) -> Problem {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooMuch>) {
        return limits.too_many_bytes(name);
    }
    Problem::io("read", Path::new(name), error)
}
