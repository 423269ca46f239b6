//! Declarations of corpora.

use std::rc::Rc;

use synx_plan::corpus::{Content, CorpusId, Part};
use synx_plan::exact::Exact;

use crate::block::Fields;
use crate::compiler::Compiler;
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    /// `web.heldout`.
    pub(crate) fn heldout_domain(&mut self, id: CorpusId, name: &Rc<str>, span: Span) -> Value {
        let entry = self.corpora.get(id);
        if entry.corpus.heldout.is_some() {
            return Value::Domain(id, Part::Heldout, format!("{name}.heldout").into());
        }
        let declared = entry.span;
        let (label, help) = match entry.corpus.content {
            Content::Write { .. } => (
                "written freely: it belongs to no documents that could be held out",
                "evaluate on the held-out part of a corpus with documents",
            ),
            _ => ("declared without `heldout`", "add `heldout = 2%` to its declaration"),
        };
        let finding = self
            .finding("E0308", span, format!("`{name}` holds nothing out"), "no held-out part")
            .label(self.label(declared, label))
            .help(help);
        self.report(finding)
    }

    /// A corpus that an item declares, under its name.
    pub(crate) fn declared_corpus(&mut self, value: &Value, name: &Rc<str>, span: Span, value_span: Span) -> Value {
        match value {
            Value::Corpus(id, _) => {
                let origin = self.origin(span);
                self.corpora.declare(*id, name, origin, span);
                Value::Corpus(*id, Rc::clone(name))
            }
            Value::Mixture(_) | Value::Shares(_) => {
                let finding = self
                    .finding("E0201", value_span, "a corpus is declared as a mixture", "a mixture")
                    .help("declare it with `mixture` instead of `corpus`");
                self.report(finding)
            }
            other => self.expected(value_span, "a corpus", other),
        }
    }

    /// The corpus that a block declares.
    pub(crate) fn corpus_block(&mut self, fields: &mut Fields<'t>, name: &Rc<str>) -> Value {
        let span = fields.span;
        let heldout_given = fields.get(self, "heldout");
        let heldout = self.heldout(heldout_given.clone());
        match (fields.get(self, "files"), fields.get(self, "source")) {
            (Some(_), Some((_, source))) => {
                let finding = self
                    .finding("E0102", source, "a corpus has either `files` or `source`", "both are here")
                    .help("declare two corpora");
                self.report(finding)
            }
            (None, None) => {
                if !fields.broken {
                    let finding = self
                        .finding("E0104", span, format!("corpus `{name}` has no text"), "without `files` and `source`")
                        .help("say where it comes from: `files = \"data/*.jsonl\"` or `source = world(…)`");
                    self.report(finding);
                }
                Value::Error
            }
            (None, Some((source, at))) => {
                let Some(price) = self.price_field(fields) else { return Value::Error };
                let declared = self.corpus_from_source(fields, name, &source, at, heldout_given, heldout);
                if let (Value::Corpus(id, _), Some(price)) = (&declared, price) {
                    self.corpora.set_price(*id, price);
                }
                declared
            }
            (Some((files, at)), None) => {
                let Some(patterns) = self.patterns(&files, at, fields) else { return Value::Error };
                let text = fields.get(self, "text");
                let split = fields.choice(self, "split", crate::signature::SPLITS);
                let (Some(heldout), false) = (heldout, patterns.is_empty()) else { return Value::Error };
                let Some(files) = self.files(patterns, text, split, span) else { return Value::Error };
                let Some(price) = self.price_field(fields) else { return Value::Error };
                let declared = self.declared(Content::Files(files), heldout, name, span);
                if let (Value::Corpus(id, _), Some(price)) = (&declared, price) {
                    self.corpora.set_price(*id, price);
                }
                declared
            }
        }
    }

    fn declared(&mut self, content: Content, heldout: Option<Exact>, name: &Rc<str>, span: Span) -> Value {
        let made = self.made(content, heldout, name.to_string(), span);
        self.declared_corpus(&made, name, span, span)
    }

    #[allow(clippy::option_option, reason = "as `heldout` gives it")]
    fn corpus_from_source(
        &mut self,
        fields: &mut Fields<'t>,
        name: &Rc<str>,
        source: &Value,
        at: Span,
        heldout_given: Option<(Value, Span)>,
        heldout: Option<Option<Exact>>,
    ) -> Value {
        for only in ["text", "split"] {
            if let Some(place) = fields.place(self, only) {
                let finding =
                    self.finding("E0307", place, format!("`{only}` belongs to `files`"), "there are no files");
                self.report(finding);
            }
        }
        let (Value::Corpus(id, _), Some(heldout)) = (source, heldout) else {
            return if source.is_error() || heldout_given.is_some_and(|(value, _)| value.is_error()) {
                Value::Error
            } else {
                self.declared_corpus(source, name, fields.span, at)
            };
        };
        let Some((_, heldout_at)) = heldout_given else {
            return self.declared_corpus(source, name, fields.span, at);
        };
        let entry = self.corpora.get(*id);
        let (content, known) = (entry.corpus.content.clone(), entry.corpus.heldout.clone());
        match content {
            Content::World(_) | Content::Process(_) if known.is_none() => {
                self.declared(content, heldout, name, fields.span)
            }
            Content::World(_) | Content::Process(_) | Content::Files(_) => {
                let finding = self
                    .finding("E0308", heldout_at, "the source says already what it holds out", "said again")
                    .label(self.label(at, "held out here"))
                    .help("say it once");
                self.report(finding)
            }
            _ => {
                let finding = self
                    .finding(
                        "E0308",
                        heldout_at,
                        "what is held out follows the documents that this is made from",
                        "said again",
                    )
                    .help("declare `heldout` at the corpus with the documents; everything made from it follows");
                self.report(finding)
            }
        }
    }
}
