//! Names, before anything is evaluated: every name of the file is looked up once, also where nothing asks for its value.

use std::collections::HashMap;
use std::rc::Rc;

use synx_grammar::view::{Argument, Axis, Block, Body, Call, Entry, Expression, IntervalStep, ItemKind, Name};

use crate::compiler::Compiler;
use crate::diagnostic::Diagnostic;
use crate::ide::Target;
use crate::signature::{Need, Role, WORDS, excused, fields, foreign_field, foreign_value, signature};
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

/// Names that parameters, entries and comprehensions bind.
struct Known<'t> {
    names: Vec<Name<'t>>,
    /// The `start` of a grid, whose other fields may be those of the cell that it names.
    start: Option<Name<'t>>,
    parent: Option<Rc<Known<'t>>>,
}

impl<'t> Known<'t> {
    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The name as it is bound, in the innermost place that binds it.
    fn find(&self, name: &str) -> Option<Name<'t>> {
        let mut here = Some(self);
        while let Some(known) = here {
            if let Some(bound) = known.names.iter().find(|bound| bound.text() == name) {
                return Some(*bound);
            }
            if known.start.is_some() && crate::grid::scope::INHERITED.contains(&name) {
                return known.start;
            }
            here = known.parent.as_deref();
        }
        None
    }

    fn all(&self) -> Vec<&'t str> {
        let mut all = Vec::new();
        let mut here = Some(self);
        while let Some(known) = here {
            all.extend(known.names.iter().map(|name| name.text()));
            here = known.parent.as_deref();
        }
        all
    }

    fn inner(parent: &Rc<Known<'t>>, names: Vec<Name<'t>>) -> Rc<Known<'t>> {
        Rc::new(Known { names, start: None, parent: Some(Rc::clone(parent)) })
    }
}

/// An expression still to be looked through.
struct Open<'t> {
    expression: Expression<'t>,
    known: Rc<Known<'t>>,
    role: Role,
    /// Whether it is the right side of `|>`.
    piped: bool,
}

impl<'t> Compiler<'t> {
    /// Looks up all names of an item, and checks what its block may hold.
    pub(crate) fn resolve_item(&mut self, item: usize) {
        let slot = &self.items[item];
        let (declaration, kind) = (slot.item, slot.kind);
        let mut known = Rc::new(Known { names: Vec::new(), start: None, parent: None });
        for parameter in declaration.parameters() {
            // What a law is given may name the columns of its table.
            if let Some(default) = parameter.default().filter(|_| kind != ItemKind::Law) {
                self.resolve(default, &known, Role::Any, None);
            }
            if let Some(name) = parameter.name() {
                if known.has(name.text()) {
                    self.twice(name, None, "parameter");
                }
                known = Known::inner(&known, vec![name]);
            }
        }
        match declaration.body() {
            Body::Missing => {}
            Body::Expression(value) if kind == ItemKind::Law => self.resolve_law_call(value, &known),
            Body::Expression(value) => {
                self.resolve(value, &known, Role::of(kind), None);
            }
            Body::Block(block) => self.resolve_block(item, block, &known),
        }
    }

    /// Looks up the names of an expression beside the declarations of a file.
    pub(crate) fn resolve_expression(&mut self, expression: Expression<'t>) {
        let known = Rc::new(Known { names: Vec::new(), start: None, parent: None });
        self.resolve(expression, &known, Role::Any, None);
    }

    /// Of a call of a law the table: its other arguments may name the table's columns, and are looked up over it.
    fn resolve_law_call(&mut self, value: Expression<'t>, known: &Rc<Known<'t>>) {
        let Expression::Call(call) = value.without_parens() else { return };
        for (place, argument) in call.arguments().enumerate() {
            let over = match argument {
                Argument::Named(name, _) => name.text() == "over",
                Argument::Positional(_) => place == 0,
            };
            if let Some(value) = argument.value().filter(|_| over) {
                self.resolve(value, known, Role::Grid, None);
            }
        }
    }

    fn resolve_block(&mut self, item: usize, block: Block<'t>, parameters: &Rc<Known<'t>>) {
        let slot = &self.items[item];
        let (declaration, kind) = (slot.item, slot.kind);
        self.fill_block(declaration, kind, block);
        let mut meant: Vec<&'static str> = Vec::new();
        let mut names: HashMap<&'t str, Span> = HashMap::new();
        for parameter in declaration.parameters() {
            if let Some(name) = parameter.name() {
                names.insert(name.text(), self.span(name.node()));
            }
        }
        let mut entries = Vec::new();
        for entry in block.entries() {
            let bound: Vec<Name<'t>> = match entry {
                Entry::Field(field) => field.name().into_iter().collect(),
                Entry::Let(entry) => entry.name().into_iter().collect(),
                Entry::Axis(axis) => axis.pattern().into_iter().flat_map(synx_grammar::view::Pattern::names).collect(),
                Entry::Free(free) => free.names().filter_map(synx_grammar::view::FreeName::name).collect(),
                _ => Vec::new(),
            };
            for name in bound {
                if let Some(first) = names.get(name.text()) {
                    self.twice(name, Some(*first), "entry");
                } else {
                    names.insert(name.text(), self.span(name.node()));
                    entries.push(name);
                }
            }
        }
        let start = entries.iter().copied().find(|name| kind == ItemKind::Grid && name.text() == "start");
        let known = Rc::new(Known { names: entries, start, parent: Some(Rc::clone(parameters)) });
        for entry in block.entries() {
            if let Some(word) = misplaced(entry, kind) {
                let span = self.span(entry.node());
                let finding = self
                    .finding("E0108", span, format!("`{word}` does not belong in a {}", kind.word()), "not here")
                    .help(match word {
                        "axis" | "where" => "axes and conditions belong in a grid",
                        "assert" => {
                            "write it beside the declarations; what results decide is claimed: `claim name = …`"
                        }
                        _ => "free parameters and formulas belong in a law",
                    });
                self.report(finding);
                continue;
            }
            match entry {
                Entry::Field(field) => {
                    let (Some(name), Some(value)) = (field.name(), field.value()) else { continue };
                    let role = self.field_role(name, kind);
                    let Some(role) = role else {
                        let foreign = foreign_field(kind, name.text()).and_then(|foreign| foreign.ours);
                        let near = || nearest(name.text(), fields(kind).iter().map(|field| field.name));
                        meant.extend(foreign.or_else(near));
                        continue;
                    };
                    if role != Role::Columns {
                        let inside = without(&known, parameters, name.text());
                        self.resolve(value, &inside, role, (kind == ItemKind::Grid).then_some((field.node(), &names)));
                    }
                }
                Entry::Let(entry) if kind != ItemKind::Law => {
                    if let Some(value) = entry.value() {
                        self.resolve(value, &known, Role::Any, None);
                    }
                }
                Entry::Axis(axis) => self.resolve_axis(axis, &known, parameters),
                Entry::Where(condition) => {
                    if let Some(condition) = condition.condition() {
                        self.resolve(condition, &known, Role::Any, None);
                    }
                }
                Entry::Assert(assertion) if kind != ItemKind::Law => {
                    if let Some(condition) = assertion.condition() {
                        self.resolve(condition, &known, Role::Any, None);
                    }
                }
                // Those of a law see the columns of its table.
                Entry::Let(_) | Entry::Assert(_) | Entry::Free(_) | Entry::Formula(_) | Entry::Allow(_) => {}
            }
        }
        if !block.node().has_error() {
            let required = fields(kind).iter().filter(|field| field.need == Need::Required);
            let missing: Vec<&str> = required
                .map(|field| field.name)
                .filter(|name| !names.contains_key(name) && !excused(kind, name, |other| names.contains_key(other)))
                .collect();
            let span = declaration.name().map_or_else(|| self.span(declaration.node()), |n| self.span(n.node()));
            if kind == ItemKind::Grid
                && let (Some(tokens), Some(steps)) = (names.get("tokens"), names.get("steps"))
            {
                let finding = self
                    .finding("E0414", *steps, "a budget is counted in tokens or in steps", "both are given")
                    .label(self.label(*tokens, "the other"))
                    .help("`steps` times the recipe's batch are the tokens; keep one of the two");
                self.report(finding);
            }
            if missing.iter().any(|name| meant.contains(name)) {
                // Misspelt rather than missing, which is said there.
                self.silence("E0104", span);
            } else if !missing.is_empty() {
                self.missing_fields(kind.word(), &missing, span);
            }
        }
    }

    /// What a field of a block takes; none, and reported, where there is no such field in this version.
    fn field_role(&mut self, name: Name<'t>, kind: ItemKind) -> Option<Role> {
        let span = self.span(name.node());
        let known = fields(kind);
        match known.iter().find(|field| field.name == name.text()) {
            Some(field) => {
                self.note_name(name, Target::Field(kind, field.name));
                Some(field.role)
            }
            // A kind that is declared with `=`: its block is said to be wrong as a whole.
            None if known.is_empty() => None,
            None => {
                let offered = || known.iter().map(|field| field.name);
                let mut finding = self
                    .finding(
                        "E0103",
                        span,
                        format!("a {} has no field `{}`", kind.word(), name.text()),
                        "no such field",
                    )
                    .help(format!("its fields are {}", listed(offered())));
                if let Some(foreign) = foreign_field(kind, name.text()) {
                    finding = self.brought_along(finding, span, &foreign);
                } else if let Some(near) = nearest(name.text(), offered()) {
                    let edit = self.edit(span, near);
                    finding =
                        finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit]);
                } else if kind == ItemKind::Grid {
                    finding = finding.help(format!(
                        "its fields are {}; a column of your own is a `let`, what varies is an `axis`",
                        listed(offered())
                    ));
                }
                self.report(finding);
                None
            }
        }
    }

    fn resolve_axis(&mut self, axis: Axis<'t>, known: &Rc<Known<'t>>, parameters: &Rc<Known<'t>>) {
        let (Some(pattern), Some(value)) = (axis.pattern(), axis.value()) else { return };
        let mut role = Role::Any;
        let mut inside = Rc::clone(known);
        for name in pattern.names() {
            if let Some(field) = fields(ItemKind::Grid).iter().find(|field| field.name == name.text()) {
                role = field.role;
            }
            inside = without(&inside, parameters, name.text());
        }
        self.resolve(value, &inside, role, None);
    }

    /// Reports a name that is bound again.
    pub(crate) fn twice(&mut self, name: Name<'t>, first: Option<Span>, what: &str) {
        let span = self.span(name.node());
        let mut finding = self.finding(
            "E0102",
            span,
            format!("`{}` is there twice", name.text()),
            format!("a second {what} of that name"),
        );
        if let Some(first) = first {
            finding = finding.label(self.label(first, "the first"));
        }
        self.report(finding.help("a parameter, an axis or a `let` named like a field sets that field; keep one"));
    }

    /// Looks up all names of an expression. In a field of a grid, `grid` is that field and the grid's names.
    fn resolve(
        &mut self,
        expression: Expression<'t>,
        known: &Rc<Known<'t>>,
        role: Role,
        grid: Option<(synx_grammar::Node<'t>, &HashMap<&'t str, Span>)>,
    ) {
        let mut open = vec![Open { expression, known: Rc::clone(known), role, piped: false }];
        while let Some(Open { expression, known, role, piped }) = open.pop() {
            let mut push = |expression: Option<Expression<'t>>, known: &Rc<Known<'t>>, role: Role, piped: bool| {
                open.extend(expression.map(|expression| Open { expression, known: Rc::clone(known), role, piped }));
            };
            match expression {
                Expression::Name(name) => {
                    if let Role::Word(words) = role
                        && self.is_word(name, words, |word| known.has(word))
                    {
                        self.note_name(name, Target::Word);
                        continue;
                    }
                    if let Role::Choice(_) = role
                        && !known.has(name.text())
                        && !self.is_settable(name)
                    {
                        self.note_name(name, Target::Word);
                        continue;
                    }
                    if piped {
                        if !self.find_name(name, &known) && signature(name.text()).is_none() {
                            self.unknown_function(name);
                        }
                    } else {
                        self.resolve_name(name, &known, role);
                    }
                }
                Expression::Call(call) => {
                    for (argument, role) in self.resolve_call(call, &known, piped, grid) {
                        push(argument.value(), &known, role, false);
                    }
                }
                Expression::Pipe(pipe) => {
                    let role = if role == Role::Any { Role::Any } else { Role::Corpus };
                    push(pipe.input(), &known, role, false);
                    push(pipe.function(), &known, Role::Any, true);
                }
                Expression::Access(access) => {
                    let heldout = access.name().is_some_and(|name| name.text() == "heldout");
                    push(access.base(), &known, if heldout { Role::Corpus } else { Role::Any }, false);
                }
                Expression::Index(index) => {
                    push(index.base(), &known, Role::Any, false);
                    index.arguments().for_each(|argument| push(argument.value(), &known, Role::Any, false));
                }
                Expression::Unary(unary) => push(unary.operand(), &known, Role::Any, false),
                Expression::Binary(binary) => {
                    let role = if role == Role::Data { Role::Data } else { Role::Any };
                    push(binary.left(), &known, role, false);
                    push(binary.right(), &known, role, false);
                }
                Expression::Interval(interval) => {
                    push(interval.start(), &known, Role::Any, false);
                    push(interval.end(), &known, Role::Any, false);
                    if let Some(IntervalStep::Step(step) | IntervalStep::Factor(step)) = interval.step() {
                        push(Some(step), &known, Role::Any, false);
                    }
                }
                Expression::List(list) => list.elements().for_each(|e| push(Some(e), &known, role, false)),
                Expression::Tuple(tuple) => tuple.elements().for_each(|e| push(Some(e), &known, Role::Any, false)),
                Expression::Paren(paren) => push(paren.inner(), &known, role, false),
                Expression::If(choice) => {
                    push(choice.condition(), &known, Role::Any, false);
                    push(choice.then(), &known, role, false);
                    push(choice.otherwise(), &known, role, false);
                }
                Expression::Comprehension(comprehension) => {
                    let bound = comprehension.pattern().into_iter().flat_map(synx_grammar::view::Pattern::names);
                    let inner = Known::inner(&known, bound.collect());
                    push(comprehension.source(), &known, Role::Any, false);
                    push(comprehension.element(), &inner, role, false);
                    push(comprehension.filter(), &inner, Role::Any, false);
                }
                Expression::Number(_)
                | Expression::Text(_)
                | Expression::Bool(..)
                | Expression::Rest(_)
                | Expression::Bad(_) => {}
            }
        }
    }

    fn resolve_name(&mut self, name: Name<'t>, known: &Rc<Known<'t>>, role: Role) {
        let word = name.text();
        let is_word =
            WORDS.contains(&word) && matches!(role, Role::Any | Role::Choice(_) | Role::Word(_) | Role::Columns);
        if self.find_name(name, known) {
            return;
        }
        if is_word {
            self.note_name(name, Target::Word);
            return;
        }
        let span = self.span(name.node());
        if signature(word).is_some() || crate::signature::law_function(word).is_some() {
            let finding = self
                .finding("E0101", span, format!("`{word}` is a function, not a value"), "called without arguments")
                .help(format!("call it: `{word}(…)`"));
            self.report(finding);
            return;
        }
        if self.broken_words.contains(word) || !self.tells() {
            return;
        }
        let finding = self.unknown(name, &known.all(), role);
        self.report(finding);
    }

    /// An unknown name, with the name of the right sort that was most likely meant.
    fn unknown(&self, name: Name<'t>, local: &[&'t str], role: Role) -> Diagnostic {
        let word = name.text();
        let span = self.span(name.node());
        let of_role =
            self.names_in(span.file).filter(|(_, item)| role.takes(self.items[*item].kind)).map(|(name, _)| name);
        let any = matches!(role, Role::Any | Role::Choice(_) | Role::Word(_) | Role::Columns);
        // Where a certain sort is wanted, a field of the grid is never it.
        let local =
            local.iter().copied().filter(|name| any || !fields(ItemKind::Grid).iter().any(|field| field.name == *name));
        let of_role: Vec<&str> = of_role.collect();
        let candidates: Vec<&str> = of_role.iter().copied().chain(local).collect();
        let wanted = match role {
            Role::Data => "corpus or mixture ",
            Role::Corpus => "corpus ",
            Role::Model => "model ",
            Role::Recipe => "recipe ",
            Role::Evaluate => "evaluation or corpus ",
            Role::Grid => "grid ",
            _ => "",
        };
        let headline = if wanted.is_empty() {
            format!("nothing here is called `{word}`")
        } else {
            format!("there is no {wanted}called `{word}`")
        };
        let mut finding = self.finding("E0101", span, headline, "not known");
        let words = ["true", "false", "none"].into_iter().filter(|_| any);
        if any && let Some(foreign) = foreign_value(word) {
            return self.brought_along(finding, span, &foreign);
        }
        if any && let Some(help) = self.asked_of_a_table(word, span.file) {
            return finding.help(help);
        }
        let library = crate::library::offered(role.kinds(), false);
        match nearest(word, candidates.iter().copied().chain(words).chain(library)) {
            Some(near) => {
                let edit = self.edit(span, near);
                finding = finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit]);
            }
            None if !of_role.is_empty() && of_role.len() <= 8 && !wanted.is_empty() => {
                finding = finding.help(format!("there is {}", listed(of_role.iter().copied())));
            }
            None => finding = finding.help("declare it, or check its spelling"),
        }
        finding
    }

    /// An unknown name that evaluation meets: reported before, unless names were not looked through.
    pub(crate) fn unknown_name(&mut self, name: Name<'t>) -> Value {
        if self.broken_words.contains(name.text()) || !self.tells() || self.is_unknown(self.span(name.node())) {
            return Value::Error;
        }
        let finding = self.unknown(name, &[], Role::Any);
        self.report(finding)
    }

    /// Looks a name up among what is bound around it, the items and the functions; what it stands for is written down, an
    /// item marked as used. False where it is neither bound nor an item.
    fn find_name(&mut self, name: Name<'t>, known: &Rc<Known<'t>>) -> bool {
        if let Some(bound) = known.find(name.text()) {
            let span = self.span(bound.node());
            self.note_name(name, Target::Declared(span));
            return true;
        }
        if self.mark_name(name) {
            return true;
        }
        if let Some(function) = signature(name.text()) {
            self.note_name(name, Target::Function(function.name));
        }
        false
    }

    /// Marks what a name stands for as used, and writes it down; false where there is no item of that name.
    pub(crate) fn mark_name(&mut self, name: Name<'t>) -> bool {
        let file = self.span(name.node()).file;
        if !self.mark(name.text(), file) {
            return false;
        }
        if let Some(item) = self.item_named(name) {
            let declared = self.name_span(item);
            self.note_name(name, Target::Declared(declared));
        }
        true
    }

    /// Looks up what is called, and gives the arguments with what each is for.
    fn resolve_call(
        &mut self,
        call: Call<'t>,
        known: &Rc<Known<'t>>,
        piped: bool,
        grid: Option<(synx_grammar::Node<'t>, &HashMap<&'t str, Span>)>,
    ) -> Vec<(Argument<'t>, Role)> {
        let arguments: Vec<Argument<'t>> = call.arguments().collect();
        let plain = |arguments: Vec<Argument<'t>>| arguments.into_iter().map(|a| (a, Role::Any)).collect();
        let Some(Expression::Name(callee)) = call.callee().map(Expression::without_parens) else {
            return plain(arguments);
        };
        let word = callee.text();
        self.find_name(callee, known);
        if known.has(word) {
            return plain(arguments);
        }
        if let Some(item) = self.item_named(callee) {
            let slot = &self.items[item];
            let (declaration, kind) = (slot.item, slot.kind);
            if declaration.parameters_node().is_some() {
                let parameters: Vec<Name<'t>> =
                    declaration.parameters().filter_map(synx_grammar::view::Parameter::name).collect();
                let names: Vec<&str> = parameters.iter().map(|name| name.text()).collect();
                for argument in &arguments {
                    if let Argument::Named(name, _) = argument
                        && let Some(parameter) = parameters.iter().find(|parameter| parameter.text() == name.text())
                    {
                        let span = self.span(parameter.node());
                        self.note_name(*name, Target::Declared(span));
                    }
                }
                let span = self.span(call.node());
                let matched = self.match_arguments(word, &names, &arguments, piped, span);
                if kind != ItemKind::Let {
                    for (parameter, at) in matched.into_iter().flatten().enumerate() {
                        if let Some(value) = at.and_then(|at| arguments[at].value())
                            && crate::item::is_number_list(value)
                        {
                            self.list_argument(value, names[parameter], grid);
                        }
                    }
                }
            }
            return plain(arguments);
        }
        let Some(signature) = signature(word) else {
            self.unknown_function(callee);
            return plain(arguments);
        };
        if signature.variadic {
            return plain(arguments);
        }
        let all = arguments;
        let mut places = signature.parameters.len() - usize::from(piped);
        let own = |argument: &Argument<'t>| match argument {
            Argument::Named(name, _) if signature.others => signature.parameters.iter().any(|p| p.name == name.text()),
            Argument::Positional(_) if signature.others => {
                let fits = places > 0;
                places = places.saturating_sub(1);
                fits
            }
            _ => true,
        };
        let (arguments, others): (Vec<_>, Vec<_>) = all.into_iter().partition(own);
        for argument in others {
            // What a further column is set to may name other columns.
            self.mark_names(argument);
        }
        for argument in &arguments {
            if let Argument::Named(name, _) = argument
                && let Some(parameter) = signature.parameters.iter().find(|parameter| parameter.name == name.text())
            {
                self.note_name(*name, Target::Argument(signature.name, parameter.name));
            }
        }
        let names: Vec<&str> = signature.parameters.iter().map(|parameter| parameter.name).collect();
        let span = self.span(call.node());
        let matched = self.match_arguments(word, &names, &arguments, piped, span);
        let given = crate::fill::given(signature, &arguments, piped);
        if let Some(matched) = &matched {
            let missing = signature.parameters.iter().enumerate().filter(|(i, parameter)| {
                parameter.need == Need::Required && matched[*i].is_none() && !(piped && *i == 0)
            });
            let missing: Vec<&str> = missing.map(|(_, parameter)| parameter.name).collect();
            if !missing.is_empty() {
                self.missing_arguments(word, &missing, span);
            }
            self.fill_call(signature, &given, call);
        }
        let role = |at: usize| {
            let matched = matched.as_ref()?;
            let parameter = matched.iter().position(|argument| *argument == Some(at))?;
            Some(signature.parameters[parameter].role)
        };
        let with_role: Vec<_> =
            arguments.into_iter().enumerate().map(|(i, argument)| (argument, role(i).unwrap_or(Role::Any))).collect();
        let (columns, others): (Vec<_>, Vec<_>) =
            with_role.into_iter().partition(|(_, role)| signature.rows && *role == Role::Columns);
        for (argument, _) in columns {
            self.mark_names(argument);
        }
        others
    }

    /// Marks the items that an argument names, in which columns are names too; what it names otherwise is found where the
    /// table is known.
    fn mark_names(&mut self, argument: Argument<'t>) {
        let Some(value) = argument.value() else { return };
        let file = self.span(value.node()).file;
        let names: Vec<&'t str> = crate::grid::scope::free_names(value.node()).collect();
        for name in names {
            self.mark(name, file);
        }
    }

    /// A list of numbers where a declaration takes one: an axis was meant.
    fn list_argument(
        &mut self,
        value: Expression<'t>,
        parameter: &str,
        grid: Option<(synx_grammar::Node<'t>, &HashMap<&'t str, Span>)>,
    ) {
        let span = self.span(value.node());
        let mut finding = self
            .finding("E0401", span, format!("a list stands where `{parameter}` wants one value"), "a list")
            .help(format!("to try every value, make it an axis of the grid: `axis {parameter} = {}`", value.text()));
        if let Some((field, names)) = grid
            && !names.contains_key(parameter)
        {
            let field = self.span(field);
            let before = Span { end: field.start, ..field };
            // Where the field begins its line, so does the axis.
            let text = self.source(Span { start: 0, ..before });
            let line = text.rsplit('\n').next().unwrap_or_default();
            let separator = if line.trim().is_empty() { format!("\n{line}") } else { "; ".to_owned() };
            let axis = format!("axis {parameter} = {}{separator}", value.text());
            let edits = vec![self.edit(before, axis), self.edit(span, parameter)];
            finding = finding.fix(format!("make `{parameter}` an axis"), edits);
        }
        self.report(finding);
    }

    /// The kinds of declarations, for what is no kind.
    pub(crate) fn unknown_kind(&mut self, word: &str, span: Span) {
        let kinds = || ItemKind::ALL.into_iter().map(ItemKind::word);
        let mut finding = self.finding("E0107", span, format!("`{word}` is no kind of declaration"), "not a kind");
        finding = match known_elsewhere(word).or_else(|| nearest(word, kinds())) {
            Some(near) => {
                let edit = self.edit(span, near);
                finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit])
            }
            None => finding.help(format!(
                "a declaration begins with its kind: {}",
                listed(["study", "param", "let", "corpus", "evaluation", "mixture", "model", "recipe", "grid", "law"])
            )),
        };
        self.report(finding);
    }
}

/// The kind that people mean by a word of their own.
fn known_elsewhere(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "var" | "const" | "val" | "def" | "set" => "let",
        "dataset" | "datasets" | "data" | "source" => "corpus",
        "mix" | "blend" | "weights" => "mixture",
        "sweep" | "matrix" | "experiment" | "runs" => "grid",
        "train" | "training" | "hyperparameters" | "optimizer" => "recipe",
        "network" | "architecture" | "transformer" => "model",
        "eval" | "test" | "benchmark" => "evaluation",
        "fit" | "scaling_law" => "law",
        _ => return None,
    })
}

/// The names that are seen within the field `name`: all but itself.
fn without<'t>(known: &Rc<Known<'t>>, parameters: &Rc<Known<'t>>, name: &str) -> Rc<Known<'t>> {
    let others = known.names.iter().copied().filter(|other| other.text() != name).collect();
    let start = known.start.filter(|_| name != "start");
    Rc::new(Known { names: others, start, parent: Some(Rc::clone(parameters)) })
}

/// Whether the entries of such a block have values when it is checked, so that an assertion can speak of them.
pub(crate) fn asserts(kind: ItemKind) -> bool {
    !matches!(kind, ItemKind::Figure | ItemKind::Table)
}

/// The word of an entry that does not belong in a block of this kind.
fn misplaced(entry: Entry<'_>, kind: ItemKind) -> Option<&'static str> {
    match entry {
        Entry::Axis(_) if kind != ItemKind::Grid => Some("axis"),
        Entry::Where(_) if kind != ItemKind::Grid => Some("where"),
        Entry::Free(_) if kind != ItemKind::Law => Some("free"),
        Entry::Formula(_) if kind != ItemKind::Law => Some("~"),
        Entry::Assert(_) if !asserts(kind) => Some("assert"),
        _ => None,
    }
}
