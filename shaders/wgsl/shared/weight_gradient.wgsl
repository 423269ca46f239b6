#if WEIGHT
// One workgroup's part of dweight = x^T . dout, summed over the rows of the batch: x [R, I], dout [R, O], dweight [I, O].
// Per chunk of 512 rows one ascending chain of fma from zero (with COOPERATIVE what matrices make of it); chunks are added in ascending order. The head's rows come in pieces of whole chunks:
// with `accumulate_weight` the chunks are added to what is there.
// direct: an invocation 8 x 8 elements, nothing shared; subgroup: an invocation 16 x 4 elements, lanes read parts of x
// and hand them round; tiled: a workgroup ${4 * SIDE4} x ${4 * SIDE4} elements.
//
// The kernel gives x, dout and dweight. Of its shape: tokens (R), inputs (I) and inputs4, outputs (O) and outputs4, weight_column_blocks, accumulate_weight, x_slot,
// dout_slot, dout_begin, dweight_slot.

// Stores four elements; what lies beyond the matrix's rows and columns is kept zero.
fn put_weight(slot: u32, row: u32, column4: u32, value: vec4<f32>) {
    if (row >= shape.inputs4 * 4u || column4 >= shape.outputs4) {
        return;
    }
    let at = slot * shape.dweight_slot + row * shape.outputs4 + column4;
    var v = value;
#if !WHOLE_WEIGHT
    let there = vec4<u32>(column4 * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.outputs);
    v = select(vec4<f32>(0.0), v, there & vec4<bool>(row < shape.inputs));
#end
    dweight[at] = v;
}

// What the sum starts from: what is there, or nothing where it is not yet `begun`.
fn before(begun: bool, slot: u32, row: u32, column4: u32) -> vec4<f32> {
    if (!begun) {
        return vec4<f32>(0.0);
    }
    return dweight[slot * shape.dweight_slot + min(row, shape.inputs4 * 4u - 1u) * shape.outputs4 + min(column4, shape.outputs4 - 1u)];
}

#if SUBGROUP
fn weight_gradient(block: u32, slot: u32, lane: u32) {
    let row4 = (block / shape.weight_column_blocks) * 4u;
    let column = (block % shape.weight_column_blocks) * 8u + lane;
    let last_column = shape.outputs4 - 1u;
    let first_dout = slot * shape.dout_slot + shape.dout_begin + min(column, last_column);
    // A lane reads four of the sixteen columns of x that are rows here, in every second of four rows of the batch.
    let first_x = slot * shape.x_slot + min(row4 + lane % 4u, shape.inputs4 - 1u);
    #repeat r 16
    var acc${r} = vec4<f32>(0.0);
    var sum${r} = before(shape.accumulate_weight != 0u, slot, row4 * 4u + ${r}u, column);
    #end
    for (var chunk = 0u; chunk < shape.tokens; chunk += 512u) {
        let end = min(chunk + 512u, shape.tokens);
        #repeat r 16
        acc${r} = vec4<f32>(0.0);
        #end
        for (var i = chunk; i < end; i += 4u) {
            // Rows of the batch beyond the end count as zeros.
            #repeat h 2
            let own${h} = i + ${2 * h}u + lane / 4u;
            let read${h} = x[first_x + min(own${h}, end - 1u) * shape.inputs4];
            let part${h} = factor(select(vec4<f32>(0.0), read${h}, vec4<bool>(own${h} < end)));
            #end
            #repeat h 2
            #repeat e 2
            let w${h}${e} = factor(dout[first_dout + min(i + ${2 * h + e}u, end - 1u) * shape.outputs4]);
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
    put_weight(slot, row4 * 4u + ${r}u, column, sum${r});
    #end
}
#end

#if !SUBGROUP
#if COOPERATIVE
#include weight_gradient_cooperative
#else
#if TILED
// A part of the tiles that begin at the row `tile` of the batch: half of the invocations read x, the others dout. Beyond the last row they read it once more.
fn weight_parts_of(slot: u32, lane: u32, first_row4: u32, first_column4: u32, tile: u32) -> Parts {
    var next: Parts;
    let unit = lane % ${4 * SIDE4}u;
    #repeat j 4
    let row${j} = min(tile + (unit + ${4 * SIDE4 * j}u) / ${SIDE4}u, shape.tokens - 1u);
    #end
    if (lane < ${4 * SIDE4}u) {
        let first = slot * shape.x_slot + min(first_row4 + unit % ${SIDE4}u, shape.inputs4 - 1u);
        #repeat j 4
        next.part${j} = x[first + row${j} * shape.inputs4];
        #end
    } else {
        let first = slot * shape.dout_slot + shape.dout_begin + min(first_column4 + unit % ${SIDE4}u, shape.outputs4 - 1u);
        #repeat j 4
        next.part${j} = dout[first + row${j} * shape.outputs4];
        #end
    }
    return next;
}

fn weight_gradient(block: u32, slot: u32, lane: u32) {
    let first_row4 = (block / shape.weight_column_blocks) * ${SIDE4}u;
    let first_column4 = (block % shape.weight_column_blocks) * ${SIDE4}u;
    let row = first_row4 * 4u + (lane / 16u) * 8u;
    #repeat e EACH
    let column${e} = first_column4 + lane % 16u + ${16 * e}u;
    #repeat r 8
    var acc${e}_${r} = vec4<f32>(0.0);
    #end
    #end
    // Whether there is a sum already: chunks are added up where the gradient lies, so that they take no registers.
    var begun = shape.accumulate_weight != 0u;
    let unit = lane % ${4 * SIDE4}u;
    var next = weight_parts_of(slot, lane, first_row4, first_column4, 0u);
    for (var tile = 0u; tile < shape.tokens; tile += 16u) {
        // Beyond the last row of the batch both tiles hold zeros.
        #repeat j 4
        let k${j} = (unit + ${4 * SIDE4 * j}u) / ${SIDE4}u;
        let value${j} = factor(select(vec4<f32>(0.0), next.part${j}, vec4<bool>(tile + k${j} < shape.tokens)));
        #end
        if (lane < ${4 * SIDE4}u) {
            #repeat j 4
            left[k${j} * ${PITCH}u + unit % ${SIDE4}u] = value${j};
            #end
        } else {
            #repeat j 4
            right[k${j} * ${PITCH}u + unit % ${SIDE4}u] = value${j};
            #end
        }
        workgroupBarrier();
        if (tile + 16u < shape.tokens) {
            next = weight_parts_of(slot, lane, first_row4, first_column4, tile + 16u);
        }
        #include tile_multiply
        workgroupBarrier();
        if (tile % 512u == 496u || tile + 16u >= shape.tokens) {
            #repeat e EACH
            #repeat r 8
            put_weight(slot, row + ${r}u, column${e}, before(begun, slot, row + ${r}u, column${e}) + acc${e}_${r});
            acc${e}_${r} = vec4<f32>(0.0);
            #end
            #end
            begun = true;
        }
    }
}
#else
fn weight_gradient(block: u32, slot: u32, lane: u32) {
    let row4 = (block / shape.weight_column_blocks) * 2u;
    let column_a = (block % shape.weight_column_blocks) * 16u + lane;
    let column_b = column_a + 8u;
    let last_column = shape.outputs4 - 1u;
    let from_x = slot * shape.x_slot + row4;
    let from_y = slot * shape.x_slot + min(row4 + 1u, shape.inputs4 - 1u);
    let from_a = slot * shape.dout_slot + shape.dout_begin + min(column_a, last_column);
    let from_b = slot * shape.dout_slot + shape.dout_begin + min(column_b, last_column);
    #repeat r 8
    var a${r} = vec4<f32>(0.0);
    var b${r} = vec4<f32>(0.0);
    var sum_a${r} = before(shape.accumulate_weight != 0u, slot, row4 * 4u + ${r}u, column_a);
    var sum_b${r} = before(shape.accumulate_weight != 0u, slot, row4 * 4u + ${r}u, column_b);
    #end
    for (var chunk = 0u; chunk < shape.tokens; chunk += 512u) {
        let end = min(chunk + 512u, shape.tokens);
        #repeat r 8
        a${r} = vec4<f32>(0.0);
        b${r} = vec4<f32>(0.0);
        #end
        for (var i = chunk; i < end; i++) {
            let above = factor(x[from_x + i * shape.inputs4]);
            let below = factor(x[from_y + i * shape.inputs4]);
            let wa = factor(dout[from_a + i * shape.outputs4]);
            let wb = factor(dout[from_b + i * shape.outputs4]);
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
    put_weight(slot, row4 * 4u + ${r}u, column_a, sum_a${r});
    put_weight(slot, row4 * 4u + ${r}u, column_b, sum_b${r});
    #end
}
#end
#end
#end
#end
