//! Times training steps through the executors' one door, and their kernels through each one's own.

use std::time::Instant;

use synx_cpu::CpuExecutor;
use synx_gpu::{GpuExecutor, Selector};
use synx_plan::executor::{Batch, Ceilings, Executor, KernelTime, SlotState, StepControl, Wave};
use synx_plan::model::Model;
use synx_plan::problem::Problem;
use synx_plan::program::{Program, lower};
use synx_plan::random::Stream;
use synx_plan::recipe::Precision;

use crate::device::DeviceChoice;

/// Steps before the clock runs: pools start, caches and pipelines fill.
const WARM_UP: usize = 3;

/// What is timed.
#[derive(Debug, Clone)]
pub struct StepRequest {
    pub model: Model,
    pub precision: Precision,
    /// Sequences a step and replica.
    pub rows: usize,
    /// Replicas that step together.
    pub replicas: usize,
    pub device: DeviceChoice,
    /// Threads of the CPU; one a core where it is not said.
    pub threads: Option<usize>,
    /// Steps that are timed.
    pub repeats: usize,
}

/// Times of whole training steps, optimiser included.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTimings {
    pub device: String,
    pub class: String,
    pub replicas: usize,
    pub step_ms_median: f64,
    pub step_ms_min: f64,
    pub step_ms_max: f64,
    /// Of all replicas, at the median.
    pub tokens_per_s: f64,
    /// Floating-point operations by the exact convention, of all replicas, at the median, in 1e9 a second.
    pub gflops_exact: f64,
    /// Kernels that a step starts; on the CPU its operations.
    pub dispatches: usize,
    /// What the wave was planned to take of the device's memory.
    pub planned_bytes: u64,
    /// The most memory that this process has had, where the system says so.
    pub resident_bytes: Option<u64>,
}

/// Times steps of random tokens.
pub fn bench_step(request: &StepRequest) -> Result<StepTimings, Problem> {
    let program = lower(&request.model, request.rows).with_precision(request.precision);
    match &request.device {
        DeviceChoice::Auto | DeviceChoice::Cpu => {
            let mut cpu = CpuExecutor::new(request.threads)?;
            let mut wave = cpu.prepare(&program, request.replicas)?;
            // Norm and optimiser follow the list.
            let operations = program.forward.len() + program.backward.len() + 2;
            time(request, &program, &cpu, &mut *wave, operations)
        }
        DeviceChoice::Gpu => on_gpu(request, &program, &Selector::RealGpu),
        DeviceChoice::Named(name) => on_gpu(request, &program, &Selector::Named(name.clone())),
    }
}

fn on_gpu(request: &StepRequest, program: &Program, selector: &Selector) -> Result<StepTimings, Problem> {
    let mut gpu = GpuExecutor::open(selector)?;
    let mut wave = gpu.wave(program, request.replicas)?;
    let dispatches = wave.dispatches_per_step();
    time(request, program, &gpu, &mut wave, dispatches)
}

/// Where a step's time goes, and what the device gives at most.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelTimings {
    pub device: String,
    /// Whether it is of one core, where the device has several.
    pub one_core: bool,
    pub ceilings: Ceilings,
    /// In the order of the step on a CPU, the longest first on an adapter.
    pub kernels: Vec<KernelTime>,
}

/// Times the kernels of a step of random tokens: on a CPU of one replica on one thread, on an adapter of all replicas. Each kernel's time is the least of the
/// request's repeats.
pub fn bench_kernels(request: &StepRequest) -> Result<KernelTimings, Problem> {
    let program = lower(&request.model, request.rows).with_precision(request.precision);
    match &request.device {
        DeviceChoice::Auto | DeviceChoice::Cpu => {
            let cpu = CpuExecutor::new(Some(1))?;
            let batch = batch(&program, 1);
            let kernels = least(request.repeats, || cpu.profile(&program, &batch, control(1, program.tokens())))?;
            Ok(KernelTimings { device: cpu.name(), one_core: true, ceilings: cpu.ceilings(), kernels })
        }
        DeviceChoice::Gpu => kernels_on_gpu(request, &program, &Selector::RealGpu),
        DeviceChoice::Named(name) => kernels_on_gpu(request, &program, &Selector::Named(name.clone())),
    }
}

fn kernels_on_gpu(request: &StepRequest, program: &Program, selector: &Selector) -> Result<KernelTimings, Problem> {
    let mut gpu = GpuExecutor::open(selector)?;
    let ceilings = gpu.ceilings()?;
    let mut wave = gpu.wave(program, request.replicas)?;
    for slot in 0..request.replicas {
        wave.join(slot, &SlotState::initial(program.initial_parameters(0, 0)))?;
    }
    let batch = batch(program, request.replicas);
    let controls = vec![Some(control(1, program.tokens())); request.replicas];
    wave.profile(&batch, &controls)?;
    let kernels = least(request.repeats, || wave.profile(&batch, &controls))?;
    Ok(KernelTimings { device: gpu.name(), one_core: false, ceilings, kernels })
}

/// Each kernel at its best.
fn least(
    repeats: usize,
    mut profile: impl FnMut() -> Result<Vec<KernelTime>, Problem>,
) -> Result<Vec<KernelTime>, Problem> {
    let mut best = profile()?;
    for _ in 1..repeats {
        for time in profile()? {
            for known in best.iter_mut().filter(|known| known.kernel == time.kernel) {
                known.seconds = known.seconds.min(time.seconds);
            }
        }
    }
    Ok(best)
}

/// A step of random tokens for all replicas.
fn batch(program: &Program, replicas: usize) -> Batch {
    let draws = Stream::new("bench/1", &0);
    let tokens = replicas * program.tokens();
    let token = |i: usize| draws.below(i as u64, program.vocabulary as u64) as u32;
    Batch { inputs: (0..tokens).map(token).collect(), targets: (1..=tokens).map(token).collect(), weights: Vec::new() }
}

fn time(
    request: &StepRequest,
    program: &Program,
    executor: &dyn Executor,
    wave: &mut dyn Wave,
    dispatches: usize,
) -> Result<StepTimings, Problem> {
    let parameters = program.initial_parameters(0, 0);
    for slot in 0..request.replicas {
        wave.join(slot, &SlotState::initial(parameters.clone()))?;
    }
    let tokens = request.replicas * program.tokens();
    let batch = batch(program, request.replicas);
    let mut times = Vec::with_capacity(request.repeats);
    for i in 0..WARM_UP + request.repeats.max(1) {
        let control = control(i as i32 + 1, program.tokens());
        let before = Instant::now();
        wave.step(&batch, &vec![Some(control); request.replicas])?;
        // Reading the losses waits until the step is done.
        wave.drain()?;
        if i >= WARM_UP {
            times.push(before.elapsed().as_secs_f64());
        }
    }
    // States leave, one after the other, as they do at the end of a run: the most memory is that with one on its way.
    drop(parameters);
    for slot in 0..request.replicas {
        wave.leave(slot)?;
    }
    times.sort_by(f64::total_cmp);
    let median = f64::midpoint(times[(times.len() - 1) / 2], times[times.len() / 2]);
    Ok(StepTimings {
        device: executor.name(),
        class: executor.class().at(program.precision).0,
        replicas: request.replicas,
        step_ms_median: median * 1e3,
        step_ms_min: times[0] * 1e3,
        step_ms_max: times[times.len() - 1] * 1e3,
        tokens_per_s: tokens as f64 / median,
        gflops_exact: program.flops_exact() as f64 * request.replicas as f64 / median / 1e9,
        dispatches,
        planned_bytes: executor.bytes(program, request.replicas)?,
        resident_bytes: resident(),
    })
}

/// The most memory that this process has had.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// AdamW as the default recipe has it.
fn control(step: i32, tokens: usize) -> StepControl {
    StepControl {
        rate: 1e-3,
        beta1: 0.9,
        beta2: 0.95,
        correction1: 1.0 - 0.9f32.powi(step),
        correction2: 1.0 - 0.95f32.powi(step),
        epsilon: 1e-8,
        weight_decay: 0.1,
        clip: 1.0,
        loss_scale: 1.0 / tokens as f32,
    }
}
