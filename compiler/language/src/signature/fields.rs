//! What each kind of block takes.

use synx_grammar::view::ItemKind;

use super::{
    FLOP_COUNTS, NAMINGS, Need, PARAMETER_COUNTS, PRECISIONS, Parameter, Role, SPLITS, TOKENIZER_KINDS, TOKENIZERS,
    choice, columns, default, needed, optional, word,
};

/// The fields of a kind of block; none where blocks of the kind take no fields.
pub(crate) fn fields(kind: ItemKind) -> &'static [Parameter] {
    const STUDY: &[Parameter] = &[
        default("seed", "0").doc("Of every draw: initial weights, the order of data, the world's facts."),
        word("tokenizer", TOKENIZERS, Need::Default("bytes"))
            .doc("What a token is: `bytes`, where a token is a byte, or a declared tokenizer."),
        choice("parameters", PARAMETER_COUNTS, Need::Default("non_embedding"))
            .doc("What `params` means in every law and table: with or without the token table and the head."),
        choice("flops", FLOP_COUNTS, Need::Default("exact"))
            .doc("What `flops` means: operation by operation, or 6 × params × tokens."),
        default("confidence", "95%").doc("Of the intervals that bootstrap draws give."),
    ];
    const CORPUS: &[Parameter] = &[
        optional("files").doc("Paths or globs, relative to the study: txt and jsonl, plain, `.gz` or `.zst`."),
        optional("source").doc("A corpus made by a function, such as `world(…)`, instead of files."),
        optional("text").doc("The field of a jsonl that holds the text; nested by dots: `\"meta.text\"`."),
        choice("split", SPLITS, Need::Optional).doc("How a txt is cut into documents."),
        optional("heldout").doc("The part of the documents that is never trained on, as `name.heldout`."),
        optional("price").doc("What the text costs: `12 USD / 1M tokens`."),
    ];
    const CORPORA: &[Parameter] = &[
        needed("files", Role::Any).doc("Paths or globs, relative to the study: each file is a corpus."),
        word("name", NAMINGS, Need::Default("stem"))
            .doc("What each is called: the file's `stem` or its `folder`, or a text with `{stem}` and `{folder}`."),
        optional("text").doc("The field of a jsonl that holds the text; nested by dots: `\"meta.text\"`."),
        choice("split", SPLITS, Need::Optional).doc("How a txt is cut into documents."),
        optional("heldout").doc("The part of the documents of each that is never trained on."),
        optional("price").doc("What the text costs: `12 USD / 1M tokens`."),
    ];
    const GENERATOR: &[Parameter] = &[
        needed("endpoint", Role::Any).doc("Where the model answers: `\"http://localhost:8000/v1\"`."),
        needed("model", Role::Any).doc("What the endpoint calls the model."),
        default("temperature", "1").doc("How freely it draws, from 0 to 2."),
        default("top_p", "1").doc("The part of the likeliest continuations that it draws from."),
        default("max_tokens", "1024 tokens").doc("The longest answer."),
        optional("price").doc("What its text costs: `0.20 USD / 1M tokens`."),
        optional("key").doc("The environment variable that holds the key for the endpoint."),
    ];
    const TOKENIZER: &[Parameter] = &[
        choice("kind", TOKENIZER_KINDS, Need::Default("bpe")).doc("`bpe`: byte pairs."),
        needed("vocabulary", Role::Any).doc("How many tokens there are."),
        optional("file").doc("The file that it is read from."),
        Parameter {
            name: "train",
            need: Need::Optional,
            role: Role::Corpus,
            doc: "The corpus that it is learned from.",
        },
    ];
    const HARDWARE: &[Parameter] = &[
        default("speed", "1e12 FLOP/s").doc("Training operations per second that it reaches."),
        optional("power").doc("What it draws while it works: `350 W`."),
        default("overhead", "1").doc("What the building draws for each watt of it: 1 is nothing besides."),
        optional("carbon").doc("Of the current: `370 gCO2e/kWh`."),
        optional("price").doc("What an hour of it costs: `2.50 USD/h`."),
    ];
    const EVALUATION: &[Parameter] = &[
        needed("domains", Role::Evaluate).doc("The corpora and held-out parts that are read."),
        optional("weights").doc("The weight of each domain in `loss`; they sum to 100 %."),
        default("tokens", "256Ki tokens").doc("How much is read, spread evenly over the domains."),
    ];
    const MODEL: &[Parameter] = &[
        default("context", "256").doc("Tokens per sequence."),
        needed("width", Role::Any).doc("Width of the residual stream."),
        optional("depth").doc("A name for `blocks` to use."),
        needed("blocks", Role::Any).doc("The blocks in their order; `[…] * n` repeats them."),
        default("tied", "false").doc("Whether the head is the token table."),
        default("rotary_base", "10000").doc("Base of the rotary embeddings' wavelengths."),
        default("norm_epsilon", "1e-5").doc("What RMSNorm adds under its root."),
        default("init_std", "0.02").doc("Standard deviation of the initial weights."),
    ];
    const RECIPE: &[Parameter] = &[
        needed("optimizer", Role::Any).doc("What updates the weights: `adamw(lr = …)`."),
        default("schedule", "wsd(warmup = 128k tokens, decay = 20%, last = 0)")
            .doc("How the rate changes over the budget: `wsd`, `cosine` or `constant`."),
        default("batch", "16Ki tokens").doc("Tokens per step; a whole number of sequences."),
        default("clip", "1").doc("Largest norm of the gradient; `none` for no clipping."),
        choice("precision", PRECISIONS, Need::Default("f32")).doc("Numbers that products are computed in."),
    ];
    const GRID: &[Parameter] = &[
        needed("data", Role::Data).doc("What a cell trains on: a corpus or a mixture."),
        needed("model", Role::Model).doc("The model that a cell trains."),
        needed("recipe", Role::Recipe).doc("How a cell trains."),
        needed("tokens", Role::Any).doc("The budget of a cell; a whole number of batches."),
        needed("evaluate", Role::Evaluate)
            .doc("What a trained cell is evaluated on: an evaluation, a corpus, a held-out part."),
        default("replicate", "1").doc("The number of the replicate: another seed for everything that is drawn."),
        optional("start").doc("The weights that a cell starts from, `cell.weights`; model, recipe and data are kept where the grid does not say its own."),
        optional("objective").doc("What is trained for, where it is not the next token: `supervised(…)` or `grpo(…)`."),
        optional("steps").doc("The budget of a cell in steps instead of tokens."),
    ];
    const LAW: &[Parameter] = &[
        needed("over", Role::Grid).doc("The table whose rows are fitted."),
        columns("by", Need::Optional).doc("The columns whose every combination of values is fitted by itself."),
        columns("method", Need::Default("huber(delta = 1e-3)"))
            .doc("What is made small: `huber(delta)` on log residuals, `log_least_squares`, `least_squares` or `quantile(level)`."),
        columns("test", Need::Optional).doc("The rows that are left out of the fit and predicted: `largest(tokens)`, `leave_out(256)`, `leave_out(25%, times = 100)`."),
        default("bootstrap", "0").doc("How often the rows are drawn again for intervals."),
    ];
    const FIGURE: &[Parameter] = &[
        needed("over", Role::Any).doc("The table whose rows are drawn."),
        columns("x", Need::Required).doc("The column along the axis below."),
        columns("y", Need::Required).doc("The column along the axis at the left."),
        columns("series", Need::Optional).doc("The column with a line for each of its values."),
        columns("panel", Need::Optional).doc("The column with a panel for each of its values."),
        optional("overlay").doc("The law whose curves are drawn with the points."),
    ];
    const TABLE: &[Parameter] = &[
        needed("over", Role::Any).doc("The table that is shown."),
        columns("rows", Need::Required).doc("The column with a row for each of its values."),
        columns("columns", Need::Required).doc("The column with a column for each of its values."),
        columns("cell", Need::Required).doc("The column whose value stands in each place."),
        columns("panel", Need::Optional).doc("The column with a table for each of its values."),
    ];
    match kind {
        ItemKind::Figure => FIGURE,
        ItemKind::Table => TABLE,
        ItemKind::Study => STUDY,
        ItemKind::Corpus => CORPUS,
        ItemKind::Corpora => CORPORA,
        ItemKind::Generator => GENERATOR,
        ItemKind::Tokenizer => TOKENIZER,
        ItemKind::Hardware => HARDWARE,
        ItemKind::Evaluation => EVALUATION,
        ItemKind::Model => MODEL,
        ItemKind::Recipe => RECIPE,
        ItemKind::Grid => GRID,
        ItemKind::Law => LAW,
        _ => &[],
    }
}

/// What declarations of a kind are, in one sentence: the editor shows it.
pub(crate) fn kind_doc(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Study => "What holds for the whole study: seed, tokenizer, what `params` and `flops` mean.",
        ItemKind::Param => "A value that the command line may set: `--set name=value`.",
        ItemKind::Let => "A value under a name.",
        ItemKind::Corpus => "Text: files, a built-in source, or what is made from another corpus.",
        ItemKind::Corpora => "A family of corpora, one for each file, also usable as a list.",
        ItemKind::Generator => "A language model that writes text.",
        ItemKind::Tokenizer => "How text becomes tokens.",
        ItemKind::Evaluation => "The text that losses are measured on.",
        ItemKind::Mixture => "Shares of corpora, by tokens, exactly 100 % together.",
        ItemKind::Model => "A list of blocks and their width.",
        ItemKind::Recipe => "How a model is trained: optimizer, schedule, batch.",
        ItemKind::Grid => "Cells to train: every combination of its axes.",
        ItemKind::Law => "A formula that is fitted to measured rows.",
        ItemKind::Claim => "A statement that the results decide: it holds, fails or stays undecided.",
        ItemKind::Figure => "A drawing of results.",
        ItemKind::Table => "Results in rows and columns.",
        ItemKind::Observations => "Rows that were measured elsewhere.",
        ItemKind::Hardware => "A machine: its power, its carbon, its price.",
    }
}

/// Whether a required field may be missing beside others: a budget is counted in tokens or in steps, and a run that continues another
/// keeps what it does not say.
pub(crate) fn excused(kind: ItemKind, field: &str, given: impl Fn(&str) -> bool) -> bool {
    kind == ItemKind::Grid
        && match field {
            "tokens" => given("steps"),
            field => crate::grid::scope::INHERITED.contains(&field) && given("start"),
        }
}
