//! Shaders compiled once per device and variant.

use std::collections::BTreeMap;

use synx_plan::problem::Problem;
use synx_shaders::{Access, Variant};

use crate::device::Device;

/// A compiled shader with the layout of what it binds.
#[derive(Debug, Clone)]
pub struct Pipeline {
    pub pipeline: wgpu::ComputePipeline,
    pub layout: wgpu::BindGroupLayout,
}

/// The shaders of a device so far.
#[derive(Debug, Default)]
pub struct Pipelines {
    compiled: BTreeMap<String, Pipeline>,
}

impl Pipelines {
    pub fn get(&mut self, device: &Device, variant: &Variant) -> Result<Pipeline, Problem> {
        let key = variant.key();
        if let Some(pipeline) = self.compiled.get(&key) {
            return Ok(pipeline.clone());
        }
        let pipeline = compile(device, variant, &key)?;
        self.compiled.insert(key, pipeline.clone());
        Ok(pipeline)
    }
}

fn compile(device: &Device, variant: &Variant, key: &str) -> Result<Pipeline, Problem> {
    let buffer = |binding: usize, ty| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
    let mut entries = vec![buffer(0, wgpu::BufferBindingType::Uniform), buffer(1, storage(true))];
    for (i, binding) in variant.kernel.bindings.iter().enumerate() {
        entries.push(buffer(i + 2, storage(binding.access == Access::Read)));
    }
    device.scoped(&format!("the shader {key}"), 0, |device| {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(key),
            source: wgpu::ShaderSource::Wgsl(variant.source().into()),
        });
        let layout =
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(key), entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(key),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(key),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[],
                // The kernels write what they read of a workgroup's memory.
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        });
        Pipeline { pipeline, layout }
    })
}
