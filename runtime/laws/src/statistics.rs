//! What fits say beside their estimates: other losses, shared parameters, weights, tests, criteria, intervals, valleys.

use synx_plan::exact::Exact;
use synx_plan::law::{Formula, HoldOut, Method};
use synx_plan::random::Stream;

use crate::testing::{assert_near, estimates, formula, parse, run, table};
use crate::{Column, Options, Table, Unit, fit};

const POWER: &str = "loss ~ E + B / D^beta";
const PARAMETERS: [&str; 3] = ["E 0..", "B 0..", "beta 0..2"];

/// Losses 1.8 + 300/D^0.35 of `rows` budgets under log-normal noise.
fn power(rows: usize, noise: f64, seed: u64) -> Table {
    let random = Stream::new("test/statistics", &seed);
    let d: Vec<f64> = (0..rows).map(|i| 1e6 * 1e4f64.powf(i as f64 / rows as f64)).collect();
    let clean = |d: f64| 1.8 + 300.0 / d.powf(0.35);
    let loss = d.iter().enumerate().map(|(i, d)| clean(*d) * (noise * random.normal(i as u64)).exp()).collect();
    table(&[("D", d), ("loss", loss)])
}

fn exact(text: &str) -> Exact {
    Exact::from_decimal(text).unwrap()
}

#[test]
fn a_quantile_has_its_part_of_the_rows_below_it() {
    let data = power(200, 0.02, 0);
    for (level, below) in [("0.5", 100), ("0.9", 180), ("0.1", 20)] {
        let law = Formula { method: Method::Quantile { level: exact(level) }, ..formula(POWER, &PARAMETERS) };
        let fit = run(&law, &data);
        // Some rows, as many as there are parameters, lie on the curve itself.
        let found = fit.predictions.iter().filter(|p| p.observed < p.predicted).count();
        assert!(found.abs_diff(below) <= 3, "{level}: {found} below");
        // Of the loss itself, to which the rounded one has come near.
        let level: f64 = level.parse().unwrap();
        let loss = |r: f64| if r < 0.0 { -level * r } else { (1.0 - level) * r };
        let expected: f64 = fit.predictions.iter().map(|p| loss((p.predicted / p.observed).ln())).sum();
        assert_near(&[fit.objective], &[expected], 1e-9);
    }
}

#[test]
fn the_median_of_a_constant_is_the_middle_value() {
    let data = table(&[("loss", vec![1.0, 2.0, 7.0, 11.0, 100.0])]);
    let median = Method::Quantile { level: exact("0.5") };
    let fit = run(&Formula { method: median, ..formula("loss ~ E", &["E 0.."]) }, &data);
    assert_near(&estimates(&fit), &[7.0], 1e-5);
}

/// Three groups with floors and factors of their own and one exponent.
fn shared_exponent(noise: f64) -> Table {
    let random = Stream::new("test/shared", &0);
    let (mut group, mut d, mut loss) = (vec![], vec![], vec![]);
    for (g, (floor, factor)) in [(1.5, 200.0), (1.8, 300.0), (2.1, 150.0)].into_iter().enumerate() {
        for i in 0..8 {
            let tokens = 1e6 * 3f64.powi(i);
            group.push(g as f64);
            d.push(tokens);
            loss.push((floor + factor / tokens.powf(0.3)) * (noise * random.normal((8 * g) as u64 + i as u64)).exp());
        }
    }
    table(&[("g", group), ("D", d), ("loss", loss)])
}

fn shared_law() -> Formula {
    let mut law = Formula { by: vec!["g".to_owned()], ..formula(POWER, &PARAMETERS) };
    law.free[2].shared = true;
    law
}

#[test]
fn a_shared_parameter_has_one_value_and_the_others_one_for_each_group() {
    let result = fit("law", &shared_law(), &shared_exponent(0.0), &Options::default()).unwrap();
    for (group, truth) in result.groups.iter().zip([[1.5, 200.0, 0.3], [1.8, 300.0, 0.3], [2.1, 150.0, 0.3]]) {
        assert_near(&estimates(group), &truth, 1e-5);
    }
    assert!(result.groups.iter().all(|group| group.converged && group.rank == 7));
}

#[test]
fn groups_together_are_what_one_formula_with_a_factor_for_each_group_gives() {
    let data = shared_exponent(0.01);
    let law = Formula { bootstrap: 40, method: Method::LogSquares, ..shared_law() };
    let together = fit("law", &law, &data, &Options::default()).unwrap();
    let written_out = "loss ~ (if g == 0 then E0 else if g == 1 then E1 else E2) \
         + (if g == 0 then B0 else if g == 1 then B1 else B2) / D^beta";
    let names = ["E0 0..", "E1 0..", "E2 0..", "B0 0..", "B1 0..", "B2 0..", "beta 0..2"];
    let single = run(&Formula { method: Method::LogSquares, ..formula(written_out, &names) }, &data);
    let value = |name: &str| single.parameter(name).unwrap().estimate;
    for (number, group) in together.groups.iter().enumerate() {
        let expected = [value(&format!("E{number}")), value(&format!("B{number}")), value("beta")];
        assert_near(&estimates(group), &expected, 1e-5);
    }
    let total: f64 = together.groups.iter().map(|group| group.objective).sum();
    assert_near(&[total], &[single.objective], 1e-9);
    assert_eq!(together.groups[0].criteria.map(|c| c.aicc.is_some()), Some(true));
    // A draw has one value of it, too.
    let [a, b, _] = &together.groups[..] else { panic!("three groups") };
    assert_eq!(a.draws.len(), 40);
    assert!(a.draws.iter().zip(&b.draws).all(|(a, b)| a.parameters[2] == b.parameters[2]));
    assert!(a.draws.iter().zip(&b.draws).any(|(a, b)| a.parameters[0] != b.parameters[0]));
}

#[test]
fn a_group_without_rows_of_its_own_does_not_keep_others_from_sharing() {
    let data = shared_exponent(0.01);
    let g = data.numbers("g").unwrap().to_vec();
    let mut seen = 0;
    let keep: Vec<bool> = g
        .iter()
        .map(|&g| {
            g != 2.0 || {
                seen += 1;
                seen == 1
            }
        })
        .collect();
    let result = fit("law", &shared_law(), &data.filter(|row| keep[row]), &Options::default()).unwrap();
    assert_eq!((result.groups.len(), result.skipped.len()), (2, 1));
    assert_eq!(
        result.skipped[0].reason,
        "1 rows cannot settle 2 free parameters of the group's own in the group g = 2"
    );
    // Two rows are enough for a floor and a factor where others settle the exponent.
    seen = 0;
    let keep: Vec<bool> = g
        .iter()
        .map(|&g| {
            g != 2.0 || {
                seen += 1;
                seen <= 2
            }
        })
        .collect();
    let result = fit("law", &shared_law(), &data.filter(|row| keep[row]), &Options::default()).unwrap();
    assert_eq!((result.groups.len(), result.groups[2].points), (3, 2));
}

#[test]
fn rows_count_as_often_as_their_weights_say() {
    let data = power(30, 0.01, 1);
    let (d, loss) = (data.numbers("D").unwrap(), data.numbers("loss").unwrap());
    let twice = table(&[("D", [d, d].concat()), ("loss", [loss, loss].concat())]);
    let mut halved = twice.clone();
    halved.set_weights(vec![0.5; 60]).unwrap();
    let law = formula(POWER, &PARAMETERS);
    let (plain, halved, twice) = (run(&law, &data), run(&law, &halved), run(&law, &twice));
    assert_near(&[halved.objective, twice.objective], &[plain.objective, 2.0 * plain.objective], 1e-10);
    assert_near(&estimates(&halved), &estimates(&plain), 1e-5);
    let (a, b) = (halved.criteria.unwrap(), plain.criteria.unwrap());
    assert_near(&[a.log_likelihood, a.bic], &[b.log_likelihood, b.bic], 1e-9);
    // Weights as counts: the row that counts three times is there three times.
    let mut counted = data.clone();
    counted.set_weights((0..30).map(|row| if row == 4 { 3.0 } else { 1.0 }).collect()).unwrap();
    let rows: Vec<usize> = (0..30).chain([4, 4]).collect();
    let repeated = table(&[
        ("D", rows.iter().map(|&row| d[row]).collect()),
        ("loss", rows.iter().map(|&row| loss[row]).collect()),
    ]);
    assert_near(&estimates(&run(&law, &counted)), &estimates(&run(&law, &repeated)), 1e-5);
    assert_eq!(counted.set_weights(vec![0.0; 30]).unwrap_err().code, "E0942");
    assert_eq!(counted.set_weights(vec![1.0; 3]).unwrap_err().code, "E0940");
}

#[test]
fn rows_are_left_out_at_random_under_a_seed() {
    let law = |test, seed| Formula { test: Some(test), seed, ..formula(POWER, &PARAMETERS) };
    let data = power(40, 0.005, 2);
    let (a, b) = (run(&law(HoldOut::Rows(10), 1), &data), run(&law(HoldOut::Rows(10), 2), &data));
    let held = |fit: &crate::GroupFit| fit.predictions.iter().map(|p| p.held_out).collect::<Vec<_>>();
    assert_eq!((a.points, a.test.unwrap().points), (30, 10));
    assert_ne!(held(&a), held(&b));
    assert_eq!(a, run(&law(HoldOut::Rows(10), 1), &data));
    // The noise is half a percent, and so are the errors; the order of the curve stays.
    let test = a.test.unwrap();
    assert!(test.mean_relative_error < 0.01 && test.spearman > Some(0.9) && test.kendall > Some(0.8), "{test:?}");
    let error = fit("law", &law(HoldOut::Rows(40), 1), &data, &Options::default()).unwrap_err();
    assert!(error.code == "E0944" && error.notes == ["40 rows are left out for the test"], "{error}");
}

#[test]
fn parts_are_left_out_again_and_again_while_the_fit_has_all_rows() {
    let whole = formula(POWER, &PARAMETERS);
    let data = power(40, 0.005, 3);
    let part = HoldOut::Share { part: exact("0.25"), times: 6 };
    let fit = run(&Formula { test: Some(part), ..whole.clone() }, &data);
    assert_eq!(estimates(&fit), estimates(&run(&whole, &data)));
    assert_eq!((fit.points, fit.test.unwrap().points, fit.left_out.len()), (40, 60, 60));
    assert!(fit.predictions.iter().all(|p| !p.held_out) && fit.left_out.iter().all(|p| p.held_out));
    // Rows that are left out in turn are predicted from farther away than rows that are fitted.
    let inside = fit.predictions.iter().map(|p| (p.predicted / p.observed - 1.0).abs()).sum::<f64>() / 40.0;
    assert!(fit.test.unwrap().mean_relative_error > inside);
}

#[test]
fn each_value_of_a_column_is_left_out_in_turn() {
    let data = shared_exponent(0.005);
    // Squares, because between two rows of one place Huber's loss is nearly flat.
    let squares = Formula { method: Method::LogSquares, ..formula(POWER, &PARAMETERS) };
    let law = Formula { test: Some(HoldOut::Each("g".to_owned())), ..squares.clone() };
    let fit = run(&law, &data);
    assert_eq!((fit.points, fit.left_out.len()), (24, 24));
    // A fit of the two others, made by itself, says the same of the first.
    let g = data.numbers("g").unwrap().to_vec();
    let others = run(&squares, &data.filter(|row| g[row] != 0.0));
    let e = estimates(&others);
    let d = data.numbers("D").unwrap();
    for p in fit.left_out.iter().filter(|p| g[p.row] == 0.0) {
        assert_near(&[p.predicted], &[e[0] + e[1] / d[p.row].powf(e[2])], 1e-5);
    }
}

#[test]
fn rows_are_left_out_by_a_condition_on_numbers_and_text() {
    let mut data = power(20, 0.005, 4);
    let names = (0..20).map(|i| if i % 5 == 0 { "odd" } else { "even" }.to_owned()).collect();
    data.add("kind", Column::Text(names)).unwrap();
    let law = |text: &str| Formula { test: Some(HoldOut::Where(parse(text, &[]))), ..formula(POWER, &PARAMETERS) };
    assert_eq!(run(&law("D > 2e8 or D < 2e6"), &data).test.unwrap().points, 10);
    let kind = synx_plan::expression::Expression::Is {
        column: "kind".to_owned(),
        value: synx_plan::grid::ColumnValue::Text("odd".to_owned()),
    };
    let by_kind = Formula { test: Some(HoldOut::Where(kind)), ..formula(POWER, &PARAMETERS) };
    assert_eq!(run(&by_kind, &data).test.unwrap().points, 4);
    assert_eq!(fit("law", &law("width > 3"), &data, &Options::default()).unwrap_err().code, "E0941");
    assert!(run(&law("D > 1e20"), &data).test.is_none(), "nothing is left out");
}

#[test]
fn criteria_prefer_the_law_that_made_the_data_and_know_the_logarithms_density() {
    let data = power(60, 0.01, 5);
    let of = |law: &str, names: &[&str], method: Method| {
        run(&Formula { method, ..formula(law, names) }, &data).criteria.unwrap()
    };
    let right = of(POWER, &PARAMETERS, Method::LogSquares);
    let poor = of("loss ~ B / D^beta", &["B 0..", "beta 0..2"], Method::LogSquares);
    let rich = of("loss ~ E + B / D^beta + c * D", &["E 0..", "B 0..", "beta 0..2", "c"], Method::LogSquares);
    assert!(right.aicc < poor.aicc && right.bic < poor.bic && right.bic < rich.bic, "{right:?} {poor:?} {rich:?}");
    assert!(rich.log_likelihood > right.log_likelihood, "more parameters never fit worse");
    // Noise of one percent is about the same in the logarithm and in the loss, so the densities must be, too.
    let raw = of(POWER, &PARAMETERS, Method::Squares);
    assert!((raw.log_likelihood - right.log_likelihood).abs() < 5.0, "{raw:?} {right:?}");
    let robust = of(POWER, &PARAMETERS, Method::default());
    assert!((robust.log_likelihood - right.log_likelihood).abs() < 10.0, "{robust:?} {right:?}");
    assert!(run(&formula(POWER, &PARAMETERS), &power(20, 0.0, 0)).criteria.is_none(), "an exact fit has no scale");
}

#[test]
fn other_minima_are_listed_with_the_starts_that_end_there() {
    // A wave: its frequency has many minima.
    let x: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.25).collect();
    let y: Vec<f64> =
        x.iter().map(|x| 2.0 + (-(x - 4.0) * (x - 4.0)).exp() + 0.6 * (-(x - 8.0) * (x - 8.0)).exp()).collect();
    let data = table(&[("x", x), ("y", y)]);
    let law = Formula { method: Method::Squares, ..formula("y ~ 2 + h * exp(-(x - m)^2)", &["h", "m 0..10"]) };
    let fit = run(&law, &data);
    assert_near(&estimates(&fit), &[1.0, 4.0], 1e-2);
    assert!(fit.minima.len() >= 2, "{:?}", fit.minima);
    assert_near(&fit.minima[0].parameters, &estimates(&fit), 1e-12);
    assert_near(&fit.minima[1].parameters, &[0.6, 8.0], 1e-2);
    assert!(fit.minima.windows(2).all(|pair| pair[0].objective < pair[1].objective));
    assert_eq!(fit.minima[0].starts, fit.starts.agreeing);
    assert!(fit.minima.iter().map(|minimum| minimum.starts).sum::<usize>() <= fit.starts.tried);
}

#[test]
fn a_valley_is_open_where_the_data_do_not_end_it() {
    // Budgets of a factor of two, one percent of noise: floor, factor and exponent trade against each other.
    let data = power(400, 0.01, 6);
    let d = data.numbers("D").unwrap().to_vec();
    let narrow = data.filter(|row| (2e6..4e6).contains(&d[row]));
    let law = Formula { bootstrap: 30, method: Method::LogSquares, ..formula(POWER, &PARAMETERS) };
    let fit = run(&law, &narrow);
    assert_eq!(fit.rank, 3, "derivatives alone do not see it");
    let factor = fit.parameter("B").unwrap();
    assert!(!factor.identified && factor.low.is_none() && factor.bca.is_none() && factor.profile.is_none(), "{fit:?}");
    // All of the range: the profile has two ends, and says about what the bootstrap does.
    let fit = run(&law, &data.filter(|row| row % 40 == 0));
    let factor = fit.parameter("B").unwrap();
    let profile = factor.profile.unwrap();
    assert!(factor.identified && profile.low < factor.estimate && factor.estimate < profile.high, "{factor:?}");
    assert!(profile.low < 300.0 && 300.0 < profile.high && profile.high < 3000.0, "{factor:?}");
    assert!(fit.condition.unwrap() > 10.0);
}

#[test]
fn residuals_are_drawn_where_it_is_asked_for() {
    let law = Formula { bootstrap: 200, method: Method::LogSquares, ..formula(POWER, &PARAMETERS) };
    let data = power(40, 0.01, 7);
    let options = Options { residuals: true, ..Options::default() };
    let drawn = fit("law", &law, &data, &options).unwrap().groups.remove(0);
    let rows = run(&law, &data);
    assert_eq!((drawn.resampling.unwrap().unit, rows.resampling.unwrap().unit), (Unit::Residual, Unit::Row));
    assert_eq!(drawn.resampling.unwrap().used, 200, "the design never loses a place");
    let width = |fit: &crate::GroupFit| {
        let beta = fit.parameter("beta").unwrap();
        beta.high.unwrap() - beta.low.unwrap()
    };
    assert!((0.5..2.0).contains(&(width(&drawn) / width(&rows))), "{} {}", width(&drawn), width(&rows));
}

#[test]
fn few_streams_are_said_to_be_too_few() {
    let law = Formula { bootstrap: 20, ..formula(POWER, &PARAMETERS) };
    let mut data = power(24, 0.01, 8);
    data.set_streams((0..24).map(|row| (row % 4).to_string()).collect()).unwrap();
    assert!(run(&law, &data).resampling.unwrap().too_few());
    data.set_streams((0..24).map(|row| (row % 6).to_string()).collect()).unwrap();
    assert!(!run(&law, &data).resampling.unwrap().too_few());
}

#[test]
fn draws_of_a_negative_parameter_are_negative() {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let random = Stream::new("test/negative", &0);
    let y = x.iter().enumerate().map(|(i, x)| 90.0 - 2.0 * x + random.normal(i as u64)).collect();
    let law = Formula { bootstrap: 50, method: Method::Squares, ..formula("y ~ a + b * x", &["a", "b"]) };
    let fit = run(&law, &table(&[("x", x), ("y", y)]));
    let slope = fit.parameter("b").unwrap();
    assert!(slope.low < Some(-2.0) && Some(-2.0) < slope.high && slope.high < Some(-1.5), "{slope:?}");
    assert!(fit.draws.iter().all(|draw| draw.parameters[1] < -1.5));
}
