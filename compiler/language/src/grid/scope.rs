//! The entries of a grid as names: axes with the value of the cell at hand, and what depends on them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use indexmap::IndexMap;
use synx_grammar::view::{Entry, Expression, Name};
use synx_grammar::{Node, SyntaxKind};

use synx_plan::unit::{Amount, Count};

use crate::compiler::{Compiler, State};
use crate::scope::Scope;
use crate::value::{Span, Value};

/// An axis as declared.
pub(crate) struct AxisEntry<'t> {
    pub names: Vec<Name<'t>>,
    pub tuple: bool,
    pub value: Expression<'t>,
    /// The axes that its values depend on, themselves and through others.
    pub needs: Vec<usize>,
}

/// The names of a grid's block.
pub(crate) struct GridScope<'t> {
    pub axes: Vec<AxisEntry<'t>>,
    entries: IndexMap<&'t str, GridEntry<'t>>,
    /// For each axis, the place of the value at hand among its values, and the value.
    current: RefCell<Vec<Option<(u32, Value)>>>,
}

/// A name while the entries are collected: its place, the axis and the part of it, the value, and whether that does not see the name.
type Named<'t> = (Name<'t>, Option<(usize, Option<usize>)>, Expression<'t>, bool);

enum GridEntry<'t> {
    /// An axis, or a part of a tuple axis.
    Axis { axis: usize, part: Option<usize> },
    /// A field or a `let`: evaluated once for each combination of the axes that it depends on.
    Lazy { value: Expression<'t>, field: bool, needs: Vec<usize>, known: RefCell<HashMap<Box<[u32]>, State>> },
}

impl<'t> GridScope<'t> {
    /// The names of a block; `None` where entries depend on each other in a circle, given as the name of one of them.
    pub(crate) fn new(entries: impl Iterator<Item = Entry<'t>>) -> Result<GridScope<'t>, Name<'t>> {
        let mut axes = Vec::new();
        let mut names: IndexMap<&'t str, Named<'t>> = IndexMap::new();
        for entry in entries {
            match entry {
                Entry::Axis(axis) => {
                    let (Some(pattern), Some(value)) = (axis.pattern(), axis.value()) else { continue };
                    let bound: Vec<Name<'t>> = pattern.names().collect();
                    for (part, name) in bound.iter().enumerate() {
                        let part = pattern.is_tuple().then_some(part);
                        names.entry(name.text()).or_insert((*name, Some((axes.len(), part)), value, true));
                    }
                    axes.push(AxisEntry { names: bound, tuple: pattern.is_tuple(), value, needs: Vec::new() });
                }
                Entry::Field(field) => {
                    if let (Some(name), Some(value)) = (field.name(), field.value()) {
                        names.entry(name.text()).or_insert((name, None, value, true));
                    }
                }
                Entry::Let(entry) => {
                    if let (Some(name), Some(value)) = (entry.name(), entry.value()) {
                        names.entry(name.text()).or_insert((name, None, value, false));
                    }
                }
                _ => {}
            }
        }
        // Which entries each names directly; a field does not see itself.
        let direct: IndexMap<&'t str, Vec<&'t str>> = names
            .iter()
            .map(|(name, (_, _, value, hides))| {
                let named = free_names(value.node()).filter(|other| names.contains_key(other));
                (*name, named.filter(|other| !hides || other != name).collect())
            })
            .collect();
        // Which it reaches, also through others.
        let mut reached: IndexMap<&'t str, BTreeSet<usize>> = IndexMap::new();
        for (name, (at, ..)) in &names {
            let mut seen: BTreeSet<&'t str> = BTreeSet::new();
            let mut open: Vec<&'t str> = direct[name].clone();
            while let Some(other) = open.pop() {
                if other == *name {
                    return Err(*at);
                }
                if seen.insert(other) {
                    open.extend(direct[other].iter().copied());
                }
            }
            let through = seen.iter().filter_map(|other| names[other].1.map(|(axis, _)| axis));
            reached.insert(name, through.collect());
        }
        for axis in &mut axes {
            let needs: BTreeSet<usize> =
                axis.names.iter().flat_map(|name| reached[name.text()].iter().copied()).collect();
            axis.needs = needs.into_iter().collect();
        }
        let count = axes.len();
        let entries = names
            .iter()
            .map(|(name, (_, axis, value, field))| {
                let entry = match axis {
                    Some((axis, part)) => GridEntry::Axis { axis: *axis, part: *part },
                    None => GridEntry::Lazy {
                        value: *value,
                        field: *field,
                        needs: reached[name].iter().copied().collect(),
                        known: RefCell::default(),
                    },
                };
                (*name, entry)
            })
            .collect();
        Ok(GridScope { axes, entries, current: RefCell::new(vec![None; count]) })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The axes that an entry depends on: for an axis itself and what it needs.
    pub(crate) fn needs(&self, name: &str) -> Vec<usize> {
        match self.entries.get(name) {
            Some(GridEntry::Axis { axis, .. }) => {
                let mut needs = self.axes[*axis].needs.clone();
                needs.push(*axis);
                needs
            }
            Some(GridEntry::Lazy { needs, .. }) => needs.clone(),
            None => Vec::new(),
        }
    }

    /// The text that an entry comes from.
    pub(crate) fn expression(&self, name: &str) -> Option<Expression<'t>> {
        Some(match self.entries.get(name)? {
            GridEntry::Axis { axis, .. } => self.axes[*axis].value,
            GridEntry::Lazy { value, .. } => *value,
        })
    }

    /// The values at hand of some axes, as places among their values.
    pub(crate) fn key(&self, axes: &[usize]) -> Box<[u32]> {
        let current = self.current.borrow();
        axes.iter().map(|axis| current[*axis].as_ref().map_or(u32::MAX, |(place, _)| *place)).collect()
    }

    pub(crate) fn set(&self, axis: usize, place: u32, value: Value) {
        self.current.borrow_mut()[axis] = Some((place, value));
    }
}

impl<'t> Compiler<'t> {
    /// The value of a grid's entry in the cell at hand. `scope` is the grid's own.
    pub(crate) fn grid_entry(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        name: &str,
        scope: &Rc<Scope<'t>>,
        span: Span,
    ) -> Value {
        let value = self.grid_entry_as_written(grid, name, scope, span);
        match value {
            // A bare number takes the label of its place.
            Value::Number(amount) if name == "tokens" && amount.unit.is_plain() => {
                Value::Number(Amount::counted(amount.value, Count::Tokens))
            }
            other => other,
        }
    }

    fn grid_entry_as_written(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        name: &str,
        scope: &Rc<Scope<'t>>,
        span: Span,
    ) -> Value {
        let Some((name, entry)) = grid.entries.get_key_value(name) else { return Value::Error };
        match entry {
            GridEntry::Axis { axis, part } => {
                let current = grid.current.borrow()[*axis].clone();
                match (current, part) {
                    (Some((_, Value::Tuple(parts))), Some(part)) => parts.get(*part).cloned().unwrap_or(Value::Error),
                    (Some((_, value)), None) => value,
                    _ => Value::Error,
                }
            }
            GridEntry::Lazy { value, field, needs, known } => {
                let key = grid.key(needs);
                match known.borrow().get(&key) {
                    Some(State::Done(value)) => return value.clone(),
                    Some(State::Running) => return self.cycle(name, span),
                    _ => {}
                }
                known.borrow_mut().insert(key.clone(), State::Running);
                let inside = if *field { Scope::hiding(scope, name) } else { Rc::clone(scope) };
                let value = self.evaluate(*value, &inside);
                known.borrow_mut().insert(key, State::Done(value.clone()));
                value
            }
        }
    }
}

/// The names that an expression looks up: not those of arguments, fields and units.
pub(crate) fn free_names(node: Node<'_>) -> impl Iterator<Item = &str> {
    node.descendants().filter(|inner| inner.kind() == SyntaxKind::Name).filter_map(move |inner| {
        if inner == node {
            return Some(inner.text());
        }
        let parent = inner.parent()?;
        let first = || parent.children().find(|child| child.kind() == SyntaxKind::Name) == Some(inner);
        let looked_up = match parent.kind() {
            SyntaxKind::NamedArgument => !first(),
            SyntaxKind::Access => {
                let mut after = parent.children().skip_while(|child| child.kind() != SyntaxKind::Dot);
                !after.any(|child| child == inner)
            }
            SyntaxKind::Unit | SyntaxKind::Pattern => false,
            _ => true,
        };
        looked_up.then(|| inner.text())
    })
}
