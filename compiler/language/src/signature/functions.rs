//! What each function takes.

use super::{
    GENERATORS, MASKS, Need, ORDERS, PROCESSES, Parameter, REGISTERS, REWARDS, Role, Signature, choice, columns,
    default, needed, optional, word,
};

const fn function(name: &'static str, parameters: &'static [Parameter]) -> Signature {
    Signature { name, parameters, variadic: false, rows: false, others: false, doc: "" }
}

const fn variadic(name: &'static str) -> Signature {
    Signature { name, parameters: &[], variadic: true, rows: false, others: false, doc: "" }
}

/// The functions of this version.
pub(crate) const FUNCTIONS: &[Signature] = &[
    function(
        "world",
        &[
            choice("register", REGISTERS, Need::Required)
                .doc("The kind of text: `web`, `encyclopedic`, `question_answer` or `textbook`."),
            needed("documents", Role::Any).doc("How many documents there are."),
            default("seed", "0").doc("Of the world's facts."),
            optional("heldout").doc("The part of the documents that is never trained on."),
        ],
    )
    .doc("A corpus of procedural documents that state the facts of a seeded world."),
    function(
        "process",
        &[
            choice("kind", PROCESSES, Need::Required).doc("`markov`, `hmm` or `zipf`."),
            needed("symbols", Role::Any).doc("How many symbols there are."),
            needed("tokens", Role::Any).doc("How much text there is."),
            optional("order").doc("How many symbols the next one depends on (`markov`)."),
            optional("concentration")
                .doc("Of the Dirichlet draws that the transitions come from: small is predictable."),
            optional("states").doc("How many hidden states there are (`hmm`)."),
            optional("exponent").doc("Of the symbols' frequencies (`zipf`)."),
            default("seed", "0").doc("Of the process' own draws."),
            optional("heldout").doc("The part of the documents that is never trained on."),
        ],
    )
    .doc("A corpus of random symbols whose entropy rate is known."),
    function(
        "take",
        &[needed("of", Role::Corpus).doc("The corpus."), needed("tokens", Role::Any).doc("How much: tokens, or a part of them as `50%`.")],
    )
    .doc("The first documents of a corpus; smaller takes are prefixes of larger ones."),
    function(
        "repeat",
        &[
            needed("of", Role::Corpus).doc("The corpus."),
            needed("times", Role::Any).doc("How many times over."),
        ],
    )
    .doc("A corpus several times over; what is held out stands once."),
    function("dedup", &[needed("of", Role::Corpus).doc("The corpus.")])
        .doc("A corpus in which every text stands once."),
    function(
        "score",
        &[
            needed("of", Role::Corpus).doc("The corpus."),
            needed("by", Role::Any).doc("What its documents are scored by: `perplexity(of = cell)`."),
        ],
    )
    .doc("A corpus whose documents have scores, for `keep(by = score)`."),
    function("perplexity", &[needed("of", Role::Any).doc("The cell whose model reads them, at the end of its run.")])
        .doc("A score of documents: how surprised a trained model is, the lowest best."),
    function(
        "keep",
        &[
            needed("of", Role::Corpus).doc("The corpus."),
            needed("top", Role::Any).doc("The part of its tokens that stays."),
            choice("by", ORDERS, Need::Required).doc("The order: best `score` first, at `random`, or by `length`, longest first."),
        ],
    )
    .doc("The part of a corpus that comes first in an order."),
    function(
        "rephrase",
        &[
            needed("of", Role::Corpus).doc("The corpus that is written again."),
            choice("style", REGISTERS, Need::Required).doc("The register of the new text."),
            word("generator", GENERATORS, Need::Required).doc("What writes it; `builtin` needs no model."),
            optional("tokens").doc("How much is written."),
        ],
    )
    .doc("The same facts of the same documents in another register."),
    function(
        "write",
        &[
            word("style", REGISTERS, Need::Required)
                .doc("The register of the text, or a prompt in which `{topic}` and `{document}` stand for what is given."),
            Parameter { name: "about", need: Need::Optional, role: Role::Corpus, doc: "The corpus whose facts it is about; what is held out stays out." },
            word("generator", GENERATORS, Need::Required).doc("What writes it; `builtin` needs no model."),
            needed("tokens", Role::Any).doc("How much is written."),
            optional("topics").doc("A file with a topic a line, for `{topic}` in the prompt."),
        ],
    )
    .doc("Free text: about the facts of a corpus of the world, or to a prompt."),
    function(
        "price",
        &[
            needed("of", Role::Any).doc("A mixture, for the price of its text; a model, for that of the machine; or a cell, for both."),
            optional("tokens").doc("The budget of the run; a cell has its own."),
            optional("on").doc("The hardware, where several are declared."),
        ],
    )
    .doc("What the text of a run costs, token by token; of a model, what the machine costs while it trains; of a cell both."),
    function(
        "time",
        &[
            needed("of", Role::Any).doc("The model, or a cell."),
            optional("tokens").doc("The budget of the run; a cell has its own."),
            optional("on").doc("The hardware, where several are declared."),
        ],
    )
    .doc("How long a run takes on a hardware."),
    function(
        "energy",
        &[
            needed("of", Role::Any).doc("The model, or a cell."),
            optional("tokens").doc("The budget of the run; a cell has its own."),
            optional("on").doc("The hardware, where several are declared."),
        ],
    )
    .doc("The energy that a run takes on a hardware, the building's included."),
    function(
        "carbon",
        &[
            needed("of", Role::Any).doc("The model, or a cell."),
            optional("tokens").doc("The budget of the run; a cell has its own."),
            optional("on").doc("The hardware, where several are declared."),
        ],
    )
    .doc("The carbon that a run emits on a hardware."),
    function("uniform", &[needed("of", Role::Any).doc("The corpora.")])
        .doc("The mixture in which every corpus has the same share."),
    function("proportional", &[needed("of", Role::Any).doc("A family or a list of corpora.")])
        .doc("The mixture in which every corpus has the share of its training tokens, as the last scan found them."),
    function(
        "without",
            &[
            needed("of", Role::Data).doc("The mixture."),
            needed("corpus", Role::Any).doc("The corpus that is left out, or a list of them."),
        ],
    )
    .doc("A mixture without some of its corpora, the others in proportion."),
    function("normalize", &[needed("of", Role::Data).doc("Weights times corpora, summed.")])
        .doc("The mixture of weights of any sum: each divided by it; of a family of columns likewise."),
    function(
        "phases",
            &[
            needed("early", Role::Data).doc("What is trained on first."),
            needed("late", Role::Data).doc("What is trained on from the switch on."),
            needed("switch", Role::Any).doc("The part of the budget after which it switches, at the nearest step."),
        ],
    )
    .doc("One mixture first, another after a part of the budget."),
    function(
        "cap_epochs",
            &[
            needed("of", Role::Data).doc("The mixture."),
            needed("epochs", Role::Any).doc("How often a run may go through a source."),
        ],
    )
    .doc("A mixture in which no source is repeated more often; what that frees goes to the other sources in proportion."),
    function(
        "dirichlet",
            &[
            needed("prior", Role::Data).doc("The mixture that the draws lie around."),
            needed("points", Role::Any).doc("How many mixtures."),
            default("strength", "1")
                .doc("How close to the prior, or a list that the points go through in turn: below 1 a draw is mostly one source."),
            optional("cap").doc("The largest ratio of a share to the prior's."),
            default("floor", "0").doc("A smaller share is zero."),
            default("stream", "0").doc("Another number draws other mixtures."),
        ],
    )
    .doc("Random mixtures around a prior, as a list: each a function of the study's seed, the stream and its number."),
    function(
        "simplex",
            &[
            needed("of", Role::Any).doc("A family or a list of corpora."),
            optional("step").doc("What every share is a multiple of: `5%`; without it `minimize` finds the best shares themselves."),
        ],
    )
    .doc("Every mixture of some corpora: in equal steps, as a list, or all of them."),
    function(
        "adamw",
        &[
            needed("lr", Role::Any).doc("The largest rate."),
            default("betas", "(0.9, 0.95)").doc("Decay of the first and the second moment."),
            default("weight_decay", "0.1").doc("Decay of the weights, times the rate."),
            default("epsilon", "1e-8").doc("What is added to the root of the second moment."),
        ],
    )
    .doc("AdamW with decoupled weight decay; norms do not decay."),
    function(
        "wsd",
        &[
            default("warmup", "128k tokens").doc("Tokens, steps or a share of the budget until the rate is reached."),
            default("decay", "20%").doc("The last part, in which the rate falls."),
            default("last", "0").doc("The rate at the end, as a part of the largest."),
        ],
    )
    .doc("Warm-up, a constant rate, then decay: budgets of one stream share their beginning."),
    function(
        "cosine",
        &[
            default("warmup", "128k tokens").doc("Tokens, steps or a share of the budget until the rate is reached."),
            default("last", "10%").doc("The rate at the end, as a part of the largest."),
        ],
    )
    .doc("Warm-up, then half a cosine down to the end of the budget."),
    function(
        "constant",
        &[default("warmup", "128k tokens").doc("Tokens, steps or a share of the budget until the rate is reached.")],
    )
    .doc("Warm-up, then one rate."),
    function(
        "attention",
        &[
            needed("heads", Role::Any).doc("Heads of the queries; they divide the width."),
            optional("kv_heads").doc("Heads of keys and values, each shared by several of the queries."),
        ],
    )
    .doc("A block of causal attention with rotary embeddings."),
    function(
        "swiglu",
        &[
            optional("ratio").doc("Its inner width as a multiple of the model's, rounded up to a multiple of 32."),
            optional("hidden").doc("Its inner width itself."),
        ],
    )
    .doc("A gated feed-forward block."),
    function(
        "gelu",
        &[
            optional("ratio").doc("Its inner width as a multiple of the model's, rounded up to a multiple of 32."),
            optional("hidden").doc("Its inner width itself."),
        ],
    )
    .doc("A feed-forward block with a GELU."),
    function(
        "experts",
        &[
            needed("count", Role::Any).doc("How many experts there are."),
            needed("active", Role::Any).doc("How many of them a token goes through."),
            optional("ratio")
                .doc("The inner width of each as a multiple of the model's, rounded up to a multiple of 32."),
            optional("hidden").doc("The inner width of each itself."),
        ],
    )
    .doc("A mixture of gated feed-forward experts behind a router."),
    function(
        "words",
        &[
            needed("letters", Role::Any).doc("What a word is made of."),
            needed("length", Role::Any).doc("How many letters a word has."),
        ],
    )
    .doc("Every list of that length over these letters, in order."),
    function("count", &[needed("of", Role::Any).doc("The list."), needed("value", Role::Any).doc("What is counted.")])
        .doc("How often a value stands in a list."),
    function(
        "stretch",
        &[
            needed("of", Role::Any).doc("The list."),
            needed("times", Role::Any).doc("How often each of its elements stands in the new one."),
        ],
    )
    .doc("A list with each element that many times in its place: a pattern of blocks for a deeper model."),
    function(
        "sampled",
        &[
            needed("cell", Role::Any).doc("The cell whose model writes."),
            needed("tokens", Role::Any).doc("How much it writes."),
        ],
    )
    .doc("Text that a trained cell writes, as a corpus."),
    function("size", &[needed("of", Role::Corpus).doc("The corpus.")])
        .doc("How many tokens of a corpus may be trained on, as the last scan found."),
    function(
        "supervised",
        &[choice("mask", MASKS, Need::Default("prompt")).doc("What the loss leaves out: `prompt` or `none`.")],
    )
    .doc("The next token of documents that are a prompt and its answer."),
    function(
        "grpo",
        &[
            choice("reward", REWARDS, Need::Required)
                .doc("What an answer is rewarded for: `exact_answer` or `numeric_answer`."),
            default("rollouts", "8").doc("How many answers to a prompt are held against each other."),
        ],
    )
    .doc("The reward of answers that the model itself gives, each against the mean of its group."),
    function("last", &[needed("of", Role::Any).doc("The list.")]).doc("The last element of a list."),
    function("flops_per_token", &[needed("model", Role::Model).doc("The model.")])
        .doc("FLOPs that training takes per token, forward and backward."),
    function(
        "geometric",
        &[needed("over", Role::Any).doc("The interval."), needed("points", Role::Any).doc("How many numbers.")],
    )
    .doc("Numbers from one end of an interval to the other, each the same multiple of the one before."),
    function("sqrt", &[needed("x", Role::Any).doc("A number.")]).doc("The square root."),
    function("log", &[needed("x", Role::Any).doc("A number more than 0.")]).doc("The natural logarithm."),
    function("exp", &[needed("x", Role::Any).doc("The power.")]).doc("e to a power."),
    function("abs", &[needed("x", Role::Any).doc("A number.")]).doc("The number without its sign."),
    function("round", &[needed("x", Role::Any).doc("A number."), default("to", "1").doc("Of what.")])
        .doc("The nearest multiple."),
    variadic("min").doc("The smallest of its arguments, or of a list."),
    variadic("max").doc("The largest of its arguments, or of a list."),
    function("sum", &[needed("of", Role::Any).doc("The list.")]).doc("The sum of a list."),
    function(
        "zip",
        &[
            needed("left", Role::Any).doc("The first of each tuple."),
            needed("right", Role::Any).doc("The second of each tuple."),
        ],
    )
    .doc("Tuples of two lists of one length."),
    function(
        "unigram_kl",
        &[
            needed("of", Role::Data).doc("A corpus or a mixture."),
            needed("against", Role::Data).doc("What it is held against."),
        ],
    )
    .doc("How far the symbols of one text are from those of another: the Kullback-Leibler divergence of their frequencies, in nats."),
    function(
        "csv",
        &[
            needed("path", Role::Any).doc("The file, relative to the study."),
            optional("axes").doc("The columns that tell rows apart, in quotes: what `mean` and `best` go over."),
        ],
    )
    .doc("Rows that were measured elsewhere: comma-separated text, its first line the names."),
    function(
        "jsonl",
        &[
            needed("path", Role::Any).doc("The file, relative to the study."),
            optional("axes").doc("The columns that tell rows apart, in quotes: what `mean` and `best` go over."),
        ],
    )
    .doc("Rows that were measured elsewhere: an object in JSON a line."),
    function(
        "parquet",
        &[
            needed("path", Role::Any).doc("The file, relative to the study."),
            optional("axes").doc("The columns that tell rows apart, in quotes: what `mean` and `best` go over."),
        ],
    )
    .doc("Rows that were measured elsewhere: a parquet file."),
    function("column", &[needed("name", Role::Any).doc("The column's name, in quotes.")])
        .rows()
        .doc("The column of that name, where a name of the language cannot say it: `column(\"metric/x\")`."),
    function("columns", &[needed("pattern", Role::Any).doc("Their names, in quotes, with `*` for any letters.")])
        .rows()
        .doc("A family of columns: `columns(\"train_*\")`."),
    function(
        "filter",
        &[
            needed("of", Role::Any).doc("The table, or the corpus."),
            columns("condition", Need::Required).doc("What holds for the rows, or documents, that stay: of a document `tokens`, `bytes`, `score`, `column(\"field\")`."),
        ],
    )
    .rows()
    .doc("The rows of a table, or the documents of a corpus, for which a condition holds."),
    function("derive", &[needed("of", Role::Any).doc("The table.")])
        .rows()
        .others()
        .doc("The same rows with further columns: `derive(best = exp(-b / (2 * c)))`."),
    function(
        "mean",
        &[needed("of", Role::Any).doc("The table."), columns("over", Need::Required).doc("The axes that disappear.")],
    )
    .rows()
    .doc("One row, the mean, for all rows that differ in some axes alone."),
    function(
        "best",
        &[
            needed("of", Role::Any).doc("The table."),
            columns("by", Need::Required).doc("The column whose smallest value is the best."),
            columns("over", Need::Required).doc("The axes that are chosen from."),
        ],
    )
    .rows()
    .doc("Of all rows that differ in some axes alone the best one."),
    function(
        "top",
        &[
            needed("of", Role::Any).doc("The table."),
            columns("column", Need::Required).doc("The column whose values are chosen from."),
            columns("by", Need::Required).doc("The column whose smallest values are the best."),
            needed("n", Role::Any).doc("How many values."),
        ],
    )
    .rows()
    .doc("The values of a column whose rows are the best, best first: settled once the rows are measured."),
    function(
        "join",
        &[
            needed("of", Role::Any).doc("The table."),
            needed("other", Role::Any).doc("The table that is put beside it."),
            columns("on", Need::Required).doc("The columns in which rows must agree."),
        ],
    )
    .rows()
    .doc("The rows of two tables side by side where they agree in some columns."),
    function(
        "gather",
        &[
            needed("of", Role::Any).doc("The table."),
            columns("columns", Need::Required).doc("The columns of numbers that are put one below the other."),
            columns("name", Need::Required).doc("What the column is called that says which of them a row is of."),
            columns("value", Need::Required).doc("What the column of their values is called."),
        ],
    )
    .rows()
    .doc("Each row once for each of some columns: `gather([before, on_web], name = metric, value = measured)`."),
    function(
        "d_optimal",
        &[
            needed("table", Role::Any).doc("The rows to choose from."),
            needed("of", Role::Any).doc("The fitted law, or one of its groups."),
            needed("points", Role::Any).doc("How many rows."),
        ],
    )
    .rows()
    .doc("The rows of a table from which the parameters of a law are told best: those with the largest determinant of its information."),
    function("points", &[])
        .rows()
        .others()
        .doc("A row for each combination of some lists, with what is asked there: `points(r = [0, 1/3], tokens = 1M..64M factor 4, expected = predict(law[r = r], tokens = tokens))`."),
    function("pass_at", &[needed("k", Role::Any).doc("How many answers to a prompt.")])
        .rows()
        .doc("A column of runs that answer prompts: the chance that one of k answers is right."),
    function("predict", &[needed("of", Role::Any).doc("The fitted law, or one of its groups.")])
        .rows()
        .others()
        .doc("What a fitted law says where its columns are set so: `predict(law[r = 1/3], tokens = 64M)`."),
    function(
        "solve",
        &[
            needed("of", Role::Any).doc("The fitted law, or one of its groups."),
            columns("column", Need::Required).doc("The column that is asked for."),
        ],
    )
    .rows()
    .others()
    .doc("The value of a column at which a law reaches a target: `solve(law, tokens, loss = 3.2)`; infinite where it never does."),
    function(
        "optimal",
        &[
            needed("of", Role::Any).doc("The fitted law, or one of its groups."),
            columns("column", Need::Required).doc("`tokens` or `params`."),
        ],
    )
    .rows()
    .others()
    .doc("The compute-optimal tokens or parameters for a budget: `optimal(law, tokens, flops = 1e20 FLOP)`."),
    function(
        "marginal",
        &[
            needed("of", Role::Any).doc("The fitted law, or one of its groups."),
            columns("column", Need::Required).doc("The column that grows by one."),
        ],
    )
    .rows()
    .others()
    .doc("How much a law's prediction changes with one more of a column."),
    function(
        "minimize",
        &[
            needed("of", Role::Any).doc("The fitted law, or one of its groups."),
            needed("over", Role::Any).doc("The mixtures to choose from."),
            columns("under", Need::Optional).doc("What must hold for a choice: `data` is the candidate, `cell` its run, and what does not vary between the law's runs has its name."),
            optional("top").doc("How many of the best are averaged."),
            optional("cap_epochs").doc("How often the run may go through a source: its share is at most so many times its text, over the budget."),
        ],
    )
    .rows()
    .others()
    .doc("Of some mixtures the one for which a law predicts the least; a run settles it."),
    function(
        "grows",
        &[
            needed("of", Role::Any).doc("The table."),
            columns("column", Need::Required).doc("The column of numbers that grows."),
            columns("over", Need::Required).doc("The axis of numbers along which it does."),
        ],
    )
    .rows()
    .doc("Whether a column grows with every step along an axis, all else equal: `grows(gaps, gap, over = tokens)`."),
    function(
        "least_step",
        &[
            needed("of", Role::Any).doc("The table."),
            columns("column", Need::Required).doc("The column of numbers."),
            columns("over", Need::Required).doc("The axis of numbers."),
        ],
    )
    .rows()
    .doc("The least that a column rises from one value of an axis to the next, all else equal; below zero where it falls."),
    function(
        "spearman",
        &[
            needed("of", Role::Any).doc("The table, or the first column."),
            columns("x", Need::Required).doc("A column."),
            columns("y", Need::Optional).doc("A column."),
        ],
    )
    .rows()
    .doc("Spearman's rank correlation of two columns."),
    function(
        "kendall",
        &[
            needed("of", Role::Any).doc("The table, or the first column."),
            columns("x", Need::Required).doc("A column."),
            columns("y", Need::Optional).doc("A column."),
        ],
    )
    .rows()
    .doc("Kendall's rank correlation of two columns."),
    variadic("union").rows().doc("The rows of several tables, with the columns that all of them have."),
];

/// Functions with a meaning only inside a law's own fields.
pub(crate) const LAW_FUNCTIONS: &[Signature] = &[
    function(
        "huber",
        &[default("delta", "1e-3").doc("From where on a residual counts by its size, not by its square.")],
    )
    .doc("Squares of small residuals of the logarithms, the size of large ones (Huber 1964)."),
    function("log_least_squares", &[]).doc("Squares of the residuals of the logarithms."),
    function("least_squares", &[]).doc("Squares of the residuals."),
    function("quantile", &[needed("level", Role::Any).doc("The part of the rows that lies below the curve.")])
        .doc("A curve that a part of the rows lies below (Koenker and Bassett 1978)."),
    function("largest", &[needed("column", Role::Any).doc("A column of numbers.")])
        .doc("Held out: the rows with a group's largest value of a column."),
    function("each", &[needed("column", Role::Any).doc("A column.")])
        .doc("Held out: the rows of each value of a column in turn, predicted by a fit to all others."),
    function(
        "leave_out",
        &[
            needed("rows", Role::Any).doc("How many rows of each group, or which part of them."),
            optional("times").doc("How often a part is drawn anew."),
        ],
    )
    .doc("Held out: rows drawn at random."),
    function(
        "boosted_trees",
        &[
            needed("columns", Role::Any).doc("What the trees split on: columns, or `share` for all shares."),
            default("rate", "1e-2").doc("The part of each tree that is added."),
            default("rounds", "1000").doc("How many trees are grown."),
        ],
    )
    .doc("Gradient-boosted regression trees: the baseline that assumes no form (Friedman 2001)."),
];
