//! What the tests stand on: the devices, programs of one operation, numbers, comparisons.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use synx_gpu::{AdapterKind, Choice, GpuExecutor, GpuWave, Selector, Set, Tile, adapters};
use synx_plan::executor::{Batch, SlotState, StepControl, Wave};
use synx_plan::program::op::Linear;
use synx_plan::program::{Init, Op, Parameter, Program, Role, Rows, Tensor, TensorId};
use synx_plan::random::Stream;
use synx_plan::recipe::Precision;

/// The plain kernels for graphics cards: sums through memory, small tiles.
pub const PLAIN: Choice = Choice { set: Some(Set::Tiled), shuffles: Some(false), tile: Some(Tile::Small) };

/// Those with sums by subgroups and large tiles, where the adapter has them: no software adapter takes them by itself.
pub fn fast() -> Choice {
    let adapters = adapters();
    let Selector::Named(name) = selector() else { unreachable!("tests name their adapter") };
    let adapter = adapters.iter().find(|adapter| adapter.name == name).unwrap();
    let shuffles = adapter.features.iter().any(|feature| feature == "SUBGROUP");
    // Drivers with subgroups of several sizes say so when they are opened; llvmpipe's are of one.
    let shuffles = (shuffles && adapter.kind == AdapterKind::Software).then_some(true);
    let large = adapter.limits.workgroup_memory >= 32 << 10;
    Choice { set: Some(Set::Tiled), shuffles, tile: Some(if large { Tile::Large } else { Tile::Small }) }
}

/// One executor for each set of kernels that the adapter can run, the second and third of the same set in the plain way and in the fast one.
pub struct Devices {
    pub executors: Vec<GpuExecutor>,
}

/// The devices, for one test at a time.
pub fn devices() -> MutexGuard<'static, Devices> {
    static DEVICES: OnceLock<Mutex<Devices>> = OnceLock::new();
    let open = || {
        let choices = [Choice::from(Set::Direct), PLAIN, fast()];
        let mut executors = Vec::from(choices.map(|choice| GpuExecutor::open_with(&selector(), choice).unwrap()));
        // Where subgroups are not of eight lanes nobody takes this set; llvmpipe's are, so that the tests always run it there.
        match GpuExecutor::open_with(&selector(), Set::Subgroup) {
            Ok(executor) => executors.push(executor),
            Err(problem) => assert!(!executors[0].adapter().name.contains("256 bits"), "{problem}"),
        }
        ROUNDS_TWICE.get_or_init(|| rounds_products(&mut executors[0]));
        Mutex::new(Devices { executors })
    };
    DEVICES.get_or_init(open).lock().unwrap_or_else(PoisonError::into_inner)
}

/// A software adapter where there is one, because what it must give is known to the last bit; else any.
pub fn selector() -> Selector {
    let found = adapters();
    let software = found.iter().find(|adapter| adapter.kind == AdapterKind::Software);
    let adapter = software.or(found.first()).expect(
        "no Vulkan adapter was found, and these tests need one: `./test` installs the software driver, by hand it is \
         `apt-get install mesa-vulkan-drivers libvulkan1` on Debian and Ubuntu",
    );
    Selector::Named(adapter.name.clone())
}

/// Whether the software adapter rounds a multiply-add twice, found out when it is opened: older ones do.
static ROUNDS_TWICE: OnceLock<bool> = OnceLock::new();

/// Whether the device rounds a multiply-add twice: no graphics card does.
pub fn rounds_twice(executor: &GpuExecutor) -> bool {
    executor.adapter().kind == AdapterKind::Software && *ROUNDS_TWICE.get().expect("the devices are open")
}

/// The square of 1 + 2^-12 less what it is rounded to: 2^-24, or nothing where the product is rounded before the sum.
fn rounds_products(executor: &mut GpuExecutor) -> bool {
    let factor = 1.0 + 2f32.powi(-12);
    let mut case = Case::new(1, 1, 2);
    let [x, out] = [2, 1].map(|columns| case.activation(columns));
    let (weight, _) = case.parameter(2, 1);
    case.push(Op::Linear(Linear { x, weight, out }));
    let mut wave = case.wave(executor, 1);
    wave.write_tensor(0, x, &[1.0, factor]).unwrap();
    wave.write_tensor(0, weight, &[-(factor * factor), factor]).unwrap();
    run(&mut wave, &case.batch(1));
    let left = wave.read_tensor(0, out).unwrap()[0];
    assert!(left == 0.0 || left == 2f32.powi(-24), "{left:e}");
    left == 0.0
}

/// Calls a function of the twins in the arithmetic of the device.
macro_rules! twin {
    ($executor:expr, $name:ident($($argument:expr),* $(,)?)) => {
        if crate::bench::rounds_twice($executor) {
            synx_cpu::twin::$name::<synx_cpu::twin::MulThenAdd>($($argument),*)
        } else {
            synx_cpu::twin::$name::<synx_cpu::twin::Fused>($($argument),*)
        }
    };
}
pub(crate) use twin;

/// `count` normal numbers.
pub fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let stream = Stream::new("gpu test/1", &seed);
    (0..count as u64).map(|i| stream.normal(i) as f32).collect()
}

/// `count` tokens below `vocabulary`, small ones more often.
pub fn tokens(seed: u64, count: usize, vocabulary: usize) -> Vec<u32> {
    let stream = Stream::new("gpu test tokens/1", &seed);
    (0..count as u64).map(|i| (stream.uniform(i).powi(2) * vocabulary as f64) as u32).collect()
}

/// A control that changes nothing.
pub const STILL: StepControl = StepControl {
    rate: 0.0,
    beta1: 0.9,
    beta2: 0.95,
    correction1: 1.0,
    correction2: 1.0,
    epsilon: 1e-8,
    weight_decay: 0.0,
    clip: f32::INFINITY,
    loss_scale: 1.0,
};

/// A program of single operations, while it is made.
pub struct Case {
    pub program: Program,
}

impl Case {
    pub fn new(rows: usize, context: usize, vocabulary: usize) -> Case {
        let empty = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (tensors, parameters, forward, backward) = empty;
        let precision = Precision::F32;
        Case { program: Program { tensors, parameters, forward, backward, context, vocabulary, rows, precision } }
    }

    fn add(&mut self, rows: Rows, columns: usize, role: Role) -> TensorId {
        let id = TensorId(self.program.tensors.len());
        self.program.tensors.push(Tensor { name: format!("t{}", id.0), rows, columns, role });
        id
    }

    pub fn activation(&mut self, columns: usize) -> TensorId {
        self.add(Rows::Tokens, columns, Role::Activation)
    }

    /// A parameter and its gradient.
    pub fn parameter(&mut self, rows: usize, columns: usize) -> (TensorId, TensorId) {
        let tensor = self.add(Rows::Fixed(rows), columns, Role::Parameter);
        let gradient = self.add(Rows::Fixed(rows), columns, Role::Gradient);
        let offset = self.program.parameter_count();
        let parameter = Parameter { tensor, gradient, offset, init: Init::Ones, decay: true };
        self.program.parameters.push(parameter);
        (tensor, gradient)
    }

    pub fn push(&mut self, op: Op) {
        self.program.forward.push(op);
    }

    pub fn size(&self, tensor: TensorId) -> usize {
        self.program.size(tensor)
    }

    /// A wave with every slot joined.
    pub fn wave(&self, executor: &mut GpuExecutor, slots: usize) -> GpuWave {
        self.joined(executor.wave(&self.program, slots).unwrap(), slots)
    }

    /// As `wave`, each operation by itself.
    pub fn wave_one_by_one(&self, executor: &mut GpuExecutor, slots: usize) -> GpuWave {
        self.joined(executor.wave_one_by_one(&self.program, slots).unwrap(), slots)
    }

    fn joined(&self, mut wave: GpuWave, slots: usize) -> GpuWave {
        for slot in 0..slots {
            wave.join(slot, &SlotState::initial(vec![0.0; self.program.parameter_count()])).unwrap();
        }
        wave
    }

    /// Tokens of a step for so many slots.
    pub fn batch(&self, slots: usize) -> Batch {
        let count = slots * self.program.tokens();
        let vocabulary = self.program.vocabulary;
        Batch { inputs: tokens(1, count, vocabulary), targets: tokens(2, count, vocabulary), weights: Vec::new() }
    }
}

/// Fills a tensor of every slot with numbers of its own; gives them by slot.
pub fn fill(wave: &mut GpuWave, tensor: TensorId, count: usize) -> Vec<Vec<f32>> {
    let slots = wave.slots();
    let values = |slot| numbers((tensor.0 * 1000 + slot) as u64, count);
    let all: Vec<Vec<f32>> = (0..slots).map(values).collect();
    for (slot, values) in all.iter().enumerate() {
        wave.write_tensor(slot, tensor, values).unwrap();
    }
    all
}

/// Runs the passes over all slots.
pub fn run(wave: &mut GpuWave, batch: &Batch) {
    let controls = vec![Some(STILL); wave.slots()];
    wave.run_passes(batch, &controls).unwrap();
}

/// Fails with the first place where the bits differ.
pub fn same_bits(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        // Zeros of either sign are one number here: a chain that starts from what is there has none to start from.
        let same = got.to_bits() == want.to_bits() || (*got == 0.0 && *want == 0.0);
        assert!(same, "{what}: number {i} is {got:e}, not {want:e}");
    }
}

/// Fails where a number is further from `want` than `tolerance` times the larger of its size and of the root mean square of all.
pub fn close(got: &[f32], want: &[f32], tolerance: f32, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    let mean = want.iter().map(|v| v * v).sum::<f32>() / want.len().max(1) as f32;
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let allowed = tolerance * want.abs().max(mean.sqrt());
        assert!((got - want).abs() <= allowed, "{what}: number {i} is {got:e}, not {want:e} within {allowed:e}");
    }
}
