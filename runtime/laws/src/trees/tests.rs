use synx_plan::exact::Exact;
use synx_plan::law::{Formula, HoldOut, Method, Model, Trees};
use synx_plan::random::Stream;

use crate::testing::{formula, parse, run, table};
use crate::{Column, GroupFit, LawResult, Options, Simple, Table, fit};

/// `y ~ boosted_trees(columns…)` in so many rounds.
fn trees(columns: &[&str], rounds: u64) -> Formula {
    let model = Trees {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        rate: Exact::from_decimal("0.1").unwrap(),
        rounds,
    };
    Formula { model: Model::Trees(model), method: Method::Squares, ..formula("y ~ c", &["c"]) }.without_free()
}

trait WithoutFree {
    fn without_free(self) -> Self;
}

impl WithoutFree for Formula {
    fn without_free(mut self) -> Formula {
        self.free.clear();
        self
    }
}

/// A step, a slope and a column that says nothing, with a little noise.
fn steps(rows: usize, seed: u64) -> Table {
    let random = Stream::new("test/trees", &seed);
    let column = |number: u64| -> Vec<f64> { (0..rows as u64).map(|i| random.child(number).uniform(i)).collect() };
    let (a, b, c) = (column(1), column(2), column(3));
    let y = (0..rows).map(|i| {
        let step = if a[i] < 0.4 { 2.0 } else { 5.0 };
        step + b[i] + 0.01 * random.normal(i as u64)
    });
    let y = y.collect();
    table(&[("a", a), ("b", b), ("c", c), ("y", y)])
}

fn of(fit: &GroupFit, model: Simple) -> &crate::Beside {
    fit.trees.as_ref().unwrap().beside.iter().find(|beside| beside.model == model).unwrap()
}

#[test]
fn a_step_is_found_that_no_line_follows() {
    let law = Formula { test: Some(HoldOut::Rows(100)), ..trees(&["a", "b", "c"], 200) };
    let fit = run(&law, &steps(400, 0));
    let test = fit.test.unwrap();
    assert_eq!((fit.points, test.points, fit.predictions.len()), (300, 100, 400));
    let (linear, constant) = (of(&fit, Simple::Linear).test.unwrap(), of(&fit, Simple::Constant).test.unwrap());
    assert!(test.mean_relative_error < 0.03, "{test:?}");
    assert!(3.0 * test.mean_relative_error < linear.mean_relative_error, "{test:?} {linear:?}");
    assert!(linear.mean_relative_error < constant.mean_relative_error && constant.spearman.is_none());
    assert_eq!((linear.points, constant.points), (100, 100));
    assert!(fit.objective < of(&fit, Simple::Linear).objective);
    let forest = &fit.trees.as_ref().unwrap().forest;
    assert_eq!((forest.trees(), forest.columns().len()), (200, 3));
    // A step of three between 0.39 and 0.41, and none for the column that says nothing.
    let at = |a, b, c| forest.predict(&[a, b, c]);
    assert!((at(0.45, 0.5, 0.5) - at(0.35, 0.5, 0.5) - 3.0).abs() < 0.1);
    assert!((at(0.2, 0.5, 0.9) - at(0.2, 0.5, 0.1)).abs() < 0.05);
}

#[test]
fn a_forest_says_what_the_library_says() {
    // The fit's own rows, through trees that the library grows by itself and predicts with.
    let data = steps(60, 1);
    let fit = run(&trees(&["a", "b"], 300), &data);
    let worst = fit.predictions.iter().map(|p| (p.predicted - p.observed).abs()).fold(0.0, f64::max);
    assert!(worst < 0.5, "{worst}");
    let mut booster = forust_ml::GradientBooster::default();
    booster.objective_type = forust_ml::objective::ObjectiveType::SquaredLoss;
    booster.grow_policy = forust_ml::gradientbooster::GrowPolicy::LossGuide;
    (booster.iterations, booster.learning_rate, booster.max_depth, booster.max_leaves) = (300, 0.1, 8, 8);
    (booster.l2, booster.min_leaf_weight, booster.nbins, booster.parallel) = (0.0, 5.0, 1024, false);
    booster.initialize_base_score = true;
    let (a, b, y) = (data.numbers("a").unwrap(), data.numbers("b").unwrap(), data.numbers("y").unwrap());
    let both = [a, b].concat();
    let matrix = forust_ml::Matrix::new(&both, 60, 2);
    booster.fit(&matrix, y, &[1.0; 60], None).unwrap();
    let expected = booster.predict(&matrix, false);
    for (p, expected) in fit.predictions.iter().zip(expected) {
        assert!((p.predicted - expected).abs() < 1e-4, "{} {expected}", p.predicted);
    }
}

#[test]
fn trees_change_with_neither_order_nor_units_nor_threads() {
    let data = steps(80, 2);
    let law = Formula { test: Some(HoldOut::Rows(20)), bootstrap: 5, ..trees(&["a", "b", "c"], 50) };
    let plain = run(&law, &data);
    let order: Vec<usize> = (0..80).map(|i| i * 37 % 80).collect();
    let columns: Vec<(&str, Vec<f64>)> = ["a", "b", "c", "y"]
        .map(|name| (name, order.iter().map(|row| data.numbers(name).unwrap()[*row]).collect()))
        .into();
    let shuffled = run(&law, &table(&columns));
    let (ours, theirs) = (shuffled.trees.unwrap(), plain.trees.as_ref().unwrap());
    assert!(ours.forest == theirs.forest && ours.draws == theirs.draws);
    assert_eq!(shuffled.objective.to_bits(), plain.objective.to_bits());
    for (ours, theirs) in ours.beside.iter().zip(&theirs.beside) {
        assert_eq!(ours.objective.to_bits(), theirs.objective.to_bits());
    }
    for prediction in &shuffled.predictions {
        let there = plain.predictions[order[prediction.row]];
        assert_eq!((prediction.predicted, prediction.held_out), (there.predicted, there.held_out));
    }
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(one.install(|| run(&law, &data)) == plain);
    // A million times the column, and so many times the target.
    let scaled: Vec<(&str, Vec<f64>)> = ["a", "b", "c", "y"]
        .map(|name| (name, data.numbers(name).unwrap().iter().map(|value| value * 1024.0 * 1024.0).collect()))
        .into();
    let scaled = run(&law, &table(&scaled));
    for (scaled, plain) in scaled.predictions.iter().zip(&plain.predictions) {
        assert!((scaled.predicted / (1024.0 * 1024.0) - plain.predicted).abs() < 1e-9);
    }
}

#[test]
fn rows_count_as_often_as_their_weights_say() {
    let data = steps(50, 3);
    let law = trees(&["a", "b"], 60);
    let plain = run(&law, &data);
    let twice: Vec<(&str, Vec<f64>)> =
        ["a", "b", "y"].map(|name| (name, [data.numbers(name).unwrap(), data.numbers(name).unwrap()].concat())).into();
    let mut halved = table(&twice);
    halved.set_weights(vec![0.5; 100]).unwrap();
    let halved = run(&law, &halved);
    assert!((halved.objective - plain.objective).abs() < 1e-6 * plain.objective);
    for (halved, plain) in halved.predictions.iter().zip(&plain.predictions) {
        assert!((halved.predicted - plain.predicted).abs() < 1e-5);
    }
    for (halved, plain) in halved.trees.unwrap().beside.iter().zip(&plain.trees.as_ref().unwrap().beside) {
        assert!((halved.objective - plain.objective).abs() < 1e-9 * plain.objective);
    }
}

#[test]
fn draws_are_of_streams_where_there_are_any_and_scatter_about_the_fit() {
    let mut data = steps(120, 4);
    data.set_streams((0..120).map(|row| format!("stream {}", row / 4)).collect()).unwrap();
    let law = Formula { bootstrap: 20, ..trees(&["a", "b"], 60) };
    let fit = run(&law, &data);
    let resampling = fit.resampling.unwrap();
    assert_eq!((resampling.unit, resampling.units, resampling.used), (crate::Unit::Stream, 30, 20));
    let grown = fit.trees.as_ref().unwrap();
    assert_eq!((fit.draws.len(), grown.draws.len()), (20, 20));
    let at = [0.7, 0.5];
    let drawn: Vec<f64> = grown.draws.iter().map(|forest| forest.predict(&at)).collect();
    let (low, high) = (drawn.iter().copied().fold(9.0, f64::min), drawn.iter().copied().fold(0.0, f64::max));
    assert!(low < high && low < 5.5 + 0.3 && high > 5.5 - 0.3 && high - low < 1.0, "{low} {high}");
}

#[test]
fn parts_are_left_out_in_turn_of_trees_and_of_what_stands_beside() {
    let data = steps(90, 5);
    let part = HoldOut::Share { part: Exact::from_decimal("0.2").unwrap(), times: 3 };
    let fit = run(&Formula { test: Some(part), ..trees(&["a", "b"], 60) }, &data);
    assert_eq!((fit.points, fit.left_out.len(), fit.test.unwrap().points), (90, 54, 54));
    assert!(fit.predictions.iter().all(|p| !p.held_out) && fit.left_out.iter().all(|p| p.held_out));
    assert!(fit.trees.unwrap().beside.iter().all(|beside| beside.test.unwrap().points == 54));
    let inside = fit.predictions.iter().map(|p| (p.predicted / p.observed - 1.0).abs()).sum::<f64>() / 90.0;
    assert!(fit.test.unwrap().mean_relative_error > inside);
}

#[test]
fn groups_have_trees_of_their_own_and_one_too_small_keeps_none_out() {
    let mut data = steps(60, 6);
    let names = (0..60).map(|row| if row < 52 { "large" } else { "small" }.to_owned()).collect();
    data.add("kind", Column::Text(names)).unwrap();
    let law = Formula { by: vec!["kind".to_owned()], ..trees(&["a"], 20) };
    let result = fit("law", &law, &data, &Options::default()).unwrap();
    assert_eq!((result.groups.len(), result.groups[0].points), (1, 52));
    let skipped = &result.skipped[0];
    assert_eq!(
        (skipped.code.as_str(), skipped.reason.as_str()),
        ("E0944", "8 rows are too few for trees in the group kind = small")
    );
}

#[test]
fn on_logarithms_predictions_are_above_zero() {
    let data = steps(60, 7);
    let y: Vec<f64> = data.numbers("y").unwrap().iter().map(|y| (4.0 * y).exp()).collect();
    let data = table(&[("a", data.numbers("a").unwrap().to_vec()), ("y", y)]);
    let fit = run(&Formula { method: Method::LogSquares, ..trees(&["a"], 60) }, &data);
    assert!(fit.predictions.iter().all(|p| p.predicted > 0.0));
    // The loss is of logarithms: half the sum of squared residuals.
    let expected: f64 = fit.predictions.iter().map(|p| 0.5 * (p.predicted / p.observed).ln().powi(2)).sum();
    assert!((fit.objective - expected).abs() < 1e-9 * expected);
}

#[test]
fn what_cannot_be_grown_is_said() {
    let data = steps(40, 8);
    let problem = |law: &Formula, data: &Table| fit("law", law, data, &Options::default()).unwrap_err();
    let few = problem(&trees(&["a"], 10), &data.filter(|row| row < 9));
    assert_eq!((few.code, few.headline.as_str()), ("E0944", "9 rows are too few for trees"));
    let held = problem(&Formula { test: Some(HoldOut::Rows(35)), ..trees(&["a"], 10) }, &data);
    assert!(
        held.code == "E0944" && held.notes.iter().any(|note| note == "35 rows are left out for the test"),
        "{held}"
    );
    assert_eq!(problem(&trees(&["a", "d"], 10), &data).code, "E0941");
    let flat = table(&[("a", vec![1.0; 20]), ("y", (0..20).map(f64::from).collect())]);
    assert_eq!(problem(&trees(&["a"], 10), &flat).headline, "no column that the trees split on varies");
    for (law, part) in [
        (trees(&[], 10), "need columns"),
        (trees(&["a"], 0), "0 rounds"),
        (trees(&["a"], 3_000_000), "3000000 trees"),
        (Formula { bootstrap: 1_000_000, ..trees(&["a"], 1000) }, "1000001000 trees"),
        (Formula { free: formula("y ~ c", &["c"]).free, ..trees(&["a"], 10) }, "no free parameters"),
        (
            Formula { method: Method::Quantile { level: Exact::from_decimal("0.5").unwrap() }, ..trees(&["a"], 10) },
            "quantile",
        ),
    ] {
        let found = problem(&law, &data);
        assert!(found.code == "E0947" && found.headline.contains(part), "{found}");
    }
    let holes = table(&[("a", [vec![f64::NAN], vec![1.0; 19]].concat()), ("y", vec![1.0; 20])]);
    assert_eq!(problem(&trees(&["a"], 10), &holes).code, "E0942");
    let condition = Some(HoldOut::Where(parse("b > 0.5", &[])));
    assert!(run(&Formula { test: condition, ..trees(&["a"], 10) }, &data).test.unwrap().points > 5);
}

#[test]
fn constant_targets_and_numbers_at_the_ends_of_floats_do_no_harm() {
    let a: Vec<f64> = (0..20).map(f64::from).collect();
    let flat = run(&trees(&["a"], 10), &table(&[("a", a.clone()), ("y", vec![0.1; 20])]));
    assert!(flat.predictions.iter().all(|p| (p.predicted - 0.1).abs() < 1e-12));
    let huge: Vec<f64> = (0..20).map(|i| if i % 2 == 0 { f64::MAX } else { -f64::MAX }).collect();
    let y: Vec<f64> = huge.iter().map(|value| value / 4.0).collect();
    let fit = run(&trees(&["a", "h"], 30), &table(&[("a", a.clone()), ("h", huge), ("y", y)]));
    assert!(fit.predictions.iter().all(|p| p.predicted.is_finite()));
    let tiny: Vec<f64> = a.iter().map(|a| a * f64::MIN_POSITIVE).collect();
    let mut data = table(&[("a", tiny.clone()), ("y", tiny)]);
    data.set_weights((0..20).map(|i| if i < 10 { 1e-300 } else { 1e300 }).collect()).unwrap();
    assert!(run(&trees(&["a"], 30), &data).predictions.iter().all(|p| p.predicted.is_finite()));
}

#[test]
fn a_result_is_read_as_it_was_written() {
    let law = Formula { bootstrap: 3, test: Some(HoldOut::Rows(20)), ..trees(&["a"], 5) };
    let result = fit("law", &law, &steps(60, 9), &Options::default()).unwrap();
    let read: LawResult = serde_json::from_str(&serde_json::to_string(&result).unwrap()).unwrap();
    assert!(read == result);
}
