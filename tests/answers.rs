//! The questions that people ask of scaling laws, asked with the built command of rows whose laws are known: `studies/answers.synx`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::support::{Row, study, synx, table};

const STUDY: &str = include_str!("studies/answers.synx");

/// Noise of some size, the same in every run: a sum of hashed uniforms, with mean zero and variance one.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as f64 + 0.5) / (1u64 << 31) as f64
    }

    /// A factor about one.
    fn factor(&mut self, size: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.uniform()).sum();
        (size * (sum - 6.0)).exp()
    }
}

/// Loss over tokens for four parts of synthetic text, three seeds each: (part, floor, scale), all with the exponent 0.34.
const PARTS: [(f64, f64, f64); 4] =
    [(0.0, 1.9, 300.0), (1.0 / 3.0, 1.85, 190.0), (2.0 / 3.0, 2.0, 190.0), (1.0, 2.3, 190.0)];

fn write(folder: &Path) {
    let mut noise = Noise(5);
    let mut runs = "r,tokens,seed,loss\n".to_owned();
    for (r, floor, scale) in PARTS {
        for seed in 0..3 {
            for doubling in 0..8 {
                let tokens = 1e6 * f64::from(1 << doubling);
                let loss = (floor + scale / tokens.powf(0.34)) * noise.factor(0.002);
                let _ = writeln!(runs, "{r},{tokens},{seed},{loss}");
            }
        }
    }
    let mut sizes = "r,params,tokens,loss\n".to_owned();
    for r in [0.0, 0.25, 0.5, 0.75, 1.0f64] {
        for params in [1e6, 4e6, 16e6, 64e6f64] {
            for power in 0..5 {
                let tokens = 1e7 * 4f64.powi(power);
                let loss = 1.8 + 0.3 * r * r + 250.0 / params.powf(0.33) + 420.0 * (1.0 - 0.5 * r) / tokens.powf(0.35);
                let _ = writeln!(sizes, "{r},{params},{tokens},{}", loss * noise.factor(0.002));
            }
        }
    }
    let mut mixes = "part_web,part_wiki,part_code,loss\n".to_owned();
    for _ in 0..60 {
        let parts = [0; 3].map(|_| -noise.uniform().ln());
        let [web, wiki, code] = parts.map(|part| part / parts.iter().sum::<f64>());
        let loss = 1.5 + 1.0 / (0.5 * web.sqrt() + 0.6 * wiki.sqrt() + 0.9 * code.sqrt());
        let _ = writeln!(mixes, "{web},{wiki},{code},{}", loss * noise.factor(0.002));
    }
    let mut iso = "budget,params,loss\n".to_owned();
    for step in 0..6 {
        let budget = 1e17 * 10f64.powf(f64::from(step) / 2.0);
        // 1.7 + 400/N^0.34 + 410/D^0.28 is lowest at G·(C/6)^(0.28/0.62), G^0.62 = 0.34·400/(0.28·410).
        let best = (0.34 * 400.0 / (0.28 * 410.0f64)).powf(1.0 / 0.62) * (budget / 6.0).powf(0.28 / 0.62);
        for times in [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0] {
            let (params, tokens) = (best * times, budget / 6.0 / (best * times));
            let loss = 1.7 + 400.0 / params.powf(0.34) + 410.0 / tokens.powf(0.28);
            let _ = writeln!(iso, "{budget},{params},{}", loss * noise.factor(0.0005));
        }
    }
    let mut repeated = "unique,params,tokens,loss\n".to_owned();
    for unique in [1e6, 4e6, 16e6f64] {
        for epochs in [1.0, 2.0, 4.0, 8.0, 16.0, 40.0] {
            for params in [1e5, 8e5, 64e5f64] {
                let worth = unique + unique * 15.0 * (1.0 - (-(epochs - 1.0) / 15.0f64).exp());
                let loss = 1.9 + 60.0 / params.powf(0.35) + 500.0 / worth.powf(0.36);
                let _ = writeln!(repeated, "{unique},{params},{},{}", unique * epochs, loss * noise.factor(0.002));
            }
        }
    }
    for (name, text) in [("runs", runs), ("sizes", sizes), ("mixes", mixes), ("iso", iso), ("repeated", repeated)] {
        fs::write(folder.join(format!("{name}.csv")), text).unwrap();
    }
}

fn find<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    rows.iter().find(|row| row.get(column) == value).unwrap_or_else(|| panic!("no {column} {value}"))
}

/// The answer to the only question that begins so.
fn asked<'a>(answers: &'a [Row], question: &str) -> &'a Row {
    let found: Vec<&Row> = answers.iter().filter(|row| row.get("question").starts_with(question)).collect();
    assert_eq!(found.len(), 1, "{question}");
    found[0]
}

#[test]
fn every_question_to_planted_laws_is_answered_with_its_interval() {
    let folder = study(STUDY);
    write(folder.path());
    synx(folder.path(), ["check", "study.synx", "--deny", "warnings"]).expect(0);
    synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(0);
    let out = folder.path().join("results/answers");

    let claims = table(&out.join("claims.csv"));
    for claim in claims.iter().filter(|row| row.get("claim") != "alone_never") {
        assert_eq!(claim.get("verdict"), "holds", "{}", claim.get("claim"));
    }
    let laws = table(&out.join("laws.csv"));
    let law = |law: &str, parameter: &str| -> &Row {
        let of_law = laws.iter().filter(|row| row.get("law") == law);
        of_law.into_iter().find(|row| row.get("parameter") == parameter).unwrap()
    };
    // Held out as the study says: three rows of the largest budget; every row in its turn.
    assert_eq!((law("data_law", "E").get("points"), law("data_law", "E").get("test_points")), ("21", "3"));
    assert_eq!((law("joint", "E").get("points"), law("joint", "E").get("test_points")), ("100", "100"));
    let rd = law("constrained", "rd");
    assert!(rd.number("low") < 15.0 && 15.0 < rd.number("high"));
    // A law over the law of each budget: the compute-optimal size grows with the budget to the power of 0.28/0.62.
    let k = law("optimal_size", "k").number("estimate");
    assert!((k - 0.28 / 0.62).abs() < 0.02, "{k}");

    let answers = table(&out.join("answers.csv"));
    // Σ C·√s is largest where shares are as C²: 0.25, 0.36 and 0.81 of 1.42.
    let free = asked(&answers, "minimize(mixed, over = simplex([web, wiki, code]))");
    for (name, expected) in [("web", 17.6), ("wiki", 25.4), ("code", 57.0)] {
        assert!((percent(free, name) - expected).abs() < 1.5, "{}", free.get("chosen"));
    }
    // Four times what there is of code in 400k tokens, a quarter of wiki, and the rest of web.
    let limited = asked(&answers, "minimize(mixed, over = simplex([web, wiki, code]), cap_epochs = 4");
    let text = table(&out.join("results.csv"));
    assert!(text.is_empty(), "nothing is trained");
    assert!(
        (percent(limited, "wiki") - 25.0).abs() < 0.02 && percent(limited, "code") < 21.0,
        "{}",
        limited.get("chosen")
    );
    for answer in [free, limited] {
        let note = answer.get("note");
        assert!(
            note.contains("uniform shares: ") && note.contains("proportional shares: ") && note.contains(" to "),
            "{note}"
        );
        assert!(answer.number("low") < answer.number("estimate") && answer.number("estimate") < answer.number("high"));
    }
    let never = find(&claims, "claim", "alone_never");
    assert_eq!((never.get("verdict"), never.number("estimate")), ("fails", 0.0));
    assert!(
        never.get("note").contains("is infinite: nothing finite does it: the floor decides"),
        "{}",
        never.get("note")
    );

    // r* is 350 / D^0.35: 0.64 at 64M tokens, 0.15 at 4,096M; the same for both sizes.
    let best = fs::read_to_string(out.join("tables/best_part_table.md")).unwrap();
    let line = best.lines().find(|line| line.starts_with("| 1M |")).unwrap();
    let cells: Vec<f64> =
        line.split('|').skip(2).filter_map(|cell| cell.split_whitespace().next()?.parse().ok()).collect();
    let expected = [64e6, 256e6, 1024e6, 4096e6].map(|tokens: f64| 350.0 / tokens.powf(0.35));
    assert_eq!(cells.len(), 4, "{best}");
    assert!(cells.iter().zip(expected).all(|(found, expected)| (found - expected).abs() <= 0.075), "{best}");
    assert!(line.contains(" to "), "an interval: {line}");
    let speed = fs::read_to_string(out.join("figures/speed.svg")).unwrap();
    assert_eq!((speed.matches("class=\"band\"").count(), speed.matches("class=\"mark\"").count()), (3, 3 * 5 + 3));
}

/// The share of a source in a mixture as answers show it: `25% web + 75% wiki`.
fn percent(answer: &Row, source: &str) -> f64 {
    let part = answer.get("chosen").split(" + ").find_map(|part| part.strip_suffix(source)?.trim().strip_suffix('%'));
    part.map_or(0.0, |percent| percent.parse().unwrap())
}
