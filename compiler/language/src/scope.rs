//! Where names are looked up: parameters, the block's entries, the file, the standard library, the words of the language, in this order.

use std::cell::RefCell;
use std::rc::Rc;

use crate::map::IndexMap;
use synx_grammar::view::{Expression, Name};

use crate::compiler::{Compiler, State};
use crate::grid::scope::GridScope;
use crate::signature::WORDS;
use crate::table::Table;
use crate::value::{Span, Value};

/// How many steps of a circle a finding shows.
const MOST_STEPS: usize = 8;

/// Names that are known in one place, and the place around it.
pub(crate) struct Scope<'t> {
    parent: Option<Rc<Scope<'t>>>,
    names: IndexMap<&'t str, Binding<'t>>,
    /// The entries of a grid, whose values differ from cell to cell.
    grid: Option<Rc<GridScope<'t>>>,
    /// A name of the next scope that is not seen from here: a field's own name within its value.
    hidden: Option<&'t str>,
    /// The table whose columns are names here, each with the value of the row at hand.
    columns: Option<Rc<Table>>,
}

/// What a name stands for.
pub(crate) enum Binding<'t> {
    /// A value, and where it was given.
    Value(Value, Span),
    /// An entry of a block, evaluated when it is asked for.
    Entry { value: Expression<'t>, field: bool, state: RefCell<State> },
}

impl<'t> Scope<'t> {
    /// The outermost of every file: items are looked up in the compiler, by the file that the name stands in.
    pub(crate) fn file() -> Scope<'t> {
        Scope { parent: None, names: IndexMap::default(), grid: None, hidden: None, columns: None }
    }

    pub(crate) fn inner(parent: &Rc<Scope<'t>>, names: IndexMap<&'t str, Binding<'t>>) -> Rc<Scope<'t>> {
        Rc::new(Scope { parent: Some(Rc::clone(parent)), names, grid: None, hidden: None, columns: None })
    }

    pub(crate) fn of_grid(parent: &Rc<Scope<'t>>, grid: Rc<GridScope<'t>>) -> Rc<Scope<'t>> {
        Rc::new(Scope {
            parent: Some(Rc::clone(parent)),
            names: IndexMap::default(),
            grid: Some(grid),
            hidden: None,
            columns: None,
        })
    }

    /// The same scope, seen from within the field `name`.
    pub(crate) fn hiding(parent: &Rc<Scope<'t>>, name: &'t str) -> Rc<Scope<'t>> {
        Rc::new(Scope {
            parent: Some(Rc::clone(parent)),
            names: IndexMap::default(),
            grid: None,
            hidden: Some(name),
            columns: None,
        })
    }

    /// The columns of a table as names, seen from a condition or an expression over its rows.
    pub(crate) fn of_columns(parent: &Rc<Scope<'t>>, table: &Rc<Table>) -> Rc<Scope<'t>> {
        let columns = Some(Rc::clone(table));
        Rc::new(Scope {
            parent: Some(Rc::clone(parent)),
            names: IndexMap::default(),
            grid: None,
            hidden: None,
            columns,
        })
    }

    /// The table whose columns are names here, if there is one.
    pub(crate) fn columns(&self) -> Option<&Rc<Table>> {
        let mut scope = self;
        loop {
            if let Some(table) = &scope.columns {
                return Some(table);
            }
            scope = scope.parent.as_deref()?;
        }
    }

    pub(crate) fn one(parent: &Rc<Scope<'t>>, name: &'t str, value: Value, span: Span) -> Rc<Scope<'t>> {
        let mut names = IndexMap::default();
        names.insert(name, Binding::Value(value, span));
        Scope::inner(parent, names)
    }

    /// What `name` is bound to in this very scope.
    pub(crate) fn binding(&self, name: &str) -> Option<&Binding<'t>> {
        self.names.get(name)
    }

    /// The names of the grid of that number among the items, where this is within it.
    pub(crate) fn grid_around(&self, item: usize) -> Option<&Rc<GridScope<'t>>> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            if let Some(grid) = here.grid.as_ref().filter(|grid| grid.item == item) {
                return Some(grid);
            }
            scope = here.parent.as_deref();
        }
        None
    }

    /// Whether this is within a grid.
    pub(crate) fn is_in_grid(&self) -> bool {
        let mut scope = Some(self);
        while let Some(here) = scope {
            if here.grid.is_some() {
                return true;
            }
            scope = here.parent.as_deref();
        }
        false
    }

    /// Whether a parameter, an entry or a comprehension binds the name: anything but the file and the language.
    pub(crate) fn is_local(&self, name: &str) -> bool {
        let mut scope = self;
        let mut skip = false;
        loop {
            let here = scope.names.contains_key(name) || scope.grid.as_ref().is_some_and(|grid| grid.has(name));
            if here && !skip {
                return true;
            }
            skip = scope.hidden == Some(name);
            match &scope.parent {
                Some(parent) => scope = parent,
                None => return false,
            }
        }
    }
}

impl<'t> Compiler<'t> {
    /// The value of a name.
    pub(crate) fn lookup(&mut self, name: Name<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let span = self.span(name.node());
        let word = name.text();
        let mut here = Rc::clone(scope);
        let mut skip = false;
        loop {
            if !skip {
                if let Some(table) = &here.columns
                    && let Some(column) = table.column(word)
                {
                    let table = Rc::clone(table);
                    return self.column_at_hand(&table, &column, span);
                }
                if let Some(grid) = here.grid.clone().filter(|grid| grid.has(word)) {
                    return self.grid_entry(&grid, word, &here, span);
                }
                if here.names.contains_key(word) {
                    return self.bound(&here, word, span);
                }
            }
            skip = here.hidden == Some(word);
            match &here.parent {
                Some(parent) => here = Rc::clone(parent),
                None => break,
            }
        }
        if let Some(item) = self.named(word, span.file) {
            return self.item_value(item, span);
        }
        if WORDS.contains(&word) && !self.broken_words.contains(word) {
            return Value::text(word);
        }
        if let Some(table) = scope.columns() {
            let table = Rc::clone(table);
            return self.unknown_column(&table, word, span);
        }
        self.unknown_name(name)
    }

    /// The value of a name that `scope` itself binds.
    pub(crate) fn bound(&mut self, scope: &Rc<Scope<'t>>, name: &str, span: Span) -> Value {
        let Some((name, binding)) = scope.names.get_key_value(name) else { return Value::Error };
        match binding {
            Binding::Value(value, _) => value.clone(),
            Binding::Entry { value, field, state } => {
                match &*state.borrow() {
                    State::Done(value) => return value.clone(),
                    State::Running => return self.cycle(name, span),
                    State::Open => {}
                }
                *state.borrow_mut() = State::Running;
                let inside = if *field { Scope::hiding(scope, name) } else { Rc::clone(scope) };
                // A field is asked for by its block, whose name stands for it.
                if !*field {
                    self.asked.push(((*name).into(), span));
                }
                let value = self.evaluate(*value, &inside);
                if !*field {
                    self.asked.pop();
                }
                *state.borrow_mut() = State::Done(value.clone());
                value
            }
        }
    }

    /// Reports that something needs itself, with the way on which it does: what is being made, and where each asked for the next.
    pub(crate) fn cycle(&mut self, name: &str, span: Span) -> Value {
        let start = self.asked.iter().rposition(|(known, _)| &**known == name);
        let way = start.map_or(&[][..], |start| &self.asked[start..]);
        let between = way.windows(2).map(|pair| (pair[0].0.to_string(), pair[1].0.to_string(), pair[1].1));
        let last = way.last().map_or_else(|| name.to_owned(), |(last, _)| last.to_string());
        let steps: Vec<_> = between.chain([(last, name.to_owned(), span)]).collect();
        self.circle(&steps)
    }

    /// Reports a circle: each step says what needs what, and where. The last one leads back.
    pub(crate) fn circle(&mut self, steps: &[(String, String, Span)]) -> Value {
        let Some(((from, to, at), before)) = steps.split_last() else { return Value::Error };
        let mut finding = if before.is_empty() {
            let label = "needed here to know its own value".to_owned();
            self.finding("E0105", *at, format!("`{to}` depends on itself"), label)
                .help("say its value without naming it")
        } else {
            self.finding(
                "E0105",
                *at,
                format!("`{to}` depends on itself"),
                format!("`{from}` needs `{to}`, which leads back"),
            )
            .help("one of these must be known without the others")
        };
        for (from, to, at) in before.iter().take(MOST_STEPS) {
            finding = finding.label(self.label(*at, format!("`{from}` needs `{to}`")));
        }
        if before.len() > MOST_STEPS {
            finding = finding.note(format!("on the way are {} more", before.len() - MOST_STEPS));
        }
        self.report(finding)
    }
}
