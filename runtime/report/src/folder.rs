//! The results folder: every file whole or as it was before.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use synx_plan::problem::Problem;
use synx_plan::study::Plan;

use crate::lock::{Lock, LockedFile};
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
/// there before. Drawings that the lock of an earlier run lists and this one does not have any more are removed, unless somebody has changed them; other files of
/// the folder are left alone.
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
    let before = formerly_drawn(folder);
    let written = write_through(folder, &temporary, &contents);
    if written.is_ok() {
        // Where the system does not tell cases apart, one name in another case is the file that was just written.
        let is_there =
            |file: &LockedFile| contents.iter().any(|(name, _)| name.to_lowercase() == file.name.to_lowercase());
        before.iter().filter(|file| !is_there(file)).for_each(|file| remove_unchanged(folder, file));
    }
    // What is left of it after an error is of no use to anybody; a failure to remove it must not hide that error.
    let _ = fs::remove_dir_all(&temporary);
    written
}

/// Bytes of a lock that is read again. Arbitrary: that of some million cells.
const LARGEST_LOCK: u64 = 1 << 29;

/// The figures and tables of an earlier run, by its lock; none where that cannot be read.
fn formerly_drawn(folder: &Path) -> Vec<LockedFile> {
    let path = folder.join(LOCK);
    let small = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= LARGEST_LOCK);
    let text = if small { fs::read_to_string(&path).ok() } else { None };
    let lock: Option<Lock> = text.and_then(|text| serde_json::from_str(&text).ok());
    lock.into_iter().flat_map(|lock| lock.files).filter(|file| is_drawn(&file.name)).collect()
}

/// Whether a name is one that figures and tables have. A lock may come from anywhere: nothing else is ever removed.
fn is_drawn(name: &str) -> bool {
    let Some((folder, name)) = name.split_once('/') else { return false };
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let plain = !stem.is_empty() && stem.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain && matches!((folder, ending), ("figures", "svg") | ("tables", "md" | "tex"))
}

/// Removes a file that has the bytes which were written. One that cannot be read or removed stays: it spoils nothing that was written.
fn remove_unchanged(folder: &Path, file: &LockedFile) {
    let path = folder.join(&file.name);
    // Neither a link nor what lies behind one.
    let plain = |path: &Path, is: fn(&fs::Metadata) -> bool| fs::symlink_metadata(path).is_ok_and(|found| is(&found));
    if !path.parent().is_some_and(|above| plain(above, fs::Metadata::is_dir)) || !plain(&path, fs::Metadata::is_file) {
        return;
    }
    let mut hasher = blake3::Hasher::new();
    let hashed = fs::File::open(&path).and_then(|mut file| std::io::copy(&mut file, &mut hasher));
    if hashed.is_ok() && hasher.finalize().to_hex().as_str() == file.blake3 {
        let _ = fs::remove_file(&path);
        // A folder of which nothing is left; one with other files in it stays.
        let _ = path.parent().map(fs::remove_dir);
    }
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
