//! Observations of a study: a file of rows with the columns that the plan was made with.

use std::path::Path;

use synx_plan::observations::Observations;
use synx_plan::problem::Problem;
use synx_plan::table::{Column as Declared, ColumnKind};

use super::{Limits, Read, csv, jsonl, parquet};
use crate::column::{Column, Values};
use crate::table::Table;

/// The rows of observations. `path` is the file, which the caller has looked up; `declared` are the columns that the plan knows (none for a file whose columns
/// only a run finds out).
///
/// # Errors
/// E0901 where the system refuses, E0980 to E0985 and E0945 where the file is no table, E0986 where a column is not what the plan was made with.
pub fn observations(of: &Observations, path: &Path, declared: &[Declared]) -> Result<Table, Problem> {
    let limits = Limits::default();
    let file = std::fs::File::open(path).map_err(|error| Problem::io("read", path, &error))?;
    let read = match of.format {
        synx_plan::observations::Format::Csv => csv::read(file, &of.path, &limits),
        synx_plan::observations::Format::Jsonl => jsonl::read(file, &of.path, &limits),
        synx_plan::observations::Format::Parquet => parquet::read(file, &of.path, &limits),
    }?;
    // Lists and structures were taken for text when the study was checked, and nothing can be done with them.
    for column in declared.iter().filter(|column| !read.left_out.contains(&column.name)) {
        check(&read, column, &of.path)?;
    }
    let mut table = read.table;
    for axis in &of.axes {
        table.column(axis)?;
    }
    table.keys.clone_from(&of.axes);
    if !read.left_out.is_empty() {
        let names: Vec<String> = read.left_out.iter().map(|name| format!("`{name}`")).collect();
        table.notes.push(format!("{} hold lists or structures and are left out of {}", names.join(", "), of.path));
    }
    Ok(table)
}

/// Whether a column is there and holds what the plan was made with.
fn check(read: &Read, declared: &Declared, path: &str) -> Result<(), Problem> {
    let name = &declared.name;
    let Some(Column { values, .. }) = read.table.get(name) else {
        let headline = format!("{path} has no column `{name}` any more");
        return Err(Problem::new("E0986", headline).help("check the study again: the file has changed"));
    };
    match (declared.kind, values) {
        (ColumnKind::Number, Values::Text(texts)) => {
            let cell = |row: &usize| texts.get(*row).is_some_and(|cell| cell.parse::<f64>().is_err());
            let row = (0..texts.len()).find(cell).unwrap_or(0);
            let cell: String = texts.get(row).unwrap_or_default().chars().take(60).collect();
            let headline =
                format!("`{name}` begins with numbers and has the text `{cell}` in {} of {path}", read.place(row));
            Err(Problem::new("E0986", headline).help("leave a cell empty where nothing was measured"))
        }
        (ColumnKind::Text, Values::Numbers(_)) => {
            let headline = format!("`{name}` of {path} holds numbers, and text when the study was checked");
            Err(Problem::new("E0986", headline).help("check the study again: the file has changed"))
        }
        _ => Ok(()),
    }
}
