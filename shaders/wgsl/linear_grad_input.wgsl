// dx = dout . weight^T, or dx += with `accumulate`: dout [R, O], weight [I, O], dx [R, I]. The head's logits are this product too.
// Per chunk of 512 of O one ascending chain of fma from zero; chunks are added in ascending order.
// direct: an invocation 8 rows x 8 columns, nothing shared; subgroup: an invocation 16 rows x 4 columns, each lane reads two
// of the rows and hands them round; tiled: a workgroup 64 rows x 64 columns.

struct Shape {
    rows: u32,
    // O, and in fours (the stride of dout's and weight's rows).
    inner: u32,
    inner4: u32,
    // I in fours (the stride of dx's rows).
    columns4: u32,
    // Workgroups across the columns, and in all.
    column_blocks: u32,
    blocks: u32,
    // Whether to add to what is there.
    accumulate: u32,
    // Of a slot, in fours, and where the first row is.
    dout_slot: u32,
    dout_begin: u32,
    weight_slot: u32,
    dx_slot: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;

// Four of the inner dimension of a row: zero beyond its end, where the weight's columns are zero too.
fn dout_part(at: u32, inner4: u32) -> vec4<f32> {
#if WHOLE
    return dout[at];
#else
    let there = vec4<u32>(inner4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.inner);
    return select(vec4<f32>(0.0), dout[at], there);
#end
}

fn put(at: u32, value: vec4<f32>) {
    if (shape.accumulate != 0u) {
        dx[at] = dx[at] + value;
    } else {
        dx[at] = value;
    }
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
    let row = (block / shape.column_blocks) * 16u;
    let column = (block % shape.column_blocks) * 8u + lane;
    let last_row = shape.rows - 1u;
    let last_column = shape.columns4 - 1u;
    // Of the weight's rows that are these columns, the first.
    let first_weight = slot * shape.weight_slot + min(column, last_column) * 4u * shape.inner4;
    // A lane reads two of the sixteen rows.
    let own_a = slot * shape.dout_slot + shape.dout_begin + min(row + lane, last_row) * shape.inner4;
    let own_b = slot * shape.dout_slot + shape.dout_begin + min(row + lane + 8u, last_row) * shape.inner4;
    #repeat r 16
    var acc${r} = vec4<f32>(0.0);
    #if CHUNKS
    var sum${r} = vec4<f32>(0.0);
    #end
    #end
    #if CHUNKS
    for (var chunk = 0u; chunk < shape.inner4; chunk += 128u) {
        let end = min(chunk + 128u, shape.inner4);
        #repeat r 16
        acc${r} = vec4<f32>(0.0);
        #end
    #else
        let chunk = 0u;
        let end = shape.inner4;
    #end
        for (var i = chunk; i < end; i++) {
            let part_a = dout_part(own_a + i, i);
            let part_b = dout_part(own_b + i, i);
            #repeat c 4
            let t${c} = weight[first_weight + ${c}u * shape.inner4 + i];
            #end
            #repeat j 4
            let w${j} = vec4<f32>(t0[${j}], t1[${j}], t2[${j}], t3[${j}]);
            #repeat r 8
            acc${r} = fma(vec4<f32>(subgroupBroadcast(part_a[${j}], ${r}u)), w${j}, acc${r});
            acc${r + 8} = fma(vec4<f32>(subgroupBroadcast(part_b[${j}], ${r}u)), w${j}, acc${r + 8});
            #end
            #end
        }
    #if CHUNKS
        #repeat r 16
        sum${r} += acc${r};
        #end
    }
    #repeat r 16
    acc${r} = sum${r};
    #end
    #end
    let to = slot * shape.dx_slot + row * shape.columns4 + column;
    #repeat r 16
    if (row + ${r}u < shape.rows && column <= last_column) {
        put(to + ${r}u * shape.columns4, acc${r});
    }
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
    let first_row = (block / shape.column_blocks) * 64u;
    let first_column4 = (block % shape.column_blocks) * 16u;
    let dout_base = slot * shape.dout_slot + shape.dout_begin;
    let weight_base = slot * shape.weight_slot;
    let last_row = shape.rows - 1u;
    let last_column = shape.columns4 * 4u - 1u;
    #repeat r 8
    var acc${r} = vec4<f32>(0.0);
    #if CHUNKS
    var sum${r} = vec4<f32>(0.0);
    #end
    #end
    for (var tile = 0u; tile < shape.inner4; tile += 4u) {
        let unit = lane % 64u;
        let inner4 = tile + unit % 4u;
        // Beyond the end of the inner dimension both tiles hold zeros; rows and columns beyond the end are not stored.
        let there = vec4<bool>(inner4 < shape.inner4);
        let at = min(inner4, shape.inner4 - 1u);
        let zero = vec4<f32>(0.0);
        if (lane < 64u) {
            let row = first_row + (unit / 4u) * 4u;
            #repeat j 4
            let row${j} = dout_part(dout_base + min(row + ${j}u, last_row) * shape.inner4 + at, at);
            #end
            put_left(unit % 4u, unit / 4u, select(zero, row0, there), select(zero, row1, there), select(zero, row2, there), select(zero, row3, there));
        } else {
            let column = (first_column4 + unit / 4u) * 4u;
            #repeat j 4
            let column${j} = weight[weight_base + min(column + ${j}u, last_column) * shape.inner4 + at];
            #end
            put_right(unit % 4u, unit / 4u, select(zero, column0, there), select(zero, column1, there), select(zero, column2, there), select(zero, column3, there));
        }
        workgroupBarrier();
        #include tile_multiply
        workgroupBarrier();
    #if CHUNKS
        if (tile % 128u == 124u) {
            #repeat r 8
            sum${r} += acc${r};
            acc${r} = vec4<f32>(0.0);
            #end
        }
    #end
    }
    let column4 = first_column4 + lane % 16u;
    let row = first_row + (lane / 16u) * 8u;
    let to = slot * shape.dx_slot + row * shape.columns4 + column4;
    if (column4 < shape.columns4) {
        #repeat r 8
        if (row + ${r}u < shape.rows) {
        #if CHUNKS
            put(to + ${r}u * shape.columns4, sum${r} + acc${r});
        #else
            put(to + ${r}u * shape.columns4, acc${r});
        #end
        }
        #end
    }
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
    let row = (block / shape.column_blocks) * 8u;
    let column_a = (block % shape.column_blocks) * 16u + lane;
    let column_b = column_a + 8u;
    let last_row = shape.rows - 1u;
    let last_column = shape.columns4 - 1u;
    // Of the weight's rows that are these columns, the first.
    let from_a = slot * shape.weight_slot + min(column_a, last_column) * 4u * shape.inner4;
    let from_b = slot * shape.weight_slot + min(column_b, last_column) * 4u * shape.inner4;
    #repeat r 8
    let dout${r} = slot * shape.dout_slot + shape.dout_begin + min(row + ${r}u, last_row) * shape.inner4;
    var a${r} = vec4<f32>(0.0);
    var b${r} = vec4<f32>(0.0);
    #if CHUNKS
    var sum_a${r} = vec4<f32>(0.0);
    var sum_b${r} = vec4<f32>(0.0);
    #end
    #end
    #if CHUNKS
    for (var chunk = 0u; chunk < shape.inner4; chunk += 128u) {
        let end = min(chunk + 128u, shape.inner4);
        #repeat r 8
        a${r} = vec4<f32>(0.0);
        b${r} = vec4<f32>(0.0);
        #end
    #else
        let chunk = 0u;
        let end = shape.inner4;
    #end
        for (var i = chunk; i < end; i++) {
            #repeat c 4
            let ta${c} = weight[from_a + ${c}u * shape.inner4 + i];
            let tb${c} = weight[from_b + ${c}u * shape.inner4 + i];
            #end
            #repeat j 4
            let wa${j} = vec4<f32>(ta0[${j}], ta1[${j}], ta2[${j}], ta3[${j}]);
            let wb${j} = vec4<f32>(tb0[${j}], tb1[${j}], tb2[${j}], tb3[${j}]);
            #end
            #repeat r 8
            let v${r} = dout_part(dout${r} + i, i);
            #repeat j 4
            a${r} = fma(vec4<f32>(v${r}[${j}]), wa${j}, a${r});
            b${r} = fma(vec4<f32>(v${r}[${j}]), wb${j}, b${r});
            #end
            #end
        }
    #if CHUNKS
        #repeat r 8
        sum_a${r} += a${r};
        sum_b${r} += b${r};
        #end
    }
    #repeat r 8
    a${r} = sum_a${r};
    b${r} = sum_b${r};
    #end
    #end
    let to = slot * shape.dx_slot + row * shape.columns4;
    #repeat r 8
    if (row + ${r}u < shape.rows) {
        if (column_a <= last_column) {
            put(to + ${r}u * shape.columns4 + column_a, a${r});
        }
        if (column_b <= last_column) {
            put(to + ${r}u * shape.columns4 + column_b, b${r});
        }
    }
    #end
}
#end
#end
