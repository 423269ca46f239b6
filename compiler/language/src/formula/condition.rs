//! A condition over the rows of a table from the command line: `--where 'tokens > 1e6 and arm == "a"'`.

use std::rc::Rc;

use synx_grammar::view::{Body, ItemKind};
use synx_plan::expression::Expression;

use super::{NamedColumn, NoWorld, Rejected};
use crate::causes::causes;
use crate::compiler::Compiler;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::table::Table;

/// What stands before a condition, so that it can be read.
const BEFORE: &str = "let value = ";

/// The condition in `text`, checked against the table's columns. `option` is what it is called in findings.
///
/// # Errors
/// What is wrong with it.
pub fn condition(option: &str, text: &str, columns: &[NamedColumn]) -> Result<Expression, Rejected> {
    let parse = synx_grammar::parse(&format!("{BEFORE}{text}"));
    let mut sources = Sources::new();
    sources.add(option, text);
    let study = synx_grammar::parse("");
    let mut compiler = Compiler::new(&NoWorld, 0, "", &study.tree);
    compiler.add_value(option, &parse.tree, BEFORE.len());
    for cause in causes(&parse.errors, parse.tree.source()).causes {
        compiler.syntax_error(&cause, 1);
    }
    let table = Rc::new(Table::of_named(columns));
    let value = parse.file().items().find(|item| item.kind() == Some(ItemKind::Let));
    let mut condition = None;
    if let Some(value) = value
        && let Body::Expression(expression) = value.body()
    {
        let scope = Rc::clone(&compiler.file_scope);
        condition = compiler.row_condition(&table, expression, &scope);
    }
    let (diagnostics, ..) = compiler.finish();
    match condition {
        Some(condition) if !diagnostics.iter().any(Diagnostic::is_error) => Ok(condition),
        _ => Err(Rejected { diagnostics, sources }),
    }
}
