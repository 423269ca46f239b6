//! What a wave takes of the machine's memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use synx_plan::problem::Problem;

use super::prepared::Prepared;

/// Memory of a wave, in bytes. What is small beside it (lists of tensors, tokens of a batch) is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// Weights and moments of a slot.
    slot: u64,
    /// Gradients and packed weights of one slot while it is stepped.
    stepping: u64,
    /// Activations of all threads.
    threads: u64,
    /// Slots that keep all threads busy while some of them are between the parts of a step.
    busy: u64,
}

/// Gradients beyond those of the first slot may take this much.
const GENEROUS: u64 = 1 << 28;

impl Need {
    pub fn of(prepared: &Prepared, threads: usize) -> Need {
        let shards = prepared.partition.shards.len();
        let parameters = prepared.program.parameter_count() as u64;
        let packed: u64 = prepared.packings.iter().map(|packing| packing.len() as u64).sum();
        Need {
            slot: 4 * 3 * parameters,
            stepping: 4 * ((shards as u64 + 1) * parameters + packed),
            threads: 4 * threads as u64 * prepared.space as u64,
            busy: threads.div_ceil(shards) as u64 + 1,
        }
    }

    /// How many slots' gradients stand in memory at once: as many as keep the threads busy, and no more than a quarter of a GiB beyond the first.
    pub fn together(&self, slots: usize) -> usize {
        let affordable = 1 + GENEROUS / self.stepping.max(1);
        self.busy.min(affordable).clamp(1, slots.max(1) as u64) as usize
    }

    /// All that a wave of so many slots takes at most, with the state of one slot on its way in or out.
    pub fn peak(&self, slots: usize) -> u64 {
        let states = self.slot.saturating_mul(slots as u64 + 1);
        let stepping = self.stepping.saturating_mul(self.together(slots) as u64);
        states.saturating_add(stepping).saturating_add(self.threads)
    }

    /// How many of `wanted` slots fit `available` bytes; a problem where none does.
    pub fn fit(&self, available: u64, wanted: usize) -> Result<usize, Problem> {
        if wanted == 0 {
            return Ok(0);
        }
        if self.peak(1) > available {
            return Err(self.problem(available, 1));
        }
        // More slots take more: the largest number that fits lies between what does and what does not.
        let (mut low, mut high) = (1, wanted + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.peak(middle) <= available {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The problem that `slots` slots do not fit.
    pub fn problem(&self, available: u64, slots: usize) -> Problem {
        let mib = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
        let what = if slots == 1 { "one model".to_owned() } else { format!("{slots} models together") };
        Problem::new("E0958", format!("{what} of this size do not fit this machine's memory"))
            .note(format!("weights and moments of a model take {}", mib(self.slot)))
            .note(format!("gradients and packed weights take {}", mib(self.stepping)))
            .note(format!("activations take {}", mib(self.threads)))
            .note(format!("{} are free", mib(available)))
            .help("make the model or its context smaller, or give fewer threads")
    }
}

/// The memory that waves are planned for.
#[derive(Debug, Clone, Default)]
pub(super) struct Purse {
    /// Instead of what the system says is free.
    limit: Option<u64>,
    given: Arc<Mutex<Given>>,
}

#[derive(Debug, Default)]
struct Given {
    /// What was free before the first of the waves that are there.
    before: u64,
    /// What they were planned to take.
    bytes: u64,
}

impl Purse {
    pub fn limited(limit: u64) -> Purse {
        Purse { limit: Some(limit), ..Purse::default() }
    }

    fn free(&self) -> u64 {
        self.limit.unwrap_or_else(available)
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that another wave may take: what is free now, and no more than what waves leave of what was free before them, for not all that they were planned
    /// to take they have touched by now.
    pub fn left(&self) -> u64 {
        let (given, free) = (self.given(), self.free());
        if given.bytes == 0 { free } else { free.min(given.before.saturating_sub(given.bytes)) }
    }

    /// Gives a wave its bytes, until the grant is dropped.
    pub fn give(&self, bytes: u64) -> Grant {
        let free = self.free();
        let mut given = self.given();
        if given.bytes == 0 {
            given.before = free;
        }
        given.bytes += bytes;
        Grant { purse: self.clone(), bytes }
    }
}

/// What a wave was given.
#[derive(Debug)]
pub(super) struct Grant {
    purse: Purse,
    bytes: u64,
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.purse.given().bytes -= self.bytes;
    }
}

/// A number of /proc/meminfo, in bytes.
fn told(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// A number that is all that a file of the system holds.
fn number(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// All of this machine's memory, or of the container that this runs in; nothing where the system does not say.
pub fn all() -> Option<u64> {
    [told("MemTotal:"), number("/sys/fs/cgroup/memory.max")].into_iter().flatten().min()
}

/// Bytes that the system says are free, nine tenths of them; 4 GiB where it does not say.
fn available() -> u64 {
    let free = told("MemAvailable:");
    // A container's own limit, where there is one.
    let limit = number("/sys/fs/cgroup/memory.max")
        .map(|limit| limit.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    let free = match (free, limit) {
        (Some(free), Some(limit)) => free.min(limit),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => 4 << 30,
    };
    free / 10 * 9
}
