//! Text that a generator writes: documents told again, or free text.

use synx_plan::corpus::{Content, CorpusId, Generator};

use super::source::{register, register_word};
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{Span, Value};

impl Compiler<'_> {
    pub(crate) fn rephrase(&mut self, arguments: &Arguments) -> Value {
        let (of, at) = arguments.required("of");
        let input = self.input((of, at));
        let tokens = match arguments.get("tokens") {
            Some(given) => self.tokens_argument(&given).map(Some),
            None => Some(None),
        };
        let (Some((of, name)), Some(tokens), Some(style)) = (input, tokens, register(&arguments.required("style").0))
        else {
            return Value::Error;
        };
        if !self.is_of_world(of, at) {
            return Value::Error;
        }
        let heldout = self.corpora.get(of).corpus.heldout.clone();
        let content = Content::Rephrase { of, style, generator: Generator::Builtin, tokens };
        self.made(content, heldout, format!("rephrase({name}, {})", register_word(style)), arguments.span)
    }

    pub(crate) fn write(&mut self, arguments: &Arguments) -> Value {
        let (about, at) = arguments.required("about");
        let input = self.input((about, at));
        let tokens = self.tokens_argument(&arguments.required("tokens"));
        let (Some((about, name)), Some(tokens), Some(style)) =
            (input, tokens, register(&arguments.required("style").0))
        else {
            return Value::Error;
        };
        if !self.is_of_world(about, at) {
            return Value::Error;
        }
        let content = Content::Write { about, style, generator: Generator::Builtin, tokens };
        self.made(content, None, format!("write({}, {name})", register_word(style)), arguments.span)
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
                .help("`generator = builtin` knows the facts of `world(…)` corpora; other texts need a generator of their own");
            self.report(finding);
        }
        known
    }
}
