//! What each place takes.

use std::ops::Range;

use synx_grammar::view::{Expression, ItemKind};
use synx_plan::unit::Unit;

use super::context::{Around, CallAround, Context, Value as ValueContext};
use super::{Completion, CompletionKind};
use crate::ide::analysis::Analysis;
use crate::ide::hover::{parameter, written};
use crate::signature::{
    FUNCTIONS, Fitting, LAW_FUNCTIONS, Need, Parameter, Role, fields, kind_doc, law_function, signature,
};
use crate::value::Value;

/// What is offered at one place, while it grows.
pub(super) struct Offers<'a> {
    analysis: &'a Analysis,
    /// Where the declaration begins that the cursor stands in: it is not offered in itself.
    own: Option<usize>,
    pub items: Vec<Completion>,
}

impl<'a> Offers<'a> {
    pub(super) fn new(analysis: &'a Analysis) -> Offers<'a> {
        Offers { analysis, own: None, items: Vec::new() }
    }

    pub(super) fn fill(&mut self, context: &Context, files: &dyn Fn() -> Vec<String>) {
        match context {
            Context::Item => self.kinds(),
            Context::Entry { item, set } => self.entries(item, set),
            Context::AxisName => {
                for field in fields(ItemKind::Grid) {
                    self.push(
                        field.name,
                        CompletionKind::Field,
                        "sets the field",
                        field.doc,
                        format!("{} = $0", field.name),
                        0,
                    );
                }
            }
            Context::Lint => {
                for lint in crate::diagnostic::codes().iter().filter(|code| code.code.starts_with('W')) {
                    let insert = format!("{} because \"$0\"", lint.code);
                    self.push(lint.code, CompletionKind::Lint, lint.title(), "", insert, 0);
                }
            }
            Context::Unit { interval } => {
                for unit in Unit::WORDS {
                    self.push(unit, CompletionKind::Unit, "unit", "", unit.to_owned(), 1);
                }
                if *interval {
                    self.keyword("step", "each is so much more", "step $0", 0);
                    self.keyword("factor", "each is so many times as much", "factor $0", 0);
                }
            }
            Context::ImportPath { .. } => {
                for file in files() {
                    self.push(&file.clone(), CompletionKind::File, "", "", file, 0);
                }
            }
            Context::ImportName { path, named } => self.importable(path, named),
            Context::Member { base } => self.members(base.clone()),
            Context::Value(value) => self.values(value),
        }
    }

    fn push(&mut self, label: &str, kind: CompletionKind, detail: &str, documentation: &str, insert: String, rank: u8) {
        let (detail, documentation) = (detail.to_owned(), documentation.to_owned());
        self.items.push(Completion { label: label.to_owned(), kind, detail, documentation, insert, rank });
    }

    fn keyword(&mut self, word: &str, detail: &str, insert: &str, rank: u8) {
        self.push(word, CompletionKind::Keyword, detail, "", insert.to_owned(), rank);
    }

    fn kinds(&mut self) {
        for kind in ItemKind::ALL {
            let word = kind.word();
            let insert = match kind {
                ItemKind::Param | ItemKind::Let | ItemKind::Mixture | ItemKind::Corpus | ItemKind::Claim => {
                    format!("{word} $0 = ")
                }
                _ => format!("{word} $0 {{\n}}"),
            };
            self.push(word, CompletionKind::Keyword, "", kind_doc(kind), insert, 0);
        }
        self.keyword("from", "declarations of another file", "from \"$0\" import ", 1);
    }

    fn entries(&mut self, item: &Around, set: &[String]) {
        let Some(kind) = item.kind else { return };
        for field in fields(kind) {
            if set.iter().any(|name| name == field.name) {
                continue;
            }
            let (detail, rank) = match field.need {
                Need::Required => ("needed".to_owned(), 0),
                Need::Default(value) => (format!("else {value}"), 1),
                Need::Optional => (String::new(), 1),
            };
            self.push(field.name, CompletionKind::Field, &detail, field.doc, format!("{} = $0", field.name), rank);
        }
        match kind {
            ItemKind::Grid => {
                self.keyword("axis", "what varies", "axis $0 = ", 2);
                self.keyword("where", "which cells stay", "where $0", 2);
                self.keyword("let", "a column of the results", "let $0 = ", 2);
            }
            ItemKind::Law => {
                self.keyword("free", "what is fitted", "free $0", 2);
                self.keyword("let", "an abbreviation", "let $0 = ", 2);
            }
            _ => {}
        }
        self.keyword("allow", "silences a lint, with a reason", "allow $0", 3);
        if crate::resolve::asserts(kind) {
            self.keyword("assert", "what must hold, with a reason", "assert $0 because \"\"", 3);
        }
    }

    /// The declarations of a file that is imported, without those that are named.
    fn importable(&mut self, path: &str, named: &[String]) {
        let Some(file) = self.analysis.sources().get(path) else { return };
        let parse = synx_grammar::parse(&file.text);
        for item in parse.file().items() {
            let (Some(name), Some(kind)) = (item.name(), item.kind()) else { continue };
            if !named.iter().any(|known| known == name.text()) && kind != ItemKind::Study {
                let docs = item.docs().unwrap_or_default();
                self.push(name.text(), CompletionKind::Declaration, kind.word(), &docs, name.text().to_owned(), 0);
            }
        }
    }

    fn members(&mut self, base: Range<usize>) {
        // In the middle of being typed there is often no value; then the name tells.
        let text = self.analysis.source().get(base.clone()).unwrap_or_default();
        let value = self.expression(&base).and_then(|expression| self.analysis.seen(expression.node()));
        let items = || self.analysis.parse.file().items();
        let declared = items()
            .find(|item| item.name().is_some_and(|name| name.text() == text))
            .and_then(synx_grammar::view::Item::kind);
        let field = fields(ItemKind::Grid).iter().find(|field| field.name == text).map(|field| field.role);
        let names: &[(&str, &str)] = match (value.and_then(|seen| seen.values.first()), declared, field) {
            (Some(Value::Model(_)), _, _) | (_, Some(ItemKind::Model), _) | (None, None, Some(Role::Model)) => &[
                ("params", "parameters, by the study's convention"),
                ("width", "width of the residual stream"),
                ("context", "tokens per sequence"),
                ("vocabulary", "symbols of the tokenizer"),
            ],
            (Some(Value::Recipe(_)), _, _) | (_, Some(ItemKind::Recipe), _) | (None, None, Some(Role::Recipe)) => {
                &[("batch", "tokens per step"), ("lr", "the largest rate")]
            }
            (Some(Value::Corpus(..)), _, _) | (_, Some(ItemKind::Corpus), _) => {
                &[("heldout", "the part that is never trained on")]
            }
            _ if text.ends_with("params") => &[
                ("total", "all parameters"),
                ("embedding", "token table and head"),
                ("non_embedding", "without token table and head"),
                ("active", "those that a token goes through"),
            ],
            _ => &[],
        };
        for (name, doc) in names {
            self.push(name, CompletionKind::Field, doc, "", (*name).to_owned(), 0);
        }
        self.columns_of(Some(base), 0);
    }

    fn values(&mut self, value: &ValueContext) {
        self.own = value.item.as_ref().map(|item| item.start);
        let parameter = value.call.as_ref().and_then(|call| self.arguments(call));
        let role = match parameter {
            Some(parameter) => parameter.role,
            None if value.call.is_some() || value.index.is_some() => Role::Any,
            None => field_role(value),
        };
        if let Some(index) = &value.index {
            self.index_names(index.clone());
        }
        if let Some(input) = &value.piped {
            let table = self.expression(input).is_some_and(|input| !self.analysis.columns(input).is_empty());
            self.functions(Fitting::of_pipe(table), 1);
            self.declarations(&[ItemKind::Corpus, ItemKind::Let], 2, true);
            return;
        }
        if let Role::Choice(words) | Role::Word(words) = role {
            // Where the name of an argument may stand too, names come first.
            let rank = u8::from(value.call.as_ref().is_some_and(|call| call.at_start));
            for word in words {
                self.push(word, CompletionKind::Word, "", "", (*word).to_owned(), rank);
            }
        }
        let fitting = fitting(value, parameter);
        let only = matches!(fitting, Fitting::Only(_));
        let is_law = value.item.as_ref().is_some_and(|item| item.kind == Some(ItemKind::Law));
        if value.formula || role == Role::Columns && !only || is_law && value.field.is_none() {
            self.columns_of(self.over(value.item.as_ref()), 0);
        }
        // A test is one of some calls, or a condition over the columns.
        if is_law && value.field.as_deref() == Some("test") && value.call.is_none() {
            self.columns_of(self.over(value.item.as_ref()), 1);
        }
        if value.formula {
            self.push("boosted_trees", CompletionKind::Function, "", "", "boosted_trees($0)".to_owned(), 3);
        }
        if let Some(table) = value.call.as_ref().and_then(|call| call.table.clone()) {
            self.columns_of(Some(table), 0);
        }
        self.bound(value, role);
        let mut kinds: Vec<ItemKind> = ItemKind::ALL.into_iter().filter(|kind| role.takes(*kind)).collect();
        if is_law && value.field.is_none() && value.call.is_none() && !value.formula {
            // `law joint = chinchilla(…)`: a law is made of one with parameters.
            kinds = vec![ItemKind::Law];
        }
        let wanted = !matches!(role, Role::Any | Role::Choice(_) | Role::Word(_) | Role::Columns);
        self.declarations(&kinds, if wanted { 0 } else { 2 }, false);
        self.library(&kinds, if wanted { 1 } else { 3 });
        if role == Role::Evaluate {
            self.heldout();
        }
        let mixture = value.item.as_ref().is_some_and(|item| item.kind == Some(ItemKind::Mixture));
        if role == Role::Data || mixture {
            self.keyword("rest", "what the other shares leave", "rest", 1);
        }
        if only || !matches!(role, Role::Model | Role::Recipe | Role::Choice(_) | Role::Columns) {
            self.functions(fitting, 3);
        }
        if role == Role::Any {
            for word in ["true", "false", "if"] {
                self.keyword(word, "", word, 4);
            }
        }
    }

    /// The arguments that a call still takes, and the parameter that the cursor stands at.
    fn arguments(&mut self, call: &CallAround) -> Option<Parameter> {
        if let Some(item) =
            self.analysis.parse.file().items().find(|item| item.name().is_some_and(|n| n.text() == call.name))
        {
            if call.at_start {
                for parameter in item.parameters().filter_map(synx_grammar::view::Parameter::name) {
                    if !call.given.iter().any(|given| given == parameter.text()) {
                        let insert = format!("{} = $0", parameter.text());
                        self.push(
                            parameter.text(),
                            CompletionKind::Argument,
                            &format!("of {}", call.name),
                            "",
                            insert,
                            1,
                        );
                    }
                }
            }
            return None;
        }
        let signature = signature(&call.name).or_else(|| law_function(&call.name))?;
        if call.at_start {
            for (i, known) in signature.parameters.iter().enumerate() {
                if call.given.iter().any(|given| given == known.name) || i < call.position {
                    continue;
                }
                let detail = if known.need == Need::Required { "needed".to_owned() } else { parameter(known) };
                let insert = format!("{} = $0", known.name);
                let rank = u8::from(known.need != Need::Required);
                self.push(known.name, CompletionKind::Argument, &detail, known.doc, insert, rank);
            }
        }
        match &call.named {
            Some(name) => signature.parameters.iter().find(|parameter| parameter.name == name).copied(),
            None => signature.parameters.get(call.position).copied(),
        }
    }

    /// The names that parameters, entries and comprehensions bind around the cursor.
    fn bound(&mut self, value: &ValueContext, role: Role) {
        let Some(item) = &value.item else { return };
        let grid_fields = fields(ItemKind::Grid);
        for name in item.bound.iter().chain(&item.entries) {
            let own = value.field.as_deref() == Some(name);
            // Where a certain sort is wanted, a field of the grid is never it.
            let is_field =
                !matches!(role, Role::Any | Role::Columns) && grid_fields.iter().any(|field| field.name == name);
            if !own && !is_field {
                self.push(name, CompletionKind::Variable, "", "", name.clone(), 1);
            }
        }
    }

    fn declarations(&mut self, kinds: &[ItemKind], rank: u8, with_parameters: bool) {
        for item in self.analysis.parse.file().items() {
            let (Some(name), Some(kind)) = (item.name(), item.kind()) else { continue };
            let takes = item.parameters_node().is_some();
            if !kinds.contains(&kind) || Some(item.range().start) == self.own || (with_parameters && !takes) {
                continue;
            }
            let text = name.text();
            let insert = if takes { format!("{text}($0)") } else { text.to_owned() };
            let docs = item.docs().unwrap_or_default();
            self.push(text, CompletionKind::Declaration, kind.word(), &docs, insert, rank);
        }
        for import in self.analysis.parse.file().imports() {
            for name in import.names() {
                let from = import.path().map(synx_grammar::view::Text::value).unwrap_or_default();
                self.push(name.text(), CompletionKind::Declaration, &from, "", name.text().to_owned(), rank);
            }
        }
    }

    /// The declarations of the standard library, but for those that the file has a name of its own for.
    fn library(&mut self, kinds: &[ItemKind], rank: u8) {
        for file in crate::library::library() {
            for item in file.parse().file().items() {
                let (Some(name), Some(kind)) = (item.name(), item.kind()) else { continue };
                let own = self.items.iter().any(|known| known.label == name.text());
                if own || !kinds.contains(&kind) {
                    continue;
                }
                let insert = match item.parameters_node() {
                    Some(_) => format!("{}($0)", name.text()),
                    None => name.text().to_owned(),
                };
                let docs = item.docs().unwrap_or_default();
                self.push(name.text(), CompletionKind::Declaration, "standard library", &docs, insert, rank);
            }
        }
    }

    /// The held-out parts of corpora that have one.
    fn heldout(&mut self) {
        for item in self.analysis.parse.file().items() {
            if let (Some(name), Some(ItemKind::Corpus)) = (item.name(), item.kind())
                && item.parameters_node().is_none()
            {
                let label = format!("{}.heldout", name.text());
                self.push(&label, CompletionKind::Declaration, "held-out part", "", label.clone(), 0);
            }
        }
    }

    /// The functions of the language that may stand in a place, those that give what it takes before the others.
    fn functions(&mut self, fitting: Fitting, rank: u8) {
        // What laws alone know stands where it is wanted only.
        let laws = LAW_FUNCTIONS.iter().filter(|function| fitting.takes(function.name) == Some(true));
        let all = FUNCTIONS.iter().chain(laws).map(|function| (function.name, written(function), function.doc));
        for (name, detail, doc) in all {
            let Some(wanted) = fitting.takes(name) else { continue };
            let rank = match (fitting, wanted) {
                (Fitting::Only(_), _) => 0,
                (_, true) => 2,
                (_, false) => rank,
            };
            self.push(name, CompletionKind::Function, &detail, doc, format!("{name}($0)"), rank);
        }
    }

    fn columns_of(&mut self, table: Option<Range<usize>>, rank: u8) {
        let Some(expression) = table.and_then(|table| self.expression(&table)) else { return };
        for column in self.analysis.columns(expression) {
            let (detail, doc) = match column.result {
                Some(result) if column.declared.is_none() => (result.unit.to_string(), result.doc),
                _ => ("column".to_owned(), ""),
            };
            self.push(&column.name, CompletionKind::Column, &detail, doc, column.name.clone(), rank);
        }
    }

    /// The columns of a table as names of an index.
    fn index_names(&mut self, table: Range<usize>) {
        let Some(expression) = self.expression(&table) else { return };
        for column in self.analysis.columns(expression).into_iter().filter(|column| column.declared.is_some()) {
            let insert = format!("{} = $0", column.name);
            self.push(&column.name, CompletionKind::Column, "column", "", insert, 0);
        }
    }

    /// What the law or figure around the cursor is about.
    fn over(&self, item: Option<&Around>) -> Option<Range<usize>> {
        let start = item?.start;
        let item = self.analysis.parse.file().items().find(|item| item.range().start == start)?;
        crate::ide::columns::over(item).map(synx_grammar::view::Expression::range)
    }

    /// The expression of the text at a place before the cursor.
    fn expression(&self, range: &Range<usize>) -> Option<Expression<'a>> {
        let leaf = self.analysis.leaf_at(range.start)?;
        crate::ide::analysis::ancestors(leaf).filter(|node| node.range() == *range).find_map(Expression::cast)
    }
}

/// The functions that fit where a value stands.
fn fitting(value: &ValueContext, parameter: Option<Parameter>) -> Fitting {
    let kind = value.item.as_ref().and_then(|item| item.kind);
    match (&value.call, kind, &value.field) {
        (Some(call), ..) => parameter.map_or(Fitting::Any, |it| Fitting::of_argument(&call.name, it.name, it.role)),
        _ if value.index.is_some() || value.formula => Fitting::Any,
        (None, Some(kind), Some(field)) => match Fitting::of_field(kind, field, field_role(value)) {
            Fitting::Any if value.axis => Fitting::of_axis(),
            fitting => fitting,
        },
        (None, Some(kind), None) => Fitting::of_item(kind),
        _ => Fitting::Any,
    }
}

/// What the field or the declaration around a value takes.
fn field_role(value: &ValueContext) -> Role {
    let Some(kind) = value.item.as_ref().and_then(|item| item.kind) else { return Role::Any };
    match &value.field {
        Some(field) => fields(kind).iter().find(|known| known.name == field).map_or(Role::Any, |known| known.role),
        None => Role::of(kind),
    }
}
