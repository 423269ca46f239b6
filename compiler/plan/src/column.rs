//! The columns that every grid's results have besides its axes and `let`s: what laws and tables may name.

use crate::unit::{Count, Unit};

/// A column of the results that every cell has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultColumn {
    /// As laws write it: `params.total`.
    pub name: &'static str,
    /// The unit of its plain numbers.
    pub unit: Unit,
    /// What it is, in one sentence.
    pub doc: &'static str,
}

const fn column(name: &'static str, count: Option<Count>, doc: &'static str) -> ResultColumn {
    let unit = match count {
        Some(count) => Unit::counted(count),
        None => Unit::PLAIN,
    };
    ResultColumn { name, unit, doc }
}

/// Numeric result columns. `loss[domain]` and `bits_per_byte[domain]` exist besides, one for each domain of the grid's evaluations.
pub const RESULT_COLUMNS: [ResultColumn; 14] = [
    column("loss", None, "The evaluation's weighted mean loss, nats per token."),
    column("bits_per_byte", None, "The same in bits per byte of text."),
    column("tokens", Some(Count::Tokens), "Tokens trained on."),
    column("steps", Some(Count::Steps), "Optimiser steps."),
    column("replicate", None, "The number of the replicate."),
    column("params", Some(Count::Params), "Parameters by the study's convention."),
    column("params.total", Some(Count::Params), "All parameters; a tied head counts once."),
    column("params.embedding", Some(Count::Params), "Parameters of the token table and an untied head."),
    column("params.non_embedding", Some(Count::Params), "Parameters without token table and head."),
    column(
        "params.active",
        Some(Count::Params),
        "Parameters that a token goes through; all of `params.total` without experts.",
    ),
    ResultColumn { name: "flops", unit: Unit::FLOP, doc: "Training FLOPs by the study's convention." },
    ResultColumn { name: "flops.exact", unit: Unit::FLOP, doc: "Training FLOPs, operation by operation." },
    ResultColumn { name: "flops.six_nd", unit: Unit::FLOP, doc: "6 × params × tokens." },
    column("batch", Some(Count::Tokens), "Tokens per step."),
];

/// The result column that a name means; `params_total`, `flops_exact` and `flops_6nd`, as files head them, too.
pub fn result_column(name: &str) -> Option<&'static ResultColumn> {
    let name = match name {
        "params_total" => "params.total",
        "flops_exact" => "flops.exact",
        "flops_6nd" => "flops.six_nd",
        other => other,
    };
    RESULT_COLUMNS.iter().find(|column| column.name == name)
}
