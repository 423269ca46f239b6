//! Numbers for tests.

use synx_plan::random::Stream;

/// `count` numbers of both signs and several magnitudes, the same for ever.
pub(crate) fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let stream = Stream::new("cpu test/1", &seed);
    (0..count as u64).map(|i| stream.normal(i) as f32).collect()
}

/// Fails with the first place where the bits differ.
pub(crate) fn same_bits(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!(got.to_bits() == want.to_bits(), "{what}: number {i} is {got:e}, not {want:e}");
    }
}
