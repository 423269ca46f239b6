// dgain = sum over rows of dout * x * scale: x and dout [R, C], scale [R, 1], dgain [1, C]. Rows in chunks of 512, chunks in ascending order.
// direct: an invocation four columns; tiled: a workgroup 16 x four columns, each by 16 invocations that take every 16th row of a chunk.

struct Shape {
    rows: u32,
    // C, and in fours.
    columns: u32,
    columns4: u32,
    // Of a slot; scale's in numbers, the others' in fours.
    x_slot: u32,
    scale_slot: u32,
    dout_slot: u32,
    dgain_slot: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> scale: array<f32>;
@group(0) @binding(4) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> dgain: array<vec4<f32>>;

#if TILED
var<workgroup> sums: array<vec4<f32>, 256>;
const COLUMNS: u32 = 16u;
const STEP: u32 = 16u;
@compute @workgroup_size(256)
#else
const COLUMNS: u32 = 8u;
const STEP: u32 = 1u;
@compute @workgroup_size(8)
#end
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = workgroup_number(group, groups);
    let slot = slots[group.z];
    let column4 = number * COLUMNS + lane % COLUMNS;
    // Columns beyond the end are computed for the last one and not stored.
    let start = min(column4, shape.columns4 - 1u);
    var sum = vec4<f32>(0.0);
    for (var chunk = 0u; chunk < shape.rows; chunk += 512u) {
        let end = min(chunk + 512u, shape.rows);
        var part = vec4<f32>(0.0);
        for (var row = chunk + lane / COLUMNS; row < end; row += STEP) {
            let at = row * shape.columns4 + start;
            let s = scale[slot * shape.scale_slot + row];
            part = fma(dout[slot * shape.dout_slot + at], x[slot * shape.x_slot + at] * s, part);
        }
        sum += part;
    }
#if TILED
    sums[lane] = sum;
    workgroupBarrier();
    for (var width = 128u; width >= COLUMNS; width = width / 2u) {
        if (lane < width) {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    if (lane >= COLUMNS) {
        return;
    }
    sum = sums[lane];
#end
    if (column4 >= shape.columns4) {
        return;
    }
#if !WHOLE
    sum = select(vec4<f32>(0.0), sum, vec4<u32>(column4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.columns));
#end
    dgain[slot * shape.dgain_slot + column4] = sum;
}
