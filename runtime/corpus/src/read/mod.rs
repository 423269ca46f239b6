//! Reading text files: one format a file, each plain or compressed, streaming, with bounded memory.

mod jsonl;
mod lines;
mod open;
mod txt;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use synx_plan::corpus::{Files, Split};
use synx_plan::key::Key;
use synx_plan::problem::Problem;

use crate::expand::{expand, shown};
use crate::options::Options;
use lines::Lines;
use open::Budget;

/// A text format, by the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Txt,
    Jsonl,
}

/// How a file is compressed, by the last extension of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

/// What takes the documents as they are read; breaks to stop.
pub(crate) type Each<'a> = dyn FnMut(&str) -> Result<ControlFlow<()>, Problem> + 'a;

/// Format and compression of a file by its name; E0913 for any other name.
fn kind(name: &str) -> Result<(Format, Compression), Problem> {
    let lower = name.to_ascii_lowercase();
    let (stem, compression) = if let Some(stem) = lower.strip_suffix(".gz") {
        (stem, Compression::Gzip)
    } else if let Some(stem) = lower.strip_suffix(".zst") {
        (stem, Compression::Zstd)
    } else {
        (lower.as_str(), Compression::None)
    };
    match stem.rsplit_once('.').map(|(_, extension)| extension) {
        Some("txt") => Ok((Format::Txt, compression)),
        Some("jsonl") => Ok((Format::Jsonl, compression)),
        _ => Err(Problem::new("E0913", format!("the format of {name} is not known"))
            .note("a file's format is said by its name: .txt or .jsonl, plain or with .gz or .zst")
            .help("convert the file, or rename it if it has one of these formats")),
    }
}

/// Refuses fields of the corpus that its files' format has no use for, or that it needs (E0921).
fn check_fields(format: Format, name: &str, files: &Files) -> Result<(), Problem> {
    let wrong = |headline: String, help: &str| Err(Problem::new("E0921", headline).help(help));
    match format {
        Format::Txt if files.text.is_some() => {
            wrong(format!("{name} is plain text and has no fields"), "leave out `text`")
        }
        Format::Jsonl if files.text.is_none() => wrong(
            format!("which field of {name} holds the text is not said"),
            "add `text = \"text\"` with the field's name",
        ),
        Format::Jsonl if files.split != Split::File => {
            wrong(format!("each line of {name} is a document of its own"), "leave out `split`, which is for plain text")
        }
        Format::Txt | Format::Jsonl => Ok(()),
    }
}

/// The hash of the bytes of the files of a corpus as they stand on disk, in order: contents, not names.
pub(crate) fn bytes_hash(root: &Path, files: &Files, options: &Options) -> Result<Key, Problem> {
    let mut hashes = Vec::new();
    for path in expand(root, &files.patterns, options.allow_outside)? {
        kind(&shown(root, &path))?;
        hashes.push(open::hash(&path)?);
    }
    Ok(hash_of(&hashes))
}

fn hash_of(hashes: &[Key]) -> Key {
    Key::of("corpus.bytes/1", &hashes)
}

/// Gives every document of `files` to `each`, in the order of the files and within them. Documents without any text are left out.
///
/// Returns what [`bytes_hash`] would, over the very bytes that were read; `None` where `each` stopped before the end.
pub(crate) fn documents(
    root: &Path,
    files: &Files,
    options: &Options,
    each: &mut Each<'_>,
) -> Result<Option<Key>, Problem> {
    let paths: Vec<PathBuf> = expand(root, &files.patterns, options.allow_outside)?;
    // Names first: nothing is read where any of them is wrong.
    let mut kinds = Vec::with_capacity(paths.len());
    for path in &paths {
        let name = shown(root, path);
        let (format, compression) = kind(&name)?;
        check_fields(format, &name, files)?;
        kinds.push((name, format, compression));
    }
    let budget = Budget::new(options.text_bytes);
    let mut hashes = Vec::with_capacity(paths.len());
    for (path, (name, format, compression)) in paths.iter().zip(&kinds) {
        let mut lines = Lines::new(open::open(path, name, *compression, &budget)?, options);
        let flow = match format {
            Format::Txt => txt::documents(&mut lines, files.split, options, each)?,
            Format::Jsonl => jsonl::documents(&mut lines, files.text.as_deref().unwrap_or_default(), each)?,
        };
        if flow.is_break() {
            return Ok(None);
        }
        hashes.push(lines.into_opened().finish()?);
    }
    Ok(Some(hash_of(&hashes)))
}

#[cfg(test)]
mod tests;
