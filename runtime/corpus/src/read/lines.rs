//! The lines of a text file, checked to be UTF-8, with their numbers.

use std::io::{BufRead, Read};

use synx_plan::problem::Problem;

use super::open::Opened;
use crate::clean::without_byte_order_mark;
use crate::options::Options;

/// Reads a file line by line, one line in memory.
pub(super) struct Lines {
    opened: Opened,
    buffer: Vec<u8>,
    /// Lines read, so the number of the last line read.
    number: u64,
    /// Bytes of text before the next line.
    offset: u64,
    longest: u64,
}

impl Lines {
    pub fn new(opened: Opened, options: &Options) -> Lines {
        Lines { opened, buffer: Vec::new(), number: 0, offset: 0, longest: options.line_bytes }
    }

    pub fn name(&self) -> &str {
        &self.opened.name
    }

    pub fn into_opened(self) -> Opened {
        self.opened
    }

    /// The next line and its number from 1, with its newline if it has one; `None` at the end. Refuses bytes that are not UTF-8 (E0916) and a line over the limit (E0917).
    pub fn next(&mut self) -> Result<Option<(u64, &str)>, Problem> {
        self.buffer.clear();
        let before = self.offset;
        let read = self.opened.text.by_ref().take(self.longest + 1).read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|e| self.opened.problem(&e))? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.offset += read;
        if read > self.longest {
            let headline = format!("line {} of {} has more than {} bytes", self.number, self.opened.name, self.longest);
            return Err(Problem::new("E0917", headline).help("put line breaks between documents"));
        }
        match std::str::from_utf8(&self.buffer) {
            Ok(text) if self.number == 1 => Ok(Some((1, without_byte_order_mark(text)))),
            Ok(text) => Ok(Some((self.number, text))),
            Err(e) => Err(self.not_utf8(before, e.valid_up_to())),
        }
    }

    fn not_utf8(&self, before: u64, valid: usize) -> Problem {
        let sixteen_bits =
            self.number == 1 && (self.buffer.starts_with(&[0xFF, 0xFE]) || self.buffer.starts_with(&[0xFE, 0xFF]));
        let encoding = if sixteen_bits { "UTF-16" } else { "ISO-8859-1" };
        let problem = Problem::new("E0916", format!("{} is not UTF-8", self.opened.name)).note(format!(
            "byte {} of its text, in line {}, is 0x{:02X}, which cannot stand there",
            before + valid as u64,
            self.number,
            self.buffer[valid]
        ));
        let looks = if sixteen_bits { "it looks like UTF-16; " } else { "" };
        problem.help(format!("{looks}convert it, for example with `iconv -f {encoding} -t UTF-8`"))
    }
}
