//! A law from the command line: `synx fit data.csv --law 'loss ~ E + A / N^alpha' --free E,A,alpha`.

use synx_plan::exact::Exact;
use synx_plan::law::Formula;

use crate::diagnostic::Diagnostic;
use crate::source::Sources;

/// What `synx fit` was asked for.
#[derive(Debug, Clone)]
pub struct FormulaRequest<'a> {
    /// `loss ~ E + A / N^alpha`.
    pub law: &'a str,
    /// The free parameters, each `E` or with bounds: `E in 0..`, `beta in 0..2`.
    pub free: &'a [String],
    /// The table's columns by name.
    pub columns: &'a [String],
    /// Columns whose combinations are fitted by themselves.
    pub by: &'a [String],
    /// `huber(delta = 1e-3)`, `log_least_squares`, `least_squares`.
    pub method: Option<&'a str>,
    /// `largest(tokens)`.
    pub test: Option<&'a str>,
    pub bootstrap: u64,
    pub confidence: Exact,
    pub seed: u64,
}

/// Why a formula was not taken: findings and the text that they point into, in which the law is the file `--law`.
#[derive(Debug, Clone)]
pub struct Rejected {
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
}

/// The formula of a request, checked against the table's columns.
pub fn formula(request: &FormulaRequest) -> Result<Formula, Rejected> {
    let _ = request;
    Err(Rejected { diagnostics: Vec::new(), sources: Sources::new() })
}
