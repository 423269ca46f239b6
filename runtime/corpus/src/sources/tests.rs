use super::*;
use std::fs;
use synx_plan::corpus::{Files, Generator, Part, Process, ProcessKind, Register, Split, World};
use synx_plan::exact::Exact;
use synx_plan::problem::Origin;

use crate::tokens::END_OF_DOCUMENT;

fn exact(text: &str) -> Exact {
    text.parse().unwrap()
}

fn corpus(name: &str, content: Content, heldout: Option<&str>) -> Corpus {
    let origin = Some(Origin { file: format!("{name}.synx"), range: 0..1 });
    Corpus { name: name.to_owned(), content, heldout: heldout.map(exact), price: None, origin }
}

fn world(heldout: Option<&str>) -> Corpus {
    corpus("web", Content::World(World { register: Register::Web, documents: 600, seed: 1 }), heldout)
}

fn take(of: usize, tokens: u64) -> Corpus {
    corpus("part", Content::Take { of: CorpusId(of), tokens }, None)
}

fn rephrase(of: usize, tokens: Option<u64>) -> Corpus {
    let (of, generator) = (CorpusId(of), Generator::Builtin);
    corpus("hq", Content::Rephrase { of, style: Register::Encyclopedic, generator, tokens }, None)
}

fn write(about: usize, tokens: u64) -> Corpus {
    let (about, generator) = (CorpusId(about), Generator::Builtin);
    corpus("textbook", Content::Write { about, style: Register::Textbook, generator, tokens }, None)
}

fn files(pattern: &str, text: Option<&str>, split: Split, heldout: Option<&str>) -> Corpus {
    let files = Files { patterns: vec![pattern.to_owned()], text: text.map(str::to_owned), split };
    corpus("files", Content::Files(files), heldout)
}

/// A folder with `lines.txt`, whose lines are "line 0" to "line 99".
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lines = (0..100).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
    fs::write(folder.path().join("lines.txt"), lines).unwrap();
    folder
}

fn documents(tokens: &crate::Tokens) -> Vec<Vec<u8>> {
    let documents = tokens.as_bytes().split_inclusive(|byte| *byte == END_OF_DOCUMENT);
    documents.map(|document| document[..document.len() - 1].to_vec()).collect()
}

/// Builds every corpus, and checks that scan and build say the same.
fn built(root: &Path, corpora: &[Corpus]) -> Vec<BuiltCorpus> {
    let scanned = scan(root, corpora, Options::default()).unwrap();
    let built: Vec<BuiltCorpus> =
        (0..corpora.len()).map(|id| build(root, corpora, CorpusId(id), Options::default()).unwrap()).collect();
    for (built, scanned) in built.iter().zip(scanned) {
        assert_eq!(built.facts, scanned);
        for (part, tokens) in [(scanned.training, &built.training), (scanned.heldout, &built.heldout)] {
            assert_eq!(part.tokens, tokens.len() as u64);
            assert_eq!(part.bytes, tokens.text_bytes(0..tokens.len()));
        }
    }
    built
}

fn problem(root: &Path, corpora: &[Corpus]) -> Problem {
    let last = CorpusId(corpora.len() - 1);
    let sources = Sources::new(root, corpora, Options::default());
    let problem = sources.scan(last).unwrap_err();
    assert_eq!(problem, sources.build(last).unwrap_err());
    assert!(problem.origin.is_some() || problem.code == "E0933");
    problem
}

#[test]
fn a_file_becomes_documents_with_their_ends() {
    let folder = folder();
    let corpora = [files("lines.txt", None, Split::Lines, None)];
    let built = &built(folder.path(), &corpora)[0];
    assert_eq!(documents(&built.training)[7], b"line 7");
    assert_eq!(built.facts.training, PartFacts { documents: 100, tokens: 790, bytes: 690 });
    assert_eq!(built.facts.heldout, PartFacts::default());
    let sources = Sources::new(folder.path(), &corpora, Options::default());
    assert_eq!(built.facts.bytes_hash, sources.bytes_hash(CorpusId(0)).unwrap());
    assert_eq!(built.key, sources.key(CorpusId(0)).unwrap());
}

#[test]
fn held_out_documents_are_exactly_the_share_and_leave_the_others_in_order() {
    let folder = folder();
    let built = &built(folder.path(), &[files("lines.txt", None, Split::Lines, Some("1/50"))])[0];
    let (training, held) = (documents(&built.training), documents(&built.heldout));
    assert_eq!((training.len(), held.len()), (98, 2));
    let all: Vec<Vec<u8>> = (0..100).map(|n| format!("line {n}").into_bytes()).collect();
    let kept: Vec<_> = all.iter().filter(|line| !held.contains(line)).cloned().collect();
    assert_eq!(training, kept);
}

#[test]
fn a_take_is_a_prefix_with_its_last_document_whole() {
    let folder = folder();
    let corpora = [
        files("lines.txt", None, Split::Lines, Some("1/10")),
        take(0, 20),
        take(0, 100),
        take(2, 30),
        take(0, 1 << 40),
    ];
    let built = built(folder.path(), &corpora);
    let (all, small, large) = (&built[0], &built[1], &built[2]);
    assert!(all.training.as_bytes().starts_with(large.training.as_bytes()));
    assert!(large.training.as_bytes().starts_with(small.training.as_bytes()));
    assert!(large.training.as_bytes().starts_with(built[3].training.as_bytes()));
    let without_last = documents(&small.training).split_last().unwrap().1.iter().map(|d| d.len() + 1).sum::<usize>();
    assert!(small.training.len() >= 20 && without_last < 20);
    assert_eq!(built[4].training, all.training);
    assert!(built.iter().all(|part| part.heldout == all.heldout));
}

#[test]
fn rephrasings_follow_their_anchors() {
    let root = Path::new(".");
    let corpora = [world(Some("1/20")), rephrase(0, None), take(0, 50_000), rephrase(2, None), rephrase(1, None)];
    let built = built(root, &corpora);
    for rephrased in [&built[1], &built[4]] {
        assert_eq!(rephrased.facts.heldout.documents, 30);
        assert_eq!(rephrased.facts.training.documents, 570);
    }
    assert_eq!(built[0].facts.heldout.documents, 30);
    assert_eq!(built[3].facts.training.documents, built[2].facts.training.documents);
    // A document of a take is rephrased as in the whole.
    assert!(built[1].training.as_bytes().starts_with(built[3].training.as_bytes()));
    assert_eq!(built[1].heldout, built[3].heldout);
    assert_ne!(built[1].training, built[4].training);
    // Anchored: the n-th held-out rephrasing is about what the n-th held-out document is about.
    for (natural, rephrased) in documents(&built[0].heldout).iter().zip(documents(&built[1].heldout)) {
        let title = String::from_utf8(rephrased).unwrap().lines().next().unwrap().to_owned();
        let natural = String::from_utf8(natural.clone()).unwrap();
        assert!(natural.contains(&title[1..]), "{title}\n{natural}");
    }
}

#[test]
fn rephrasing_goes_on_until_its_tokens_are_there() {
    let corpora = [world(Some("1/20")), rephrase(0, Some(50_000)), rephrase(0, Some(1_500_000)), rephrase(0, None)];
    let built = built(Path::new("."), &corpora);
    let (cut, again, once) = (&built[1], &built[2], &built[3]);
    assert!((50_000..60_000).contains(&cut.training.len()));
    assert!((1_500_000..1_510_000).contains(&again.training.len()));
    assert!(once.training.len() < 750_000, "several rounds");
    assert!(again.training.as_bytes().starts_with(once.training.as_bytes()));
    assert!(again.training.as_bytes().starts_with(cut.training.as_bytes()));
    let mut texts = documents(&again.training);
    let told = texts.len();
    texts.sort();
    texts.dedup();
    assert!(texts.len() * 100 > told * 98, "each time in other words: {} of {told}", texts.len());
    assert!(built.iter().all(|b| b.facts.heldout.documents == 30));
}

#[test]
fn free_writing_has_its_tokens_and_nothing_held_out() {
    let corpora = [world(Some("1/20")), write(0, 100_000), write(0, 200_000), rephrase(1, None), take(1, 1000)];
    let built = built(Path::new("."), &corpora);
    assert!((100_000..110_000).contains(&built[1].training.len()));
    assert!(built[2].training.as_bytes().starts_with(built[1].training.as_bytes()));
    assert!(built[1..].iter().all(|b| b.facts.heldout == PartFacts::default()));
    assert_eq!(built[3].facts.training.documents, built[1].facts.training.documents);
}

#[test]
fn a_process_has_two_independent_stretches_and_no_ends() {
    let kind = ProcessKind::Zipf { exponent: exact("1") };
    let process = Process { kind, symbols: 200, tokens: 10_001, seed: 1 };
    let corpora = [corpus("p", Content::Process(process), Some("1/10")), take(0, 500)];
    let built = built(Path::new("."), &corpora);
    assert_eq!((built[0].training.len(), built[0].heldout.len()), (9000, 1001));
    assert_ne!(built[0].training.as_bytes()[..1001], *built[0].heldout.as_bytes());
    assert!(built[0].training.as_bytes().iter().all(|symbol| *symbol < 200));
    assert_eq!(built[1].training.as_bytes(), &built[0].training.as_bytes()[..500]);
}

#[test]
fn building_is_the_same_every_time_and_names_change_nothing() {
    let corpora = [world(Some("1/20")), rephrase(0, Some(400_000)), write(0, 100_000)];
    let mut renamed = corpora.clone();
    for corpus in &mut renamed {
        corpus.name.push('x');
    }
    assert_eq!(built(Path::new("."), &corpora), built(Path::new("."), &renamed));
}

#[test]
fn an_empty_corpus_is_refused() {
    let folder = folder();
    fs::write(folder.path().join("empty.txt"), " \n\n").unwrap();
    fs::write(folder.path().join("empty.jsonl"), "{\"text\": \"\"}\n").unwrap();
    for corpora in [
        vec![files("empty.txt", None, Split::Lines, None)],
        vec![files("empty.txt", None, Split::Lines, Some("1/2"))],
        vec![files("empty.jsonl", Some("text"), Split::File, None)],
        vec![files("lines.txt", None, Split::Lines, None), take(0, 0)],
        vec![corpus("none", Content::World(World { register: Register::Web, documents: 0, seed: 1 }), None)],
        vec![world(None), write(0, 0)],
    ] {
        assert_eq!(problem(folder.path(), &corpora).code, "E0922", "{corpora:?}");
    }
}

#[test]
fn nothing_is_held_out_of_a_single_document() {
    let folder = folder();
    let problem = problem(folder.path(), &[files("lines.txt", None, Split::File, Some("1/50"))]);
    assert_eq!(problem.code, "E0925");
    assert!(problem.help.unwrap().contains("split = paragraphs"));
}

#[test]
fn what_is_not_of_the_built_in_world_cannot_be_told_again_by_it() {
    let folder = folder();
    let lines = || files("lines.txt", None, Split::Lines, None);
    assert_eq!(problem(folder.path(), &[lines(), rephrase(0, None)]).code, "E0927");
    assert_eq!(problem(folder.path(), &[lines(), take(0, 10), write(1, 10)]).code, "E0927");
}

#[test]
fn a_plan_whose_inputs_stand_behind_is_refused() {
    assert_eq!(problem(Path::new("."), &[take(0, 10)]).code, "E0933");
    assert_eq!(problem(Path::new("."), &[take(5, 10)]).code, "E0933");
}

#[test]
fn more_than_memory_is_meant_to_hold_is_refused() {
    let corpora = [world(None), rephrase(0, Some(10_000)), write(0, u64::MAX)];
    let options = Options { tokens: 5000, ..Options::default() };
    let sources = Sources::new(Path::new("."), &corpora, options);
    for id in [CorpusId(0), CorpusId(1), CorpusId(2)] {
        assert_eq!(sources.build(id).unwrap_err().code, "E0924");
        assert_eq!(sources.scan(id).unwrap_err().code, "E0924");
    }
    let options = Options { documents: 50, ..Options::default() };
    let folder = folder();
    assert_eq!(
        scan(folder.path(), &[files("lines.txt", None, Split::Lines, None)], options).unwrap_err().code,
        "E0924"
    );
}

#[test]
fn files_that_change_between_scan_and_build_are_noticed() {
    let folder = folder();
    let corpora = [files("lines.txt", None, Split::Lines, Some("1/10"))];
    let sources = Sources::new(folder.path(), &corpora, Options::default());
    let key = sources.key(CorpusId(0)).unwrap();
    sources.scan(CorpusId(0)).unwrap();
    let text = fs::read_to_string(folder.path().join("lines.txt")).unwrap();
    fs::write(folder.path().join("lines.txt"), text.replace('7', "8")).unwrap();
    assert_eq!(sources.build(CorpusId(0)).unwrap_err().code, "E0926");
    fs::write(folder.path().join("lines.txt"), text.clone() + "more\n").unwrap();
    assert_eq!(sources.build(CorpusId(0)).unwrap_err().code, "E0926");
    fs::write(folder.path().join("lines.txt"), &text).unwrap();
    let built = sources.build(CorpusId(0)).unwrap();
    assert_eq!((built.part(Part::All).len(), built.key), (790, key));
    let hashed = Sources::new(folder.path(), &corpora, Options::default());
    hashed.key(CorpusId(0)).unwrap();
    fs::write(folder.path().join("lines.txt"), text + "more\n").unwrap();
    assert_eq!(hashed.scan(CorpusId(0)).unwrap_err().code, "E0926");
}
