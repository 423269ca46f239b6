//! Rotary positions (Su et al. 2021), halves rotated.

use crate::math::Arithmetic;
use crate::simd::kernel;

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

kernel! {
    /// The kernel of [`twin`].
    pub(crate) fn rotary(
        s;
        x: &mut [f32],
        cosines: &[f32],
        sines: &[f32],
        columns: usize,
        heads: usize,
        head_dim: usize,
        inverse: bool,
    ) {
        let half = head_dim / 2;
        let tables = cosines.chunks_exact(half).zip(sines.chunks_exact(half)).cycle();
        for (row, (cosines, sines)) in x.chunks_exact_mut(columns).zip(tables) {
            if half == 8 {
                // Both halves of a head fill one vector.
                let both = |table: &[f32]| s.first(s.at(table, 0), 8, s.swap_halves(s.at(table, 0)));
                let (cos, sin) = (both(cosines), both(sines));
                let sin = if inverse { s.neg(sin) } else { sin };
                for head in row.as_chunks_mut().0.iter_mut().take(heads) {
                    let before = s.load(head);
                    let turned = s.mul(s.swap_halves(before), sin);
                    s.store(head, s.mul_add(before, cos, s.first(s.neg(turned), 8, turned)));
                }
                continue;
            }
            for i in (0..half).step_by(16) {
                let cos = s.at(cosines, i);
                let sin = s.at(sines, i);
                let sin = if inverse { s.neg(sin) } else { sin };
                for head in row.chunks_exact_mut(head_dim).take(heads) {
                    let (first, second) = head.split_at_mut(half);
                    let (a, b) = (s.at(first, i), s.at(second, i));
                    s.put(first, i, s.mul_add(a, cos, s.neg(s.mul(b, sin))));
                    s.put(second, i, s.mul_add(b, cos, s.mul(a, sin)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::math::Fused;
    use crate::testing::{numbers, same_bits};

    #[test]
    fn every_instruction_set_gives_the_bits_of_the_twin() {
        for (context, sequences, heads, head_dim, after) in
            [(1, 3, 1, 2, 0), (5, 2, 3, 8, 8), (6, 2, 3, 16, 8), (32, 2, 4, 32, 5), (7, 1, 2, 66, 1)]
        {
            let (cosines, sines) = synx_plan::program::op::rotary_table(context, head_dim, 10_000.0);
            let columns = heads * head_dim + after;
            let before = numbers(1, context * sequences * columns);
            for inverse in [false, true] {
                let mut want = before.clone();
                twin::<Fused>(&mut want, &cosines, &sines, columns, heads, head_dim, inverse);
                for instructions in Instructions::available() {
                    let mut x = before.clone();
                    rotary(instructions, &mut x, &cosines, &sines, columns, heads, head_dim, inverse);
                    same_bits(&x, &want, instructions.name());
                }
            }
        }
    }

    #[test]
    fn turning_back_undoes_turning() {
        let (cosines, sines) = synx_plan::program::op::rotary_table(9, 4, 10_000.0);
        let before = numbers(1, 9 * 8);
        let mut x = before.clone();
        twin::<Fused>(&mut x, &cosines, &sines, 8, 2, 4, false);
        assert!(x.iter().zip(&before).any(|(a, b)| (a - b).abs() > 0.1));
        twin::<Fused>(&mut x, &cosines, &sines, 8, 2, 4, true);
        assert!(x.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
