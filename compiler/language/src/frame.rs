//! The calls on the way to what is evaluated: a mistake that only arguments bring about is shown where they are given.

use std::ops::Range;
use std::rc::Rc;

use crate::map::IndexMap;
use synx_grammar::view::ItemKind;

use crate::compiler::Compiler;
use crate::diagnostic::Diagnostic;
use crate::scope::{Binding, Scope};
use crate::value::{Span, Value};

/// A call of a declaration with parameters.
pub(crate) struct Frame {
    /// The whole declaration.
    definition: Span,
    call: Span,
    /// The declaration with the values of its arguments, as columns show it.
    pub shown: Rc<str>,
}

/// A place as findings say it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Place {
    file: String,
    start: usize,
    end: usize,
}

/// The place of a finding.
pub(crate) fn place(diagnostic: &Diagnostic) -> Option<Place> {
    let label = diagnostic.labels.first()?;
    Some(Place { file: label.file.clone(), start: label.range.start, end: label.range.end })
}

impl Place {
    pub(crate) fn of(file: &str, range: Range<usize>) -> Place {
        Place { file: file.to_owned(), start: range.start, end: range.end }
    }
}

impl<'t> Compiler<'t> {
    /// Goes into a call; what is evaluated until [`Compiler::return_from_call`] belongs to it.
    pub(crate) fn go_into_call(&mut self, item: usize, call: Span) {
        let slot = &self.items[item];
        let (declaration, name) = (slot.item, slot.name);
        self.frames.push(Frame { definition: self.span(declaration.node()), call, shown: name.into() });
    }

    pub(crate) fn return_from_call(&mut self) {
        self.frames.pop();
    }

    /// Says what the arguments of the call at hand are, once they are known.
    pub(crate) fn name_call(&mut self, shown: Rc<str>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.shown = shown;
        }
    }

    /// A finding within declarations that are being called, moved to the outermost of these calls: there the values come from that bring it about. Its
    /// own place stays as a further label. The standard library cannot be edited, so fixes in it are left out. With it the places that it was moved from.
    pub(crate) fn at_its_use(&self, mut diagnostic: Diagnostic) -> (Diagnostic, Vec<Place>) {
        let mut from = Vec::new();
        let Some(mut place) = place(&diagnostic) else { return (diagnostic, from) };
        let mut outermost = None;
        for frame in self.frames.iter().rev() {
            let within = frame.definition.range();
            if place.file == self.path(frame.definition) && within.start <= place.start && place.end <= within.end {
                let next = Place::of(self.path(frame.call), self.shown(frame.call));
                from.push(std::mem::replace(&mut place, next));
                outermost = Some(frame);
            }
        }
        let Some(frame) = outermost else { return (diagnostic, from) };
        let text = if self.source(frame.call) == &*frame.shown {
            "in this call".to_owned()
        } else {
            format!("in this call: `{}`", frame.shown)
        };
        diagnostic.labels.insert(0, self.label(frame.call, text));
        diagnostic.fixes.retain(|fix| fix.edits.iter().all(|edit| !crate::library::is_path(&edit.file)));
        (diagnostic, from)
    }

    /// Evaluates the declarations with parameters by themselves: a parameter with a default has it, others are not known, and what follows from them
    /// is silent. What is wrong whatever the arguments are is said at the declaration alone, and no longer where it is used.
    pub(crate) fn check_definitions(&mut self) {
        let record = self.record.take();
        for item in 0..self.items.len() {
            if self.items[item].reached && self.items[item].item.parameters_node().is_some() {
                self.refuel();
                let known = self.diagnostics.len();
                self.check_definition(item);
                let causes: Vec<(&str, Place)> =
                    self.diagnostics[known..].iter().filter_map(|d| Some((d.code, place(d)?))).collect();
                let follows = |diagnostic: &Diagnostic| {
                    let at = place(diagnostic);
                    let mut moved =
                        self.moved.iter().filter(|(code, to, _)| *code == diagnostic.code && Some(to) == at.as_ref());
                    moved.any(|(code, _, from)| {
                        causes.iter().any(|(cause, place)| cause == code && from.contains(place))
                    })
                };
                let kept: Vec<bool> = self.diagnostics.iter().map(|diagnostic| !follows(diagnostic)).collect();
                let mut kept = kept.into_iter();
                self.diagnostics.retain(|_| kept.next().unwrap_or(true));
            }
        }
        self.record = record;
    }

    fn check_definition(&mut self, item: usize) {
        let declaration = self.items[item].item;
        if self.items[item].kind == ItemKind::Law {
            self.check_law_definition(item);
            return;
        }
        if !self.enter(self.name_span(item)) {
            return;
        }
        let mut bound: IndexMap<&'t str, Binding<'t>> = IndexMap::default();
        for parameter in declaration.parameters() {
            let Some(name) = parameter.name() else { continue };
            let (value, place) = match parameter.default() {
                Some(default) => {
                    let scope = Scope::inner(&self.file_scope, crate::item::copy(&bound));
                    (self.evaluate(default, &scope), self.span(default.node()))
                }
                None => (Value::Error, self.span(name.node())),
            };
            bound.insert(name.text(), Binding::Value(value, place));
        }
        let shown: Rc<str> = self.items[item].name.into();
        self.body(item, bound, &shown);
        self.leave();
    }
}
