//! Tokenizers that a study declares.

use std::rc::Rc;

use synx_plan::key::Key;
use synx_plan::study::Tokenizer;
use synx_plan::unit::Unit;

use crate::block::Fields;
use crate::compiler::Compiler;
use crate::value::{Named, Value};

impl<'t> Compiler<'t> {
    /// The tokenizer that a block declares: read from a file, or learned from a corpus.
    pub(crate) fn tokenizer_block(&mut self, fields: &Fields<'t>, name: &Rc<str>) -> Value {
        fields.choice(self, "kind", crate::signature::TOKENIZER_KINDS);
        let Some((vocabulary, at)) = fields.required(self, "tokenizer", "vocabulary") else { return Value::Error };
        // Fewer cannot hold the bytes and an end of documents.
        let vocabulary = self.whole(&vocabulary, at, Unit::PLAIN, "`vocabulary`", (257, 1 << 24));
        let source = match (fields.get(self, "file"), fields.get(self, "train")) {
            (Some((file, at)), None) => match &file {
                Value::Text(path) => self.check_files(path, at).map(|files| Key::of("tokenizer.file/1", &files)),
                other => {
                    self.expected(at, "a path", other);
                    None
                }
            },
            (None, Some(corpus)) => self.input(corpus).map(|(id, _)| {
                let declared = self.declared_as(std::iter::once(id));
                Key::of("tokenizer.learned/1", &declared)
            }),
            (None, None) if fields.broken => None,
            (both, _) => {
                let headline = if both.is_some() {
                    format!("tokenizer `{name}` is read from a file or learned from a corpus, not both")
                } else {
                    format!("tokenizer `{name}` comes from nowhere")
                };
                let finding = self
                    .finding("E0327", fields.span, headline, "`file` or `train`")
                    .help("read it: `file = \"tokenizer.json\"`; or learn it: `train = web`");
                self.report(finding);
                None
            }
        };
        let (Some(vocabulary), Some(source)) = (vocabulary, source) else { return Value::Error };
        let it = Tokenizer::Bpe { vocabulary, key: Key::of("tokenizer.bpe/1", &(source, vocabulary)) };
        Value::Tokenizer(Rc::new(Named { name: Rc::clone(name), it }))
    }
}
