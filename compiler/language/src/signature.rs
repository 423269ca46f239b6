//! The tables of the language: what each block and each function takes, with the defaults.
//!
//! Names, checks, evaluation and the printed defaults all read these, so none of them can know a field that another does not.

use synx_grammar::view::ItemKind;

/// What a place takes, for suggestions and for words that are not looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Any,
    /// One of these words; a bare name here is a word unless a parameter, an axis or a `let` of the block has it.
    Choice(&'static [&'static str]),
    /// What can be trained on: a corpus or a mixture.
    Data,
    Corpus,
    Model,
    Recipe,
    /// What can be evaluated on: an evaluation, a corpus, a held-out part.
    Evaluate,
    Grid,
    /// Columns: looked up by the law itself.
    Columns,
}

/// Whether a field or an argument must be there, and what it is if not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// The default as the language writes it.
    Default(&'static str),
    /// Without it there is nothing in its place.
    Optional,
    /// Part of the language, carried out by a later version.
    Later,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub name: &'static str,
    pub need: Need,
    pub role: Role,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Signature {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    /// Any number of positional arguments.
    pub variadic: bool,
}

const fn needed(name: &'static str, role: Role) -> Parameter {
    Parameter { name, need: Need::Required, role }
}

const fn default(name: &'static str, value: &'static str) -> Parameter {
    Parameter { name, need: Need::Default(value), role: Role::Any }
}

const fn optional(name: &'static str) -> Parameter {
    Parameter { name, need: Need::Optional, role: Role::Any }
}

const fn later(name: &'static str) -> Parameter {
    Parameter { name, need: Need::Later, role: Role::Any }
}

const fn choice(name: &'static str, words: &'static [&'static str], need: Need) -> Parameter {
    Parameter { name, need, role: Role::Choice(words) }
}

pub(crate) const REGISTERS: &[&str] = &["web", "encyclopedic", "question_answer", "textbook"];
pub(crate) const GENERATORS: &[&str] = &["builtin"];
pub(crate) const PROCESSES: &[&str] = &["markov", "hmm", "zipf"];
pub(crate) const SPLITS: &[&str] = &["file", "paragraphs", "lines"];
pub(crate) const TOKENIZERS: &[&str] = &["bytes"];
pub(crate) const PARAMETER_COUNTS: &[&str] = &["non_embedding", "total"];
pub(crate) const FLOP_COUNTS: &[&str] = &["exact", "six_nd"];
pub(crate) const METHODS: &[&str] = &["huber", "log_least_squares", "least_squares"];

/// The fields of a kind of block; none where blocks of the kind take no fields.
pub(crate) fn fields(kind: ItemKind) -> &'static [Parameter] {
    const STUDY: &[Parameter] = &[
        default("seed", "0"),
        choice("tokenizer", TOKENIZERS, Need::Default("bytes")),
        choice("parameters", PARAMETER_COUNTS, Need::Default("non_embedding")),
        choice("flops", FLOP_COUNTS, Need::Default("exact")),
        default("confidence", "95%"),
    ];
    const CORPUS: &[Parameter] = &[
        optional("files"),
        optional("source"),
        optional("text"),
        choice("split", SPLITS, Need::Optional),
        optional("heldout"),
        later("price"),
    ];
    const EVALUATION: &[Parameter] =
        &[needed("domains", Role::Evaluate), optional("weights"), default("tokens", "256Ki tokens")];
    const MODEL: &[Parameter] = &[
        default("context", "256"),
        needed("width", Role::Any),
        optional("depth"),
        needed("blocks", Role::Any),
        default("tied", "false"),
        default("rotary_base", "10000"),
        default("norm_epsilon", "1e-5"),
        default("init_std", "0.02"),
    ];
    const RECIPE: &[Parameter] = &[
        needed("optimizer", Role::Any),
        default("schedule", "wsd(warmup = 128k tokens, decay = 20%, last = 0)"),
        default("batch", "16Ki tokens"),
        default("clip", "1"),
        later("precision"),
    ];
    const GRID: &[Parameter] = &[
        needed("data", Role::Data),
        needed("model", Role::Model),
        needed("recipe", Role::Recipe),
        needed("tokens", Role::Any),
        needed("evaluate", Role::Evaluate),
        default("replicate", "1"),
        later("start"),
        later("objective"),
        later("steps"),
    ];
    const LAW: &[Parameter] = &[
        needed("over", Role::Grid),
        Parameter { name: "by", need: Need::Optional, role: Role::Columns },
        Parameter { name: "method", need: Need::Default("huber(delta = 1e-3)"), role: Role::Columns },
        Parameter { name: "test", need: Need::Optional, role: Role::Columns },
        default("bootstrap", "0"),
    ];
    match kind {
        ItemKind::Study => STUDY,
        ItemKind::Corpus => CORPUS,
        ItemKind::Evaluation => EVALUATION,
        ItemKind::Model => MODEL,
        ItemKind::Recipe => RECIPE,
        ItemKind::Grid => GRID,
        ItemKind::Law => LAW,
        _ => &[],
    }
}

const fn function(name: &'static str, parameters: &'static [Parameter]) -> Signature {
    Signature { name, parameters, variadic: false }
}

/// The functions of this version.
pub(crate) const FUNCTIONS: &[Signature] = &[
    function(
        "world",
        &[
            choice("register", REGISTERS, Need::Required),
            needed("documents", Role::Any),
            default("seed", "0"),
            optional("heldout"),
        ],
    ),
    function(
        "process",
        &[
            choice("kind", PROCESSES, Need::Required),
            needed("symbols", Role::Any),
            needed("tokens", Role::Any),
            optional("order"),
            optional("concentration"),
            optional("states"),
            optional("exponent"),
            default("seed", "0"),
            optional("heldout"),
        ],
    ),
    function("take", &[needed("of", Role::Corpus), needed("tokens", Role::Any)]),
    function(
        "rephrase",
        &[
            needed("of", Role::Corpus),
            choice("style", REGISTERS, Need::Required),
            choice("generator", GENERATORS, Need::Required),
            optional("tokens"),
        ],
    ),
    function(
        "write",
        &[
            choice("style", REGISTERS, Need::Required),
            needed("about", Role::Corpus),
            choice("generator", GENERATORS, Need::Required),
            needed("tokens", Role::Any),
        ],
    ),
    function("uniform", &[needed("of", Role::Any)]),
    function(
        "adamw",
        &[
            needed("lr", Role::Any),
            default("betas", "(0.9, 0.95)"),
            default("weight_decay", "0.1"),
            default("epsilon", "1e-8"),
        ],
    ),
    function("wsd", &[default("warmup", "128k tokens"), default("decay", "20%"), default("last", "0")]),
    function("cosine", &[default("warmup", "128k tokens"), default("last", "10%")]),
    function("constant", &[default("warmup", "128k tokens")]),
    function("attention", &[needed("heads", Role::Any), optional("kv_heads")]),
    function("swiglu", &[optional("ratio"), optional("hidden")]),
    function("gelu", &[optional("ratio"), optional("hidden")]),
    function("flops_per_token", &[needed("model", Role::Model)]),
    function("geometric", &[needed("over", Role::Any), needed("points", Role::Any)]),
    function("sqrt", &[needed("x", Role::Any)]),
    function("log", &[needed("x", Role::Any)]),
    function("exp", &[needed("x", Role::Any)]),
    function("abs", &[needed("x", Role::Any)]),
    function("round", &[needed("x", Role::Any), default("to", "1")]),
    Signature { name: "min", parameters: &[], variadic: true },
    Signature { name: "max", parameters: &[], variadic: true },
    function("sum", &[needed("of", Role::Any)]),
    function("zip", &[needed("left", Role::Any), needed("right", Role::Any)]),
];

/// Functions with a meaning only inside a law's own fields.
pub(crate) const LAW_FUNCTIONS: &[&str] = &["huber", "log_least_squares", "least_squares", "largest", "column"];

/// Functions of the language that later versions carry out.
pub(crate) const LATER: &[&str] = &[
    "proportional",
    "dirichlet",
    "simplex",
    "without",
    "phases",
    "cap_epochs",
    "normalize",
    "dedup",
    "score",
    "keep",
    "filter",
    "repeat",
    "best",
    "mean",
    "join",
    "union",
    "derive",
    "csv",
    "columns",
    "minimize",
    "predict",
    "solve",
    "speedup",
    "sampled",
    "unigram_kl",
    "size",
    "words",
    "top",
    "stretch",
    "count",
    "spearman",
    "chinchilla",
    "price",
    "carbon",
    "boosted_trees",
    "leave_out",
    "supervised",
    "grpo",
    "d_optimal",
    "perplexity",
    "last",
    "pass_at",
    "mixture_of_experts",
    "experts",
];

/// Words that stand for themselves.
pub(crate) const WORDS: &[&str] =
    &["web", "encyclopedic", "question_answer", "textbook", "builtin", "markov", "hmm", "zipf", "bytes", "none"];

/// The function of this version with that name.
pub(crate) fn signature(name: &str) -> Option<&'static Signature> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// The kinds of items that this version carries out only partly or not at all.
pub(crate) fn is_later(kind: ItemKind) -> bool {
    use ItemKind as K;
    matches!(
        kind,
        K::Corpora | K::Generator | K::Tokenizer | K::Claim | K::Figure | K::Table | K::Observations | K::Hardware
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_stands_in_one_table() {
        for function in FUNCTIONS {
            assert!(!LATER.contains(&function.name) && !LAW_FUNCTIONS.contains(&function.name), "{}", function.name);
        }
    }
}
