//! What adapters there are, and which is taken.

use std::fmt;
use std::sync::OnceLock;

use synx_plan::problem::Problem;
use synx_shaders::Cooperative;

use crate::problems;

/// An adapter as its driver describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterInfo {
    /// `llvmpipe (LLVM 15.0.6, 256 bits)`, `NVIDIA GeForce RTX 3050`.
    pub name: String,
    /// PCI vendor, or the Khronos vendor of a software driver.
    pub vendor: u32,
    pub device: u32,
    /// `llvmpipe`, `NVIDIA`.
    pub driver: String,
    /// `Mesa 22.3.6 (LLVM 15.0.6)`, `550.54`.
    pub driver_version: String,
    pub kind: AdapterKind,
    pub limits: AdapterLimits,
    /// What it can do beyond the basics, by wgpu's names.
    pub features: Vec<String>,
    /// Rows and columns of the matrices of f16 that it multiplies by itself, with sums in f32, where it does.
    pub matrices: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdapterKind {
    Discrete,
    Integrated,
    Virtual,
    /// A processor that plays a GPU. Never taken unless named.
    Software,
    Unknown,
}

/// The limits that programs are planned against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdapterLimits {
    /// Largest window of a buffer that a kernel can be given, bytes.
    pub binding: u64,
    /// Largest buffer, bytes.
    pub buffer: u64,
    /// Memory of a workgroup, bytes.
    pub workgroup_memory: u32,
    /// Invocations of a workgroup.
    pub invocations: u32,
    /// Storage buffers of a kernel.
    pub storage_buffers: u32,
    /// Workgroups in one dimension of a dispatch.
    pub workgroups: u32,
}

/// Which adapter to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The first discrete GPU, else the first integrated one, else a virtual one; never a software adapter.
    RealGpu,
    /// The first whose name or driver has this in it, in any case: `llvmpipe`.
    Named(String),
}

/// All adapters, in the loader's order.
pub fn adapters() -> Vec<AdapterInfo> {
    enumerate().iter().map(describe).collect()
}

/// The adapter that a selector takes.
pub(crate) fn select(which: &Selector) -> Result<(wgpu::Adapter, AdapterInfo), Problem> {
    let mut adapters = enumerate();
    let found: Vec<AdapterInfo> = adapters.iter().map(describe).collect();
    let Some(index) = choose(which, &found) else {
        let wanted = match which {
            Selector::RealGpu => "GPU".to_owned(),
            Selector::Named(part) => format!("GPU named `{part}`"),
        };
        return Err(problems::no_adapter(&wanted, &found));
    };
    Ok((adapters.swap_remove(index), found[index].clone()))
}

/// The index of the adapter that a selector takes.
fn choose(which: &Selector, found: &[AdapterInfo]) -> Option<usize> {
    match which {
        Selector::RealGpu => {
            let real = |kind| found.iter().position(|adapter| adapter.kind == kind);
            real(AdapterKind::Discrete).or_else(|| real(AdapterKind::Integrated)).or_else(|| real(AdapterKind::Virtual))
        }
        Selector::Named(part) => {
            let part = part.to_lowercase();
            let named = |a: &AdapterInfo| [&a.name, &a.driver].iter().any(|name| name.to_lowercase().contains(&part));
            found.iter().position(named)
        }
    }
}

/// The adapters, asked for once in the life of the process: drivers take their time to start, and some print while they do.
fn enumerate() -> Vec<wgpu::Adapter> {
    static FOUND: OnceLock<Vec<wgpu::Adapter>> = OnceLock::new();
    let ask = || {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::PRIMARY;
        descriptor.flags = wgpu::InstanceFlags::empty();
        // Where the driver tells its budget, running out of it is an error here and not the end of the process.
        descriptor.memory_budget_thresholds.for_resource_creation = Some(95);
        let instance = wgpu::Instance::new(descriptor);
        pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY))
    };
    FOUND.get_or_init(ask).clone()
}

/// What a device needs for cooperative matrices of f16.
pub(crate) const COOPERATIVE_FEATURES: wgpu::Features =
    wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX.union(wgpu::Features::SHADER_F16).union(wgpu::Features::SUBGROUP);

/// The largest square matrices of f16 with sums in f32 that an adapter lists; `None` where it lists none that the kernels can take.
pub(crate) fn cooperative(adapter: &wgpu::Adapter) -> Option<Cooperative> {
    let limits = AdapterLimits::from(&adapter.limits());
    let subgroup = adapter.get_info().subgroup_max_size;
    let room = limits.workgroup_memory >= Cooperative::MEMORY && limits.invocations >= 128;
    let lanes = (8..=128).contains(&subgroup) && subgroup.is_power_of_two();
    if !adapter.features().contains(COOPERATIVE_FEATURES) || !room || !lanes {
        return None;
    }
    let listed = adapter.cooperative_matrix_properties();
    let square = |matrix: u32| {
        listed.iter().any(|it| {
            let sizes = [it.m_size, it.n_size, it.k_size];
            let types = (it.ab_type, it.cr_type);
            let wanted = (wgpu::CooperativeScalarType::F16, wgpu::CooperativeScalarType::F32);
            sizes == [matrix; 3] && types == wanted && !it.saturating_accumulation
        })
    };
    [16, 8].into_iter().find(|matrix| square(*matrix)).map(|matrix| Cooperative { matrix, subgroup })
}

fn describe(adapter: &wgpu::Adapter) -> AdapterInfo {
    let info = adapter.get_info();
    let limits = adapter.limits();
    AdapterInfo {
        name: info.name,
        vendor: info.vendor,
        device: info.device,
        driver: info.driver,
        driver_version: info.driver_info,
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Cpu => AdapterKind::Software,
            wgpu::DeviceType::Other => AdapterKind::Unknown,
        },
        limits: AdapterLimits::from(&limits),
        features: adapter.features().iter_names().map(|(name, _)| name.to_owned()).collect(),
        matrices: cooperative(adapter).map(|matrices| matrices.matrix),
    }
}

impl From<&wgpu::Limits> for AdapterLimits {
    fn from(limits: &wgpu::Limits) -> AdapterLimits {
        AdapterLimits {
            // Addresses within a window are counted in four-byte numbers, 32 bits wide.
            binding: limits.max_storage_buffer_binding_size.min(i32::MAX as u64) / 256 * 256,
            buffer: limits.max_buffer_size.min(u64::from(u32::MAX)) / 256 * 256,
            workgroup_memory: limits.max_compute_workgroup_storage_size,
            invocations: limits.max_compute_invocations_per_workgroup,
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
            workgroups: limits.max_compute_workgroups_per_dimension,
        }
    }
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AdapterKind::Discrete => "discrete GPU",
            AdapterKind::Integrated => "integrated GPU",
            AdapterKind::Virtual => "virtual GPU",
            AdapterKind::Software => "software",
            AdapterKind::Unknown => "unknown kind",
        })
    }
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {} {})", self.name, self.kind, self.driver, self.driver_version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, driver: &str, kind: AdapterKind) -> AdapterInfo {
        let limits = AdapterLimits::from(&wgpu::Limits::default());
        let [name, driver] = [name, driver].map(str::to_owned);
        let driver_version = "1".to_owned();
        AdapterInfo {
            name,
            vendor: 1,
            device: 2,
            driver,
            driver_version,
            kind,
            limits,
            features: Vec::new(),
            matrices: None,
        }
    }

    fn three() -> Vec<AdapterInfo> {
        vec![
            adapter("llvmpipe (LLVM 15)", "llvmpipe", AdapterKind::Software),
            adapter("Intel UHD", "Mesa", AdapterKind::Integrated),
            adapter("GeForce RTX 3050", "NVIDIA", AdapterKind::Discrete),
        ]
    }

    #[test]
    fn a_real_gpu_is_taken_before_all_others_and_a_software_one_never() {
        assert_eq!(choose(&Selector::RealGpu, &three()), Some(2));
        assert_eq!(choose(&Selector::RealGpu, &three()[..2]), Some(1));
        assert_eq!(choose(&Selector::RealGpu, &three()[..1]), None);
    }

    #[test]
    fn a_part_of_the_name_in_any_case_is_enough() {
        assert_eq!(choose(&Selector::Named("LLVMPipe".into()), &three()), Some(0));
        assert_eq!(choose(&Selector::Named("rtx".into()), &three()), Some(2));
        assert_eq!(choose(&Selector::Named("nvidia".into()), &three()), Some(2));
        assert_eq!(choose(&Selector::Named("radeon".into()), &three()), None);
    }

    #[test]
    fn what_was_found_and_how_to_get_a_driver_is_said() {
        let none = problems::no_adapter("GPU", &[]);
        assert_eq!(none.code, "E0950");
        assert!(none.help.unwrap().contains("mesa-vulkan-drivers"));
        let other = problems::no_adapter("GPU named `radeon`", &three());
        assert_eq!(other.headline, "no GPU named `radeon` was found");
        assert!(other.notes[0].contains("GeForce RTX 3050 (discrete GPU, NVIDIA 1)"));
        assert!(other.help.unwrap().contains("--device gpu:llvmpipe"));
    }
}
