//! The entries of a grid as names: axes with the value of the cell at hand, and what depends on them.

use crate::map::HashMap;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::collections::hash_map::Entry as MapEntry;
use std::ops::Range;
use std::rc::Rc;

use crate::map::IndexMap;
use synx_grammar::view::{Assert, Entry, Expression, Name};
use synx_grammar::{Node, SyntaxKind};

use synx_plan::column::result_column;
use synx_plan::unit::{Amount, Count};

use crate::compiler::{Compiler, State};
use crate::late::Late;
use crate::scope::Scope;
use crate::signature::signature;
use crate::value::{Span, Value};

/// An axis as declared.
pub(crate) struct AxisEntry<'t> {
    pub names: Vec<Name<'t>>,
    pub tuple: bool,
    pub value: Expression<'t>,
    /// The axes that its values depend on, themselves and through others.
    pub needs: Vec<usize>,
}

/// A `where` of the grid.
pub(crate) struct Condition<'t> {
    pub value: Expression<'t>,
    /// The axes that it depends on.
    pub needs: Vec<usize>,
}

/// An `assert` of the grid.
pub(crate) struct Assertion<'t> {
    pub it: Assert<'t>,
    pub needs: Vec<usize>,
}

/// The names of a grid's block.
pub(crate) struct GridScope<'t> {
    /// The grid's number among the items.
    pub item: usize,
    pub axes: Vec<AxisEntry<'t>>,
    pub conditions: Vec<Condition<'t>>,
    pub assertions: Vec<Assertion<'t>>,
    entries: IndexMap<&'t str, GridEntry<'t>>,
    /// For each axis all values that it takes, as they turn up; combinations name them by their number.
    values: RefCell<Vec<Vec<Value>>>,
    /// Numbers of the values that late values of an axis are one of, by the list of these, which lives as long as they do.
    #[allow(clippy::type_complexity)]
    candidates: RefCell<HashMap<(usize, *const Vec<Value>), Range<u32>>>,
    /// For each axis the number of the value at hand; [`NONE`] before it has one.
    current: RefCell<Vec<u32>>,
}

/// An axis without a value at hand.
const NONE: u32 = u32::MAX;

/// The values at hand of the axes that something depends on: what it comes to is known by these.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum CellKey {
    /// Of up to four axes.
    Few(u128),
    Many(Box<[u32]>),
}

/// A name while the entries are collected.
struct Collected<'t> {
    name: Name<'t>,
    /// The axis, and the part of it, that the name is.
    axis: Option<(usize, Option<usize>)>,
    value: Expression<'t>,
    /// Whether the value does not see its own name.
    hides: bool,
    /// Whether the cell that this one starts from says what it is.
    inherited: bool,
}

enum GridEntry<'t> {
    /// An axis, or a part of a tuple axis.
    Axis { axis: usize, part: Option<usize> },
    /// A field or a `let`: evaluated once for each combination of the axes that it depends on.
    Lazy { value: Expression<'t>, kind: LazyKind, needs: Vec<usize>, known: RefCell<HashMap<CellKey, State>> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LazyKind {
    Field,
    Let,
    /// A field that is not there and is that of the cell that this one starts from.
    Inherited,
}

/// The fields that a run which starts from another cell's weights keeps where it does not say its own.
pub(crate) const INHERITED: [&str; 3] = ["model", "recipe", "data"];

impl<'t> GridScope<'t> {
    /// The names of a block; an error where entries depend on each other in a circle: each with what it needs next, and where it names that.
    pub(crate) fn new(
        item: usize,
        own_name: &str,
        entries: impl Iterator<Item = Entry<'t>>,
    ) -> Result<GridScope<'t>, Vec<(&'t str, &'t str, Node<'t>)>> {
        let mut axes = Vec::new();
        let mut conditions = Vec::new();
        let mut assertions = Vec::new();
        let mut names: IndexMap<&'t str, Collected<'t>> = IndexMap::default();
        let mut add = |name: Name<'t>, axis, value, hides| {
            let collected = Collected { name, axis, value, hides, inherited: false };
            names.entry(name.text()).or_insert(collected);
        };
        for entry in entries {
            match entry {
                Entry::Axis(axis) => {
                    let (Some(pattern), Some(value)) = (axis.pattern(), axis.value()) else { continue };
                    let bound: Vec<Name<'t>> = pattern.names().collect();
                    for (part, name) in bound.iter().enumerate() {
                        add(*name, Some((axes.len(), pattern.is_tuple().then_some(part))), value, true);
                    }
                    axes.push(AxisEntry { names: bound, tuple: pattern.is_tuple(), value, needs: Vec::new() });
                }
                Entry::Field(field) => {
                    if let (Some(name), Some(value)) = (field.name(), field.value()) {
                        add(name, None, value, true);
                    }
                }
                Entry::Let(entry) => {
                    if let (Some(name), Some(value)) = (entry.name(), entry.value()) {
                        add(name, None, value, false);
                    }
                }
                Entry::Where(condition) => conditions.extend(condition.condition()),
                Entry::Assert(assertion) => assertions.push(assertion),
                _ => {}
            }
        }
        if let Some(start) = names.get("start") {
            let (name, value) = (start.name, start.value);
            for field in INHERITED {
                let kept = Collected { name, axis: None, value, hides: false, inherited: true };
                names.entry(field).or_insert(kept);
            }
        }
        // Which entries each names directly; a field does not see itself.
        let direct: IndexMap<&'t str, Vec<&'t str>> = names
            .iter()
            .map(|(name, entry)| {
                if entry.inherited {
                    return (*name, vec!["start"]);
                }
                let named = entry_names(entry.value.node()).filter(|other| names.contains_key(other));
                (*name, named.filter(|other| !entry.hides || other != name).collect())
            })
            .collect();
        // Other cells of the same grid are those that agree with the one at hand wherever nothing else is said: what names the grid
        // depends on all axes.
        let selfish = |node: Node<'t>| free_names(node).any(|name| name == own_name);
        let mut selfish_names: BTreeSet<&str> = BTreeSet::new();
        if !names.contains_key(own_name) {
            let naming = names.iter().filter(|(_, entry)| selfish(entry.value.node()));
            selfish_names.extend(naming.map(|(name, _)| *name));
        }
        let all_axes = || (0..axes.len()).collect::<BTreeSet<usize>>();
        // Which it reaches, also through others.
        let reach = |from: &[&'t str]| {
            let mut seen: BTreeSet<&'t str> = BTreeSet::new();
            let mut open: Vec<&'t str> = from.to_vec();
            while let Some(other) = open.pop() {
                if seen.insert(other) {
                    open.extend(direct[other].iter().copied());
                }
            }
            seen
        };
        let through = |seen: &BTreeSet<&'t str>| -> BTreeSet<usize> {
            if seen.iter().any(|name| selfish_names.contains(name) && names[name].axis.is_none()) {
                return all_axes();
            }
            seen.iter().filter_map(|other| names[other].axis.map(|(axis, _)| axis)).collect()
        };
        let mut reached: IndexMap<&'t str, BTreeSet<usize>> = IndexMap::default();
        for (name, entry) in &names {
            let seen = reach(&direct[name]);
            if seen.contains(name) {
                let named_in = |from: &'t str, to: &str| {
                    let entry = &names[from];
                    let mut named = entry.value.node().descendants().filter(|node| node.kind() == SyntaxKind::Name);
                    named.find(|node| node.text() == to).unwrap_or_else(|| entry.name.node())
                };
                let way = way_back(name, &direct);
                return Err(way.windows(2).map(|pair| (pair[0], pair[1], named_in(pair[0], pair[1]))).collect());
            }
            let itself = entry.axis.is_none() && selfish_names.contains(name);
            reached.insert(name, if itself { all_axes() } else { through(&seen) });
        }
        let needs_of = |node: Node<'t>| -> Vec<usize> {
            let named: Vec<&'t str> = entry_names(node).filter(|name| names.contains_key(name)).collect();
            let needs = if selfish(node) { all_axes() } else { through(&reach(&named)) };
            needs.into_iter().collect()
        };
        let conditions =
            conditions.into_iter().map(|value| Condition { value, needs: needs_of(value.node()) }).collect();
        let assertions = assertions.into_iter().map(|it| Assertion { it, needs: needs_of(it.node()) }).collect();
        let needs: Vec<BTreeSet<usize>> = axes
            .iter()
            .map(|axis| axis.names.iter().flat_map(|name| reached[name.text()].iter().copied()).collect())
            .collect();
        for (axis, needs) in axes.iter_mut().zip(needs) {
            axis.needs = needs.into_iter().collect();
        }
        let count = axes.len();
        let entries = names
            .iter()
            .map(|(name, entry)| {
                let kind = match entry {
                    Collected { inherited: true, .. } => LazyKind::Inherited,
                    Collected { hides: true, .. } => LazyKind::Field,
                    _ => LazyKind::Let,
                };
                let made = match entry.axis {
                    Some((axis, part)) => GridEntry::Axis { axis, part },
                    None => GridEntry::Lazy {
                        value: entry.value,
                        kind,
                        needs: reached[name].iter().copied().collect(),
                        known: RefCell::default(),
                    },
                };
                (*name, made)
            })
            .collect();
        let values = RefCell::new(vec![Vec::new(); count]);
        let current = RefCell::new(vec![NONE; count]);
        let candidates = RefCell::default();
        Ok(GridScope { item, axes, conditions, assertions, entries, values, candidates, current })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The names of axes, of their parts, of fields and of `let`s.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'t str> {
        self.entries.keys().copied()
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

    /// The text that an entry comes from; for what is inherited that of `start`.
    pub(crate) fn expression(&self, name: &str) -> Option<Expression<'t>> {
        Some(match self.entries.get(name)? {
            GridEntry::Axis { axis, .. } => self.axes[*axis].value,
            GridEntry::Lazy { value, .. } => *value,
        })
    }

    /// The values at hand of some axes.
    pub(crate) fn key(&self, axes: &[usize]) -> CellKey {
        let current = self.current.borrow();
        if axes.len() <= 4 {
            return CellKey::Few(axes.iter().fold(0, |key, axis| (key << 32) | u128::from(current[*axis])));
        }
        CellKey::Many(axes.iter().map(|axis| current[*axis]).collect())
    }

    /// Adds values that an axis takes; the number of the first.
    pub(crate) fn add_values(&self, axis: usize, values: &[Value]) -> u32 {
        let mut all = self.values.borrow_mut();
        let first = all[axis].len() as u32;
        all[axis].extend(values.iter().cloned());
        first
    }

    pub(crate) fn axis_value(&self, axis: usize, number: u32) -> Value {
        self.values.borrow()[axis].get(number as usize).cloned().unwrap_or(Value::Error)
    }

    pub(crate) fn axis_values(&self, axis: usize) -> Vec<Value> {
        self.values.borrow()[axis].clone()
    }

    /// The axes that some of these entries depend on and that have a value which is one of several a run chooses from.
    pub(crate) fn choosing_axes(&self, entries: &[&str]) -> Vec<usize> {
        let values = self.values.borrow();
        let late = |value: &Value| matches!(value.late(), Some(Late::OneOf { .. }));
        let mut axes: Vec<usize> =
            entries.iter().filter(|entry| self.has(entry)).flat_map(|entry| self.needs(entry)).collect();
        axes.sort_unstable();
        axes.dedup();
        axes.retain(|axis| values[*axis].iter().any(late));
        axes
    }

    /// The axis, of those that something depends on, whose value at hand is one of several that a run chooses from.
    pub(crate) fn late_axes(&self, needs: &[usize]) -> Vec<(usize, Rc<Late>)> {
        let current = self.current.borrow();
        let values = self.values.borrow();
        let late = |axis: &usize| match values[*axis].get(current[*axis] as usize) {
            Some(Value::Late(late)) if matches!(&**late, Late::OneOf { .. }) => Some((*axis, Rc::clone(late))),
            _ => None,
        };
        needs.iter().filter_map(late).collect()
    }

    /// The numbers of the values that a late value is one of: as if the axis had them.
    pub(crate) fn candidates(&self, axis: usize, of: &Rc<Vec<Value>>) -> Range<u32> {
        let key = (axis, Rc::as_ptr(of));
        let known = self.candidates.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let first = self.add_values(axis, of);
            let range = first..first + of.len() as u32;
            self.candidates.borrow_mut().insert(key, range.clone());
            range
        })
    }

    /// Puts a value of an axis at hand.
    pub(crate) fn set(&self, axis: usize, number: u32) {
        self.current.borrow_mut()[axis] = number;
    }

    /// Puts a combination at hand.
    pub(crate) fn hold(&self, combination: &[u32]) {
        self.current.borrow_mut().copy_from_slice(combination);
    }

    /// The combination at hand.
    pub(crate) fn held(&self) -> Vec<u32> {
        self.current.borrow().clone()
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
        let counted = match name {
            "tokens" => Count::Tokens,
            "steps" => Count::Steps,
            _ => return value,
        };
        match value {
            // A bare number takes the label of its place.
            Value::Number(amount) if amount.unit.is_plain() => Value::Number(Amount::counted(amount.value, counted)),
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
                let number = grid.current.borrow()[*axis];
                match (grid.axis_value(*axis, number), part) {
                    (Value::Tuple(parts), Some(part)) => parts.get(*part).cloned().unwrap_or(Value::Error),
                    (_, Some(_)) => Value::Error,
                    (value, None) => value,
                }
            }
            GridEntry::Lazy { value, kind, needs, known } => {
                let key = grid.key(needs);
                let running = match known.borrow_mut().entry(key.clone()) {
                    MapEntry::Occupied(known) => match known.get() {
                        State::Done(value) => return value.clone(),
                        state => matches!(state, State::Running),
                    },
                    MapEntry::Vacant(place) => {
                        place.insert(State::Running);
                        false
                    }
                };
                if running {
                    return self.circle_of_entries(name, span);
                }
                let value = match kind {
                    LazyKind::Field => self.evaluate(*value, &Scope::hiding(scope, name)),
                    LazyKind::Let => self.evaluate(*value, scope),
                    LazyKind::Inherited => {
                        let start = self.grid_entry(grid, "start", scope, span);
                        self.inherited(&start, name, span)
                    }
                };
                if value.is_error() && self.is_quiet() {
                    // Nothing was reported: whoever asks aloud is to hear it.
                    known.borrow_mut().remove(&key);
                } else {
                    known.borrow_mut().insert(key, State::Done(value.clone()));
                }
                value
            }
        }
    }
}

/// The shortest way from an entry that needs itself back to it, both ends included.
fn way_back<'t>(name: &'t str, direct: &IndexMap<&'t str, Vec<&'t str>>) -> Vec<&'t str> {
    let mut from: IndexMap<&'t str, &'t str> = IndexMap::default();
    let mut open = std::collections::VecDeque::from([name]);
    while let Some(here) = open.pop_front() {
        for next in direct.get(here).into_iter().flatten() {
            if !from.contains_key(next) {
                from.insert(next, here);
                open.push_back(next);
            }
        }
    }
    let mut way = vec![name];
    while let Some(before) = way.last().and_then(|last| from.get(last)) {
        way.push(before);
        if *before == name {
            break;
        }
    }
    way.reverse();
    way
}

/// The names that an expression looks up: not those of arguments, fields and units.
pub(crate) fn free_names(node: Node<'_>) -> impl Iterator<Item = &str> {
    free_name_nodes(node).map(Node::text)
}

/// The names by which an entry of a grid may depend on others: without the columns of results in the arguments of functions over rows, which every
/// grid's table has, `runs |> filter(tokens >= 2Mi)`.
fn entry_names(node: Node<'_>) -> impl Iterator<Item = &str> {
    let over_rows = move |inner: Node<'_>| {
        let mut here = inner;
        while let Some(parent) = here.parent().filter(|_| here != node) {
            let called = (parent.kind() == SyntaxKind::Call)
                .then(|| parent.children().find(|child| child.kind() == SyntaxKind::Name))
                .flatten();
            if let Some(called) = called.filter(|called| *called != inner)
                && signature(called.text()).is_some_and(|signature| signature.rows)
            {
                return true;
            }
            here = parent;
        }
        false
    };
    free_name_nodes(node)
        .filter(move |inner| result_column(inner.text()).is_none() || !over_rows(*inner))
        .map(Node::text)
}

fn free_name_nodes(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.descendants().filter(|inner| inner.kind() == SyntaxKind::Name).filter_map(move |inner| {
        if inner == node {
            return Some(inner);
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
        looked_up.then_some(inner)
    })
}
