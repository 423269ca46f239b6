use super::{Table, float};
use crate::StudyResults;

/// The columns of `evaluations.csv`.
pub(super) const HEADER: &[&str] = &["cell", "domain", "tokens", "loss", "bits_per_byte"];

/// `evaluations.csv`: a row a cell and domain.
pub(crate) fn evaluations(results: &StudyResults) -> Vec<u8> {
    let mut table = Table::new(HEADER);
    for cell in &results.cells {
        for domain in &cell.domains {
            table.row([
                cell.cell.clone(),
                domain.domain.clone(),
                domain.tokens.to_string(),
                float(domain.loss),
                float(domain.bits_per_byte),
            ]);
        }
    }
    table.into_bytes()
}
