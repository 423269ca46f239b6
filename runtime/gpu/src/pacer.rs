//! How much goes into one submission, and how many are under way.

use std::collections::VecDeque;
use std::time::Instant;

/// A submission should take about this long: long enough that its overhead does not show, well below what watchdogs of drivers allow.
const SECONDS_PER_SUBMISSION: f64 = 0.1;

/// Submissions under way before the host waits for the oldest. More would only grow memory.
pub const IN_FLIGHT: usize = 3;

/// Measures what submissions take. Work is counted in floating-point operations, roughly.
#[derive(Debug)]
pub struct Pacer {
    operations_per_second: f64,
    under_way: VecDeque<Submission>,
    /// When the last finished submission was seen to be finished.
    last_end: Option<Instant>,
}

#[derive(Debug)]
struct Submission {
    index: wgpu::SubmissionIndex,
    operations: f64,
    start: Instant,
}

impl Pacer {
    /// `operations_per_second` is a first guess, on the low side.
    pub fn new(operations_per_second: f64) -> Pacer {
        Pacer { operations_per_second, under_way: VecDeque::new(), last_end: None }
    }

    /// The work that one submission should hold.
    pub fn operations_per_submission(&self) -> f64 {
        self.operations_per_second * SECONDS_PER_SUBMISSION
    }

    pub fn submitted(&mut self, index: wgpu::SubmissionIndex, operations: f64, now: Instant) {
        self.under_way.push_back(Submission { index, operations, start: now });
    }

    /// The submission to wait for before the next one, if there are enough under way.
    pub fn oldest(&self) -> Option<wgpu::SubmissionIndex> {
        (self.under_way.len() >= IN_FLIGHT).then(|| self.under_way[0].index.clone())
    }

    /// The oldest submission has ended.
    pub fn ended(&mut self, now: Instant) {
        let Some(submission) = self.under_way.pop_front() else { return };
        let start = self.last_end.map_or(submission.start, |end| end.max(submission.start));
        let seconds = now.saturating_duration_since(start).as_secs_f64();
        self.last_end = Some(now);
        // Very short ones measure overhead, and the host's own pauses make others look long: changes are followed slowly.
        if seconds > 1e-4 && submission.operations > 0.0 {
            self.operations_per_second = 0.7 * self.operations_per_second + 0.3 * submission.operations / seconds;
        }
    }

    /// Everything has ended.
    pub fn idle(&mut self, now: Instant) {
        self.under_way.clear();
        self.last_end = Some(now);
    }
}
