//! Designs that cannot tell a parameter, for every law: under noise, it is flagged in every data set.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{NOISE, Planted, library};
use crate::{Options, fit};

const SETS: u64 = if cfg!(feature = "long") { 100 } else { 8 };

impl Planted {
    /// The rows where a column's value is one of those.
    fn at(mut self, column: &str, keep: impl Fn(f64) -> bool) -> Planted {
        let values = self.columns.iter().find(|(name, _)| name == column).unwrap().1.clone();
        for (_, column) in &mut self.columns {
            let kept = column.iter().zip(&values).filter(|(_, value)| keep(**value)).map(|(x, _)| *x);
            *column = kept.collect();
        }
        self
    }

    /// Another design: so many runs at each of a column's values.
    fn runs_at(mut self, column: &str, values: &[f64], runs: usize) -> Planted {
        self.columns = vec![(column.to_owned(), values.iter().flat_map(|x| vec![*x; runs]).collect())];
        self
    }

    /// The same rows with one value of a column.
    fn held(mut self, column: &str, value: f64) -> Planted {
        let found = self.columns.iter_mut().find(|(name, _)| name == column).unwrap();
        found.1.fill(value);
        self
    }
}

/// Each with the parameters that it cannot tell.
fn designs() -> Vec<(&'static str, Planted, Vec<&'static str>)> {
    let of = |name: &str| library().into_iter().find(|planted| planted.name == name).unwrap();
    let smallest = |column: &str, name: &str| {
        let planted = of(name);
        let values = &planted.columns.iter().find(|(known, _)| known == column).unwrap().1;
        values.iter().copied().fold(f64::INFINITY, f64::min)
    };
    let once = {
        let planted = of("data_constrained");
        let unique = planted.columns.iter().find(|(name, _)| name == "U").unwrap().1.clone();
        let columns = planted.columns.into_iter();
        let columns = columns.map(|(name, x)| if name == "D" { (name, unique.clone()) } else { (name, x) }).collect();
        Planted { columns, ..of("data_constrained") }
    };
    let farseer = ["a_1", "b_1", "alpha", "a_2", "b_2", "beta", "a_3", "b_3", "gamma"];
    let (n, d) = (smallest("N", "chinchilla"), smallest("D", "chinchilla"));
    vec![
        ("one budget", of("power_law").runs_at("x", &[1e8], 40), vec!["E", "A", "alpha"]),
        ("two budgets", of("power_law").runs_at("x", &[1e8, 4e8], 20), vec!["E", "A", "alpha"]),
        ("one size", of("chinchilla").at("N", |x| x == n), vec!["E", "A", "alpha"]),
        ("one budget", of("chinchilla").at("D", |x| x == d), vec!["E", "B", "beta"]),
        ("two budgets", of("chinchilla").at("D", |x| x < 3.0 * d), vec!["E", "B", "beta"]),
        ("one size", of("kaplan").at("N", |x| x == n), vec!["N_c", "alpha_N"]),
        ("nothing is read twice", once, vec!["R_D"]),
        ("one size", of("over_training").at("N", |x| x == n), vec!["E", "A"]),
        ("one loss", of("downstream_error").runs_at("x", &[3.0], 40), vec!["epsilon", "k", "gamma"]),
        ("two losses", of("downstream_error").runs_at("x", &[2.5, 3.5], 20), vec!["epsilon", "k", "gamma"]),
        ("a source that is never there", of("mixing").held("share3", 0.0), vec!["t3"]),
        ("one share", of("bimix").at("r", |x| x == 0.5), vec!["alpha", "B", "C"]),
        ("two counts", of("autoscale").runs_at("x", &[1e5, 1e7], 20), vec!["a", "b", "c"]),
        ("one size", of("additive_mixture").held("N", 1e8), vec!["E", "A", "alpha"]),
        ("a source that is never there", of("additive_mixture").held("share2", 0.0), vec!["C2", "g2"]),
        ("one size", of("joint_mixture").held("N", 1e8), vec!["P0", "P1", "alpha"]),
        ("two sizes", of("isoflop").runs_at("N", &[1e8, 1e9], 20), vec!["a", "b", "c"]),
        ("one size", of("farseer").at("N", |x| x == 1e6), farseer.to_vec()),
        ("two sizes", of("farseer").at("N", |x| x < 3e6), farseer.to_vec()),
        ("two budgets", of("rectified").runs_at("x", &[1e3, 1e6], 20), vec!["E", "A", "B", "alpha"]),
    ]
}

#[test]
fn every_law_has_a_design_that_cannot_tell_it() {
    let names = |planted: Vec<Planted>| planted.iter().map(|planted| planted.name).collect::<BTreeSet<_>>();
    assert_eq!(names(designs().into_iter().map(|(_, planted, _)| planted).collect()), names(library()));
}

#[test]
fn what_a_design_cannot_tell_is_flagged_in_every_data_set() {
    let missed: Vec<String> = designs()
        .into_iter()
        .flat_map(|(what, planted, loose)| {
            let one = |set: u64| -> Vec<String> {
                let data = planted.data(NOISE, set);
                let found = fit(planted.name, &planted.formula(), &data, &Options::default()).unwrap();
                let told = loose.iter().filter_map(|name| found.groups[0].parameter(name)).filter(|p| p.identified);
                told.map(|p| format!("{} with {what}, data set {set}: {p:?}", planted.name)).collect()
            };
            (0..SETS).into_par_iter().flat_map_iter(one).collect::<Vec<_>>()
        })
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
