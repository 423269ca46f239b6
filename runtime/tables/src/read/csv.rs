//! Comma-separated values (RFC 4180): a line of names, then a line a row.

use std::io::Read as Bytes;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use synx_plan::problem::Problem;

use super::cells::{Cell, Cells};
use super::lines::{Bounded, failure};
use super::{Limits, Read};

const HELP: &str =
    "a table is a CSV file in UTF-8: a first line with the columns' names, then a line a row with as many cells";

/// Stands after the end of the file, on a line of its own: a quote that nobody closes takes it in. No text in UTF-8 holds it.
const END: &[u8] = b"\n\xff";

/// The records of a file with the lines that they begin in.
struct Records<'a, R> {
    reader: csv::Reader<Bounded<R>>,
    record: ByteRecord,
    name: &'a str,
    limits: &'a Limits,
}

impl<R: Bytes> Records<'_, R> {
    /// The next record and its line; none at the end.
    fn next(&mut self) -> Result<Option<(&ByteRecord, u64)>, Problem> {
        let name = self.name;
        loop {
            let there = self.reader.read_byte_record(&mut self.record).map_err(|error| match error.kind() {
                ErrorKind::Io(error) => failure(error, name, self.limits),
                _ => Problem::new("E0980", format!("{name} cannot be read as CSV")).note(error.to_string()).help(HELP),
            })?;
            if !there || self.record.as_slice() == &END[1..] {
                return Ok(None);
            }
            let open = self.record.as_slice().ends_with(END);
            // The line end has been read, so the next line has been counted.
            let within = self.record.as_slice().split(|byte| *byte == b'\n').count() as u64 - 1;
            let line = self.reader.position().line().saturating_sub(u64::from(!open) + within).max(1);
            if open {
                return Err(Problem::new("E0985", format!("a quote in line {line} of {name} is not closed"))
                    .help("a cell in double quotes ends with a double quote; one within it is written twice"));
            }
            // A line with nothing in it is no row.
            if self.record.len() > 1 || !self.record.as_slice().trim_ascii().is_empty() {
                return Ok(Some((&self.record, line)));
            }
        }
    }
}

/// Reads the rows. A byte order mark and blanks around cells are no part of them; cells with commas or line ends stand in double quotes.
pub(super) fn read(from: impl Bytes, name: &str, limits: &Limits) -> Result<Read, Problem> {
    // Line ends of two characters leave a blank at the end of the last cell.
    let terminator = csv::Terminator::Any(b'\n');
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).terminator(terminator);
    let reader = builder.from_reader(Bounded::new(from, limits).ending(END));
    let mut records = Records { reader, record: ByteRecord::new(), name, limits };
    let Some((header, _)) = records.next()? else {
        return Err(Problem::new("E0940", format!("{name} is empty")).help(HELP));
    };
    let names = names(header, name, limits)?;
    let mut cells = Cells::new(name, limits);
    for column in &names {
        cells.column(column)?;
    }
    if cells.columns() < names.len() {
        return Err(twice(&names, name));
    }
    let mut lines = Vec::new();
    while let Some((record, line)) = records.next()? {
        if record.len() != names.len() {
            return Err(ragged(record, &names, name, line));
        }
        for (place, (cell, column)) in record.iter().zip(&names).enumerate() {
            let at = || format!("line {line}, column `{column}`");
            let cell = std::str::from_utf8(cell).map_err(|_| not_utf8(name, &at()))?;
            cells.add(place, Cell::Either(cell), at)?;
        }
        cells.end_row()?;
        lines.push(line);
    }
    if cells.rows() == 0 {
        return Err(Problem::new("E0940", format!("{name} has no rows")).help(HELP));
    }
    Ok(Read { table: cells.table(), lines: Some(lines), left_out: Vec::new() })
}

/// The names of the columns. The first column of a written data frame often has none.
fn names(record: &ByteRecord, file: &str, limits: &Limits) -> Result<Vec<String>, Problem> {
    limits.check_columns(file, record.len())?;
    let mut names = Vec::with_capacity(record.len());
    for (place, cell) in record.iter().enumerate() {
        let cell = if place == 0 { cell.strip_prefix(b"\xef\xbb\xbf").unwrap_or(cell) } else { cell };
        let name =
            std::str::from_utf8(cell).map_err(|_| not_utf8(file, &format!("line 1, cell {}", place + 1)))?.trim();
        limits.check_cell(file, "line 1", name.len())?;
        names.push(if name.is_empty() { format!("column_{}", place + 1) } else { name.to_owned() });
    }
    Ok(names)
}

fn twice(names: &[String], file: &str) -> Problem {
    let mut seen = std::collections::HashSet::new();
    let name = names.iter().find(|name| !seen.insert(name.as_str())).map_or("", String::as_str);
    Problem::new("E0945", format!("two columns of {file} are called `{name}`"))
        .help("give every column a name of its own: columns are found by their names")
}

fn not_utf8(file: &str, place: &str) -> Problem {
    Problem::new("E0981", format!("{file} is not in UTF-8: {place}"))
        .help("write the file again in UTF-8, for example with `iconv -f latin1 -t utf-8`")
}

fn ragged(record: &ByteRecord, names: &[String], file: &str, line: u64) -> Problem {
    let (found, expected) = (record.len(), names.len());
    let cells = |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
    let problem = Problem::new(
        "E0980",
        format!("line {line} of {file} has {}, the first line {}", cells(found), cells(expected)),
    );
    match found {
        _ if found > expected => problem.help("a cell with a comma in it stands in double quotes"),
        1 if record.as_slice().iter().any(|byte| [b';', b'\t'].contains(byte)) => {
            problem.help("cells are parted by commas: convert a file with semicolons or tabs first")
        }
        _ => problem.help("write as many cells in each line as the first line has names; a cell may be empty"),
    }
}
