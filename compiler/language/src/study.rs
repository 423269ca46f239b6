//! The `study` block, and the values that `--set` gives.

use std::rc::Rc;

use crate::map::IndexMap;
use synx_grammar::view::{Block, Item};
use synx_plan::exact::Exact;
use synx_plan::model::ParameterCount;
use synx_plan::study::FlopCount;
use synx_plan::unit::Unit;

use crate::block::Fields;
use crate::compiler::Compiler;
use crate::signature::{FLOP_COUNTS, PARAMETER_COUNTS, TOKENIZERS};
use crate::value::Value;

impl<'t> Compiler<'t> {
    /// Reads what holds for the whole study.
    pub(crate) fn study(&mut self, item: Item<'t>, block: Block<'t>) {
        let span = item.name().map_or_else(|| self.span(item.node()), |name| self.span(name.node()));
        if let Some(name) = item.name() {
            name.text().clone_into(&mut self.settings.name);
        }
        self.settings.documentation = item.docs();
        let outer = Rc::clone(&self.file_scope);
        let fields = Fields::new(block, IndexMap::default(), &outer, span);
        self.assertions(block, &fields.scope());
        if let Some((seed, at)) = fields.get(self, "seed")
            && let Some(seed) = self.whole(&seed, at, Unit::PLAIN, "`seed`", (0, 1 << 53))
        {
            self.settings.seed = seed;
        }
        match fields.word(self, "tokenizer", TOKENIZERS) {
            Some((Value::Tokenizer(tokenizer), _)) => self.settings.tokenizer = tokenizer.it,
            Some((Value::Text(word), _)) if &*word == "bytes" => {}
            Some((other, at)) => {
                self.expected(at, "`bytes` or a tokenizer", &other);
            }
            None => {}
        }
        if let Some((Value::Text(word), _)) = fields.choice(self, "parameters", PARAMETER_COUNTS) {
            self.settings.parameters =
                if &*word == "total" { ParameterCount::Total } else { ParameterCount::NonEmbedding };
        }
        if let Some((Value::Text(word), _)) = fields.choice(self, "flops", FLOP_COUNTS) {
            self.settings.flops = if &*word == "six_nd" { FlopCount::SixNd } else { FlopCount::Exact };
        }
        if let Some((confidence, at)) = fields.get(self, "confidence") {
            let fits = |part: &Exact| part.is_positive() && *part < Exact::one();
            if let Some(confidence) =
                self.plain(&confidence, at, "`confidence`", "more than 0 and less than 100 %", fits)
            {
                self.settings.confidence = confidence;
            }
        }
    }
}
