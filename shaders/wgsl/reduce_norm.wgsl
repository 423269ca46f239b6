// The squares of a gradient, summed in blocks of 1,024 numbers: partial[slot, block]. `finish` adds the blocks and takes the root.
// A block lies within one parameter: the table has for each block the place of slot 0, the distance between slots and the length, in fours.
// direct: an invocation a block; tiled: a workgroup a block.

struct Shape {
    blocks: u32,
    // Blocks of a slot over all arenas, and where these come among them.
    partial_slot: u32,
    partial_begin: u32,
}

@group(0) @binding(2) var<storage, read> blocks: array<Block>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> partial_sums: array<f32>;

fn run(workgroup: u32, slot: u32, lane: u32) {
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
    sum = sum_of_lanes(lane, sum);
#end
    if (first == 0u) {
        partial_sums[slot * shape.partial_slot + shape.partial_begin + number] = sum;
    }
}
