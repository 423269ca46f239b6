//! One column of a table, and one value in it.

use indexmap::IndexSet;
use synx_plan::grid::ColumnValue;

use crate::shown::shown;

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub values: Values,
    /// As results print it; empty for plain numbers, text and truth values.
    pub unit: String,
}

/// What a column holds, row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Not-a-number where a value is missing.
    Numbers(Vec<f64>),
    Text(Texts),
    Truth(Vec<Option<bool>>),
}

/// A column of text: each text once, and for every row its number.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    texts: IndexSet<Box<str>>,
    rows: Vec<u32>,
}

/// The number of a missing text.
const MISSING: u32 = u32::MAX;

/// A value in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Missing,
    Number(f64),
    Text(&'a str),
    Truth(bool),
}

impl Column {
    /// Numbers without a unit.
    pub fn numbers(values: Vec<f64>) -> Column {
        Column { values: Values::Numbers(values), unit: String::new() }
    }

    pub fn text<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Column {
        Column { values: Values::Text(values.into_iter().collect()), unit: String::new() }
    }

    pub fn truth(values: Vec<Option<bool>>) -> Column {
        Column { values: Values::Truth(values), unit: String::new() }
    }

    /// Values that were declared: of truth where all of them are, of numbers likewise, else of text.
    pub fn of_values(values: &[Option<ColumnValue>]) -> Column {
        let known = || values.iter().flatten();
        let truth = |value: &ColumnValue| match value {
            ColumnValue::Text(text) if text == "true" => Some(true),
            ColumnValue::Text(text) if text == "false" => Some(false),
            _ => None,
        };
        if known().next().is_some() && known().all(|value| truth(value).is_some()) {
            return Column::truth(values.iter().map(|value| value.as_ref().and_then(truth)).collect());
        }
        if known().all(|value| matches!(value, ColumnValue::Number(_))) {
            let number = |value: &Option<ColumnValue>| match value {
                Some(ColumnValue::Number(number)) => number.to_f64(),
                _ => f64::NAN,
            };
            return Column::numbers(values.iter().map(number).collect());
        }
        let texts: Vec<Option<String>> = values.iter().map(|value| value.as_ref().map(ToString::to_string)).collect();
        Column::text(texts.iter().map(Option::as_deref))
    }

    #[must_use]
    pub fn in_unit(self, unit: impl Into<String>) -> Column {
        Column { unit: unit.into(), ..self }
    }

    pub fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(values) => values.len(),
            Values::Text(values) => values.len(),
            Values::Truth(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn value(&self, row: usize) -> Value<'_> {
        match &self.values {
            Values::Numbers(values) => Value::of_number(values[row]),
            Values::Text(values) => values.get(row).map_or(Value::Missing, Value::Text),
            Values::Truth(values) => values[row].map_or(Value::Missing, Value::Truth),
        }
    }

    /// What messages call its kind.
    pub fn kind(&self) -> &'static str {
        match &self.values {
            Values::Numbers(_) => "numbers",
            Values::Text(_) => "text",
            Values::Truth(_) => "truth values",
        }
    }

    /// The same column with these rows of it, in this order; a row that is none is missing.
    #[must_use]
    pub(crate) fn pick(&self, rows: &[Option<u32>]) -> Column {
        let values = match &self.values {
            Values::Numbers(values) => {
                Values::Numbers(rows.iter().map(|row| row.map_or(f64::NAN, |row| values[row as usize])).collect())
            }
            Values::Truth(values) => {
                Values::Truth(rows.iter().map(|row| row.and_then(|row| values[row as usize])).collect())
            }
            Values::Text(values) => Values::Text(values.pick(rows)),
        };
        Column { values, unit: self.unit.clone() }
    }
}

impl<'a> Value<'a> {
    /// Not-a-number is missing.
    pub fn of_number(number: f64) -> Value<'a> {
        if number.is_nan() { Value::Missing } else { Value::Number(number) }
    }

    /// The value as expressions take it: truth as 1 and 0; nothing for text and where it is missing.
    pub fn number(self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(number),
            Value::Truth(truth) => Some(f64::from(u8::from(truth))),
            Value::Missing | Value::Text(_) => None,
        }
    }

    /// Whether it is this value of an axis; nothing where it is missing.
    pub fn is(self, other: &ColumnValue) -> Option<bool> {
        match (self, other) {
            (Value::Missing, _) => None,
            (Value::Number(own), ColumnValue::Number(other)) => Some(own == other.to_f64()),
            (Value::Text(own), ColumnValue::Text(other)) => Some(own == other),
            (Value::Truth(own), ColumnValue::Text(other)) => Some(other == if own { "true" } else { "false" }),
            // An axis of texts and numbers is one of texts.
            (Value::Text(own), other) => Some(own == other.to_string()),
            _ => Some(false),
        }
    }

    /// What stands in it, for people and in labels; nothing where it is missing.
    pub fn label(self) -> String {
        match self {
            Value::Missing => String::new(),
            Value::Number(number) => shown(number),
            Value::Text(text) => text.to_owned(),
            Value::Truth(truth) => truth.to_string(),
        }
    }
}

impl Texts {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn get(&self, row: usize) -> Option<&str> {
        self.texts.get_index(self.rows[row] as usize).map(|text| &**text)
    }

    pub fn push(&mut self, text: Option<&str>) {
        let number = match text {
            None => MISSING,
            Some(text) => match self.texts.get_index_of(text) {
                Some(number) => number as u32,
                None => self.texts.insert_full(text.into()).0 as u32,
            },
        };
        self.rows.push(number);
    }

    /// For every row, a number that equal texts share; none where it is missing.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = Option<u32>> + '_ {
        self.rows.iter().map(|number| (*number != MISSING).then_some(*number))
    }

    fn pick(&self, rows: &[Option<u32>]) -> Texts {
        let mut picked = Texts::default();
        for row in rows {
            picked.push(row.and_then(|row| self.get(row as usize)));
        }
        picked
    }
}

impl PartialEq for Texts {
    /// Equal texts in every row, however they are numbered.
    fn eq(&self, other: &Texts) -> bool {
        self.len() == other.len() && (0..self.len()).all(|row| self.get(row) == other.get(row))
    }
}

impl<'a> FromIterator<Option<&'a str>> for Texts {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(values: I) -> Texts {
        let mut texts = Texts::default();
        values.into_iter().for_each(|text| texts.push(text));
        texts
    }
}
