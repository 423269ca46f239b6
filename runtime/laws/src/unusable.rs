//! What fits must do with data and laws that cannot be fitted: say so, with a code and a cure, and never panic.

use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression};
use synx_plan::law::{Formula, FreeParameter, HoldOut, Method};
use synx_plan::problem::Problem;

use crate::testing::parse;
use crate::{Column, GroupFit, Options, Table, fit};

fn formula(law: &str, parameters: &[&str]) -> Formula {
    let (target, model) = law.split_once('~').unwrap();
    let free = parameters.iter().map(|name| FreeParameter {
        name: (*name).to_owned(),
        low: Some(Exact::zero()),
        high: None,
        shared: false,
    });
    Formula {
        by: vec![],
        lets: vec![],
        target: parse(target, parameters),
        model: parse(model, parameters).into(),
        free: free.collect(),
        method: Method::default(),
        test: None,
        bootstrap: 0,
        confidence: Exact::from_decimal("0.95").unwrap(),
        seed: 1,
    }
}

fn power_law() -> Formula {
    formula("loss ~ E + B / D^beta", &["E", "B", "beta"])
}

fn table(columns: &[(&str, &[f64])]) -> Table {
    let mut table = Table::new(columns[0].1.len());
    for (name, values) in columns {
        table.add(*name, Column::Numbers(values.to_vec())).unwrap();
    }
    table
}

const BUDGETS: [f64; 6] = [1e6, 2e6, 4e6, 8e6, 16e6, 32e6];
const LOSSES: [f64; 6] = [4.0, 3.6, 3.3, 3.05, 2.9, 2.8];

fn good() -> Table {
    table(&[("D", &BUDGETS), ("loss", &LOSSES)])
}

fn problem(formula: &Formula, table: &Table) -> Problem {
    fit("law", formula, table, &Options::default()).unwrap_err()
}

/// Every number of a result is finite: nothing undefined looks like a result.
fn assert_finite(fit: &GroupFit) {
    assert!(fit.objective.is_finite());
    for p in &fit.parameters {
        assert!(
            p.estimate.is_finite() && p.low.is_none_or(f64::is_finite) && p.high.is_none_or(f64::is_finite),
            "{p:?}"
        );
    }
    assert!(fit.predictions.iter().all(|p| p.predicted.is_finite()));
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let found = problem(&formula("loss ~ E + B / tokens^beta", &["E", "B", "beta"]), &good());
    assert_eq!((found.code, found.headline.as_str()), ("E0941", "there is no column `tokens`"));
    assert_eq!(problem(&Formula { by: vec!["r".to_owned()], ..power_law() }, &good()).code, "E0941");
    let test = Some(HoldOut::Largest("C".to_owned()));
    assert_eq!(problem(&Formula { test, ..power_law() }, &good()).code, "E0941");
}

#[test]
fn numbers_that_are_none_are_named_with_their_row() {
    let losses = [4.0, 3.6, f64::NAN, 3.05, 2.9, 2.8];
    let found = problem(&power_law(), &table(&[("D", &BUDGETS), ("loss", &losses)]));
    assert!(found.code == "E0942" && found.headline.ends_with("in row 3"), "{found}");
    let mut text = table(&[("D", &BUDGETS)]);
    text.add("loss", Column::Text(["4", "3.6", "oom", "3", "2.9", "2.8"].map(str::to_owned).to_vec())).unwrap();
    let found = problem(&power_law(), &text);
    assert!(found.code == "E0942" && found.headline.contains("`oom` in row 3"), "{found}");
}

#[test]
fn a_target_without_a_logarithm_is_named_with_its_row_unless_none_is_taken() {
    let losses = [4.0, 3.6, 3.3, 0.0, -0.1, 2.8];
    let data = table(&[("D", &BUDGETS), ("loss", &losses)]);
    let found = problem(&power_law(), &data);
    assert!(found.code == "E0943" && found.headline == "`loss` is 0 in row 4", "{found}");
    assert_eq!(found.notes.len(), 1);
    let squares = Formula { method: Method::Squares, ..power_law() };
    assert_finite(&fit("law", &squares, &data, &Options::default()).unwrap().groups[0]);
}

#[test]
fn fewer_rows_than_parameters_settle_nothing() {
    let data = good();
    let found = problem(&power_law(), &data.filter(|row| row < 2));
    assert_eq!(found.headline, "2 rows cannot settle 3 free parameters");
    let test = Some(HoldOut::Largest("D".to_owned()));
    let found = problem(&Formula { test, ..power_law() }, &data.filter(|row| row < 3));
    assert!(found.code == "E0944" && found.notes == ["1 rows are left out for the test"], "{found}");
    assert_eq!(problem(&power_law(), &data.filter(|_| false)).code, "E0944");
}

#[test]
fn a_law_that_is_never_finite_is_said_to_be_so() {
    for law in ["loss ~ E + B / (D - D)^beta", "loss ~ E + B * log(-D) + beta", "loss ~ (E - B - beta - 1)^0.5 - 1e9"] {
        let found = problem(&formula(law, &["E", "B", "beta"]), &good());
        assert_eq!(found.code, "E0946", "{law}: {found}");
    }
}

#[test]
fn laws_that_overflow_end_in_finite_numbers_or_a_problem() {
    let laws = [
        "loss ~ E + exp(exp(B * D)) / beta",
        "loss ~ E + B^(D * beta)",
        "loss ~ E + B / (beta - D)",
        "loss ~ sqrt(E - B / D^beta)",
        "loss ~ E + abs(B - 3) * min(beta, 2) + max(0, D - D)",
        "loss ~ E * B * beta * 1e300 * 1e300",
        "loss ~ E + round(B) + beta / 0",
        "loss ~ if E > B then beta else beta / D",
    ];
    for law in laws {
        let law = Formula { bootstrap: 10, ..formula(law, &["E", "B", "beta"]) };
        match fit("law", &law, &good(), &Options::default()) {
            Ok(result) => assert_finite(&result.groups[0]),
            Err(problem) => assert!(["E0946", "E0948"].contains(&problem.code), "{problem}"),
        }
    }
}

#[test]
fn constant_columns_and_constant_losses_are_flagged() {
    let data = table(&[("D", &[1e6; 6]), ("loss", &LOSSES)]);
    let found = fit("law", &power_law(), &data, &Options::default()).unwrap();
    assert!(found.groups[0].parameters.iter().all(|p| !p.identified));
    assert_finite(&found.groups[0]);
    let data = table(&[("D", &BUDGETS), ("loss", &[3.0; 6])]);
    let found = fit("law", &power_law(), &data, &Options::default()).unwrap();
    assert_finite(&found.groups[0]);
    assert!(found.groups[0].predictions.iter().all(|p| (p.predicted - 3.0).abs() < 1e-6));
    assert!(!found.groups[0].parameter("beta").unwrap().identified, "{:?}", found.groups[0].parameters);
}

#[test]
fn a_law_that_says_nothing_sensible_is_refused() {
    let code = |formula: &Formula| problem(formula, &good()).code;
    assert_eq!(code(&formula("loss ~ 3 * D", &[])), "E0947", "nothing is free");
    assert_eq!(code(&Formula { free: power_law().free[..2].to_vec(), ..power_law() }), "E0947", "beta is not declared");
    assert_eq!(code(&formula("loss - E ~ E + B / D^beta", &["E", "B", "beta"])), "E0947", "left of ~");
    let zero = Method::Huber { delta: Exact::zero() };
    assert_eq!(code(&Formula { method: zero, ..power_law() }), "E0947");
    assert_eq!(code(&Formula { confidence: Exact::one(), ..power_law() }), "E0947");
    assert_eq!(code(&Formula { bootstrap: u64::MAX, ..power_law() }), "E0947");
    let none = fit("law", &power_law(), &good(), &Options { starts: 0, ..Options::default() }).unwrap_err();
    assert_eq!(none.code, "E0947");
    let mut deep = Expression::column("D");
    for _ in 0..5000 {
        deep = Expression::binary(Binary::Add, deep, Expression::parameter("E"));
    }
    assert_eq!(code(&Formula { model: deep.into(), ..formula("loss ~ E", &["E"]) }), "E0947", "nested too deep");
}

#[test]
fn a_held_out_row_that_the_law_cannot_predict_is_no_silent_gap() {
    let budgets = [1e6, 2e6, 4e6, 8e6, 16e6, 1e9];
    let data = table(&[("D", &budgets), ("loss", &LOSSES)]);
    let law = formula("loss ~ E + B * log(1e8 - D)", &["E", "B"]);
    let found = problem(&Formula { test: Some(HoldOut::Largest("D".to_owned())), ..law }, &data);
    assert!(found.code == "E0948" && found.headline.ends_with("in row 6"), "{found}");
}
