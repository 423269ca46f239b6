use super::Table;
use crate::StudyResults;

/// The columns of `curves.csv`.
pub(super) const HEADER: &[&str] = &["cell", "step", "tokens", "loss", "gradient_norm"];

/// `curves.csv`: training losses of every cell, from its first step on.
pub(crate) fn curves(results: &StudyResults) -> Vec<u8> {
    let mut table = Table::new(HEADER);
    for cell in &results.cells {
        for point in &cell.curve {
            // As f32: the shortest decimal of what the device gave.
            table.row([
                cell.cell.as_str(),
                &point.step.to_string(),
                &point.tokens.to_string(),
                &point.loss.to_string(),
                &point.gradient_norm.to_string(),
            ]);
        }
    }
    table.into_bytes()
}
