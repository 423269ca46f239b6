//! What the cursor stands in. The word there is replaced by one that the grammar takes, so that a text in the middle of being
//! typed reads as the text that it will be.

use std::ops::Range;

use synx_grammar::view::{Access, Argument, Call, Import, Index, Item, ItemKind, Name, Pipe};
use synx_grammar::{Node, SyntaxKind};

use crate::ide::analysis::ancestors;

/// A name that no study has.
const MARK: &str = "synx_cursor_word";

/// Where a cursor stands. Places are those of the text as it is, before the word at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Context {
    /// Where a declaration begins.
    Item,
    /// Where an entry of a block begins; with the names that the block has.
    Entry { item: Around, set: Vec<String> },
    /// The names of an axis.
    AxisName,
    /// Behind `allow`.
    Lint,
    /// Behind a number: its unit, with `step` and `factor` where an interval may go on.
    Unit { interval: bool },
    /// In the text of `from "…"`, whose inside this is.
    ImportPath { inside: Range<usize> },
    /// Among the names of `from "path" import`.
    ImportName { path: String, named: Vec<String> },
    /// Behind the dot of what ends at this place.
    Member { base: Range<usize> },
    /// A value.
    Value(Value),
}

/// The declaration that a cursor stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Around {
    pub kind: Option<ItemKind>,
    /// Where it begins.
    pub start: usize,
    /// Its parameters and the names of comprehensions around the cursor.
    pub bound: Vec<String>,
    /// The axes, `let`s, fields and free parameters of its block.
    pub entries: Vec<String>,
}

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub item: Option<Around>,
    /// The field, or the axis named like one, that it is a value of.
    pub field: Option<String>,
    /// The innermost call around it.
    pub call: Option<CallAround>,
    /// The table that is looked into, in `table[…]`.
    pub index: Option<Range<usize>>,
    /// Whether it stands in a formula.
    pub formula: bool,
    /// Whether it is the value of an axis.
    pub axis: bool,
    /// The left side of the `|>` that it is the right side of.
    pub piped: Option<Range<usize>>,
}

/// A call and where the cursor stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallAround {
    pub name: String,
    /// The number of the argument at the cursor, what is piped in counted.
    pub position: usize,
    /// The argument's name, where it has one.
    pub named: Option<String>,
    /// The names that other arguments have.
    pub given: Vec<String>,
    /// What is piped in or stands first.
    pub table: Option<Range<usize>>,
    /// Whether the cursor may write the name of an argument.
    pub at_start: bool,
}

impl Context {
    /// What the word at `word` of a text stands in; none within comments and texts.
    pub(super) fn at(source: &str, word: &Range<usize>) -> Option<Context> {
        let marked = format!("{}{MARK}{}", &source[..word.start], &source[word.end..]);
        let parse = synx_grammar::parse(&marked);
        let leaf = parse.tree.at(word.start);
        if leaf.kind() == SyntaxKind::StringText {
            let import = ancestors(leaf).find_map(Import::cast)?;
            let range = import.path()?.range();
            return Some(Context::ImportPath { inside: range.start + 1..range.end.saturating_sub(1 + MARK.len()) });
        }
        if leaf.kind().is_trivia() {
            return None;
        }
        let line = line_before(source, word.start);
        if let Some(context) = import_name(line) {
            return Some(context);
        }
        let item = ancestors(leaf).find_map(Item::cast);
        let block = ancestors(leaf).find(|node| node.kind() == SyntaxKind::Block);
        let begins = line.trim().is_empty() || line.trim_end().ends_with([';', '{']);
        if line.trim() == "allow" {
            return Some(Context::Lint);
        }
        if line.trim_start().starts_with("axis") && !line.contains('=') && block.is_some() {
            return Some(Context::AxisName);
        }
        if let Some(parent) = leaf.parent() {
            if parent.kind() == SyntaxKind::Unit {
                let interval = ancestors(parent).any(|node| node.kind() == SyntaxKind::Interval);
                return Some(Context::Unit { interval });
            }
            if let Some(access) = Access::cast(parent)
                && access.name().is_some_and(|name| name.node() == leaf)
                && let Some(base) = access.base()
            {
                return Some(Context::Member { base: base.range() });
            }
        }
        let nested = ancestors(leaf).take_while(|node| node.kind() != SyntaxKind::Block).any(is_bracket);
        match (block, item) {
            (Some(block), Some(item)) if begins && !nested => {
                let around = Around::of(item, leaf);
                let set = around.entries.iter().chain(&around.bound).filter(|name| *name != MARK).cloned().collect();
                let _ = block;
                Some(Context::Entry { item: around, set })
            }
            (None, _) if begins && !nested => Some(Context::Item),
            _ => Some(Context::Value(Value::of(leaf, item))),
        }
    }
}

impl Around {
    fn of(item: Item<'_>, leaf: Node<'_>) -> Around {
        let own = |name: Name<'_>| (name.text() != MARK).then(|| name.text().to_owned());
        let mut bound: Vec<String> = item.parameters().filter_map(|parameter| parameter.name().and_then(own)).collect();
        for around in ancestors(leaf) {
            if let Some(comprehension) = synx_grammar::view::Comprehension::cast(around) {
                let names = comprehension.pattern().into_iter().flat_map(synx_grammar::view::Pattern::names);
                bound.extend(names.filter_map(own));
            }
        }
        let entries = match item.body() {
            synx_grammar::view::Body::Block(block) => block.entries().flat_map(entry_names).filter_map(own).collect(),
            _ => Vec::new(),
        };
        Around { kind: item.kind(), start: item.range().start, bound, entries }
    }
}

impl Value {
    fn of(leaf: Node<'_>, item: Option<Item<'_>>) -> Value {
        let mut value = Value {
            item: item.map(|item| Around::of(item, leaf)),
            field: None,
            call: None,
            index: None,
            formula: false,
            axis: false,
            piped: None,
        };
        let mut inner = leaf;
        for node in ancestors(leaf).skip(1) {
            match node.kind() {
                SyntaxKind::Block | SyntaxKind::Item => break,
                SyntaxKind::Call if value.call.is_none() && value.index.is_none() => {
                    let call = Call::cast(node);
                    let in_arguments = call
                        .and_then(Call::arguments_node)
                        .is_some_and(|arguments| arguments.range().contains(&leaf.range().start));
                    if let Some(call) = call.filter(|_| in_arguments) {
                        value.call = call_around(call, leaf);
                    }
                }
                SyntaxKind::Index if value.index.is_none() && value.call.is_none() => {
                    let base = Index::cast(node).and_then(Index::base).filter(|base| base.node() != inner);
                    value.index = base.map(synx_grammar::view::Expression::range);
                }
                SyntaxKind::Pipe if value.call.is_none() => {
                    let pipe = Pipe::cast(node);
                    let pipe = pipe.filter(|it| it.function().is_some_and(|function| function.node() == inner));
                    value.piped = value.piped.or(pipe.and_then(Pipe::input).map(synx_grammar::view::Expression::range));
                }
                SyntaxKind::Field => {
                    let name = synx_grammar::view::Field::cast(node).and_then(synx_grammar::view::Field::name);
                    value.field = name.map(|name| name.text().to_owned());
                }
                SyntaxKind::Axis => {
                    value.axis = true;
                    let pattern = synx_grammar::view::Axis::cast(node).and_then(synx_grammar::view::Axis::pattern);
                    value.field = pattern.and_then(|pattern| pattern.names().next()).map(|name| name.text().to_owned());
                }
                SyntaxKind::Formula => value.formula = true,
                _ => {}
            }
            inner = node;
        }
        value
    }
}

fn call_around(call: Call<'_>, leaf: Node<'_>) -> Option<CallAround> {
    let callee = call.callee()?;
    let at = leaf.range().start;
    let piped = call
        .node()
        .parent()
        .and_then(Pipe::cast)
        .filter(|pipe| pipe.function().is_some_and(|function| function.node() == call.node()));
    let mut around = CallAround {
        name: callee.text().to_owned(),
        position: usize::from(piped.is_some()),
        named: None,
        given: Vec::new(),
        table: piped.and_then(Pipe::input).map(synx_grammar::view::Expression::range),
        at_start: false,
    };
    for (i, argument) in call.arguments().enumerate() {
        let (range, name) = match argument {
            Argument::Positional(value) => (value.range(), None),
            Argument::Named(name, value) => {
                (name.range().start..value.map_or(name.range().end, |value| value.range().end), Some(name))
            }
        };
        if range.contains(&at) {
            around.position += i;
            around.named = name.filter(|name| name.range().start != at).map(|name| name.text().to_owned());
            around.at_start = range.start == at;
        } else {
            around.given.extend(name.map(|name| name.text().to_owned()));
            if i == 0 && around.table.is_none() && name.is_none() {
                around.table = Some(range);
            }
        }
    }
    Some(around)
}

/// The names that an entry binds or sets.
fn entry_names(entry: synx_grammar::view::Entry<'_>) -> Vec<Name<'_>> {
    use synx_grammar::view::{Entry, FreeName, Pattern};
    match entry {
        Entry::Field(field) => field.name().into_iter().collect(),
        Entry::Let(entry) => entry.name().into_iter().collect(),
        Entry::Axis(axis) => axis.pattern().into_iter().flat_map(Pattern::names).collect(),
        Entry::Free(free) => free.names().filter_map(FreeName::name).collect(),
        _ => Vec::new(),
    }
}

fn is_bracket(node: Node<'_>) -> bool {
    matches!(node.kind(), SyntaxKind::Arguments | SyntaxKind::List | SyntaxKind::Tuple | SyntaxKind::Paren)
}

/// The text before a place in its line, after the last `;` or `{`, which is kept.
fn line_before(source: &str, at: usize) -> &str {
    let line = source[..at].rsplit('\n').next().unwrap_or_default();
    let start = line.rfind([';', '{']).unwrap_or(0);
    &line[start..]
}

/// `from "path" import a, …`: the path and the names before the cursor.
fn import_name(line: &str) -> Option<Context> {
    let rest = line.trim_start().strip_prefix("from")?.trim_start().strip_prefix('"')?;
    let (path, rest) = rest.split_once('"')?;
    let names = rest.trim_start().strip_prefix("import")?;
    let named = names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    Some(Context::ImportName { path: path.to_owned(), named })
}
