//! Which segments are to be trained, which of them can start, and which first: the ones with the longest way behind them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use synx_plan::problem::Problem;
use synx_plan::training::Segment;

use crate::ledger::Ledger;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// Waits for the segment that it starts from.
    Waiting,
    Ready,
    Live,
    Done,
    /// Something before it diverged.
    GivenUp,
}

/// The segments on the list, by place.
pub(crate) struct Queue<'a> {
    segments: &'a [Segment],
    children: BTreeMap<usize, Vec<usize>>,
    status: BTreeMap<usize, Status>,
    /// Steps from a segment's start to the furthest end behind it.
    reach: BTreeMap<usize, u64>,
    ready: BTreeSet<(Reverse<u64>, usize)>,
    /// Trained again because what was kept of them could not be read.
    rebuilt: BTreeSet<usize>,
}

impl<'a> Queue<'a> {
    pub(crate) fn new(
        segments: &'a [Segment],
        train: &BTreeSet<usize>,
        ledger: &mut dyn Ledger,
    ) -> Result<Queue<'a>, Problem> {
        let mut queue = Queue {
            segments,
            children: BTreeMap::new(),
            status: BTreeMap::new(),
            reach: BTreeMap::new(),
            ready: BTreeSet::new(),
            rebuilt: BTreeSet::new(),
        };
        queue.request(train, ledger)?;
        Ok(queue)
    }

    /// Puts segments on the list, with those before them that are needed and not kept.
    fn request(&mut self, wanted: &BTreeSet<usize>, ledger: &mut dyn Ledger) -> Result<(), Problem> {
        let mut startable = Vec::new();
        for &segment in wanted {
            self.status.insert(segment, Status::Waiting);
        }
        let mut open: Vec<usize> = wanted.iter().copied().collect();
        while let Some(segment) = open.pop() {
            if ledger.has_snapshot(segment)? {
                startable.push(segment);
                continue;
            }
            match self.segments[segment].parent {
                None => startable.push(segment),
                Some(parent) if self.is_under_way(parent) => {}
                Some(parent) if ledger.has_state(parent)? => startable.push(segment),
                Some(parent) => {
                    self.status.insert(parent, Status::Waiting);
                    open.push(parent);
                }
            }
        }
        self.measure();
        for segment in startable {
            self.make_ready(segment);
        }
        Ok(())
    }

    /// Reach and children of everything on the list.
    fn measure(&mut self) {
        self.children.clear();
        self.reach.clear();
        for &segment in self.status.keys().rev() {
            let behind = self.children.get(&segment).into_iter().flatten().map(|c| self.reach[c]).max();
            let Segment { start, end, parent, .. } = &self.segments[segment];
            self.reach.insert(segment, end - start + behind.unwrap_or(0));
            if let Some(parent) = parent {
                self.children.entry(*parent).or_default().push(segment);
            }
        }
        let ready: Vec<usize> = self.ready.iter().map(|(_, segment)| *segment).collect();
        self.ready = ready.into_iter().map(|segment| (Reverse(self.reach[&segment]), segment)).collect();
    }

    fn make_ready(&mut self, segment: usize) {
        self.status.insert(segment, Status::Ready);
        self.ready.insert((Reverse(self.reach[&segment]), segment));
    }

    fn is_under_way(&self, segment: usize) -> bool {
        matches!(self.status.get(&segment), Some(Status::Waiting | Status::Ready | Status::Live))
    }

    /// The next segment to start.
    pub(crate) fn take(&mut self) -> Option<usize> {
        let (_, segment) = self.ready.pop_first()?;
        self.status.insert(segment, Status::Live);
        Some(segment)
    }

    /// The next of these to start, all of which start from one state.
    pub(crate) fn take_of(&mut self, children: &[usize]) -> Option<usize> {
        let found = *self.ready.iter().find(|(_, segment)| children.contains(segment))?;
        self.ready.remove(&found);
        self.status.insert(found.1, Status::Live);
        Some(found.1)
    }

    /// What a live segment starts from turned out not to be there: it waits until that is trained again. A problem where that has been tried.
    pub(crate) fn rebuild(&mut self, segment: usize, ledger: &mut dyn Ledger) -> Result<(), Problem> {
        self.status.insert(segment, Status::Waiting);
        let Some(parent) = self.segments[segment].parent.filter(|&parent| self.rebuilt.insert(parent)) else {
            return Err(Problem::new("E0970", "a state that was just written cannot be read back")
                .help("check the disk that the store `.synx` is on"));
        };
        if self.is_under_way(parent) { Ok(()) } else { self.request(&BTreeSet::from([parent]), ledger) }
    }

    /// A segment that was finished before has to be trained again. A problem where that has been tried.
    pub(crate) fn again(&mut self, segment: usize, ledger: &mut dyn Ledger) -> Result<(), Problem> {
        if !self.rebuilt.insert(segment) {
            return Err(Problem::new("E0970", "weights that were just written cannot be read back")
                .help("check the disk that the store `.synx` is on"));
        }
        self.request(&BTreeSet::from([segment]), ledger)
    }

    /// The segments on the list that start from this one's end and have not begun.
    pub(crate) fn children(&self, segment: usize) -> Vec<usize> {
        let children = self.children.get(&segment).into_iter().flatten().copied();
        children.filter(|c| matches!(self.status[c], Status::Waiting | Status::Ready)).collect()
    }

    /// A segment is through: its children can start. Gives the segment before, where this was the last that starts from it.
    pub(crate) fn done(&mut self, segment: usize) -> Option<usize> {
        self.status.insert(segment, Status::Done);
        for child in self.children(segment) {
            if self.status[&child] == Status::Waiting {
                self.make_ready(child);
            }
        }
        self.unneeded_before(segment)
    }

    /// A segment diverged: nothing behind it can be. Gives the segment before, as `done` does, and all that is given up.
    pub(crate) fn give_up(&mut self, segment: usize) -> (Option<usize>, Vec<usize>) {
        self.status.insert(segment, Status::Done);
        let mut behind = self.children(segment);
        let mut at = 0;
        while let Some(&next) = behind.get(at) {
            self.ready.remove(&(Reverse(self.reach[&next]), next));
            behind.extend(self.children(next));
            self.status.insert(next, Status::GivenUp);
            at += 1;
        }
        (self.unneeded_before(segment), behind)
    }

    fn unneeded_before(&self, segment: usize) -> Option<usize> {
        let parent = self.segments[segment].parent?;
        let busy = self.children.get(&parent).into_iter().flatten().any(|&c| self.is_under_way(c));
        (!busy && !self.is_under_way(parent)).then_some(parent)
    }

    /// Steps of all segments on the list that have not begun.
    pub(crate) fn steps_waiting(&self) -> u64 {
        let waiting = self.status.iter().filter(|(_, s)| matches!(s, Status::Waiting | Status::Ready));
        waiting.map(|(&s, _)| self.segments[s].end - self.segments[s].start).sum()
    }

    /// How many segments are on the list.
    pub(crate) fn len(&self) -> usize {
        self.status.len()
    }
}
