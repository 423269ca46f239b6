//! No text makes the compiler panic, hang or fill the memory.
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write as _;

use common::check;
use synx_compiler::{Host, Options, Unread, compile};
use synx_plan::corpus::{Corpus, CorpusFacts};

const TOUR: &str = include_str!("studies/tour.synx");

/// Grids small enough that thousands of texts are compiled in seconds.
fn small() -> String {
    TOUR.replace("1Mi..64Mi factor 2", "[1Mi, 2Mi]")
        .replace("4Mi..64Mi factor 4", "[4Mi]")
        .replace("1..3 step 1", "[1]")
}

#[test]
fn every_prefix_of_the_tour_compiles_to_something() {
    let source = small();
    let mut at = 0;
    while at <= source.len() {
        if source.is_char_boundary(at) {
            let compiled = check(&source[..at]);
            assert_eq!(compiled.plan.is_none(), compiled.has_errors());
        }
        // A prime, so that every kind of place is cut somewhere.
        at += 13;
    }
}

#[test]
fn hostile_texts_end_in_a_finding() {
    let mut chain = String::from("synx 1\n");
    for i in (0..2000).rev() {
        writeln!(chain, "let a{} = a{i} + 1", i + 1).unwrap();
    }
    chain.push_str("let a0 = 1\n");
    let mut calls = String::from("synx 1\nlet f0(x) = x\n");
    for i in 0..60 {
        writeln!(calls, "let f{}(x) = f{i}(x) + f{i}(x)", i + 1).unwrap();
    }
    calls.push_str("let y = f60(1)\n");
    let mut lists = String::from("synx 1\nlet l0 = [1]\n");
    for i in 0..60 {
        writeln!(lists, "let l{} = l{i} + l{i}", i + 1).unwrap();
    }
    let recursion = "synx 1\nlet f(x) = f(x + 1)\nlet y = f(0)\n".to_owned();
    let brackets = format!("synx 1\nlet x = {}", "(".repeat(100_000));
    let nested = "synx 1\nlet x = [[[1] * 1000000 for i in 1..1000000 step 1] for j in 1..1000000 step 1]\n".to_owned();
    let factor = "synx 1\nlet x = 1..1e300 factor 1.0000000001\n".to_owned();
    for (name, source) in [
        ("chain", &chain),
        ("calls", &calls),
        ("lists", &lists),
        ("recursion", &recursion),
        ("brackets", &brackets),
        ("nested", &nested),
        ("factor", &factor),
    ] {
        let compiled = check(source);
        assert!(compiled.has_errors() && compiled.plan.is_none(), "{name}");
    }
}

#[test]
fn long_sums_need_no_depth() {
    let sum = vec!["1"; 200].join(" + ");
    let compiled = check(&format!("synx 1\nlet x = {sum}\n"));
    assert!(!compiled.has_errors(), "{:?}", common::findings(&compiled));
}

#[test]
fn errors_of_one_file_come_all_at_once() {
    let mut source = String::from("synx 1\n");
    for i in 0..100 {
        writeln!(source, "let a{i} = b{i}").unwrap();
    }
    assert_eq!(check(&source).diagnostics.len(), 100);
}

#[test]
fn files_that_import_without_end_are_refused() {
    /// A folder that is a link to itself.
    struct Endless;
    impl Host for Endless {
        fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
            let name = path.rsplit('/').next().unwrap();
            Ok(format!("synx 1\nfrom \"again/{name}\" import a\n").into_bytes())
        }
        fn matches(&self, _pattern: &str) -> Result<Vec<String>, String> {
            Ok(Vec::new())
        }
        fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
            vec![None; corpora.len()]
        }
    }
    let compiled = compile("s.synx", "synx 1\nfrom \"again/s.synx\" import a\n", &Endless, &Options::default());
    let codes: Vec<&str> = compiled.diagnostics.iter().map(|d| d.code).collect();
    assert!(codes.contains(&"E0119") && codes.len() < 10, "{codes:?}");
}

#[test]
fn a_file_of_ten_megabytes_is_refused_before_it_is_read_through() {
    let large = format!("synx 1\nlet a = \"{}\"\n", "x".repeat(10 << 20));
    let world = common::World { texts: vec![("large.synx".to_owned(), large)], ..common::World::default() };
    let study = "synx 1\nfrom \"large.synx\" import a\nlet b = a\n";
    let compiled = compile("s.synx", study, &world, &Options::default());
    assert_eq!(compiled.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["E0119"]);
    assert_eq!(compiled.sources.files().len(), 1);
}

#[test]
fn many_files_in_a_circle_give_one_error() {
    let texts = (0..200).map(|i| {
        let next = (i + 1) % 200;
        (format!("f{i}.synx"), format!("synx 1\nfrom \"f{next}.synx\" import v{next}\nlet v{i} = 1\n"))
    });
    let world = common::World { texts: texts.collect(), ..common::World::default() };
    let compiled = compile("s.synx", "synx 1\nfrom \"f0.synx\" import v0\n", &world, &Options::default());
    let codes: Vec<&str> = compiled.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["E0115"]);
}
