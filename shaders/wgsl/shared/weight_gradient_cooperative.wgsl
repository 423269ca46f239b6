fn weight_gradient(block: u32, slot: u32, lane: u32) {
    let first_row4 = (block / shape.weight_column_blocks) * 16u;
    let first_column4 = (block % shape.weight_column_blocks) * 16u;
    let x_base = slot * shape.x_slot + min(first_row4 + lane % 16u, shape.inputs4 - 1u);
    let dout_base = slot * shape.dout_slot + shape.dout_begin + min(first_column4 + lane % 16u, shape.outputs4 - 1u);
    let row = first_row4 * 4u + (lane / 16u) * 8u;
    let column4 = first_column4 + lane % 16u;
    // Whether there is a sum already: chunks of 512 rows are added up where the gradient lies, so that they are the same in whatever pieces the head's rows come.
    var begun = shape.accumulate_weight != 0u;
    #include cooperative_sums
    for (var tile = 0u; tile < shape.tokens; tile += 32u) {
        // Beyond the last row of the batch both tiles hold zeros.
        #repeat j 4
        let line${j} = (lane + ${128 * j}u) / 16u;
        let there${j} = vec4<bool>(tile + line${j} < shape.tokens);
        let token${j} = min(tile + line${j}, shape.tokens - 1u);
        let at${j} = line${j} * BY_INNER + lane % 16u * 4u;
        put_left(at${j}, select(vec4<f32>(0.0), x[x_base + token${j} * shape.inputs4], there${j}));
        put_right(at${j}, select(vec4<f32>(0.0), dout[dout_base + token${j} * shape.outputs4], there${j}));
        #end
        workgroupBarrier();
        for (var k = 0u; k < 32u; k += ${MATRIX}u) {
            #repeat i MATRIX_ROWS
            let a${i} = coopLoad<coop_mat${MATRIX}x${MATRIX}<f16, A>>(&left[k * BY_INNER + matrix_row + ${i * MATRIX}u], BY_INNER);
            #end
            #repeat j MATRIX_COLUMNS
            let b${j} = coopLoadT<coop_mat${MATRIX}x${MATRIX}<f16, B>>(&right[k * BY_INNER + matrix_column + ${j * MATRIX}u], BY_INNER);
            #repeat i MATRIX_ROWS
            sum${i}_${j} = coopMultiplyAdd(a${i}, b${j}, sum${i}_${j});
            #end
            #end
        }
        workgroupBarrier();
        if (tile % 512u == 480u || tile + 32u >= shape.tokens) {
            #include cooperative_store
            #repeat r 8
            put_weight(slot, row + ${r}u, column4, before(begun, slot, row + ${r}u, column4) + four_sums((lane / 16u) * 8u + ${r}u, lane % 16u));
            #end
            begun = true;
            #repeat i MATRIX_ROWS
            #repeat j MATRIX_COLUMNS
            sum${i}_${j} = nothing;
            #end
            #end
        }
    }
}
