//! Rows of the token table, and their gradient.

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
