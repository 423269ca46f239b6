//! Laws and conditions of the command line, over the columns of any table.
#![allow(clippy::unwrap_used)]

use synx_compiler::{FormulaRequest, NamedColumn, condition, formula, library_laws};
use synx_plan::exact::Exact;
use synx_plan::expression::Expression;
use synx_plan::law::{Formula, Method};
use synx_plan::table::ColumnKind;

/// Columns of numbers, and `arm` of text.
fn columns(names: &[&str]) -> Vec<NamedColumn> {
    let kind = |name: &str| if name == "arm" { ColumnKind::Text } else { ColumnKind::Number };
    names.iter().map(|name| NamedColumn { name: (*name).to_owned(), kind: kind(name) }).collect()
}

fn request<'a>(law: &'a str, columns: &'a [NamedColumn]) -> FormulaRequest<'a> {
    FormulaRequest {
        law,
        free: &[],
        columns,
        mapped: &[],
        by: &[],
        method: None,
        test: None,
        bootstrap: 7,
        confidence: Exact::ratio(19, 20).unwrap(),
        seed: 3,
    }
}

fn of_library(law: &str, names: &[&str]) -> Formula {
    formula(&request(law, &columns(names))).unwrap()
}

#[test]
fn a_formula_of_the_command_line_is_checked_against_the_table() {
    let table = columns(&["N", "D", "loss", "metric/x"]);
    let free = ["E", "A in 0..", "alpha in 0..2"].map(str::to_owned);
    let (method, test) = (Some("least_squares"), Some("largest(N)"));
    let request = FormulaRequest { free: &free, method, test, ..request("loss ~ E + A / N^alpha", &table) };
    let taken = formula(&request).unwrap();
    assert_eq!(taken.model.to_string(), "E + A / N^alpha");
    assert_eq!((taken.method, taken.bootstrap, taken.free.len()), (Method::Squares, 7, 3));
    let named = formula(&FormulaRequest { law: "column(\"metric/x\") ~ E + A / D^alpha", ..request.clone() }).unwrap();
    assert_eq!(named.target, Expression::column("metric/x"));
    let rejected = formula(&FormulaRequest { law: "loss ~ E + A / M^alpha", ..request.clone() }).unwrap_err();
    assert_eq!(rejected.diagnostics[0].code, "E0601");
    for law in ["", "loss", "loss ~", "~ E", "loss ~ E + A / N^alpha }", "loss ~ E; loss ~ A"] {
        assert!(!formula(&FormulaRequest { law, ..request.clone() }).unwrap_err().diagnostics.is_empty(), "{law}");
    }
}

#[test]
fn a_law_of_the_library_finds_its_columns() {
    let model = |names: &[&str]| of_library("chinchilla", names).model.to_string();
    assert_eq!(model(&["params", "tokens", "loss"]), "E + A / params^alpha + B / tokens^beta");
    assert_eq!(model(&["N", "D", "loss"]), "E + A / N^alpha + B / D^beta");
    assert_eq!(of_library("chinchilla", &["N", "D", "y"]).target.to_string(), "y");
    let (mapped, table) = (["N".to_owned()], columns(&["N", "params", "D", "loss"]));
    let chosen = formula(&FormulaRequest { mapped: &mapped, ..request("chinchilla", &table) }).unwrap();
    assert_eq!(chosen.model.to_string(), "E + A / N^alpha + B / D^beta");
    let mixing = of_library("mixing", &["share[web]", "share[my books]", "loss"]);
    assert_eq!(mixing.columns(), ["loss", "share[web]", "share[my books]"]);
    assert_eq!((mixing.free.len(), mixing.bootstrap), (3, 7));
}

#[test]
fn a_law_of_the_library_says_which_columns_it_misses() {
    let rejected =
        |law: &str, names: &[&str]| formula(&request(law, &columns(names))).unwrap_err().diagnostics.remove(0);
    let missing = rejected("chinchilla", &["size", "tokens", "loss"]);
    assert_eq!(
        (missing.code, missing.headline.as_str()),
        ("E0988", "`chinchilla` reads `params`, which the data do not have")
    );
    assert_eq!(missing.help.as_deref(), Some("say which column it is: `--map params=COLUMN`"));
    assert!(rejected("mixing", &["loss"]).help.unwrap().contains("share[*]"));
    assert!(rejected("isoflop", &["params", "loss"]).help.unwrap().contains("--by"));
}

#[test]
fn every_law_of_the_library_is_found_over_a_table_that_has_its_columns() {
    let table = columns(&["params", "tokens", "loss", "U", "err", "r", "x", "share[a]", "share[b]", "budget"]);
    let by = ["budget".to_owned()];
    assert_eq!(library_laws().len(), 14);
    for law in library_laws() {
        let by: &[String] = if law == "isoflop" { &by } else { &[] };
        let found = formula(&FormulaRequest { by, ..request(law, &table) }).map_err(|rejected| rejected.diagnostics);
        assert!(found.as_ref().is_ok_and(|formula| !formula.free.is_empty()), "{law}: {found:?}");
    }
}

#[test]
fn a_condition_of_the_command_line_is_over_the_columns() {
    let table = columns(&["N", "metric/x", "arm"]);
    let text = |text: &str| condition("--where", text, &table).map(|found| found.to_string());
    assert_eq!(text("N > 1e6 and N < 2M").unwrap(), "N > 1000000 and N < 2000000");
    assert_eq!(text("arm == \"a\"").unwrap(), "arm == a");
    assert_eq!(text("column(\"metric/x\") >= 3").unwrap(), "column(\"metric/x\") >= 3");
    for wrong in ["", "N", "M > 3", "N >", "arm > 3", "N == \"a\""] {
        assert!(!text(wrong).unwrap_err().diagnostics.is_empty(), "{wrong}");
    }
    let unknown = text("M > 3").unwrap_err().diagnostics.remove(0);
    let label = &unknown.labels[0];
    assert_eq!((label.file.as_str(), label.range.clone()), ("--where", 0..1));
}
