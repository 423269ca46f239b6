//! The files that the patterns of a corpus mean.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};
use synx_plan::problem::Problem;

/// As a shell: `*` stays within a folder, and hidden files are meant only where the dot is written.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// How many names of a folder are looked through for one that is meant. Arbitrary.
const LOOKED_THROUGH: usize = 10_000;

/// The files that `patterns` (paths or globs relative to `root`, the study's folder) mean: sorted by path, each once.
///
/// Refuses a pattern that matches nothing (E0910 for a path, E0911 for a glob), one that leaves the folder by an absolute
/// path, `..` or a symbolic link unless `allow_outside` (E0912), and one that is not a glob (E0932).
pub fn expand(root: &Path, patterns: &[String], allow_outside: bool) -> Result<Vec<PathBuf>, Problem> {
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let home = root.canonicalize().map_err(|e| Problem::io("open the study's folder", root, &e))?;
    let mut files = Vec::new();
    for pattern in patterns {
        let climbs =
            Path::new(pattern).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        if climbs && !allow_outside {
            return Err(outside(&format!("`{pattern}` leaves the study's folder")));
        }
        let found = matches(root, pattern)?;
        if found.is_empty() {
            return Err(nothing_found(root, pattern));
        }
        for file in found {
            let real = file.canonicalize().map_err(|e| Problem::io("open", &file, &e))?;
            if !allow_outside && !real.starts_with(&home) {
                let headline = format!("{} is a link that leaves the study's folder", shown(root, &file));
                return Err(outside(&headline).note(format!("it leads to {}", real.display())));
            }
            files.push(file);
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// A path as a user wrote it: without the study's folder before it.
pub(crate) fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

fn outside(headline: &str) -> Problem {
    Problem::new("E0912", headline).help("copy the file beside the study, or allow it with `--allow-path`")
}

fn matches(root: &Path, pattern: &str) -> Result<Vec<PathBuf>, Problem> {
    // A name with brackets in it is a path before it is a glob.
    let path = root.join(pattern);
    if path.is_file() {
        return Ok(vec![path]);
    }
    let whole = if Path::new(pattern).is_absolute() {
        pattern.to_owned()
    } else {
        format!("{}/{}", Pattern::escape(&root.to_string_lossy()), pattern.trim_start_matches("./"))
    };
    let paths = glob::glob_with(&whole, MATCHING)
        .map_err(|e| Problem::new("E0932", format!("`{pattern}` is not a glob")).note(e.msg.to_owned()))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|e| Problem::io("look through", e.path(), e.error()))?;
        if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

fn nothing_found(root: &Path, pattern: &str) -> Problem {
    let path = root.join(pattern);
    let is_glob = pattern.contains(['*', '?', '[']);
    let problem = if is_glob {
        Problem::new("E0911", format!("no file matches `{pattern}`"))
    } else if path.is_dir() {
        return Problem::new("E0910", format!("`{pattern}` is a folder"))
            .help(format!("name its files, as in `{}/*.txt`", pattern.trim_end_matches('/')));
    } else {
        Problem::new("E0910", format!("there is no file `{pattern}`"))
    };
    let mut folder = path.as_path();
    while let Some(parent) = folder.parent() {
        folder = parent;
        if !folder.to_string_lossy().contains(['*', '?', '[']) || folder.is_dir() {
            break;
        }
    }
    let place = match shown(root, folder) {
        place if place.is_empty() => "the study's folder".to_owned(),
        place => format!("`{place}`"),
    };
    let Ok(entries) = folder.read_dir() else {
        return problem.note(format!("there is no folder {place}")).help("paths are relative to the study's file");
    };
    let mut names: Vec<String> = entries
        .take(LOOKED_THROUGH)
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    if names.is_empty() {
        return problem.note(format!("{place} is empty")).help("paths are relative to the study's file");
    }
    let wanted = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let close = close_names(&wanted, &names);
    if close.is_empty() {
        let some: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
        let more = if names.len() > 5 { format!(" and {} more", names.len() - 5) } else { String::new() };
        problem.note(format!("{place} holds {}{more}", some.join(", "))).help("paths are relative to the study's file")
    } else {
        problem.note(format!("{place} has no such file")).help(format!("did you mean {}?", close.join(" or ")))
    }
}

/// Up to three of `names` that look like `wanted`, best first, in backquotes.
pub(crate) fn close_names(wanted: &str, names: &[String]) -> Vec<String> {
    let plain = wanted.replace(['*', '?', '[', ']'], "").to_lowercase();
    let mut ranked: Vec<(f64, &String)> = names
        .iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(&plain, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    ranked.iter().take(3).map(|(_, name)| format!("`{name}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn study() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        for name in ["data/b.txt", "data/a.txt", "data/reviews.jsonl.zst", "notes[1].txt"] {
            fs::write(folder.path().join(name), "text\n").unwrap();
        }
        folder
    }

    fn expanded(root: &Path, patterns: &[&str], allow_outside: bool) -> Result<Vec<String>, Problem> {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        let files = expand(root, &patterns, allow_outside)?;
        Ok(files.iter().map(|file| shown(root, file)).collect())
    }

    #[test]
    fn globs_give_each_file_once_in_sorted_order() {
        let study = study();
        let files = expanded(study.path(), &["data/b.txt", "data/*.txt", "./data/a.txt"], false).unwrap();
        assert_eq!(files, ["data/a.txt", "data/b.txt"]);
        assert_eq!(expanded(study.path(), &["**/*.txt"], false).unwrap().len(), 3);
        assert_eq!(expanded(study.path(), &["notes[1].txt"], false).unwrap(), ["notes[1].txt"]);
    }

    #[test]
    fn a_missing_file_is_named_with_what_looks_like_it() {
        let study = study();
        let problem = expanded(study.path(), &["data/review.jsonl.zst"], false).unwrap_err();
        assert_eq!(problem.code, "E0910");
        assert_eq!(problem.headline, "there is no file `data/review.jsonl.zst`");
        assert_eq!(problem.help.unwrap(), "did you mean `reviews.jsonl.zst`?");
        let problem = expanded(study.path(), &["date/a.txt"], false).unwrap_err();
        assert_eq!(problem.notes, ["there is no folder `date`"]);
        let problem = expanded(study.path(), &["data"], false).unwrap_err();
        assert_eq!(problem.headline, "`data` is a folder");
    }

    #[test]
    fn a_glob_without_a_match_says_what_is_there() {
        let study = study();
        let problem = expanded(study.path(), &["data/*.parquet"], false).unwrap_err();
        assert_eq!(problem.code, "E0911");
        assert_eq!(problem.notes, ["`data` holds `a.txt`, `b.txt`, `reviews.jsonl.zst`"]);
        assert_eq!(expanded(study.path(), &["data/[.txt"], false).unwrap_err().code, "E0932");
    }

    #[test]
    fn a_pattern_that_leaves_the_folder_is_refused_unless_allowed() {
        let study = study();
        let inner = study.path().join("data");
        let above = study.path().join("notes[1].txt").to_string_lossy().into_owned();
        for pattern in ["../notes[1].txt", "../*.txt", &above] {
            assert_eq!(expanded(&inner, &[pattern], false).unwrap_err().code, "E0912", "{pattern}");
            assert_eq!(expanded(&inner, &[pattern], true).unwrap().len(), 1, "{pattern}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leaves_the_folder_is_refused_unless_allowed() {
        let study = study();
        let inner = study.path().join("data");
        std::os::unix::fs::symlink(study.path().join("notes[1].txt"), inner.join("link.txt")).unwrap();
        assert_eq!(expanded(&inner, &["link.txt"], false).unwrap_err().code, "E0912");
        assert_eq!(expanded(&inner, &["*.txt"], false).unwrap_err().code, "E0912");
        assert_eq!(expanded(&inner, &["*.txt"], true).unwrap().len(), 3);
    }
}
