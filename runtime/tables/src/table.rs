//! A table: columns of equal length, and what is known of each row.

use std::sync::Arc;

use indexmap::IndexMap;
use synx_plan::answer::AnswerId;
use synx_plan::expression::{Expression, Name};
use synx_plan::problem::Problem;

use crate::column::{Column, Value, Values};
use crate::evaluate::evaluate;

/// Columns of equal length, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    rows: usize,
    columns: IndexMap<String, Column>,
    /// The columns that tell rows apart.
    pub keys: Vec<String>,
    /// What has come of each row; empty where all are there.
    standing: Vec<Standing>,
    /// For each row the names of the training streams that it comes from, sorted; none where nothing is known of streams.
    streams: Option<Vec<Arc<[String]>>>,
    /// What was left out or chosen that a reader should know of, each a sentence.
    pub notes: Vec<String>,
}

/// What has come of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    #[default]
    There,
    /// Its run has not ended yet: what it measures is missing, and what it is by its declaration is there.
    Awaited,
    /// Its run diverged: it measures nothing.
    Diverged,
}

impl Table {
    /// A table of that many rows and no columns yet.
    pub fn new(rows: usize) -> Table {
        Table { rows, ..Table::default() }
    }

    /// Adds a column at the end, or puts it in the place of the one of its name.
    ///
    /// # Panics
    /// Where the length is another than the table's: what makes columns counts its rows.
    pub fn set(&mut self, name: impl Into<String>, column: Column) {
        assert_eq!(column.len(), self.rows, "a column is as long as its table");
        self.columns.insert(name.into(), column);
    }

    /// The same, with what has come of each row.
    ///
    /// # Panics
    /// Where there are more or fewer than rows.
    #[must_use]
    pub fn with_standing(mut self, standing: Vec<Standing>) -> Table {
        assert_eq!(standing.len(), self.rows, "a standing for each row");
        let all = standing.iter().all(|standing| *standing == Standing::There);
        self.standing = if all { Vec::new() } else { standing };
        self
    }

    /// The same, with the training stream of each row.
    ///
    /// # Panics
    /// Where there are more or fewer than rows.
    #[must_use]
    pub fn with_streams(mut self, streams: impl IntoIterator<Item = String>) -> Table {
        let streams: Vec<Arc<[String]>> = streams.into_iter().map(|stream| Arc::from([stream])).collect();
        assert_eq!(streams.len(), self.rows, "a stream for each row");
        self.streams = Some(streams);
        self
    }

    #[must_use]
    pub fn keyed(mut self, keys: impl IntoIterator<Item = String>) -> Table {
        self.keys = keys.into_iter().collect();
        self
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    pub fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column))
    }

    pub fn get(&self, name: &str) -> Option<&Column> {
        self.columns.get(name)
    }

    /// The column of that name.
    ///
    /// # Errors
    /// E0941 where there is none, with the nearest name that there is.
    pub fn column(&self, name: &str) -> Result<&Column, Problem> {
        self.get(name).ok_or_else(|| self.no_column(name))
    }

    fn no_column(&self, name: &str) -> Problem {
        let near = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
        let nearest = self.names().map(|known| (near(known), known)).filter(|(near, _)| *near > 0.8);
        let nearest = nearest.max_by(|a, b| a.0.total_cmp(&b.0));
        let all: Vec<String> = self.names().take(40).map(|known| format!("`{known}`")).collect();
        let problem = Problem::new("E0941", format!("there is no column `{name}`"))
            .note(format!("the columns are {}", all.join(", ")));
        match nearest {
            Some((_, known)) => problem.help(format!("did you mean `{known}`?")),
            None => problem,
        }
    }

    /// The value in a column; missing where there is no such column.
    pub fn value(&self, row: usize, name: &str) -> Value<'_> {
        self.get(name).map_or(Value::Missing, |column| column.value(row))
    }

    pub fn standing(&self, row: usize) -> Standing {
        self.standing.get(row).copied().unwrap_or_default()
    }

    /// How many rows stand so.
    pub fn count(&self, standing: Standing) -> usize {
        match self.standing.is_empty() {
            true if standing == Standing::There => self.rows,
            true => 0,
            false => self.standing.iter().filter(|own| **own == standing).count(),
        }
    }

    /// The training streams that a row comes from, sorted; none where nothing is known of them.
    pub fn streams(&self, row: usize) -> Option<&[String]> {
        self.streams.as_ref().map(|streams| &*streams[row])
    }

    pub(crate) fn shared_streams(&self, row: usize) -> Option<Arc<[String]>> {
        self.streams.as_ref().map(|streams| Arc::clone(&streams[row]))
    }

    pub(crate) fn set_streams(&mut self, streams: Option<Vec<Arc<[String]>>>) {
        self.streams = streams;
    }

    /// The value of an expression over the row's columns; nothing where what decides is missing or has no real value.
    pub fn evaluate(
        &self,
        row: usize,
        expression: &Expression,
        answers: &dyn Fn(AnswerId) -> Option<f64>,
    ) -> Option<f64> {
        evaluate(expression, &|name| match name {
            Name::Column(name) => self.value(row, name).number(),
            Name::Is(name, value) => self.value(row, name).is(value).map(|is| f64::from(u8::from(is))),
            Name::Answer(answer) => answers(answer),
            // What is over rows has neither; a law's are its fit's.
            Name::Parameter(_) | Name::Bound(_) => None,
        })
    }

    /// The table with these rows, in this order, with what is known of them.
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Table {
        let some: Vec<Option<u32>> = rows.iter().map(|row| Some(*row)).collect();
        let mut picked = Table::new(rows.len()).keyed(self.keys.iter().cloned());
        for (name, column) in &self.columns {
            picked.columns.insert(name.clone(), column.pick(&some));
        }
        if let Some(streams) = &self.streams {
            picked.streams = Some(rows.iter().map(|row| Arc::clone(&streams[*row as usize])).collect());
        }
        picked.with_standing(rows.iter().map(|row| self.standing(*row as usize)).collect())
    }

    /// The rows that have the same values in these columns, in the order of the first of each; missing values are alike.
    pub fn groups(&self, by: &[String]) -> Result<Vec<Vec<u32>>, Problem> {
        let mut keys: Vec<Vec<u64>> = vec![Vec::with_capacity(by.len()); self.rows];
        for name in by {
            let column = self.column(name)?;
            let codes: Vec<u64> = match &column.values {
                // Both zeros are one; the bits of what is missing are those of one not-a-number.
                Values::Numbers(values) => values.iter().map(|value| bits(*value)).collect(),
                Values::Text(values) => values.numbers().map(|number| number.map_or(0, |n| u64::from(n) + 1)).collect(),
                Values::Truth(values) => values.iter().map(|truth| truth.map_or(0, |t| u64::from(t) + 1)).collect(),
            };
            keys.iter_mut().zip(codes).for_each(|(key, code)| key.push(code));
        }
        let mut groups: IndexMap<Vec<u64>, Vec<u32>> = IndexMap::new();
        for (row, key) in keys.into_iter().enumerate() {
            groups.entry(key).or_default().push(row as u32);
        }
        Ok(groups.into_values().collect())
    }

    /// How a row is told apart from others, for a message: `r = 1/3, tokens = 4M`.
    pub fn row_name(&self, row: usize) -> String {
        let named = self.keys.iter().map(|key| format!("{key} = {}", self.value(row, key).label()));
        let named: Vec<String> = named.collect();
        if named.is_empty() { format!("row {}", row + 1) } else { named.join(", ") }
    }
}

/// The bits of a number, equal for all numbers that are equal and for all that are missing.
pub(crate) fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}
