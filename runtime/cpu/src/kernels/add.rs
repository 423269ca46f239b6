//! `out = a + b`.

use crate::simd::kernel;

/// `out = a + b`: all of one length.
pub fn twin(a: &[f32], b: &[f32], out: &mut [f32]) {
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = a + b;
    }
}

kernel! {
    /// The kernel of [`twin`].
    pub(crate) fn add(s; a: &[f32], b: &[f32], out: &mut [f32]) {
        for i in (0..out.len()).step_by(16) {
            s.put(out, i, s.add(s.at(a, i), s.at(b, i)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instructions;
    use crate::testing::{numbers, same_bits};

    #[test]
    fn every_instruction_set_adds_alike() {
        for length in [1, 15, 16, 17, 17 * 33] {
            let (a, b) = (numbers(1, length), numbers(2, length));
            let mut want = vec![0.0; length];
            twin(&a, &b, &mut want);
            for instructions in Instructions::available() {
                let mut out = vec![f32::NAN; length];
                add(instructions, &a, &b, &mut out);
                same_bits(&out, &want, instructions.name());
            }
        }
    }
}
