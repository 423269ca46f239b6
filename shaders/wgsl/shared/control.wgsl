// What one slot does in this step: the numbers of the optimiser, made on the host in f64 and rounded once.
struct Control {
    // rate / correction1
    step_size: f32,
    // 1 - rate * weight_decay
    keep: f32,
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    // sqrt(correction2)
    root_correction2: f32,
    epsilon: f32,
    // The largest norm a gradient keeps; not read without `clips`.
    clip: f32,
    clips: u32,
    loss_scale: f32,
    // Where this step's reading goes.
    reading: u32,
}

// What becomes of a slot: written by `finish`, read by `adamw`.
struct Status {
    // Not zero once the loss or the gradient's norm was not finite: no update from there on.
    stopped: u32,
    // Updates taken since the slot was joined.
    taken: u32,
    // What the gradient is scaled by in this step; zero where it is left out.
    factor: f32,
    // In f16: the exponent of the losses' scale in the upper half, the steps since it changed in the lower.
    loss_scale: u32,
}

#if F16
// The scale as a number.
fn scale_of_losses(word: u32) -> f32 {
    return bitcast<f32>((127u + (word >> 16u)) << 23u);
}

// The scale after a step whose gradient was finite: it doubles after 2,000 of them, up to 2^24.
fn scale_after_update(word: u32) -> u32 {
    if ((word & 0xffffu) + 1u < 2000u) {
        return word + 1u;
    }
    return min((word >> 16u) + 1u, 24u) << 16u;
}
#end
