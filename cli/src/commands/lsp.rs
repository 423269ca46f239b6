//! `synx lsp`: the language server, over standard input and output.

use std::path::Path;

use clap::Args;
use synx_compiler::Host;
use synx_lsp::Ended;
use synx_run::Rates;

use crate::outcome::Outcome;
use crate::study::Study;

/// Serve an editor: findings while you type, hover, completion, rename
#[derive(Debug, Args)]
#[command(
    after_help = "Editors start this themselves; it speaks the language server protocol over standard input and output.\n\n\
    How to set an editor up: spec/guide/editor.md"
)]
pub struct LspArguments {
    /// Let studies read files outside their folders
    #[arg(long)]
    allow_path: bool,

    /// What editors pass; standard input and output are used in any case
    #[arg(long, hide = true)]
    stdio: bool,
}

pub fn lsp(arguments: &LspArguments) -> Outcome {
    let allow_outside = arguments.allow_path;
    // The same door as that of `synx check`: it never reads data.
    let hosts = move |path: &Path| -> Box<dyn Host> { Box::new(Study::beside(path, allow_outside)) };
    let device = Rates::of_this_machine().profile();
    match synx_lsp::serve_stdio(Box::new(hosts), device) {
        Ok(Ended::Politely) => Outcome::Done,
        Ok(Ended::Suddenly) => Outcome::Failed,
        Err(error) => {
            eprintln!("synx lsp: {error}");
            Outcome::Failed
        }
    }
}
