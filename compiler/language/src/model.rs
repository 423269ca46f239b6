//! Models: blocks of attention and feed-forward layers, and the sizes that fit each other.

use std::rc::Rc;

use synx_plan::exact::Exact;
use synx_plan::model::{Block, Model};
use synx_plan::study::FlopCount;
use synx_plan::unit::{Amount, Count, Unit};

use crate::block::Fields;
use crate::call::Arguments;
use crate::compiler::Compiler;
use crate::value::{BlockValue, Named, Size, Span, Value};

// Bounds under which no size, count of parameters or count of operations overflows 64 bits.
const MAX_WIDTH: u64 = 1 << 16;
const MAX_CONTEXT: u64 = 1 << 17;
const MAX_HIDDEN: u64 = 1 << 19;
const MAX_BLOCKS: usize = 4096;
const MAX_EXPERTS: u64 = 4096;
const MAX_PARAMETERS: u64 = 1_000_000_000_000;

/// The multiple that the inner width of a feed-forward block is rounded up to.
const HIDDEN_MULTIPLE: u64 = 32;

impl<'t> Compiler<'t> {
    pub(crate) fn attention(&mut self, arguments: &Arguments) -> Value {
        let (heads, at) = arguments.required("heads");
        let Some(heads) = self.whole(&heads, at, Unit::PLAIN, "`heads`", (1, 4096)) else { return Value::Error };
        let kv_heads = match arguments.get("kv_heads") {
            None => heads,
            Some((kv, at)) => {
                let Some(kv) = self.whole(&kv, at, Unit::PLAIN, "`kv_heads`", (1, 4096)) else { return Value::Error };
                if !heads.is_multiple_of(kv) {
                    let finding = self
                        .finding(
                            "E0408",
                            at,
                            format!("{kv} key-value heads do not divide {heads} heads"),
                            format!("{kv} here"),
                        )
                        .help("each key-value head serves the same number of heads: `kv_heads` divides `heads`");
                    return self.report(finding);
                }
                kv
            }
        };
        block_value(BlockValue::Attention { heads, kv_heads, span: arguments.span })
    }

    /// `experts(count = 8, active = 2, ratio = 8/3)`.
    pub(crate) fn experts(&mut self, arguments: &Arguments) -> Value {
        let mut whole = |name: &str| {
            let (value, at) = arguments.required(name);
            self.whole(&value, at, Unit::PLAIN, &format!("`{name}`"), (1, MAX_EXPERTS)).map(|number| (number, at))
        };
        let (Some((count, count_at)), Some((active, active_at))) = (whole("count"), whole("active")) else {
            return Value::Error;
        };
        if active > count {
            let finding = self
                .finding(
                    "E0410",
                    active_at,
                    format!("a token cannot go through {active} of {count} experts"),
                    format!("{active} here"),
                )
                .label(self.label(count_at, format!("{count} experts")))
                .help("`active` is at most `count`; `min(active, count)` holds where `count` is an axis");
            return self.report(finding);
        }
        let Some(size) = self.feed_forward_size(arguments) else { return Value::Error };
        block_value(BlockValue::Experts { count, active, size, span: arguments.span })
    }

    /// `swiglu(ratio = 8/3)`, `gelu(hidden = 512)`.
    pub(crate) fn feed_forward(&mut self, arguments: &Arguments) -> Value {
        let Some(size) = self.feed_forward_size(arguments) else { return Value::Error };
        block_value(match arguments.signature.name {
            "swiglu" => BlockValue::Swiglu { size, span: arguments.span },
            _ => BlockValue::Gelu { size, span: arguments.span },
        })
    }

    fn feed_forward_size(&mut self, arguments: &Arguments) -> Option<Size> {
        let name = arguments.signature.name;
        match (arguments.get("ratio"), arguments.get("hidden")) {
            (Some((ratio, at)), None) => {
                let most = Exact::from(1024u64);
                let fits = |ratio: &Exact| ratio.is_positive() && *ratio <= most;
                self.plain(&ratio, at, "`ratio`", "more than 0 and at most 1024", fits).map(Size::Ratio)
            }
            (None, Some((hidden, at))) => {
                self.whole(&hidden, at, Unit::PLAIN, "`hidden`", (1, MAX_HIDDEN)).map(Size::Hidden)
            }
            (Some(_), Some((_, at))) => {
                let finding = self
                    .finding("E0102", at, format!("`{name}` takes either `ratio` or `hidden`"), "both are given")
                    .help("`ratio` is a multiple of the model's width, `hidden` the width itself");
                self.report(finding);
                None
            }
            (None, None) => {
                self.missing_argument(name, "ratio", arguments.span);
                None
            }
        }
    }

    pub(crate) fn model_block(&mut self, fields: &Fields<'t>, name: &Rc<str>) -> Value {
        let (context, context_at) = fields.or_default(self, "context", "256");
        let context = self.whole(&context, context_at, Unit::counted(Count::Tokens), "`context`", (1, MAX_CONTEXT));
        let width_given = fields.required(self, "model", "width");
        let width_at = width_given.as_ref().map(|(_, at)| *at);
        let width = width_given.and_then(|(width, at)| self.whole(&width, at, Unit::PLAIN, "`width`", (1, MAX_WIDTH)));
        let tied = {
            let (tied, at) = fields.or_default(self, "tied", "false");
            self.condition(&tied, at)
        };
        let positive = |number: &Exact| number.is_positive() && *number <= Exact::from(1_000_000_000u64);
        let number = |compiler: &mut Self, name: &str, default: &str| {
            let (value, at) = fields.or_default(compiler, name, default);
            compiler.plain(&value, at, &format!("`{name}`"), "more than 0 and at most 1B", positive)
        };
        let rotary_base = number(self, "rotary_base", "10000");
        let norm_epsilon = number(self, "norm_epsilon", "1e-5");
        let init_std = number(self, "init_std", "0.02");
        let Some((blocks, blocks_at)) = fields.required(self, "model", "blocks") else { return Value::Error };
        let blocks = self.block_list(&blocks, blocks_at);
        let (Some(context), Some(width), Some(width_at)) = (context, width, width_at) else { return Value::Error };
        let (Some(tied), Some(rotary_base), Some(norm_epsilon), Some(init_std), Some(blocks)) =
            (tied, rotary_base, norm_epsilon, init_std, blocks)
        else {
            return Value::Error;
        };
        let mut sized = Vec::with_capacity(blocks.len());
        for block in &blocks {
            match self.size_block(block, width, width_at) {
                Some(block) => sized.push(block),
                None => return Value::Error,
            }
        }
        let vocabulary = self.settings.tokenizer.vocabulary();
        let it = Model { width, context, vocabulary, blocks: sized, tied, rotary_base, norm_epsilon, init_std };
        if it.parameters_total() > MAX_PARAMETERS {
            let count = it.parameters_total() as f64 / 1e12;
            let finding = self
                .finding("E0505", fields.span, format!("model `{name}` has {count:.1}T parameters"), "too large")
                .note(format!("width {width}, {} blocks", blocks.len()))
                .help("a model may have 1T parameters");
            return self.report(finding);
        }
        Value::Model(Rc::new(Named { name: Rc::clone(name), it }))
    }

    /// The blocks of a model, at least one; lists within the list are flattened.
    fn block_list(&mut self, value: &Value, span: Span) -> Option<Vec<BlockValue>> {
        let mut blocks = Vec::new();
        let items = match value {
            Value::Block(_) => Rc::new(vec![value.clone()]),
            other => self.elements(other, span, "`blocks`")?,
        };
        if items.is_empty() {
            let finding = self
                .finding("E0409", span, "a model without layers", "no blocks")
                .help("give it at least one block: `blocks = [attention(heads = 4), swiglu(ratio = 8/3)] * depth`");
            self.report(finding);
            return None;
        }
        for item in items.iter() {
            match item {
                Value::Block(block) => blocks.push(block.it.clone()),
                Value::List(_) => blocks.extend(self.block_list(item, span)?),
                other => {
                    self.expected(span, "blocks: `attention(…)`, `swiglu(…)`, `gelu(…)`, `experts(…)`", other);
                    return None;
                }
            }
            if blocks.len() > MAX_BLOCKS {
                let finding = self
                    .finding("E0505", span, "a model of too many blocks", format!("more than {MAX_BLOCKS}"))
                    .help(format!("a model may have {MAX_BLOCKS} blocks"));
                self.report(finding);
                return None;
            }
        }
        Some(blocks)
    }

    /// A block in a model of this width; sizes that do not fit are reported.
    fn size_block(&mut self, block: &BlockValue, width: u64, width_at: Span) -> Option<Block> {
        let hidden = |size: &Size| match size {
            Size::Hidden(hidden) => Some(hidden.next_multiple_of(HIDDEN_MULTIPLE)),
            Size::Ratio(ratio) => {
                let exact = ratio.mul(&Exact::from(width)).ceil().to_u64()?;
                Some(exact.next_multiple_of(HIDDEN_MULTIPLE)).filter(|hidden| *hidden <= MAX_HIDDEN)
            }
        };
        match block {
            BlockValue::Attention { heads, kv_heads, span } => {
                let odd = width.is_multiple_of(*heads) && !(width / heads).is_multiple_of(2);
                if width.is_multiple_of(*heads) && !odd {
                    return Some(Block::Attention { heads: *heads, kv_heads: *kv_heads, head_dim: width / heads });
                }
                let headline = if odd {
                    format!("width {width} gives {heads} heads the odd size {}", width / heads)
                } else {
                    format!("width {width} is not divisible by {heads} heads")
                };
                let fitting = fitting_heads(width, *heads);
                let finding = self
                    .finding("E0408", *span, headline, format!("{heads} heads"))
                    .label(self.label(width_at, format!("width {width}")))
                    .help(format!("every head gets an equal and even part of the width: {fitting}"));
                self.report(finding);
                None
            }
            BlockValue::Swiglu { size, span }
            | BlockValue::Gelu { size, span }
            | BlockValue::Experts { size, span, .. } => {
                let Some(hidden) = hidden(size) else {
                    let finding = self.finding(
                        "E0505",
                        *span,
                        "a feed-forward block too wide",
                        format!("more than {MAX_HIDDEN}"),
                    );
                    self.report(finding);
                    return None;
                };
                Some(match block {
                    BlockValue::Swiglu { .. } => Block::Swiglu { hidden },
                    BlockValue::Experts { count, active, .. } => {
                        Block::Experts { count: *count, active: *active, hidden }
                    }
                    _ => Block::Gelu { hidden },
                })
            }
        }
    }

    pub(crate) fn flops_per_token(&mut self, arguments: &Arguments) -> Value {
        let (model, at) = arguments.required("model");
        let Value::Model(model) = &model else { return self.expected(at, "a model", &model) };
        Value::Number(Amount::new(self.flops_of(&model.it), Unit::FLOP))
    }

    /// FLOPs that training a model takes per token, by the study's convention.
    pub(crate) fn flops_of(&self, model: &Model) -> Exact {
        match self.settings.flops {
            FlopCount::Exact => {
                let sequence = Exact::from(model.flops_exact_per_sequence());
                sequence.div(&Exact::from(model.context)).unwrap_or_else(Exact::zero)
            }
            FlopCount::SixNd => Exact::from(model.parameters_met(self.settings.parameters)).mul(&Exact::from(6u64)),
        }
    }
}

/// A block by the name that it is called by.
fn block_value(block: BlockValue) -> Value {
    Value::Block(Rc::new(Named { name: block.called().into(), it: block }))
}

/// Which numbers of heads fit a width, near the one that was asked for.
fn fitting_heads(width: u64, heads: u64) -> String {
    let fits = |n: &u64| width.is_multiple_of(*n) && (width / n).is_multiple_of(2);
    let below = (1..heads).rev().find(fits);
    let above = (heads + 1..=width / 2).find(fits);
    match (below, above) {
        (Some(below), Some(above)) => format!("{below} or {above} heads would fit"),
        (Some(n), None) | (None, Some(n)) => format!("{n} heads would fit"),
        (None, None) => "make the width even".to_owned(),
    }
}
