//! `synx explain CODE`: the page of a diagnostic.

use clap::Args;

use crate::outcome::Outcome;
use crate::render::print;

/// Explain a diagnostic by its code
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  synx explain E0301\n  synx explain         all codes")]
pub struct ExplainArguments {
    /// The code, as in E0301; without one, all are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub fn explain(arguments: &ExplainArguments) -> Outcome {
    let Some(asked) = &arguments.code else {
        let lines = synx_compiler::diagnostic::codes().iter().map(|code| format!("{}  {}\n", code.code, code.title()));
        print(&lines.collect::<String>());
        return Outcome::Done;
    };
    let name = asked.trim().to_ascii_uppercase();
    if let Some(code) = synx_compiler::diagnostic::code(&name) {
        print(&format!("{}\n", code.page.trim_end()));
        return Outcome::Done;
    }
    eprintln!("synx: there is no diagnostic {asked}; `synx explain` lists all codes");
    Outcome::Usage
}
