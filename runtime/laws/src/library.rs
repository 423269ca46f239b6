//! The library's laws on planted data: random data sets of known truth with 1 % noise. How far estimates are off and how often intervals hold the
//! truth (`coverage`), and designs that cannot tell a parameter (`designs`).
//!
//! The formulas are those of the standard library with their families written out; this crate knows no language to read them with.

mod coverage;
mod designs;

use synx_plan::law::{Formula, Method};
use synx_plan::random::Stream;

use crate::Table;
use crate::testing::{formula, parse, table};

const NOISE: f64 = 0.01;

/// The standard library's source, for its names.
const LIBRARY: &str = include_str!("../../../compiler/language/src/std/laws.synx");

/// A law of the library with a truth and a design on which it can be told.
struct Planted {
    name: &'static str,
    law: String,
    /// Each with its bounds and its true value.
    parameters: Vec<(String, f64)>,
    lets: Vec<(&'static str, &'static str)>,
    method: Method,
    columns: Vec<(String, Vec<f64>)>,
}

impl Planted {
    fn new(name: &'static str, law: impl Into<String>, parameters: &[(&str, f64)]) -> Planted {
        let parameters = parameters.iter().map(|(text, value)| ((*text).to_owned(), *value)).collect();
        Planted { name, law: law.into(), parameters, lets: vec![], method: Method::default(), columns: vec![] }
    }

    /// Over every combination of the columns' values.
    fn over(mut self, axes: &[(&str, Vec<f64>)]) -> Planted {
        self.columns.clear();
        let rows: usize = axes.iter().map(|(_, values)| values.len()).product();
        let mut every = rows;
        for (name, values) in axes {
            every /= values.len();
            self.columns.push(((*name).to_owned(), (0..rows).map(|row| values[row / every % values.len()]).collect()));
        }
        self
    }

    fn with(self, method: Method) -> Planted {
        Planted { method, ..self }
    }

    fn formula(&self) -> Formula {
        let texts: Vec<&str> = self.parameters.iter().map(|(text, _)| text.as_str()).collect();
        let names: Vec<&str> = texts.iter().map(|text| text.split(' ').next().unwrap()).collect();
        // What a `let` abbreviates is written out by name, innermost last.
        let mut law = self.law.clone();
        for (name, value) in self.lets.iter().rev() {
            law = law
                .split(' ')
                .map(|w| if w == *name { format!("( {value} )") } else { w.to_owned() })
                .collect::<Vec<_>>()
                .join(" ");
        }
        let mut found = formula(&law, &texts);
        found.target = parse("loss", &names);
        found.method = self.method.clone();
        found
    }

    /// The design with losses of the truth under noise.
    fn data(&self, noise: f64, seed: u64) -> Table {
        let law = self.formula();
        let random = Stream::new("test/library", &(self.name, seed));
        let curve = law.curve().unwrap();
        let names: Vec<&str> = law.free.iter().map(|free| free.name.as_str()).collect();
        let rows = self.columns[0].1.len();
        let loss = |row: usize| {
            let clean = curve.evaluate(&|name| match name {
                synx_plan::expression::Name::Column(column) => {
                    self.columns.iter().find(|(known, _)| known == column).unwrap().1[row]
                }
                synx_plan::expression::Name::Parameter(p) => {
                    self.parameters[names.iter().position(|n| *n == p).unwrap()].1
                }
                _ => f64::NAN,
            });
            clean * (noise * random.normal(row as u64)).exp()
        };
        let losses: Vec<f64> = (0..rows).map(loss).collect();
        let columns: Vec<(&str, Vec<f64>)> =
            self.columns.iter().map(|(name, values)| (name.as_str(), values.clone())).collect();
        table(&[columns, vec![("loss", losses)]].concat())
    }
}

fn powers(low: f64, factor: f64, count: i32) -> Vec<f64> {
    (0..count).map(|i| low * factor.powi(i)).collect()
}

/// Shares of so many sources in `rows` mixtures, drawn evenly from the simplex.
fn mixtures(sources: usize, rows: u64) -> Vec<(String, Vec<f64>)> {
    let random = Stream::new("test/mixtures", &sources);
    let mut columns = vec![Vec::new(); sources];
    for row in 0..rows {
        let parts: Vec<f64> = (0..sources as u64).map(|s| -(random.child(row).uniform(s).ln())).collect();
        let all: f64 = parts.iter().sum();
        columns.iter_mut().zip(parts).for_each(|(column, part)| column.push(part / all));
    }
    columns.into_iter().enumerate().map(|(s, column)| (format!("share{s}"), column)).collect()
}

fn sum(sources: usize, term: &str) -> String {
    (0..sources).map(|s| term.replace('#', &s.to_string())).collect::<Vec<_>>().join(" + ")
}

fn library() -> Vec<Planted> {
    let sizes = || ("N", powers(1e7, 2.0, 12));
    let tokens = || ("D", powers(2e8, 2.0, 12));
    let squares = || Method::LogSquares;
    let scales = |columns: &mut Vec<(String, Vec<f64>)>| {
        let rows = columns[0].1.len();
        columns.push(("N".to_owned(), (0..rows).map(|row| powers(1e7, 4.0, 5)[row % 5]).collect()));
        columns.push(("D".to_owned(), (0..rows).map(|row| powers(2e8, 4.0, 6)[row / 5 % 6]).collect()));
    };
    let mut additive = Planted::new(
        "additive_mixture",
        format!("loss ~ E + 1 / ({}) + A / N^alpha + B / D^beta", sum(3, "C# * share#^g#")),
        &[
            ("E 0..", 1.2),
            ("C0 0..", 0.5),
            ("C1 0..", 1.0),
            ("C2 0..", 0.8),
            ("g0 0..2", 0.9),
            ("g1 0..2", 0.5),
            ("g2 0..2", 0.7),
            ("A 0..", 400.0),
            ("alpha 0..2", 0.34),
            ("B 0..", 1500.0),
            ("beta 0..2", 0.36),
        ],
    );
    additive.columns = mixtures(3, 240);
    scales(&mut additive.columns);
    let mut joint = Planted::new(
        "joint_mixture",
        format!(
            "loss ~ E + 1 / ({}) + ({})^p / N^alpha + ({})^q / D^beta",
            sum(2, "C# * share#^g#"),
            sum(2, "P# * share#"),
            sum(2, "Q# * share#")
        ),
        &[
            ("E 0..", 1.2),
            ("C0 0..", 1.0),
            ("C1 0..", 2.0),
            ("g0 0..2", 0.6),
            ("g1 0..2", 0.8),
            ("P0 0..", 1000.0),
            ("P1 0..", 4000.0),
            ("p 0..2", 0.9),
            ("Q0 0..", 9000.0),
            ("Q1 0..", 1500.0),
            ("q 0..2", 0.9),
            ("alpha 0..2", 0.34),
            ("beta 0..2", 0.36),
        ],
    );
    // Two sources beside a third, whose share is the rest.
    joint.columns = mixtures(3, 300);
    scales(&mut joint.columns);
    let mut mixing = Planted::new(
        "mixing",
        format!("loss ~ c + exp({})", sum(4, "t# * share#")),
        &[("c 0..", 1.1), ("t0", -1.2), ("t1", 0.4), ("t2", 1.0), ("t3", -0.3)],
    )
    .with(squares());
    mixing.columns = mixtures(4, 120);
    let mut repeated = Planted::new(
        "data_constrained",
        "loss ~ E + A / size ^ alpha + B / text ^ beta",
        &[
            ("E 0..", 1.8),
            ("A 0..", 521.0),
            ("alpha 0..2", 0.35),
            ("B 0..", 1488.0),
            ("beta 0..2", 0.35),
            ("R_D 0..", 15.4),
            ("R_N 0..", 5.3),
        ],
    );
    repeated.lets = vec![
        ("G", "(alpha * A / (beta * B))^(1 / (alpha + beta))"),
        ("best", "G * (U * G )^(beta / alpha)"),
        ("unique", "min(N, best )"),
        ("size", "unique + unique * R_N * (1 - exp(-max(N / unique - 1, 0) / R_N))"),
        ("text", "min(D, U) + min(D, U) * R_D * (1 - exp(-max(D / U - 1, 0) / R_D))"),
    ];
    vec![
        Planted::new("power_law", "loss ~ E + A / x^alpha", &[("E 0..", 1.8), ("A 0..", 300.0), ("alpha 0..2", 0.35)])
            .over(&[("x", powers(1e6, 1.12, 120))]),
        Planted::new(
            "chinchilla",
            "loss ~ E + A / N^alpha + B / D^beta",
            &[("E 0..", 1.7), ("A 0..", 400.0), ("alpha 0..2", 0.34), ("B 0..", 1500.0), ("beta 0..2", 0.36)],
        )
        .over(&[sizes(), tokens()]),
        Planted::new(
            "kaplan",
            "loss ~ ((N_c / N)^(alpha_N / alpha_D) + D_c / D)^alpha_D",
            &[("N_c 0..", 8.8e13), ("alpha_N 0..2", 0.076), ("D_c 0..", 5.4e13), ("alpha_D 0..2", 0.095)],
        )
        .over(&[sizes(), tokens()]),
        repeated.over(&[
            ("N", powers(1e7, 4.0, 6)),
            ("U", powers(1e8, 5.0, 4)),
            ("times", vec![1.0, 3.0, 8.0, 20.0, 60.0, 200.0]),
        ]),
        Planted::new(
            "over_training",
            "loss ~ E + A / N^eta + B / (sqrt(6) * D)^eta",
            &[("E 0..", 1.8), ("A 0..", 166.0), ("B 0..", 367.0), ("eta 0..2", 0.27)],
        )
        .over(&[sizes(), tokens()]),
        Planted::new(
            "downstream_error",
            "loss ~ epsilon - k * exp(-gamma * x)",
            &[("epsilon 0..1", 0.85), ("k 0..", 2.08), ("gamma 0..", 0.756)],
        )
        .over(&[("x", (0..120).map(|i| 1.8 + 0.03 * f64::from(i)).collect())])
        .with(Method::Squares),
        mixing,
        Planted::new(
            "bimix",
            "loss ~ (B / D^beta + C) / r^alpha",
            &[("alpha 0..2", 0.06), ("B 0..", 1500.0), ("beta 0..2", 0.33), ("C 0..", 1.7)],
        )
        .over(&[("r", vec![0.03125, 0.0625, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0]), tokens()]),
        Planted::new("autoscale", "loss ~ (x + a)^(-b) + c", &[("a 0..", 1e5), ("b 0..2", 0.2), ("c 0..", 0.05)])
            .over(&[("x", powers(1e4, 1.12, 120))]),
        additive,
        joint,
        Planted::new("isoflop", "loss ~ a + b * log(N) + c * log(N)^2", &[("a", 32.0), ("b", -3.0), ("c 0..", 0.08)])
            .over(&[("N", powers(1e7, 1.055, 120))])
            .with(squares()),
        Planted::new(
            "farseer",
            "loss ~ exp(a_3 * N^gamma + b_3) + exp(a_2 * N^beta + b_2) / D^exp(a_1 * N^alpha + b_1)",
            &[
                ("a_1", -0.124),
                ("b_1", 0.424),
                ("alpha -2..2", 0.123),
                ("a_2", 88.01),
                ("b_2", -6.287),
                ("beta -2..2", -0.1),
                ("a_3", -0.021),
                ("b_3", 0.091),
                ("gamma -2..2", 0.169),
            ],
        )
        .over(&[("N", powers(1e6, 2.5, 16)), ("D", powers(1e8, 2.5, 16))]),
        Planted::new(
            "rectified",
            "loss ~ E + A / (x^alpha + B)",
            &[("E 0..", 1.2), ("A 0..", 40.0), ("B 0..", 30.0), ("alpha 0..2", 0.4)],
        )
        .over(&[("x", powers(1.0, 1.22, 120))]),
    ]
    .into_iter()
    .map(|mut planted| {
        // Text in all is text that is unique times how often it is read.
        if let [_, (_, unique), (name, times)] = &mut planted.columns[..]
            && name == "times"
        {
            times.iter_mut().zip(unique).for_each(|(times, unique)| *times *= *unique);
            *name = "D".to_owned();
        }
        planted
    })
    .collect()
}

#[test]
fn every_law_of_the_library_is_planted() {
    let named = LIBRARY.lines().filter_map(|line| line.strip_prefix("law ")?.split('(').next());
    let mut planted: Vec<&str> = library().iter().map(|planted| planted.name).collect();
    let mut named: Vec<&str> = named.collect();
    planted.sort_unstable();
    named.sort_unstable();
    assert_eq!(planted, named);
}
