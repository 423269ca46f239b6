// dweight = x^T . dout, or dweight += with `accumulate_weight`, summed over the rows of the batch: x [R, I], dout [R, O], dweight [I, O].
// The product itself is `weight_gradient`.

struct Shape {
    // R.
    tokens: u32,
    // I, and in fours (the stride of x's rows).
    inputs: u32,
    inputs4: u32,
    // O, and in fours (the stride of dout's and dweight's rows).
    outputs: u32,
    outputs4: u32,
    // Workgroups across the columns, and in all.
    weight_column_blocks: u32,
    weight_blocks: u32,
    // Whether to add to what is there.
    accumulate_weight: u32,
    // Of a slot, in fours, and where the first row is.
    x_slot: u32,
    dout_slot: u32,
    dout_begin: u32,
    dweight_slot: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dweight: array<vec4<f32>>;

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = workgroup_number(group, groups);
    if (block >= shape.weight_blocks) {
        return;
    }
    weight_gradient(block, slots[group.z], lane);
}
