//! What the command line says of a law: `synx fit data.csv --law 'loss ~ E + A / N^alpha' --free E,A,alpha`, or `--law chinchilla`; and its conditions.

mod condition;
mod library;

use std::rc::Rc;

use synx_grammar::view::{Body, ItemKind};
use synx_plan::corpus::{Corpus, CorpusFacts};
use synx_plan::exact::Exact;
use synx_plan::law::Formula;
use synx_plan::table::ColumnKind;

pub use condition::condition;
pub use library::library_laws;

use crate::causes::causes;
use crate::compiler::Compiler;
use crate::diagnostic::Diagnostic;
use crate::host::{Host, Unread};
use crate::law::Text;
use crate::source::Sources;
use crate::table::Table;

/// What findings call the text of a law.
const PATH: &str = "--law";

/// What `synx fit` was asked for.
#[derive(Debug, Clone)]
pub struct FormulaRequest<'a> {
    /// `loss ~ E + A / N^alpha`, or the name of a law of the library.
    pub law: &'a str,
    /// The free parameters, each `E` or with bounds: `E in 0..`, `beta in 0..2`. A law of the library has its own.
    pub free: &'a [String],
    /// The table's columns; what is no name of the language is written `column("metric/x")`.
    pub columns: &'a [NamedColumn],
    /// Columns that were named for this law, which go before those that it reads by default.
    pub mapped: &'a [String],
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

/// A column of a table that is no plan's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedColumn {
    pub name: String,
    pub kind: ColumnKind,
}

/// Why a formula was not taken: findings and the text that they point into, a law as a file would declare it, called `--law`.
#[derive(Debug, Clone)]
pub struct Rejected {
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
}

/// The formula of a request, checked against the table's columns.
pub fn formula(request: &FormulaRequest) -> Result<Formula, Rejected> {
    let text = match library::named(request.law) {
        Some(law) => library::call(&law, request)
            .map_err(|finding| Rejected { diagnostics: vec![*finding], sources: Sources::new() })?,
        None => declaration(request),
    };
    let parse = synx_grammar::parse(&text);
    let mut sources = Sources::new();
    sources.add(PATH, text.clone());
    let mut compiler = Compiler::new(&NoWorld, 0, PATH, &parse.tree);
    compiler.settings.confidence = request.confidence.clone();
    compiler.settings.seed = request.seed;
    for cause in causes(&parse.errors, parse.tree.source()).causes {
        compiler.syntax_error(&cause, 0);
    }
    let table = Rc::new(Table::of_named(request.columns));
    let law = parse.file().items().find(|item| item.kind() == Some(ItemKind::Law));
    let mut formula = None;
    if let Some(law) = law
        && let Some(name) = law.name()
    {
        let text = match law.body() {
            Body::Block(block) => Some(Text::of(block)),
            Body::Expression(call) => compiler.law_call(call),
            Body::Missing => None,
        };
        let span = compiler.span(name.node());
        formula = text.and_then(|text| compiler.called(&text, |compiler| compiler.formula(&text, &table, span)));
    }
    for file in compiler.library_files() {
        sources.add(file.path, file.source);
    }
    let (diagnostics, ..) = compiler.finish();
    match formula {
        Some(formula) if !diagnostics.iter().any(Diagnostic::is_error) => Ok(formula),
        _ => Err(Rejected { diagnostics, sources }),
    }
}

/// The request as a study would declare it.
fn declaration(request: &FormulaRequest) -> String {
    let mut lines = vec!["synx 1".to_owned(), "law fit {".to_owned()];
    if !request.free.is_empty() {
        lines.push(format!("    free {}", request.free.join(", ")));
    }
    lines.push(format!("    {}", request.law));
    lines.extend(fields(request).into_iter().map(|(name, value)| format!("    {name} = {value}")));
    lines.push("}\n".to_owned());
    lines.join("\n")
}

/// The fields of a law that a request gives.
fn fields(request: &FormulaRequest) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    if !request.by.is_empty() {
        let by: Vec<String> = request.by.iter().map(|column| crate::fill::quoted(column)).collect();
        fields.push(("by", format!("[{}]", by.join(", "))));
    }
    for (field, value) in [("method", request.method), ("test", request.test)] {
        fields.extend(value.map(|value| (field, value.to_owned())));
    }
    fields.push(("bootstrap", request.bootstrap.to_string()));
    fields
}

/// A host for formulas, which need nothing of the world.
struct NoWorld;

impl Host for NoWorld {
    fn read(&self, _path: &str) -> Result<Vec<u8>, Unread> {
        Err(Unread::NotFound)
    }

    fn matches(&self, _pattern: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn facts(&self, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
        vec![None; corpora.len()]
    }
}
