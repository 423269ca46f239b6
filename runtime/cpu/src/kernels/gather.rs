//! Rows of the token table, and their gradient.

use crate::simd::kernel;

/// `out[r] = table[tokens[r]]`: table `[V, columns]`, out `[R, columns]`.
pub fn twin(table: &[f32], tokens: &[u32], out: &mut [f32], columns: usize) {
    for (out, token) in out.chunks_exact_mut(columns).zip(tokens) {
        out.copy_from_slice(&table[*token as usize * columns..][..columns]);
    }
}

/// `dtable[v] = sum over r with tokens[r] = v of dout[r]`, rows added in ascending order, to zero or (`accumulate`) to what is there:
/// dout `[R, columns]`, dtable `[V, columns]`.
pub fn twin_grad(tokens: &[u32], dout: &[f32], dtable: &mut [f32], columns: usize, accumulate: bool) {
    if !accumulate {
        dtable.fill(0.0);
    }
    for (dout, token) in dout.chunks_exact(columns).zip(tokens) {
        for (sum, d) in dtable[*token as usize * columns..][..columns].iter_mut().zip(dout) {
            *sum += d;
        }
    }
}

kernel! {
    /// The kernel of [`twin_grad`]; the forward operation is copies alone.
    pub(crate) fn gather_grad(s; tokens: &[u32], dout: &[f32], dtable: &mut [f32], columns: usize, accumulate: bool) {
        if !accumulate {
            dtable.fill(0.0);
        }
        for (dout, token) in dout.chunks_exact(columns).zip(tokens) {
            let sums = &mut dtable[*token as usize * columns..][..columns];
            for i in (0..columns).step_by(16) {
                s.put(sums, i, s.add(s.at(sums, i), s.at(dout, i)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::testing::{numbers, same_bits};

    #[test]
    fn the_gradient_adds_the_rows_of_each_token_in_their_order() {
        let tokens = [3, 0, 3, 6, 3, 0];
        for columns in [1, 16, 33] {
            let dout = numbers(1, tokens.len() * columns);
            for accumulate in [false, true] {
                let before = numbers(2, 7 * columns);
                let mut want = before.clone();
                twin_grad(&tokens, &dout, &mut want, columns, accumulate);
                for instructions in Instructions::available() {
                    let mut dtable = before.clone();
                    gather_grad(instructions, &tokens, &dout, &mut dtable, columns, accumulate);
                    same_bits(&dtable, &want, instructions.name());
                }
            }
        }
    }

    #[test]
    fn the_gradient_is_zero_for_tokens_that_do_not_occur() {
        let mut dtable = vec![f32::NAN; 6];
        twin_grad(&[1, 1], &[1.0, 2.0, 3.0, 4.0], &mut dtable, 2, false);
        assert_eq!(dtable, [0.0, 0.0, 4.0, 6.0, 0.0, 0.0]);
    }
}
