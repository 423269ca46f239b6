//! The results folder: every file whole or as it was before.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use synx_plan::problem::Problem;
use synx_plan::study::Plan;

use crate::lock::Lock;
use crate::{StudyResults, csv, plan_json, shown};

/// The files that every results folder has, in the order in which people look at them. Figures and tables of the study stand in folders of their own.
pub const FILES: &[&str] = &[
    "results.csv",
    "evaluations.csv",
    "laws.csv",
    "predictions.csv",
    "answers.csv",
    "claims.csv",
    "curves.csv",
    "columns.csv",
    "plan.json",
    LOCK,
];

/// What the folder was made from, with the hashes of all other files: written last.
const LOCK: &str = "synx.lock";

/// The files of figures and tables, by their names in the results folder.
fn drawn(results: &StudyResults) -> Vec<(String, Vec<u8>)> {
    let figures = results.figures.iter().map(|figure| (format!("figures/{}.svg", figure.name), figure.plot.svg()));
    let tables = results.tables.iter().flat_map(|table| {
        let name = &table.name;
        [(format!("tables/{name}.md"), shown::markdown(table)), (format!("tables/{name}.tex"), shown::latex(table))]
    });
    figures.chain(tables).map(|(name, text)| (name, text.into_bytes())).collect()
}

/// Writes all files of `results` into `folder`, which is made where it is not there.
///
/// Everything is written to a temporary folder inside first, then renamed file by file: a reader sees each file whole, and a full disk leaves what was
/// there before. Other files of the folder are left alone.
///
/// # Errors
/// `E0901` where the system refuses, with the path.
pub fn write(folder: &Path, results: &StudyResults, plan: &Plan, share: bool) -> Result<Vec<PathBuf>, Problem> {
    let fixed = [
        csv::results(results),
        csv::evaluations(results),
        csv::laws(results),
        csv::predictions(results),
        csv::answers(results),
        csv::claims(results),
        csv::curves(results),
        csv::columns(results),
        plan_json(plan, share).into_bytes(),
    ];
    let mut contents: Vec<(String, Vec<u8>)> =
        FILES.iter().map(|&name| name.to_owned()).zip(fixed).chain(drawn(results)).collect();
    let files = contents.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let lock = Lock::of(results, plan, files).text();
    contents.push((LOCK.to_owned(), lock.into_bytes()));
    fs::create_dir_all(folder).map_err(|e| Problem::io("create the folder", folder, &e))?;
    let temporary = folder.join(format!(".writing-{}", std::process::id()));
    fs::create_dir_all(&temporary).map_err(|e| Problem::io("create the folder", &temporary, &e))?;
    let written = write_through(folder, &temporary, &contents);
    // What is left of it after an error is of no use to anybody; a failure to remove it must not hide that error.
    let _ = fs::remove_dir_all(&temporary);
    written
}

fn write_through(folder: &Path, temporary: &Path, contents: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, Problem> {
    for (name, bytes) in contents {
        let path = temporary.join(name);
        for place in [temporary, folder] {
            if let Some(above) = place.join(name).parent() {
                fs::create_dir_all(above).map_err(|e| Problem::io("create the folder", above, &e))?;
            }
        }
        let put = || -> std::io::Result<()> {
            let mut file = fs::File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        put().map_err(|e| Problem::io("write", &path, &e))?;
    }
    let mut paths = Vec::with_capacity(contents.len());
    for (name, _) in contents {
        let path = folder.join(name);
        fs::rename(temporary.join(name), &path).map_err(|e| Problem::io("write", &path, &e))?;
        paths.push(path);
    }
    Ok(paths)
}
