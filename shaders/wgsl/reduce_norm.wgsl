// The squares of a gradient, summed in blocks of 1,024 numbers: partial[slot, block]. `finish` adds the blocks and takes the root.
// A block lies within one parameter: the table has for each block the place of slot 0, the distance between slots and the length, in fours.
// direct: an invocation a block; tiled: a workgroup a block.

struct Shape {
    blocks: u32,
    // Blocks of a slot over all arenas, and where these come among them.
    partial_slot: u32,
    partial_begin: u32,
}

struct Block {
    begin: u32,
    slot: u32,
    count: u32,
    decay: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read> blocks: array<Block>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> partial_sums: array<f32>;

#if TILED
var<workgroup> sums: array<f32, ${WORKGROUP}>;
#end

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let slot = slots[group.z];
    let workgroup = workgroup_number(group, groups);
#if TILED
    let number = workgroup;
    let first = lane;
    let step = ${WORKGROUP}u;
#else
    let number = workgroup * ${WORKGROUP}u + lane;
    let first = 0u;
    let step = 1u;
#end
    if (number >= shape.blocks) {
        return;
    }
    let block = blocks[number];
    let start = block.begin + slot * block.slot;
    var squares = vec4<f32>(0.0);
    for (var i = first; i < block.count; i += step) {
        let g = gradient[start + i];
        squares = fma(g, g, squares);
    }
    var sum = (squares.x + squares.y) + (squares.z + squares.w);
#if TILED
    sums[lane] = sum;
    workgroupBarrier();
    for (var width = ${WORKGROUP}u / 2u; width > 0u; width = width / 2u) {
        if (lane < width) {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    sum = sums[0];
#end
    if (first == 0u) {
        partial_sums[slot * shape.partial_slot + shape.partial_begin + number] = sum;
    }
}
