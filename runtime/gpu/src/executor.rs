//! The executor: an open device.

use std::sync::Arc;

use synx_plan::executor::{Ceilings, Executor, NumericsClass, Wave};
use synx_plan::problem::Problem;
use synx_plan::program::Program;
use synx_plan::recipe::Precision;
use synx_shaders::Set;

use crate::adapter::{AdapterInfo, AdapterKind, Selector};
use crate::ceilings::ceilings;
use crate::device::Device;
use crate::fusion::{Fusion, Steps};
use crate::layout::Layout;
use crate::problems;
use crate::self_check;
use crate::wave::GpuWave;
use crate::ways::{Choice, Ways};

/// Runs programs on one adapter. Shaders are compiled once for all of its waves.
#[derive(Debug)]
pub struct GpuExecutor {
    device: Arc<Device>,
    /// Whether the kernels' variants were chosen by the caller.
    forced: Option<Set>,
    /// Whether products with factors rounded to f16 have been checked.
    f16_is_checked: bool,
}

impl GpuExecutor {
    /// Opens an adapter and checks that it computes.
    ///
    /// E0950 where there is none, E0951 where it does not open, E0952 where it computes wrongly.
    pub fn open(which: &Selector) -> Result<GpuExecutor, Problem> {
        GpuExecutor::open_with(which, Choice::default())
    }

    /// As `open`, with the kernels, or what else gives the same bits, given: a set of kernels that the adapter would not take by itself is a numerics class of its own.
    pub fn open_with(which: &Selector, choice: impl Into<Choice>) -> Result<GpuExecutor, Problem> {
        let choice = choice.into();
        let device = Arc::new(Device::open(which, choice)?);
        self_check::f32(&device)?;
        Ok(GpuExecutor { device, forced: choice.set, f16_is_checked: false })
    }

    pub fn adapter(&self) -> &AdapterInfo {
        &self.device.adapter
    }

    /// The kernels' variants.
    pub fn set(&self) -> Set {
        self.device.ways.set
    }

    /// As `prepare`, with the wave as what it is.
    pub fn wave(&mut self, program: &Program, slots: usize) -> Result<GpuWave, Problem> {
        self.wave_in(self.device.ways, program, slots)
    }

    /// As `wave`, with each operation a dispatch of its own, and the same bits: to see what fusion does, and whether it is at fault.
    pub fn wave_one_by_one(&mut self, program: &Program, slots: usize) -> Result<GpuWave, Problem> {
        self.wave_in(Ways { fusion: Fusion::Off, ..self.device.ways }, program, slots)
    }

    fn wave_in(&mut self, ways: Ways, program: &Program, slots: usize) -> Result<GpuWave, Problem> {
        self.check_precision(program.precision)?;
        if program.precision == Precision::F16 && !self.f16_is_checked {
            self_check::f16(&self.device)?;
            self.f16_is_checked = true;
        }
        if self.device.adapter.kind == AdapterKind::Software {
            self.has_room(program, slots)?;
        }
        GpuWave::new(Arc::clone(&self.device), program, slots, ways)
    }

    /// What the adapter gives at most, measured: takes about a second, and three large buffers meanwhile.
    pub fn ceilings(&self) -> Result<Ceilings, Problem> {
        ceilings(&self.device)
    }

    fn layout(&self, program: &Program, slots: usize) -> Result<Layout, Problem> {
        let steps = Steps::new(program, self.device.ways.fusion);
        Layout::new(program, &steps, slots, &self.device.adapter.limits)
    }

    /// Whether there is memory for this many slots.
    fn has_room(&self, program: &Program, slots: usize) -> Result<(), Problem> {
        let layout = self.layout(program, slots)?;
        let total = layout.total_bytes();
        let room = if self.device.adapter.kind == AdapterKind::Software {
            // A software driver takes what it is asked for, and the system kills the process later: ask the system.
            total <= available_memory() / 2
        } else {
            let arenas = (0..4).flat_map(|_| layout.pages.iter().copied());
            let others = [layout.activation_bytes, layout.logits_bytes, layout.delta_bytes];
            self.device.has_room(&arenas.chain(others).collect::<Vec<_>>())
        };
        if room {
            Ok(())
        } else {
            Err(problems::out_of_memory(&format!("the training of {slots} {}", models(slots)), total))
        }
    }
}

fn models(count: usize) -> &'static str {
    if count == 1 { "model" } else { "models" }
}

/// Memory that this process can still have, bytes, within its container where it is in one; 4 GiB where the system does not say.
fn available_memory() -> u64 {
    let free = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    });
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let used = number("/sys/fs/cgroup/memory.current").unwrap_or(0);
    let limit = number("/sys/fs/cgroup/memory.max").map(|limit| limit.saturating_sub(used));
    free.into_iter().chain(limit).min().unwrap_or(4 << 30)
}

impl Executor for GpuExecutor {
    /// `vulkan-f32 <vendor:device> <driver> <its version>`, hexadecimal as drivers print them.
    fn class(&self) -> NumericsClass {
        let AdapterInfo { vendor, device, driver, driver_version, .. } = &self.device.adapter;
        let mut class = format!("vulkan-f32 {vendor:x}:{device:x} {driver} {driver_version}");
        match self.forced {
            Some(Set::Direct) => class.push_str(" direct"),
            Some(Set::Subgroup) => class.push_str(" subgroup"),
            Some(Set::Tiled) => class.push_str(" tiled"),
            None => {}
        }
        NumericsClass(class)
    }

    /// bf16 is the CPU's: WGSL has no such numbers, and adapters no matrices of them that could be asked for.
    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32, Precision::F16]
    }

    fn name(&self) -> String {
        self.device.adapter.to_string()
    }

    fn fit(&self, program: &Program, wanted: usize) -> Result<usize, Problem> {
        self.check_precision(program.precision)?;
        let wanted = wanted.max(1);
        if self.has_room(program, wanted).is_ok() {
            return Ok(wanted);
        }
        self.has_room(program, 1)?;
        // The largest number that fits: what `low` slots take is there, what `high` take is not.
        let (mut low, mut high) = (1, wanted);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.has_room(program, middle).is_ok() {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn bytes(&self, program: &Program, slots: usize) -> Result<u64, Problem> {
        Ok(self.layout(program, slots)?.total_bytes())
    }

    fn prepare(&mut self, program: &Program, slots: usize) -> Result<Box<dyn Wave>, Problem> {
        Ok(Box::new(self.wave(program, slots)?))
    }
}
