fn product(block: u32, slot: u32, lane: u32) {
    let first_row = (block / shape.column_blocks) * 64u;
    let number = block % shape.column_blocks;
    let left_base = slot * shape.left_slot + shape.left_begin;
    let weight_base = slot * shape.weight_slot;
    let last_row = shape.rows - 1u;
    #if NORM
    row_scales(left_base, first_row, lane);
    if (number == 0u && lane < 64u && first_row + lane < shape.rows) {
        put_scale(slot, first_row + lane, scales[lane]);
    }
    #end
    #include cooperative_sums
    for (var tile = 0u; tile < shape.inner4; tile += 8u) {
        // Beyond the end of the inner dimension both tiles hold zeros; rows and columns beyond the end are not stored.
        #repeat j 4
        let row${j} = (lane + ${128 * j}u) / 8u;
        let inner${j} = tile + lane % 8u;
        let at${j} = min(inner${j}, shape.inner4 - 1u);
        #if NORM
        let scale${j} = scales[row${j}];
        #else
        let scale${j} = 1.0;
        #end
        let part${j} = left_part(slot, scale${j}, left_base + min(first_row + row${j}, last_row) * shape.inner4 + at${j}, at${j});
        #if NORM
        if (number == 0u && inner${j} < shape.inner4 && first_row + row${j} < shape.rows) {
            put_normed(slot, first_row + row${j}, at${j}, part${j});
        }
        #end
        put_left(row${j} * BY_OUTER + lane % 8u * 4u, select(vec4<f32>(0.0), part${j}, vec4<bool>(inner${j} < shape.inner4)));
        #end
        #if TRANSPOSED
        #repeat j 4
        let column${j} = min(column_of(number, row${j} / 4u) * 4u + row${j} % 4u, shape.columns4 * 4u - 1u);
        let value${j} = weight[weight_base + column${j} * shape.inner4 + at${j}];
        put_right(row${j} * BY_OUTER + lane % 8u * 4u, select(vec4<f32>(0.0), value${j}, vec4<bool>(inner${j} < shape.inner4)));
        #end
        #else
        #repeat j 4
        let line${j} = (lane + ${128 * j}u) / 16u;
        let deep${j} = tile * 4u + line${j};
        let column${j} = min(column_of(number, lane % 16u), shape.columns4 - 1u);
        let value${j} = weight[weight_base + min(deep${j}, shape.inner4 * 4u - 1u) * shape.columns4 + column${j}];
        put_right(line${j} * BY_INNER + lane % 16u * 4u, select(vec4<f32>(0.0), value${j}, vec4<bool>(deep${j} < shape.inner4 * 4u)));
        #end
        #end
        workgroupBarrier();
        for (var k = 0u; k < 32u; k += ${MATRIX}u) {
            #repeat i MATRIX_ROWS
            let a${i} = coopLoadT<coop_mat${MATRIX}x${MATRIX}<f16, A>>(&left[(matrix_row + ${i * MATRIX}u) * BY_OUTER + k], BY_OUTER);
            #end
            #repeat j MATRIX_COLUMNS
            #if TRANSPOSED
            let b${j} = coopLoad<coop_mat${MATRIX}x${MATRIX}<f16, B>>(&right[(matrix_column + ${j * MATRIX}u) * BY_OUTER + k], BY_OUTER);
            #else
            let b${j} = coopLoadT<coop_mat${MATRIX}x${MATRIX}<f16, B>>(&right[k * BY_INNER + matrix_column + ${j * MATRIX}u], BY_INNER);
            #end
            #repeat i MATRIX_ROWS
            sum${i}_${j} = coopMultiplyAdd(a${i}, b${j}, sum${i}_${j});
            #end
            #end
        }
        workgroupBarrier();
    }
    #include cooperative_store
    let column = column_of(number, lane % 16u);
    let row_of_tile = (lane / 16u) * 8u;
    let row = first_row + row_of_tile;
    if (column < shape.columns4) {
        #repeat r 8
        if (row + ${r}u < shape.rows) {
            let value = four_sums(row_of_tile + ${r}u, lane % 16u);
            store(slot, row + ${r}u, column, value);
            #if GATED
            if (lane % 16u < 8u) {
                store_gated(slot, row + ${r}u, column, value, four_sums(row_of_tile + ${r}u, lane % 16u + 8u));
            }
            #end
        }
        #end
    }
}
