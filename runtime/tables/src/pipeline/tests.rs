//! What each function of tables gives, by hand.

use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression};
use synx_plan::grid::ColumnValue;
use synx_plan::problem::Problem;
use synx_plan::table::{Column as DeclaredColumn, ColumnKind, End, Source, Table as Declared, TableId};

use super::carry_out;
use crate::column::{Column, Value};
use crate::table::{Standing, Table};

const OF: TableId = TableId(0);

/// Two shares at two budgets, three replicates each.
fn runs() -> Table {
    let mut table = Table::new(12);
    let each = |value: fn(usize) -> f64| (0..12).map(value).collect::<Vec<f64>>();
    table.set("arm", Column::text((0..12).map(|row| Some(["a", "b"][row / 6]))));
    table.set("tokens", Column::numbers(each(|row| [1e6, 4e6][row / 3 % 2])).in_unit("tokens"));
    table.set("replicate", Column::numbers(each(|row| (row % 3 + 1) as f64)));
    table.set("loss", Column::numbers(each(|row| 4.0 - row as f64 / 8.0)));
    let keys = ["arm", "tokens", "replicate"].map(str::to_owned);
    table.keyed(keys).with_streams((0..12).map(|row| format!("{}", row % 3)))
}

fn declared(source: Source, keys: &[&str]) -> Declared {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    Declared { source, columns: Vec::new(), keys, rows: None, origin: None }
}

fn made(declared: &Declared, inputs: &[&Table]) -> Result<Table, Problem> {
    carry_out(declared, inputs, &|_| None, || panic!("it is made of tables"))
}

fn mean(of: &Table) -> Table {
    let over = vec!["replicate".to_owned()];
    made(&declared(Source::Mean { of: OF, over }, &["arm", "tokens"]), &[of]).unwrap()
}

fn best(of: &Table, ends: &[(f64, f64)]) -> Table {
    let exact = |number: f64| Exact::from_decimal(&number.to_string()).unwrap();
    let end = |(low, high): &(f64, f64)| End { column: "tokens".to_owned(), low: exact(*low), high: exact(*high) };
    let over = vec!["tokens".to_owned(), "replicate".to_owned()];
    let source = Source::Best { of: OF, by: "loss".to_owned(), over, ends: ends.iter().map(end).collect() };
    made(&declared(source, &["arm"]), &[of]).unwrap()
}

fn numbers(table: &Table, name: &str) -> Vec<f64> {
    (0..table.rows()).map(|row| table.value(row, name).number().unwrap_or(f64::NAN)).collect()
}

fn less(column: &str, than: u64) -> Expression {
    Expression::binary(Binary::Less, Expression::column(column), Expression::number(than))
}

/// The runs of which one diverged and one has not ended.
fn unfinished() -> Table {
    let mut table = runs();
    let losses = (0..12).map(|row| if [1, 11].contains(&row) { f64::NAN } else { 4.0 - row as f64 / 8.0 });
    table.set("loss", Column::numbers(losses.collect()));
    let mut standing = vec![Standing::There; 12];
    (standing[1], standing[11]) = (Standing::Diverged, Standing::Awaited);
    table.with_standing(standing)
}

#[test]
fn a_filter_keeps_the_rows_for_which_a_condition_holds() {
    let filter = |condition, of: &Table| made(&declared(Source::Filter { of: OF, condition }, &[]), &[of]).unwrap();
    let is = Expression::Is { column: "arm".to_owned(), value: ColumnValue::Text("b".to_owned()) };
    let left = filter(Expression::binary(Binary::And, is, less("tokens", 4_000_000)), &runs());
    assert_eq!(numbers(&left, "loss"), [3.25, 3.125, 3.0]);
    assert_eq!(left.streams(1), Some(&["1".to_owned()][..]));
    let left = filter(less("loss", 3), &unfinished());
    assert_eq!(left.rows(), 3, "two that are below, and one that may be");
    assert_eq!((left.count(Standing::Awaited), left.count(Standing::Diverged)), (1, 0));
}

#[test]
fn a_filter_says_which_rows_nobody_can_decide() {
    let mut table = Table::new(2);
    table.set("x", Column::numbers(vec![1.0, f64::NAN]));
    let left = made(&declared(Source::Filter { of: OF, condition: less("x", 3) }, &[]), &[&table]).unwrap();
    assert_eq!(
        (left.rows(), &left.notes[..]),
        (1, &["1 rows are left out: what `x < 3` reads is missing there".to_owned()][..])
    );
}

#[test]
fn derived_columns_see_the_columns_that_were_there() {
    let twice = Expression::binary(Binary::Multiply, Expression::column("loss"), Expression::number(2u64));
    let columns =
        vec![("loss".to_owned(), twice.clone()), ("again".to_owned(), twice), ("low".to_owned(), less("loss", 3))];
    let truth =
        DeclaredColumn { name: "low".to_owned(), kind: ColumnKind::Truth, unit: String::new(), low: None, high: None };
    let source = Source::Derive { of: OF, columns };
    let table = Declared { columns: vec![truth], ..declared(source, &[]) };
    let with = made(&table, &[&unfinished()]).unwrap();
    assert_eq!(with.names().last(), Some("low"));
    assert_eq!((with.value(0, "loss"), with.value(0, "again")), (Value::Number(8.0), Value::Number(8.0)));
    assert_eq!((with.value(0, "low"), with.value(10, "low")), (Value::Truth(false), Value::Truth(true)));
    assert_eq!((with.value(1, "low"), with.value(1, "again")), (Value::Missing, Value::Missing));
}

#[test]
fn a_mean_is_over_the_rows_that_differ_in_an_axis_alone() {
    let means = mean(&runs());
    assert_eq!(numbers(&means, "loss"), [3.875, 3.5, 3.125, 2.75]);
    assert_eq!((numbers(&means, "rows"), means.value(3, "arm")), (vec![3.0; 4], Value::Text("b")));
    assert!(means.get("replicate").is_none() && means.get("tokens").unwrap().unit == "tokens");
    assert_eq!(means.streams(0), Some(&["0", "1", "2"].map(str::to_owned)[..]));
}

#[test]
fn a_mean_leaves_out_what_diverged_and_waits_for_what_has_not_ended() {
    let means = mean(&unfinished());
    assert_eq!((means.value(0, "loss"), means.value(0, "rows")), (Value::Number(3.875), Value::Number(2.0)));
    assert_eq!((means.standing(0), means.standing(3)), (Standing::There, Standing::Awaited));
    assert_eq!((means.value(3, "loss"), means.value(3, "tokens")), (Value::Missing, Value::Number(4e6)));
    assert_eq!(means.notes, ["1 rows diverged and are left out of the means over replicate"]);
}

#[test]
fn text_stays_in_a_mean_where_it_is_the_same() {
    let mut table = runs();
    table.set("machine", Column::text((0..12).map(|row| Some(if row == 7 { "other" } else { "one" }))));
    table.set("kind", Column::text((0..12).map(|row| Some(["long", "short"][row / 3 % 2]))));
    let means = mean(&table);
    assert!(means.get("machine").is_none());
    assert_eq!((means.value(0, "kind"), means.value(1, "kind")), (Value::Text("long"), Value::Text("short")));
}

#[test]
fn the_best_keeps_its_whole_row() {
    let chosen = best(&runs(), &[]);
    assert_eq!((numbers(&chosen, "loss"), numbers(&chosen, "tokens")), (vec![3.375, 2.625], vec![4e6, 4e6]));
    assert_eq!((numbers(&chosen, "replicate"), chosen.streams(0)), (vec![3.0, 3.0], Some(&["2".to_owned()][..])));
    let waiting = best(&unfinished(), &[]);
    assert_eq!((waiting.value(1, "loss"), waiting.value(1, "arm")), (Value::Missing, Value::Text("b")));
    assert_eq!(waiting.standing(1), Standing::Awaited);
    assert_eq!(waiting.notes, ["1 rows diverged, and the best over tokens, replicate is chosen without them"]);
}

#[test]
fn of_equal_ones_the_first_is_the_best() {
    let mut table = runs();
    table.set("loss", Column::numbers(vec![2.0; 12]));
    assert_eq!(numbers(&best(&table, &[]), "tokens"), [1e6, 1e6]);
}

#[test]
fn a_winner_at_the_end_of_its_axis_is_said() {
    let told = best(&runs(), &[(1e6, 4e6)]).notes;
    assert_eq!(
        told[0],
        "the best loss at arm = a is at tokens = 4M, the largest that was tried: beyond may be a better one"
    );
    assert_eq!(told.len(), 2);
    assert_eq!(best(&runs(), &[(1e6, 16e6)]).notes, [] as [&str; 0]);
}

#[test]
fn a_join_pairs_rows_that_agree() {
    let mut right = Table::new(3);
    right.set("arm", Column::text([Some("b"), Some("a"), None]));
    right.set("loss", Column::numbers(vec![1.0, 2.0, 3.0]));
    right.set("price", Column::numbers(vec![10.0, 20.0, 30.0]));
    let source = Source::Join { left: OF, right: TableId(1), on: vec!["arm".to_owned()], prefix: "costs".to_owned() };
    let joined = made(&declared(source.clone(), &[]), &[&mean(&runs()), &right]).unwrap();
    assert_eq!(joined.names().collect::<Vec<_>>(), ["arm", "tokens", "loss", "rows", "costs.loss", "price"]);
    assert_eq!(numbers(&joined, "price"), [20.0, 20.0, 10.0, 10.0]);
    assert_eq!(joined.streams(0).map(<[String]>::len), Some(3));
    let joined = made(&declared(source.clone(), &[]), &[&right, &runs()]).unwrap();
    assert_eq!(joined.rows(), 12);
    assert_eq!(joined.notes, ["1 of 3 rows have no partner in arm and are left out"]);
    right.set("arm", Column::numbers(vec![1.0, 2.0, 3.0]));
    assert_eq!(made(&declared(source, &[]), &[&right, &runs()]).unwrap_err().code, "E0986");
}

#[test]
fn a_union_has_the_columns_that_all_have() {
    let union = |tables: &[&Table]| made(&declared(Source::Union(vec![OF; tables.len()]), &[]), tables);
    let both = union(&[&runs(), &mean(&unfinished())]).unwrap();
    assert_eq!(both.names().collect::<Vec<_>>(), ["arm", "tokens", "loss"]);
    assert_eq!((both.rows(), both.value(15, "arm"), both.standing(15)), (16, Value::Text("b"), Standing::Awaited));
    assert_eq!(both.streams(12).map(<[String]>::len), Some(3));
    let mut other = Table::new(1);
    other.set("arm", Column::numbers(vec![1.0]));
    assert_eq!(union(&[&runs(), &other]).unwrap_err().code, "E0986");
}
