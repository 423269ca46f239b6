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
    // What the gradient is scaled by in this step.
    factor: f32,
    padding: u32,
}
