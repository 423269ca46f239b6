// dx = scale * (gain * dout - x * scale^2 * mean(gain * dout * x)): x, dout and dx [R, C], gain [1, C], scale [R, 1].
// direct: an invocation a row; tiled: a workgroup a row. The gain's gradient is `rms_norm_grad_gain`.

struct Shape {
    rows: u32,
    // C, and in fours.
    columns: u32,
    columns4: u32,
    // Whether to add to what is there.
    accumulate: u32,
    // Of a slot; scale's in numbers, the others' in fours.
    x_slot: u32,
    gain_slot: u32,
    scale_slot: u32,
    dout_slot: u32,
    dx_slot: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> gain: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4<f32>>;

#if TILED
var<workgroup> sums: array<f32, ${WORKGROUP}>;
#end

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = workgroup_number(group, groups);
    let slot = slots[group.z];
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
    let at = row * shape.columns4;
    let start = slot * shape.x_slot + at;
    let from_dout = slot * shape.dout_slot + at;
    let from_gain = slot * shape.gain_slot;
    var products = vec4<f32>(0.0);
    for (var i = first; i < shape.columns4; i += step) {
        var product = gain[from_gain + i] * dout[from_dout + i];
        var a = x[start + i];
#if !WHOLE
        let there = vec4<u32>(i * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.columns);
        product = select(vec4<f32>(0.0), product, there);
        a = select(vec4<f32>(0.0), a, there);
#end
        products = fma(product, a, products);
    }
    var sum = (products.x + products.y) + (products.z + products.w);
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
    let s = scale[slot * shape.scale_slot + row];
    let pull = s * s * (sum / f32(shape.columns));
    let to = slot * shape.dx_slot + at;
    for (var i = first; i < shape.columns4; i += step) {
        var d = s * (gain[from_gain + i] * dout[from_dout + i] - x[start + i] * pull);
        if (shape.accumulate != 0u) {
            d = dx[to + i] + d;
        }
        dx[to + i] = d;
    }
}
