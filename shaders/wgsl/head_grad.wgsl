// The gradient of the head's input from the logits' gradient x [rows of a piece, V]: out = x . weight: weight [V, C], out [R, C]. The product itself is `product`.
// head_grad: the weight's gradient with it, dweight = x^T . dout, or dweight += with `accumulate_weight`: dout (the head's input) [R, C], by
// `weight_gradient`: some workgroups make the one, the rest the other.

struct Shape {
    // Rows of the piece, V and C.
    rows: u32,
    inner: u32,
    inner4: u32,
    columns4: u32,
    // Workgroups across the columns, and in all.
    column_blocks: u32,
    blocks: u32,
    // Of a slot, in fours, and where the piece's first row is.
    left_slot: u32,
    left_begin: u32,
    weight_slot: u32,
    out_slot: u32,
    out_begin: u32,
#if WEIGHT
    // Of dweight: rows of the piece, V and C, with workgroups likewise.
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
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;
#if WEIGHT
@group(0) @binding(5) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> dweight: array<vec4<f32>>;
#end

fn operand(at: u32) -> vec4<f32> {
    return x[at];
}

fn store(slot: u32, row: u32, column4: u32, value: vec4<f32>) {
    out[slot * shape.out_slot + shape.out_begin + row * shape.columns4 + column4] = value;
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
