//! The results folder: every file whole or as it was before.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use synx_plan::problem::Problem;
use synx_plan::study::Plan;

use crate::{StudyResults, csv, plan_json};

/// The files of a results folder, in the order in which people look at them.
pub const FILES: &[&str] = &["results.csv", "evaluations.csv", "laws.csv", "curves.csv", "columns.csv", "plan.json"];

/// Writes all files of `results` into `folder`, which is made where it is not there.
///
/// Everything is written to a temporary folder inside first, then renamed file by file: a reader sees each file whole, and a full disk leaves what was
/// there before. Other files of the folder are left alone.
///
/// # Errors
/// `E0901` where the system refuses, with the path.
pub fn write(folder: &Path, results: &StudyResults, plan: &Plan, share: bool) -> Result<Vec<PathBuf>, Problem> {
    let contents = [
        csv::results(results),
        csv::evaluations(results),
        csv::laws(results),
        csv::curves(results),
        csv::columns(results),
        plan_json(plan, share).into_bytes(),
    ];
    fs::create_dir_all(folder).map_err(|e| Problem::io("create the folder", folder, &e))?;
    let temporary = folder.join(format!(".writing-{}", std::process::id()));
    fs::create_dir_all(&temporary).map_err(|e| Problem::io("create the folder", &temporary, &e))?;
    let written = write_through(folder, &temporary, &contents);
    // What is left of it after an error is of no use to anybody; a failure to remove it must not hide that error.
    let _ = fs::remove_dir_all(&temporary);
    written
}

fn write_through(folder: &Path, temporary: &Path, contents: &[Vec<u8>]) -> Result<Vec<PathBuf>, Problem> {
    for (name, bytes) in FILES.iter().zip(contents) {
        let path = temporary.join(name);
        let put = || -> std::io::Result<()> {
            let mut file = fs::File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        put().map_err(|e| Problem::io("write", &path, &e))?;
    }
    let mut paths = Vec::with_capacity(FILES.len());
    for name in FILES {
        let path = folder.join(name);
        fs::rename(temporary.join(name), &path).map_err(|e| Problem::io("write", &path, &e))?;
        paths.push(path);
    }
    Ok(paths)
}
