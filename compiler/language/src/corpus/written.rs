//! Text that a generator writes: documents told again, or free text.

use std::rc::Rc;

use synx_plan::corpus::{Content, CorpusId, Endpoint, Generator};

use super::source::{register, register_word};
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{Named, Span, Value};

/// Bytes of a prompt. Arbitrary: longer ones belong to documents.
const LONGEST_PROMPT: usize = 64 << 10;

impl Compiler<'_> {
    /// The generator of a call; none of an endpoint is `builtin`.
    #[allow(clippy::option_option, reason = "the outer one is a mistake, the inner one the built-in generator")]
    fn generator(&mut self, arguments: &Arguments) -> Option<Option<Rc<Named<Endpoint>>>> {
        match arguments.required("generator") {
            (Value::Generator(generator), _) => Some(Some(generator)),
            (Value::Text(word), _) if &*word == "builtin" => Some(None),
            (other, at) => {
                self.expected(at, "a generator", &other);
                None
            }
        }
    }

    pub(crate) fn rephrase(&mut self, arguments: &Arguments) -> Value {
        let (of, at) = arguments.required("of");
        let input = self.input((of, at));
        let tokens = match arguments.get("tokens") {
            Some(given) => self.tokens_argument(&given).map(Some),
            None => Some(None),
        };
        let generator = self.generator(arguments);
        let (Some((of, name)), Some(tokens), Some(generator), Some(style)) =
            (input, tokens, generator, register(&arguments.required("style").0))
        else {
            return Value::Error;
        };
        let word = register_word(style);
        let (generator, shown) = match generator {
            None if !self.is_of_world(of, at) => return Value::Error,
            None => (Generator::Builtin, format!("rephrase({name}, {word})")),
            Some(by) => {
                (Generator::Endpoint(Box::new(by.it.clone())), format!("rephrase({name}, {word}, {})", by.name))
            }
        };
        let heldout = self.corpora.get(of).corpus.heldout.clone();
        self.made(Content::Rephrase { of, style, generator, tokens }, heldout, shown, arguments.span)
    }

    /// `write(style = textbook, about = web, generator = builtin, tokens = 4M)`; `write("a section on {topic}", topics = …, generator = …)`.
    pub(crate) fn write(&mut self, arguments: &Arguments) -> Value {
        let about = arguments.get("about").map(|about| (self.input(about.clone()), about.1));
        let tokens = self.tokens_argument(&arguments.required("tokens"));
        let generator = self.generator(arguments);
        let (text, text_span) = arguments.required("style");
        let (Some(tokens), Some(generator), Value::Text(text)) = (tokens, generator, &text) else {
            return if matches!(text, Value::Text(_)) {
                Value::Error
            } else {
                self.expected(text_span, "a register or a prompt in quotes", &text)
            };
        };
        let about = match about {
            Some((Some((id, name)), at)) => Some((id, name, at)),
            Some((None, _)) => return Value::Error,
            None => None,
        };
        let Some(generator) = generator else {
            let Some(style) = register(&Value::Text(Rc::clone(text))) else {
                let words = crate::suggest::listed(crate::signature::REGISTERS.iter().copied());
                let finding =
                    self.finding("E0329", text_span, "the built-in generator follows no prompt", "a prompt").help(
                        format!("it writes in a register, one of {words}; a prompt needs a `generator` of an endpoint"),
                    );
                return self.report(finding);
            };
            if let Some((_, at)) = arguments.get("topics") {
                let finding = self
                    .finding("E0329", at, "the built-in generator takes no topics", "only for a prompt")
                    .help("its topics are the facts of the corpus that it writes about");
                return self.report(finding);
            }
            let Some((about, name, at)) = about else {
                self.missing_argument("write", "about", arguments.span);
                return Value::Error;
            };
            if !self.is_of_world(about, at) {
                return Value::Error;
            }
            let content = Content::Write { about, style, generator: Generator::Builtin, tokens };
            return self.made(content, None, format!("write({}, {name})", register_word(style)), arguments.span);
        };
        self.prompted(arguments, (text, text_span), about.map(|(id, ..)| id), &generator, tokens)
    }

    /// Free text to a prompt.
    fn prompted(
        &mut self,
        arguments: &Arguments,
        (prompt, span): (&str, Span),
        about: Option<CorpusId>,
        generator: &Named<Endpoint>,
        tokens: u64,
    ) -> Value {
        if prompt.trim().is_empty() || prompt.len() > LONGEST_PROMPT {
            let finding = self
                .finding("E0329", span, "a prompt has from 1 byte to 64 KiB", format!("{} bytes", prompt.len()))
                .help("say what is to be written: `\"a textbook section on {topic}\"`");
            return self.report(finding);
        }
        let topics = match arguments.get("topics") {
            None => None,
            Some((Value::Text(path), at)) => {
                let path = self.path_from(at, &path);
                if self.check_files(&path, at).is_none() {
                    return Value::Error;
                }
                Some(path)
            }
            Some((other, at)) => return self.expected(at, "the path of a file with a topic a line", &other),
        };
        for (place, given, add) in
            [("{topic}", topics.is_some(), "topics = \"topics.txt\""), ("{document}", about.is_some(), "about = web")]
        {
            let named = prompt.contains(place);
            if named == given {
                continue;
            }
            let argument = add.split(' ').next().unwrap_or_default();
            let finding = if named {
                self.finding("E0329", span, format!("nothing says what `{place}` stands for"), "in the prompt")
                    .help(format!("add `{add}`, or take `{place}` out"))
            } else {
                let at = arguments.get(argument).map_or(span, |(_, at)| at);
                self.finding("E0329", at, format!("the prompt does not use `{argument}`"), "without a place in it")
                    .label(self.label(span, "the prompt"))
                    .help(format!("write `{place}` where it belongs"))
            };
            return self.report(finding);
        }
        let name = format!("write({})", generator.name);
        let content =
            Content::Prompted { prompt: prompt.to_owned(), topics, about, generator: generator.it.clone(), tokens };
        self.made(content, None, name, arguments.span)
    }

    /// Whether the built-in generator knows the facts of a corpus: those of the built-in world, told once or again.
    fn is_of_world(&mut self, id: CorpusId, span: Span) -> bool {
        let anchor = self.corpora.get(self.corpora.anchor(id));
        let declared = anchor.span;
        let known = matches!(anchor.corpus.content, Content::World(_));
        if !known {
            let name = self.corpora.name(id);
            let finding = self
                .finding(
                    "E0311",
                    span,
                    format!("the built-in generator cannot write about `{name}`"),
                    "not made from the built-in world",
                )
                .label(self.label(declared, "its text comes from here"))
                .help("`generator = builtin` knows the facts of `world(…)` corpora; other texts need a `generator` with an endpoint");
            self.report(finding);
        }
        known
    }
}
