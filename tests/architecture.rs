//! Which crate may know which: the architecture's arrows, read from the manifests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::root;

/// For each of our crates, those of ours that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("synx", &["synx-run", "synx-compiler", "synx-findings", "synx-lsp", "synx-plan"]),
    ("synx-answers", &["synx-laws", "synx-plan", "synx-tables"]),
    ("synx-compiler", &["synx-grammar", "synx-plan"]),
    ("synx-corpus", &["synx-plan"]),
    ("synx-cpu", &["synx-plan"]),
    ("synx-findings", &["synx-compiler"]),
    ("synx-gpu", &["synx-plan", "synx-shaders"]),
    ("synx-grammar", &[]),
    ("synx-laws", &["synx-plan"]),
    ("synx-lsp", &["synx-compiler", "synx-grammar", "synx-plan"]),
    ("synx-mutate", &[]),
    ("synx-plan", &[]),
    ("synx-report", &["synx-plan"]),
    (
        "synx-run",
        &[
            "synx-answers",
            "synx-corpus",
            "synx-cpu",
            "synx-gpu",
            "synx-laws",
            "synx-plan",
            "synx-report",
            "synx-store",
            "synx-tables",
            "synx-train",
        ],
    ),
    ("synx-shaders", &["synx-plan"]),
    ("synx-store", &["synx-plan"]),
    ("synx-tables", &["synx-laws", "synx-plan"]),
    ("synx-train", &["synx-plan"]),
];

/// What tests alone may add: texts changed at random, showing what the compiler finds as the command does, comparing the GPU's kernels with their twins, and training with a real executor and real data.
const TEST_ARROWS: &[(&str, &[&str])] = &[
    ("synx-compiler", &["synx-findings", "synx-mutate"]),
    ("synx-gpu", &["synx-cpu"]),
    ("synx-grammar", &["synx-mutate"]),
    ("synx-lsp", &["synx-mutate"]),
    ("synx-train", &["synx-cpu", "synx-corpus", "synx-store"]),
];

/// The crates that must be pure, with everything from outside that they may use: nothing that reads files, clocks or networks.
const PURE: &[(&str, &str, &[&str])] = &[
    ("synx-grammar", "grammar", &["pest", "pest_derive", "strsim"]),
    (
        "synx-plan",
        "compiler/plan",
        &[
            "blake3",
            "indexmap",
            "libm",
            "num-bigint",
            "num-integer",
            "num-rational",
            "num-traits",
            "schemars",
            "serde",
            "serde_json",
        ],
    ),
    (
        "synx-compiler",
        "compiler/language",
        &[
            "foldhash",
            "indexmap",
            "libm",
            "num-bigint",
            "num-integer",
            "num-traits",
            "schemars",
            "serde",
            "serde_json",
            "strsim",
        ],
    ),
];

/// Dependencies of every crate of the workspace: (name, whether for tests only).
fn dependencies() -> BTreeMap<String, Vec<(String, bool)>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut all = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let dependencies = package["dependencies"].as_array().unwrap();
        let one = |d: &serde_json::Value| (d["name"].as_str().unwrap().to_owned(), d["kind"] == "dev");
        all.insert(package["name"].as_str().unwrap().to_owned(), dependencies.iter().map(one).collect());
    }
    all
}

fn allowed<'a>(table: &'a [(&str, &'a [&'a str])], name: &str) -> &'a [&'a str] {
    table.iter().find(|(known, _)| *known == name).map_or(&[], |(_, allowed)| allowed)
}

#[test]
fn every_crate_has_its_place() {
    let names: Vec<String> = dependencies().into_keys().collect();
    let expected: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected);
}

#[test]
fn dependencies_point_one_way() {
    for (name, dependencies) in dependencies() {
        for (dependency, test_only) in dependencies.iter().filter(|(d, _)| d.starts_with("synx")) {
            let permitted = allowed(ARROWS, &name).contains(&dependency.as_str())
                || (*test_only && allowed(TEST_ARROWS, &name).contains(&dependency.as_str()));
            assert!(permitted, "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn pure_crates_depend_on_nothing_that_touches_the_world() {
    let all = dependencies();
    for (name, _, permitted) in PURE {
        let outside = all[*name].iter().filter(|(d, test_only)| !test_only && !d.starts_with("synx"));
        for (dependency, _) in outside {
            assert!(permitted.contains(&dependency.as_str()), "{name} is pure and must not depend on {dependency}");
        }
    }
}

/// Everything from outside that is linked into the pure crates, with what it needs in turn. All of it builds for a browser, and
/// none of it asks for files, clocks, threads or devices.
const PURE_TREE: &[&str] = &[
    "arrayvec",
    "blake3",
    "cfg-if",
    "constant_time_eq",
    "cpufeatures",
    "dyn-clone",
    "equivalent",
    "foldhash",
    "hashbrown",
    "indexmap",
    "itoa",
    "libm",
    "memchr",
    "num-bigint",
    "num-integer",
    "num-rational",
    "num-traits",
    "pest",
    "ref-cast",
    "schemars",
    "serde",
    "serde_core",
    "serde_json",
    "strsim",
    "ucd-trie",
    "zmij",
];

#[test]
fn what_pure_crates_are_linked_with_is_pure_in_turn() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let packages = PURE.iter().flat_map(|(name, ..)| ["-p", name]);
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--edges", "normal,no-proc-macro", "--prefix", "none"])
        .args(packages)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let linked: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(linked.len() > PURE.len() + 5, "{tree}");
    for name in linked {
        let ours = PURE.iter().any(|(pure, ..)| *pure == name);
        assert!(ours || PURE_TREE.contains(&name), "{name} is linked into the compiler");
    }
}

#[test]
fn pure_crates_use_nothing_that_touches_the_world() {
    for (name, folder, _) in PURE {
        let mut sources = Vec::new();
        rust_files(&root().join(folder).join("src"), &mut sources);
        assert!(!sources.is_empty(), "{name}");
        for path in sources {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod").next().unwrap();
            for door in ["std::fs", "std::env", "std::net", "std::process", "std::time", "std::thread"] {
                let used = code.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(door));
                assert!(!used, "{} uses {door}", path.display());
            }
        }
    }
}

fn rust_files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_tests = path.file_stem().is_some_and(|stem| stem == "tests" || stem == "testing");
        if path.is_dir() && !is_tests {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !is_tests {
            found.push(path);
        }
    }
}
