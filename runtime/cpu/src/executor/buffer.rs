//! Numbers that start on a cache line.

use std::ops::{Deref, DerefMut};

/// A fixed number of zeros to begin with, the first of them on a 64-byte boundary.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

const ALIGNMENT: usize = 64;

impl Buffer {
    pub fn new(len: usize) -> Buffer {
        let values = vec![0.0; len + ALIGNMENT / size_of::<f32>()];
        // An offset that cannot be had would be larger than the room left for it: then the start stays where it is.
        let start = Some(values.as_ptr().align_offset(ALIGNMENT)).filter(|s| s + len <= values.len()).unwrap_or(0);
        Buffer { values, start, len }
    }

    pub fn from_slice(values: &[f32]) -> Buffer {
        let mut buffer = Buffer::new(values.len());
        buffer.copy_from_slice(values);
        buffer
    }
}

impl Clone for Buffer {
    /// A copy with a start of its own.
    fn clone(&self) -> Buffer {
        Buffer::from_slice(self)
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}
