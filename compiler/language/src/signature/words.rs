//! Words that a field or an argument is one of, and those that stand for themselves.

pub(crate) const REGISTERS: &[&str] = &["web", "encyclopedic", "question_answer", "textbook"];
pub(crate) const GENERATORS: &[&str] = &["builtin"];
pub(crate) const PROCESSES: &[&str] = &["markov", "hmm", "zipf"];
pub(crate) const SPLITS: &[&str] = &["file", "paragraphs", "lines"];
pub(crate) const TOKENIZERS: &[&str] = &["bytes"];
pub(crate) const TOKENIZER_KINDS: &[&str] = &["bpe"];
pub(crate) const NAMINGS: &[&str] = &["stem", "folder"];
pub(crate) const ORDERS: &[&str] = &["score", "random", "length"];
pub(crate) const PARAMETER_COUNTS: &[&str] = &["non_embedding", "total"];
pub(crate) const FLOP_COUNTS: &[&str] = &["exact", "six_nd"];
pub(crate) const PRECISIONS: &[&str] = &["f32", "bf16", "f16"];
pub(crate) const MASKS: &[&str] = &["prompt", "none"];
pub(crate) const REWARDS: &[&str] = &["exact_answer", "numeric_answer"];
pub(crate) const METHODS: &[&str] = &["huber", "log_least_squares", "least_squares", "quantile"];

/// Words that stand for themselves.
pub(crate) const WORDS: &[&str] =
    &["web", "encyclopedic", "question_answer", "textbook", "builtin", "markov", "hmm", "zipf", "bytes", "none"];
