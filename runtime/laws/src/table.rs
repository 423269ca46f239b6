//! A table of observations: named columns of numbers or text, a row a run.

use std::io::Read;

use indexmap::IndexMap;
use synx_plan::problem::Problem;

/// More cells than any table of experiments has; more are refused rather than filling memory. Arbitrary.
const MAX_CELLS: usize = 50_000_000;

/// Columns of equal length, in their order.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: IndexMap<String, Column>,
    rows: usize,
    streams: Option<Vec<String>>,
    weights: Option<Vec<f64>>,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Not-a-number where a cell is empty.
    Numbers(Vec<f64>),
    Text(Vec<String>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Column::Numbers(values) => values.len(),
            Column::Text(values) => values.len(),
        }
    }
}

impl Table {
    /// A table of that many rows and no columns yet.
    pub fn new(rows: usize) -> Table {
        Table { columns: IndexMap::new(), rows, streams: None, weights: None }
    }

    /// Adds a column at the end.
    ///
    /// # Errors
    /// E0940 where the length is another than the table's, E0945 where the name is taken.
    pub fn add(&mut self, name: impl Into<String>, column: Column) -> Result<(), Problem> {
        let name = name.into();
        if column.len() != self.rows {
            let found = column.len();
            return Err(Problem::new(
                "E0940",
                format!("the column `{name}` has {found} rows, the table {}", self.rows),
            ));
        }
        if self.columns.contains_key(&name) {
            return Err(Problem::new("E0945", format!("two columns are called `{name}`"))
                .help("give every column a name of its own: a law finds its columns by their names"));
        }
        self.columns.insert(name, column);
        Ok(())
    }

    /// Says of each row which training stream it comes from: rows of one stream are not independent, and the bootstrap draws them
    /// together. Streams that measure a law at the same places are numbered in the order of their names, so that two groups whose streams are
    /// named alike (by their replicate, say) are drawn alike.
    ///
    /// # Errors
    /// E0940 where the length is another than the table's.
    pub fn set_streams(&mut self, streams: Vec<String>) -> Result<(), Problem> {
        if streams.len() != self.rows {
            let found = streams.len();
            return Err(Problem::new("E0940", format!("{found} streams are given for {} rows", self.rows)));
        }
        self.streams = Some(streams);
        Ok(())
    }

    /// Says how often each row counts: the number of replicates whose mean it is, say. Rows count once otherwise.
    ///
    /// # Errors
    /// E0940 where the length is another than the table's, E0942 where a weight is not above 0.
    pub fn set_weights(&mut self, weights: Vec<f64>) -> Result<(), Problem> {
        if weights.len() != self.rows {
            let found = weights.len();
            return Err(Problem::new("E0940", format!("{found} weights are given for {} rows", self.rows)));
        }
        if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight > 0.0)) {
            return Err(Problem::new(
                "E0942",
                format!("the weight of row {} is {}, not above 0", row + 1, weights[row]),
            )
            .help("leave out rows that do not count"));
        }
        self.weights = Some(weights);
        Ok(())
    }

    /// Reads a CSV file with a header. A column is of numbers where each of its cells is a number or empty, otherwise of text. A byte order
    /// mark and blanks around cells are no part of them.
    ///
    /// # Errors
    /// E0940 where the file is not such a table, E0945 where two columns have one name. `name` is what the file is called in messages.
    pub fn from_csv(reader: impl Read, name: &str) -> Result<Table, Problem> {
        let bad = |error: &csv::Error| {
            Problem::new("E0940", format!("{name} is not a table that can be read"))
                .note(error.to_string())
                .help("a table is a CSV file in UTF-8: a first line with the columns' names, then a line a row with as many cells")
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
        let header = reader.headers().map_err(|error| bad(&error))?.clone();
        let names: Vec<&str> = header.iter().map(|cell| cell.trim_start_matches('\u{feff}').trim()).collect();
        let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        let mut rows = 0usize;
        for record in reader.records() {
            let record = record.map_err(|error| bad(&error))?;
            rows += 1;
            if rows.saturating_mul(names.len()) > MAX_CELLS {
                return Err(Problem::new("E0940", format!("{name} has more than {MAX_CELLS} cells")));
            }
            for (column, cell) in cells.iter_mut().zip(record.iter()) {
                column.push(cell.to_owned());
            }
        }
        if rows == 0 {
            return Err(Problem::new("E0940", format!("{name} has no rows"))
                .help("a table is a CSV file: a first line with the columns' names, then a line a row"));
        }
        let mut table = Table::new(rows);
        for (column, cells) in names.iter().zip(cells) {
            table.add(*column, typed(cells))?;
        }
        Ok(table)
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns' names in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    pub fn streams(&self) -> Option<&[String]> {
        self.streams.as_deref()
    }

    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The column of that name.
    ///
    /// # Errors
    /// E0941 where there is none, with the nearest name that there is.
    pub fn column(&self, name: &str) -> Result<&Column, Problem> {
        if let Some(column) = self.columns.get(name) {
            return Ok(column);
        }
        let nearest = self
            .names()
            .map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase()), known))
            .filter(|(similarity, _)| *similarity > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let problem = Problem::new("E0941", format!("there is no column `{name}`"));
        let all: Vec<String> = self.names().take(40).map(|known| format!("`{known}`")).collect();
        let problem = problem.note(format!("the columns are {}", all.join(", ")));
        Err(match nearest {
            Some((_, known)) => problem.help(format!("did you mean `{known}`?")),
            None => problem.help("a name in a law is a column of the table, or declared as free"),
        })
    }

    /// The numbers of a column.
    ///
    /// # Errors
    /// E0941 where there is no such column, E0942 at the first row that is no finite number.
    pub fn numbers(&self, name: &str) -> Result<&[f64], Problem> {
        let help = "leave such rows out, or take another column";
        match self.column(name)? {
            Column::Numbers(values) => match values.iter().position(|value| !value.is_finite()) {
                None => Ok(values),
                Some(row) => {
                    Err(Problem::new("E0942", format!("the column `{name}` has no finite number in row {}", row + 1))
                        .note(format!(
                            "{} of {} rows are empty or not finite",
                            values.iter().filter(|v| !v.is_finite()).count(),
                            self.rows
                        ))
                        .help(help))
                }
            },
            Column::Text(values) => {
                let row = values.iter().position(|value| value.parse::<f64>().is_err()).unwrap_or(0);
                let cell: String = values.get(row).map_or_else(String::new, |cell| cell.chars().take(60).collect());
                Err(Problem::new(
                    "E0942",
                    format!("the column `{name}` has text where a law needs a number: `{cell}` in row {}", row + 1),
                )
                .help(help))
            }
        }
    }

    /// What stands in a column as text, row by row; a number in its shortest form.
    ///
    /// # Errors
    /// E0941 where there is no such column.
    pub fn labels(&self, name: &str) -> Result<Vec<String>, Problem> {
        Ok(match self.column(name)? {
            Column::Numbers(values) => values.iter().map(f64::to_string).collect(),
            Column::Text(values) => values.clone(),
        })
    }

    /// The table with those of its rows for which `keep` holds.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(usize) -> bool) -> Table {
        let rows: Vec<usize> = (0..self.rows).filter(|&row| keep(row)).collect();
        let mut columns = IndexMap::new();
        for (name, column) in &self.columns {
            let kept = match column {
                Column::Numbers(values) => Column::Numbers(rows.iter().map(|&row| values[row]).collect()),
                Column::Text(values) => Column::Text(rows.iter().map(|&row| values[row].clone()).collect()),
            };
            columns.insert(name.clone(), kept);
        }
        let streams = self.streams.as_ref().map(|streams| rows.iter().map(|&row| streams[row].clone()).collect());
        let weights = self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect());
        Table { columns, rows: rows.len(), streams, weights }
    }
}

/// A column of numbers where every cell is one or empty, and at least one is.
fn typed(cells: Vec<String>) -> Column {
    let number = |cell: &String| if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() };
    let numbers: Option<Vec<f64>> = cells.iter().map(number).collect();
    match numbers {
        Some(numbers) if cells.iter().any(|cell| !cell.is_empty()) => Column::Numbers(numbers),
        _ => Column::Text(cells),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table, Problem> {
        Table::from_csv(text.as_bytes(), "runs.csv")
    }

    #[test]
    fn a_csv_file_becomes_columns() {
        let table = read("\u{feff}N, loss ,name\n1e6,3.5,a\n2000000, 3.25 ,b\n").unwrap();
        assert_eq!(table.names().collect::<Vec<_>>(), ["N", "loss", "name"]);
        assert_eq!(table.numbers("N").unwrap(), [1e6, 2e6]);
        assert_eq!(table.numbers("loss").unwrap(), [3.5, 3.25]);
        assert_eq!(table.labels("name").unwrap(), ["a", "b"]);
        assert_eq!(table.labels("N").unwrap(), ["1000000", "2000000"]);
    }

    #[test]
    fn a_missing_column_is_named_with_the_nearest_one() {
        let problem = read("tokens,loss\n1,2\n").unwrap().numbers("token").unwrap_err();
        assert_eq!((problem.code, problem.headline.as_str()), ("E0941", "there is no column `token`"));
        assert_eq!(problem.help.as_deref(), Some("did you mean `tokens`?"));
    }

    #[test]
    fn text_and_gaps_among_numbers_are_found_with_their_row() {
        let table = read("N,loss\n1,2\n2,\n3,diverged\n").unwrap();
        let problem = table.numbers("loss").unwrap_err();
        assert!(problem.headline.contains("`` in row 2"), "{}", problem.headline);
        let problem = read("N,loss\n1,2\n2,nan\n").unwrap().numbers("loss").unwrap_err();
        assert!(problem.code == "E0942" && problem.headline.ends_with("in row 2"), "{}", problem.headline);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert_eq!(read("a,b\n1\n").unwrap_err().code, "E0940");
        assert_eq!(read("a,b\n").unwrap_err().code, "E0940");
        assert_eq!(read("").unwrap_err().code, "E0940");
        assert_eq!(read("a,a\n1,2\n").unwrap_err().code, "E0945");
        assert_eq!(Table::from_csv(&[b'a', b'\n', 0xff, b'\n'][..], "x.csv").unwrap_err().code, "E0940");
        let mut table = Table::new(2);
        assert_eq!(table.add("x", Column::Numbers(vec![1.0])).unwrap_err().code, "E0940");
        assert_eq!(table.set_streams(vec![]).unwrap_err().code, "E0940");
    }

    #[test]
    fn a_filter_keeps_rows_of_every_column_together() {
        let mut table = read("N,name\n1,a\n2,b\n3,c\n").unwrap();
        table.set_streams(vec!["x".into(), "y".into(), "z".into()]).unwrap();
        let kept = table.filter(|row| row != 1);
        assert_eq!(kept.numbers("N").unwrap(), [1.0, 3.0]);
        assert_eq!(kept.labels("name").unwrap(), ["a", "c"]);
        assert_eq!(kept.streams().unwrap(), ["x", "z"]);
    }
}
