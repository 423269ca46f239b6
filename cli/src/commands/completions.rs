//! `synx completions SHELL`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::outcome::Outcome;
use crate::render::print;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    synx completions bash > ~/.local/share/bash-completion/completions/synx\n  \
    synx completions zsh  > \"${fpath[1]}/_synx\"\n  \
    synx completions fish > ~/.config/fish/completions/synx.fish")]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub fn completions(arguments: &CompletionsArguments) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "synx", &mut script);
    print(&String::from_utf8_lossy(&script));
    Outcome::Done
}
