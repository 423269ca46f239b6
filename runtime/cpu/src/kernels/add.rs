//! `out = a + b`.

/// `out = a + b`: all of one length.
pub fn twin(a: &[f32], b: &[f32], out: &mut [f32]) {
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = a + b;
    }
}
