//! The tokens of a process: symbols are the tokens themselves, and no document ends inside.

use synx_plan::corpus::Process;
use synx_plan::exact::Exact;
use synx_plan::problem::Problem;

use super::machine::Machine;
use crate::options::Options;

/// The training and the held-out part: independent stretches, each started in the stationary distribution. The held-out part has
/// ceil(share · tokens) tokens, at least one, and leaves at least one. Refuses more tokens than memory is meant to hold (E0924).
pub(crate) fn sample(
    process: &Process,
    heldout: Option<&Exact>,
    options: &Options,
) -> Result<(Vec<u8>, Vec<u8>), Problem> {
    let (training, held) = lengths(process, heldout, options)?;
    let machine = Machine::new(process)?;
    let (training, held) =
        rayon::join(|| machine.symbols_of(training, 0, |_| {}), || machine.symbols_of(held, 1, |_| {}));
    Ok((training, held))
}

/// How many tokens the training and the held-out part have.
pub(crate) fn lengths(process: &Process, heldout: Option<&Exact>, options: &Options) -> Result<(u64, u64), Problem> {
    let tokens = process.tokens;
    if tokens > options.tokens {
        return Err(Problem::new(
            "E0924",
            format!("a process of {tokens} tokens is more than memory is meant to hold"),
        )
        .note(format!("a corpus has {} tokens at most", options.tokens)));
    }
    if tokens == 0 {
        return Err(Problem::new("E0922", "a process of 0 tokens is empty"));
    }
    let held = crate::heldout::count(tokens, heldout).ok_or_else(|| {
        Problem::new("E0925", "nothing can be held out of a process of one token").help("raise `tokens`")
    })?;
    Ok((tokens - held, held))
}
