//! A study on disk: its file, its folder, and the door through which the compiler sees the world.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use synx_compiler::{Answer, Compiled, Deny, Diagnostic, Host, Options, Sources, Unread};
use synx_plan::corpus::{Corpus, CorpusFacts};
use synx_plan::observations::Header;
use synx_plan::problem::Problem;
use synx_plan::study::Plan;

use crate::arguments::{StudyArguments, StudySettings};
use crate::outcome::Outcome;
use crate::render::findings::Findings;
use crate::render::progress::Shown;
use crate::render::{show_all, show_unread};

/// Bytes of a study's file. Arbitrary: a thousand times the largest study that anybody wrote by hand.
pub const LARGEST_FILE: u64 = 16 << 20;

/// A study that has been read.
pub struct Study {
    /// As the user gave it.
    pub path: PathBuf,
    /// The folder that paths in it are relative to, and in which its store lies.
    pub folder: PathBuf,
    text: String,
    set: Vec<(String, String)>,
    deny: Vec<Deny>,
    max_cells: u64,
    /// Whether it may read files outside its folder.
    pub allow_outside: bool,
}

impl Study {
    /// Reads a study. The error is a finding to be shown.
    pub fn open(path: &Path, settings: &StudySettings) -> Result<Study, Box<Diagnostic>> {
        let text = text(path)?;
        Ok(Study {
            path: path.to_owned(),
            folder: folder(path),
            text,
            set: settings.set.clone(),
            deny: settings.deny.clone(),
            max_cells: settings.max_cells,
            allow_outside: settings.allow_path,
        })
    }

    /// The door to what stands beside a study whose text is kept elsewhere: in an editor.
    pub fn beside(path: &Path, allow_outside: bool) -> Study {
        let Options { set, deny, max_cells, .. } = Options::default();
        Study { path: path.to_owned(), folder: folder(path), text: String::new(), set, deny, max_cells, allow_outside }
    }

    /// Compiles it with what the last scans of its corpora found.
    pub fn compile(&self) -> Compiled {
        self.compile_with(self)
    }

    /// Compiles it, scans its corpora where that has not been done or their sources have changed, and compiles it again with what was found. Shows every
    /// finding; what is `Ok` has a plan.
    pub fn compile_scanned(&self, scans_told: bool, shown: &mut Findings) -> Result<Compiled, Outcome> {
        let mut compiled = self.compile();
        let mut known = Known { study: self, facts: Vec::new() };
        if !compiled.unscanned.is_empty() {
            known.facts = self.scanned(&compiled, &compiled.unscanned, scans_told, shown)?;
            compiled = self.compile_with(&known);
        }
        let Some(plan) = &compiled.plan else {
            shown.show(&compiled.diagnostics, &compiled.sources);
            return Err(Outcome::Failed);
        };
        let scanned = self.scanned(&compiled, &plan.corpora, scans_told, shown)?;
        known.facts.extend(scanned);
        let compiled = self.compile_with(&known);
        shown.show(&compiled.diagnostics, &compiled.sources);
        if compiled.plan.is_some() { Ok(compiled) } else { Err(Outcome::Failed) }
    }

    /// Scans corpora; problems are shown.
    fn scanned(
        &self,
        compiled: &Compiled,
        corpora: &[Corpus],
        told: bool,
        shown: &mut Findings,
    ) -> Result<Vec<(Corpus, Option<CorpusFacts>)>, Outcome> {
        let sources = compiled.sources.clone();
        let mut progress = if told { Shown::run(sources, shown) } else { Shown::scan(sources, shown) };
        let scanned = synx_run::scan(&self.folder, corpora, self.allow_outside, &mut progress);
        drop(progress);
        match scanned {
            Ok(facts) => Ok(corpora.iter().cloned().zip(facts).collect()),
            Err(problems) => {
                let findings: Vec<Diagnostic> = problems.iter().map(finding).collect();
                shown.show(&findings, &compiled.sources);
                Err(Outcome::Failed)
            }
        }
    }

    fn compile_with(&self, host: &dyn Host) -> Compiled {
        synx_compiler::compile(&self.path.display().to_string(), &self.text, host, &self.options())
    }

    fn options(&self) -> Options {
        Options { set: self.set.clone(), deny: self.deny.clone(), max_cells: self.max_cells, ..Options::default() }
    }

    /// What an expression comes to in it.
    pub fn explain(&self, expression: &str) -> Answer {
        synx_compiler::explain(&self.path.display().to_string(), &self.text, self, &self.options(), expression)
    }
}

/// A study with the plan that it has as it stands: nothing is scanned for it.
pub struct Planned {
    pub study: Study,
    pub plan: Plan,
    /// The texts that findings point into.
    pub sources: Sources,
}

impl Planned {
    /// Reads and compiles a study. Where there is no plan, what is wrong has been shown.
    pub fn open(arguments: &StudyArguments) -> Result<Planned, Outcome> {
        let study = Study::open(&arguments.file, &arguments.settings).map_err(|finding| show_unread(&finding))?;
        let Compiled { plan, diagnostics, sources, .. } = study.compile();
        let Some(plan) = plan else {
            show_all(&diagnostics, &sources);
            return Err(Outcome::Failed);
        };
        Ok(Planned { study, plan, sources })
    }
}

/// The text of a study's file. The error is a finding to be shown.
pub fn text(path: &Path) -> Result<String, Box<Diagnostic>> {
    let bytes = read(path).map_err(|problem| Box::new(Diagnostic::from_problem(&problem)))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Box::new(Diagnostic::not_utf8(&path.display().to_string(), error.as_bytes(), at))
    })
}

/// The folder that a study stands in.
fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A study whose corpora have just been scanned: also right where the findings could not be kept.
struct Known<'a> {
    study: &'a Study,
    facts: Vec<(Corpus, Option<CorpusFacts>)>,
}

impl Study {
    /// The file that a path of the study names: the same door as for the files of corpora, links included.
    fn allowed(&self, path: &str) -> Result<PathBuf, Unread> {
        let file = self.folder.join(path);
        match synx_run::expand(&self.folder, &[path.to_owned()], self.allow_outside) {
            // A path with a star in it may have been taken for a pattern.
            Ok(files) if files.as_slice() != [file.as_path()] => Err(Unread::NotFound),
            Ok(_) => Ok(file),
            Err(problem) => Err(match problem.code {
                "E0910" | "E0911" => Unread::NotFound,
                // A pattern is no path: what it would have matched is not what was asked for.
                "E0912" if path.contains(['*', '?', '[']) => Unread::NotFound,
                "E0912" => Unread::Outside,
                _ => Unread::Failed(problem.headline),
            }),
        }
    }
}

impl Host for Known<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        self.study.read(path)
    }

    fn read_start(&self, path: &str, most: usize) -> Result<Vec<u8>, Unread> {
        self.study.read_start(path, most)
    }

    fn parquet_header(&self, path: &str) -> Option<Result<Header, Unread>> {
        self.study.parquet_header(path)
    }

    fn memory(&self) -> Option<u64> {
        self.study.memory()
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        self.study.matches(pattern)
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        let found = |corpus: &Corpus| {
            self.facts.iter().find(|(known, _)| known.content == corpus.content && known.heldout == corpus.heldout)
        };
        corpora.iter().map(|corpus| found(corpus).and_then(|(_, facts)| facts.clone())).collect()
    }
}

/// A problem of a scan, with the option that cures it.
fn finding(problem: &Problem) -> Diagnostic {
    let finding = Diagnostic::from_problem(problem);
    match problem.code {
        "E0912" => {
            finding.help("copy the file beside the study, or let it read files outside its folder with `--allow-path`")
        }
        _ => finding,
    }
}

/// The bytes of a study's file.
fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    let failed = |error: io::Error| {
        let problem = Problem::io("read", path, &error);
        match error.kind() {
            io::ErrorKind::NotFound => problem.help("give the path of a .synx file"),
            _ => problem,
        }
    };
    let found = std::fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        return Err(failed(io::Error::other("it is not a file")));
    }
    if found.len() > LARGEST_FILE {
        return Err(failed(io::Error::other(format!("it has {} bytes, which no study has", found.len()))));
    }
    std::fs::read(path).map_err(failed)
}

impl Host for Study {
    /// A file that is imported.
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        let file = self.allowed(path)?;
        read(&file).map_err(|problem| Unread::Failed(problem.notes.into_iter().next().unwrap_or(problem.headline)))
    }

    /// The beginning of a file of observations, which may be larger than any study.
    fn read_start(&self, path: &str, most: usize) -> Result<Vec<u8>, Unread> {
        let file = self.allowed(path)?;
        let mut bytes = Vec::new();
        let found = File::open(file).and_then(|file| file.take(most as u64).read_to_end(&mut bytes));
        found.map(|_| bytes).map_err(|error| Unread::Failed(error.to_string()))
    }

    fn parquet_header(&self, path: &str) -> Option<Result<Header, Unread>> {
        let header = |file: PathBuf| {
            let header = synx_run::tables::parquet_header(&file, &synx_run::tables::Limits::default());
            header.map_err(|problem| Unread::Failed(problem.notes.into_iter().next().unwrap_or(problem.headline)))
        };
        Some(self.allowed(path).and_then(header))
    }

    fn memory(&self) -> Option<u64> {
        synx_run::memory()
    }

    fn matches(&self, pattern: &str) -> Result<Vec<String>, String> {
        let patterns = [pattern.to_owned()];
        match synx_run::expand(&self.folder, &patterns, self.allow_outside) {
            Ok(files) => {
                let shown = |file: &PathBuf| file.strip_prefix(&self.folder).unwrap_or(file).display().to_string();
                Ok(files.iter().map(shown).collect())
            }
            Err(problem) => match problem.code {
                "E0910" | "E0911" => Ok(Vec::new()),
                // Whether it may be read is the reader's to say, with what to do about it; nothing is wrong with the study.
                "E0912" => Ok(vec![pattern.to_owned()]),
                _ => Err(problem.headline),
            },
        }
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        synx_run::facts(&self.folder, corpora)
    }
}
