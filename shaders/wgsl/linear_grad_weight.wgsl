// dweight = x^T . dout, summed over the rows of the batch: x [R, I], dout [R, O], dweight [I, O].
// Per chunk of 512 rows one ascending chain of fma from zero; chunks are added in ascending order. The head's rows come in pieces of whole chunks:
// with `accumulate` the chunks are added to what is there.
// direct: an invocation 8 x 8 elements, nothing shared; subgroup: an invocation 16 x 4 elements, lanes read parts of x
// and hand them round; tiled: a workgroup 64 x 64 elements.

struct Shape {
    // R, the inner dimension.
    inner: u32,
    // I, and in fours (the stride of x's rows).
    rows: u32,
    rows4: u32,
    // O, and in fours (the stride of dout's and dweight's rows).
    columns: u32,
    columns4: u32,
    // Workgroups across the columns, and in all.
    column_blocks: u32,
    blocks: u32,
    // Whether to add to what is there.
    accumulate: u32,
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

// Stores four elements; what lies beyond the matrix's rows and columns is kept zero.
fn put(slot: u32, row: u32, column4: u32, value: vec4<f32>) {
    if (row >= shape.rows4 * 4u || column4 >= shape.columns4) {
        return;
    }
    let at = slot * shape.dweight_slot + row * shape.columns4 + column4;
    var v = value;
#if !WHOLE
    let there = vec4<u32>(column4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.columns);
    v = select(vec4<f32>(0.0), v, there & vec4<bool>(row < shape.rows));
#end
    dweight[at] = v;
}

// What the sum starts from.
fn before(slot: u32, row: u32, column4: u32) -> vec4<f32> {
    if (shape.accumulate == 0u) {
        return vec4<f32>(0.0);
    }
    return dweight[slot * shape.dweight_slot + min(row, shape.rows4 * 4u - 1u) * shape.columns4 + min(column4, shape.columns4 - 1u)];
}

#if SUBGROUP
@compute @workgroup_size(8)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = workgroup_number(group, groups);
    if (block >= shape.blocks) {
        return;
    }
    let slot = slots[group.z];
    let row4 = (block / shape.column_blocks) * 4u;
    let column = (block % shape.column_blocks) * 8u + lane;
    let last_column = shape.columns4 - 1u;
    let first_dout = slot * shape.dout_slot + shape.dout_begin + min(column, last_column);
    // A lane reads four of the sixteen columns of x that are rows here, in every second of four rows of the batch.
    let first_x = slot * shape.x_slot + min(row4 + lane % 4u, shape.rows4 - 1u);
    #repeat r 16
    var acc${r} = vec4<f32>(0.0);
    var sum${r} = before(slot, row4 * 4u + ${r}u, column);
    #end
    for (var chunk = 0u; chunk < shape.inner; chunk += 512u) {
        let end = min(chunk + 512u, shape.inner);
        #repeat r 16
        acc${r} = vec4<f32>(0.0);
        #end
        for (var i = chunk; i < end; i += 4u) {
            // Rows of the batch beyond the end count as zeros.
            #repeat h 2
            let own${h} = i + ${2 * h}u + lane / 4u;
            let read${h} = x[first_x + min(own${h}, end - 1u) * shape.rows4];
            let part${h} = select(vec4<f32>(0.0), read${h}, vec4<bool>(own${h} < end));
            #end
            #repeat h 2
            #repeat e 2
            let w${h}${e} = dout[first_dout + min(i + ${2 * h + e}u, end - 1u) * shape.columns4];
            #repeat q 4
            #repeat c 4
            acc${4 * q + c} = fma(vec4<f32>(subgroupBroadcast(part${h}[${c}], ${4 * e + q}u)), w${h}${e}, acc${4 * q + c});
            #end
            #end
            #end
            #end
        }
        #repeat r 16
        sum${r} += acc${r};
        #end
    }
    #repeat r 16
    put(slot, row4 * 4u + ${r}u, column, sum${r});
    #end
}
#end

#if !SUBGROUP
#if TILED
@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = workgroup_number(group, groups);
    if (block >= shape.blocks) {
        return;
    }
    let slot = slots[group.z];
    let first_row4 = (block / shape.column_blocks) * 16u;
    let first_column4 = (block % shape.column_blocks) * 16u;
    let x_base = slot * shape.x_slot;
    let dout_base = slot * shape.dout_slot + shape.dout_begin;
    let column4 = first_column4 + lane % 16u;
    let row = first_row4 * 4u + (lane / 16u) * 8u;
    #repeat r 8
    var acc${r} = vec4<f32>(0.0);
    var sum${r} = before(slot, row + ${r}u, column4);
    #end
    for (var tile = 0u; tile < shape.inner; tile += 16u) {
        let unit = lane % 64u;
        // Beyond the last row of the batch both tiles hold zeros.
        #repeat j 4
        let at${j} = unit + ${64 * j}u;
        let inner${j} = tile + at${j} / 16u;
        let there${j} = vec4<bool>(inner${j} < shape.inner);
        let clamped${j} = min(inner${j}, shape.inner - 1u);
        #end
        if (lane < 64u) {
            #repeat j 4
            let value${j} = x[x_base + clamped${j} * shape.rows4 + min(first_row4 + at${j} % 16u, shape.rows4 - 1u)];
            left[at${j}] = select(vec4<f32>(0.0), value${j}, there${j});
            #end
        } else {
            #repeat j 4
            let value${j} = dout[dout_base + clamped${j} * shape.columns4 + min(first_column4 + at${j} % 16u, shape.columns4 - 1u)];
            right[at${j}] = select(vec4<f32>(0.0), value${j}, there${j});
            #end
        }
        workgroupBarrier();
        #include tile_multiply
        workgroupBarrier();
        if (tile % 512u == 496u) {
            #repeat r 8
            sum${r} += acc${r};
            acc${r} = vec4<f32>(0.0);
            #end
        }
    }
    #repeat r 8
    put(slot, row + ${r}u, column4, sum${r} + acc${r});
    #end
}
#else
@compute @workgroup_size(8)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = workgroup_number(group, groups);
    if (block >= shape.blocks) {
        return;
    }
    let slot = slots[group.z];
    let row4 = (block / shape.column_blocks) * 2u;
    let column_a = (block % shape.column_blocks) * 16u + lane;
    let column_b = column_a + 8u;
    let last_column = shape.columns4 - 1u;
    let from_x = slot * shape.x_slot + row4;
    let from_y = slot * shape.x_slot + min(row4 + 1u, shape.rows4 - 1u);
    let from_a = slot * shape.dout_slot + shape.dout_begin + min(column_a, last_column);
    let from_b = slot * shape.dout_slot + shape.dout_begin + min(column_b, last_column);
    #repeat r 8
    var a${r} = vec4<f32>(0.0);
    var b${r} = vec4<f32>(0.0);
    var sum_a${r} = before(slot, row4 * 4u + ${r}u, column_a);
    var sum_b${r} = before(slot, row4 * 4u + ${r}u, column_b);
    #end
    for (var chunk = 0u; chunk < shape.inner; chunk += 512u) {
        let end = min(chunk + 512u, shape.inner);
        #repeat r 8
        a${r} = vec4<f32>(0.0);
        b${r} = vec4<f32>(0.0);
        #end
        for (var i = chunk; i < end; i++) {
            let above = x[from_x + i * shape.rows4];
            let below = x[from_y + i * shape.rows4];
            let wa = dout[from_a + i * shape.columns4];
            let wb = dout[from_b + i * shape.columns4];
            #repeat r 4
            a${r} = fma(vec4<f32>(above[${r}]), wa, a${r});
            b${r} = fma(vec4<f32>(above[${r}]), wb, b${r});
            #end
            #repeat r 4
            a${r + 4} = fma(vec4<f32>(below[${r}]), wa, a${r + 4});
            b${r + 4} = fma(vec4<f32>(below[${r}]), wb, b${r + 4});
            #end
        }
        #repeat r 8
        sum_a${r} += a${r};
        sum_b${r} += b${r};
        #end
    }
    #repeat r 8
    put(slot, row4 * 4u + ${r}u, column_a, sum_a${r});
    put(slot, row4 * 4u + ${r}u, column_b, sum_b${r});
    #end
}
#end
#end
