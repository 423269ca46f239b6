//! Files of rows: CSV, JSON lines, parquet. One format a file; what a file may hold is limited in `limits`.

mod cells;
mod csv;
mod jsonl;
mod limits;
mod lines;
mod observations;
mod parquet;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Read as Bytes, Seek};
use std::path::Path;

use synx_plan::observations::Format;
use synx_plan::problem::Problem;

pub use limits::Limits;
pub use observations::observations;
pub use parquet::{PARQUET_THREAD, parquet_header};

use crate::table::Table;

/// A file that has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub table: Table,
    /// For each row the line of the file that it begins in, from 1; none where the file has no lines.
    pub lines: Option<Vec<u64>>,
    /// Columns that are left out, for what they hold is neither a number nor text: lists and structures.
    pub left_out: Vec<String>,
}

impl Read {
    /// Where a row stands, for a message: `line 7`, or `row 6` where the file has no lines.
    pub fn place(&self, row: usize) -> String {
        match &self.lines {
            Some(lines) => format!("line {}", lines[row]),
            None => format!("row {}", row + 1),
        }
    }
}

/// The bytes that every parquet file begins with.
const PARQUET: &[u8] = b"PAR1";

/// Reads a file in the format that its name ends with, or, where that says nothing, its first bytes.
///
/// # Errors
/// E0901 where the system refuses, E0980 to E0985 and E0945 where the file is no table.
pub fn read_path(path: &Path, limits: &Limits) -> Result<Read, Problem> {
    let name = path.display().to_string();
    let failed = |error: std::io::Error| Problem::io("read", path, &error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(std::io::Error::other("it is a folder")));
    }
    let mut file = File::open(path).map_err(failed)?;
    let format = match named(path) {
        Some(format) => format,
        // A pipe cannot be read twice.
        None if !metadata.is_file() => return read(file, None, &name, limits),
        None => {
            let mut start = Vec::new();
            (&mut file).take(PARQUET.len() as u64).read_to_end(&mut start).map_err(failed)?;
            file.rewind().map_err(failed)?;
            sniffed(&start)
        }
    };
    match format {
        Format::Csv => csv::read(BufReader::with_capacity(1 << 20, file), &name, limits),
        Format::Jsonl => jsonl::read(BufReader::with_capacity(1 << 20, file), &name, limits),
        Format::Parquet => parquet::read(file, &name, limits),
    }
}

/// Reads rows from anything: in that format, or in the one that the first bytes show.
///
/// # Errors
/// As `read_path`.
pub fn read(mut from: impl Bytes, format: Option<Format>, name: &str, limits: &Limits) -> Result<Read, Problem> {
    let mut start = Vec::new();
    let failed = |error: std::io::Error| Problem::io("read", Path::new(name), &error);
    from.by_ref().take(PARQUET.len() as u64).read_to_end(&mut start).map_err(failed)?;
    let format = format.unwrap_or_else(|| sniffed(&start));
    let whole = start.as_slice().chain(from);
    match format {
        Format::Csv => csv::read(BufReader::with_capacity(1 << 20, whole), name, limits),
        Format::Jsonl => jsonl::read(BufReader::with_capacity(1 << 20, whole), name, limits),
        Format::Parquet => {
            // Its table of contents is at the end.
            let mut bytes = Vec::new();
            whole.take(limits.bytes + 1).read_to_end(&mut bytes).map_err(failed)?;
            if bytes.len() as u64 > limits.bytes {
                return Err(limits.too_many_bytes(name));
            }
            parquet::read(bytes::Bytes::from(bytes), name, limits)
        }
    }
}

/// The format that a file's name says.
fn named(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "parquet" | "pq" => Some(Format::Parquet),
        _ => None,
    }
}

/// The format that a file's first bytes show.
fn sniffed(start: &[u8]) -> Format {
    match start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start) {
        start if start.starts_with(PARQUET) => Format::Parquet,
        [b'{', ..] => Format::Jsonl,
        _ => Format::Csv,
    }
}
