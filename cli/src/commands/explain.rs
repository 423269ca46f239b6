//! `synx explain`: the page of a diagnostic, the standard library, the value of an expression in a study.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use synx_compiler::{Answer, Cells, Explained, LibraryItem, Origin, Part, Sources, library_items};
use synx_findings::{Checked, report};

use crate::arguments::{FindingFormat, StudySettings};
use crate::outcome::Outcome;
use crate::render::print;
use crate::render::terminal::Stream;
use crate::study::Study;

/// How many cells are printed for people; programs get more.
const CELLS: usize = 40;

/// Explain a diagnostic, a name of the standard library, or what an expression comes to in a study
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  synx explain E0301                                     a diagnostic\n  \
    synx explain                                           all diagnostics\n  \
    synx explain std                                       the standard library\n  \
    synx explain llama                                     a declaration of it\n  \
    synx explain study.synx 'standard(lr = 1e-3)'          a value, and where it comes from\n  \
    synx explain study.synx 'runs[tokens = 4Mi].params'    a column of a grid, cell by cell")]
pub struct ExplainArguments {
    /// A code as in E0301, `std`, a name of the standard library, or a study
    #[arg(value_name = "CODE|std|NAME|FILE")]
    what: Option<String>,

    /// With a study: the expression, as it would stand in its file
    #[arg(value_name = "EXPRESSION")]
    expression: Option<String>,

    #[command(flatten)]
    settings: StudySettings,

    /// Print what programs read
    #[arg(long)]
    json: bool,
}

pub fn explain(arguments: &ExplainArguments) -> Outcome {
    match (arguments.what.as_deref().map(str::trim), arguments.expression.as_deref()) {
        (None, _) => {
            let codes = synx_compiler::diagnostic::codes().iter();
            let lines: Vec<String> = codes.map(|code| format!("{}  {}\n", code.code, code.title())).collect();
            print(&lines.concat());
            Outcome::Done
        }
        (Some(file), Some(expression)) => value(Path::new(file), expression, arguments),
        (Some("std"), None) => library(arguments.json),
        (Some(what), None) => page(what, arguments.json),
    }
}

/// A diagnostic's page, or that of a name of the library.
fn page(what: &str, json: bool) -> Outcome {
    if let Some(code) = synx_compiler::diagnostic::code(&what.to_ascii_uppercase()) {
        print(&format!("{}\n", code.page.trim_end()));
        return Outcome::Done;
    }
    let items = library_items();
    if let Some(item) = items.iter().find(|item| item.name == what) {
        print(&if json { as_json(&json!(item)) } else { item_page(item) });
        return Outcome::Done;
    }
    if PathBuf::from(what).is_file() {
        eprintln!("synx: give an expression with the study: `synx explain {what} EXPRESSION`");
    } else {
        eprintln!(
            "synx: there is no diagnostic and no declaration of the standard library called {what}; `synx explain` \
             lists the diagnostics, `synx explain std` the library"
        );
    }
    Outcome::Usage
}

/// Everything that the standard library declares, a line each.
fn library(json: bool) -> Outcome {
    let items = library_items();
    if json {
        print(&as_json(&json!(items)));
        return Outcome::Done;
    }
    let mut text = String::new();
    let mut file = "";
    for item in &items {
        if item.file != file {
            let _ = writeln!(text, "{}{}", if file.is_empty() { "" } else { "\n" }, item.file);
            file = item.file;
        }
        let _ = writeln!(text, "  {}\n      {}", item.signature, first_sentence(&item.docs));
    }
    text.push_str("\nEverywhere known without an import; `synx explain NAME` shows one with its source.\n");
    print(&text);
    Outcome::Done
}

fn item_page(item: &LibraryItem) -> String {
    format!("{}\n\n{}\n\n{}\n\nstandard library, {}\n", item.signature, item.docs, item.source, item.file)
}

/// The first sentence of a documentation, on one line.
fn first_sentence(docs: &str) -> String {
    let line = docs.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.find(". ") {
        Some(end) => line[..=end].to_owned(),
        None => line,
    }
}

/// What an expression comes to in a study.
fn value(file: &Path, expression: &str, arguments: &ExplainArguments) -> Outcome {
    let format = if arguments.json { FindingFormat::Json } else { FindingFormat::Human };
    let show = |diagnostics, sources| {
        print(&report(format.into(), &[Checked::new(diagnostics, sources)], Stream::Out.style()));
    };
    let study = match Study::open(file, &arguments.settings) {
        Ok(study) => study,
        Err(finding) => {
            let outcome = if finding.code == "E0012" { Outcome::Failed } else { Outcome::Usage };
            show(vec![*finding], Sources::new());
            return outcome;
        }
    };
    let Answer { explained, diagnostics, sources } = study.explain(expression);
    let Some(explained) = explained else {
        show(diagnostics, sources);
        return Outcome::Failed;
    };
    print(&if arguments.json { as_json(&json!(explained)) } else { people(&explained) });
    Outcome::Done
}

fn as_json(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

fn people(explained: &Explained) -> String {
    let Explained { expression, sort, value, unit, facts, cells, parts } = explained;
    let unit = unit.as_ref().filter(|unit| !value.contains(unit.as_str())).map(|unit| format!(" {unit}"));
    let mut text = format!("{expression} = {value}{}\n    {sort}\n", unit.unwrap_or_default());
    for fact in facts {
        let _ = writeln!(text, "    {}: {}", fact.name, fact.value);
    }
    if let Some(cells) = cells {
        text.push('\n');
        text.push_str(&cell_table(cells));
    }
    if !parts.is_empty() {
        text.push_str("\nWhere it comes from\n");
        let heads: Vec<String> = parts.iter().map(part_head).collect();
        let width = heads.iter().map(|head| head.chars().count()).max().unwrap_or(0).min(60);
        for (part, head) in parts.iter().zip(&heads) {
            let _ = writeln!(text, "  {head:width$}  {}", part_origin(part));
        }
    }
    text
}

fn part_head(part: &Part) -> String {
    let kind = match part.kind {
        "parameter" | "field" => String::new(),
        kind => format!("{kind} "),
    };
    let value = part.value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
    format!("{}{kind}{}{value}", "  ".repeat(part.depth), part.name)
}

fn part_origin(part: &Part) -> String {
    let how = match part.origin {
        Origin::Declared => "",
        Origin::Default => "default, ",
        Origin::Given => "given, ",
        Origin::Set => "--set, ",
        Origin::Library => "standard library, ",
        Origin::Language => return "default of the language".to_owned(),
    };
    match (&part.file, part.line, part.column) {
        (Some(file), _, _) if file == "expression" => "given in the expression".to_owned(),
        (Some(file), Some(line), Some(column)) => format!("{how}{file}:{line}:{column}"),
        _ => how.trim_end_matches(", ").to_owned(),
    }
}

/// The cells as a table of aligned columns.
fn cell_table(cells: &Cells) -> String {
    let rows = || std::iter::once(&cells.columns).chain(cells.rows.iter().take(CELLS));
    let width = |at: usize| rows().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells.columns.len()).map(width).collect();
    let mut text = String::new();
    for row in rows() {
        let line: Vec<String> = row.iter().zip(&widths).map(|(value, width)| format!("{value:<width$}")).collect();
        let _ = writeln!(text, "  {}", line.join("  ").trim_end());
    }
    let more = cells.more + cells.rows.len().saturating_sub(CELLS) as u64;
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
    text
}
