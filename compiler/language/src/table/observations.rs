//! Observations: tables that lie in files. At check time only their columns and the number of their rows are looked at.

use indexmap::IndexMap;
use synx_plan::observations::{Format, Observations};
use synx_plan::table::Source;
use synx_plan::unit::Unit;

use super::columns::{Column, Table};
use super::known::Rows;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::host::Unread;
use crate::late::Bounds;
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

/// Bytes of a file that are looked at while a study is checked; beyond, its rows are counted by a run. Arbitrary: some hundred
/// thousand rows.
const MOST_BYTES: usize = 16 << 20;

/// Rows by which a column is taken for numbers or for text. Arbitrary.
const ROWS_LOOKED_AT: usize = 200;

/// How many columns a file may have. Arbitrary; the widest published table has some hundred.
const MOST_COLUMNS: usize = 10_000;

/// What a file shows before it is read in full.
struct Look {
    /// Names, and whether what was seen of the column are numbers.
    columns: Vec<(String, bool)>,
    rows: Option<u64>,
}

impl Compiler<'_> {
    /// `csv("runs.csv", axes = ["seed"])`, and the same of the other formats.
    pub(crate) fn observed(&mut self, arguments: &Arguments) -> Value {
        let format = match arguments.signature.name {
            "csv" => Format::Csv,
            "jsonl" => Format::Jsonl,
            _ => Format::Parquet,
        };
        let (path, at) = arguments.required("path");
        let Value::Text(path) = path else { return self.expected(at, "a path in quotes", &path) };
        let header = if format == Format::Parquet { self.host.parquet_header(&path) } else { None };
        let look = match header {
            Some(Ok(header)) => named(header.columns).map(|columns| Some(Look { columns, rows: Some(header.rows) })),
            Some(Err(unread)) => return self.unread(&path, unread, at),
            None => {
                let Some(bytes) = self.bytes_of(&path, at) else { return Value::Error };
                let text = text_of(&bytes);
                let look = match format {
                    Format::Csv => look_at_csv(&text).map(Some),
                    Format::Jsonl => look_at_jsonl(&text).map(Some),
                    // What its columns are, a run finds out.
                    Format::Parquet => Ok(None),
                };
                let cut = bytes.len() > MOST_BYTES;
                look.map(|look| look.map(|look| Look { rows: look.rows.filter(|_| !cut), ..look }))
            }
        };
        let look = match look {
            Ok(look) => look,
            Err(why) => {
                let headline = format!("\"{path}\" does not begin with the names of columns");
                let finding = self.finding("E0615", at, headline, why);
                return self.report(finding);
            }
        };
        let stem = path.rsplit(['/', '\\']).next().unwrap_or(&path);
        let stem = stem.split('.').next().unwrap_or(stem).to_owned();
        let open = look.is_none();
        let (mut columns, mut rows) = (IndexMap::new(), Rows::Unknown);
        if let Some(look) = look {
            for (name, number) in look.columns {
                let column = if number { Column::number(Unit::PLAIN, Bounds::default()) } else { Column::text() };
                columns.insert(name, column);
            }
            rows = look.rows.map_or(Rows::Unknown, Rows::Count);
        }
        let table = Table::new(format!("the table \"{path}\""), columns, rows).short(stem).opened(open);
        let Some(axes) = self.axes_of(arguments, &table) else { return Value::Error };
        let origin = Some(self.origin(arguments.span));
        let source = Source::Observations(Observations { path: path.to_string(), format, axes: axes.clone() });
        Value::Table(self.add_table(table.keyed(axes), source, origin))
    }

    /// The columns that tell the rows of a file apart, as `axes` says.
    fn axes_of(&mut self, arguments: &Arguments, table: &Table) -> Option<Vec<String>> {
        let Some((axes, at)) = arguments.get("axes") else { return Some(Vec::new()) };
        let items = self.elements(&axes, at, "`axes`")?;
        let mut names = Vec::new();
        for item in items.iter() {
            let Value::Text(name) = item else {
                self.expected(at, "names of columns in quotes", item);
                return None;
            };
            if table.column(name).is_none() {
                self.unknown_column(table, name, at);
                return None;
            }
            names.push(name.to_string());
        }
        Some(names)
    }

    /// The bytes of a file; what keeps them away is reported.
    fn bytes_of(&mut self, path: &str, at: Span) -> Option<Vec<u8>> {
        // One byte more says that there is more.
        match self.host.read_start(path, MOST_BYTES + 1) {
            Ok(bytes) => Some(bytes),
            Err(unread) => {
                self.unread(path, unread, at);
                None
            }
        }
    }

    /// Reports what keeps a file from being read.
    fn unread(&mut self, path: &str, unread: Unread, at: Span) -> Value {
        let finding = match unread {
            Unread::NotFound => {
                let headline = format!("there is no file \"{path}\"");
                let mut finding = self.finding("E0615", at, headline, "not found");
                let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
                let beside = self.host.matches(&format!("{folder}*")).unwrap_or_default();
                match nearest(path, beside.iter().map(String::as_str)) {
                    Some(near) => {
                        let edit = self.edit(at, crate::fill::quoted(near));
                        finding = finding
                            .help(format!("did you mean \"{near}\"?"))
                            .fix(format!("write \"{near}\""), vec![edit]);
                    }
                    None if beside.is_empty() => {
                        finding = finding.help("the path is relative to the study's folder");
                    }
                    None => {
                        finding = finding
                            .help(format!("beside it there is {}", listed(beside.iter().take(8).map(String::as_str))));
                    }
                }
                finding
            }
            Unread::Outside => self
                .finding("E0615", at, format!("\"{path}\" leaves the study's folder"), "outside")
                .help("copy the file beside the study, or let it read files outside its folder with `--allow-path`"),
            Unread::Failed(why) => {
                self.finding("E0615", at, format!("\"{path}\" cannot be read"), "not read").note(why)
            }
        };
        self.report(finding)
    }
}

/// As much of a file's text as is looked at; what is no UTF-8 is replaced, and found by the run.
fn text_of(bytes: &[u8]) -> String {
    let part = &bytes[..bytes.len().min(MOST_BYTES)];
    let text = String::from_utf8_lossy(part).into_owned();
    text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
}

fn look_at_csv(text: &str) -> Result<Look, String> {
    let mut records = records(text);
    let names = records.next().filter(|names| names.iter().any(|name| !name.is_empty()));
    let names = names.ok_or("the file is empty")?;
    let mut columns = named(names.into_iter().map(|name| (name, true)).collect())?;
    let mut rows = 0u64;
    for record in records {
        rows += 1;
        if rows as usize <= ROWS_LOOKED_AT {
            for ((_, number), value) in columns.iter_mut().zip(&record) {
                *number &= value.trim().is_empty() || value.trim().parse::<f64>().is_ok();
            }
        }
    }
    Ok(Look { columns, rows: Some(rows) })
}

/// The names of columns, each once.
fn named(names: Vec<(String, bool)>) -> Result<Vec<(String, bool)>, String> {
    if names.len() > MOST_COLUMNS {
        return Err(format!("more than {MOST_COLUMNS} columns"));
    }
    let mut columns: IndexMap<String, bool> = IndexMap::new();
    for (place, (name, number)) in names.into_iter().enumerate() {
        // The first column of a written data frame often has no name.
        let name = if name.trim().is_empty() { format!("column_{}", place + 1) } else { name.trim().to_owned() };
        if columns.insert(name.clone(), number).is_some() {
            return Err(format!("two columns are called `{name}`"));
        }
    }
    Ok(columns.into_iter().collect())
}

/// The records of comma-separated text: quoted fields may hold commas, line ends and doubled quotes (RFC 4180).
fn records(text: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        while matches!(rest.peek(), Some('\n' | '\r')) {
            rest.next();
        }
        rest.peek()?;
        let (mut record, mut field, mut quoted) = (Vec::new(), String::new(), false);
        while let Some(c) = rest.next() {
            match c {
                '"' if quoted && rest.peek() == Some(&'"') => {
                    rest.next();
                    field.push('"');
                }
                '"' if quoted => quoted = false,
                '"' if field.is_empty() => quoted = true,
                ',' if !quoted => record.push(std::mem::take(&mut field)),
                '\r' if !quoted => {}
                '\n' if !quoted => break,
                c => field.push(c),
            }
        }
        record.push(field);
        Some(record)
    })
}

fn look_at_jsonl(text: &str) -> Result<Look, String> {
    let mut columns: IndexMap<String, bool> = IndexMap::new();
    let mut rows = 0u64;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        rows += 1;
        if rows as usize > ROWS_LOOKED_AT {
            continue;
        }
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|_| format!("row {rows} is no object in JSON"))?;
        let serde_json::Value::Object(entries) = value else { return Err(format!("row {rows} is no object in JSON")) };
        for (name, value) in entries {
            let number = value.is_number() || value.is_null();
            let known = columns.entry(name).or_insert(true);
            *known &= number;
        }
        if columns.len() > MOST_COLUMNS {
            return Err(format!("more than {MOST_COLUMNS} columns"));
        }
    }
    if columns.is_empty() {
        return Err("the file is empty".to_owned());
    }
    Ok(Look { columns: columns.into_iter().collect(), rows: Some(rows) })
}

impl Table {
    /// The same, where nothing is known of the columns: every name is one.
    #[must_use]
    fn opened(self, open: bool) -> Table {
        if open { self.with_any_column() } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_shows_names_kinds_and_rows() {
        let look = look_at_csv("index,\"a,b\",c\n1,2.5,x\n\n2,,\"two\nlines\"\n").unwrap();
        let columns: Vec<(&str, bool)> = look.columns.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        assert_eq!(columns, [("index", true), ("a,b", true), ("c", false)]);
        assert_eq!(look.rows, Some(2));
        assert!(look_at_csv("").is_err() && look_at_csv("a,a\n1,2\n").is_err());
    }

    #[test]
    fn jsonl_shows_all_keys() {
        let look = look_at_jsonl("{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"c\": null}\n").unwrap();
        let columns: Vec<(&str, bool)> = look.columns.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        assert_eq!(columns, [("a", true), ("b", false), ("c", true)]);
        assert_eq!(look.rows, Some(2));
        assert!(look_at_jsonl("[1]").is_err());
    }
}
