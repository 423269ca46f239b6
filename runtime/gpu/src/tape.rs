//! Dispatches, made once per wave: a pipeline, what it binds and how far it goes.

use synx_plan::problem::Problem;
use synx_shaders::Variant;

use crate::device::{Device, Window};

/// One kernel over one slot's work; the slots are the dispatch's third dimension.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// The kernel's name.
    pub kernel: &'static str,
    pub pipeline: wgpu::ComputePipeline,
    pub bindings: wgpu::BindGroup,
    /// Workgroups in x and y.
    pub workgroups: [u32; 2],
    /// Floating-point operations of a slot, roughly: for pacing.
    pub operations: f64,
    /// Bytes of a slot in what it binds.
    pub bytes: f64,
}

/// What a dispatch will be.
#[derive(Debug)]
pub struct Call {
    pub variant: Variant,
    pub shape: Vec<u32>,
    /// What the kernel binds from its third binding on.
    pub windows: Vec<Window>,
    /// Workgroups of a slot.
    pub workgroups: u64,
    pub operations: f64,
}

/// Makes dispatches of calls. `slots` is the list of the slots that step, as long as there are slots.
pub fn record(device: &Device, calls: &[Call], slots: &Window) -> Result<Vec<Dispatch>, Problem> {
    // Uniforms lie in one buffer at multiples of 256 bytes, the largest alignment that a driver asks for.
    const DISTANCE: usize = 256;
    let mut bytes = vec![0u8; calls.len() * DISTANCE];
    for (call, to) in calls.iter().zip(bytes.chunks_exact_mut(DISTANCE)) {
        let words: &[u8] = bytemuck::cast_slice(&call.shape);
        to[..words.len()].copy_from_slice(words);
    }
    let shapes = device.buffer("shapes", bytes.len() as u64, wgpu::BufferUsages::UNIFORM)?;
    device.write(&shapes, 0, &bytes);
    let mut dispatches = Vec::with_capacity(calls.len());
    for (i, call) in calls.iter().enumerate() {
        let kernel = call.variant.kernel;
        let pipeline = device.pipeline(&call.variant)?;
        let size = (4 * call.shape.len() as u64).next_multiple_of(16);
        let shape = Window { buffer: shapes.clone(), offset: (i * DISTANCE) as u64, size };
        let windows = [&shape, slots].into_iter().chain(&call.windows);
        let entries: Vec<wgpu::BindGroupEntry> = windows
            .enumerate()
            .map(|(binding, window)| wgpu::BindGroupEntry {
                binding: binding as u32,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &window.buffer,
                    offset: window.offset,
                    size: std::num::NonZeroU64::new(window.size),
                }),
            })
            .collect();
        let descriptor =
            wgpu::BindGroupDescriptor { label: Some(kernel.name), layout: &pipeline.layout, entries: &entries };
        let bindings = device.scoped(kernel.name, 0, |device| device.create_bind_group(&descriptor))?;
        let workgroups = device.workgroups(kernel.name, call.workgroups)?;
        let Call { operations, .. } = *call;
        let bound: u64 = call.windows.iter().map(|window| window.size).sum();
        let bytes = bound as f64 / (slots.size / 4).max(1) as f64;
        dispatches.push(Dispatch {
            kernel: kernel.name,
            pipeline: pipeline.pipeline,
            bindings,
            workgroups,
            operations,
            bytes,
        });
    }
    Ok(dispatches)
}
