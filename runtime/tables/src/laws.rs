//! From a table to what a fit takes.

use std::collections::HashMap;

use synx_laws as laws;
use synx_plan::problem::Problem;

use crate::column::Values;
use crate::table::{Standing, Table};

impl Table {
    /// The columns of these names as a fit takes them, of the rows that are there, with the rows that these are. Truth values are 1 and 0.
    ///
    /// Rows that share a training stream, themselves or through others, are of one stream there: the bootstrap draws them together.
    ///
    /// # Errors
    /// E0941 where there is no such column.
    pub fn for_laws<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<(laws::Table, Vec<usize>), Problem> {
        let rows: Vec<usize> = (0..self.rows()).filter(|row| self.standing(*row) == Standing::There).collect();
        let mut table = laws::Table::new(rows.len());
        for name in names {
            let column = match &self.column(name)?.values {
                Values::Numbers(values) => laws::Column::Numbers(rows.iter().map(|row| values[*row]).collect()),
                Values::Truth(values) => {
                    let number = |row: &usize| values[*row].map_or(f64::NAN, |truth| f64::from(u8::from(truth)));
                    laws::Column::Numbers(rows.iter().map(number).collect())
                }
                Values::Text(texts) => {
                    laws::Column::Text(rows.iter().map(|row| texts.get(*row).unwrap_or_default().to_owned()).collect())
                }
            };
            table.add(name, column)?;
        }
        if let Some(blocks) = self.blocks(&rows) {
            table.set_streams(blocks)?;
        }
        Ok((table, rows))
    }

    /// For each of these rows the name of the block of rows that streams connect; none where nothing is known of streams.
    fn blocks(&self, rows: &[usize]) -> Option<Vec<String>> {
        let streams: Vec<&[String]> = rows.iter().map(|row| self.streams(*row)).collect::<Option<_>>()?;
        // A forest of streams: each points at one before it in its block, the first at itself.
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut names: Vec<&str> = Vec::new();
        let mut above: Vec<usize> = Vec::new();
        let root = |above: &[usize], mut at: usize| {
            while above[at] != at {
                at = above[at];
            }
            at
        };
        for of_row in &streams {
            let mut first = None;
            for stream in *of_row {
                let number = *numbers.entry(stream).or_insert_with(|| {
                    names.push(stream);
                    above.push(above.len());
                    above.len() - 1
                });
                let own = root(&above, number);
                let block = first.map_or(own, |first| root(&above, first));
                let (low, high) = (own.min(block), own.max(block));
                above[high] = low;
                first = Some(low);
            }
        }
        let alone = |row: &usize| format!("row {row}");
        let name = |(of_row, row): (&&[String], &usize)| {
            of_row.first().map_or_else(|| alone(row), |stream| names[root(&above, numbers[stream.as_str()])].to_owned())
        };
        Some(streams.iter().zip(rows).map(name).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::Column;

    #[test]
    fn only_rows_that_are_there_are_fitted() {
        let mut table = Table::new(3);
        table.set("x", Column::numbers(vec![1.0, 2.0, 3.0]));
        table.set("small", Column::truth(vec![Some(true), None, Some(false)]));
        let table = table.with_standing(vec![Standing::There, Standing::Diverged, Standing::There]);
        let (made, rows) = table.for_laws(["x", "small"]).unwrap();
        assert_eq!((made.numbers("x").unwrap(), rows), (&[1.0, 3.0][..], vec![0, 2]));
        assert_eq!(made.numbers("small").unwrap(), [1.0, 0.0]);
        assert_eq!(table.for_laws(["y"]).unwrap_err().code, "E0941");
    }

    #[test]
    fn rows_that_streams_connect_are_one_block() {
        let rows = |names: &[&[&str]]| {
            let mut table = Table::new(names.len());
            let of_row = |of: &&[&str]| of.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>().into();
            table.set_streams(Some(names.iter().map(of_row).collect()));
            table.for_laws([]).unwrap().0.streams().unwrap().to_vec()
        };
        assert_eq!(rows(&[&["a"], &["b"], &["a"]]), ["a", "b", "a"]);
        assert_eq!(rows(&[&["a", "b"], &["c"], &["b", "c"], &["d"]]), ["a", "a", "a", "d"]);
        assert_eq!(rows(&[&["b"], &["c"], &["a", "c"], &["a", "b"]]), ["b", "b", "b", "b"]);
        assert_eq!(rows(&[&[], &["a"], &[]]), ["row 0", "a", "row 2"]);
    }
}
