// dx = scale * (gain * dout - x * scale^2 * mean(gain * dout * x)), or dx += with `accumulate`, and dgain = sum over rows of dout * x * scale:
// x, dout and dx [R, C], gain and dgain [1, C], scale [R, 1]. dgain takes rows in chunks of 512, chunks in ascending order.
// Some workgroups make dgain, the rest dx. direct: an invocation four columns of dgain, or a row of dx; tiled: a workgroup 4 x four columns of dgain, each by 16
// invocations that take every 16th row of a chunk, four chunks at a time, or four rows of dx, each by 64 invocations.

struct Shape {
    rows: u32,
    // C, and in fours.
    columns: u32,
    columns4: u32,
    // Workgroups of dgain, and in all.
    gain_blocks: u32,
    blocks: u32,
    // Whether to add to what is there.
    accumulate: u32,
    // Of a slot; scale's in numbers, the others' in fours.
    x_slot: u32,
    gain_slot: u32,
    scale_slot: u32,
    dout_slot: u32,
    dx_slot: u32,
    dgain_slot: u32,
}

@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> gain: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> dgain: array<vec4<f32>>;

#if TILED
var<workgroup> column_sums: array<vec4<f32>, ${WORKGROUP}>;
const COLUMNS: u32 = 4u;
const STEP: u32 = 16u;
// Chunks that are summed at a time.
const CHUNKS: u32 = 4u;
// Invocations of a chunk.
const OF_CHUNK: u32 = COLUMNS * STEP;
// Invocations of a row of dx, and rows of a workgroup.
const ACROSS: u32 = ${SUMMED}u;
const DOWN: u32 = 4u;
#else
const COLUMNS: u32 = 8u;
const STEP: u32 = 1u;
const CHUNKS: u32 = 1u;
const ACROSS: u32 = 1u;
const DOWN: u32 = 8u;
#end

fn grad_gain(block: u32, slot: u32, lane: u32) {
    let column4 = block * COLUMNS + lane % COLUMNS;
    // Columns beyond the end are computed for the last one and not stored.
    let start = min(column4, shape.columns4 - 1u);
    var sum = vec4<f32>(0.0);
    for (var chunks = 0u; chunks < shape.rows; chunks += 512u * CHUNKS) {
#if TILED
        let chunk = chunks + 512u * (lane / OF_CHUNK);
#else
        let chunk = chunks;
#end
        let end = min(chunk + 512u, shape.rows);
        var part = vec4<f32>(0.0);
        for (var row = chunk + (lane / COLUMNS) % STEP; row < end; row += STEP) {
            let at = row * shape.columns4 + start;
            let s = scale[slot * shape.scale_slot + row];
            part = fma(dout[slot * shape.dout_slot + at], x[slot * shape.x_slot + at] * s, part);
        }
#if TILED
        // The invocations of the first chunk add the others' to theirs, one after another.
        column_sums[lane] = part;
        workgroupBarrier();
        for (var i = lane % OF_CHUNK; i < ${WORKGROUP}u && chunks + 512u * (i / OF_CHUNK) < shape.rows; i += OF_CHUNK) {
            sum += column_sums[i];
        }
        workgroupBarrier();
#else
        sum += part;
#end
    }
#if TILED
    column_sums[lane] = sum;
    workgroupBarrier();
    for (var width = OF_CHUNK / 2u; width >= COLUMNS; width = width / 2u) {
        if (lane < width) {
            column_sums[lane] += column_sums[lane + width];
        }
        workgroupBarrier();
    }
    if (lane >= COLUMNS) {
        return;
    }
    sum = column_sums[lane];
#end
    if (column4 >= shape.columns4) {
        return;
    }
#if !WHOLE
    sum = select(vec4<f32>(0.0), sum, vec4<u32>(column4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.columns));
#end
    dgain[slot * shape.dgain_slot + column4] = sum;
}

fn grad_input(block: u32, slot: u32, lane: u32) {
    // Rows beyond the end compute the last one again and store nothing.
    let number = block * DOWN + lane / ACROSS;
    let row = min(number, shape.rows - 1u);
    let first = lane % ACROSS;
    let at = row * shape.columns4;
    let start = slot * shape.x_slot + at;
    let from_dout = slot * shape.dout_slot + at;
    let from_gain = slot * shape.gain_slot;
    var products = vec4<f32>(0.0);
    for (var i = first; i < shape.columns4; i += ACROSS) {
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
    sum = sum_of_lanes(lane, sum);
#end
    if (number >= shape.rows) {
        return;
    }
    let s = scale[slot * shape.scale_slot + row];
    let pull = s * s * (sum / f32(shape.columns));
    let to = slot * shape.dx_slot + at;
    for (var i = first; i < shape.columns4; i += ACROSS) {
        var d = s * (gain[from_gain + i] * dout[from_dout + i] - x[start + i] * pull);
        if (shape.accumulate != 0u) {
            d = dx[to + i] + d;
        }
        dx[to + i] = d;
    }
}

fn run(block: u32, slot: u32, lane: u32) {
    // The gain's sums are the longer ones: they start first.
    if (block < shape.gain_blocks) {
        grad_gain(block, slot, lane);
    } else if (block < shape.blocks) {
        grad_input(block - shape.gain_blocks, slot, lane);
    }
}
