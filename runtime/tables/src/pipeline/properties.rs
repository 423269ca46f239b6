//! What must hold of the functions of tables, whatever the tables.

use proptest::prelude::*;
use synx_plan::expression::{Binary, Expression};
use synx_plan::table::{Source, Table as Declared, TableId};

use super::carry_out;
use crate::column::Column;
use crate::table::{Standing, Table};

const OF: TableId = TableId(0);

/// A table of few distinct values, so that rows meet; some are missing, some rows awaited or diverged.
fn tables() -> impl Strategy<Value = Table> {
    let row = (0u8..4, 0u8..3, prop::option::weighted(0.8, 0u8..5), 0u8..8);
    prop::collection::vec(row, 0..24).prop_map(|rows| {
        let mut table = Table::new(rows.len());
        table.set("a", Column::numbers(rows.iter().map(|row| f64::from(row.0)).collect()));
        table.set("b", Column::text(rows.iter().map(|row| Some(["x", "y", "z"][row.1 as usize]))));
        table.set("c", Column::numbers(rows.iter().map(|row| row.2.map_or(f64::NAN, f64::from)).collect()));
        let standing = |row: &(u8, u8, Option<u8>, u8)| match row.3 {
            0 if row.2.is_none() => Standing::Awaited,
            1 if row.2.is_none() => Standing::Diverged,
            _ => Standing::There,
        };
        table.with_standing(rows.iter().map(standing).collect())
    })
}

fn made(source: Source, keys: &[&str], inputs: &[&Table]) -> Table {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let declared = Declared { source, columns: Vec::new(), keys, rows: None, origin: None };
    let mut made = carry_out(&declared, inputs, &|_| None, || panic!("it is made of tables")).unwrap();
    made.notes.clear();
    made.keys.clear();
    made
}

fn filter(of: &Table) -> Table {
    let condition = Expression::binary(Binary::Less, Expression::column("c"), Expression::number(3u64));
    made(Source::Filter { of: OF, condition }, &[], &[of])
}

fn union(a: &Table, b: &Table) -> Table {
    made(Source::Union(vec![OF, OF]), &[], &[a, b])
}

fn join(a: &Table, b: &Table) -> Table {
    let on = vec!["a".to_owned(), "b".to_owned()];
    made(Source::Join { left: OF, right: OF, on, prefix: "r".to_owned() }, &[], &[a, b])
}

fn mean(of: &Table, keys: &[&str]) -> Table {
    made(Source::Mean { of: OF, over: Vec::new() }, keys, &[of])
}

/// What rows hold, without the order; what is missing is alike.
fn shown(table: &Table) -> Vec<String> {
    let row = |row: usize| {
        format!(
            "{:?} {:?}",
            table.standing(row),
            table.columns().map(|(_, c)| c.value(row).label()).collect::<Vec<_>>()
        )
    };
    (0..table.rows()).map(row).collect()
}

proptest! {
    #[test]
    fn a_filter_of_a_union_is_the_union_of_filters(a in tables(), b in tables()) {
        prop_assert_eq!(shown(&filter(&union(&a, &b))), shown(&union(&filter(&a), &filter(&b))));
    }

    #[test]
    fn a_filter_changes_nothing_the_second_time(a in tables()) {
        prop_assert_eq!(shown(&filter(&filter(&a))), shown(&filter(&a)));
    }

    #[test]
    fn the_mean_of_one_row_is_the_row(a in tables()) {
        let rows: Vec<Table> = (0..a.rows() as u32).map(|row| a.pick(&[row])).collect();
        for row in rows {
            let mean = mean(&row, &["a", "b"]);
            for name in ["a", "b", "c"] {
                prop_assert_eq!(mean.value(0, name), row.value(0, name));
            }
            prop_assert_eq!(mean.standing(0), row.standing(0));
        }
    }

    #[test]
    fn means_lie_between_the_values_and_count_all_rows_that_are_there(a in tables()) {
        let means = mean(&a, &["a"]);
        let counted: f64 = (0..means.rows()).filter_map(|row| means.value(row, "rows").number()).sum();
        prop_assert_eq!(counted, a.count(Standing::There) as f64);
        for row in 0..means.rows() {
            if let Some(mean) = means.value(row, "c").number() {
                prop_assert!((0.0..=4.0).contains(&mean));
            }
        }
    }

    #[test]
    fn a_join_has_a_row_for_every_pair_that_agrees(a in tables(), b in tables()) {
        let agree = |i: usize, j: usize| a.value(i, "a") == b.value(j, "a") && a.value(i, "b") == b.value(j, "b");
        let pairs = (0..a.rows()).flat_map(|i| (0..b.rows()).map(move |j| (i, j))).filter(|(i, j)| agree(*i, *j)).count();
        let joined = join(&a, &b);
        prop_assert_eq!(joined.rows(), pairs);
        prop_assert_eq!(join(&b, &a).rows(), pairs);
        prop_assert_eq!(joined.get("r.c").map(Column::len), Some(pairs));
    }

    #[test]
    fn the_best_is_no_larger_than_any_of_its_group(a in tables()) {
        let source = Source::Best { of: OF, by: "c".to_owned(), over: vec!["b".to_owned()], ends: Vec::new() };
        let best = made(source, &["a"], &[&a]);
        for row in (0..best.rows()).filter(|row| best.standing(*row) == Standing::There) {
            let chosen = best.value(row, "c").number().unwrap();
            let group = (0..a.rows()).filter(|other| a.value(*other, "a") == best.value(row, "a"));
            prop_assert!(group.filter_map(|other| a.value(other, "c").number()).all(|value| value >= chosen));
        }
    }
}
