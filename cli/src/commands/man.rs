//! `synx man DIR`: the manual's pages, one a command.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use synx_plan::problem::Problem;

use crate::arguments::Arguments;
use crate::outcome::Outcome;
use crate::render::{print, show_problem};

/// Write manual pages
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  synx man ~/.local/share/man/man1     then: man synx-run")]
pub struct ManArguments {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn man(arguments: &ManArguments) -> Outcome {
    match write(&arguments.folder) {
        Ok(pages) => {
            print(&format!("{pages} pages in {}\n", arguments.folder.display()));
            Outcome::Done
        }
        Err(problem) => show_problem(&problem),
    }
}

/// Writes the page of `synx` and those of its commands; how many there are.
fn write(folder: &Path) -> Result<usize, Problem> {
    let failed = |error: std::io::Error| Problem::io("write manual pages to", folder, &error);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut command = Arguments::command();
    command.build();
    clap_mangen::generate_to(command.clone(), folder).map_err(failed)?;
    Ok(pages(&command))
}

fn pages(command: &clap::Command) -> usize {
    1 + command.get_subcommands().filter(|command| !command.is_hide_set()).map(pages).sum::<usize>()
}
