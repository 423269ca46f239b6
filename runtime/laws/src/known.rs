//! Known answers on published data. The data are no part of this repository: the folder that holds them is named by `SYNX_LAWDATA`, and without it
//! these tests say so and show nothing.
#![allow(clippy::unreadable_literal)]

use std::fs::File;
use std::path::{Path, PathBuf};

use synx_plan::exact::Exact;
use synx_plan::law::{Formula, HoldOut, Method, Model, Trees};

use crate::testing::{assert_near, estimates, formula, parse, run};
use crate::{Column, Table, TestError};

/// The folder of the data; none, with a line that says so, where there is none.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SYNX_LAWDATA").map(PathBuf::from);
    if folder.is_none() {
        println!("SYNX_LAWDATA names no folder: this test has shown nothing");
    }
    folder
}

fn read(folder: &Path, name: &str) -> Table {
    Table::from_csv(File::open(folder.join(name)).unwrap(), name).unwrap()
}

/// The 240 runs of Hoffmann et al. 2022 that published fits use: all but the five of the highest loss.
fn chinchilla_runs(folder: &Path) -> Table {
    let table = read(folder, "chinchilla/runs.csv");
    let losses = table.numbers("loss").unwrap().to_vec();
    let mut sorted = losses.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let kept = table.filter(|row| losses[row] < sorted[4]);
    assert_eq!(kept.rows(), 240);
    kept
}

fn chinchilla() -> Formula {
    formula("loss ~ E + A / N^alpha + B / D^beta", &["E 0..", "A 0..", "alpha 0..2", "B 0..", "beta 0..2"])
}

#[test]
fn chinchillas_optimum_is_found_and_its_intervals_are_those_published() {
    let Some(folder) = data() else { return };
    let law = Formula { bootstrap: 1000, ..chinchilla() };
    let fit = run(&law, &chinchilla_runs(&folder));
    assert!(fit.objective <= 0.0010182751 && fit.converged, "{}", fit.objective);
    assert!(fit.starts.agreeing == fit.starts.tried, "{:?}", fit.starts);
    let [e, a, alpha, b, beta] = estimates(&fit)[..] else { panic!("five parameters") };
    for (found, expected) in [(e, 1.817218), (alpha, 0.347310), (beta, 0.367172)] {
        assert!((found - expected).abs() < 5e-4, "{found} {expected}");
    }
    assert_near(&[a, b], &[477.826, 2143.42], 0.005);
    assert!(fit.parameters.iter().all(|p| p.identified), "{:?}", fit.parameters);
    // Ends of a bootstrap of the same rows with other draws: those of E and the exponents within a tenth of the interval's width, those of the
    // factors, whose draws have long tails, within a quarter.
    let published = [
        ("E", 1.769, 1.872, 0.1),
        ("A", 288.0, 712.0, 0.25),
        ("B", 1062.0, 5774.0, 0.25),
        ("alpha", 0.317, 0.371, 0.1),
        ("beta", 0.332, 0.415, 0.1),
    ];
    for (name, low, high, part) in published {
        let p = fit.parameter(name).unwrap();
        let near = |found: f64, expected: f64| (found - expected).abs() <= part * (high - low);
        assert!(near(p.low.unwrap(), low) && near(p.high.unwrap(), high), "{p:?}");
    }
}

#[test]
fn chinchilla_extrapolates_to_the_largest_quarter_of_its_runs() {
    let Some(folder) = data() else { return };
    let table = chinchilla_runs(&folder);
    let mut budgets = table.numbers("C").unwrap().to_vec();
    budgets.sort_by(f64::total_cmp);
    let mut condition = parse("C >= 1", &[]);
    if let synx_plan::expression::Expression::Binary { right, .. } = &mut condition {
        **right =
            synx_plan::expression::Expression::Number(Exact::from_decimal(&format!("{:e}", budgets[180])).unwrap());
    }
    let fit = run(&Formula { test: Some(HoldOut::Where(condition)), ..chinchilla() }, &table);
    let test = fit.test.unwrap();
    assert_eq!((fit.points, test.points), (180, 60));
    assert!((test.mean_relative_error - 0.0106).abs() < 2e-4, "{test:?}");
}

#[test]
fn small_models_trained_for_long_predict_the_large_ones() {
    let Some(folder) = data() else { return };
    let table = read(&folder, "overtraining/runs.csv");
    let names = table.labels("name").unwrap();
    let fitted =
        ["d=96_l=8_h=4-1.0", "d=96_l=8_h=4-16.0", "d=512_l=8_h=4-1.0", "d=576_l=24_h=8-1.0", "d=1024_l=24_h=8-1.0"];
    let large = ["open_lm_1b-32.0", "open_lm_7b-1.0"];
    let is = |row: usize, all: &[&str]| all.iter().any(|name| names[row] == format!("rpj-{name}"));
    let mut kept = table.filter(|row| is(row, &fitted) || is(row, &large));
    let names = kept.labels("name").unwrap();
    let held = names.iter().map(|name| f64::from(u8::from(name.contains("open_lm")))).collect();
    kept.add("large", Column::Numbers(held)).unwrap();
    let law = formula("loss_c4_val ~ E + a / N^eta + b / (sqrt(6) * D)^eta", &["E 0..", "a 0..", "b 0..", "eta 0..2"]);
    let test = Some(HoldOut::Where(parse("large == 1", &[])));
    let fit = run(&Formula { method: Method::Squares, test, ..law }, &kept);
    assert_eq!((fit.points, fit.test.unwrap().points), (5, 2));
    assert_near(&estimates(&fit), &[1.83665, 166.211, 366.687, 0.27285], 1e-4);
    let error = |name: &str| {
        let row = names.iter().position(|found| found.contains(name)).unwrap();
        let p = fit.predictions[row];
        (p.predicted / p.observed - 1.0).abs()
    };
    let (medium, large) = (error("1b"), error("7b"));
    assert!((medium - 0.007103).abs() < 1e-6 && (large - 0.007320).abs() < 1e-6, "{medium} {large}");
}

/// The mixtures of Liu et al. 2024 with their losses: 512 to fit and 256 to predict, marked by `held_out`.
fn regmix(folder: &Path) -> (Table, Vec<String>) {
    let parts: Vec<(Table, Table)> = ["train", "test"]
        .map(|part| {
            let mixtures = read(folder, &format!("regmix/{part}_mixture_1m.csv"));
            (mixtures, read(folder, &format!("regmix/{part}_pile_loss_1m.csv")))
        })
        .into();
    let joined = |name: &str, of: fn(&(Table, Table)) -> &Table| -> Vec<f64> {
        parts.iter().flat_map(|part| of(part).numbers(name).unwrap().to_vec()).collect()
    };
    assert_eq!(joined("index", |part| &part.0), joined("index", |part| &part.1), "rows lie side by side");
    let domains: Vec<String> = parts[0].0.names().filter(|name| *name != "index").map(str::to_owned).collect();
    let held: Vec<f64> = (0..768).map(|row| f64::from(u8::from(row >= 512))).collect();
    let mut table = Table::new(768);
    table.add("held_out", Column::Numbers(held)).unwrap();
    for (place, domain) in domains.iter().enumerate() {
        table.add(format!("share{place}"), Column::Numbers(joined(domain, |part| &part.0))).unwrap();
    }
    let losses: Vec<String> = parts[0].1.names().filter(|name| *name != "index").map(str::to_owned).collect();
    for (place, loss) in losses.iter().enumerate() {
        table.add(format!("loss{place}"), Column::Numbers(joined(loss, |part| &part.1))).unwrap();
    }
    (table, domains)
}

/// The exponential law over so many shares, of loss number `loss`.
fn mixing(loss: usize, sources: usize, method: Method) -> Formula {
    let names: Vec<String> = std::iter::once("c 0..".to_owned()).chain((0..sources).map(|s| format!("t{s}"))).collect();
    let terms: Vec<String> = (0..sources).map(|s| format!("t{s} * share{s}")).collect();
    let law = format!("loss{loss} ~ c + exp({})", terms.join(" + "));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let test = Some(HoldOut::Where(parse("held_out == 1", &[])));
    Formula { method, test, ..formula(&law, &names) }
}

#[test]
fn the_exponential_law_ranks_mixtures_that_it_has_not_seen() {
    let Some(folder) = data() else { return };
    let (table, domains) = regmix(&folder);
    assert_eq!(domains.len(), 17);
    let mean = |method: &Method| {
        let of = |loss: usize| run(&mixing(loss, 17, method.clone()), &table).test.unwrap().spearman.unwrap();
        f64::midpoint(of(0), of(1))
    };
    // The law's default. What it misses is its form, evenly over all rows, so a loss that is robust only gives away what they say.
    let squares = mean(&Method::LogSquares);
    assert!(squares >= 0.97, "{squares}");
    assert!(mean(&Method::default()) < squares);
}

/// Gradient-boosted trees over the shares, as the published regression has them: 1,000 rounds at a rate of 1e-2.
fn boosted(loss: usize, sources: usize, method: Method) -> Formula {
    let trees = Trees {
        columns: (0..sources).map(|s| format!("share{s}")).collect(),
        rate: Exact::from_decimal("1e-2").unwrap(),
        rounds: 1000,
    };
    let mut law = mixing(loss, sources, method);
    law.free.clear();
    Formula { model: Model::Trees(trees), ..law }
}

#[test]
fn trees_rank_mixtures_better_than_a_linear_model() {
    let Some(folder) = data() else { return };
    let (table, _) = regmix(&folder);
    // On ArXiv and Pile-CC, for which the published trees have 0.989.
    for (loss, trees, linear) in [(0, 0.99603, 0.73713), (1, 0.98782, 0.90214)] {
        let fit = run(&boosted(loss, 17, Method::Squares), &table);
        let rank = |test: Option<TestError>| test.unwrap().spearman.unwrap();
        assert_eq!((fit.points, fit.test.unwrap().points), (512, 256));
        assert!((rank(fit.test) - trees).abs() < 1e-4, "{:?}", fit.test);
        let beside = &fit.trees.as_ref().unwrap().beside;
        assert!((rank(beside[0].test) - linear).abs() < 1e-4, "{:?}", beside[0]);
        let error = |test: Option<TestError>| test.unwrap().mean_relative_error;
        assert!(error(fit.test) < 0.5 * error(beside[0].test), "{beside:?}");
        assert!(error(beside[0].test) < error(beside[1].test) && beside[1].test.unwrap().spearman.is_none());
    }
}
