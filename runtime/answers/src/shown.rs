//! What figures and tables of the report show of tables that are drawn again: the numbers of a column in every draw, row by row.

use std::collections::{BTreeMap, BTreeSet};

use synx_laws::Sample;
use synx_plan::study::Plan;
use synx_plan::table::{Source, TableId};
use synx_tables::{Table, Values};

use crate::drawn::Drawn;
use crate::law::labels;
use crate::order::{Node, order};
use crate::settled::Pass;
use crate::varying::REPLICATE;

/// A column of numbers that is shown, and what tells the rows apart.
pub(crate) struct Wanted {
    pub table: usize,
    column: String,
    keys: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The columns that are shown, each with its numbers in every draw, row by row.
#[derive(Debug, Default)]
pub struct Shown(BTreeMap<(usize, String), Vec<Drawn>>);

/// The columns of numbers that are shown of tables that `varies` says to differ from draw to draw. Left out are single replicates, of which
/// another draw has others, and what the data do not tell.
pub(crate) fn wanted(plan: &Plan, base: &Pass, varies: impl Fn(usize) -> bool) -> Vec<Wanted> {
    let figures = plan.figures.iter().map(|figure| (figure.over, &figure.y));
    let tables = plan.report_tables.iter().map(|table| (table.over, &table.cell));
    let shown: BTreeSet<(usize, &String)> =
        figures.chain(tables).map(|(TableId(table), column)| (table, column)).collect();
    let wanted = |(place, column): (usize, &String)| {
        let table = base.table(TableId(place)).ok().filter(|_| varies(place))?;
        let keys = table.keys.clone();
        let numbers = matches!(table.get(column)?.values, Values::Numbers(_));
        let is_key = keys.iter().any(|key| key == column || key == REPLICATE);
        if !numbers || keys.is_empty() && table.rows() > 1 || is_key || !is_told(plan, base, place) {
            return None;
        }
        let rows = (0..table.rows()).map(|row| labels(&table, row, &keys)).collect();
        Some(Wanted { table: place, column: column.clone(), keys, rows })
    };
    shown.into_iter().filter_map(wanted).collect()
}

/// Whether the data tell all that a table is made of.
fn is_told(plan: &Plan, base: &Pass, table: usize) -> bool {
    order(plan, [Node::Table(table)]).into_iter().all(|node| match node {
        Node::Answer(answer) => base.identified.get(&answer).copied().unwrap_or(true),
        // The parameters themselves are shown.
        Node::Table(table) => match plan.tables[table].source {
            Source::Law(law) => {
                base.law(law).is_ok_and(|law| law.groups.iter().all(|group| !group.identified.contains(&false)))
            }
            _ => true,
        },
        Node::Law(_) => true,
    })
}

impl Wanted {
    /// The numbers in a draw, by the rows of the table as it is.
    pub fn in_draw(&self, drawn: Option<&Table>) -> Vec<f64> {
        let Some(drawn) = drawn else { return vec![f64::NAN; self.rows.len()] };
        let places: BTreeMap<Vec<String>, usize> =
            (0..drawn.rows()).map(|row| (labels(drawn, row, &self.keys), row)).collect();
        let number = |row: &Vec<String>| drawn.value(*places.get(row)?, &self.column).number();
        self.rows.iter().map(|row| number(row).unwrap_or(f64::NAN)).collect()
    }
}

impl Shown {
    pub(crate) fn new<'a>(
        wanted: Vec<Wanted>,
        draws: impl Fn(usize, usize) -> Vec<&'a [f64]>,
        samples: impl Fn(usize, usize) -> Vec<Sample>,
    ) -> Shown {
        let column = |(place, wanted): (usize, Wanted)| {
            let draws = draws(place, wanted.table);
            let rows = (0..wanted.rows.len()).map(|row| Drawn {
                estimate: f64::NAN,
                draws: draws.iter().map(|draw| draw[row]).collect(),
                samples: samples(wanted.table, row),
            });
            ((wanted.table, wanted.column), rows.collect())
        };
        Shown(wanted.into_iter().enumerate().map(column).collect())
    }

    /// The interval of a row's number; none where it is not drawn.
    pub fn interval(&self, table: TableId, column: &str, row: usize, confidence: f64) -> Option<(f64, f64)> {
        self.0.get(&(table.0, column.to_owned()))?.get(row)?.interval(confidence)
    }
}
