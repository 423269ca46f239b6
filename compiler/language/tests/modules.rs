//! Studies of several files: what is seen where, what becomes part of the plan, and what each file's paths mean.
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::RefCell;

use common::{World, findings};
use synx_compiler::{Compiled, Host, Options, Unread, compile};
use synx_plan::corpus::{Content, Corpus, CorpusFacts};
use synx_plan::study::Plan;

const GRID: &str = "grid runs {
    axis tokens = [1Mi, 2Mi, 4Mi]
    data     = web
    model    = llama(64, 2)
    recipe   = standard()
    evaluate = web.heldout
}
";

const WEB: &str = "corpus web = world(register = web, documents = 20k, heldout = 2%)\n";

fn check(study: &str, files: &[(&str, &str)]) -> Compiled {
    compile("study.synx", study, &World::with(files), &Options::default())
}

/// The plan without the places of its declarations: what keys are made of, and the names.
fn plan(study: &str, files: &[(&str, &str)]) -> serde_json::Value {
    let compiled = check(study, files);
    assert_eq!(findings(&compiled), Vec::<String>::new());
    let mut plan: Plan = compiled.plan.unwrap();
    plan.corpora.iter_mut().for_each(|corpus| corpus.origin = None);
    plan.grids.iter_mut().for_each(|grid| grid.origin = None);
    plan.laws.iter_mut().for_each(|law| law.origin = None);
    serde_json::to_value(plan).unwrap()
}

/// A world that counts what is read.
struct Counting {
    world: World,
    read: RefCell<Vec<String>>,
}

impl Host for Counting {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        self.read.borrow_mut().push(path.to_owned());
        self.world.read(path)
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        self.world.matches(pattern)
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        self.world.facts(corpora)
    }
}

#[test]
fn a_plan_does_not_depend_on_the_file_that_something_is_declared_in() {
    let whole = plan(&format!("synx 1\n{WEB}{GRID}"), &[]);
    let common = format!("synx 1\n{WEB}");
    let imported = plan(&format!("synx 1\nfrom \"common.synx\" import web\n{GRID}"), &[("common.synx", &common)]);
    assert_eq!(whole, imported);
    let all = format!("synx 1\n{WEB}{GRID}");
    let grid = plan("synx 1\nfrom \"all.synx\" import runs\n", &[("all.synx", &all)]);
    assert_eq!(whole, grid, "a grid that is imported is carried out");
}

#[test]
fn a_file_has_its_own_names() {
    let common = format!("synx 1\nlet r = 25%\n{WEB}mixture part(other) = r * other + rest * web\n");
    let study = format!(
        "synx 1\nfrom \"common.synx\" import part\nlet r = 75%\ncorpus web = world(register = textbook, documents = 20k, heldout = 1%)\n\
         mixture mine = r * web + rest * part(web)\n{}",
        GRID.replace("data     = web", "data     = mine")
    );
    let compiled = check(&study, &[("common.synx", &common)]);
    assert_eq!(findings(&compiled), Vec::<String>::new());
    let plan = compiled.plan.unwrap();
    let shares: Vec<String> = plan.mixtures[0].shares().iter().map(|(_, share)| share.to_string()).collect();
    // 3/4 of ours, and of the fourth that is left 1/4 of ours and 3/4 of theirs.
    assert_eq!(shares, ["13/16", "3/16"]);
}

#[test]
fn imports_go_through_files() {
    let files = [
        ("a.synx", "synx 1\nfrom \"b.synx\" import web\n"),
        ("b.synx", "synx 1\nfrom \"lib/c.synx\" import web\n"),
        (
            "lib/c.synx",
            "synx 1\nfrom \"../d.synx\" import many\ncorpus web = world(register = web, documents = many, heldout = 2%)\n",
        ),
        ("d.synx", "synx 1\nlet many = 20k\n"),
    ];
    let through = plan(&format!("synx 1\nfrom \"a.synx\" import web\n{GRID}"), &files);
    assert_eq!(through, plan(&format!("synx 1\n{WEB}{GRID}"), &[]));
}

#[test]
fn a_file_that_two_import_is_read_once() {
    let files = [
        ("left.synx", "synx 1\nfrom \"base.synx\" import web\nmixture left = 50% * web + rest * web\n"),
        ("right.synx", "synx 1\nfrom \"./base.synx\" import web\nmixture right = 50% * web + rest * web\n"),
        ("base.synx", "synx 1\ncorpus web = world(register = web, documents = 20k, heldout = 2%)\n"),
    ];
    let host = Counting { world: World::with(&files), read: RefCell::default() };
    let study = "synx 1\nfrom \"left.synx\" import left\nfrom \"right.synx\" import right\nmixture both = 50% * left + rest * right\n";
    let compiled = compile("study.synx", study, &host, &Options::default());
    assert_eq!(findings(&compiled), Vec::<String>::new());
    assert_eq!(host.read.into_inner(), ["left.synx", "right.synx", "base.synx"]);
}

#[test]
fn mistakes_are_shown_in_the_file_that_has_them() {
    let files = [(
        "common.synx",
        "synx 1\ncorpus web = world(register = web, documents = 20k tokens, heldout = 2%)\nlet spare = nothing\n",
    )];
    let compiled = check("synx 1\nfrom \"common.synx\" import web\nmixture m = 50% * web + rest * web\n", &files);
    assert_eq!(
        findings(&compiled),
        [
            "common.synx:2:48: error[E0202]: `documents` is counted in documents, not in tokens",
            "common.synx:3:13: error[E0101]: nothing here is called `nothing`",
        ]
    );
    assert_eq!(compiled.sources.files().len(), 2);
}

#[test]
fn what_the_study_does_not_reach_is_not_part_of_it() {
    let common =
        format!("synx 1\n{WEB}corpus absent {{ files = \"data/absent.txt\" }}\n{}", GRID.replace("runs", "others"));
    let imported = plan(&format!("synx 1\nfrom \"common.synx\" import web\n{GRID}"), &[("common.synx", &common)]);
    assert_eq!(imported, plan(&format!("synx 1\n{WEB}{GRID}"), &[]));
    let law = "law fit { over = others; free E in 0.., B in 0..; loss ~ E + B / tokens }\n";
    let study = format!("synx 1\nfrom \"common.synx\" import web, fit\n{GRID}");
    let compiled = check(&study, &[("common.synx", &format!("{common}{law}"))]);
    assert_eq!(findings(&compiled), Vec::<String>::new());
    let grids: Vec<String> = compiled.plan.unwrap().grids.into_iter().map(|grid| grid.name).collect();
    assert_eq!(grids, ["runs", "others"], "a law needs its grid");
}

#[test]
fn paths_are_relative_to_the_file_that_they_stand_in() {
    let files = [(
        "lib/data.synx",
        "synx 1\ncorpus wiki { files = \"../data/wiki.txt.gz\"; heldout = 5% }\ncorpus named(path) { files = path; heldout = 5% }\n",
    )];
    let study =
        GRID.replace("web", "wiki").replace("data     = wiki", "axis data = [wiki, named(\"data/wiki.txt.gz\")]");
    let compiled = check(&format!("synx 1\nfrom \"lib/data.synx\" import wiki, named\n{study}"), &files);
    assert_eq!(findings(&compiled), Vec::<String>::new());
    let plan = compiled.plan.unwrap();
    assert_eq!(plan.corpora.len(), 1, "both name the same file");
    let Content::Files(files) = &plan.corpora[0].content else { panic!() };
    assert_eq!(files.patterns, ["data/wiki.txt.gz"]);
}

#[test]
fn a_path_of_a_study_elsewhere_is_shown_from_there() {
    let world = World::with(&[("lib/common.synx", "synx 1\nlet half = 1/0\n")]);
    let study = "synx 1\nfrom \"lib/common.synx\" import half\nlet whole = 2 * half\n";
    let compiled = compile("studies/mine/study.synx", study, &world, &Options::default());
    assert!(findings(&compiled)[0].starts_with("studies/mine/lib/common.synx:2:"), "{:?}", findings(&compiled));
}

#[test]
fn a_param_that_is_imported_can_be_set() {
    let files = [(
        "common.synx",
        "synx 1\nparam documents = 20k\ncorpus web = world(register = web, documents = documents, heldout = 2%)\n",
    )];
    let study = format!("synx 1\nfrom \"common.synx\" import web, documents\nlet many = documents\n{GRID}");
    let options = Options { set: vec![("documents".to_owned(), "30k".to_owned())], ..Options::default() };
    let compiled = compile("study.synx", &study, &World::with(&files), &options);
    assert!(!compiled.has_errors(), "{:?}", findings(&compiled));
    let Content::World(world) = &compiled.plan.unwrap().corpora[0].content else { panic!() };
    assert_eq!(world.documents, 30_000);
}

#[test]
fn names_of_the_library_are_shadowed_by_those_of_a_file() {
    let own =
        "model llama(width, depth) { context = 64; blocks = [attention(heads = 2), swiglu(ratio = 8/3)] * depth }\n";
    let compiled = check(&format!("synx 1\n{WEB}{own}{GRID}"), &[]);
    assert_eq!(findings(&compiled), Vec::<String>::new());
    assert_eq!(compiled.plan.unwrap().models[0].context, 64);
    assert_eq!(compiled.sources.files().len(), 2, "the recipe is the library's: {:?}", compiled.sources);
    let library = check(&format!("synx 1\n{WEB}{GRID}"), &[]);
    assert_eq!(library.plan.unwrap().models[0].context, 256);
}

#[test]
fn documentation_reaches_the_plan() {
    let common = format!("synx 1\n/// Noisy text.\n{WEB}/// Nobody needs it.\nlet spare = 3\n");
    let grid = GRID.replace("    axis tokens", "    /// From seconds\n    /// to minutes.\n    axis tokens");
    let study = format!("synx 1\nfrom \"common.synx\" import web\n/// The whole of it.\n{grid}");
    let plan = check(&study, &[("common.synx", &common)]).plan.unwrap();
    let said: Vec<_> = plan.documented.iter().map(|d| (d.kind.as_str(), d.name.as_str(), d.text.as_str())).collect();
    assert_eq!(
        said,
        [
            ("grid", "runs", "The whole of it."),
            ("axis", "runs.tokens", "From seconds\nto minutes."),
            ("corpus", "web", "Noisy text."),
        ]
    );
    assert_eq!(plan.documented[2].origin.as_ref().unwrap().file, "common.synx");
}
