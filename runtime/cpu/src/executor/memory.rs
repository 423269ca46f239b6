//! What a wave takes of the machine's memory.

use synx_plan::problem::Problem;
use synx_plan::program::{Program, Rows};

use super::prepared::{Partition, space_len};

/// Memory of a wave, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// Weights and moments of a slot, and as much again for a state on its way in or out.
    slot: u64,
    /// Gradients and packed weights of one slot while it is stepped.
    stepping: u64,
    /// Activations of all threads.
    threads: u64,
}

impl Need {
    pub fn of(program: &Program, threads: usize) -> Need {
        let partition = Partition::of(program);
        let parameters = program.parameter_count() as u64;
        let packed: u64 = program
            .parameters
            .iter()
            .map(|p| program.tensor(p.tensor))
            .map(|t| {
                let Rows::Fixed(rows) = t.rows else { return 0 };
                // Both directions, each filled up to sixteen columns.
                (rows * t.columns.next_multiple_of(16) + t.columns * rows.next_multiple_of(16)) as u64
            })
            .sum();
        Need {
            slot: 4 * 6 * parameters,
            stepping: 4 * ((partition.shards.len() as u64 + 1) * parameters + packed),
            threads: 4 * threads as u64 * space_len(program, &partition) as u64,
        }
    }

    /// How many slots' gradients may stand in memory at once: as many as keep the threads busy, and no more than a quarter of a GiB beyond the first.
    pub fn together(&self, shards: usize, threads: usize, slots: usize) -> usize {
        let busy = (4 * threads).div_ceil(shards);
        let affordable = 1 + ((1 << 28) / self.stepping.max(1)) as usize;
        busy.min(affordable).clamp(1, slots.max(1))
    }

    /// How many of `wanted` slots fit `available` bytes; a problem where none does.
    pub fn fit(&self, available: u64, wanted: usize) -> Result<usize, Problem> {
        // A wave of several slots may hold several slots' gradients: see `together`.
        let shared = self.threads.saturating_add(self.stepping).saturating_add(1 << 28);
        let single = self.threads.saturating_add(self.stepping).saturating_add(self.slot);
        let several = available.saturating_sub(shared) / self.slot.max(1);
        match usize::try_from(several).unwrap_or(usize::MAX).min(wanted) {
            0 if wanted > 0 && single <= available => Ok(1),
            0 if wanted > 0 => Err(self.problem(available, 1)),
            fitting => Ok(fitting),
        }
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

/// Bytes that the system says are free, nine tenths of them; 4 GiB where it does not say.
pub(super) fn available() -> u64 {
    let free = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    });
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
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
