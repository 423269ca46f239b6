//! A wave on the device.

use std::sync::Arc;
use std::time::Instant;

use synx_plan::executor::{Batch, KernelTime, SlotState, StepControl, StepReading, Wave, Work};
use synx_plan::loss_scale::LossScale;
use synx_plan::problem::Problem;
use synx_plan::program::{Op, Program, Role, TensorId};

use crate::batch::group;
use crate::buffers::{Buffers, CONTROL_WORDS, READINGS, STATUS_WORDS, slot_window, whole};
use crate::device::{Device, Window};
use crate::fusion::Steps;
use crate::layout::{Layout, Place};
use crate::operations::Operations;
use crate::problems::misuse;
use crate::tape::{Dispatch, record};
use crate::ways::Ways;

/// Replicas of one program on one device.
#[derive(Debug)]
pub struct GpuWave {
    device: Arc<Device>,
    program: Program,
    layout: Layout,
    buffers: Buffers,
    /// Forward with the head's gradient, backward, optimiser.
    training: Vec<Dispatch>,
    /// Of `training`, how many dispatches come before the optimiser's.
    before_optimiser: usize,
    /// Forward alone.
    evaluation: Vec<Dispatch>,
    /// The row losses.
    loss: Option<Place>,
    /// For each slot with a state: its step counter when it joined.
    joined: Vec<Option<u64>>,
    /// What the device's list of slots holds.
    active: Vec<u32>,
    /// What the host writes for a step.
    staging: Vec<u32>,
    /// Whether the device's row weights are all one.
    weights_are_ones: bool,
    /// Steps whose readings are on the device: which slots took part.
    pending: Vec<Vec<bool>>,
    /// Readings that were read back before they were asked for.
    read: Vec<Vec<Option<StepReading>>>,
}

impl GpuWave {
    pub(crate) fn new(device: Arc<Device>, program: &Program, slots: usize, ways: Ways) -> Result<GpuWave, Problem> {
        let slots = slots.max(1);
        if slots > device.adapter.limits.workgroups as usize {
            return Err(misuse(format!("a wave of {slots} slots is more than a dispatch has layers")));
        }
        let steps = Steps::new(program, ways.fusion);
        let layout = Layout::new(program, &steps, slots, &device.adapter.limits)?;
        let buffers = Buffers::new(&device, program, &layout)?;
        let list = whole(&buffers.slots);

        let mut operations = Operations::new(program, &layout, &buffers, ways);
        steps.forward.iter().chain(&steps.backward).for_each(|(_, step)| operations.step(step, true));
        let mut training = record(&device, &operations.into_calls(), &list)?;
        let before_optimiser = training.len();
        let loss = program.forward.iter().find_map(|op| if let Op::HeadLoss(op) = op { Some(op.loss) } else { None });
        if let Some(loss) = loss {
            let mut optimiser = Operations::new(program, &layout, &buffers, ways);
            optimiser.optimiser(loss);
            training.extend(record(&device, &optimiser.into_calls(), &list)?);
        }
        let mut operations = Operations::new(program, &layout, &buffers, ways);
        steps.forward.iter().for_each(|(_, step)| operations.step(step, false));
        let evaluation = record(&device, &operations.into_calls(), &list)?;
        let loss = loss.and_then(|loss| layout.activations[loss.0]);
        Ok(GpuWave {
            device,
            program: program.clone(),
            layout,
            staging: vec![0; buffers.host.words()],
            buffers,
            training,
            before_optimiser,
            evaluation,
            loss,
            joined: vec![None; slots],
            active: Vec::new(),
            weights_are_ones: false,
            pending: Vec::new(),
            read: Vec::new(),
        })
    }

    /// Dispatches of one step, whatever the number of slots.
    pub fn dispatches_per_step(&self) -> usize {
        self.training.len()
    }

    /// Bytes on the device, but for small buffers.
    pub fn bytes(&self) -> u64 {
        self.layout.total_bytes()
    }

    /// A step as `step`, and where its time goes, longest first: by the device's own clock, or where the adapter has none each dispatch is waited for, which costs
    /// about 0.1 ms a dispatch that are counted in. Work is that of all slots; a kernel's operations are rough where it is no product, and its bytes those
    /// of all that it binds.
    pub fn profile(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<Vec<KernelTime>, Problem> {
        let active = self.set_up(batch, controls)?;
        self.device.wait_for_all()?;
        let seconds = match self.device.run_timed(&self.training, active)? {
            Some(seconds) => seconds,
            None => self.waited_for(active)?,
        };
        let mut times: Vec<KernelTime> = Vec::new();
        for (dispatch, seconds) in self.training.iter().zip(seconds) {
            let all = f64::from(active);
            let work = Work { flops: all * dispatch.operations, bytes: all * dispatch.bytes };
            KernelTime::add(&mut times, dispatch.kernel, seconds, work);
        }
        times.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        Ok(times)
    }

    /// Runs a step and waits for each dispatch; gives their seconds.
    fn waited_for(&self, active: u32) -> Result<Vec<f64>, Problem> {
        let mut seconds = Vec::with_capacity(self.training.len());
        for dispatch in &self.training {
            let start = Instant::now();
            self.device.run(std::slice::from_ref(dispatch), active)?;
            self.device.wait_for_all()?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        Ok(seconds)
    }

    /// Puts values into any tensor of a slot, for looking at single operations: `[rows, columns]`. Activations share memory with others that live at other
    /// times; their padding, which means nothing, is filled with NaN.
    pub fn write_tensor(&mut self, slot: usize, tensor: TensorId, values: &[f32]) -> Result<(), Problem> {
        let (arena, place) = self.place(tensor)?;
        if slot >= self.layout.slots || values.len() != place.rows * place.columns {
            return Err(misuse(format!("a tensor of slot {slot} was given {} numbers", values.len())));
        }
        let window = slot_window(arena, &place, slot);
        let padding = if self.program.tensor(tensor).role == Role::Activation { f32::NAN } else { 0.0 };
        self.device.write(&window.buffer, window.offset, bytemuck::cast_slice(&place.pad(values, padding)));
        Ok(())
    }

    /// The values of any tensor of a slot: `[rows, columns]`.
    pub fn read_tensor(&mut self, slot: usize, tensor: TensorId) -> Result<Vec<f32>, Problem> {
        let (arena, place) = self.place(tensor)?;
        let bytes = self.device.read(&[slot_window(arena, &place, slot)])?;
        let mut values = Vec::with_capacity(place.rows * place.columns);
        place.unpad(&floats(&bytes), &mut values);
        Ok(values)
    }

    /// Forward and backward pass of a step without its update, for looking at gradients and at single operations.
    pub fn run_passes(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<(), Problem> {
        let active = self.set_up(batch, controls)?;
        self.device.run(&self.training[..self.before_optimiser], active)
    }

    fn place(&self, tensor: TensorId) -> Result<(&[wgpu::Buffer], Place), Problem> {
        let parameters = &self.program.parameters;
        if let Some(i) = parameters.iter().position(|parameter| parameter.tensor == tensor) {
            return Ok((&self.buffers.parameters, self.layout.parameters[i]));
        }
        if let Some(i) = parameters.iter().position(|parameter| parameter.gradient == tensor) {
            return Ok((&self.buffers.gradients, self.layout.parameters[i]));
        }
        let place = self.layout.activations.get(tensor.0).copied().flatten();
        let place = place.ok_or_else(|| misuse(format!("tensor {} is not in the program", tensor.0)))?;
        Ok((std::slice::from_ref(&self.buffers.activations), place))
    }

    /// Puts a step's tokens and controls where the kernels read them; gives the number of slots that step.
    fn set_up(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<u32, Problem> {
        let slots = self.layout.slots;
        if controls.len() != slots {
            return Err(misuse(format!("{} controls for {slots} slots", controls.len())));
        }
        if let Some(slot) = (0..slots).find(|&slot| controls[slot].is_some() && self.joined[slot].is_none()) {
            return Err(misuse(format!("slot {slot} is to step and is empty")));
        }
        self.check_batch(batch)?;
        if self.pending.len() == READINGS {
            self.collect()?;
        }
        let reading = self.pending.len() as u32;
        let Buffers { host, .. } = &self.buffers;
        let words = &mut self.staging;
        for (to, control) in words[host.controls.clone()].chunks_exact_mut(CONTROL_WORDS).zip(controls) {
            to.copy_from_slice(&control.as_ref().map_or([0; _], |control| control_words(control, reading)));
        }
        let grouped = group(&batch.inputs, self.program.tokens(), self.program.vocabulary);
        words[host.inputs.clone()].copy_from_slice(&batch.inputs);
        words[host.targets.clone()].copy_from_slice(&batch.targets);
        words[host.starts.clone()].copy_from_slice(&grouped.starts);
        words[host.order.clone()].copy_from_slice(&grouped.order);
        self.device.write(&host.buffer, 0, bytemuck::cast_slice(words));
        self.write_weights(&batch.weights);
        let active = (0..slots).filter(|&slot| controls[slot].is_some()).map(|slot| slot as u32).collect();
        self.activate(active);
        Ok(self.active.len() as u32)
    }

    /// Makes this the device's list of slots that step.
    fn activate(&mut self, active: Vec<u32>) {
        if self.active != active {
            self.device.write(&self.buffers.slots, 0, bytemuck::cast_slice(&active));
            self.active = active;
        }
    }

    fn check_batch(&self, batch: &Batch) -> Result<(), Problem> {
        let count = self.layout.slots * self.program.tokens();
        let Batch { inputs, targets, weights } = batch;
        if inputs.len() != count || targets.len() != count || !(weights.is_empty() || weights.len() == count) {
            let lengths = [inputs.len(), targets.len(), weights.len()];
            return Err(misuse(format!("a batch of {lengths:?} tokens, targets and weights where {count} belong")));
        }
        self.check_tokens(inputs, targets)
    }

    fn check_tokens(&self, inputs: &[u32], targets: &[u32]) -> Result<(), Problem> {
        let vocabulary = self.program.vocabulary as u32;
        match inputs.iter().chain(targets).find(|&&token| token >= vocabulary) {
            Some(token) => Err(misuse(format!("token {token} in a vocabulary of {vocabulary}"))),
            None => Ok(()),
        }
    }

    /// Row weights, all ones where there are none.
    fn write_weights(&mut self, weights: &[f32]) {
        if !weights.is_empty() {
            self.device.write(&self.buffers.weights, 0, bytemuck::cast_slice(weights));
            self.weights_are_ones = false;
        } else if !self.weights_are_ones {
            let ones = vec![1f32; self.layout.slots * self.program.tokens()];
            self.device.write(&self.buffers.weights, 0, bytemuck::cast_slice(&ones));
            self.weights_are_ones = true;
        }
    }

    /// Puts tokens for an evaluation where the kernels read them.
    fn load_tokens(&mut self, inputs: &[u32], targets: &[u32]) -> Result<(), Problem> {
        self.check_tokens(inputs, targets)?;
        let Buffers { host, .. } = &self.buffers;
        self.staging[host.inputs.clone()].copy_from_slice(inputs);
        self.staging[host.targets.clone()].copy_from_slice(targets);
        let both = host.inputs.start..host.targets.end;
        self.device.write(&host.buffer, 4 * both.start as u64, bytemuck::cast_slice(&self.staging[both]));
        Ok(())
    }

    /// Reads the readings that are on the device.
    fn collect(&mut self) -> Result<(), Problem> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let slots = self.layout.slots;
        let size = (8 * slots * self.pending.len()) as u64;
        let readings = Window { size, ..whole(&self.buffers.readings) };
        let values = floats(&self.device.read(&[readings])?);
        for (step, values) in self.pending.drain(..).zip(values.chunks_exact(2 * slots)) {
            let reading = |(took_part, pair): (bool, &[f32])| {
                took_part.then(|| StepReading { loss: pair[0], gradient_norm: pair[1] })
            };
            self.read.push(step.into_iter().zip(values.chunks_exact(2)).map(reading).collect());
        }
        Ok(())
    }

    fn check_slot(&self, slot: usize) -> Result<(), Problem> {
        if slot < self.layout.slots {
            return Ok(());
        }
        Err(misuse(format!("slot {slot} of a wave of {}", self.layout.slots)))
    }

    /// Puts flat values `[parameter_count]` into a slot of an arena.
    fn write_flat(&self, arena: &[wgpu::Buffer], slot: usize, values: &[f32]) {
        for (parameter, place) in self.program.parameters.iter().zip(&self.layout.parameters) {
            let values = &values[parameter.offset..parameter.offset + place.rows * place.columns];
            let window = slot_window(arena, place, slot);
            self.device.write(&window.buffer, window.offset, bytemuck::cast_slice(&place.pad(values, 0.0)));
        }
    }

    /// The flat values of a slot of an arena.
    fn read_flat(&self, arena: &[wgpu::Buffer], slot: usize) -> Result<Vec<f32>, Problem> {
        let windows: Vec<Window> = self.layout.parameters.iter().map(|place| slot_window(arena, place, slot)).collect();
        let padded = floats(&self.device.read(&windows)?);
        let mut rest = padded.as_slice();
        let mut values = Vec::with_capacity(self.program.parameter_count());
        for place in &self.layout.parameters {
            let (slot, later) = rest.split_at(place.slot);
            place.unpad(slot, &mut values);
            rest = later;
        }
        Ok(values)
    }

    fn status_window(&self, slot: usize) -> Window {
        let size = 4 * STATUS_WORDS as u64;
        Window { buffer: self.buffers.statuses.clone(), offset: size * slot as u64, size }
    }
}

impl Wave for GpuWave {
    fn slots(&self) -> usize {
        self.layout.slots
    }

    fn join(&mut self, slot: usize, state: &SlotState) -> Result<(), Problem> {
        self.check_slot(slot)?;
        self.device.check()?;
        let count = self.program.parameter_count();
        let SlotState { parameters, first_moment, second_moment, step, loss_scale } = state;
        if [parameters, first_moment, second_moment].iter().any(|values| values.len() != count) {
            return Err(misuse(format!("a state of {} parameters for a program of {count}", parameters.len())));
        }
        self.write_flat(&self.buffers.parameters, slot, parameters);
        self.write_flat(&self.buffers.first_moments, slot, first_moment);
        self.write_flat(&self.buffers.second_moments, slot, second_moment);
        let status = self.status_window(slot);
        let words: [u32; STATUS_WORDS] = [0, 0, 0, loss_scale.to_word()];
        self.device.write(&status.buffer, status.offset, bytemuck::cast_slice(&words));
        self.joined[slot] = Some(*step);
        self.device.check()
    }

    fn leave(&mut self, slot: usize) -> Result<SlotState, Problem> {
        let state = self.read(slot)?;
        self.joined[slot] = None;
        Ok(state)
    }

    fn fork(&mut self, from: usize, to: usize) -> Result<(), Problem> {
        self.check_slot(from)?;
        self.check_slot(to)?;
        let step = self.joined[from].ok_or_else(|| misuse(format!("slot {from} is to be copied and is empty")))?;
        if from == to {
            return Ok(());
        }
        // A copy goes from one buffer to another: by way of the gradients, which every step makes afresh.
        let Buffers { parameters, first_moments, second_moments, gradients, .. } = &self.buffers;
        let mut pieces = Vec::new();
        for place in &self.layout.parameters {
            for arena in [parameters, first_moments, second_moments] {
                let between = slot_window(gradients, place, to);
                pieces.push((slot_window(arena, place, from), between.clone()));
                pieces.push((between, slot_window(arena, place, to)));
            }
        }
        let between = whole(&self.buffers.partial_sums);
        pieces.push((self.status_window(from), between.clone()));
        pieces.push((between, self.status_window(to)));
        self.device.copy(&pieces)?;
        self.joined[to] = Some(step);
        Ok(())
    }

    fn read(&mut self, slot: usize) -> Result<SlotState, Problem> {
        self.check_slot(slot)?;
        let joined = self.joined[slot].ok_or_else(|| misuse(format!("slot {slot} is to be read and is empty")))?;
        let status = self.device.read(&[self.status_window(slot)])?;
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&status);
        let loss_scale = LossScale::from_word(words[3]).ok_or_else(|| misuse("a slot's loss scale is none"))?;
        Ok(SlotState {
            loss_scale,
            step: joined + u64::from(words[1]),
            parameters: self.read_flat(&self.buffers.parameters, slot)?,
            first_moment: self.read_flat(&self.buffers.first_moments, slot)?,
            second_moment: self.read_flat(&self.buffers.second_moments, slot)?,
        })
    }

    fn step(&mut self, batch: &Batch, controls: &[Option<StepControl>]) -> Result<(), Problem> {
        let active = self.set_up(batch, controls)?;
        if active > 0 {
            self.device.run(&self.training, active)?;
        }
        self.pending.push(controls.iter().map(Option::is_some).collect());
        Ok(())
    }

    fn drain(&mut self) -> Result<Vec<Vec<Option<StepReading>>>, Problem> {
        self.collect()?;
        Ok(std::mem::take(&mut self.read))
    }

    fn evaluate(&mut self, inputs: &[u32], targets: &[u32]) -> Result<Vec<f32>, Problem> {
        let count = inputs.len();
        if count != targets.len() || !count.is_multiple_of(self.program.context.max(1)) {
            return Err(misuse(format!("{count} inputs and {} targets are to be evaluated", targets.len())));
        }
        let slots = self.layout.slots;
        let tokens = self.program.tokens();
        let place = self.loss.ok_or_else(|| misuse("a program without a loss is to be evaluated"))?;
        let mut losses = vec![0.0; slots * count];
        let active: Vec<u32> = (0..slots).filter(|&slot| self.joined[slot].is_some()).map(|s| s as u32).collect();
        if active.is_empty() {
            return Ok(losses);
        }
        self.activate(active.clone());
        let arena = std::slice::from_ref(&self.buffers.activations).to_vec();
        // A row's bits do not depend on the rows beside it: the last piece is filled up with tokens 0, whose losses are not used.
        let mut padded = [vec![0u32; slots * tokens], vec![0u32; slots * tokens]];
        for begin in (0..count).step_by(tokens) {
            let length = tokens.min(count - begin);
            for (padded, tokens_) in padded.iter_mut().zip([inputs, targets]) {
                for slot in padded.chunks_exact_mut(tokens) {
                    slot[..length].copy_from_slice(&tokens_[begin..begin + length]);
                    slot[length..].fill(0);
                }
            }
            let [inputs, targets] = &padded;
            self.load_tokens(inputs, targets)?;
            self.device.run(&self.evaluation, active.len() as u32)?;
            let windows: Vec<Window> = active.iter().map(|&slot| slot_window(&arena, &place, slot as usize)).collect();
            let values = floats(&self.device.read(&windows)?);
            for (&slot, values) in active.iter().zip(values.chunks_exact(tokens)) {
                let to = slot as usize * count + begin;
                losses[to..to + length].copy_from_slice(&values[..length]);
            }
        }
        Ok(losses)
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytemuck::pod_collect_to_vec(bytes)
}

/// `Control` of the kernels.
fn control_words(control: &StepControl, reading: u32) -> [u32; CONTROL_WORDS] {
    let StepControl { rate, beta1, beta2, correction1, correction2, epsilon, weight_decay, clip, loss_scale } =
        *control;
    let rounded = |value: f64| (value as f32).to_bits();
    let clips = clip.is_finite();
    [
        rounded(f64::from(rate) / f64::from(correction1)),
        rounded(1.0 - f64::from(rate) * f64::from(weight_decay)),
        beta1.to_bits(),
        rounded(1.0 - f64::from(beta1)),
        beta2.to_bits(),
        rounded(1.0 - f64::from(beta2)),
        rounded(f64::from(correction2).sqrt()),
        epsilon.to_bits(),
        if clips { clip.to_bits() } else { 0 },
        u32::from(clips),
        loss_scale.to_bits(),
        reading,
    ]
}
