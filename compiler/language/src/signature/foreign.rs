//! Names that people bring from other languages and tools, and what they are here.

use synx_grammar::view::ItemKind;

/// What a name of another language is here.
pub(crate) struct Foreign {
    /// The name of ours that stands in its place as it is.
    pub ours: Option<&'static str>,
    pub help: &'static str,
}

const fn ours(name: &'static str, help: &'static str) -> Foreign {
    Foreign { ours: Some(name), help }
}

const fn said(help: &'static str) -> Foreign {
    Foreign { ours: None, help }
}

/// A function of another language.
pub(crate) fn foreign_function(word: &str) -> Option<Foreign> {
    Some(match word {
        "ln" => ours("log", "`log` is the natural logarithm"),
        "log2" => said("`log` is the natural logarithm; `log(x) / log(2)` is that of base 2"),
        "log10" => said("`log` is the natural logarithm; `log(x) / log(10)` is that of base 10"),
        "pow" => said("a power is written `a ^ b`"),
        "range" | "arange" => said("an interval with a step counts: `1..5 step 1`"),
        "linspace" => said("an interval with a step has evenly spaced values: `0%..100% step 10%`"),
        "logspace" | "geomspace" => said("`1M..64M factor 2`, or `geometric(1e12 FLOP..1e15 FLOP, points = 4)`"),
        "length" | "len" => said("`count(list, value)` counts a value in a list; `size(corpus)` counts its tokens"),
        "mean" | "avg" | "average" => said("of a list: `sum(list) / n`; of a table: `|> mean(over = replicate)`"),
        _ => return None,
    })
}

/// A value of another language.
pub(crate) fn foreign_value(word: &str) -> Option<Foreign> {
    matches!(word, "null" | "nil" | "undefined" | "None" | "nothing")
        .then_some(ours("none", "`none` stands for nothing"))
}

/// A field as trainers of other tools call it, or one that belongs elsewhere.
pub(crate) fn foreign_field(kind: ItemKind, word: &str) -> Option<Foreign> {
    Some(match (kind, word) {
        (ItemKind::Recipe, "lr" | "learning_rate" | "betas" | "weight_decay" | "eps" | "epsilon") => {
            said("it belongs to the optimizer: `optimizer = adamw(lr = 3e-3, betas = (0.9, 0.95), weight_decay = 0.1)`")
        }
        (ItemKind::Recipe, "warmup" | "warmup_steps" | "decay") => {
            said("it belongs to the schedule: `schedule = wsd(warmup = 128k tokens, decay = 20%)`")
        }
        (ItemKind::Recipe, "epochs" | "steps" | "max_steps" | "tokens" | "iterations") => {
            said("how long a run trains is said in the grid: `tokens = 64Mi`")
        }
        (ItemKind::Recipe, "batch_size") => said("`batch = 16Ki tokens` counts the tokens of a step"),
        (ItemKind::Recipe, "grad_clip" | "gradient_clip" | "max_grad_norm") => {
            ours("clip", "the norm is cut by `clip`")
        }
        (ItemKind::Recipe, "dtype") => ours("precision", "what numbers are made of is the `precision`"),
        (ItemKind::Model, "layers" | "n_layers" | "num_layers" | "n_layer") => {
            said("layers are repeated blocks: `blocks = [attention(heads = 4), swiglu(ratio = 8/3)] * 6`")
        }
        (ItemKind::Model, "heads" | "n_heads" | "num_heads" | "n_head" | "kv_heads") => {
            said("it belongs to the attention: `blocks = [attention(heads = 4), …]`")
        }
        (ItemKind::Model, "hidden_size" | "d_model" | "dim" | "n_embd" | "hidden") => {
            ours("width", "the size of the model is its `width`")
        }
        (ItemKind::Model, "seq_len" | "max_seq_len" | "block_size" | "context_length" | "n_ctx") => {
            ours("context", "the length of a sequence is its `context`")
        }
        (ItemKind::Model, "vocab" | "vocab_size" | "vocabulary") => {
            said("it is that of the study's tokenizer: `tokenizer = …` in the `study`")
        }
        (ItemKind::Model, "dropout") => said("models are trained without dropout"),
        (ItemKind::Grid, "lr" | "learning_rate" | "batch" | "optimizer" | "schedule") => {
            said("it belongs to the recipe: `recipe = standard(lr = lr)` takes it from an `axis lr = [1e-3, 3e-3]`")
        }
        (ItemKind::Grid, "width" | "depth" | "layers" | "heads") => {
            said("it belongs to the model: `model = llama(width, 2)` takes it from an `axis width = [64, 128]`")
        }
        (ItemKind::Grid, "seed" | "seeds") => {
            said("`axis replicate = 1..3 step 1` repeats every run with another seed; the study has one `seed`")
        }
        (ItemKind::Grid, "epochs") => said("how long a run trains is counted in tokens: `tokens = 3 * size(web)`"),
        _ => return None,
    })
}
