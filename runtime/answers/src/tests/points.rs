//! Tables of answers, and what draws make of them.

use synx_plan::figure::Figure;
use synx_plan::table::End;

use super::*;

/// What a group predicts at some budgets, as a table of points; with the predictions themselves.
fn predictions(plan: &mut Plan, groups: &[(f64, TableId)], budgets: &[f64]) -> TableId {
    let exact = |value: f64| ColumnValue::Number(Exact::from_decimal(&value.to_string()).unwrap());
    let (mut r, mut tokens, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (value, group) in groups {
        for budget in budgets {
            let of = ("of", Argument::Table(*group));
            expected.push(call(plan, "predict", &[of, ("at", at(&[("tokens", *budget)]))]));
            r.push(exact(*value));
            tokens.push(exact(*budget));
        }
    }
    let given = vec![("r".to_owned(), r), ("tokens".to_owned(), tokens)];
    table(plan, Source::Points { given, asked: vec![("expected".to_owned(), expected)] }, &["r", "tokens"])
}

fn least_step(plan: &mut Plan, of: TableId, over: &str) -> Expression {
    let column = |name: &str| Argument::Column(name.to_owned());
    call(plan, "least_step", &[("of", Argument::Table(of)), ("column", column("expected")), ("over", column(over))])
}

#[test]
fn a_table_of_points_holds_answers_row_by_row_and_tells_how_they_step() {
    let (mut plan, zero, one) = by_r(0);
    let points = predictions(&mut plan, &[(0.0, zero), (1.0, one)], &[1e6, 4e6, 64e6]);
    let (up, down) = (least_step(&mut plan, points, "r"), least_step(&mut plan, points, "tokens"));
    let settled = settle(&plan, &Measured(runs(0.0, 0.0))).unwrap();
    let made = settled.tables[points.0].as_ref().unwrap();
    let expected = |b: f64, tokens: f64| 1.0 + b / tokens.powf(0.3);
    close(made.value(1, "expected").number().unwrap(), expected(400.0, 4e6), 1e-9);
    close(made.value(5, "expected").number().unwrap(), expected(600.0, 64e6), 1e-9);
    assert_eq!(made.value(5, "r").number(), Some(1.0));
    // The gap of 200 / D^0.3 is least at the largest budget; along tokens the loss falls most from the first to the second of r = 1.
    close(value(&settled, &up), 200.0 / 64e6f64.powf(0.3), 1e-6);
    close(value(&settled, &down), expected(600.0, 64e6) - expected(600.0, 4e6), 1e-6);
}

#[test]
fn the_best_of_points_is_chosen_anew_in_every_draw_and_figures_have_its_interval() {
    let (mut plan, zero, one) = by_r(100);
    let points = predictions(&mut plan, &[(0.0, zero), (1.0, one)], &[1e6, 512e6]);
    let ends = vec![End { column: "r".to_owned(), low: Exact::zero(), high: Exact::one() }];
    let best = Source::Best { of: points, by: "expected".to_owned(), over: vec!["r".to_owned()], ends };
    let best = table(&mut plan, best, &["tokens"]);
    let figure = |over: TableId, y: &str| Figure {
        name: y.to_owned(),
        documentation: None,
        over,
        x: "tokens".to_owned(),
        y: y.to_owned(),
        series: None,
        panel: None,
        overlay: None,
        origin: None,
    };
    plan.figures = vec![figure(points, "expected"), figure(best, "r")];
    // Group 1 lies far above group 0 with few tokens; with many both are the same but for the noise.
    let settled = settle(&plan, &Measured(runs(0.002, 0.0))).unwrap();
    let made = settled.tables[points.0].as_ref().unwrap();
    for row in 0..4 {
        let (low, high) = settled.shown.interval(points, "expected", row, 0.95).unwrap();
        let estimate = made.value(row, "expected").number().unwrap();
        assert!(low < estimate && estimate < high && high - low < 0.2, "{row}: {low} {estimate} {high}");
    }
    assert_eq!(settled.shown.interval(best, "r", 0, 0.95), Some((0.0, 0.0)));
    // What tells rows apart, and what no figure shows, is not drawn.
    assert_eq!(settled.shown.interval(points, "r", 0, 0.95), None);
    assert_eq!(settled.shown.interval(best, "expected", 0, 0.95), None);
}

#[test]
fn what_has_no_answer_is_missing_and_said() {
    let (mut plan, zero, _) = by_r(0);
    let of = ("of", Argument::Table(zero));
    let tokens = ("column", Argument::Column("tokens".to_owned()));
    let reached =
        |plan: &mut Plan, loss: f64| call(plan, "solve", &[of.clone(), tokens.clone(), ("at", at(&[("loss", loss)]))]);
    let asked = vec![reached(&mut plan, 2.0), reached(&mut plan, 0.9), over(number(0.0), number(0.0))];
    let given = vec![("loss".to_owned(), (1..4u64).map(|i| ColumnValue::Number(Exact::from(i))).collect())];
    let points = table(&mut plan, Source::Points { given, asked: vec![("needed".to_owned(), asked)] }, &["loss"]);
    let settled = settle(&plan, &Measured(runs(0.0, 0.0))).unwrap();
    let made = settled.tables[points.0].as_ref().unwrap();
    close(made.value(0, "needed").number().unwrap(), 400f64.powf(1.0 / 0.3), 1e-5);
    assert_eq!(made.value(1, "needed").number(), Some(f64::INFINITY));
    assert_eq!(made.value(2, "needed").number(), None);
    assert!(
        made.notes[0].contains("missing at 1 of 3 points") && made.notes[1].contains("infinite at 1 of 3"),
        "{:?}",
        made.notes
    );
}
