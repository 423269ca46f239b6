// One workgroup's part of left . weight, or of left . weight^T with TRANSPOSED: left [R, I], weight [I, O] or [O, I], the product [R, O].
// Per chunk of 512 of I one ascending chain of fma from zero; chunks are added in ascending order.
// direct: an invocation 8 rows x 8 columns, nothing shared; subgroup: an invocation 16 rows x 4 columns, each lane reads two
// of the rows and hands them round; tiled: a workgroup ${4 * SIDE4} rows x ${4 * SIDE4} columns.
//
// The kernel gives `operand(at)`, four of the left operand, and `store(slot, row, column4, value)`, which takes what comes out; with NORM also gain, `put_normed`
// and `put_scale`, with GATED also `store_gated`. Of its shape: rows, inner (I) and inner4, columns4 (O), column_blocks, left_slot, left_begin, weight_slot.

#if GATED
// Fours of columns of a workgroup: one half gates, the other half what they let through, `hidden4` further on.
#if SUBGROUP
const HALF: u32 = 4u;
#else
const HALF: u32 = ${8 * EACH}u;
#end
#end

// The four of columns that is the j-th of a workgroup; `columns4` and more where there is none.
fn column_of(number: u32, j: u32) -> u32 {
#if GATED
    let column = number * HALF + j % HALF;
    return select(shape.columns4, column + (j / HALF) * shape.hidden4, column < shape.hidden4);
#else
#if SUBGROUP
    return number * 8u + j;
#else
    return number * ${SIDE4}u + j;
#end
#end
}

// Four of the inner dimension of a row: zero beyond its end, where the weight is zero too.
fn kept(part: vec4<f32>, inner4: u32) -> vec4<f32> {
#if WHOLE
    return part;
#else
    let there = vec4<u32>(inner4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.inner);
    return select(vec4<f32>(0.0), part, there);
#end
}

fn left_part(slot: u32, scale_of_row: f32, at: u32, inner4: u32) -> vec4<f32> {
#if NORM
    return kept(operand(at) * scale_of_row * gain[slot * shape.gain_slot + inner4], inner4);
#else
    return kept(operand(at), inner4);
#end
}

#if NORM
// What `rms_norm` makes of the sum of a row's squares.
fn scale_of(squares: f32) -> f32 {
    return 1.0 / sqrt(squares / f32(shape.inner) + shape.epsilon);
}

#if !TILED
// The scale of the row that starts at `begin`, as `rms_norm` has it.
fn row_scale(begin: u32) -> f32 {
    var squares = vec4<f32>(0.0);
    for (var i = 0u; i < shape.inner4; i++) {
        let a = kept(operand(begin + i), i);
        squares = fma(a, a, squares);
    }
    return scale_of((squares.x + squares.y) + (squares.z + squares.w));
}
#else
var<workgroup> scales: array<f32, ${4 * SIDE4}>;
#if !ROW_SHUFFLES
#if !COOPERATIVE
// Sums of squares of 16 threads a row.
var<workgroup> sums: array<f32, ${64 * SIDE4}>;
#end
#end

// The scales of ${4 * SIDE4} rows. `rms_norm` has a thread for every 64th four of a row and adds the threads' sums in halves; here a thread has four of those
// threads' sums, and every sum is added to the same others as there.
fn row_scales(base: u32, first_row: u32, lane: u32) {
    let own = lane % 16u;
    for (var round = 0u; round < 8u; round++) {
        let row = round * (${WORKGROUP}u / 16u) + lane / 16u;
        let begin = base + min(first_row + row, shape.rows - 1u) * shape.inner4;
        #repeat c 4
        var squares${c} = vec4<f32>(0.0);
        #end
        for (var i = own; i < shape.inner4; i += 64u) {
            #repeat c 4
            let at${c} = i + ${16 * c}u;
            if (at${c} < shape.inner4) {
                let a = kept(operand(begin + at${c}), at${c});
                squares${c} = fma(a, a, squares${c});
            }
            #end
        }
        #repeat c 4
        let sum${c} = (squares${c}.x + squares${c}.y) + (squares${c}.z + squares${c}.w);
        #end
    #if ROW_SHUFFLES
        var sum = (sum0 + sum2) + (sum1 + sum3);
        #repeat e 4
        sum += subgroupShuffleXor(sum, 8u >> ${e}u);
        #end
        if (own == 0u) {
            scales[row] = scale_of(sum);
        }
    #else
        sums[row * 16u + own] = (sum0 + sum2) + (sum1 + sum3);
    #end
    }
    workgroupBarrier();
#if !ROW_SHUFFLES
    if (lane < ${4 * SIDE4}u) {
        let begin = lane * 16u;
        #repeat l 8
        let a${l} = sums[begin + ${l}u] + sums[begin + ${l + 8}u];
        #end
        #repeat l 4
        let b${l} = a${l} + a${l + 4};
        #end
        scales[lane] = scale_of((b0 + b2) + (b1 + b3));
    }
    workgroupBarrier();
#end
}
#end
#end

#if SUBGROUP
fn product(block: u32, slot: u32, lane: u32) {
    let row = (block / shape.column_blocks) * 16u;
    let column = column_of(block % shape.column_blocks, lane);
    let last_row = shape.rows - 1u;
    let last_column = shape.columns4 - 1u;
    #if TRANSPOSED
    // Of the weight's rows that are these columns, the first.
    let first_weight = slot * shape.weight_slot + min(column, last_column) * 4u * shape.inner4;
    #else
    let first_weight = slot * shape.weight_slot + min(column, last_column);
    #end
    // A lane reads two of the sixteen rows.
    let row_a = min(row + lane, last_row);
    let row_b = min(row + lane + 8u, last_row);
    let own_a = slot * shape.left_slot + shape.left_begin + row_a * shape.inner4;
    let own_b = slot * shape.left_slot + shape.left_begin + row_b * shape.inner4;
    #if NORM
    let scale_a = row_scale(own_a);
    let scale_b = row_scale(own_b);
    // Of the workgroups of these rows one keeps what the rows are made into.
    let keeps_a = block % shape.column_blocks == 0u && row + lane < shape.rows;
    let keeps_b = block % shape.column_blocks == 0u && row + lane + 8u < shape.rows;
    if (keeps_a) {
        put_scale(slot, row_a, scale_a);
    }
    if (keeps_b) {
        put_scale(slot, row_b, scale_b);
    }
    #else
    let scale_a = 1.0;
    let scale_b = 1.0;
    #end
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
            let part_a = left_part(slot, scale_a, own_a + i, i);
            let part_b = left_part(slot, scale_b, own_b + i, i);
            #if NORM
            if (keeps_a) {
                put_normed(slot, row_a, i, part_a);
            }
            if (keeps_b) {
                put_normed(slot, row_b, i, part_b);
            }
            #end
            let factor_a = factor(part_a);
            let factor_b = factor(part_b);
            #if TRANSPOSED
            #repeat c 4
            let t${c} = factor(weight[first_weight + ${c}u * shape.inner4 + i]);
            #end
            #end
            #repeat j 4
            #if TRANSPOSED
            let w${j} = vec4<f32>(t0[${j}], t1[${j}], t2[${j}], t3[${j}]);
            #else
            let w${j} = factor(weight[first_weight + (i * 4u + ${j}u) * shape.columns4]);
            #end
            #repeat r 8
            acc${r} = fma(vec4<f32>(subgroupBroadcast(factor_a[${j}], ${r}u)), w${j}, acc${r});
            acc${r + 8} = fma(vec4<f32>(subgroupBroadcast(factor_b[${j}], ${r}u)), w${j}, acc${r + 8});
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
    #if GATED
    #repeat r 16
    let up${r} = subgroupShuffle(acc${r}, (lane + HALF) % 8u);
    #end
    #end
    #repeat r 16
    if (row + ${r}u < shape.rows && column <= last_column) {
        store(slot, row + ${r}u, column, acc${r});
        #if GATED
        if (lane < HALF) {
            store_gated(slot, row + ${r}u, column, acc${r}, up${r});
        }
        #end
    }
    #end
}
#end

#if !SUBGROUP
#if COOPERATIVE
#include product_cooperative
#else
#if TILED
// A part of the tiles that begin at the four `tile` of the inner dimension: half of the invocations read the left operand, the others the weight. Beyond the end
// they read the last once more.
fn parts_of(slot: u32, lane: u32, first_row: u32, number: u32, tile: u32) -> Parts {
    var next: Parts;
    let unit = lane % ${4 * SIDE4}u;
    let at = min(tile + unit % 4u, shape.inner4 - 1u);
    if (lane < ${4 * SIDE4}u) {
        let row = first_row + (unit / 4u) * 4u;
        let base = slot * shape.left_slot + shape.left_begin;
        #repeat j 4
        next.part${j} = operand(base + min(row + ${j}u, shape.rows - 1u) * shape.inner4 + at);
        #end
        #if NORM
        next.gain = gain[slot * shape.gain_slot + at];
        #end
    } else {
        let base = slot * shape.weight_slot;
        #if TRANSPOSED
        let column = column_of(number, unit / 4u) * 4u;
        #repeat j 4
        next.part${j} = weight[base + min(column + ${j}u, shape.columns4 * 4u - 1u) * shape.inner4 + at];
        #end
        #else
        #repeat j 4
        let column${j} = min(column_of(number, (unit + ${4 * SIDE4 * j}u) % ${SIDE4}u), shape.columns4 - 1u);
        let inner${j} = min(tile * 4u + (unit + ${4 * SIDE4 * j}u) / ${SIDE4}u, shape.inner4 * 4u - 1u);
        next.part${j} = weight[base + inner${j} * shape.columns4 + column${j}];
        #end
        #end
    }
    return next;
}

fn product(block: u32, slot: u32, lane: u32) {
    let first_row = (block / shape.column_blocks) * ${4 * SIDE4}u;
    let number = block % shape.column_blocks;
    #if NORM
    row_scales(slot * shape.left_slot + shape.left_begin, first_row, lane);
    if (number == 0u && lane < ${4 * SIDE4}u && first_row + lane < shape.rows) {
        put_scale(slot, first_row + lane, scales[lane]);
    }
    #end
    #repeat e EACH
    #repeat r 8
    var acc${e}_${r} = vec4<f32>(0.0);
    #if CHUNKS
    var sum${e}_${r} = vec4<f32>(0.0);
    #end
    #end
    #end
    let unit = lane % ${4 * SIDE4}u;
    let zero = vec4<f32>(0.0);
    var next = parts_of(slot, lane, first_row, number, 0u);
    for (var tile = 0u; tile < shape.inner4; tile += 4u) {
        // Beyond the end of the inner dimension both tiles hold zeros; rows and columns beyond the end are not stored.
        let inner4 = tile + unit % 4u;
        let there = vec4<bool>(inner4 < shape.inner4);
        if (lane < ${4 * SIDE4}u) {
            #repeat j 4
            #if NORM
            let row${j} = kept(next.part${j} * scales[(unit / 4u) * 4u + ${j}u] * next.gain, inner4);
            #else
            let row${j} = kept(next.part${j}, inner4);
            #end
            #end
            #if NORM
            if (number == 0u && inner4 < shape.inner4) {
                let row = first_row + (unit / 4u) * 4u;
                #repeat j 4
                if (row + ${j}u < shape.rows) {
                    put_normed(slot, row + ${j}u, inner4, row${j});
                }
                #end
            }
            #end
            put_left(unit % 4u, unit / 4u, select(zero, row0, there), select(zero, row1, there), select(zero, row2, there), select(zero, row3, there));
        } else {
            #if TRANSPOSED
            put_right(unit % 4u, unit / 4u, select(zero, next.part0, there), select(zero, next.part1, there), select(zero, next.part2, there), select(zero, next.part3, there));
            #else
            #repeat j 4
            let k${j} = (unit + ${4 * SIDE4 * j}u) / ${SIDE4}u;
            right[k${j} * ${PITCH}u + unit % ${SIDE4}u] = factor(select(zero, next.part${j}, vec4<bool>(tile * 4u + k${j} < shape.inner4 * 4u)));
            #end
            #end
        }
        workgroupBarrier();
        if (tile + 4u < shape.inner4) {
            next = parts_of(slot, lane, first_row, number, tile + 4u);
        }
        #include tile_multiply
        workgroupBarrier();
    #if CHUNKS
        if (tile % 128u == 124u) {
            #repeat e EACH
            #repeat r 8
            sum${e}_${r} += acc${e}_${r};
            acc${e}_${r} = vec4<f32>(0.0);
            #end
            #end
        }
    #end
    }
    #if CHUNKS
    #repeat e EACH
    #repeat r 8
    acc${e}_${r} = sum${e}_${r} + acc${e}_${r};
    #end
    #end
    #end
    let row = first_row + (lane / 16u) * 8u;
    #if GATED
    #if !TWO
    // The threads of the gates need what they let through: it goes by way of the two tiles, which nobody reads any more. In large tiles a thread has both.
    let place = (lane / 16u) * 32u + lane % 8u;
    if (lane % 16u >= 8u) {
        #repeat r 4
        left[place + ${8 * r}u] = acc0_${r};
        right[place + ${8 * r}u] = acc0_${r + 4};
        #end
    }
    workgroupBarrier();
    #end
    #end
    #repeat e EACH
    let column${e} = column_of(number, lane % 16u + ${16 * e}u);
    if (column${e} < shape.columns4) {
        #repeat r 8
        if (row + ${r}u < shape.rows) {
            store(slot, row + ${r}u, column${e}, acc${e}_${r});
        }
        #end
    }
    #end
    #if GATED
    #if TWO
    if (column0 < shape.columns4) {
        #repeat r 8
        if (row + ${r}u < shape.rows) {
            store_gated(slot, row + ${r}u, column0, acc0_${r}, acc1_${r});
        }
        #end
    }
    #else
    if (column0 < shape.columns4 && lane % 16u < 8u) {
        #repeat r 4
        if (row + ${r}u < shape.rows) {
            store_gated(slot, row + ${r}u, column0, acc0_${r}, left[place + ${8 * r}u]);
        }
        if (row + ${r + 4}u < shape.rows) {
            store_gated(slot, row + ${r + 4}u, column0, acc0_${r + 4}, right[place + ${8 * r}u]);
        }
        #end
    }
    #end
    #end
}
#else
fn product(block: u32, slot: u32, lane: u32) {
    let row = (block / shape.column_blocks) * 8u;
    let number = block % shape.column_blocks;
    let column_a = column_of(number, lane);
    let column_b = column_of(number, lane + 8u);
    let last_row = shape.rows - 1u;
    let last_column = shape.columns4 - 1u;
    #if TRANSPOSED
    // Of the weight's rows that are these columns, the first.
    let from_a = slot * shape.weight_slot + min(column_a, last_column) * 4u * shape.inner4;
    let from_b = slot * shape.weight_slot + min(column_b, last_column) * 4u * shape.inner4;
    #else
    let from_a = slot * shape.weight_slot + min(column_a, last_column);
    let from_b = slot * shape.weight_slot + min(column_b, last_column);
    #end
    #repeat r 8
    let left${r} = slot * shape.left_slot + shape.left_begin + min(row + ${r}u, last_row) * shape.inner4;
    #if NORM
    let scale${r} = row_scale(left${r});
    // Of the workgroups of these rows one keeps what the rows are made into, a lane a row.
    let keeps${r} = number == 0u && lane == ${r}u && row + ${r}u < shape.rows;
    if (keeps${r}) {
        put_scale(slot, row + ${r}u, scale${r});
    }
    #else
    let scale${r} = 1.0;
    #end
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
            #if TRANSPOSED
            #repeat c 4
            let ta${c} = factor(weight[from_a + ${c}u * shape.inner4 + i]);
            let tb${c} = factor(weight[from_b + ${c}u * shape.inner4 + i]);
            #end
            #repeat j 4
            let wa${j} = vec4<f32>(ta0[${j}], ta1[${j}], ta2[${j}], ta3[${j}]);
            let wb${j} = vec4<f32>(tb0[${j}], tb1[${j}], tb2[${j}], tb3[${j}]);
            #end
            #else
            let at = i * 4u * shape.columns4;
            #repeat j 4
            let wa${j} = factor(weight[from_a + at + ${j}u * shape.columns4]);
            let wb${j} = factor(weight[from_b + at + ${j}u * shape.columns4]);
            #end
            #end
            #repeat r 8
            let v${r} = left_part(slot, scale${r}, left${r} + i, i);
            #if NORM
            if (keeps${r}) {
                put_normed(slot, row + ${r}u, i, v${r});
            }
            #end
            let f${r} = factor(v${r});
            #repeat j 4
            a${r} = fma(vec4<f32>(f${r}[${j}]), wa${j}, a${r});
            b${r} = fma(vec4<f32>(f${r}[${j}]), wb${j}, b${r});
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
    #repeat r 8
    if (row + ${r}u < shape.rows) {
        if (column_a <= last_column) {
            store(slot, row + ${r}u, column_a, a${r});
            #if GATED
            store_gated(slot, row + ${r}u, column_a, a${r}, b${r});
            #end
        }
        if (column_b <= last_column) {
            store(slot, row + ${r}u, column_b, b${r});
        }
    }
    #end
}
#end
#end
#end
