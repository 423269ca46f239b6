// AdamW (Loshchilov and Hutter 2019), in PyTorch's order, over every parameter of an arena: p *= 1 - rate * weight_decay where the parameter decays;
// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; p -= rate / correction1 * m / (sqrt(v) / sqrt(correction2) + epsilon), with the gradient clipped.
// A workgroup a block of at most 1,024 numbers; the table is `reduce_norm`'s. Slots that have stopped, or whose update is left out, stay as they are.

struct Shape {
    blocks: u32,
}

@group(0) @binding(2) var<storage, read> blocks: array<Block>;
@group(0) @binding(3) var<storage, read> controls: array<Control>;
@group(0) @binding(4) var<storage, read> statuses: array<Status>;
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> gradient: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> first_moment: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> second_moment: array<vec4<f32>>;

fn run(number: u32, slot: u32, lane: u32) {
    if (number >= shape.blocks || statuses[slot].stopped != 0u || statuses[slot].factor == 0.0) {
        return;
    }
    let block = blocks[number];
    let control = controls[slot];
    let factor = statuses[slot].factor;
    let start = block.begin + slot * block.slot;
    for (var i = lane; i < block.count; i += 64u) {
        let at = start + i;
        let g = gradient[at] * factor;
        let m = fma(vec4<f32>(control.beta1), first_moment[at], control.one_minus_beta1 * g);
        let v = fma(vec4<f32>(control.beta2), second_moment[at], (control.one_minus_beta2 * g) * g);
        first_moment[at] = m;
        second_moment[at] = v;
        var p = parameters[at];
        if (block.decay != 0u) {
            p = p * control.keep;
        }
        let denominator = sqrt(v) / control.root_correction2 + control.epsilon;
        parameters[at] = fma(vec4<f32>(-control.step_size), m / denominator, p);
    }
}
