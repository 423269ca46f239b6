use super::{Table, float, optional};
use crate::StudyResults;

pub(super) const HEADER: &[&str] =
    &["question", "unit", "chosen", "estimate", "low", "high", "draws", "used", "status", "note"];

/// `answers.csv`: a row for everything that the study asks of its tables and laws.
pub(crate) fn answers(results: &StudyResults) -> Vec<u8> {
    let mut table = Table::new(HEADER);
    for answer in &results.answers {
        table.row([
            answer.question.clone(),
            answer.unit.clone(),
            answer.chosen.clone(),
            optional(answer.estimate),
            optional(answer.low),
            optional(answer.high),
            answer.draws.to_string(),
            answer.used.to_string(),
            answer.status.word().to_owned(),
            answer.note.clone(),
        ]);
    }
    table.into_bytes()
}

pub(super) const CLAIMS_HEADER: &[&str] = &[
    "claim", "verdict", "share", "draws", "part", "quantity", "operator", "bound", "estimate", "low", "high", "note",
    "words",
];

/// `claims.csv`: a row for each comparison of a claim.
pub(crate) fn claims(results: &StudyResults) -> Vec<u8> {
    let mut table = Table::new(CLAIMS_HEADER);
    for claim in &results.claims {
        let row = |part: usize, middle: [String; 6]| {
            let mut row = vec![claim.claim.clone(), claim.verdict.word().to_owned(), optional(claim.share)];
            row.extend([claim.draws.to_string(), part.to_string()]);
            row.extend(middle);
            let words = claim.documentation.as_deref().unwrap_or_default();
            row.extend([claim.note.clone(), words.split_whitespace().collect::<Vec<_>>().join(" ")]);
            row
        };
        if claim.comparisons.is_empty() {
            table.row(row(1, Default::default()));
        }
        for (part, compared) in claim.comparisons.iter().enumerate() {
            let middle = [
                compared.quantity.clone(),
                compared.operator.to_owned(),
                float(compared.bound),
                optional(compared.estimate),
                optional(compared.low),
                optional(compared.high),
            ];
            table.row(row(part + 1, middle));
        }
    }
    table.into_bytes()
}

pub(super) const PREDICTIONS_HEADER: &[&str] =
    &["law", "row", "observed", "predicted", "low", "high", "relative_error", "held_out"];

/// `predictions.csv`: a row for each row that a law was fitted to or tested with.
pub(crate) fn predictions(results: &StudyResults) -> Vec<u8> {
    let mut table = Table::new(PREDICTIONS_HEADER);
    for row in &results.predictions {
        table.row([
            row.law.clone(),
            row.row.clone(),
            float(row.observed),
            float(row.predicted),
            optional(row.low),
            optional(row.high),
            float((row.predicted - row.observed) / row.observed),
            row.held_out.to_string(),
        ]);
    }
    table.into_bytes()
}
