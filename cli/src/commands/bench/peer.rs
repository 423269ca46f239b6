//! Others' tools that do the same work, in Python: run as whole processes, and asked what they came to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;
use serde_json::Value;
use synx_plan::problem::Problem;

/// Where peers run.
#[derive(Debug, Args)]
pub struct PeerArguments {
    /// The Python that has the peers' packages
    #[arg(long, value_name = "PATH", default_value = "python3")]
    pub python: PathBuf,
}

/// What a peer said, and how long its whole process took.
pub struct Answer {
    pub seconds: f64,
    pub said: Value,
}

/// Runs one of our scripts for a peer; its last line is what it came to.
///
/// # Errors
/// Where there is no such Python, or the script fails: with what it said last (E0901).
pub fn ask(python: &Path, script: &str, arguments: &[String]) -> Result<Answer, Problem> {
    let failed = |doing: &'static str| move |error: io::Error| Problem::io(doing, Path::new("a peer's script"), &error);
    let folder = tempfile::Builder::new().prefix("synx-bench-").tempdir().map_err(failed("write"))?;
    let path = folder.path().join("peer.py");
    fs::write(&path, script).map_err(failed("write"))?;
    let start = Instant::now();
    let ended = Command::new(python).arg(&path).args(arguments).stdin(Stdio::null()).output().map_err(|error| {
        Problem::io("start", python, &error).help("name the Python that has the peers' packages with --python PATH")
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let last = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().lines().last().unwrap_or_default().to_owned();
    if !ended.status.success() {
        let headline = format!("the peer `{}` did not finish", arguments.first().map_or("", String::as_str));
        return Err(Problem::new("E0901", headline)
            .note(format!("it ended with {}, and said last: {}", ended.status, last(&ended.stderr)))
            .help("install what it names for this Python, or name another with --python PATH"));
    }
    let said = serde_json::from_str(&last(&ended.stdout)).map_err(|error| {
        Problem::new("E0901", "a peer's script did not say what it came to").note(error.to_string())
    })?;
    Ok(Answer { seconds, said })
}
