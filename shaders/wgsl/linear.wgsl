// out = x . weight: x [R, I], weight [I, O], out [R, O].
// Per chunk of 512 of I one ascending chain of fma from zero; chunks are added in ascending order.
// direct: an invocation 8 rows x 8 columns, nothing shared; subgroup: an invocation 16 rows x 4 columns, each lane reads two
// of the rows and hands them round; tiled: a workgroup 64 rows x 64 columns.

struct Shape {
    rows: u32,
    // I, and in fours (the stride of x's rows).
    inner: u32,
    inner4: u32,
    // O in fours (the stride of weight's and out's rows).
    columns4: u32,
    // Workgroups across the columns, and in all.
    column_blocks: u32,
    blocks: u32,
    // Of a slot, in fours, and where the first row is.
    x_slot: u32,
    x_begin: u32,
    weight_slot: u32,
    out_slot: u32,
    out_begin: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

// Four of the inner dimension of a row: zero beyond its end, where the weight's rows are zero too.
fn x_part(at: u32, inner4: u32) -> vec4<f32> {
#if WHOLE
    return x[at];
#else
    let there = vec4<u32>(inner4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.inner);
    return select(vec4<f32>(0.0), x[at], there);
#end
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
    let first_weight = slot * shape.weight_slot + min(column, last_column);
    // A lane reads two of the sixteen rows.
    let own_a = slot * shape.x_slot + shape.x_begin + min(row + lane, last_row) * shape.inner4;
    let own_b = slot * shape.x_slot + shape.x_begin + min(row + lane + 8u, last_row) * shape.inner4;
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
            let part_a = x_part(own_a + i, i);
            let part_b = x_part(own_b + i, i);
            #repeat j 4
            let w${j} = weight[first_weight + (i * 4u + ${j}u) * shape.columns4];
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
    let to = slot * shape.out_slot + shape.out_begin + row * shape.columns4 + column;
    #repeat r 16
    if (row + ${r}u < shape.rows && column <= last_column) {
        out[to + ${r}u * shape.columns4] = acc${r};
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
    let x_base = slot * shape.x_slot + shape.x_begin;
    let weight_base = slot * shape.weight_slot;
    let last_row = shape.rows - 1u;
    #repeat r 8
    var acc${r} = vec4<f32>(0.0);
    #if CHUNKS
    var sum${r} = vec4<f32>(0.0);
    #end
    #end
    for (var tile = 0u; tile < shape.inner4; tile += 4u) {
        if (lane < 64u) {
            let inner4 = tile + lane % 4u;
            let row = first_row + (lane / 4u) * 4u;
            // Beyond the end of the inner dimension both tiles hold zeros; rows beyond the end are not stored.
            let there = vec4<bool>(inner4 < shape.inner4);
            let at = min(inner4, shape.inner4 - 1u);
            #repeat j 4
            let row${j} = x_part(x_base + min(row + ${j}u, last_row) * shape.inner4 + at, at);
            #end
            let zero = vec4<f32>(0.0);
            put_left(lane % 4u, lane / 4u, select(zero, row0, there), select(zero, row1, there), select(zero, row2, there), select(zero, row3, there));
        } else {
            #repeat j 4
            let at${j} = lane - 64u + ${64 * j}u;
            let inner${j} = tile * 4u + at${j} / 16u;
            let column${j} = min(first_column4 + at${j} % 16u, shape.columns4 - 1u);
            let value${j} = weight[weight_base + min(inner${j}, shape.inner4 * 4u - 1u) * shape.columns4 + column${j}];
            right[at${j}] = select(vec4<f32>(0.0), value${j}, vec4<bool>(inner${j} < shape.inner4 * 4u));
            #end
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
    let to = slot * shape.out_slot + shape.out_begin + row * shape.columns4 + column4;
    if (column4 < shape.columns4) {
        #repeat r 8
        if (row + ${r}u < shape.rows) {
        #if CHUNKS
            out[to + ${r}u * shape.columns4] = sum${r} + acc${r};
        #else
            out[to + ${r}u * shape.columns4] = acc${r};
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
    let from_a = slot * shape.weight_slot + min(column_a, last_column);
    let from_b = slot * shape.weight_slot + min(column_b, last_column);
    #repeat r 8
    let x${r} = slot * shape.x_slot + shape.x_begin + min(row + ${r}u, last_row) * shape.inner4;
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
            let at = i * 4u * shape.columns4;
            #repeat j 4
            let wa${j} = weight[from_a + at + ${j}u * shape.columns4];
            let wb${j} = weight[from_b + at + ${j}u * shape.columns4];
            #end
            #repeat r 8
            let v${r} = x_part(x${r} + i, i);
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
    let to = slot * shape.out_slot + shape.out_begin + row * shape.columns4;
    #repeat r 8
    if (row + ${r}u < shape.rows) {
        if (column_a <= last_column) {
            out[to + ${r}u * shape.columns4 + column_a] = a${r};
        }
        if (column_b <= last_column) {
            out[to + ${r}u * shape.columns4 + column_b] = b${r};
        }
    }
    #end
}
#end
#end
