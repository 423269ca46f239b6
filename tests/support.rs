//! Running the command and reading what it leaves.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// What a call of the command gave.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Both streams, for messages that may stand on either.
    pub fn text(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Panics with everything that was printed unless the command ended with `code`.
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        assert!(!self.err.contains("panicked") && !self.err.contains("internal error"), "{}", self.err);
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e} in\n{}\n{}", self.out, self.err))
    }
}

/// Runs `synx` in `folder`, without colour and without a terminal.
pub fn synx<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Ran {
    ran(&command(folder, arguments).output().unwrap())
}

/// The command in the background, from when it has printed a line that is `wanted` on standard error.
pub fn synx_until<S: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = S>,
    wanted: impl Fn(&str) -> bool,
) -> Child {
    let mut command = command(folder, arguments);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let came = lines.by_ref().map_while(Result::ok).any(|line| wanted(&line));
    assert!(came, "it ended before it said what was waited for: {:?}", child.wait());
    // Whoever writes to a closed pipe is stopped by that: go on reading.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

/// As `synx`, with a folder to remember in what models reach on this machine.
pub fn synx_remembering<S: AsRef<OsStr>>(cache: &Path, folder: &Path, arguments: impl IntoIterator<Item = S>) -> Ran {
    ran(&command(folder, arguments).env("SYNX_CACHE", cache).output().unwrap())
}

/// As `synx`, with bytes on standard input.
pub fn synx_with_input<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>, input: &[u8]) -> Ran {
    let mut command = command(folder, arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What is read to the end before anything is printed cannot fill both pipes.
    child.stdin.take().unwrap().write_all(input).unwrap();
    ran(&child.wait_with_output().unwrap())
}

fn command<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synx"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
    // What this machine has trained before is no part of a test.
    command.env("SYNX_CACHE", "");
    command
}

fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A temporary folder with the study `study.synx` of the given text.
pub fn study(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("study.synx"), text).unwrap();
    folder
}

/// A row of a table by the names of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(Vec<(String, String)>);

impl Row {
    pub fn get(&self, column: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| name == column);
        found.map_or_else(|| panic!("no column {column} in {:?}", self.0), |(_, value)| value.as_str())
    }

    pub fn number(&self, column: &str) -> f64 {
        self.get(column).parse().unwrap_or_else(|e| panic!("{column}: {e}: {:?}", self.get(column)))
    }
}

pub fn table(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        Row(header.iter().zip(&record).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// Largest relative distance of two equally long series.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| ((a - b) / b).abs()).fold(0.0, f64::max)
}
