// dtable[v] = sum over r with token[r] = v of dout[r], rows in ascending order: dtable [V, C], dout [R, C].
// The host lists the rows of each token: order[starts[v]..starts[v + 1]], ascending. One invocation a token and four columns: nothing is added atomically.

struct Shape {
    rows: u32,
    vocabulary: u32,
    // C, and in fours.
    columns: u32,
    columns4: u32,
    // Whether to add to what is there.
    accumulate: u32,
    dout_slot: u32,
    dtable_slot: u32,
}

@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> dtable: array<vec4<f32>>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * ${WORKGROUP}u + lane;
    if (at >= shape.vocabulary * shape.columns4) {
        return;
    }
    let token = at / shape.columns4;
    let column4 = at - token * shape.columns4;
    let list = slot * (shape.vocabulary + 1u) + token;
    let end = starts[list + 1u];
    let to = slot * shape.dtable_slot + at;
    var sum = vec4<f32>(0.0);
    if (shape.accumulate != 0u) {
        sum = dtable[to];
    }
    for (var i = starts[list]; i < end; i++) {
        sum += dout[slot * shape.dout_slot + order[slot * shape.rows + i] * shape.columns4 + column4];
    }
#if !WHOLE
    sum = select(vec4<f32>(0.0), sum, vec4<u32>(column4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.columns));
#end
    dtable[to] = sum;
}
