    #repeat i MATRIX_ROWS
    #repeat j MATRIX_COLUMNS
    coopStoreT(sum${i}_${j}, &sums[(matrix_row + ${i * MATRIX}u) * 64u + matrix_column + ${j * MATRIX}u], 64u);
    #end
    #end
    workgroupBarrier();
