//! Calls: arguments to parameters, and what each function of the language gives.

use std::rc::Rc;

use synx_grammar::view::{Argument, Call, Expression, Name, Pipe};

use crate::compiler::Compiler;
use crate::diagnostic::Diagnostic;
use crate::scope::Scope;
use crate::signature::{Foreign, Need, Role, Signature, foreign_function, law_function, signature};
use crate::suggest::{listed, nearest};
use crate::value::{Span, Value};

/// The arguments of a call to a function of the language, defaults filled in.
pub(crate) struct Arguments {
    pub signature: &'static Signature,
    values: Vec<Option<(Value, Span)>>,
    /// The whole call.
    pub span: Span,
}

impl Arguments {
    /// The argument for a parameter; none where it is optional and not there.
    pub(crate) fn get(&self, name: &str) -> Option<(Value, Span)> {
        let index = self.signature.parameters.iter().position(|parameter| parameter.name == name)?;
        self.values.get(index)?.clone()
    }

    /// The argument for a parameter that is required or has a default.
    pub(crate) fn required(&self, name: &str) -> (Value, Span) {
        self.get(name).unwrap_or((Value::Error, self.span))
    }

    /// All of them, in the order of the text: for functions of any number of arguments.
    pub(crate) fn all(&self) -> impl Iterator<Item = &(Value, Span)> {
        self.values.iter().flatten()
    }
}

impl<'t> Compiler<'t> {
    /// `callee(arguments)`.
    pub(crate) fn call(&mut self, call: Call<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let span = self.span(call.node());
        let Some(callee) = call.callee() else { return Value::Error };
        let arguments: Vec<Argument<'t>> = call.arguments().collect();
        self.apply(callee, &arguments, None, span, scope)
    }

    /// `input |> function(arguments)`: the input is the first argument.
    pub(crate) fn pipe(&mut self, pipe: Pipe<'t>, scope: &Rc<Scope<'t>>) -> Value {
        let (Some(input), Some(function)) = (pipe.input(), pipe.function()) else { return Value::Error };
        let span = self.span(pipe.node());
        let place = self.span(input.node());
        let value = self.evaluate(input, scope);
        let (callee, arguments) = match function {
            Expression::Call(call) => match call.callee() {
                Some(callee) => (callee, call.arguments().collect()),
                None => return Value::Error,
            },
            other => (other, Vec::new()),
        };
        self.apply(callee, &arguments, Some((value, place)), span, scope)
    }

    fn apply(
        &mut self,
        callee: Expression<'t>,
        arguments: &[Argument<'t>],
        piped: Option<(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Value {
        let place = self.span(callee.node());
        let name = match callee.without_parens() {
            Expression::Name(name) => name,
            Expression::Bad(_) => return Value::Error,
            // `row.pass_at(1)`: a column whose name has an argument.
            Expression::Access(access) if access.name().is_some_and(|name| name.text() == "pass_at") => {
                let Some(base) = access.base() else { return Value::Error };
                let base_at = self.span(base.node());
                let value = self.evaluate(base, scope);
                return self.pass_at_of(&value, base_at, arguments, span, scope);
            }
            other => {
                let value = self.evaluate(other, scope);
                return self.expected(place, "something that can be called", &value);
            }
        };
        let word = name.text();
        let declared = self.item_named(name).is_some();
        if scope.is_local(word) || declared {
            return match self.lookup(name, scope) {
                Value::Declaration(item) => self.call_item(item, arguments, piped.as_ref(), span, scope),
                Value::Error => Value::Error,
                other => {
                    let finding = self
                        .finding("E0106", place, format!("{} takes no arguments", other.describe()), "called here")
                        .help(if scope.is_local(word) && declared {
                            format!("a parameter, an axis or a `let` has the name `{word}` here; give it another name")
                        } else {
                            format!("write `{word}` without parentheses, or declare it with parameters")
                        });
                    self.report(finding)
                }
            };
        }
        if let Some(signature) = signature(word).filter(|signature| signature.rows) {
            return self.over_rows(signature, arguments, piped, span, scope);
        }
        if let Some(signature) = signature(word) {
            return match self.bind(signature, arguments, piped, span, scope) {
                Some(arguments) => self.function(&arguments),
                None => Value::Error,
            };
        }
        self.unknown_function(name)
    }

    /// Reports a name that is called and is no function of this version.
    pub(crate) fn unknown_function(&mut self, name: Name<'t>) -> Value {
        let span = self.span(name.node());
        let word = name.text();
        if law_function(word).is_some() {
            let finding = self
                .finding("E0101", span, format!("`{word}` has a meaning only in a law"), "not known here")
                .help("it belongs to `method`, `test` or the formula of a law");
            return self.report(finding);
        }
        if self.broken_words.contains(word) || !self.tells() {
            return Value::Error;
        }
        let library = crate::library::offered(&[], true);
        let declared: Vec<&str> = self.declarations_with_parameters(span.file).collect();
        let functions = crate::signature::FUNCTIONS.iter().map(|function| function.name);
        let mut finding = self.finding("E0101", span, format!("there is no function `{word}`"), "not known");
        if let Some(foreign) = foreign_function(word) {
            finding = self.brought_along(finding, span, &foreign);
        } else if let Some(near) = nearest(word, declared.into_iter().chain(functions).chain(library)) {
            let edit = self.edit(span, near);
            finding = finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit]);
        }
        self.report(finding)
    }

    /// Says what a name of another language is in this one.
    pub(crate) fn brought_along(&self, finding: Diagnostic, span: Span, foreign: &Foreign) -> Diagnostic {
        let finding = finding.help(foreign.help);
        match foreign.ours {
            Some(ours) => finding.fix(format!("write `{ours}`"), vec![self.edit(span, ours)]),
            None => finding,
        }
    }

    /// Which argument belongs to which parameter: for each parameter the number of its argument. With `piped`, the first
    /// parameter is taken. Reports what does not fit.
    pub(crate) fn match_arguments(
        &mut self,
        callee: &str,
        parameters: &[&str],
        arguments: &[Argument<'t>],
        piped: bool,
        span: Span,
    ) -> Option<Vec<Option<usize>>> {
        let mut matched: Vec<Option<usize>> = vec![None; parameters.len()];
        let mut next = usize::from(piped);
        let mut named = false;
        let mut fits = true;
        for (i, argument) in arguments.iter().enumerate() {
            match argument {
                Argument::Positional(value) => {
                    let place = self.span(value.node());
                    if named {
                        let finding = self
                            .finding("E0106", place, "an argument without a name after a named one", "which one is it?")
                            .help("put arguments without a name first, or name it");
                        self.report(finding);
                        fits = false;
                    } else if next >= parameters.len() {
                        let takes = match parameters {
                            [] => "no arguments".to_owned(),
                            [one] => format!("one argument, {}", listed([*one])),
                            more => format!("{} arguments, {}", more.len(), listed(more.iter().copied())),
                        };
                        let finding = self.finding("E0106", place, format!("`{callee}` takes {takes}"), "one too many");
                        self.report(finding);
                        return None;
                    } else {
                        matched[next] = Some(i);
                        next += 1;
                    }
                }
                Argument::Named(name, _) => {
                    named = true;
                    let place = self.span(name.node());
                    match parameters.iter().position(|parameter| *parameter == name.text()) {
                        Some(at) if matched[at].is_some() || (piped && at == 0) => {
                            let finding = self.finding(
                                "E0102",
                                place,
                                format!("`{}` is given twice", name.text()),
                                "given again here",
                            );
                            self.report(finding);
                            fits = false;
                        }
                        Some(at) => matched[at] = Some(i),
                        None => {
                            self.unknown_argument(callee, *name, parameters);
                            fits = false;
                        }
                    }
                }
            }
        }
        let _ = span;
        fits.then_some(matched)
    }

    fn unknown_argument(&mut self, callee: &str, name: Name<'t>, parameters: &[&str]) {
        let span = self.span(name.node());
        let mut finding =
            self.finding("E0103", span, format!("`{callee}` takes no `{}`", name.text()), "no such argument");
        finding.help = Some(match parameters {
            [] => "it takes no named arguments".to_owned(),
            names => format!("it takes {}", listed(names.iter().copied())),
        });
        if let Some(near) = nearest(name.text(), parameters.iter().copied()) {
            let edit = self.edit(span, near);
            finding = finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit]);
        }
        self.report(finding);
    }

    pub(crate) fn missing_argument(&mut self, callee: &str, name: &str, span: Span) {
        self.missing_arguments(callee, &[name], span);
    }

    pub(crate) fn missing_arguments(&mut self, callee: &str, names: &[&str], span: Span) {
        let add = names.iter().map(|name| format!("`{name} = …`")).collect::<Vec<_>>().join(", ");
        let names = listed(names.iter().copied());
        let finding = self
            .finding("E0104", span, format!("`{callee}` needs {names}"), format!("without {names}"))
            .help(format!("add {add}"));
        self.report(finding);
    }

    /// The arguments of a function of the language.
    fn bind(
        &mut self,
        signature: &'static Signature,
        arguments: &[Argument<'t>],
        piped: Option<(Value, Span)>,
        span: Span,
        scope: &Rc<Scope<'t>>,
    ) -> Option<Arguments> {
        if signature.variadic {
            let mut values: Vec<Option<(Value, Span)>> = piped.into_iter().map(Some).collect();
            for argument in arguments {
                if let Argument::Named(name, _) = argument {
                    self.unknown_argument(signature.name, *name, &[]);
                    return None;
                }
                let value = argument.value()?;
                let place = self.span(value.node());
                values.push(Some((self.evaluate(value, scope), place)));
            }
            return Some(Arguments { signature, values, span });
        }
        let names: Vec<&str> = signature.parameters.iter().map(|parameter| parameter.name).collect();
        let matched = self.match_arguments(signature.name, &names, arguments, piped.is_some(), span)?;
        let mut values = Vec::with_capacity(matched.len());
        let mut missing = false;
        for (i, (parameter, at)) in signature.parameters.iter().zip(&matched).enumerate() {
            if let (0, Some(piped)) = (i, &piped) {
                values.push(Some(piped.clone()));
                continue;
            }
            values.push(match (at, parameter.need) {
                (Some(at), _) => {
                    let value = arguments[*at].value()?;
                    let place = self.span(value.node());
                    let value = match parameter.role {
                        Role::Choice(words) => self.choice(value, words, scope),
                        Role::Word(words) => self.word(value, words, scope),
                        _ => self.evaluate(value, scope),
                    };
                    Some((value, place))
                }
                (None, Need::Default(text)) => Some((crate::fill::literal(text), span)),
                (None, Need::Required) => {
                    self.missing_argument(signature.name, parameter.name, span);
                    missing = true;
                    None
                }
                (None, _) => None,
            });
        }
        (!missing).then_some(Arguments { signature, values, span })
    }

    /// One of some words, or any other value: a bare name that nothing near binds is the word.
    pub(crate) fn word(&mut self, value: Expression<'t>, words: &[&'static str], scope: &Rc<Scope<'t>>) -> Value {
        match value.without_parens() {
            Expression::Name(name) if self.is_word(name, words, |word| scope.is_local(word)) => {
                Value::text(name.text())
            }
            other => self.evaluate(other, scope),
        }
    }

    /// Whether a bare name is one of some words: nothing near binds it.
    pub(crate) fn is_word(&mut self, name: Name<'t>, words: &[&'static str], bound: impl Fn(&str) -> bool) -> bool {
        words.contains(&name.text()) && !bound(name.text()) && !self.is_settable(name)
    }

    /// A word of a closed choice: a bare name that nothing near binds is the word itself.
    pub(crate) fn choice(&mut self, value: Expression<'t>, words: &[&'static str], scope: &Rc<Scope<'t>>) -> Value {
        let span = self.span(value.node());
        let word: Rc<str> = match value.without_parens() {
            Expression::Name(name) if !scope.is_local(name.text()) && !self.is_settable(name) => name.text().into(),
            other => match self.evaluate(other, scope) {
                Value::Text(word) => word,
                other => return self.expected(span, &format!("one of {}", listed(words.iter().copied())), &other),
            },
        };
        if words.contains(&&*word) {
            return Value::Text(word);
        }
        let mut finding = self
            .finding("E0112", span, format!("`{word}` is none of the choices here"), "not a choice")
            .help(format!("choose one of {}", listed(words.iter().copied())));
        if let Some(near) = nearest(&word, words.iter().copied()) {
            let edit = self.edit(span, near);
            finding = finding.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), vec![edit]);
        }
        self.report(finding)
    }

    /// What a function of the language gives.
    fn function(&mut self, arguments: &Arguments) -> Value {
        if arguments.all().any(|(value, _)| value.is_error()) {
            return Value::Error;
        }
        match arguments.signature.name {
            "world" => self.world(arguments),
            "process" => self.process(arguments),
            "take" => self.take(arguments),
            "rephrase" => self.rephrase(arguments),
            "write" => self.write(arguments),
            "repeat" => self.repeat_corpus(arguments),
            "dedup" => self.dedup(arguments),
            "keep" => self.keep(arguments),
            "score" => self.score(arguments),
            "perplexity" => self.perplexity(arguments),
            "price" => self.price(arguments),
            "time" | "energy" | "carbon" => self.run_cost(arguments),
            "uniform" => self.uniform(arguments),
            "proportional" => self.proportional(arguments),
            "without" => self.without(arguments),
            "normalize" if matches!(arguments.required("of").0, Value::Columns(_)) => self.normalize_columns(arguments),
            "normalize" => self.normalize(arguments),
            "phases" => self.phases(arguments),
            "cap_epochs" => self.cap_epochs(arguments),
            "dirichlet" => self.dirichlet(arguments),
            "simplex" => self.simplex(arguments),
            "adamw" => self.adamw(arguments),
            "wsd" | "cosine" | "constant" => self.schedule(arguments),
            "attention" => self.attention(arguments),
            "swiglu" | "gelu" => self.feed_forward(arguments),
            "flops_per_token" => self.flops_per_token(arguments),
            "unigram_kl" => self.unigram_kl(arguments),
            "csv" | "jsonl" | "parquet" => self.observed(arguments),
            "geometric" => self.geometric(arguments),
            "sum" => self.sum(arguments),
            "zip" => self.zip(arguments),
            "words" => self.words(arguments),
            "count" => self.count(arguments),
            "stretch" => self.stretched(arguments),
            "last" => self.last(arguments),
            "experts" => self.experts(arguments),
            "sampled" => self.sampled(arguments),
            "size" => self.size(arguments),
            "supervised" => self.supervised(arguments),
            "grpo" => self.grpo(arguments),
            _ => self.scalar(arguments),
        }
    }
}
