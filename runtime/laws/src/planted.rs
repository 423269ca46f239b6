//! What fits must do, shown on data with a known truth.

use synx_plan::exact::Exact;
use synx_plan::law::{Formula, HoldOut, Method, Model};
use synx_plan::random::Stream;

use crate::testing::{assert_near, estimates, formula, parse, run, table};
use crate::{GroupFit, LawResult, Options, Table, Unit, fit};

/// A grid of sizes and budgets with losses of a Chinchilla law under log-normal noise.
fn chinchilla(noise: f64, seed: u64) -> Table {
    let random = Stream::new("test/planted", &seed);
    let (mut n, mut d, mut loss) = (vec![], vec![], vec![]);
    for i in 0..8 {
        for j in 0..8 {
            let (size, tokens) = (1e7 * 3f64.powi(i), 2e8 * 3f64.powi(j));
            let clean = 1.7 + 400.0 / size.powf(0.34) + 1500.0 / tokens.powf(0.36);
            n.push(size);
            d.push(tokens);
            loss.push(clean * (noise * random.normal((8 * i + j) as u64)).exp());
        }
    }
    table(&[("N", n), ("D", d), ("loss", loss)])
}

const CHINCHILLA: &str = "loss ~ E + A / N^alpha + B / D^beta";
const POSITIVE: [&str; 5] = ["E 0..", "A 0..", "B 0..", "alpha 0..", "beta 0.."];

fn map(table: &Table, columns: &[&str], change: impl Fn(&str, &[f64]) -> Vec<f64>) -> Table {
    let changed: Vec<(&str, Vec<f64>)> =
        columns.iter().map(|name| (*name, change(name, table.numbers(name).unwrap()))).collect();
    self::table(&changed)
}

#[test]
fn exact_data_give_the_exact_law() {
    let fit = run(&formula(CHINCHILLA, &POSITIVE), &chinchilla(0.0, 0));
    assert_near(&estimates(&fit), &[1.7, 400.0, 1500.0, 0.34, 0.36], 1e-6);
    assert!(fit.objective < 1e-18 && fit.converged, "{}", fit.objective);
    assert!(fit.parameters.iter().all(|p| p.identified && !p.at_bound && p.low.is_none()));
    assert_eq!(fit.points, 64);
}

#[test]
fn bounds_are_not_needed() {
    let data = chinchilla(0.003, 10);
    let bounded = run(&formula(CHINCHILLA, &POSITIVE), &data);
    let free = run(&formula(CHINCHILLA, &["E", "A", "B", "alpha", "beta"]), &data);
    assert_near(&[free.objective], &[bounded.objective], 1e-10);
    assert_near(&estimates(&free), &estimates(&bounded), 1e-5);
}

#[test]
fn noise_moves_the_law_no_farther_than_it_must_and_most_starts_agree() {
    let fit = run(&formula(CHINCHILLA, &POSITIVE), &chinchilla(0.003, 1));
    let found = estimates(&fit);
    assert_near(&[found[0], found[3], found[4]], &[1.7, 0.34, 0.36], 0.1);
    assert!(fit.converged);
    assert!(2 * fit.starts.agreeing > fit.starts.tried && fit.starts.tried == 64, "{:?}", fit.starts);
}

/// The law under every loss, with how near two ways to the same estimate come: a quantile's is rounded off.
fn losses() -> Vec<(Formula, f64)> {
    let level = Exact::from_decimal("0.5").unwrap();
    let of = |method: Method| Formula { method, ..formula(CHINCHILLA, &POSITIVE) };
    vec![
        (of(Method::default()), 1e-5),
        (of(Method::LogSquares), 1e-5),
        (of(Method::Squares), 1e-5),
        (of(Method::Quantile { level }), 1e-3),
    ]
}

#[test]
fn the_order_of_rows_changes_no_bit() {
    let data = chinchilla(0.01, 2);
    let turned = map(&data, &["N", "D", "loss"], |_, v| (0..v.len()).map(|i| v[(i * 7 + 3) % v.len()]).collect());
    for (law, _) in losses() {
        let law = Formula { bootstrap: 20, ..law };
        let (a, b) = (run(&law, &data), run(&law, &turned));
        assert_eq!((a.objective, a.parameters), (b.objective, b.parameters), "{:?}", law.method);
    }
}

#[test]
fn rows_that_come_twice_double_the_objective_and_with_halved_weights_change_nothing() {
    let data = chinchilla(0.01, 3);
    let twice = map(&data, &["N", "D", "loss"], |_, v| [v, v].concat());
    let mut halved = twice.clone();
    halved.set_weights(vec![0.5; halved.rows()]).unwrap();
    for (law, near) in losses() {
        let (a, b, c) = (run(&law, &data), run(&law, &twice), run(&law, &halved));
        assert_near(&[b.objective, c.objective], &[2.0 * a.objective, a.objective], near * 1e-4);
        assert_near(&estimates(&b), &estimates(&a), near);
        assert_near(&estimates(&c), &estimates(&a), near);
    }
}

#[test]
fn the_units_of_columns_change_only_their_factors() {
    let data = chinchilla(0.01, 4);
    let scaled = map(&data, &["N", "D", "loss"], |name, v| {
        let unit = [("N", 1e-6), ("D", 1e-9), ("loss", 1.0)].iter().find(|(n, _)| *n == name).unwrap().1;
        v.iter().map(|x| x * unit).collect()
    });
    for (law, near) in losses() {
        let (a, b) = (run(&law, &data), run(&law, &scaled));
        assert_near(&[b.objective], &[a.objective], near * 1e-4);
        let (a, b) = (estimates(&a), estimates(&b));
        let expected = [a[0], a[1] * 1e-6f64.powf(a[3]), a[2] * 1e-9f64.powf(a[4]), a[3], a[4]];
        assert_near(&b, &expected, 10.0 * near);
    }
}

#[test]
fn an_outlier_moves_squares_and_not_hubers_loss() {
    let robust = formula("loss ~ E + A / N^alpha + B / D^beta", &POSITIVE);
    let data = chinchilla(0.0005, 5);
    let spoiled = map(&data, &["N", "D", "loss"], |name, v| {
        let mut v = v.to_vec();
        if name == "loss" {
            v[9] *= 2.0;
        }
        v
    });
    let squares = Formula { method: Method::LogSquares, ..robust.clone() };
    let off = |formula: &Formula| (run(formula, &spoiled).parameters[0].estimate - 1.7).abs();
    assert!(off(&robust) < 0.02 && off(&squares) > 2.0 * off(&robust), "{} {}", off(&robust), off(&squares));
}

#[test]
fn squares_of_a_linear_law_are_the_normal_equations() {
    let x: Vec<f64> = (1..=12).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x.ln() + 0.5 * x.ln().powi(2)).collect();
    let data = table(&[("x", x), ("y", y)]);
    let law = Formula { method: Method::Squares, ..formula("y ~ a + b * log(x) + c * log(x)^2", &["a", "b", "c 0.."]) };
    let fit = run(&law, &data);
    assert_near(&estimates(&fit), &[3.0, -2.0, 0.5], 1e-9);
    assert_eq!(fit.starts.tried, 1, "all starts of a linear law are one");
}

#[test]
fn laws_of_other_forms_are_found_too() {
    let random = Stream::new("test/forms", &0);
    let grid = |f: &dyn Fn(f64, f64) -> f64| {
        let cells = (0..49).map(|i| (10f64.powf(6.0 + 0.5 * (i % 7) as f64), 10f64.powf(8.0 + 0.5 * (i / 7) as f64)));
        let cells: Vec<(f64, f64)> = cells.collect();
        let noise = |i: usize| (1e-6 * random.normal(i as u64)).exp();
        let loss = cells.iter().enumerate().map(|(i, (n, d))| f(*n, *d) * noise(i)).collect();
        table(&[("N", cells.iter().map(|c| c.0).collect()), ("D", cells.iter().map(|c| c.1).collect()), ("loss", loss)])
    };
    // Kaplan et al. 2020.
    let data = grid(&|n, d| ((8.8e13 / n).powf(0.076 / 0.095) + 5.4e13 / d).powf(0.095));
    let law = formula("loss ~ ((Nc / N)^(aN / aD) + Dc / D)^aD", &["Nc 0..", "aN 0..", "Dc 0..", "aD 0.."]);
    assert_near(&estimates(&run(&law, &data)), &[8.8e13, 0.076, 5.4e13, 0.095], 0.01);
    // The rectified law (arXiv 2402.02314).
    let data = grid(&|_, d| 40.0 / (d.powf(0.3) + 300.0) + 1.2);
    let law = formula("loss ~ A / (D^al + B) + C", &["A 0..", "al 0..1", "B 0..", "C 0.."]);
    assert_near(&estimates(&run(&law, &data)), &[40.0, 0.3, 300.0, 1.2], 0.01);
    // Tied exponents (Gadre et al. 2024), squares of raw residuals.
    let data = grid(&|n, d| 1.8 + 160.0 * n.powf(-0.27) + 360.0 * 6f64.powf(-0.135) * d.powf(-0.27));
    let law = formula("loss ~ E + a * N^(-eta) + b * 6^(-eta / 2) * D^(-eta)", &["E 0..", "a 0..", "b 0..", "eta 0.."]);
    let fit = run(&Formula { method: Method::Squares, ..law }, &data);
    assert_near(&estimates(&fit), &[1.8, 160.0, 360.0, 0.27], 0.01);
}

#[test]
fn repeated_data_give_their_half_life() {
    // Muennighoff et al. 2023, in D alone.
    let (mut unique, mut tokens, mut loss) = (vec![], vec![], vec![]);
    for u in [1e6, 4e6, 16e6, 64e6] {
        for epochs in [1.0, 2.0, 4.0, 8.0, 16.0, 40.0, 100.0] {
            let repeats: f64 = epochs - 1.0;
            let effective = u + u * 15.4 * (1.0 - (-repeats / 15.4).exp());
            unique.push(u);
            tokens.push(u * epochs);
            loss.push(1.9 + 900.0 / effective.powf(0.35));
        }
    }
    let data = table(&[("unique", unique), ("tokens", tokens), ("loss", loss)]);
    let mut law = formula("loss ~ E + B / D^beta", &["E 0..", "B 0..", "beta 0..2", "rd 0.."]);
    let effective = parse("unique + unique * rd * (1 - exp(-(tokens / unique - 1) / rd))", &["rd"]);
    law.lets = vec![("D".to_owned(), effective.clone())];
    let Model::Formula(model) = &law.model else { panic!("a formula") };
    let written_out = model.substitute(&|name| {
        (name == synx_plan::expression::Name::Column("D"))
            .then(|| synx_plan::expression::Expression::Bound("D".to_owned()))
    });
    law.model = written_out.into();
    assert_near(&estimates(&run(&law, &data)), &[1.9, 900.0, 0.35, 15.4], 1e-5);
}

#[test]
fn bounds_hold() {
    let data = chinchilla(0.002, 6);
    let law = formula(CHINCHILLA, &["E 0..", "A 0..", "B 0..", "alpha 0..0.3", "beta 0..2"]);
    let fit = run(&law, &data);
    let alpha = fit.parameter("alpha").unwrap();
    assert_eq!((alpha.estimate, alpha.at_bound), (0.3, true));
    assert!(!fit.parameter("beta").unwrap().at_bound);
    let law = formula(CHINCHILLA, &["E 2..", "A 0..", "B 0..", "alpha 0..", "beta 0.."]);
    let floor = run(&law, &data).parameter("E").unwrap().clone();
    assert!((floor.estimate, floor.at_bound) == (2.0, true), "{floor:?}");
}

#[test]
fn a_floor_that_is_not_there_is_zero() {
    let d: Vec<f64> = (0..12).map(|i| 1e6 * 2f64.powi(i)).collect();
    let random = Stream::new("test/floor", &0);
    // A law that falls faster than any with a floor.
    let loss = d
        .iter()
        .enumerate()
        .map(|(i, d)| 50.0 / d.powf(0.2 + 0.004 * (d / 1e6).ln()) * (1e-3 * random.normal(i as u64)).exp());
    let data = table(&[("D", d.clone()), ("loss", loss.collect())]);
    let law = Formula { bootstrap: 100, ..formula("loss ~ E + B / D^beta", &["E 0..", "B 0..", "beta 0.."]) };
    let fit = run(&law, &data);
    let floor = fit.parameter("E").unwrap();
    assert!(floor.estimate == 0.0 && floor.at_bound && floor.identified && fit.converged, "{fit:?}");
    assert_eq!(floor.low, Some(0.0));
    // Where the data nearly have a floor, some draws find one, though the fit itself has none.
    let loss = d.iter().enumerate().map(|(i, d)| 50.0 / d.powf(0.2) * (3e-3 * random.normal(100 + i as u64)).exp());
    let near = table(&[("D", d.clone()), ("loss", loss.collect())]);
    let fit = run(&law, &near);
    let floor = fit.parameter("E").unwrap();
    assert!(floor.low == Some(0.0) && floor.high > Some(0.0), "{floor:?}");
}

#[test]
fn what_the_data_do_not_tell_is_said_and_its_interval_is_open() {
    let flags = |fit: &GroupFit| fit.parameters.iter().map(|p| p.identified).collect::<Vec<_>>();
    // One size: floor and size term cannot be told apart.
    let data = chinchilla(0.003, 7);
    let n = data.numbers("N").unwrap().to_vec();
    let one_size = data.filter(|row| n[row] == n[0] || row >= 64);
    assert_eq!(one_size.rows(), 8);
    let law = Formula { bootstrap: 50, ..formula(CHINCHILLA, &POSITIVE) };
    let fit = run(&law, &one_size);
    assert_eq!(flags(&fit), [false, false, true, false, true]);
    let open = |name: &str| fit.parameter(name).unwrap().low.is_none() && fit.parameter(name).unwrap().high.is_none();
    assert!(open("E") && open("A") && open("alpha") && !open("beta"));
    // Two budgets, three parameters.
    let two = table(&[("D", vec![1e6, 1e6, 2e6, 2e6]), ("loss", vec![3.0, 3.01, 2.5, 2.51])]);
    let law = formula("loss ~ E + B / D^beta", &["E 0..", "B 0..", "beta 0.."]);
    assert_eq!(flags(&run(&law, &two)), [false; 3]);
    // Two factors of one term.
    let law = formula("loss ~ a * b / D^beta", &["a 0..", "b 0..", "beta 0.."]);
    assert_eq!(flags(&run(&law, &two)), [false, false, true]);
    // A parameter that the law does not depend on here.
    let law = formula("loss ~ B / D^beta + (if D > 1e9 then c else 0)", &["B 0..", "beta 0..", "c 0.."]);
    assert_eq!(flags(&run(&law, &two)), [true, true, false]);
}

#[test]
fn the_largest_are_left_out_and_predicted() {
    let law = Formula { test: Some(HoldOut::Largest("D".to_owned())), ..formula(CHINCHILLA, &POSITIVE) };
    let fit = run(&law, &chinchilla(0.001, 8));
    let test = fit.test.unwrap();
    assert_eq!((fit.points, test.points), (56, 8));
    assert!(test.mean_relative_error < 0.01 && test.max_relative_error >= test.mean_relative_error);
    let held: Vec<_> = fit.predictions.iter().filter(|p| p.held_out).collect();
    let mean = held.iter().map(|p| (p.predicted / p.observed - 1.0).abs()).sum::<f64>() / 8.0;
    assert!((mean - test.mean_relative_error).abs() < 1e-12);
    assert_eq!(fit.predictions.len(), 64);
    assert!(fit.predictions.iter().enumerate().all(|(i, p)| p.row == i));
}

#[test]
fn each_group_is_fitted_by_itself_and_one_that_cannot_be_is_skipped() {
    let (mut r, mut d, mut loss) = (vec![], vec![], vec![]);
    for (share, floor, points) in [(0.0, 1.5, 6), (0.5, 1.8, 6), (1.0, 2.0, 2)] {
        for i in 0..points {
            r.push(share);
            d.push(1e6 * 4f64.powi(i));
            loss.push(floor + 200.0 / d.last().unwrap().powf(0.3));
        }
    }
    let data = table(&[("r", r), ("D", d), ("loss", loss)]);
    let law =
        Formula { by: vec!["r".to_owned()], ..formula("loss ~ E + B / D^beta", &["E 0..", "B 0..", "beta 0..2"]) };
    let result = fit("by_share", &law, &data, &Options::default()).unwrap();
    let floors: Vec<f64> = result.groups.iter().map(|g| g.parameter("E").unwrap().estimate).collect();
    assert_near(&floors, &[1.5, 1.8], 1e-6);
    assert_eq!(result.groups[1].group, [("r".to_owned(), "0.5".to_owned())]);
    assert_eq!((result.skipped.len(), result.skipped[0].code.as_str()), (1, "E0944"));
    assert!(result.skipped[0].reason.contains("r = 1"), "{}", result.skipped[0].reason);
    let text = serde_json::to_string(&result).unwrap();
    let read: LawResult = serde_json::from_str(&text).unwrap();
    assert_eq!((read.groups[1].group.clone(), read.skipped), (result.groups[1].group.clone(), result.skipped));
    assert_near(&estimates(&read.groups[1]), &estimates(&result.groups[1]), 1e-14);
    assert!(result.groups.iter().all(|g| g.converged), "no residual is no reason to go on");
}

#[test]
fn draws_depend_on_the_seed_and_on_nothing_else() {
    let law = Formula { bootstrap: 40, ..formula(CHINCHILLA, &POSITIVE) };
    let data = chinchilla(0.01, 9);
    let threads =
        |n: usize| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(|| run(&law, &data));
    let (one, two) = (threads(1), threads(2));
    assert_eq!(one, two);
    let other = run(&Formula { seed: 18, ..law.clone() }, &data);
    assert_eq!(other.objective, one.objective);
    assert_ne!(other.parameters, one.parameters);
    let resampling = one.resampling.unwrap();
    assert_eq!((resampling.unit, resampling.units, resampling.draws, resampling.used), (Unit::Row, 64, 40, 40));
    assert!(one.parameters.iter().all(|p| p.low.unwrap() < p.estimate && p.estimate < p.high.unwrap()));
}

#[test]
fn groups_of_one_design_are_drawn_alike() {
    // The second group's losses are the first's, three times as large: every draw of its factor must be, too, whatever order rows come in.
    let random = Stream::new("test/paired", &0);
    let (mut r, mut d, mut loss) = (vec![], vec![], vec![]);
    for i in 0..12 {
        let (tokens, noise) = (1e6 * 2f64.powi(i), (0.02 * random.normal(i as u64)).exp());
        for share in if i % 2 == 0 { [0.0, 1.0] } else { [1.0, 0.0] } {
            r.push(share);
            d.push(tokens);
            loss.push((1.0 + 2.0 * share) * 200.0 / tokens.powf(0.3) * noise);
        }
    }
    let law = Formula {
        by: vec!["r".to_owned()],
        bootstrap: 25,
        method: Method::LogSquares,
        ..formula("loss ~ B / D^beta", &["B 0..", "beta 0.."])
    };
    let result = fit("law", &law, &table(&[("r", r), ("D", d), ("loss", loss)]), &Options::default()).unwrap();
    let [natural, mixed] = &result.groups[..] else { panic!("two groups") };
    assert_eq!((natural.draws.len(), natural.draws[3].number), (25, 3));
    for (a, b) in natural.draws.iter().zip(&mixed.draws) {
        assert_eq!(a.number, b.number);
        assert_near(&b.parameters, &[3.0 * a.parameters[0], a.parameters[1]], 1e-6);
    }
}

/// Intervals of 95 % over 60 data sets: each holds the truth in about 57; a percentile bootstrap of 30 rows is somewhat short.
#[test]
fn intervals_hold_the_truth_about_as_often_as_they_say() {
    let d: Vec<f64> = (0..30).map(|i| 1e6 * 1.4f64.powi(i)).collect();
    let law = Formula { bootstrap: 200, ..formula("loss ~ E + B / D^beta", &["E 0..", "B 0..", "beta 0..2"]) };
    let truth = [1.8, 300.0, 0.35];
    let mut covered = [0; 3];
    for set in 0..60 {
        let random = Stream::new("test/coverage", &set);
        let loss =
            d.iter().enumerate().map(|(i, d)| (1.8 + 300.0 / d.powf(0.35)) * (0.01 * random.normal(i as u64)).exp());
        let fit = run(&law, &table(&[("D", d.clone()), ("loss", loss.collect())]));
        for (covered, (p, truth)) in covered.iter_mut().zip(fit.parameters.iter().zip(truth)) {
            *covered += usize::from(p.low.unwrap() <= truth && truth <= p.high.unwrap());
        }
    }
    assert!(covered.iter().all(|n| (48..=60).contains(n)), "{covered:?} of 60");
}

#[test]
fn rows_of_one_stream_are_drawn_together() {
    // Six streams, each with an error of its own that all its budgets share: as rows they look like 36 measurements, and are 6.
    let random = Stream::new("test/streams", &0);
    let (mut d, mut loss, mut streams) = (vec![], vec![], vec![]);
    for stream in 0..6 {
        for i in 0..6 {
            d.push(1e6 * 4f64.powi(i));
            loss.push(200.0 / d.last().unwrap().powf(0.3) * (0.05 * random.normal(stream)).exp());
            streams.push(stream.to_string());
        }
    }
    let law =
        Formula { bootstrap: 300, method: Method::LogSquares, ..formula("loss ~ B / D^beta", &["B 0..", "beta 0.."]) };
    let rows = table(&[("D", d), ("loss", loss)]);
    let mut blocks = rows.clone();
    blocks.set_streams(streams).unwrap();
    let width = |fit: &GroupFit| fit.parameter("B").unwrap().high.unwrap() - fit.parameter("B").unwrap().low.unwrap();
    let (by_row, by_stream) = (run(&law, &rows), run(&law, &blocks));
    assert_near(&estimates(&by_row), &estimates(&by_stream), 1e-6);
    let resampling = by_stream.resampling.unwrap();
    assert_eq!((resampling.unit, resampling.units), (Unit::Stream, 6));
    // Every stream has every budget, so the slope is as sure as before; compare what their common error moves.
    let slope =
        |fit: &GroupFit| fit.parameter("beta").unwrap().high.unwrap() - fit.parameter("beta").unwrap().low.unwrap();
    assert!(slope(&by_stream) < 0.1 * slope(&by_row), "{} {}", slope(&by_stream), slope(&by_row));
    assert!(width(&by_stream).is_finite());
    let mut single = rows.clone();
    single.set_streams(vec!["all".to_owned(); 36]).unwrap();
    assert_eq!(run(&law, &single).resampling.unwrap().unit, Unit::Row, "one stream leaves nothing but rows to draw");
}
