use synx_plan::model::ParameterCount;
use synx_plan::study::FlopCount;

use super::{Table, answers, curves, evaluations, laws, results};
use crate::StudyResults;

/// `columns.csv`: every column of the other tables with its unit and meaning, so that the folder explains itself.
pub(crate) fn columns(study: &StudyResults) -> Vec<u8> {
    let mut table = Table::new(["file", "column", "unit", "meaning"]);
    let headers = [
        ("results.csv", results::header(study)),
        ("evaluations.csv", owned(evaluations::HEADER)),
        ("curves.csv", owned(curves::HEADER)),
        ("laws.csv", laws::header(study)),
        ("predictions.csv", owned(answers::PREDICTIONS_HEADER)),
        ("answers.csv", owned(answers::HEADER)),
        ("claims.csv", owned(answers::CLAIMS_HEADER)),
    ];
    for (file, header) in headers {
        for column in header {
            let (unit, meaning) = describe(study, file, &column);
            table.row([file, &column, &unit, &meaning]);
        }
    }
    table.into_bytes()
}

fn owned(header: &[&str]) -> Vec<String> {
    header.iter().map(|&name| name.to_owned()).collect()
}

/// Unit and meaning of a column. What no table has by itself is a column of the study.
fn describe(study: &StudyResults, file: &str, column: &str) -> (String, String) {
    let (unit, meaning) = match (file, column) {
        ("predictions.csv", "row") => ("", "what tells the row apart"),
        ("predictions.csv", "observed") => ("of the law", "what the law is fitted to"),
        ("predictions.csv", "predicted") => ("of the law", "what the fitted law says"),
        ("predictions.csv", "relative_error") => ("", "(predicted - observed) / observed"),
        ("predictions.csv", "held_out") => ("", "whether the fit was made without the row"),
        ("answers.csv", "question") => ("", "what is asked, as the study writes it"),
        ("answers.csv", "unit") => ("", "of estimate and interval; empty for plain numbers"),
        ("answers.csv", "chosen") => ("", "what was chosen, where it is no number"),
        ("answers.csv", "estimate") => ("its own", "the answer; of a mixture what the law predicts for it"),
        ("answers.csv", "used") => ("draws", "draws in which there is an answer"),
        ("answers.csv", "status") => ("", "answered, infinite, not identified or unanswered"),
        ("claims.csv", "claim") => ("", "claim of the study"),
        ("claims.csv", "verdict") => ("", "holds, fails or undecided"),
        ("claims.csv", "share") => ("", "part of the draws in which it holds; empty where nothing was drawn"),
        ("claims.csv", "part") => ("", "which comparison of the claim, from one"),
        ("claims.csv", "quantity") => {
            ("", "what is compared, as the study writes it; a difference where both sides were settled")
        }
        ("claims.csv", "operator") => ("", "how it is compared"),
        ("claims.csv", "bound") => ("of the quantity", "what it is compared with"),
        ("claims.csv", "estimate") => ("of the quantity", "the quantity for the data as they are"),
        ("claims.csv", "words") => ("", "the claim in words"),
        ("answers.csv" | "claims.csv", "draws") => ("draws", "how often it was drawn again"),
        ("answers.csv" | "claims.csv", "note") => ("", "what a reader should know of it"),
        (_, "identified") => ("", "whether the rows tell the parameter from others; else its interval is open"),
        (_, "cell") => ("", "name of the cell: its grid and the values of its axes"),
        (_, "grid") => ("", "grid of the study"),
        ("evaluations.csv", "tokens") => ("tokens", "tokens predicted, document ends included"),
        ("curves.csv", "tokens") => ("tokens", "training tokens seen up to and with this step"),
        (_, "tokens") => ("tokens", "training budget"),
        ("curves.csv", "loss") => ("nats/token", "mean over the step's batch, before its update"),
        ("evaluations.csv", "loss") => ("nats/token", "mean over the domain"),
        (_, "loss") => ("nats/token", "weighted mean of the evaluation's domains; empty where they have no weights"),
        ("evaluations.csv", "bits_per_byte") => ("bits/byte", "loss / ln 2 x tokens / bytes of text"),
        (_, "bits_per_byte") => ("bits/byte", "weighted mean of the evaluation's domains"),
        (_, "replicate") => ("", "number of the replicate: initialisation and order of the data"),
        (_, "stream") => ("", "cells of one stream share the beginning of their training"),
        (_, "params") => ("parameters", params(study.parameters)),
        (_, "params_total") => ("parameters", "everything that is trained"),
        (_, "params_embedding") => ("parameters", "token table and output head"),
        (_, "flops_6nd") => ("FLOP", "6 x params x tokens"),
        (_, "flops_exact") => ("FLOP", "products and causal attention, forward and backward"),
        ("results.csv", "status") => ("", "ok, diverged or missing"),
        (_, "status") => ("", "fitted or not fitted"),
        (_, "note") => ("", "what became of a row that is not ok"),
        (_, "seconds") => ("s", "training time of the cell's chain; a shared beginning counts in every cell"),
        (_, "class") => ("", "numerics class: whose bits these are"),
        (_, "key") => ("", "key of the trained state"),
        (_, "domain") => ("", "evaluation domain"),
        (_, "step") => ("steps", "optimiser step, counted from one"),
        (_, "gradient_norm") => ("", "norm of the whole gradient, before clipping; inf where it overflowed in f16"),
        (_, "law") => ("", "law of the study"),
        (_, "parameter") => ("", "free parameter of the law"),
        (_, "estimate") => ("", "value at the smallest objective"),
        (_, "low") => ("", "lower end of the interval at the study's confidence; empty without bootstrap"),
        (_, "high") => ("", "upper end of the interval"),
        (_, "bca_low") => ("", "lower end of the bias-corrected and accelerated interval of the same draws"),
        (_, "bca_high") => ("", "upper end of it"),
        (_, "profile_low") => ("", "lower end of the likelihood's profile; empty where it was not traced"),
        (_, "profile_high") => ("", "upper end of it"),
        (_, "objective") => ("", "the sum over rows that the fit makes small"),
        (_, "points") => ("rows", "rows that were fitted"),
        (_, "test_points") => ("rows", "rows that were kept out and predicted"),
        (_, "test_error") => ("", "mean of |predicted - observed| / observed over them"),
        (_, "test_max_error") => ("", "the largest of these"),
        (_, "test_spearman") => ("", "rank correlation of predicted and observed over them (Spearman)"),
        (_, "test_kendall") => ("", "the same by Kendall, corrected for ties"),
        ("laws.csv", "model") => ("", "formula, trees, or what stands beside trees: linear, constant"),
        (_, "rows") => ("rows", "cells of the group that have a result"),
        (_, "rows_expected") => ("rows", "cells of the group"),
        _ => return of_study(study, column),
    };
    let meaning = match (column, study.flops) {
        ("flops_6nd", FlopCount::SixNd) | ("flops_exact", FlopCount::Exact) => {
            format!("{meaning}; the study's `flops`")
        }
        _ => meaning.to_owned(),
    };
    (unit.to_owned(), meaning)
}

fn params(count: ParameterCount) -> &'static str {
    match count {
        ParameterCount::NonEmbedding => "without token table and output head",
        ParameterCount::Total => "everything that is trained",
    }
}

fn of_study(study: &StudyResults, column: &str) -> (String, String) {
    let name = column.strip_prefix("column.").unwrap_or(column);
    let unit = study.columns.iter().find(|c| c.name == name).map_or("", |c| c.unit.as_str());
    (unit.to_owned(), "declared by the study".to_owned())
}
