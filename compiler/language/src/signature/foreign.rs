//! Names that people bring from other languages, and what they are here.

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
