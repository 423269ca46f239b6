// scale[r] = 1 / sqrt(mean(x[r]^2) + epsilon), out[r] = x[r] * scale[r] * gain: x and out [R, C], gain [1, C], scale [R, 1].
// direct: an invocation a row; tiled: a workgroup a row.

struct Shape {
    rows: u32,
    // C, and in fours.
    columns: u32,
    columns4: u32,
    // Of a slot; scale's in numbers, the others' in fours.
    x_slot: u32,
    gain_slot: u32,
    out_slot: u32,
    scale_slot: u32,
    epsilon: f32,
}

@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> gain: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> scale: array<f32>;

// Four numbers of a row, zero beyond its end.
fn part(start: u32, column4: u32) -> vec4<f32> {
#if WHOLE
    return x[start + column4];
#else
    let there = vec4<u32>(column4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.columns);
    return select(vec4<f32>(0.0), x[start + column4], there);
#end
}

fn run(number: u32, slot: u32, lane: u32) {
#if TILED
    let row = number;
    let first = lane;
    let step = ${WORKGROUP}u;
#else
    let row = number * ${WORKGROUP}u + lane;
    let first = 0u;
    let step = 1u;
#end
    if (row >= shape.rows) {
        return;
    }
    let start = slot * shape.x_slot + row * shape.columns4;
    var squares = vec4<f32>(0.0);
    for (var i = first; i < shape.columns4; i += step) {
        let a = part(start, i);
        squares = fma(a, a, squares);
    }
    var sum = (squares.x + squares.y) + (squares.z + squares.w);
#if TILED
    sum = sum_of_lanes(lane, sum);
#end
    let s = 1.0 / sqrt(sum / f32(shape.columns) + shape.epsilon);
    if (first == 0u) {
        scale[slot * shape.scale_slot + row] = s;
    }
    let to = slot * shape.out_slot + row * shape.columns4;
    for (var i = first; i < shape.columns4; i += step) {
        out[to + i] = x[start + i] * s * gain[slot * shape.gain_slot + i];
    }
}
