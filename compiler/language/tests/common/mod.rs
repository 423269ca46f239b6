//! A world in memory for the compiler's tests.
#![allow(dead_code, clippy::unwrap_used)]

use std::io;

use synx_compiler::{Compiled, Host, Options, Unread, compile};
use synx_plan::corpus::{Content, Corpus, CorpusFacts, PartFacts};
use synx_plan::observations::Header;

/// Rows that were measured elsewhere.
const RUNS: &str = include_str!("runs.csv");

/// What the reader of parquet says of the first half of a file.
const TORN: &str = "Parquet error: Invalid Parquet file. Corrupt footer";

/// Files that exist, and how many training tokens every corpus has (none: nothing was scanned).
pub struct World {
    pub files: Vec<&'static str>,
    /// Files to import from, by their paths; the others are those of `tests/wrong/imports`.
    pub texts: Vec<(String, String)>,
    pub tokens: Option<u64>,
}

impl Default for World {
    fn default() -> World {
        World {
            files: vec![
                "data/web.jsonl.zst",
                "data/wiki.txt.gz",
                "data/part-1.jsonl",
                "data/part-2.jsonl",
                "data/runs.csv",
                "data/tokens.npy",
            ],
            texts: Vec::new(),
            tokens: None,
        }
    }
}

impl World {
    /// A world with these files to import from.
    pub fn with(texts: &[(&str, &str)]) -> World {
        let texts = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        World { texts, ..World::default() }
    }
}

impl Host for World {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        if path.starts_with("..") || path.starts_with('/') {
            return Err(Unread::Outside);
        }
        if let Some((_, text)) = self.texts.iter().find(|(known, _)| known == path) {
            return Ok(text.clone().into_bytes());
        }
        if path == "data/runs.csv" {
            return Ok(RUNS.as_bytes().to_vec());
        }
        if !path.starts_with("imports/") {
            return Err(Unread::NotFound);
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/wrong/");
        std::fs::read(format!("{folder}{path}")).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unread::NotFound,
            _ => Unread::Failed(error.to_string()),
        })
    }

    /// The same on every machine.
    fn memory(&self) -> Option<u64> {
        Some(64 << 30)
    }

    /// As the command reads `runs.parquet` and `torn.parquet`, which stand beside this file.
    fn parquet_header(&self, path: &str) -> Option<Result<Header, Unread>> {
        let columns = [("tokens", true), ("loss", true), ("arm", false), ("ok", false)];
        let columns = columns.map(|(name, number)| (name.to_owned(), number)).to_vec();
        Some(match path {
            "data/runs.parquet" => Ok(Header { columns, rows: 3 }),
            "data/torn.parquet" => Err(Unread::Failed(TORN.to_owned())),
            _ => Err(Unread::NotFound),
        })
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        if pattern.contains("***") {
            return Err(format!("`{pattern}` is not a glob"));
        }
        if let Some(folder) = pattern.strip_suffix("*.synx") {
            let within = |path: &&str| path.strip_prefix(folder).is_some_and(|name| !name.contains('/'));
            let mut there: Vec<String> =
                self.texts.iter().map(|(path, _)| path.as_str()).filter(within).map(str::to_owned).collect();
            if folder == "imports/" {
                there.extend(imports());
            }
            return Ok(there);
        }
        let (start, end) = pattern.split_once('*').unwrap_or((pattern, ""));
        let fits = |file: &&&str| {
            if pattern.contains('*') { file.starts_with(start) && file.ends_with(end) } else { **file == pattern }
        };
        Ok(self.files.iter().filter(fits).map(|file| (*file).to_owned()).collect())
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        let mut facts: Vec<Option<CorpusFacts>> = Vec::new();
        for corpus in corpora {
            let of = corpus.content.of().and_then(|of| facts.get(of.0)?.clone());
            let tokens = match &corpus.content {
                Content::Process(process) => Some(process.tokens),
                Content::TakeShare { .. } | Content::Repeat { .. } => {
                    facts.push(corpus.content.derived(of.as_ref()));
                    continue;
                }
                content if content.not_carried_out().is_some() => None,
                _ => self.tokens,
            };
            let part = |tokens| PartFacts { documents: tokens / 100 + 1, tokens, bytes: tokens };
            facts.push(tokens.map(|tokens| {
                let heldout = if corpus.heldout.is_some() { tokens / 50 } else { 0 };
                CorpusFacts { bytes_hash: None, training: part(tokens - heldout), heldout: part(heldout) }
            }));
        }
        facts
    }
}

/// The files of `tests/wrong/imports`.
fn imports() -> Vec<String> {
    let entries = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/wrong/imports")).unwrap();
    let mut paths: Vec<String> =
        entries.map(|entry| format!("imports/{}", entry.unwrap().file_name().to_str().unwrap())).collect();
    paths.sort();
    paths
}

pub fn check(source: &str) -> Compiled {
    compile("study.synx", source, &World::default(), &Options::default())
}

/// The findings of a text, one a line.
pub fn findings(compiled: &Compiled) -> Vec<String> {
    compiled.diagnostics.iter().map(|d| synx_compiler::diagnostic::concise(d, &compiled.sources)).collect()
}

/// The plan of a text without an error.
pub fn plan(source: &str) -> synx_plan::study::Plan {
    let compiled = check(source);
    compiled.plan.clone().unwrap_or_else(|| panic!("{}", findings(&compiled).join("\n")))
}
