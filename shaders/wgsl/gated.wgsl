// out = silu(gate) * up where x = [gate | up]: x [R, 2C], out [R, C]; silu(g) = g / (1 + exp(-g)).

struct Shape {
    rows: u32,
    // C, in lanes.
    columns: u32,
    // Of a row, in lanes.
    x_stride: u32,
    out_stride: u32,
    // Of a slot, in lanes.
    x_slot: u32,
    out_slot: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<Lane>;
@group(0) @binding(3) var<storage, read_write> out: array<Lane>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = workgroup_number(group, groups) * 64u + lane;
    if (at >= shape.rows * shape.columns) {
        return;
    }
    let slot = slots[group.z];
    let row = at / shape.columns;
    let column = at - row * shape.columns;
    let start = slot * shape.x_slot + row * shape.x_stride + column;
    let gate = x[start];
    let up = x[start + shape.columns];
    out[slot * shape.out_slot + row * shape.out_stride + column] = gated_of(gate, up);
}
