//! Rotary positions (Su et al. 2021), halves rotated.

use crate::math::Arithmetic;

/// Turns the first `heads` heads of each row of x `[R, columns]` in place by the row's position in its sequence; `cosines` and `sines` are
/// `[context, head_dim / 2]`. With `a = x[h, i]`, `b = x[h, i + head_dim / 2]`: `a' = a cos - (b sin)`, `b' = b cos + (a sin)`, the products in brackets
/// rounded first; `inverse` negates the sine.
pub fn twin<A: Arithmetic>(
    x: &mut [f32],
    cosines: &[f32],
    sines: &[f32],
    columns: usize,
    heads: usize,
    head_dim: usize,
    inverse: bool,
) {
    let half = head_dim / 2;
    let context = cosines.len() / half;
    for (r, row) in x.chunks_exact_mut(columns).enumerate() {
        let position = r % context;
        for head in row.chunks_exact_mut(head_dim).take(heads) {
            for i in 0..half {
                let cos = cosines[position * half + i];
                let sin = sines[position * half + i];
                let sin = if inverse { -sin } else { sin };
                let (a, b) = (head[i], head[i + half]);
                head[i] = A::mul_add(a, cos, -(b * sin));
                head[i + half] = A::mul_add(b, cos, a * sin);
            }
        }
    }
}
