//! Laws of the library by their names, over the columns of any table.

use synx_grammar::view::{Expression, Item, ItemKind};
use synx_plan::table::ColumnKind;

use super::{FormulaRequest, fields};
use crate::diagnostic::Diagnostic;
use crate::fill::quoted;
use crate::suggest::listed;

/// The names of the laws of the library, in its order.
pub fn library_laws() -> Vec<&'static str> {
    crate::library::names_of("laws")
}

/// The law of the library that a text names; nothing for a formula.
pub(super) fn named(text: &str) -> Option<Item<'static>> {
    let file = crate::library::library().iter().find(|file| file.names.contains(&text.trim()))?;
    let mut items = file.parse().file().items();
    items.find(|item| item.kind() == Some(ItemKind::Law) && item.name().is_some_and(|name| name.text() == text.trim()))
}

/// The law called over a table, as a study would declare it. What it reads is, in this order: a column that was named for it, the column that it reads by
/// default, a column that is called as the law calls it.
pub(super) fn call(law: &Item<'static>, request: &FormulaRequest) -> Result<String, Box<Diagnostic>> {
    let name = law.name().map_or("", synx_grammar::view::Name::text);
    let mut arguments = vec!["over = data".to_owned()];
    let given = fields(request);
    let column = |name: &str| format!("column({})", quoted(name));
    let has = |name: &str| request.columns.iter().any(|column| column.name == name && column.kind != ColumnKind::Text);
    let mut missing: Vec<(&str, Option<&str>)> = Vec::new();
    for parameter in law.parameters() {
        let Some(word) = parameter.name().map(synx_grammar::view::Name::text) else { continue };
        if let Some((_, value)) = given.iter().find(|(field, _)| *field == word) {
            arguments.push(format!("{word} = {value}"));
            continue;
        }
        let default = match parameter.default().map(Expression::without_parens) {
            Some(Expression::Name(name)) if name.text() != "none" => Some(name.text()),
            // What is no column by default: how it is fitted.
            Some(_) => continue,
            None => None,
        };
        match (word, default) {
            ("over", _) => {}
            ("method" | "test" | "bootstrap", _) => {}
            ("sources", _) => {
                let sources = shares(request);
                if sources.is_empty() {
                    return Err(Box::new(no_shares(name)));
                }
                let sources: Vec<String> = sources.iter().map(|source| quoted(source)).collect();
                arguments.push(format!("sources = [{}]", sources.join(", ")));
            }
            ("by", _) => return Err(Box::new(ungrouped(name))),
            _ if request.mapped.iter().any(|mapped| mapped == word) => {
                arguments.push(format!("{word} = {}", column(word)));
            }
            (_, Some(default)) if has(default) => {}
            _ if has(word) => arguments.push(format!("{word} = {}", column(word))),
            _ => missing.push((word, default)),
        }
    }
    if !missing.is_empty() {
        return Err(Box::new(without_columns(name, &missing, request)));
    }
    Ok(format!("synx 1\nlaw fit = {name}({})\n", arguments.join(", ")))
}

/// The sources whose shares are columns: `share[web]`.
fn shares<'a>(request: &FormulaRequest<'a>) -> Vec<&'a str> {
    let source = |column: &'a super::NamedColumn| column.name.strip_prefix("share[")?.strip_suffix(']');
    request.columns.iter().filter_map(source).collect()
}

fn no_shares(law: &str) -> Diagnostic {
    Diagnostic::new("E0988", format!("`{law}` reads the share of each source, and the data have no column `share[…]`"))
        .help("say which columns these are: `--map 'share[*]=train_*'` takes every column that begins with `train_`")
}

fn ungrouped(law: &str) -> Diagnostic {
    Diagnostic::new("E0988", format!("`{law}` is fitted group by group, and nothing says which"))
        .help("name the column of the budget: `--by budget`")
}

fn without_columns(law: &str, missing: &[(&str, Option<&str>)], request: &FormulaRequest) -> Diagnostic {
    let called = |(word, default): &(&str, Option<&str>)| format!("`{}`", default.unwrap_or(word));
    let names: Vec<String> = missing.iter().map(called).collect();
    let example: Vec<String> =
        missing.iter().map(|(word, default)| format!("--map {}=COLUMN", default.unwrap_or(word))).collect();
    let numbers = request.columns.iter().filter(|column| column.kind != ColumnKind::Text);
    let columns = listed(numbers.map(|column| column.name.as_str()).take(40));
    let headline = format!("`{law}` reads {}, which the data do not have", names.join(" and "));
    Diagnostic::new("E0988", headline)
        .note(format!("the columns of numbers are {columns}"))
        .help(format!("say which column it is: `{}`", example.join(" ")))
}
