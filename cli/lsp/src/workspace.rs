//! The studies of the workspace, open or not.

use std::path::{Path, PathBuf};

/// How many files and folders are looked at. Arbitrary: a workspace with more is not one of studies.
const MAX_ENTRIES: usize = 20_000;

/// How many studies are read. Arbitrary.
const MAX_STUDIES: usize = 1000;

/// How deep folders may lead. Arbitrary.
const MAX_DEPTH: usize = 12;

/// The `.synx` files under some folders, sorted, each once. Hidden folders, those of builds and links are left out.
pub(crate) fn studies(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open: Vec<(PathBuf, usize)> = folders.iter().map(|folder| (folder.clone(), 0)).collect();
    let mut seen = 0;
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            seen += 1;
            if seen > MAX_ENTRIES || found.len() >= MAX_STUDIES {
                break;
            }
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
            if kind.is_dir() && depth < MAX_DEPTH && !is_skipped(&path) {
                open.push((path, depth + 1));
            } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "synx") {
                found.push(path);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn is_skipped(folder: &Path) -> bool {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.starts_with('.') || matches!(name.as_str(), "target" | "node_modules")
}
