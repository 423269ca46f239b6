//! How many models a wave has work for.

use std::collections::{BTreeMap, BTreeSet};

use synx_plan::training::Segment;

/// Slots of a wave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breadth {
    /// As many as can be of use at once.
    pub slots: usize,
    /// Those that are live at a time, on average.
    pub live: f64,
}

impl Breadth {
    /// Of segments to train and ends to evaluate, as in [`Work`](crate::Work), with at most so many slots.
    pub fn of(
        segments: &[Segment],
        train: &BTreeSet<usize>,
        evaluate: &BTreeMap<usize, Vec<usize>>,
        most: usize,
    ) -> Breadth {
        let steps = |segment: usize| segments[segment].end - segments[segment].start;
        let parents: BTreeSet<usize> = train.iter().filter_map(|&segment| segments[segment].parent).collect();
        // Those that nothing on the list starts from can be live at once.
        let widest = train.iter().filter(|segment| !parents.contains(segment)).count();
        let slots = widest.max(evaluated_alone(train, evaluate).count()).clamp(1, most.max(1));
        // Parents come before their children.
        let mut way: BTreeMap<usize, u64> = BTreeMap::new();
        for &segment in train {
            let before = segments[segment].parent.and_then(|parent| way.get(&parent)).copied().unwrap_or(0);
            way.insert(segment, before + steps(segment));
        }
        let all: u64 = train.iter().copied().map(steps).sum();
        let longest = way.values().copied().max().unwrap_or(0);
        let live = if longest > 0 { all as f64 / longest as f64 } else { slots as f64 };
        Breadth { slots, live: live.min(slots as f64) }
    }
}

/// The segments that are evaluated and not trained.
pub(crate) fn evaluated_alone(
    train: &BTreeSet<usize>,
    evaluate: &BTreeMap<usize, Vec<usize>>,
) -> impl Iterator<Item = usize> {
    evaluate.keys().filter(|segment| !train.contains(segment)).copied()
}
