//! Declarations: their values, and calls of those with parameters.

use std::rc::Rc;

use crate::map::IndexMap;
use synx_grammar::view::{Argument, Body, Expression, ItemKind, Name};

use crate::block::Fields;
use crate::compiler::{Compiler, State};
use crate::scope::{Binding, Scope};
use crate::value::{Capped, Named, Span, Value};

impl<'t> Compiler<'t> {
    /// The value of a declaration that is named at `span`.
    pub(crate) fn item_value(&mut self, item: usize, span: Span) -> Value {
        let slot = &mut self.items[item];
        slot.used = true;
        match slot.kind {
            ItemKind::Grid => return Value::Grid(item),
            ItemKind::Law => return Value::Law(item),
            kind @ (ItemKind::Claim | ItemKind::Figure | ItemKind::Table) => {
                let (word, name) = (kind.word(), slot.name);
                let finding = self
                    .finding("E0201", span, format!("the {word} `{name}` is not a value"), format!("a {word}"))
                    .help("name what it is made of with `let`, and use that in both places");
                return self.report(finding);
            }
            _ => {}
        }
        if slot.item.parameters_node().is_some() {
            return Value::Declaration(item);
        }
        match &slot.state {
            State::Done(value) => return value.clone(),
            State::Running => {
                let name = slot.name;
                return self.cycle(name, span);
            }
            State::Open => {}
        }
        if !self.enter(span) {
            return Value::Error;
        }
        self.items[item].state = State::Running;
        let name: Rc<str> = self.items[item].name.into();
        // Its value is the same wherever it is asked for: no call brings it about.
        let frames = std::mem::take(&mut self.frames);
        self.asked.push((Rc::clone(&name), span));
        let value = self.body(item, IndexMap::default(), &name);
        self.asked.pop();
        self.frames = frames;
        self.items[item].state = State::Done(value.clone());
        self.leave();
        value
    }

    /// Calls a declaration with parameters.
    pub(crate) fn call_item(
        &mut self,
        item: usize,
        arguments: &[Argument<'t>],
        piped: Option<&(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let slot = &self.items[item];
        let (name, declaration, kind) = (slot.name, slot.item, slot.kind);
        let parameters: Vec<_> = declaration.parameters().filter(|parameter| parameter.name().is_some()).collect();
        let names: Vec<&'t str> =
            parameters.iter().filter_map(|parameter| parameter.name()).map(synx_grammar::view::Name::text).collect();
        let Some(matched) = self.match_arguments(name, &names, arguments, piped.is_some(), span) else {
            return Value::Error;
        };
        // A call costs more than a value: its arguments are matched, named and bound.
        if !self.burn(20, span) || !self.enter(span) {
            return Value::Error;
        }
        let mut bound: IndexMap<&'t str, Binding<'t>> = IndexMap::default();
        let mut shown = Vec::new();
        let mut said = Vec::new();
        let mut skipped = false;
        let mut fits = true;
        for (i, parameter) in parameters.iter().enumerate() {
            let given = match (piped, matched[i]) {
                (Some(piped), None) if i == 0 => Some(piped.clone()),
                (_, Some(at)) => match arguments[at].value() {
                    Some(value) if is_number_list(value) && kind != ItemKind::Let => {
                        // Reported where names are resolved, with the axis that was meant.
                        Some((Value::Error, self.span(value.node())))
                    }
                    Some(value) => {
                        let place = self.span(value.node());
                        Some((self.evaluate(value, scope), place))
                    }
                    None => Some((Value::Error, span)),
                },
                _ => None,
            };
            let (value, place) = match (given, parameter.default()) {
                (Some((value, place)), _) => {
                    let (column, unit) = value.column();
                    let named =
                        |value: &str| if skipped { format!("{} = {value}", names[i]) } else { value.to_owned() };
                    let column = column.to_string();
                    // What a run settles has no value to show yet: a message shows what the study says.
                    said.push(named(&match &value {
                        Value::Late(_) => self.source(place).to_owned(),
                        _ if unit.is_empty() => column.clone(),
                        _ => format!("{column} {unit}"),
                    }));
                    shown.push(named(&column));
                    (value, place)
                }
                (None, Some(default)) => {
                    skipped = true;
                    let place = self.span(default.node());
                    let inner = Scope::inner(&self.file_scope, copy(&bound));
                    self.go_into_call(item, span);
                    let value = self.evaluate(default, &inner);
                    self.return_from_call();
                    (value, place)
                }
                (None, None) => {
                    self.missing_argument(name, names[i], span);
                    fits = false;
                    continue;
                }
            };
            fits &= !value.is_error();
            bound.insert(names[i], Binding::Value(value, place));
        }
        let value = if fits {
            let display = if shown.is_empty() { name.to_owned() } else { format!("{name}({})", shown.join(", ")) };
            let display: Rc<str> = display.into();
            self.go_into_call(item, span);
            // Names of results have no units, messages have.
            self.name_call(if said == shown {
                Rc::clone(&display)
            } else {
                format!("{name}({})", said.join(", ")).into()
            });
            let value = self.body(item, bound, &display);
            self.return_from_call();
            value
        } else {
            Value::Error
        };
        self.leave();
        value
    }

    /// What a declaration's body comes to under its parameters.
    pub(crate) fn body(&mut self, item: usize, names: IndexMap<&'t str, Binding<'t>>, name: &Rc<str>) -> Value {
        let slot = &self.items[item];
        let (kind, declaration) = (slot.kind, slot.item);
        let span = declaration.name().map_or_else(|| self.span(declaration.node()), |name| self.span(name.node()));
        let outer = Rc::clone(&self.file_scope);
        match declaration.body() {
            Body::Missing => Value::Error,
            Body::Expression(expression) => {
                if let Some(text) = &slot.given_text {
                    return Value::text(text);
                }
                let expression = slot.given.unwrap_or(expression);
                let scope = if names.is_empty() { outer } else { Scope::inner(&outer, names) };
                let value = self.evaluate(expression, &scope);
                let place = self.span(expression.node());
                self.declared_value(kind, &value, name, span, place)
            }
            Body::Block(block) => {
                let mut fields = Fields::new(block, names, &outer, span);
                if !self.assertions(block, &fields.scope()) {
                    return Value::Error;
                }
                match kind {
                    ItemKind::Corpus => self.corpus_block(&mut fields, name),
                    ItemKind::Corpora => self.family_block(&fields, name),
                    ItemKind::Generator => self.generator_block(&fields, name),
                    ItemKind::Tokenizer => self.tokenizer_block(&fields, name),
                    ItemKind::Hardware => self.hardware_block(&fields, name),
                    ItemKind::Model => self.model_block(&fields, name),
                    ItemKind::Recipe => self.recipe_block(&fields, name),
                    ItemKind::Evaluation => self.evaluation_block(&fields, name),
                    // Reported where names are resolved.
                    _ => Value::Error,
                }
            }
        }
    }

    /// The value of `kind name = value`, which must be of the kind and takes the name.
    fn declared_value(&mut self, kind: ItemKind, value: &Value, name: &Rc<str>, span: Span, place: Span) -> Value {
        match (kind, value) {
            (_, Value::Error) => Value::Error,
            (ItemKind::Let, Value::Block(block)) => {
                Value::Block(Rc::new(Named { name: Rc::clone(name), it: block.it.clone() }))
            }
            (ItemKind::Let | ItemKind::Param, _) => self.named_late(value, name, place),
            (ItemKind::Corpus, _) => self.declared_corpus(value, name, span, place),
            (ItemKind::Mixture, Value::Capped(capped)) => {
                Value::Capped(Rc::new(Capped { name: Rc::clone(name), ..(**capped).clone() }))
            }
            (ItemKind::Mixture, _) => match self.mixture(value, place) {
                Some(mixture) => Value::Mixture(Rc::new(Named { name: Rc::clone(name), it: mixture.it.clone() })),
                None => Value::Error,
            },
            (ItemKind::Model, Value::Model(model)) => {
                Value::Model(Rc::new(Named { name: Rc::clone(name), it: model.it.clone() }))
            }
            (ItemKind::Generator, Value::Generator(generator)) => {
                Value::Generator(Rc::new(Named { name: Rc::clone(name), it: generator.it.clone() }))
            }
            (ItemKind::Tokenizer, Value::Tokenizer(_)) | (ItemKind::Hardware, Value::Hardware(_)) => value.clone(),
            (ItemKind::Recipe, Value::Recipe(recipe)) => {
                Value::Recipe(Rc::new(Named { name: Rc::clone(name), it: recipe.it.clone() }))
            }
            (ItemKind::Evaluation, _) => match self.evaluation(value, place) {
                Some(evaluation) => {
                    Value::Evaluation(Rc::new(Named { name: Rc::clone(name), it: evaluation.it.clone() }))
                }
                None => Value::Error,
            },
            (ItemKind::Observations, table) if table.is_table() => value.clone(),
            (ItemKind::Observations, other) => self.expected(place, "a table, such as `csv(\"runs.csv\")`", other),
            (kind, other) => self.expected(place, &format!("a {}", kind.word()), other),
        }
    }

    /// Whether a name stands for a `param` or a `let` of its file.
    pub(crate) fn is_settable(&mut self, name: Name<'t>) -> bool {
        let kind = self.item_named(name).map(|item| self.items[item].kind);
        matches!(kind, Some(ItemKind::Param | ItemKind::Let))
    }

    /// What can be called in a file.
    pub(crate) fn declarations_with_parameters(&self, file: u32) -> impl Iterator<Item = &'t str> {
        self.names_in(file).filter(|(_, item)| self.items[*item].item.parameters_node().is_some()).map(|(name, _)| name)
    }
}

/// The bindings of parameters again, for the defaults of later ones.
pub(crate) fn copy<'t>(names: &IndexMap<&'t str, Binding<'t>>) -> IndexMap<&'t str, Binding<'t>> {
    let values = names.iter().filter_map(|(name, binding)| match binding {
        Binding::Value(value, span) => Some((*name, Binding::Value(value.clone(), *span))),
        Binding::Entry { .. } => None,
    });
    values.collect()
}

/// Whether an expression is a list of numbers, written out: what people write where they mean an axis.
pub(crate) fn is_number_list(expression: Expression<'_>) -> bool {
    match expression.without_parens() {
        Expression::List(list) => {
            let mut elements = list.elements().peekable();
            elements.peek().is_some() && elements.all(|element| matches!(element, Expression::Number(_)))
        }
        _ => false,
    }
}
