//! Which functions give what a place takes: what an editor offers first there, or alone.

use synx_grammar::view::ItemKind;

use super::Role;

/// The functions that fit a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fitting {
    /// A call of one of these and nothing else.
    Only(&'static [&'static str]),
    /// These give what is wanted; others may stand in what it is computed from.
    First(&'static [&'static str]),
    Any,
}

/// What makes corpora of files, of rules, of cells, of other corpora.
const CORPORA: &[&str] =
    &["dedup", "filter", "keep", "process", "repeat", "rephrase", "sampled", "score", "take", "world", "write"];

/// What takes a corpus from the left of `|>`.
const OF_CORPORA: &[&str] = &["dedup", "filter", "keep", "repeat", "rephrase", "score", "take"];

const MIXTURES: &[&str] = &["cap_epochs", "normalize", "phases", "proportional", "uniform", "without"];

const TABLES: &[&str] = &["best", "d_optimal", "derive", "filter", "gather", "join", "mean", "points", "union"];

/// What takes a table from the left of `|>`.
const OF_TABLES: &[&str] = &["best", "d_optimal", "derive", "filter", "gather", "join", "mean"];

const FILES: &[&str] = &["csv", "jsonl", "parquet"];

const LISTS: &[&str] = &["dirichlet", "geometric", "simplex", "top", "words", "zip"];

const ANSWERS: &[&str] =
    &["grows", "kendall", "least_step", "marginal", "minimize", "optimal", "predict", "solve", "spearman"];

impl Fitting {
    /// Of the value of a field, or of an axis that is named like one.
    pub(crate) fn of_field(kind: ItemKind, field: &str, role: Role) -> Fitting {
        match (kind, field) {
            (ItemKind::Recipe, "optimizer") => Fitting::Only(&["adamw"]),
            (ItemKind::Recipe, "schedule") => Fitting::Only(&["constant", "cosine", "wsd"]),
            (ItemKind::Model, "blocks") => {
                Fitting::Only(&["attention", "experts", "gelu", "stretch", "swiglu", "words"])
            }
            (ItemKind::Grid, "objective") => Fitting::Only(&["grpo", "supervised"]),
            (ItemKind::Law, "method") => Fitting::Only(&["huber", "least_squares", "log_least_squares", "quantile"]),
            (ItemKind::Law, "test") => Fitting::Only(&["each", "largest", "leave_out"]),
            (ItemKind::Law | ItemKind::Figure | ItemKind::Table, "over") => Fitting::First(TABLES),
            _ => Fitting::of_role(role),
        }
    }

    /// Of the value of `kind name = value`.
    pub(crate) fn of_item(kind: ItemKind) -> Fitting {
        match kind {
            ItemKind::Observations => Fitting::Only(FILES),
            ItemKind::Claim => Fitting::First(ANSWERS),
            _ => Fitting::of_role(Role::of(kind)),
        }
    }

    /// Of an argument of a function.
    pub(crate) fn of_argument(function: &str, parameter: &str, role: Role) -> Fitting {
        match (function, parameter) {
            ("score", "by") => Fitting::First(&["perplexity"]),
            ("minimize", "over") => Fitting::First(&["dirichlet", "simplex"]),
            _ => Fitting::of_role(role),
        }
    }

    /// Of an axis.
    pub(crate) fn of_axis() -> Fitting {
        Fitting::First(LISTS)
    }

    /// Behind `|>`.
    pub(crate) fn of_pipe(of_table: bool) -> Fitting {
        Fitting::Only(if of_table { OF_TABLES } else { OF_CORPORA })
    }

    fn of_role(role: Role) -> Fitting {
        match role {
            Role::Corpus => Fitting::First(CORPORA),
            Role::Data => Fitting::First(MIXTURES),
            Role::Grid => Fitting::First(TABLES),
            _ => Fitting::Any,
        }
    }

    /// Whether a function may stand in the place, and whether it is what is wanted there.
    pub(crate) fn takes(self, function: &str) -> Option<bool> {
        match self {
            Fitting::Only(names) => names.contains(&function).then_some(true),
            Fitting::First(names) => Some(names.contains(&function)),
            Fitting::Any => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{law_function, signature};

    #[test]
    fn what_fits_a_place_is_a_function_of_the_language() {
        let places = [
            Fitting::of_field(ItemKind::Recipe, "optimizer", Role::Any),
            Fitting::of_field(ItemKind::Recipe, "schedule", Role::Any),
            Fitting::of_field(ItemKind::Model, "blocks", Role::Any),
            Fitting::of_field(ItemKind::Grid, "objective", Role::Any),
            Fitting::of_field(ItemKind::Grid, "data", Role::Data),
            Fitting::of_field(ItemKind::Law, "method", Role::Any),
            Fitting::of_field(ItemKind::Law, "test", Role::Any),
            Fitting::of_field(ItemKind::Law, "over", Role::Grid),
            Fitting::of_item(ItemKind::Observations),
            Fitting::of_item(ItemKind::Claim),
            Fitting::of_item(ItemKind::Corpus),
            Fitting::of_argument("score", "by", Role::Any),
            Fitting::of_argument("minimize", "over", Role::Any),
            Fitting::of_axis(),
            Fitting::of_pipe(true),
            Fitting::of_pipe(false),
        ];
        for place in places {
            let (Fitting::Only(names) | Fitting::First(names)) = place else { panic!("{place:?}") };
            for name in names {
                assert!(signature(name).is_some() || law_function(name).is_some(), "{name}");
            }
        }
    }
}
