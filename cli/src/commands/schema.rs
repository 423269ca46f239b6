//! `synx schema WHAT`: the forms of what synx writes for programs, as JSON Schema 2020-12.

use clap::{Args, ValueEnum};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use synx_compiler::diagnostic::Finding;
use synx_run::report::{Lock, PlanDocument};

use crate::outcome::Outcome;
use crate::render::print;

/// Print the JSON schema of what synx writes for programs
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  synx schema plan > plan.schema.json")]
pub struct SchemaArguments {
    /// Of what
    #[arg(value_enum, value_name = "WHAT")]
    of: Document,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Document {
    /// plan.json, and what `synx plan --format json` prints
    Plan,
    /// synx.lock, which stands beside results
    Lock,
    /// What `synx check --format json` prints
    Diagnostics,
}

pub fn schema(arguments: &SchemaArguments) -> Outcome {
    let schema = match arguments.of {
        Document::Plan => of::<PlanDocument>("plan.json", "A study with its cost and what is trained."),
        Document::Lock => of::<Lock>("synx.lock", "What a results folder was made from, and the hashes of its files."),
        Document::Diagnostics => of::<Vec<Finding>>("diagnostics", "All findings of a check, in order."),
    };
    print(&format!("{:#}\n", schema.as_value()));
    Outcome::Done
}

/// The schema of what is written of a type.
fn of<T: JsonSchema>(title: &str, description: &str) -> Schema {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.insert("description".to_owned(), description.into());
    schema
}
