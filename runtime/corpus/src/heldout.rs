//! Which documents are held out.

use synx_plan::exact::Exact;
use synx_plan::key::Key;

/// How many of `all` are held out: exactly ceil(share · all), at least one, and at least one stays for training. None where no
/// share is declared or it is zero. `None` where a share is declared and there are fewer than two.
pub(crate) fn count(all: u64, share: Option<&Exact>) -> Option<u64> {
    let Some(share) = share.filter(|share| share.is_positive()) else {
        return Some(0);
    };
    if all < 2 {
        return None;
    }
    let wanted = share.mul(&Exact::from(all)).ceil().to_u64().unwrap_or(u64::MAX);
    Some(wanted.clamp(1, all - 1))
}

/// The documents of a corpus that are held out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldOut {
    /// A bit a document; empty where nothing is held out.
    bits: Vec<u64>,
    count: u64,
}

impl HeldOut {
    pub fn nothing() -> HeldOut {
        HeldOut { bits: Vec::new(), count: 0 }
    }

    /// The `count` of `documents` documents with the smallest hash of (root key, document number), lower numbers first where hashes
    /// are equal. So a larger share holds the documents of a smaller one out too, and nothing depends on seed or replicate.
    pub fn choose(root: &Key, documents: u64, count: u64) -> HeldOut {
        if count == 0 {
            return HeldOut::nothing();
        }
        let scores: Vec<u64> = (0..documents).map(|document| score(root, document)).collect();
        let mut sorted = scores.clone();
        let (below, threshold, _) = sorted.select_nth_unstable(count as usize - 1);
        let threshold = *threshold;
        let mut equal = count - below.iter().filter(|score| **score < threshold).count() as u64;
        let mut bits = vec![0u64; documents.div_ceil(64) as usize];
        for (document, score) in scores.iter().enumerate() {
            let taken = *score < threshold || (*score == threshold && equal > 0);
            if taken {
                equal -= u64::from(*score == threshold);
                bits[document / 64] |= 1 << (document % 64);
            }
        }
        HeldOut { bits, count }
    }

    pub fn contains(&self, document: u64) -> bool {
        self.bits.get((document / 64) as usize).is_some_and(|bits| bits >> (document % 64) & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

fn score(root: &Key, document: u64) -> u64 {
    let hash = blake3::keyed_hash(root.as_bytes(), &document.to_le_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> Exact {
        text.parse().unwrap()
    }

    #[test]
    fn the_count_is_the_share_rounded_up_and_leaves_something() {
        assert_eq!(count(100, Some(&share("1/50"))), Some(2));
        assert_eq!(count(101, Some(&share("1/50"))), Some(3));
        assert_eq!(count(10, Some(&share("1/1000"))), Some(1));
        assert_eq!(count(10, Some(&share("1"))), Some(9));
        assert_eq!(count(2, Some(&share("1/50"))), Some(1));
        assert_eq!(count(1, Some(&share("1/50"))), None);
        assert_eq!((count(1, None), count(10, Some(&share("0")))), (Some(0), Some(0)));
    }

    #[test]
    fn exactly_that_many_are_chosen_and_a_larger_share_chooses_them_too() {
        let root = Key::of("test/1", &1);
        let chosen = |count| {
            let held = HeldOut::choose(&root, 1000, count);
            (0..1000).filter(|d| held.contains(*d)).collect::<Vec<u64>>()
        };
        let (few, many) = (chosen(20), chosen(50));
        assert_eq!((few.len(), many.len()), (20, 50));
        assert!(few.iter().all(|d| many.contains(d)));
        assert!(chosen(0).is_empty() && !HeldOut::choose(&root, 1000, 20).contains(5000));
    }

    #[test]
    fn another_corpus_holds_other_documents_out() {
        assert_ne!(
            HeldOut::choose(&Key::of("test/1", &1), 1000, 50),
            HeldOut::choose(&Key::of("test/1", &2), 1000, 50)
        );
    }
}
