//! What an adapter gives at most, measured: the roofline that kernels are held against (Williams et al. 2009).

use std::time::Instant;

use synx_plan::executor::Ceilings;
use synx_plan::problem::Problem;
use synx_shaders::{Variant, kernel};
use wgpu::BufferUsages;

use crate::adapter::AdapterKind;
use crate::buffers::whole;
use crate::device::{Device, Window};
use crate::tape::{Call, record};

/// A measurement is made longer until it takes this many seconds: below, starting it would show.
const LONG_ENOUGH: f64 = 0.05;

/// Measurements, of which the best counts.
const TRIALS: usize = 3;

/// Multiply-adds of four lanes that a round makes in an invocation.
const CHAINS: f64 = 4.0 * 4.0;

/// Dispatches of next to nothing that are timed together.
const DISPATCHES: usize = 256;

/// Measures an adapter. Its buffers are given back at the end.
pub fn ceilings(device: &Device) -> Result<Ceilings, Problem> {
    let slots = device.buffer("slots", 4, BufferUsages::STORAGE)?;
    device.write(&slots, 0, &[0; 4]);
    let slots = whole(&slots);
    // On a software adapter a row beyond the caches is small, and larger ones take long.
    let software = device.adapter.kind == AdapterKind::Software;
    let row = (if software { 1u64 << 25 } else { 1 << 28 }).min(device.adapter.limits.binding / 16 * 16);
    let rows = (0..3).map(|_| device.buffer("a row that is streamed", row, BufferUsages::STORAGE));
    let rows: Vec<Window> = rows.map(|row| row.map(|row| whole(&row))).collect::<Result<_, _>>()?;
    Ok(Ceilings {
        flops: flops(device, &rows[0], &slots)?,
        bytes: bytes(device, &rows, &slots)?,
        dispatch: Some(dispatch(device, &rows, &slots)?),
    })
}

/// Seconds of these calls, one after the other, at their best.
fn seconds(device: &Device, calls: &[Call], slots: &Window) -> Result<f64, Problem> {
    let dispatches = record(device, calls, slots)?;
    device.run(&dispatches, 1)?;
    device.wait_for_all()?;
    let mut best = f64::INFINITY;
    for _ in 0..TRIALS {
        let start = Instant::now();
        device.run(&dispatches, 1)?;
        device.wait_for_all()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn flops(device: &Device, out: &Window, slots: &Window) -> Result<f64, Problem> {
    let variant = Variant::new(kernel("multiply_adds"), device.ways.set, &[]);
    let invocations = (out.size / 16).min(1 << 18) / u64::from(variant.workgroup) * u64::from(variant.workgroup);
    let mut rounds = 64u32;
    loop {
        let members = [("rounds", rounds), ("factor", 0.999f32.to_bits()), ("addend", 0.001f32.to_bits())];
        let operations = 2.0 * CHAINS * f64::from(rounds) * invocations as f64;
        let call = Call {
            shape: variant.kernel.shape(&members),
            windows: vec![out.clone()],
            workgroups: invocations / u64::from(variant.workgroup),
            variant: variant.clone(),
            operations,
        };
        let seconds = seconds(device, &[call], slots)?;
        if seconds >= LONG_ENOUGH || rounds >= 1 << 20 {
            return Ok(operations / seconds);
        }
        rounds *= 4;
    }
}

/// The sum of two rows into a third, over `fours` of their numbers.
fn sum(device: &Device, rows: &[Window], fours: u64) -> Call {
    let variant = Variant::new(kernel("add"), device.ways.set, &[]);
    let members = [("count4", fours as u32), ("a_slot", 0), ("b_slot", 0), ("out_slot", 0)];
    Call {
        shape: variant.kernel.shape(&members),
        windows: rows.to_vec(),
        workgroups: fours.div_ceil(u64::from(variant.workgroup)),
        variant,
        operations: 4.0 * fours as f64,
    }
}

fn bytes(device: &Device, rows: &[Window], slots: &Window) -> Result<f64, Problem> {
    let fours = rows[0].size / 16;
    let mut times = 1;
    loop {
        let calls: Vec<Call> = (0..times).map(|_| sum(device, rows, fours)).collect();
        let seconds = seconds(device, &calls, slots)?;
        if seconds >= LONG_ENOUGH || times >= 1 << 10 {
            return Ok(3.0 * rows[0].size as f64 * f64::from(times) / seconds);
        }
        times *= 4;
    }
}

fn dispatch(device: &Device, rows: &[Window], slots: &Window) -> Result<f64, Problem> {
    let calls: Vec<Call> = (0..DISPATCHES).map(|_| sum(device, rows, 16)).collect();
    Ok(seconds(device, &calls, slots)? / DISPATCHES as f64)
}
