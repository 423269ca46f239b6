//! Workgroups beyond what one dimension of a dispatch allows.

/// Folds `count` workgroups into x and y, neither above `limit`, with `count <= x * y < count + y`. A workgroup's number is `x + y * extent of x`;
/// numbers of `count` and more do nothing. `None` where even both dimensions are too few.
pub fn split(count: u64, limit: u32) -> Option<[u32; 2]> {
    let limit = u64::from(limit);
    let count = count.max(1);
    let y = count.div_ceil(limit);
    let x = count.div_ceil(y);
    (y <= limit).then_some([x as u32, y as u32])
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn few_workgroups_are_one_row() {
        assert_eq!(split(0, 65_535), Some([1, 1]));
        assert_eq!(split(1, 65_535), Some([1, 1]));
        assert_eq!(split(65_535, 65_535), Some([65_535, 1]));
    }

    #[test]
    fn every_number_is_reached_within_the_limit_and_few_are_wasted() {
        let limit = 65_535u64;
        let edges = (0..40).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let counts = edges.chain((1..200).map(|i| i * limit + i % 3 - 1)).chain((0..10_000).map(|i| i * 7919));
        for count in counts {
            match split(count, 65_535) {
                Some([x, y]) => {
                    let (x, y) = (u64::from(x), u64::from(y));
                    assert!(x >= 1 && y >= 1 && x <= limit && y <= limit, "{count}: {x} x {y}");
                    assert!(x * y >= count && x * y < count.max(1) + y, "{count}: {x} x {y}");
                }
                None => assert!(count > limit * limit, "{count}"),
            }
        }
        assert_eq!(split(limit * limit, 65_535), Some([65_535, 65_535]));
        assert_eq!(split(limit * limit + 1, 65_535), None);
    }
}
