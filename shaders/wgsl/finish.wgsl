// What a step came to, slot by slot: loss = sum over rows of row loss * row weight * loss_scale, the gradient's norm, whether the slot goes on and what its
// gradient is scaled by: min(1, clip / (norm + 1e-6)), in f16 over the scale of its losses, which falls where the gradient overflowed. A slot whose loss or norm is not finite stops, here and on the device: it takes no update from there on,
// and its readings are NaN.
// direct: an invocation a slot; tiled: a workgroup a slot.

struct Shape {
    // Blocks of a slot's gradient.
    partials: u32,
    // Rows of a slot.
    tokens: u32,
    // Slots of the wave: readings are [steps, slots].
    wave: u32,
}

@group(0) @binding(2) var<storage, read_write> partial_sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read> controls: array<Control>;
@group(0) @binding(6) var<storage, read_write> statuses: array<Status>;
@group(0) @binding(7) var<storage, read_write> readings: array<vec2<u32>>;

fn run(number: u32, slot: u32, lane: u32) {
    // Sums of at most 64 terms, then the sum of these.
    var loss_sum = 0.0;
    for (var chunk = lane; chunk < shape.tokens; chunk += ${64 * WORKGROUP}u) {
        let end = min(chunk + ${64 * WORKGROUP}u, shape.tokens);
        var part = 0.0;
        for (var i = chunk; i < end; i += ${WORKGROUP}u) {
            let at = slot * shape.tokens + i;
            part = fma(loss[at], weights[at], part);
        }
        loss_sum += part;
    }
    var square_sum = 0.0;
    for (var chunk = lane; chunk < shape.partials; chunk += ${64 * WORKGROUP}u) {
        let end = min(chunk + ${64 * WORKGROUP}u, shape.partials);
        var part = 0.0;
        for (var i = chunk; i < end; i += ${WORKGROUP}u) {
            part += partial_sums[slot * shape.partials + i];
        }
        square_sum += part;
    }
#if TILED
    loss_sum = sum_of_lanes(lane, loss_sum);
    square_sum = sum_of_lanes(lane, square_sum);
#end
    if (lane > 0u) {
        return;
    }
    let control = controls[slot];
    let total = loss_sum * control.loss_scale;
#if F16
    let word = statuses[slot].loss_scale;
    let scale = scale_of_losses(word);
#else
    let scale = 1.0;
#end
    let norm = sqrt(square_sum) / scale;
    let reading = control.reading * shape.wave + slot;
    let going = statuses[slot].stopped == 0u && is_finite(total);
    if (going && is_finite(norm)) {
        readings[reading] = vec2<u32>(bitcast<u32>(total), bitcast<u32>(norm));
        var factor = 1.0;
        if (control.clips != 0u) {
            factor = min(1.0, control.clip / (norm + 1.0e-6));
        }
        statuses[slot].factor = factor / scale;
        statuses[slot].taken += 1u;
#if F16
        statuses[slot].loss_scale = scale_after_update(word);
        return;
    }
    if (going && (word >> 16u) > 0u) {
        // The gradient overflowed: this update is left out, the scale falls by half.
        readings[reading] = vec2<u32>(bitcast<u32>(total), 0x7f800000u);
        statuses[slot].factor = 0.0;
        statuses[slot].taken += 1u;
        statuses[slot].loss_scale = ((word >> 16u) - 1u) << 16u;
#end
        return;
    }
    readings[reading] = vec2<u32>(0x7fc00000u, 0x7fc00000u);
    statuses[slot].stopped = 1u;
}
