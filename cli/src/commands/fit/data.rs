//! The rows that are fitted: read, called as the law calls them, and those that a condition leaves.

use std::collections::BTreeMap;
use std::path::Path;

use synx_compiler::{NamedColumn, condition};
use synx_plan::expression::Expression;
use synx_plan::problem::Problem;
use synx_plan::table::ColumnKind;
use synx_run::laws::Table as LawTable;
use synx_run::tables::{Column, Limits, Read, Table, Values, read, read_path};

use super::asked::Asked;
use super::{FitArguments, Refused};

/// The column that says which rows are held out. No file has one of this name: it has a line end.
pub const HELD_OUT: &str = "held out\n";

/// Places that a message names; of more it says how many there are. Arbitrary.
const PLACES: usize = 5;

/// Rows with their columns.
pub struct Data {
    read: Read,
    /// The rows that are looked at.
    pub table: Table,
    /// Their numbers in the file.
    rows: Vec<u32>,
    /// Texts among the numbers of a column, by column and row of the file: no value, which is said where it is needed.
    texts: BTreeMap<String, BTreeMap<u32, String>>,
    pub columns: Vec<NamedColumn>,
    /// Names that `--map` gave.
    pub mapped: Vec<String>,
}

impl Data {
    /// What the options say of the data.
    ///
    /// # Errors
    /// What is wrong with the file, with `--map`, `--where`, `--hold-out`.
    pub fn read(arguments: &FitArguments) -> Result<Data, Refused> {
        let limits = Limits::default();
        let read = if arguments.data == Path::new("-") {
            read(std::io::stdin().lock(), None, "standard input", &limits)?
        } else {
            read_path(&arguments.data, &limits)?
        };
        let mut table = read.table.clone();
        let texts = numbers_among_text(&mut table);
        let mapped = map(&mut table, &arguments.map)?;
        let columns: Vec<NamedColumn> = table.columns().map(named).collect();
        let mut rows: Vec<u32> = (0..table.rows() as u32).collect();
        let answers = |_| None;
        if let Some(text) = &arguments.rows {
            let holds = condition("--where", text, &columns)?;
            rows.retain(|row| table.evaluate(*row as usize, &holds, &answers).is_some_and(|truth| truth != 0.0));
            if rows.is_empty() {
                let problem =
                    Problem::new("E0987", format!("no row is left: `{text}` holds for none of {}", table.rows()));
                return Err(problem.help("look at the values of the columns that `--where` compares").into());
            }
            table = table.pick(&rows);
        }
        if let Some(text) = arguments.hold_out.as_deref().filter(|text| !is_word_of_language(text)) {
            let holds = condition("--hold-out", text, &columns)?;
            let out = |row| table.evaluate(row, &holds, &answers).is_some_and(|truth| truth != 0.0);
            let out: Vec<bool> = (0..table.rows()).map(out).collect();
            let count = out.iter().filter(|out| **out).count();
            if count == 0 || count == out.len() {
                let which = if count == 0 { "none" } else { "all" };
                let problem = Problem::new("E0987", format!("`{text}` holds {which} of the {} rows out", out.len()));
                return Err(problem.help("hold some rows out and leave others to be fitted").into());
            }
            table.set(HELD_OUT, Column::numbers(out.into_iter().map(|out| f64::from(u8::from(out))).collect()));
        }
        Ok(Data { read, table, rows, texts, columns, mapped })
    }

    /// The file's columns that are left out, for a note.
    pub fn left_out(&self) -> &[String] {
        &self.read.left_out
    }

    /// What the law reads.
    ///
    /// # Errors
    /// E0942 where a row lacks a number that the law reads, E0943 where the target has no logarithm: each with its rows.
    pub fn for_law(&self, asked: &Asked) -> Result<LawTable, Problem> {
        let formula = &asked.formula;
        let reads = formula.columns();
        for name in reads.iter().filter(|name| !formula.by.contains(name)) {
            let Values::Numbers(values) = &self.table.column(name)?.values else { continue };
            let bad: Vec<usize> = (0..values.len()).filter(|row| !values[*row].is_finite()).collect();
            if !bad.is_empty() {
                return Err(self.no_number(name, &bad));
            }
        }
        if asked.is_logarithmic() {
            let (target, _) = formula.inlined();
            let value = |row: usize| self.table.evaluate(row, &target, &|_| None);
            let bad: Vec<usize> = (0..self.table.rows()).filter(|row| !value(*row).is_some_and(|y| y > 0.0)).collect();
            if let Some(first) = bad.first() {
                let shown = value(*first).map_or("no number".to_owned(), |y| y.to_string());
                let headline = format!("`{target}` is {shown} in {}, and has no logarithm", self.places(&bad));
                let help = format!(
                    "leave such rows out with `--where '{target} > 0'`, or fit the values themselves with `--loss squares`"
                );
                return Err(Problem::new("E0943", headline).help(help));
            }
        }
        Ok(self.table.for_laws(reads.iter().map(String::as_str))?.0)
    }

    fn no_number(&self, name: &str, bad: &[usize]) -> Problem {
        let texts = self.texts.get(name);
        let text = |row: &usize| texts.and_then(|texts| texts.get(&self.rows[*row]));
        let shown = bad.iter().find_map(text).map(|text| format!(" (`{text}`)")).unwrap_or_default();
        let word = Expression::column(name);
        Problem::new("E0942", format!("`{name}` has no finite number in {}{shown}", self.places(bad)))
            .help(format!("leave such rows out, with `--where '{word} > 0'` for example, or name another column"))
    }

    /// Where rows stand in the file: `lines 3, 5 and 7 more`.
    pub fn places(&self, rows: &[usize]) -> String {
        let one = |row: &usize| self.read.place(self.rows[*row] as usize);
        let number = |row: &usize| one(row).split_whitespace().last().unwrap_or_default().to_owned();
        let word = one(&rows[0]).split_whitespace().next().unwrap_or_default().to_owned();
        let mut numbers: Vec<String> = rows.iter().take(PLACES).map(number).collect();
        if rows.len() > PLACES {
            numbers.push(format!("{} more", rows.len() - PLACES));
        }
        match &numbers[..] {
            [only] => format!("{word} {only}"),
            [first @ .., last] => format!("{word}s {} and {last}", first.join(", ")),
            [] => String::new(),
        }
    }
}

/// Whether a hold-out is said in words of the language, rather than by a condition.
pub fn is_word_of_language(text: &str) -> bool {
    let name = text.trim().split('(').next().unwrap_or_default().trim();
    ["largest", "leave_out", "each"].contains(&name)
}

fn named((name, column): (&str, &Column)) -> NamedColumn {
    let kind = match column.values {
        Values::Numbers(_) => ColumnKind::Number,
        Values::Text(_) => ColumnKind::Text,
        Values::Truth(_) => ColumnKind::Truth,
    };
    NamedColumn { name: name.to_owned(), kind }
}

/// Takes a column of text for one of numbers where most of its cells are: the others have no value (`oom`, `NA`, `diverged`).
fn numbers_among_text(table: &mut Table) -> BTreeMap<String, BTreeMap<u32, String>> {
    let mut all = BTreeMap::new();
    let mut found = Vec::new();
    for (name, column) in table.columns() {
        let Values::Text(texts) = &column.values else { continue };
        let number = |row: usize| texts.get(row).and_then(|text| text.trim().parse::<f64>().ok());
        let numbers: Vec<f64> = (0..texts.len()).map(|row| number(row).unwrap_or(f64::NAN)).collect();
        let others: BTreeMap<u32, String> = (0..texts.len())
            .filter(|row| number(*row).is_none())
            .filter_map(|row| Some((row as u32, texts.get(row)?.chars().take(40).collect())))
            .collect();
        let count = numbers.iter().filter(|number| !number.is_nan()).count();
        if count > others.len() {
            found.push((name.to_owned(), Column::numbers(numbers)));
            all.insert(name.to_owned(), others);
        }
    }
    for (name, column) in found {
        table.set(name, column);
    }
    all
}

/// Calls columns by further names, and gives these.
fn map(table: &mut Table, pairs: &[(String, String)]) -> Result<Vec<String>, Problem> {
    let mut mapped = Vec::new();
    for (name, column) in pairs {
        let found: Vec<(String, Column)> = match (name.split_once('*'), column.split_once('*')) {
            (Some((before, after)), Some((start, end))) => {
                let part = |column: &str| Some(column.strip_prefix(start)?.strip_suffix(end)?.to_owned());
                let called = |part: String| format!("{before}{part}{after}");
                table.columns().filter_map(|(known, values)| Some((called(part(known)?), values.clone()))).collect()
            }
            (None, None) => vec![(name.clone(), table.column(column)?.clone())],
            _ => {
                let headline = format!("`{name}={column}` has a star on one side");
                return Err(Problem::new("E0989", headline).help("write a star on both sides: `share[*]=train_*`"));
            }
        };
        if found.is_empty() {
            let names: Vec<&str> = table.names().take(40).collect();
            return Err(Problem::new("E0989", format!("no column is called like `{column}`"))
                .note(format!("the columns are {}", names.join(", "))));
        }
        for (name, values) in found {
            table.set(name.clone(), values);
            mapped.push(name);
        }
    }
    Ok(mapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(3);
        table.set("N", Column::numbers(vec![1.0, 2.0, 3.0]));
        table.set("loss", Column::text([Some("3.5"), Some("oom"), Some("3")]));
        table.set("train_web", Column::numbers(vec![0.5, 0.25, 0.0]));
        table.set("train_books", Column::numbers(vec![0.5, 0.75, 1.0]));
        table
    }

    #[test]
    fn columns_are_called_as_the_law_calls_them() {
        let mut table = table();
        let pair = |name: &str, column: &str| (name.to_owned(), column.to_owned());
        let mapped = map(&mut table, &[pair("params", "N"), pair("share[*]", "train_*")]).unwrap();
        assert_eq!(mapped, ["params", "share[web]", "share[books]"]);
        assert_eq!(table.value(1, "share[books]").number(), Some(0.75));
        assert_eq!(map(&mut table, &[pair("params", "M")]).unwrap_err().code, "E0941");
        assert_eq!(map(&mut table, &[pair("share[*]", "test_*")]).unwrap_err().code, "E0989");
        assert_eq!(map(&mut table, &[pair("share[*]", "N")]).unwrap_err().code, "E0989");
    }

    #[test]
    fn a_text_among_numbers_is_no_value() {
        let mut table = table();
        let texts = numbers_among_text(&mut table);
        assert_eq!(texts["loss"], [(1, "oom".to_owned())].into());
        assert_eq!((table.value(0, "loss").number(), table.value(1, "loss").number()), (Some(3.5), None));
    }
}
