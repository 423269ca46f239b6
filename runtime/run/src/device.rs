//! What a run computes on: the choice, and what there is to choose from.

use std::str::FromStr;

use synx_cpu::{CpuExecutor, Instructions};
use synx_gpu::{AdapterKind, GpuExecutor, Selector};
use synx_plan::executor::{Ceilings, Executor, NumericsClass};
use synx_plan::problem::Problem;
use synx_plan::recipe::Precision;

/// `--device`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// What the study has most results of already, where that is here; else a real GPU, else the CPU. Never a software adapter.
    #[default]
    Auto,
    Cpu,
    /// A real GPU.
    Gpu,
    /// The first adapter with this in its name, software ones too.
    Named(String),
}

impl FromStr for DeviceChoice {
    type Err = Problem;

    fn from_str(text: &str) -> Result<DeviceChoice, Problem> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "gpu" => Ok(DeviceChoice::Gpu),
            _ => match text.strip_prefix("gpu:").map(str::trim) {
                Some(name) if !name.is_empty() => Ok(DeviceChoice::Named(name.to_owned())),
                _ => Err(Problem::new("E0977", format!("`{text}` is no device"))
                    .help("write auto, cpu, gpu, or gpu: and a part of an adapter's name, as in gpu:llvmpipe")),
            },
        }
    }
}

/// Opens the device. `known` are the classes that the study has results in, the most first; `needed` are the precisions that it trains in, which `auto` takes heed of.
pub(crate) fn open(
    choice: &DeviceChoice,
    threads: Option<usize>,
    known: &[NumericsClass],
    needed: &[Precision],
) -> Result<Box<dyn Executor>, Problem> {
    let cpu = || -> Result<Box<dyn Executor>, Problem> { Ok(Box::new(CpuExecutor::new(threads)?)) };
    let gpu =
        |selector: Selector| -> Result<Box<dyn Executor>, Problem> { Ok(Box::new(GpuExecutor::open(&selector)?)) };
    match choice {
        DeviceChoice::Cpu => cpu(),
        DeviceChoice::Gpu => gpu(Selector::RealGpu),
        DeviceChoice::Named(name) => gpu(Selector::Named(name.clone())),
        DeviceChoice::Auto => {
            let cpu = cpu()?;
            if known.first() == Some(&cpu.class()) || !has_real_gpu() {
                return Ok(cpu);
            }
            // A GPU that is there and does not work is no reason not to run.
            let Ok(gpu) = gpu(Selector::RealGpu) else { return Ok(cpu) };
            if needed.iter().any(|precision| gpu.check_precision(*precision).is_err()) {
                return Ok(cpu);
            }
            let place = |class: NumericsClass| known.iter().position(|known| *known == class).unwrap_or(usize::MAX);
            Ok(if place(cpu.class()) < place(gpu.class()) { cpu } else { gpu })
        }
    }
}

fn has_real_gpu() -> bool {
    let real = |kind| matches!(kind, AdapterKind::Discrete | AdapterKind::Integrated | AdapterKind::Virtual);
    synx_gpu::adapters().iter().any(|adapter| real(adapter.kind))
}

/// What `synx doctor` shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Doctor {
    /// Cores that this process may use.
    pub cores: usize,
    /// The instruction sets that kernels can run with here, slowest first; the last is taken.
    pub instructions: Vec<&'static str>,
    /// The CPU's numerics class.
    pub cpu_class: String,
    pub adapters: Vec<AdapterReport>,
    /// What `auto` takes for a study without results: `cpu`, or the adapter's name.
    pub auto: String,
    /// What one core gives at most, where it was asked for.
    pub core: Option<Ceilings>,
}

/// Whether `doctor` measures what devices give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    No,
    Yes,
}

/// An adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct AdapterReport {
    pub name: String,
    pub driver: String,
    /// `discrete`, `integrated`, `virtual`, `software` or `unknown`.
    pub kind: &'static str,
    /// Granted limits by what they limit: bytes, or counts.
    pub limits: Vec<(&'static str, u64)>,
    pub features: Vec<String>,
    /// Rows and columns of the matrices of f16 that it multiplies by itself, where it does.
    pub matrices: Option<u32>,
    /// The numerics class of its results, or why it cannot be used.
    pub opens: Result<String, Problem>,
    /// What it gives at most, where it was asked for and it can be used.
    pub ceilings: Option<Ceilings>,
}

/// Looks at this machine; opens every adapter, checks that it computes and, where it is `probed`, measures what it gives.
pub fn doctor(probed: Probed) -> Doctor {
    let adapters: Vec<AdapterReport> =
        synx_gpu::adapters().into_iter().map(|adapter| report(adapter, probed)).collect();
    let usable = |a: &&AdapterReport| a.opens.is_ok() && matches!(a.kind, "discrete" | "integrated" | "virtual");
    let rank = |a: &&AdapterReport| ["discrete", "integrated", "virtual"].iter().position(|kind| *kind == a.kind);
    let auto = adapters.iter().filter(usable).min_by_key(rank).map_or_else(|| "cpu".to_owned(), |a| a.name.clone());
    let cpu = CpuExecutor::new(Some(1));
    let core = cpu.as_ref().ok().filter(|_| probed == Probed::Yes).map(CpuExecutor::ceilings);
    Doctor {
        core,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        instructions: Instructions::available().into_iter().map(Instructions::name).collect(),
        cpu_class: cpu.map_or_else(|problem| problem.to_string(), |cpu| cpu.class().0),
        adapters,
        auto,
    }
}

fn report(adapter: synx_gpu::AdapterInfo, probed: Probed) -> AdapterReport {
    let limits = adapter.limits;
    let opened = GpuExecutor::open(&Selector::Named(adapter.name.clone())).and_then(|gpu| {
        let ceilings = if probed == Probed::Yes { Some(gpu.ceilings()?) } else { None };
        Ok((gpu.class().0, ceilings))
    });
    let ceilings = opened.as_ref().ok().and_then(|(_, ceilings)| *ceilings);
    let opens = opened.map(|(class, _)| class);
    AdapterReport {
        driver: format!("{} {}", adapter.driver, adapter.driver_version).trim().to_owned(),
        kind: match adapter.kind {
            AdapterKind::Discrete => "discrete",
            AdapterKind::Integrated => "integrated",
            AdapterKind::Virtual => "virtual",
            AdapterKind::Software => "software",
            AdapterKind::Unknown => "unknown",
        },
        limits: vec![
            ("bytes of a binding", limits.binding),
            ("bytes of a buffer", limits.buffer),
            ("bytes of a workgroup's memory", u64::from(limits.workgroup_memory)),
            ("invocations of a workgroup", u64::from(limits.invocations)),
            ("storage buffers of a kernel", u64::from(limits.storage_buffers)),
            ("workgroups in a dimension", u64::from(limits.workgroups)),
        ],
        features: adapter.features,
        matrices: adapter.matrices,
        name: adapter.name,
        opens,
        ceilings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_in_four_ways() {
        let choice = |text: &str| text.parse::<DeviceChoice>();
        assert_eq!(choice("auto"), Ok(DeviceChoice::Auto));
        assert_eq!(choice("cpu"), Ok(DeviceChoice::Cpu));
        assert_eq!(choice("gpu"), Ok(DeviceChoice::Gpu));
        assert_eq!(choice("gpu:llvmpipe"), Ok(DeviceChoice::Named("llvmpipe".to_owned())));
        for wrong in ["", "tpu", "gpu:", "CPU0"] {
            assert_eq!(choice(wrong).unwrap_err().code, "E0977");
        }
    }
}
