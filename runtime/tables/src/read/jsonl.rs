//! JSON lines: an object a line, whose names are columns.

use std::fmt;
use std::io::{BufRead, BufReader, Read as Bytes};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use synx_plan::problem::Problem;

use super::cells::{Cell, Cells};
use super::lines::{Bounded, failure};
use super::{Limits, Read};

/// Bytes of a line. Arbitrary.
const LONGEST: u64 = 64 << 20;

/// Reads the rows. A name that an object lacks is missing there, as is `null`; truth values are text; lists and objects within are left out.
pub(super) fn read(from: impl Bytes, name: &str, limits: &Limits) -> Result<Read, Problem> {
    let mut from = BufReader::new(Bounded::new(from, limits));
    let mut cells = Cells::new(name, limits);
    let (mut lines, mut left_out) = (Vec::new(), Vec::new());
    let (mut line, mut number) = (Vec::new(), 0u64);
    loop {
        line.clear();
        let count = (&mut from).take(LONGEST + 1).read_until(b'\n', &mut line);
        if count.map_err(|error| failure(&error, name, limits))? == 0 {
            break;
        }
        number += 1;
        if line.len() as u64 > LONGEST {
            return Err(Problem::new("E0983", format!("line {number} of {name} has more than {LONGEST} bytes"))
                .help("write one object a line"));
        }
        let start = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        let text = std::str::from_utf8(start).map_err(|error| {
            let at = error.valid_up_to() + 1;
            Problem::new("E0981", format!("{name} is not in UTF-8: line {number}, byte {at}"))
                .help("write the file again in UTF-8, for example with `iconv -f latin1 -t utf-8`")
        })?;
        if text.trim().is_empty() {
            continue;
        }
        let Entries(entries) = serde_json::from_str(text).map_err(|error| not_an_object(name, number, &error))?;
        let mut seen = std::collections::HashSet::new();
        if let Some((twice, _)) = entries.iter().find(|(entry, _)| !seen.insert(entry.as_str())) {
            return Err(Problem::new("E0945", format!("line {number} of {name} has two values of `{twice}`"))
                .help("give each name of an object one value"));
        }
        for (entry, value) in &entries {
            let text;
            let cell = match value {
                Value::Null => Cell::Missing,
                Value::Number(value) => {
                    text = value.to_string();
                    Cell::Either(&text)
                }
                Value::Bool(true) => Cell::Text("true"),
                Value::Bool(false) => Cell::Text("false"),
                Value::String(value) => Cell::Text(value),
                Value::Array(_) | Value::Object(_) => {
                    if !left_out.contains(entry) {
                        left_out.push(entry.clone());
                    }
                    continue;
                }
            };
            let column = cells.column(entry)?;
            cells.add(column, cell, || format!("line {number}, `{entry}`"))?;
        }
        cells.end_row()?;
        lines.push(number);
    }
    if cells.rows() == 0 {
        return Err(
            Problem::new("E0940", format!("{name} has no rows")).help("write an object a line: {\"loss\": 3.2}")
        );
    }
    Ok(Read { table: cells.table(), lines: Some(lines), left_out })
}

fn not_an_object(name: &str, line: u64, error: &serde_json::Error) -> Problem {
    Problem::new("E0982", format!("line {line} of {name} is no object in JSON"))
        .note(format!("at column {}: {error}", error.column()))
        .help("write an object a line, with names in double quotes: {\"loss\": 3.2}; a number that is none is `null`")
}

/// The entries of an object in their order, also where a name is there twice.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Entries, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(Object)
    }
}
