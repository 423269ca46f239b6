//! `synx new DIR`: a small study that runs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use synx_plan::problem::Problem;

use crate::outcome::Outcome;
use crate::render::{print, show_problem};

/// The study that is written; `NAME` stands for its name.
const STUDY: &str = include_str!("study.synx");

/// What version control should leave alone: the store is large, and results are made from it again.
const IGNORED: &str = ".synx/\nresults/\n";

/// Begin a study: write a small one that runs into a new folder
#[derive(Debug, Args)]
#[command(after_help = "The folder must be new or empty. The study takes some seconds to run.\n\n\
    Example:\n  synx new thirds\n  synx run thirds/study.synx")]
pub struct NewArguments {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn new(arguments: &NewArguments) -> Outcome {
    let folder = &arguments.folder;
    match begin(folder) {
        Ok(()) => {
            let study = folder.join("study.synx");
            let study = study.display();
            print(&format!("wrote {study}\n\n  synx check {study}\n  synx plan {study}\n  synx run {study}\n"));
            Outcome::Done
        }
        Err(problem) => show_problem(&problem),
    }
}

fn begin(folder: &Path) -> Result<(), Problem> {
    let failed = |doing: &'static str, path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| Problem::io(doing, &path, &error)
    };
    fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
    let mut there = fs::read_dir(folder).map_err(failed("read the folder", folder))?;
    if let Some(entry) = there.next() {
        let entry = entry.map_err(failed("read the folder", folder))?;
        return Err(Problem::new("E0901", format!("{} is not empty", folder.display()))
            .note(format!("there is {}", entry.file_name().display()))
            .help("name a new folder; nothing was written"));
    }
    write(&folder.join("study.synx"), &STUDY.replacen("NAME", &name(folder), 1))?;
    write(&folder.join(".gitignore"), IGNORED)
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let file = fs::File::options().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| Problem::io("write", path, &error))
}

/// The folder's name as a name of the language; `first_study` where nothing is left of it.
fn name(folder: &Path) -> String {
    let given = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = given.chars().map(letter).collect::<String>().trim_matches('_').to_owned();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || synx_compiler::is_reserved(&name) {
        return "first_study".to_owned();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_is_named_for_its_folder_where_that_can_be_a_name() {
        for (folder, expected) in [
            ("thirds", "thirds"),
            ("work/My Study-2", "my_study_2"),
            ("3", "first_study"),
            ("größe", "gr__e"),
            ("let", "first_study"),
            ("..", "first_study"),
            ("研究", "first_study"),
        ] {
            assert_eq!(name(Path::new(folder)), expected);
        }
    }
}
