// dx = dout . weight^T, or dx += with `accumulate`: dout [R, O], weight [I, O], dx [R, I]. The product itself is `product`.
// linear_grad…: dweight = x^T . dout with it, x [R, I], by `weight_gradient`: some workgroups make the one, the rest the other.
// …_gated: dx passes the gate [gate | up] [R, 2I] that made x, …_gelu: the gelu of `before_gate` [R, I] that did; dx is then the gradient before it, [R, 2I] or [R, I].

struct Shape {
    rows: u32,
    // O, and in fours (the stride of dout's and weight's rows).
    inner: u32,
    inner4: u32,
    // I in fours.
    columns4: u32,
    // Workgroups across the columns, and in all.
    column_blocks: u32,
    blocks: u32,
    // Whether to add to what is there.
    accumulate: u32,
    // Of a slot, in fours, and where the first row is.
    left_slot: u32,
    left_begin: u32,
    weight_slot: u32,
    dx_slot: u32,
#if WEIGHT
    // Of dweight: R, I and O, with workgroups likewise.
    tokens: u32,
    inputs: u32,
    inputs4: u32,
    outputs: u32,
    outputs4: u32,
    weight_column_blocks: u32,
    weight_blocks: u32,
    accumulate_weight: u32,
    x_slot: u32,
    dout_slot: u32,
    dout_begin: u32,
    dweight_slot: u32,
#end
#if ACTIVATED
    gate_slot: u32,
#end
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
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

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = workgroup_number(group, groups);
#if WEIGHT
    // The weight's sums are the longer ones: they start first.
    if (block < shape.weight_blocks) {
        weight_gradient(block, slots[group.z], lane);
    } else if (block - shape.weight_blocks < shape.blocks) {
        product(block - shape.weight_blocks, slots[group.z], lane);
    }
#else
    if (block >= shape.blocks) {
        return;
    }
    product(block, slots[group.z], lane);
#end
}
