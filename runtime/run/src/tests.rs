//! What must hold of whole studies, on the CPU: small plans from scan to files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use synx_plan::corpus::{Content, Corpus, CorpusId, Part, Process, ProcessKind, Register, World};
use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression};
use synx_plan::grid::{self, Column, ColumnKind, ColumnValue, Domain, Evaluation, Grid};
use synx_plan::law::{Formula, FreeParameter, Law, Method};
use synx_plan::mixture::Mixture;
use synx_plan::model::{Block, Model};
use synx_plan::problem::Problem;
use synx_plan::recipe::{AdamW, Length, Precision, RateSchedule, Recipe};
use synx_plan::study::{Plan, Settings};
use synx_plan::table::{Table, TableId};
use synx_report::{CellStatus, LawOutcome, StudyResults};
use synx_store::Store;

use crate::{CellState, DeviceChoice, Event, Keep, Progress, RunOptions, Silent, Summary, facts, run, scan, status};

const CONTEXT: u64 = 32;
const BATCH: u64 = 128;

fn decimal(text: &str) -> Exact {
    Exact::from_decimal(text).unwrap()
}

fn markov(seed: u64, symbols: u64, tokens: u64) -> Corpus {
    let kind = ProcessKind::Markov { order: 1, concentration: decimal("0.3") };
    let content = Content::Process(Process { kind, symbols, tokens, seed });
    Corpus { name: format!("markov{seed}"), content, heldout: Some(decimal("0.05")), price: None, origin: None }
}

fn recipe(rate: &str) -> Recipe {
    Recipe {
        batch: BATCH,
        optimizer: AdamW {
            rate: decimal(rate),
            beta1: decimal("0.9"),
            beta2: decimal("0.95"),
            epsilon: decimal("1e-8"),
            weight_decay: decimal("0.1"),
        },
        schedule: RateSchedule::Wsd {
            warmup: Length::Tokens(4 * BATCH),
            decay: Length::Share(decimal("0.25")),
            last: Exact::zero(),
        },
        clip: Some(Exact::one()),
        precision: Precision::F32,
    }
}

pub(crate) fn model(width: u64) -> Model {
    Model {
        width,
        context: CONTEXT,
        vocabulary: 256,
        blocks: vec![Block::Attention { heads: 2, kv_heads: 1, head_dim: width / 2 }, Block::Swiglu { hidden: 32 }],
        tied: false,
        rotary_base: Exact::from(10_000u64),
        norm_epsilon: decimal("1e-5"),
        init_std: decimal("0.02"),
    }
}

fn heldout(corpus: usize) -> Domain {
    Domain { name: format!("markov{corpus}.heldout"), corpus: CorpusId(corpus), part: Part::Heldout }
}

/// Two processes, half of each; budgets of 8 to 32 steps by two rates; a law over each rate's budgets.
pub(crate) fn plan() -> Plan {
    let budgets = [8u64, 16, 24, 32];
    let rates = ["0.003", "0.01"];
    let numbers = |values: &[Exact]| values.iter().cloned().map(ColumnValue::Number).collect();
    let column =
        |name: &str, values| Column { name: name.to_owned(), kind: ColumnKind::Axis, unit: String::new(), values };
    let mut cells = Vec::new();
    for (r, _) in rates.iter().enumerate() {
        for (b, steps) in budgets.iter().enumerate() {
            cells.push(grid::Cell {
                values: Box::new([r as u32, b as u32]),
                mixture: 0,
                model: 0,
                recipe: r as u32,
                evaluation: 0,
                tokens: steps * BATCH,
                replicate: 1,
                start: None,
                objective: None,
                choice: None,
            });
        }
    }
    let power = Expression::binary(Binary::Power, Expression::column("tokens"), Expression::parameter("beta"));
    let term = Expression::binary(Binary::Divide, Expression::parameter("B"), power);
    let free =
        |name: &str| FreeParameter { name: name.to_owned(), low: Some(Exact::zero()), high: None, shared: false };
    Plan {
        corpora: vec![markov(0, 6, 6000), markov(1, 10, 4000)],
        facts: vec![None, None],
        mixtures: vec![Mixture::new([(CorpusId(0), decimal("0.5")), (CorpusId(1), decimal("0.5"))]).unwrap()],
        models: vec![model(16)],
        recipes: rates.map(recipe).into(),
        evaluations: vec![Evaluation {
            name: "both".to_owned(),
            domains: vec![heldout(0), heldout(1)],
            weights: Some(vec![decimal("0.25"), decimal("0.75")]),
            tokens: 1 << 20,
        }],
        grids: vec![Grid {
            name: "g".to_owned(),
            documentation: None,
            columns: vec![
                column("rate", numbers(&rates.map(decimal))),
                column("tokens", numbers(&budgets.map(|steps| Exact::from(steps * BATCH)))),
            ],
            cells,
            excluded: Vec::new(),
            conditions: Vec::new(),
            origin: None,
        }],
        tables: vec![Table::of_grid(0)],
        laws: vec![Law {
            name: "data_law".to_owned(),
            over: TableId(0),
            formula: Formula {
                by: vec!["rate".to_owned()],
                free: vec![free("B"), free("beta")],
                lets: Vec::new(),
                target: Expression::column("loss"),
                model: term.into(),
                method: Method::default(),
                test: None,
                bootstrap: 0,
                confidence: decimal("0.95"),
                seed: 17,
            },
            origin: None,
        }],
        ..Plan::new(Settings { seed: 17, ..Settings::named("tiny") })
    }
}

/// A study's folder.
pub(crate) struct Study {
    folder: tempfile::TempDir,
    pub plan: Plan,
}

/// How one run is made.
#[derive(Clone, Copy)]
pub(crate) struct How {
    pub threads: usize,
    pub slots: usize,
    pub share: bool,
    pub keep: Keep,
    /// Stop after so many looks at the losses.
    pub stop_after: usize,
}

pub(crate) const USUAL: How = How { threads: 2, slots: 4, share: true, keep: Keep::Weights, stop_after: usize::MAX };

impl Study {
    pub(crate) fn new(plan: Plan) -> Study {
        Study { folder: tempfile::tempdir().unwrap(), plan }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn out(&self) -> PathBuf {
        self.path().join("out")
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.out().join(name)).unwrap()
    }

    pub(crate) fn run(&mut self, how: How) -> Result<Summary, Problem> {
        self.run_watched(how, &mut Silent)
    }

    /// Scans and runs, as the command line does.
    fn run_watched(&mut self, how: How, progress: &mut dyn Progress) -> Result<Summary, Problem> {
        let found = scan(self.path(), &self.plan.corpora, false, &mut Silent).unwrap();
        self.plan.facts = found;
        let interrupt = AtomicBool::new(how.stop_after == 0);
        let looks = AtomicUsize::new(0);
        let mut options = RunOptions::new(self.path(), self.out(), &interrupt);
        options.device = DeviceChoice::Cpu;
        (options.threads, options.slots, options.share, options.keep) =
            (Some(how.threads), how.slots, how.share, how.keep);
        run(&self.plan, &options, &mut |event: Event| {
            let look = usize::from(matches!(event, Event::Stepped { .. }));
            interrupt.fetch_or(looks.fetch_add(look, Ordering::Relaxed) + look >= how.stop_after, Ordering::Relaxed);
            progress.tell(event);
        })
    }
}

/// Everything but times and keys (which a run without sharing has of its own).
pub(crate) fn bits(results: &StudyResults) -> Vec<String> {
    let row = |cell: &synx_report::CellResult| {
        let bits = |value: Option<f64>| value.map(f64::to_bits);
        let curve: Vec<_> =
            cell.curve.iter().map(|p| (p.step, p.tokens, p.loss.to_bits(), p.gradient_norm.to_bits())).collect();
        let domains: Vec<_> = cell.domains.iter().map(|d| (&d.domain, d.tokens, d.loss.to_bits())).collect();
        format!("{} {:?} {:?} {domains:?} {curve:?}", cell.cell, cell.status, bits(cell.loss))
    };
    results.cells.iter().map(row).collect()
}

#[test]
fn a_study_gives_a_row_a_cell_and_a_fit_a_group() {
    let mut study = Study::new(plan());
    let Summary { results, interrupted, steps, evaluations, .. } = study.run(USUAL).unwrap();
    assert!(!interrupted);
    // Each rate's trunk runs to the longest budget's decay (24 steps), where it goes on; the shorter budgets add their decays of 2, 4 and 6 steps.
    assert_eq!(steps, 2 * (32 + 2 + 4 + 6));
    assert_eq!(evaluations, 2 * 8);
    let names: Vec<&str> = results.cells.iter().map(|cell| cell.cell.as_str()).collect();
    assert_eq!(names[0], "g[rate=0.003,tokens=1024]");
    assert_eq!((names.len(), results.class.as_str()), (8, "cpu-f32/1"));
    for cell in &results.cells {
        assert_eq!(cell.status, CellStatus::Ok);
        assert_eq!(cell.curve.len() as u64, cell.tokens / BATCH);
        assert_eq!(cell.curve.last().unwrap().tokens, cell.tokens);
        // The first loss is that of a model that knows nothing.
        assert!((cell.curve[0].loss - 256f32.ln()).abs() < 0.1, "{}", cell.curve[0].loss);
        let [first, second] = &cell.domains[..] else { panic!("two domains") };
        assert_eq!(cell.loss, Some(0.25 * first.loss + 0.75 * second.loss));
        assert!(cell.loss.unwrap() < 5.5 && cell.seconds.unwrap() > 0.0);
        // A process has no document ends: every predicted token is a byte of text.
        assert!((first.bits_per_byte - first.loss / std::f64::consts::LN_2).abs() < 1e-12);
    }
    assert!(results.cells[3].loss < results.cells[0].loss, "longer budgets come further");
    let [law] = &results.laws[..] else { panic!("one law") };
    assert_eq!((law.law.as_str(), law.grid.as_str(), law.groups.len()), ("data_law", "g", 2));
    for group in &law.groups {
        assert_eq!((group.rows, group.rows_expected), (4, 4));
        let LawOutcome::Fitted(fit) = &group.outcome else { panic!("{:?}", group.outcome) };
        assert_eq!(fit.points, 4);
        assert_eq!(fit.parameters.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["B", "beta"]);
    }
    assert_eq!(study.file("results.csv").lines().count(), 9);
    assert_eq!(study.file("evaluations.csv").lines().count(), 17);
    assert_eq!(study.file("curves.csv").lines().count(), 2 * 80 + 1);
    assert_eq!(study.file("laws.csv").lines().count(), 5);
    assert!(study.file("plan.json").contains("\"tiny\""));
}

#[test]
fn a_second_run_trains_and_evaluates_nothing_and_writes_the_same_bytes() {
    let mut study = Study::new(plan());
    study.run(USUAL).unwrap();
    let files = ["results.csv", "evaluations.csv", "curves.csv", "laws.csv", "plan.json"];
    let before = files.map(|name| study.file(name));
    let mut events = Vec::new();
    let again = study.run_watched(USUAL, &mut |event: Event| events.push(event)).unwrap();
    assert_eq!((again.steps, again.evaluations), (0, 0));
    assert_eq!(files.map(|name| study.file(name)), before);
    assert!(events.contains(&Event::Start { cells: 8, done: 8, waiting: 0, segments: 0, steps: 0, evaluations: 0 }));
    assert!(!events.iter().any(|e| matches!(e, Event::Building { .. } | Event::Wave { .. } | Event::Warning(_))));
}

#[test]
fn slots_threads_sharing_and_what_is_kept_change_no_bit() {
    let usual = bits(&Study::new(plan()).run(USUAL).unwrap().results);
    for (what, how) in [
        ("alone", How { slots: 1, ..USUAL }),
        ("one thread", How { threads: 1, ..USUAL }),
        ("many slots", How { slots: 16, ..USUAL }),
        ("not shared", How { share: false, ..USUAL }),
        ("nothing kept", How { keep: Keep::None, ..USUAL }),
        ("all kept", How { keep: Keep::All, slots: 3, ..USUAL }),
    ] {
        assert_eq!(bits(&Study::new(plan()).run(how).unwrap().results), usual, "{what}");
    }
}

#[test]
fn phases_of_a_mixture_change_no_bit_before_the_switch_and_none_by_how_they_are_run() {
    let all_of = |corpus: usize| Mixture::new([(CorpusId(corpus), Exact::one())]).unwrap();
    let phased = || {
        let mut study = Study::new(plan());
        study.plan.mixtures = vec![Mixture::phased(&all_of(0), &all_of(1), &decimal("0.75"))];
        study
    };
    let together = bits(&phased().run(USUAL).unwrap().results);
    assert_eq!(together, bits(&phased().run(How { slots: 1, share: false, ..USUAL }).unwrap().results));
    let mut stopped = phased();
    while stopped.run(How { stop_after: 2, slots: 3, ..USUAL }).unwrap().interrupted {}
    assert_eq!(together, bits(&stopped.run(USUAL).unwrap().results));
    // Three quarters of the run are those of the first mixture; what comes after is not.
    let mut study = phased();
    let switched = study.run(USUAL).unwrap().results;
    study.plan.mixtures = vec![all_of(0)];
    let plain = study.run(USUAL).unwrap().results;
    for (switched, plain) in switched.cells.iter().zip(&plain.cells) {
        let losses = |cell: &synx_report::CellResult| cell.curve.iter().map(|p| p.loss.to_bits()).collect::<Vec<_>>();
        let (switched, plain) = (losses(switched), losses(plain));
        let switch = switched.len() * 3 / 4;
        assert_eq!(switched[..switch], plain[..switch]);
        assert_ne!(switched[switch..], plain[switch..]);
    }
}

#[test]
fn interrupted_anywhere_and_continued_gives_the_same_bits() {
    let straight = bits(&Study::new(plan()).run(USUAL).unwrap().results);
    for stop_after in [0, 1, 2, 3, 5, 8] {
        let mut study = Study::new(plan());
        let first = study.run(How { stop_after, slots: 2, ..USUAL }).unwrap();
        if first.interrupted {
            let missing = |cell: &&synx_report::CellResult| matches!(cell.status, CellStatus::Missing { .. });
            let lacking = first.results.cells.iter().filter(missing).count();
            assert!(lacking > 0);
            let standing = status(&study.plan, study.path(), true, false).unwrap();
            assert_eq!(standing.counts(), (8 - lacking, 0, lacking));
        }
        let second = study.run(USUAL).unwrap();
        assert!(!second.interrupted);
        assert_eq!(bits(&second.results), straight, "stopped after {stop_after}");
        assert_eq!(first.steps + second.steps, 2 * (32 + 2 + 4 + 6), "stopped after {stop_after}");
    }
}

#[test]
fn a_law_without_all_of_its_rows_is_reported_and_not_invented() {
    let mut study = Study::new(plan());
    let first = study.run(How { stop_after: 0, ..USUAL }).unwrap();
    let outcome = &first.results.laws[0].groups[0].outcome;
    assert_eq!(*outcome, LawOutcome::NotFitted("4 of its 4 rows have no result yet".to_owned()));
}

#[test]
fn a_rate_without_sense_marks_its_cells_and_the_others_finish() {
    let well = Study::new(plan()).run(USUAL).unwrap().results;
    let mut hot = plan();
    hot.recipes[1] = recipe("1e6");
    hot.grids[0].columns[0].values[1] = ColumnValue::Number(decimal("1e6"));
    let mut study = Study::new(hot);
    let summary = study.run(USUAL).unwrap();
    assert_eq!(bits(&summary.results)[..4], bits(&well)[..4]);
    for cell in &summary.results.cells[4..] {
        let CellStatus::Diverged { step } = cell.status else { panic!("{:?}", cell.status) };
        assert!((2..8).contains(&step), "{step}");
        assert_eq!(cell.curve.len() as u64, step - 1);
        assert_eq!((cell.loss, cell.domains.len()), (None, 0));
    }
    let groups = &summary.results.laws[0].groups;
    assert!(matches!(groups[0].outcome, LawOutcome::Fitted(_)));
    assert_eq!(groups[1].outcome, LawOutcome::NotFitted("all of its 4 rows diverged".to_owned()));
    assert_eq!(status(&study.plan, study.path(), true, false).unwrap().counts(), (4, 4, 0));
    let again = study.run(USUAL).unwrap();
    assert_eq!((again.steps, again.evaluations), (0, 0), "what diverged is not tried again");
}

#[test]
fn two_runs_at_a_time_are_refused() {
    let mut study = Study::new(plan());
    let held = Store::open(study.path()).unwrap().write().unwrap();
    let problem = study.run(USUAL).unwrap_err();
    assert_eq!(problem.code, "E0960");
    drop(held);
    study.run(How { stop_after: 0, ..USUAL }).unwrap();
}

/// The files of the store whose path holds `part`.
fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            found.extend(files(&path, part));
        } else if path.to_string_lossy().contains(part) {
            found.push(path);
        }
    }
    found
}

/// Entries by a part of their path, and what happens to them.
type Loss = (&'static str, fn(&Path));

#[test]
fn what_is_lost_or_damaged_is_found_and_made_again() {
    let mut study = Study::new(plan());
    let whole = bits(&study.run(USUAL).unwrap().results);
    let lose: [Loss; 3] = [
        ("segments", |path| std::fs::remove_file(path).unwrap()),
        ("evaluations", |path| std::fs::remove_file(path).unwrap()),
        ("segments", |path| std::fs::write(path, b"{}").unwrap()),
    ];
    for (part, lose) in lose {
        for every in [1, 3] {
            files(study.path(), part).iter().step_by(every).for_each(|path| lose(path));
            let (_, _, missing) = status(&study.plan, study.path(), true, false).unwrap().counts();
            assert!(missing > 0, "{part}");
            let again = study.run(USUAL).unwrap();
            assert_eq!(bits(&again.results), whole, "{part}, every {every}");
            assert!(again.steps > 0 || part == "evaluations");
        }
    }
    // Weights that are gone are no loss until something needs them.
    for path in files(study.path(), "weights") {
        std::fs::remove_file(path).unwrap();
    }
    assert_eq!(study.run(USUAL).unwrap().steps, 0);
    std::fs::remove_file(&files(study.path(), "evaluations")[0]).unwrap();
    let again = study.run(USUAL).unwrap();
    assert!(again.steps > 0 && again.evaluations == 1);
    assert_eq!(bits(&again.results), whole);
}

#[test]
fn a_larger_study_trains_only_what_is_new() {
    let mut study = Study::new(plan());
    let long = study.plan.grids[0].cells.split_off(4);
    study.plan.laws.clear();
    let kept = How { keep: Keep::All, ..USUAL };
    study.run(kept).unwrap();
    study.plan.grids[0].cells.extend(long);
    let second = study.run(kept).unwrap();
    assert_eq!(second.steps, 32 + 2 + 4 + 6, "the second rate alone");
    let mut whole = plan();
    whole.laws.clear();
    assert_eq!(bits(&second.results), bits(&Study::new(whole).run(USUAL).unwrap().results));
}

#[test]
fn equal_cells_train_once_and_names_are_no_part_of_a_key() {
    let mut study = Study::new(plan());
    let first = study.run(USUAL).unwrap();
    let mut second = study.plan.grids[0].clone();
    second.name = "again".to_owned();
    study.plan.grids.push(second);
    study.plan.corpora[0].name = "renamed".to_owned();
    let both = study.run(USUAL).unwrap();
    assert_eq!((both.steps, both.evaluations), (0, 0));
    assert_eq!(both.results.cells.len(), 16);
    let losses = |results: &StudyResults, from: usize| {
        results.cells[from..from + 8].iter().map(|cell| cell.loss).collect::<Vec<_>>()
    };
    assert_eq!(losses(&both.results, 8), losses(&first.results, 0));
}

#[test]
fn cells_in_bf16_f16_and_f32_train_beside_each_other_and_never_for_each_other() {
    let want = Study::new(plan()).run(USUAL).unwrap();
    for (precision, class) in [(Precision::Bf16, "cpu-bf16/1"), (Precision::F16, "cpu-f16/1")] {
        beside_f32(precision, class, &want);
    }
}

fn beside_f32(precision: Precision, class: &str, want: &Summary) {
    let mut mixed = plan();
    // The first rate's budgets in this precision, and a second recipe like the first, in f32: nothing but the precision tells them apart.
    mixed.recipes[1] = mixed.recipes[0].clone();
    mixed.recipes[0].precision = precision;
    let mut study = Study::new(mixed);
    let mut told = Vec::new();
    let summary = study
        .run_watched(USUAL, &mut |event: Event| {
            if let Event::Device { classes, .. } = event {
                told.extend(classes);
            }
        })
        .unwrap();
    assert_eq!(told, ["cpu-f32/1", class]);
    let cells = &summary.results.cells;
    for (rounded, exact) in cells[..4].iter().zip(&cells[4..]) {
        assert_eq!((rounded.class.as_str(), exact.class.as_str()), (class, "cpu-f32/1"));
        assert_ne!(rounded.key, exact.key);
        let (rounded, exact) = (rounded.loss.unwrap(), exact.loss.unwrap());
        assert!(rounded != exact && (rounded / exact - 1.0).abs() < 0.01, "{rounded}, in f32 {exact}");
    }
    // In f32 as in a study that has nothing else.
    let losses = |cells: &[synx_report::CellResult]| cells.iter().map(|cell| cell.loss).collect::<Vec<_>>();
    assert_eq!(losses(&cells[4..]), losses(&want.results.cells[..4]));
    let again = study.run(USUAL).unwrap();
    assert_eq!((again.steps, again.evaluations), (0, 0));
    assert_eq!(bits(&again.results), bits(&summary.results));
    let standing = status(&study.plan, study.path(), true, false).unwrap();
    assert_eq!((standing.counts(), standing.class.as_deref()), ((8, 0, 0), Some("cpu-f32/1")));
    // As many of each: by name.
    assert_eq!(standing.classes, [(class.to_owned(), 4), ("cpu-f32/1".to_owned(), 4)]);
}

#[test]
fn a_study_in_bf16_alone_has_no_class_of_f32() {
    let mut plan = plan();
    plan.recipes.iter_mut().for_each(|recipe| recipe.precision = Precision::Bf16);
    let mut study = Study::new(plan);
    let mut told = Vec::new();
    let summary = study.run_watched(How { stop_after: 3, slots: 1, ..USUAL }, &mut |event| told.push(event)).unwrap();
    let classes = told.iter().find_map(|event| match event {
        Event::Device { classes, .. } => Some(classes.clone()),
        _ => None,
    });
    assert_eq!(classes.unwrap(), ["cpu-bf16/1"]);
    assert!(summary.results.cells.iter().all(|cell| cell.class == "cpu-bf16/1"));
    // What was trained in it is what the device has, in whatever precision: nothing is of another.
    let mut again = Vec::new();
    study.run_watched(USUAL, &mut |event| again.push(event)).unwrap();
    assert!(!again.iter().any(|event| matches!(event, Event::OtherDevice { .. })));
    let standing = status(&study.plan, study.path(), true, false).unwrap();
    assert_eq!(standing.classes, [("cpu-bf16/1".to_owned(), 8)]);
}

#[test]
fn the_order_of_declarations_changes_no_bit() {
    let first = Study::new(plan()).run(USUAL).unwrap().results;
    let mut turned = plan();
    turned.corpora.reverse();
    for domain in &mut turned.evaluations[0].domains {
        domain.corpus = CorpusId(1 - domain.corpus.0);
    }
    let mut study = Study::new(turned);
    assert_eq!(bits(&study.run(USUAL).unwrap().results), bits(&first));
}

#[test]
fn facts_are_what_the_last_scan_found() {
    let study = Study::new(plan());
    let corpora = &study.plan.corpora;
    assert_eq!(facts(study.path(), corpora), [None, None]);
    assert!(!study.path().join(".synx").exists(), "looking leaves nothing");
    let found = scan(study.path(), corpora, false, &mut Silent).unwrap();
    let first = found[0].as_ref().unwrap();
    assert_eq!(first.training.tokens + first.heldout.tokens, 6000);
    assert_eq!(facts(study.path(), corpora), found);
    let mut events = Vec::new();
    scan(study.path(), corpora, false, &mut |event: Event| events.push(event)).unwrap();
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Scanned { again: true, .. })).count(), 2);
}

#[test]
fn files_are_hashed_and_read_again_when_they_change() {
    let mut study = Study::new(plan());
    let text = |seed: u32| (0..400).map(|i| format!("line {} of {seed}", i * seed)).collect::<Vec<_>>().join("\n");
    std::fs::write(study.path().join("a.txt"), text(3)).unwrap();
    let files = synx_plan::corpus::Files {
        patterns: vec!["a.txt".to_owned()],
        text: None,
        split: synx_plan::corpus::Split::Lines,
    };
    study.plan.corpora[0].content = Content::Files(files);
    study.plan.laws.clear();
    let first = study.run(USUAL).unwrap();
    assert_eq!(study.run(USUAL).unwrap().steps, 0);
    std::fs::write(study.path().join("a.txt"), text(5)).unwrap();
    let changed = study.run(USUAL).unwrap();
    assert_eq!(changed.steps, first.steps, "other bytes are another corpus");
    std::fs::write(study.path().join("a.txt"), text(3)).unwrap();
    let back = study.run(USUAL).unwrap();
    assert_eq!(back.steps, 0, "and the first is still there");
    assert_eq!(bits(&back.results), bits(&first.results));
}

#[test]
fn problems_of_all_corpora_are_found_before_anything_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| Corpus {
        name: name.to_owned(),
        content: Content::Files(synx_plan::corpus::Files {
            patterns: vec![format!("{name}.txt")],
            text: None,
            split: synx_plan::corpus::Split::File,
        }),
        heldout: None,
        price: None,
        origin: None,
    };
    let taken = Corpus { content: Content::Take { of: CorpusId(0), tokens: 10 }, ..file("taken") };
    let problems = scan(folder.path(), &[file("a"), taken, file("b")], false, &mut Silent).unwrap_err();
    assert_eq!(problems.iter().map(|p| p.code).collect::<Vec<_>>(), ["E0910", "E0910"]);
    let mut study = Study::new(plan());
    study.plan.corpora[0] = markov(0, 6, 60);
    let problem = study.run(USUAL).unwrap_err();
    assert_eq!(problem.code, "E0929", "{problem}");
    assert!(!study.out().exists(), "nothing is half-written");
}

#[test]
fn documents_of_the_built_in_world_train_too() {
    let mut study = Study::new(plan());
    let world = World { register: Register::Web, documents: 60, seed: 1 };
    study.plan.corpora[0].content = Content::World(world);
    study.plan.grids[0].cells.truncate(2);
    study.plan.laws.clear();
    let results = study.run(USUAL).unwrap().results;
    let domain = &results.cells[0].domains[0];
    // Document ends are predicted and are no bytes of text.
    assert!(domain.bits_per_byte > domain.loss / std::f64::consts::LN_2);
}

/// The loss of a trained model comes down to the entropy rate of the process that made its data, and not below it.
#[test]
fn a_model_of_a_process_comes_to_its_entropy_rate_from_above() {
    let mut study = Study::new(plan());
    let process = Process {
        kind: ProcessKind::Markov { order: 1, concentration: decimal("0.5") },
        symbols: 5,
        tokens: 120_000,
        seed: 3,
    };
    let rate = synx_corpus::entropy_rate(&process).unwrap();
    study.plan.corpora = vec![Corpus {
        name: "chain".to_owned(),
        content: Content::Process(process),
        heldout: Some(decimal("0.2")),
        price: None,
        origin: None,
    }];
    study.plan.mixtures = vec![Mixture::new([(CorpusId(0), Exact::one())]).unwrap()];
    study.plan.evaluations[0].domains = vec![Domain { name: "chain.heldout".to_owned(), ..heldout(0) }];
    study.plan.evaluations[0].weights = None;
    study.plan.laws.clear();
    let budgets = [150u64, 300, 600];
    study.plan.grids[0].columns[1].values =
        budgets.iter().map(|steps| ColumnValue::Number(Exact::from(steps * BATCH))).collect();
    study.plan.grids[0].cells.drain(..5);
    for (cell, steps) in study.plan.grids[0].cells.iter_mut().zip(budgets) {
        cell.tokens = steps * BATCH;
        cell.values[1] = budgets.iter().position(|s| *s == steps).unwrap() as u32;
    }
    let results = study.run(USUAL).unwrap().results;
    let losses: Vec<f64> = results.cells.iter().map(|cell| cell.loss.unwrap()).collect();
    // 24,000 held-out symbols of a standard deviation near 0.5 nats leave a noise of 0.003.
    let noise = 0.01;
    assert!(losses.is_sorted_by(|a, b| a > b), "{losses:?} against {rate}");
    assert!(losses.iter().all(|loss| *loss > rate - noise), "{losses:?} against {rate}");
    assert!(losses[2] < rate + 0.05, "{losses:?} against {rate}");
}

#[test]
fn a_status_says_what_is_missing_and_why() {
    let mut study = Study::new(plan());
    let before = status(&study.plan, study.path(), true, false).unwrap();
    let missing = |why: &str| CellState::Missing { why: why.to_owned() };
    assert_eq!(before.class, None);
    assert!(before.cells.iter().all(|cell| cell.state == missing("not trained yet")));
    study.run(How { stop_after: 3, slots: 1, ..USUAL }).unwrap();
    let during = status(&study.plan, study.path(), true, false).unwrap();
    let (done, diverged, rest) = during.counts();
    assert!(diverged == 0 && rest > 0 && done + rest == 8);
    study.run(USUAL).unwrap();
    let after = status(&study.plan, study.path(), true, false).unwrap();
    assert_eq!((after.counts(), after.class.as_deref()), ((8, 0, 0), Some("cpu-f32/1")));
    assert_eq!((after.classes, after.holder), (vec![("cpu-f32/1".to_owned(), 8)], None));
}
