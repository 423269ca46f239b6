//! An open device: its errors made into problems, its submissions paced, its buffers read back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Instant;

use synx_plan::problem::Problem;
use synx_shaders::{Set, Tile, Variant};

use crate::adapter::{self, AdapterInfo, AdapterKind, Selector};
use crate::pacer::Pacer;
use crate::pipelines::{Pipeline, Pipelines};
use crate::problems;
use crate::split::split;
use crate::tape::Dispatch;
use crate::ways::{Choice, Ways, subgroup_of_one_size};

/// One device and everything that belongs to it and not to a wave.
#[derive(Debug)]
pub struct Device {
    raw: wgpu::Device,
    queue: wgpu::Queue,
    pub adapter: AdapterInfo,
    pub ways: Ways,
    pipelines: Mutex<Pipelines>,
    pacer: Mutex<Pacer>,
    /// Nanoseconds of a tick of the device's clock, where kernels can be timed by it.
    tick: Option<f64>,
    /// The first error that came outside of a scope. The device is not to be used from there on.
    fault: Arc<Mutex<Option<Problem>>>,
}

/// A piece of a buffer.
#[derive(Debug, Clone)]
pub struct Window {
    pub buffer: wgpu::Buffer,
    pub offset: u64,
    pub size: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Device {
    /// Opens an adapter with all the limits it grants. By default everything is what suits the adapter.
    pub fn open(which: &Selector, choice: Choice) -> Result<Device, Problem> {
        let (raw, adapter) = adapter::select(which)?;
        let limits = raw.limits();
        if adapter.limits.storage_buffers < 8 {
            return Err(problems::not_opened(&adapter, "it grants fewer than 8 storage buffers to a kernel"));
        }
        let info = raw.get_info();
        let subgroup = subgroup_of_one_size(info.subgroup_min_size, info.subgroup_max_size)
            .filter(|_| raw.features().contains(wgpu::Features::SUBGROUP));
        let eights = subgroup == Some(8);
        if choice.set == Some(Set::Subgroup) && !eights {
            return Err(problems::not_opened(&adapter, "its subgroups are not of exactly eight lanes"));
        }
        if choice.shuffles == Some(true) && subgroup.is_none() {
            return Err(problems::not_opened(&adapter, "its subgroups are not of one size"));
        }
        if choice.tile == Some(Tile::Large) && !Ways::has_room_for_large_tiles(&adapter.limits) {
            return Err(problems::not_opened(&adapter, "it grants less than 32 KiB or 256 invocations to a workgroup"));
        }
        let software = adapter.kind == AdapterKind::Software;
        let tiles = adapter.limits.invocations >= 256 && adapter.limits.workgroup_memory >= 16_384;
        let suits = match () {
            () if tiles && !software => Set::Tiled,
            () if eights => Set::Subgroup,
            () => Set::Direct,
        };
        let set = choice.set.unwrap_or(suits);
        let matrices = adapter::cooperative(&raw).filter(|_| set == Set::Tiled);
        let timestamps = raw.features() & wgpu::Features::TIMESTAMP_QUERY;
        let subgroups = if subgroup.is_some() { wgpu::Features::SUBGROUP } else { wgpu::Features::empty() };
        let (of_matrices, experimental) = match matrices {
            // SAFETY: cooperative matrices alone are asked for; their kernels load and store whole matrices within arrays of workgroup memory, in uniform
            // control flow, in configurations that the adapter lists.
            Some(_) => (adapter::COOPERATIVE_FEATURES, unsafe { wgpu::ExperimentalFeatures::enabled() }),
            None => (wgpu::Features::empty(), wgpu::ExperimentalFeatures::disabled()),
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("synx"),
            required_features: subgroups | timestamps | of_matrices,
            required_limits: limits,
            experimental_features: experimental,
            memory_hints: wgpu::MemoryHints::Performance,
            trace: wgpu::Trace::Off,
        };
        let (device, queue) = pollster::block_on(raw.request_device(&descriptor))
            .map_err(|error| problems::not_opened(&adapter, &error.to_string()))?;
        let fault = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            lock(&seen).get_or_insert(problem_of(&error, "a computation", 0));
        }));
        let seen = Arc::clone(&fault);
        device.set_device_lost_callback(move |reason, message| {
            // A device that is closed in order is "lost" too.
            if reason != wgpu::DeviceLostReason::Destroyed {
                lock(&seen).get_or_insert(problems::device_lost(&message));
            }
        });
        let ways = Ways::new(set, subgroup, matrices, &adapter.limits, choice);
        let pacer = Pacer::new(if software { 2e9 } else { 1e11 });
        Ok(Device {
            raw: device,
            tick: (!timestamps.is_empty()).then(|| f64::from(queue.get_timestamp_period())),
            queue,
            ways,
            pipelines: Mutex::default(),
            pacer: Mutex::new(pacer),
            fault,
            adapter,
        })
    }

    /// The problem that made the device unusable, if there was one.
    pub fn check(&self) -> Result<(), Problem> {
        match &*lock(&self.fault) {
            Some(problem) => Err(problem.clone()),
            None => Ok(()),
        }
    }

    /// Runs `f` and gives its errors as a problem about `what`, which takes `bytes`.
    pub fn scoped<T>(&self, what: &str, bytes: u64, f: impl FnOnce(&wgpu::Device) -> T) -> Result<T, Problem> {
        self.check()?;
        let scopes = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory]
            .map(|filter| self.raw.push_error_scope(filter));
        let value = f(&self.raw);
        let mut problem = None;
        // Scopes are a stack: the last one pushed is popped first.
        for scope in scopes.into_iter().rev() {
            if let Some(error) = pollster::block_on(scope.pop()) {
                problem.get_or_insert(problem_of(&error, what, bytes));
            }
        }
        match problem {
            Some(problem) => Err(problem),
            None => self.check().map(|()| value),
        }
    }

    /// A buffer of zeros for kernels, copies and the host's writes.
    pub fn buffer(&self, what: &str, size: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, Problem> {
        let size = size.max(16).next_multiple_of(16);
        self.scoped(what, size, |device| {
            let usage = usage | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
            device.create_buffer(&wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: false })
        })
    }

    pub fn pipeline(&self, variant: &Variant) -> Result<Pipeline, Problem> {
        lock(&self.pipelines).get(self, variant)
    }

    /// Queues the host's bytes for a buffer: what was submitted before does not see them, what is submitted from here on does.
    pub fn write(&self, buffer: &wgpu::Buffer, offset: u64, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.queue.write_buffer(buffer, offset, bytes);
        }
    }

    /// Whether buffers of these sizes can be had now. They are given back at once.
    pub fn has_room(&self, sizes: &[u64]) -> bool {
        let mut held = Vec::new();
        let room = sizes.iter().all(|&size| match self.buffer("a trial", size, wgpu::BufferUsages::STORAGE) {
            Ok(buffer) => {
                held.push(buffer);
                true
            }
            Err(_) => false,
        });
        held.iter().for_each(wgpu::Buffer::destroy);
        drop(held);
        let _ = self.raw.poll(wgpu::PollType::Poll);
        room
    }

    /// Runs dispatches in order, each over `active` slots, in as many submissions as their length asks for. Returns without waiting for the end.
    pub fn run(&self, dispatches: &[Dispatch], active: u32) -> Result<(), Problem> {
        self.check()?;
        let mut rest = dispatches;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.at_once(rest, active));
            let mut encoder = self.raw.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            record(&mut encoder, now, active, None);
            self.submit_encoder(encoder, operations(now, active))?;
            rest = later;
        }
        Ok(())
    }

    /// Runs dispatches as `run` does and waits for the end; gives the seconds that each took by the device's own clock. `None`, and nothing is run,
    /// where the adapter has no timestamps.
    pub fn run_timed(&self, dispatches: &[Dispatch], active: u32) -> Result<Option<Vec<f64>>, Problem> {
        let Some(tick) = self.tick else { return Ok(None) };
        let mut seconds = Vec::with_capacity(dispatches.len());
        for some in dispatches.chunks(wgpu::QUERY_SET_MAX_QUERIES as usize / 2) {
            let count = 2 * some.len() as u32;
            let size = u64::from(count) * u64::from(wgpu::QUERY_SIZE);
            let (queries, resolved) = self.scoped("timestamps", size, |device| {
                let ty = wgpu::QueryType::Timestamp;
                let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
                let label = Some("timestamps");
                let queries = device.create_query_set(&wgpu::QuerySetDescriptor { label, ty, count });
                let buffer = wgpu::BufferDescriptor { label, size, usage, mapped_at_creation: false };
                (queries, device.create_buffer(&buffer))
            })?;
            let mut begin = 0;
            while begin < some.len() {
                let end = begin + self.at_once(&some[begin..], active);
                let now = &some[begin..end];
                let mut encoder = self.raw.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                record(&mut encoder, now, active, Some((&queries, 2 * begin as u32)));
                self.submit_encoder(encoder, operations(now, active))?;
                begin = end;
            }
            let mut encoder = self.raw.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.resolve_query_set(&queries, 0..count, &resolved, 0);
            self.submit_encoder(encoder, 0.0)?;
            let bytes = self.read(&[Window { buffer: resolved, offset: 0, size }])?;
            let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&bytes);
            seconds.extend(ticks.chunks_exact(2).map(|pair| pair[1].saturating_sub(pair[0]) as f64 * tick * 1e-9));
        }
        Ok(Some(seconds))
    }

    /// How many of these dispatches go into one submission.
    fn at_once(&self, dispatches: &[Dispatch], active: u32) -> usize {
        let budget = lock(&self.pacer).operations_per_submission();
        let mut sum = 0.0;
        let over = dispatches.iter().position(|dispatch| {
            sum += dispatch.operations * f64::from(active);
            sum > budget
        });
        over.map_or(dispatches.len(), |last| last + 1)
    }

    fn submit_encoder(&self, encoder: wgpu::CommandEncoder, operations: f64) -> Result<(), Problem> {
        let index = self.queue.submit([encoder.finish()]);
        lock(&self.pacer).submitted(index, operations, Instant::now());
        loop {
            let Some(oldest) = lock(&self.pacer).oldest() else { break };
            self.wait(Some(oldest))?;
            lock(&self.pacer).ended(Instant::now());
        }
        self.check()
    }

    /// Waits for a submission, or for all.
    fn wait(&self, submission_index: Option<wgpu::SubmissionIndex>) -> Result<(), Problem> {
        let polled = self.raw.poll(wgpu::PollType::Wait { submission_index, timeout: None });
        self.check()?;
        polled.map(|_| ()).map_err(|error| problems::device_lost(&error.to_string()))
    }

    /// Waits until everything that was submitted has ended.
    pub fn wait_for_all(&self) -> Result<(), Problem> {
        self.wait(None)?;
        lock(&self.pacer).idle(Instant::now());
        Ok(())
    }

    /// Copies within the device, in order. Sources and targets are different buffers.
    pub fn copy(&self, pieces: &[(Window, Window)]) -> Result<(), Problem> {
        self.check()?;
        let mut encoder = self.raw.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for (source, target) in pieces {
            encoder.copy_buffer_to_buffer(
                &source.buffer,
                source.offset,
                &target.buffer,
                target.offset,
                source.size.min(target.size),
            );
        }
        self.submit_encoder(encoder, 0.0)
    }

    /// Reads pieces of buffers, one after another, when everything submitted before has ended.
    pub fn read(&self, pieces: &[Window]) -> Result<Vec<u8>, Problem> {
        let size: u64 = pieces.iter().map(|piece| piece.size).sum();
        if size == 0 {
            return Ok(Vec::new());
        }
        let what = "reading results back";
        let staging = self.scoped(what, size, |device| {
            let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
            device.create_buffer(&wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: false })
        })?;
        let mut targets = Vec::with_capacity(pieces.len());
        let mut offset = 0;
        for piece in pieces {
            let target = Window { buffer: staging.clone(), offset, size: piece.size };
            targets.push((piece.clone(), target));
            offset += piece.size;
        }
        self.copy(&targets)?;
        let (sender, receiver) = mpsc::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is there as long as this function runs; after it nobody asks.
            let _ = sender.send(result);
        });
        self.wait_for_all()?;
        let mapped = receiver.recv().map_err(|error| problems::device_lost(&error.to_string()))?;
        mapped.map_err(|error| problems::device_lost(&error.to_string()))?;
        let view = staging.get_mapped_range(..).map_err(|error| problems::device_error(&error.to_string()))?;
        let bytes = view.to_vec();
        drop(view);
        staging.unmap();
        Ok(bytes)
    }

    /// The extent of a dispatch of `count` workgroups for each slot.
    pub fn workgroups(&self, what: &str, count: u64) -> Result<[u32; 2], Problem> {
        let limit = self.adapter.limits.workgroups;
        split(count, limit).ok_or_else(|| {
            problems::does_not_fit(&format!("the dispatch of {what}"), count, "workgroups", u64::from(limit).pow(2))
        })
    }
}

/// Floating-point operations of dispatches over `active` slots, roughly.
fn operations(dispatches: &[Dispatch], active: u32) -> f64 {
    dispatches.iter().map(|dispatch| dispatch.operations * f64::from(active)).sum()
}

/// Records dispatches; with a set of queries each is a pass of its own, and its begin and end go to two of them, from this one on.
fn record(
    encoder: &mut wgpu::CommandEncoder,
    dispatches: &[Dispatch],
    active: u32,
    queries: Option<(&wgpu::QuerySet, u32)>,
) {
    let dispatch_in = |pass: &mut wgpu::ComputePass, dispatch: &Dispatch| {
        let [x, y] = dispatch.workgroups;
        pass.set_pipeline(&dispatch.pipeline);
        pass.set_bind_group(0, &dispatch.bindings, &[]);
        pass.dispatch_workgroups(x, y, active);
    };
    let Some((query_set, first)) = queries else {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        dispatches.iter().for_each(|dispatch| dispatch_in(&mut pass, dispatch));
        return;
    };
    for (dispatch, index) in dispatches.iter().zip((first..).step_by(2)) {
        let timestamp_writes = Some(wgpu::ComputePassTimestampWrites {
            query_set,
            beginning_of_pass_write_index: Some(index),
            end_of_pass_write_index: Some(index + 1),
        });
        let descriptor = wgpu::ComputePassDescriptor { label: Some(dispatch.kernel), timestamp_writes };
        dispatch_in(&mut encoder.begin_compute_pass(&descriptor), dispatch);
    }
}

fn problem_of(error: &wgpu::Error, what: &str, bytes: u64) -> Problem {
    match error {
        wgpu::Error::OutOfMemory { .. } => problems::out_of_memory(what, bytes),
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            problems::device_error(&format!("{what}: {description}"))
        }
    }
}
