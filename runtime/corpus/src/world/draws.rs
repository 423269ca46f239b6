//! Draws one after another within one thing (a document, a value): the only place where randomness has a position.

use synx_plan::random::Stream;

/// The draws of a stream in order.
#[derive(Debug, Clone)]
pub(super) struct Draws {
    stream: Stream,
    at: u64,
}

impl Draws {
    pub fn new(stream: Stream) -> Draws {
        Draws { stream, at: 0 }
    }

    pub fn bits(&mut self) -> u64 {
        self.at += 1;
        self.stream.at(self.at - 1)
    }

    /// Uniform in 0..n; zero for n = 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.at += 1;
        self.stream.below(self.at - 1, n)
    }

    /// Uniform in `lowest..=highest`.
    pub fn between(&mut self, lowest: u64, highest: u64) -> u64 {
        lowest + self.below(highest - lowest + 1)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `things`, which are not empty.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len() as u64) as usize]
    }

    /// A random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
