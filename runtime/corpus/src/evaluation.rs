//! The rows that a domain is evaluated on: chunks of its tokens, every token predicted at most once.

use synx_plan::problem::Problem;

use crate::tokens::Tokens;

/// The chunks of a domain that an evaluation predicts, as rows of `context` tokens with a weight for every target.
///
/// Without a limit every token but the first is predicted: the last row is padded and its padding weighs 0. With a limit,
/// evenly spaced whole chunks are taken. A pure function of tokens, context and limit.
#[derive(Debug, Clone)]
pub struct EvaluationRows {
    tokens: Tokens,
    context: usize,
    /// The first input of each row.
    starts: Vec<usize>,
    predicted: u64,
    text_bytes: u64,
}

impl EvaluationRows {
    /// The rows of a domain called `name` (for messages). At most about `limit` tokens are predicted, at least one chunk.
    ///
    /// Refuses a domain of fewer than two tokens, in which there is nothing to predict (E0934).
    pub fn new(name: &str, tokens: Tokens, context: usize, limit: Option<u64>) -> Result<EvaluationRows, Problem> {
        if tokens.len() < 2 || context == 0 {
            return Err(Problem::new("E0934", format!("there is nothing to evaluate on in `{name}`"))
                .note(format!("it has {} tokens; an evaluation needs 2 at least", tokens.len()))
                .help("use more text, or hold out a larger share"));
        }
        let predictable = tokens.len() - 1;
        let whole = predictable / context;
        let wanted =
            limit.map_or(usize::MAX, |limit| usize::try_from(limit / context as u64).unwrap_or(usize::MAX)).max(1);
        let everything = limit.is_none_or(|limit| limit >= predictable as u64);
        let starts: Vec<usize> = if everything || whole == 0 {
            (0..predictable.div_ceil(context)).map(|row| row * context).collect()
        } else {
            let rows = wanted.min(whole) as u128;
            // The middle of each of `rows` equal parts of the domain.
            (0..rows).map(|row| ((2 * row + 1) * whole as u128 / (2 * rows)) as usize * context).collect()
        };
        let mut rows = EvaluationRows { tokens, context, starts, predicted: 0, text_bytes: 0 };
        for row in 0..rows.starts.len() {
            let (start, targets) = (rows.starts[row], rows.targets(row));
            rows.predicted += targets as u64;
            rows.text_bytes += rows.tokens.text_bytes(start + 1..start + 1 + targets);
        }
        Ok(rows)
    }

    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    pub fn context(&self) -> usize {
        self.context
    }

    /// How many tokens are predicted, document ends included.
    pub fn predicted_tokens(&self) -> u64 {
        self.predicted
    }

    /// How many bytes of text the predicted tokens stand for: bits per byte are nats / ln 2 / this.
    pub fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    /// How many targets of a row are real.
    fn targets(&self, row: usize) -> usize {
        self.context.min(self.tokens.len() - 1 - self.starts[row])
    }

    /// Writes a batch of rows from `first` on: `inputs`, `targets` and `weights` are `[batch, context]`, with as many rows as
    /// the buffers hold. Padding, also whole rows after the last, has token 0 and weight 0; everything else weighs 1.
    ///
    /// # Panics
    /// Where the buffers' lengths differ or are no multiple of the context.
    pub fn fill(&self, first: usize, inputs: &mut [u32], targets: &mut [u32], weights: &mut [f32]) {
        assert!(inputs.len() == targets.len() && inputs.len() == weights.len(), "buffers are [batch, context]");
        assert_eq!(inputs.len() % self.context, 0, "buffers are [batch, context]");
        inputs.fill(0);
        targets.fill(0);
        weights.fill(0.0);
        for (row, at) in (first..self.rows()).zip((0..inputs.len()).step_by(self.context)) {
            let (start, real) = (self.starts[row], self.targets(row));
            self.tokens.copy(start..start + real, &mut inputs[at..at + real]);
            self.tokens.copy(start + 1..start + 1 + real, &mut targets[at..at + real]);
            weights[at..at + real].fill(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(n: usize) -> Tokens {
        (0..n).map(|i| if i % 10 == 9 { 0xFF } else { (i % 200) as u8 }).collect::<Vec<u8>>().into()
    }

    #[test]
    fn every_token_but_the_first_is_predicted_once() {
        for n in [2, 3, 8, 9, 10, 17, 100] {
            let rows = EvaluationRows::new("domain", tokens(n), 8, None).unwrap();
            assert_eq!(rows.predicted_tokens(), n as u64 - 1);
            let size = rows.rows() * 8;
            let (mut inputs, mut targets, mut weights) = (vec![0; size], vec![0; size], vec![0.0; size]);
            rows.fill(0, &mut inputs, &mut targets, &mut weights);
            let real = (0..size).filter(|&i| weights[i] == 1.0);
            let predicted: Vec<u8> = real.map(|i| targets[i] as u8).collect();
            assert_eq!(predicted, tokens(n).as_bytes()[1..]);
            assert!((0..size).all(|i| weights[i] == 1.0 || (inputs[i], targets[i], weights[i]) == (0, 0, 0.0)));
            assert_eq!(rows.text_bytes(), predicted.iter().filter(|&&t| t != 0xFF).count() as u64);
        }
    }

    #[test]
    fn a_limit_takes_whole_chunks_spread_over_the_domain() {
        let rows = EvaluationRows::new("domain", tokens(801), 8, Some(80)).unwrap();
        assert_eq!((rows.rows(), rows.predicted_tokens()), (10, 80));
        assert_eq!(rows.starts, (0..10).map(|i| (5 + 10 * i) * 8).collect::<Vec<_>>());
        let one = EvaluationRows::new("domain", tokens(801), 8, Some(1)).unwrap();
        assert_eq!((one.rows(), one.predicted_tokens()), (1, 8));
    }

    #[test]
    fn a_batch_past_the_last_row_is_padding() {
        let rows = EvaluationRows::new("domain", tokens(9), 8, None).unwrap();
        let (mut inputs, mut targets, mut weights) = (vec![7; 16], vec![7; 16], vec![7.0; 16]);
        rows.fill(0, &mut inputs, &mut targets, &mut weights);
        assert_eq!(weights[..8], [1.0; 8]);
        assert_eq!((&inputs[8..], &targets[8..], &weights[8..]), (&[0; 8][..], &[0; 8][..], &[0.0; 8][..]));
    }

    #[test]
    fn a_domain_of_one_token_is_refused() {
        assert_eq!(EvaluationRows::new("domain", tokens(1), 8, None).unwrap_err().code, "E0934");
    }
}
