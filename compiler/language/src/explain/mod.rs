//! What an expression comes to in a study, and where each part of that came from: `synx explain FILE EXPR`.

mod facts;

use facts::column_facts;

use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

use serde::Serialize;
use synx_grammar::view::{Argument, Block, Body, Call, Entry, Expression, Index, Item, ItemKind, Name};
use synx_grammar::{Node, Parse, SyntaxKind};
use synx_plan::grid::ColumnValue;

use crate::compile::{Checked, checked};
use crate::compiler::{Compiler, State};
use crate::diagnostic::Diagnostic;
use crate::host::{Host, Options};
use crate::ide::{Record, Target, line, sort};
use crate::signature::{Need, fields, signature};
use crate::source::Sources;
use crate::suggest::{listed, nearest};
use crate::table::Table;
use crate::value::{Span, Value};

/// What the expression's text is called in findings.
pub(crate) const PATH: &str = "expression";

/// How many parts are listed, and how deep. Arbitrary: what a person reads.
const MAX_PARTS: usize = 80;
const MAX_DEPTH: usize = 6;

/// How many cells are listed.
const MAX_CELLS: usize = 1000;

/// What stands in the place of a value that comes out of a run.
const SETTLED: &str = "settled by a run";

/// What is known of a column before a run.
enum Known {
    /// Its values, row by row.
    Values(Rc<Vec<ColumnValue>>),
    /// That a run settles them.
    Late,
}

/// The answer to a question about an expression.
#[derive(Debug, Clone)]
pub struct Answer {
    /// None where the expression has mistakes, or depends on some.
    pub explained: Option<Explained>,
    /// What is wrong with the expression; where nothing is and it still has no value, what is wrong with the study.
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
}

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    pub expression: String,
    /// "a number in tokens", "a model".
    pub sort: String,
    pub value: String,
    /// Of a number that has one.
    pub unit: Option<String>,
    /// What else is known of it: the parameters of a model, the shares of a mixture.
    pub facts: Vec<Fact>,
    /// For a grid, what is asked for in each cell that is asked for.
    pub cells: Option<Cells>,
    /// What it is made of, each part before its own parts.
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub name: String,
    pub value: String,
}

/// Cells of a grid: the axes, and the column that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cells {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Cells that are left out of the rows because there are too many.
    pub more: u64,
}

/// A part of a value: a declaration, a parameter or a field that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// How far it is from the expression: parts of parts are one deeper.
    pub depth: usize,
    /// The kind of a declaration; `parameter`, `field`, `let` for what is within one.
    pub kind: &'static str,
    pub name: String,
    /// None for a declaration with parameters, which has none by itself.
    pub value: Option<String>,
    pub origin: Origin,
    /// Where its value is written; none for a default of the language.
    pub file: Option<String>,
    pub line: Option<usize>,
    pub column: Option<usize>,
    #[serde(skip)]
    range: Range<usize>,
}

/// How a part came to its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It stands in a file of the study.
    Declared,
    /// It is the default of a parameter.
    Default,
    /// It is an argument.
    Given,
    /// `--set` gave it.
    Set,
    /// The standard library declares it.
    Library,
    /// It is a default of the language.
    Language,
}

/// What `expression` comes to in the study in `source`, which was read from `path`.
pub fn explain(path: &str, source: &str, host: &dyn Host, options: &Options, expression: &str) -> Answer {
    let parse = synx_grammar::parse(source);
    let options = Options { ask: Some(expression.to_owned()), ..options.clone() };
    let Checked { diagnostics, sources, answer, .. } = checked(path, &parse, host, &options, Some(Box::default()));
    let mut explained = answer;
    let (own, others): (Vec<Diagnostic>, Vec<Diagnostic>) =
        diagnostics.into_iter().partition(|finding| finding.labels.first().is_some_and(|label| label.file == PATH));
    if !own.is_empty() {
        explained = None;
    }
    for part in explained.iter_mut().flat_map(|explained| &mut explained.parts) {
        let place = part.file.as_deref().and_then(|file| sources.places(file, &part.range));
        (part.line, part.column) = (place.map(|(start, _)| start.line), place.map(|(start, _)| start.column));
    }
    let diagnostics = match (&explained, own.is_empty()) {
        (Some(_), _) => Vec::new(),
        (None, true) => others.into_iter().filter(Diagnostic::is_error).collect(),
        (None, false) => own,
    };
    Answer { explained, diagnostics, sources }
}

/// What is written down while parts are looked for.
struct Search {
    /// Of the expression alone.
    own: Box<Record>,
    /// Of the whole study: for what has its value already.
    whole: Box<Record>,
    parts: Vec<Part>,
    seen: HashSet<Span>,
}

impl Search {
    fn target(&self, name: Span) -> Option<Target> {
        self.own.names.get(&name).or_else(|| self.whole.names.get(&name)).copied()
    }

    fn value(&self, expression: Span) -> Option<String> {
        let seen = self.own.values.get(&expression).or_else(|| self.whole.values.get(&expression))?;
        seen.values.last().map(line)
    }
}

impl<'t> Compiler<'t> {
    /// Answers the question of `synx explain`, whose text is a `let` in the parse.
    pub(crate) fn explain_expression(&mut self, parse: &'t Parse) -> Option<Explained> {
        let mut items = parse.file().items();
        let expression = match (items.next().map(Item::body), items.next()) {
            (Some(Body::Expression(expression)), None) if parse.errors.is_empty() => expression,
            _ => {
                if parse.errors.is_empty() {
                    let span = self.span(parse.tree.root());
                    let finding = self.finding("E0121", span, "this is not one expression", "");
                    self.report(
                        finding.help("write it as the study would: `standard().lr`, `runs[tokens = 4M].params`"),
                    );
                }
                return None;
            }
        };
        self.refuel();
        let whole = self.record.replace(Box::default());
        self.resolve_expression(expression);
        let found = match self.asked_grid(expression) {
            Some((item, selection, column)) => self.asked_cells(expression, item, selection, &column),
            None => self.asked_value(expression),
        };
        let own = std::mem::replace(&mut self.record, whole);
        let (sort, value, unit, facts, cells) = found?;
        let mut search = Search {
            own: own.unwrap_or_default(),
            whole: self.record.take().unwrap_or_default(),
            parts: Vec::new(),
            seen: HashSet::new(),
        };
        self.parts(expression.node(), 0, &mut search);
        self.record = Some(search.whole);
        Some(Explained {
            expression: expression.text().to_owned(),
            sort,
            value,
            unit,
            facts,
            cells,
            parts: search.parts,
        })
    }

    fn asked_value(&mut self, expression: Expression<'t>) -> Option<Found> {
        let scope = Rc::clone(&self.file_scope);
        let value = self.evaluate(expression, &scope);
        let unit = match &value {
            Value::Error => return None,
            Value::Number(amount) if !amount.unit.is_plain() => Some(amount.unit.to_string()),
            _ => None,
        };
        let facts = self.facts(&value);
        Some((sort(&value), line(&value), unit, facts, None))
    }

    /// A grid, what of it is asked for, and the column: `runs[tokens = 4M].params`.
    fn asked_grid(&mut self, expression: Expression<'t>) -> Option<(usize, Option<Index<'t>>, String)> {
        let mut columns = Vec::new();
        let mut here = expression.without_parens();
        while let Expression::Access(access) = here {
            columns.push(access.name()?.text());
            here = access.base()?.without_parens();
        }
        let (base, selection) = match here {
            Expression::Index(index) => (index.base()?.without_parens(), Some(index)),
            other => (other, None),
        };
        let Expression::Name(name) = base else { return None };
        let item = self.item_named(name).filter(|item| self.items[*item].kind == ItemKind::Grid)?;
        columns.reverse();
        Some((item, selection, columns.join(".")))
    }

    /// The cells of a grid that an index picks out, with one of their columns, or with all axes alone.
    fn asked_cells(
        &mut self,
        expression: Expression<'t>,
        item: usize,
        selection: Option<Index<'t>>,
        column: &str,
    ) -> Option<Found> {
        let span = self.span(expression.node());
        let expanded = self.grid(item, span)?;
        let table = self.as_table(&Value::Grid(item), span)?;
        let grid = &expanded.grid;
        let mut wanted: Vec<(usize, ColumnValue)> = Vec::new();
        let scope = Rc::clone(&self.file_scope);
        for argument in selection.into_iter().flat_map(Index::arguments) {
            let Argument::Named(name, Some(value)) = argument else {
                let at = self.span(argument.value()?.node());
                let finding = self.finding("E0106", at, "cells are picked out by their axes", "of which axis?");
                self.report(finding.help("write `runs[tokens = 4M]`"));
                return None;
            };
            let Some(at) = grid.columns.iter().position(|column| column.name == name.text()) else {
                self.no_column(name, grid.columns.iter().map(|column| column.name.as_str()));
                return None;
            };
            let value = self.evaluate(value, &scope);
            if value.is_error() {
                return None;
            }
            wanted.push((at, value.column().0));
        }
        let asked = if column.is_empty() { None } else { Some(self.column_of(&table, column, span)?) };
        let fits =
            |cell: &synx_plan::grid::Cell| wanted.iter().all(|(at, value)| grid.value(&cell.values, *at) == value);
        let chosen: Vec<usize> = (0..grid.cells.len()).filter(|cell| fits(&grid.cells[*cell])).collect();
        let mut columns: Vec<String> = grid.columns.iter().map(|column| column.name.clone()).collect();
        columns.extend((!column.is_empty() && !columns.iter().any(|known| known == column)).then(|| column.to_owned()));
        let own = grid.columns.len();
        let row = |cell: &usize| {
            let values = &grid.cells[*cell].values;
            let mut row: Vec<String> = (0..own).map(|at| grid.value(values, at).to_string()).collect();
            if columns.len() > own {
                row.push(match &asked {
                    Some(Known::Values(asked)) => asked[*cell].to_string(),
                    Some(Known::Late) => SETTLED.to_owned(),
                    None => String::new(),
                });
            }
            row
        };
        let rows: Vec<Vec<String>> = chosen.iter().take(MAX_CELLS).map(row).collect();
        let mut values: Vec<String> = match &asked {
            Some(Known::Values(asked)) => chosen.iter().map(|cell| asked[*cell].to_string()).collect(),
            Some(Known::Late) => vec![SETTLED.to_owned()],
            None => Vec::new(),
        };
        values.dedup();
        let count = synx_plan::number::plural(chosen.len(), "cell");
        let sort = if column.is_empty() { count } else { format!("`{column}` of {count}") };
        let value = if values.is_empty() {
            grid.name.clone()
        } else {
            values.iter().take(8).cloned().collect::<Vec<_>>().join(", ")
        };
        let unit =
            table.get(column).map(|column| column.unit).filter(|unit| !unit.is_plain()).map(|unit| unit.to_string());
        let more = (chosen.len() - rows.len()) as u64;
        let facts = if column.is_empty() { Vec::new() } else { column_facts(&table, column) };
        Some((sort, value, unit, facts, Some(Cells { columns, rows, more })))
    }

    /// What is known of a column before a run; nothing, and reported, where there is no such column.
    fn column_of(&mut self, table: &Table, column: &str, span: Span) -> Option<Known> {
        if let Some(known) = self.known(table, column) {
            return Some(Known::Values(known));
        }
        if table.column(column).is_some() {
            return Some(Known::Late);
        }
        let names: Vec<String> = table.names().map(str::to_owned).collect();
        let mut finding =
            self.finding("E0103", span, format!("{} has no column `{column}`", table.name), "no such column");
        finding.help = Some(match nearest(column, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", listed(names.iter().map(String::as_str))),
        });
        self.report(finding);
        None
    }

    fn no_column<'a>(&mut self, name: Name<'t>, columns: impl Iterator<Item = &'a str> + Clone) {
        let span = self.span(name.node());
        let headline = format!("the grid has no axis and no `let` called `{}`", name.text());
        let mut finding = self.finding("E0103", span, headline, "no such column");
        finding.help = Some(match nearest(name.text(), columns.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", listed(columns)),
        });
        self.report(finding);
    }

    /// The declarations that an expression names, each with its own parts after it.
    fn parts(&self, node: Node<'t>, depth: usize, search: &mut Search) {
        for name in node.descendants().filter_map(Name::cast) {
            if depth > MAX_DEPTH || search.parts.len() >= MAX_PARTS {
                return;
            }
            let call = name.node().parent().and_then(Call::cast).filter(|call| is_callee(*call, name));
            match search.target(self.span(name.node())) {
                Some(Target::Declared(declared)) => {
                    if let Some(item) = (0..self.items.len()).find(|item| self.name_span(*item) == declared) {
                        self.item_part(item, call, depth, search);
                    }
                }
                Some(Target::Function(function)) => {
                    if let Some(call) = call {
                        self.function_defaults(function, call, depth, search);
                    }
                }
                _ => {}
            }
        }
    }

    /// A declaration; with a call, its parameters as that call gives them.
    fn item_part(&self, item: usize, call: Option<Call<'t>>, depth: usize, search: &mut Search) {
        let name = self.name_span(item);
        let place = call.map_or(name, |call| self.span(call.node()));
        if !search.seen.insert(place) {
            return;
        }
        let slot = &self.items[item];
        let value = match (&slot.state, call) {
            (_, Some(call)) => search.value(self.span(call.node())),
            (State::Done(value), None) => Some(line(value)),
            _ => None,
        };
        let origin = match () {
            () if slot.given.is_some() || slot.given_text.is_some() => Origin::Set,
            () if self.is_of_library(name.file) => Origin::Library,
            () => Origin::Declared,
        };
        search.parts.push(self.part(depth, slot.kind.word(), slot.name, value, origin, name));
        let inner = depth + 1;
        for (at, parameter) in slot.item.parameters().enumerate() {
            let (Some(call), Some(name)) = (call, parameter.name()) else { continue };
            let given = argument(call, at, name.text());
            let (value, origin) = match (given, parameter.default()) {
                (Some(value), _) => (value, Origin::Given),
                (None, Some(default)) => (default, Origin::Default),
                (None, None) => continue,
            };
            let place = self.span(value.node());
            let shown = search.value(place).unwrap_or_else(|| value.text().to_owned());
            search.parts.push(self.part(inner, "parameter", name.text(), Some(shown), origin, place));
        }
        match slot.item.body() {
            Body::Expression(value) => self.parts(slot.given.unwrap_or(value).node(), inner, search),
            Body::Block(block) if !matches!(slot.kind, ItemKind::Grid | ItemKind::Law) => {
                for entry in block.entries() {
                    let (kind, name, value) = match entry {
                        Entry::Field(field) => ("field", field.name(), field.value()),
                        Entry::Let(entry) => ("let", entry.name(), entry.value()),
                        _ => continue,
                    };
                    let (Some(name), Some(value)) = (name, value) else { continue };
                    let place = self.span(value.node());
                    let origin = if self.is_of_library(place.file) { Origin::Library } else { Origin::Declared };
                    search.parts.push(self.part(inner, kind, name.text(), search.value(place), origin, place));
                    self.parts(value.node(), inner + 1, search);
                }
                self.field_defaults(slot.item, slot.kind, block, inner, search);
            }
            _ => {}
        }
    }

    /// The defaults of a block's fields that neither it nor a parameter sets.
    fn field_defaults(&self, item: Item<'t>, kind: ItemKind, block: Block<'t>, depth: usize, search: &mut Search) {
        for field in fields(kind) {
            let Need::Default(value) = field.need else { continue };
            let is = |name: Option<Name<'t>>| name.is_some_and(|name| name.text() == field.name);
            let set = item.parameters().any(|parameter| is(parameter.name()))
                || block.entries().any(|entry| matches!(entry, Entry::Field(entry) if is(entry.name())));
            if !set {
                search.parts.push(language_default(depth, field.name.to_owned(), value));
            }
        }
    }

    /// The defaults that the language fills in for a call of one of its functions.
    fn function_defaults(&self, function: &str, call: Call<'t>, depth: usize, search: &mut Search) {
        let Some(signature) = signature(function) else { return };
        let arguments: Vec<Argument<'t>> = call.arguments().collect();
        let given = crate::fill::given(signature, &arguments, false);
        for (parameter, given) in signature.parameters.iter().zip(given) {
            if let (Need::Default(value), false) = (parameter.need, given) {
                search.parts.push(language_default(depth, format!("{function}.{}", parameter.name), value));
            }
        }
    }

    fn part(
        &self,
        depth: usize,
        kind: &'static str,
        name: &str,
        value: Option<String>,
        origin: Origin,
        at: Span,
    ) -> Part {
        let file = Some(self.path(at).to_owned());
        Part {
            depth,
            kind,
            name: name.to_owned(),
            value,
            origin,
            file,
            line: None,
            column: None,
            range: self.shown(at),
        }
    }
}

/// A default that the language fills in.
fn language_default(depth: usize, name: String, value: &str) -> Part {
    Part {
        depth,
        kind: "parameter",
        name,
        value: Some(value.to_owned()),
        origin: Origin::Language,
        file: None,
        line: None,
        column: None,
        range: 0..0,
    }
}

/// Sort, value, unit, facts and cells.
type Found = (String, String, Option<String>, Vec<Fact>, Option<Cells>);

fn is_callee<'t>(call: Call<'t>, name: Name<'t>) -> bool {
    call.node().children().find(|child| child.kind() == SyntaxKind::Name) == Some(name.node())
}

/// The argument of a call for the parameter at a place.
fn argument<'t>(call: Call<'t>, at: usize, name: &str) -> Option<Expression<'t>> {
    let mut named = None;
    for (i, argument) in call.arguments().enumerate() {
        match argument {
            Argument::Positional(value) if i == at => return Some(value),
            Argument::Named(given, value) if given.text() == name => named = value,
            _ => {}
        }
    }
    named
}
