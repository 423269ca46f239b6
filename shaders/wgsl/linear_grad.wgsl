// dx = dout . weight^T, or dx += with `accumulate`: dout [R, O], weight [I, O], dx [R, I]. The product itself is `product`.
// linear_grad…: dweight = x^T . dout with it, x [R, I], by `weight_gradient`: some workgroups make the one, the rest the other.
// …_gated: dx passes the gate [gate | up] [R, 2I] that made x, …_gelu: the gelu of `before_gate` [R, I] that did; dx is then the gradient before it, [R, 2I] or [R, I].

struct Shape {
    #include product_shape
    // Whether to add to what is there.
    accumulate: u32,
    dx_slot: u32,
#if WEIGHT
    #include weight_gradient_shape
#end
#if ACTIVATED
    gate_slot: u32,
#end
}

@group(0) @binding(2) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;
#if WEIGHT
@group(0) @binding(5) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> dweight: array<vec4<f32>>;
#if ACTIVATED
@group(0) @binding(7) var<storage, read_write> before_gate: array<vec4<f32>>;
#end
#else
#if ACTIVATED
@group(0) @binding(5) var<storage, read_write> before_gate: array<vec4<f32>>;
#end
#end

fn operand(at: u32) -> vec4<f32> {
    return dout[at];
}

fn store(slot: u32, row: u32, column4: u32, value: vec4<f32>) {
#if ACTIVATED
#if GATE
    let at = row * 2u * shape.columns4 + column4;
    let gate = before_gate[slot * shape.gate_slot + at];
    let up = before_gate[slot * shape.gate_slot + at + shape.columns4];
    let d = gated_grad_of(gate, up, value);
    dx[slot * shape.dx_slot + at] = d.gate;
    dx[slot * shape.dx_slot + at + shape.columns4] = d.up;
#else
    let at = row * shape.columns4 + column4;
    dx[slot * shape.dx_slot + at] = value * gelu_slope_of(before_gate[slot * shape.gate_slot + at]);
#end
#else
    let at = slot * shape.dx_slot + row * shape.columns4 + column4;
    if (shape.accumulate != 0u) {
        dx[at] = dx[at] + value;
    } else {
        dx[at] = value;
    }
#end
}
