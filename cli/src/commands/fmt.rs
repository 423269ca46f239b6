//! `synx fmt [FILE…]`: the one style.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use similar::TextDiff;
use synx_compiler::{Diagnostic, Formatted, Place, format_text};
use synx_plan::problem::Problem;

use crate::outcome::Outcome;
use crate::render::{print, show_problem, show_unread};
use crate::study;

/// Format studies; there is one style and no options
#[derive(Debug, Args)]
#[command(
    after_help = "Files are rewritten only where something changes. What holds a mistake stays as it is, the rest is formatted.\n\n\
    Exit codes: 0 formatted, or nothing to do; 1 with --check or --diff, something would change; 2 wrong command line\n\n\
    Examples:\n  synx fmt                 every .synx file below this folder\n  synx fmt study.synx\n  \
    synx fmt --check         for continuous integration\n  synx fmt - < study.synx  from standard input to standard output"
)]
pub struct FmtArguments {
    /// Files, folders, or - for standard input [default: this folder]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Write nothing; name the files that would change
    #[arg(long)]
    check: bool,

    /// Write nothing; show what would change
    #[arg(long)]
    diff: bool,
}

pub fn fmt(arguments: &FmtArguments) -> Outcome {
    if arguments.files.iter().any(|path| path.as_os_str() == "-") {
        if arguments.files.len() > 1 {
            eprintln!("synx: `-` stands alone: standard input is formatted by itself");
            return Outcome::Usage;
        }
        return standard_input(arguments);
    }
    let here = [PathBuf::from(".")];
    let asked = if arguments.files.is_empty() { &here[..] } else { &arguments.files };
    let files = match below(asked) {
        Ok(files) => files,
        Err(problem) => {
            show_problem(&problem);
            return Outcome::Usage;
        }
    };
    let mut worst = Outcome::Done;
    let mut note = |outcome: Outcome| {
        if outcome.number() > worst.number() {
            worst = outcome;
        }
    };
    for path in &files {
        match study::text(path) {
            Ok(text) => note(file(path, &text, arguments)),
            Err(finding) => note(show_unread(&finding)),
        }
    }
    worst
}

/// Formats one file, or shows what that would change.
fn file(path: &Path, text: &str, arguments: &FmtArguments) -> Outcome {
    let name = path.display().to_string();
    let new = formatted(&name, text);
    if new == text {
        return Outcome::Done;
    }
    if arguments.check || arguments.diff {
        show(&name, text, &new, arguments);
        return Outcome::Failed;
    }
    match write(path, &new) {
        Ok(()) => {
            eprintln!("synx: formatted {name}");
            Outcome::Done
        }
        Err(error) => show_problem(&Problem::io("write", path, &error)),
    }
}

fn standard_input(arguments: &FmtArguments) -> Outcome {
    let mut bytes = Vec::new();
    // One byte more than any study may have, so that the parser says that it is too long.
    let read = io::stdin().lock().take(study::LARGEST_FILE + 1).read_to_end(&mut bytes);
    if let Err(error) = read {
        return show_problem(&Problem::io("read", Path::new("-"), &error));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            return show_unread(&Diagnostic::not_utf8("<standard input>", error.as_bytes(), at));
        }
    };
    let new = formatted("<standard input>", &text);
    if arguments.check || arguments.diff {
        if new == text {
            return Outcome::Done;
        }
        show("<standard input>", &text, &new, arguments);
        return Outcome::Failed;
    }
    print(&new);
    Outcome::Done
}

/// The text in the one style; says where mistakes kept parts of it as they are.
fn formatted(name: &str, text: &str) -> String {
    let Formatted { text, mistake } = format_text(text);
    if let Some(Place { line, column }) = mistake {
        eprintln!("synx: {name}:{line}:{column}: left as it is, because of a mistake; `synx check` says more");
    }
    text
}

/// What would change, as it was asked for.
fn show(name: &str, old: &str, new: &str, arguments: &FmtArguments) {
    if arguments.diff {
        let diff = TextDiff::from_lines(old, new);
        print(&diff.unified_diff().header(name, &format!("{name}, formatted")).to_string());
    }
    if arguments.check {
        print(&format!("{name}\n"));
    }
}

/// Files as they are, and every .synx file below folders, sorted; hidden folders and links to folders are left out.
fn below(asked: &[PathBuf]) -> Result<Vec<PathBuf>, Problem> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    for path in asked {
        let found = fs::metadata(path).map_err(|error| Problem::io("read", path, &error))?;
        if found.is_dir() { folders.push(path.clone()) } else { files.push(path.clone()) }
    }
    while let Some(folder) = folders.pop() {
        let failed = |error: io::Error| Problem::io("read", &folder, &error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let path = if folder == Path::new(".") { PathBuf::from(&name) } else { entry.path() };
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "synx") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Puts a text in the place of a file's: whole or not at all, with the file's permissions, through a link to where it points.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".synx-fmt-").tempfile_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    temporary.as_file().sync_all()?;
    temporary.persist(&path).map_err(|error| error.error)?;
    Ok(())
}
