//! The losses of states on domains.

use synx_plan::executor::Wave;
use synx_plan::problem::Problem;
use synx_plan::program::Program;

use crate::ledger::LossSum;
use crate::work::DomainRows;

/// Tokens per call of the executor and slot. Arbitrary: bounds what is read back at once; no bit depends on it.
const TOKENS_AT_ONCE: usize = 1 << 14;

/// The losses of every slot's weights over a domain: per slot, `None` where they are not finite. Nothing where it was interrupted.
pub(crate) fn losses(
    wave: &mut dyn Wave,
    program: &Program,
    domain: &dyn DomainRows,
    interrupt: &dyn Fn() -> bool,
) -> Result<Option<Vec<Option<LossSum>>>, Problem> {
    let context = program.context;
    let at_once = (TOKENS_AT_ONCE / context).max(1);
    let mut sums = vec![LossSum { loss: 0.0, tokens: 0 }; wave.slots()];
    let mut first = 0;
    while first < domain.rows() {
        if interrupt() {
            return Ok(None);
        }
        let size = at_once.min(domain.rows() - first) * context;
        let (mut inputs, mut targets, mut weights) = (vec![0; size], vec![0; size], vec![0.0; size]);
        domain.fill(first, &mut inputs, &mut targets, &mut weights);
        let losses = wave.evaluate(&inputs, &targets)?;
        for (sum, losses) in sums.iter_mut().zip(losses.chunks_exact(size)) {
            for (loss, weight) in losses.iter().zip(&weights) {
                // A padded target's loss is not looked at: it may be anything.
                if *weight != 0.0 {
                    sum.loss += f64::from(*loss);
                    sum.tokens += 1;
                }
            }
        }
        first += at_once;
    }
    Ok(Some(sums.into_iter().map(|sum| sum.loss.is_finite().then_some(sum)).collect()))
}
