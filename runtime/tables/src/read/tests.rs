//! Files as they come: good ones, and all that is wrong with others.

use std::sync::Arc;

use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use synx_plan::observations::{Format, Observations};
use synx_plan::problem::Problem;
use synx_plan::table::{Column as Declared, ColumnKind};

use super::{Limits, Read, observations, parquet_header, read, read_path};
use crate::column::Value;

fn text(text: &[u8], format: Format) -> Result<Read, Problem> {
    read(text, Some(format), "runs", &Limits::default())
}

fn csv(from: &str) -> Result<Read, Problem> {
    text(from.as_bytes(), Format::Csv)
}

fn jsonl(from: &str) -> Result<Read, Problem> {
    text(from.as_bytes(), Format::Jsonl)
}

fn code_and_headline(found: Result<Read, Problem>) -> (&'static str, String) {
    let problem = found.unwrap_err();
    (problem.code, problem.headline)
}

/// Numbers with a gap, text, truth.
fn parquet_file() -> Vec<u8> {
    let schema = "message runs { required int64 tokens; optional double loss; required binary arm (utf8); required boolean ok; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[1_000_000, 2_000_000, 4_000_000], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&[3.5, 3.25], Some(&[1, 0, 1]), None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let arms = ["a", "b", "a"].map(ByteArray::from);
    column.typed::<ByteArrayType>().write_batch(&arms, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<BoolType>().write_batch(&[true, false, true], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn a_csv_file_becomes_columns() {
    let Read { table, lines, .. } =
        csv("\u{feff}N, loss ,\"a, b\"\r\n1e6,3.5,x\r\n\r\n2000000,,\"two\nlines \"\"here\"\"\"\r\n").unwrap();
    assert_eq!(table.names().collect::<Vec<_>>(), ["N", "loss", "a, b"]);
    assert_eq!((table.value(0, "N"), table.value(1, "loss")), (Value::Number(1e6), Value::Missing));
    assert_eq!(table.value(1, "a, b"), Value::Text("two\nlines \"here\""));
    assert_eq!(lines, Some(vec![2, 4]));
}

#[test]
fn a_column_is_of_numbers_where_all_its_cells_are() {
    let table = csv("id,loss,seed\n001,3,1\n002,,nan\nA3,oom,\n").unwrap().table;
    assert_eq!((table.value(0, "id"), table.value(2, "loss")), (Value::Text("001"), Value::Text("oom")));
    assert_eq!(
        (table.value(0, "seed"), table.value(1, "seed"), table.value(2, "seed")),
        (Value::Number(1.0), Value::Missing, Value::Missing)
    );
    assert_eq!(csv(",x\n1,2\n").unwrap().table.names().next(), Some("column_1"));
}

#[test]
fn what_is_wrong_in_a_csv_file_is_named_with_its_line() {
    let found = |from: &str| code_and_headline(csv(from));
    assert_eq!(found(""), ("E0940", "runs is empty".to_owned()));
    assert_eq!(found("a,b\n"), ("E0940", "runs has no rows".to_owned()));
    assert_eq!(found("a,a\n1,2\n"), ("E0945", "two columns of runs are called `a`".to_owned()));
    assert_eq!(found("a,b\n1,2\n3\n"), ("E0980", "line 3 of runs has 1 cell, the first line 2 cells".to_owned()));
    assert_eq!(found("a,b\n1,2,3\n"), ("E0980", "line 2 of runs has 3 cells, the first line 2 cells".to_owned()));
    let bad = code_and_headline(text(b"a,b\n1,\xff\n", Format::Csv));
    assert_eq!(bad, ("E0981", "runs is not in UTF-8: line 2, column `b`".to_owned()));
    assert!(csv("a,b\n1;2\n").unwrap_err().help.unwrap().contains("semicolons"));
    let open = "E0985";
    assert_eq!(found("a,b\n1,2\n3,\"4\n5,6\n"), (open, "a quote in line 3 of runs is not closed".to_owned()));
    assert_eq!(found("a,b\n1,\"2"), (open, "a quote in line 2 of runs is not closed".to_owned()));
    assert_eq!(csv("a,b\n1,\"2\n\"").unwrap().lines, Some(vec![2]));
}

#[test]
fn json_lines_become_columns() {
    let Read { table, lines, left_out } =
        jsonl("{\"loss\": 3.5, \"arm\": \"1\"}\n\n{\"tokens\": 2e6, \"loss\": null, \"ok\": true, \"list\": [1]}\n")
            .unwrap();
    assert_eq!(table.names().collect::<Vec<_>>(), ["loss", "arm", "tokens", "ok"]);
    assert_eq!((table.value(0, "loss"), table.value(1, "loss")), (Value::Number(3.5), Value::Missing));
    assert_eq!((table.value(0, "arm"), table.value(1, "arm")), (Value::Text("1"), Value::Missing));
    assert_eq!((table.value(0, "tokens"), table.value(1, "ok")), (Value::Missing, Value::Text("true")));
    assert_eq!((lines, left_out), (Some(vec![1, 3]), vec!["list".to_owned()]));
}

#[test]
fn what_is_wrong_in_json_lines_is_named_with_its_line() {
    let found = |from: &str| code_and_headline(jsonl(from));
    assert_eq!(found("{\"a\": 1}\n[1]\n"), ("E0982", "line 2 of runs is no object in JSON".to_owned()));
    assert_eq!(found("{\"a\": 1}\n{\"a\": }\n"), ("E0982", "line 2 of runs is no object in JSON".to_owned()));
    assert_eq!(found("{\"a\": 1, \"a\": 2}\n"), ("E0945", "line 1 of runs has two values of `a`".to_owned()));
    assert_eq!(found("\n"), ("E0940", "runs has no rows".to_owned()));
    let bad = code_and_headline(text(b"{\"a\": \"\xff\"}\n", Format::Jsonl));
    assert_eq!(bad, ("E0981", "runs is not in UTF-8: line 1, byte 8".to_owned()));
    let deep = format!("{{\"a\": {}1}}", "[".repeat(100_000));
    assert_eq!(found(&deep).0, "E0982");
}

#[test]
fn a_parquet_file_becomes_columns() {
    let Read { table, lines, .. } = text(&parquet_file(), Format::Parquet).unwrap();
    assert_eq!(table.names().collect::<Vec<_>>(), ["tokens", "loss", "arm", "ok"]);
    assert_eq!((table.value(2, "tokens"), table.value(1, "loss")), (Value::Number(4e6), Value::Missing));
    assert_eq!((table.value(1, "arm"), table.value(1, "ok"), lines), (Value::Text("b"), Value::Text("false"), None));
}

#[test]
fn the_end_of_a_parquet_file_says_its_columns_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.parquet");
    std::fs::write(&path, parquet_file()).unwrap();
    let header = parquet_header(&path, &Limits::default()).unwrap();
    let columns: Vec<(&str, bool)> = header.columns.iter().map(|(name, number)| (name.as_str(), *number)).collect();
    assert_eq!(columns, [("tokens", true), ("loss", true), ("arm", false), ("ok", false)]);
    assert_eq!(header.rows, 3);
    let file = parquet_file();
    std::fs::write(&path, &file[..file.len() - 1]).unwrap();
    assert_eq!(parquet_header(&path, &Limits::default()).unwrap_err().code, "E0984");
}

#[test]
fn a_parquet_file_that_is_cut_or_changed_is_refused_or_read() {
    let file = parquet_file();
    for end in 0..file.len() {
        assert!(text(&file[..end], Format::Parquet).is_err(), "cut at {end}");
    }
    for place in 0..file.len() {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[place] ^= 1 << bit;
            if let Ok(read) = text(&changed, Format::Parquet) {
                assert!(read.table.rows() < 100, "byte {place} bit {bit}");
            }
        }
    }
}

#[test]
fn a_file_that_holds_more_than_it_may_is_refused() {
    let few = Limits { bytes: 64, rows: 3, columns: 3, cells: 8, cell: 8 };
    let code = |from: &str| read(from.as_bytes(), None, "runs", &few).map_or_else(|p| p.code, |_| "read");
    assert_eq!(code("a,b\n1,2\n3,4\n5,6\n"), "read");
    assert_eq!(code("a,b\n1,2\n3,4\n5,6\n7,8\n"), "E0983", "rows");
    assert_eq!(code("a,b,c,d\n1,2,3,4\n"), "E0983", "columns");
    assert_eq!(code("a,b,c\n1,2,3\n4,5,6\n7,8,9\n"), "E0983", "cells");
    assert_eq!(code("a,b\n1,123456789\n"), "E0983", "a cell");
    assert_eq!(code(&format!("a\n{}\n", "\n".repeat(64))), "E0983", "bytes");
    assert_eq!(code("{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4}\n"), "E0983", "names");
    assert_eq!(code(&format!("{{\"a\": {}}}", "1".repeat(64))), "E0983", "a line");
}

#[test]
fn the_format_is_that_of_the_name_or_of_the_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        read_path(&folder.path().join(name), &Limits::default()).map(|read| read.table.rows())
    };
    assert_eq!(rows("a.csv", b"{x\n1\n"), Ok(1));
    assert_eq!(rows("a.jsonl", b"{\"x\": 1}\n"), Ok(1));
    assert_eq!(rows("a.parquet", &parquet_file()), Ok(3));
    assert_eq!(rows("a", &parquet_file()), Ok(3));
    assert_eq!(rows("b", b"{\"x\": 1}\n{\"x\": 2}\n"), Ok(2));
    assert_eq!(rows("c", b"x\n1\n"), Ok(1));
    assert_eq!(read_path(folder.path(), &Limits::default()).unwrap_err().code, "E0901");
}

#[test]
fn observations_are_what_the_plan_was_made_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.csv");
    std::fs::write(&path, "seed,loss\n1,3.5\n2,lost\n").unwrap();
    let of = Observations { path: "runs.csv".to_owned(), format: Format::Csv, axes: vec!["seed".to_owned()] };
    let column =
        |name: &str, kind| Declared { name: name.to_owned(), kind, unit: String::new(), low: None, high: None };
    let found =
        observations(&of, &path, &[column("seed", ColumnKind::Number), column("loss", ColumnKind::Text)]).unwrap();
    assert_eq!((found.rows(), &found.keys[..]), (2, &["seed".to_owned()][..]));
    let headline = |kind, name| observations(&of, &path, &[column(name, kind)]).unwrap_err().headline;
    assert_eq!(
        headline(ColumnKind::Number, "loss"),
        "`loss` begins with numbers and has the text `lost` in line 3 of runs.csv"
    );
    assert_eq!(headline(ColumnKind::Number, "gone"), "runs.csv has no column `gone` any more");
    assert!(headline(ColumnKind::Text, "seed").contains("holds numbers"));
}
