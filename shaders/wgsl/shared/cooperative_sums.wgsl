    var nothing: coop_mat${MATRIX}x${MATRIX}<f32, C>;
    #repeat i MATRIX_ROWS
    #repeat j MATRIX_COLUMNS
    var sum${i}_${j}: coop_mat${MATRIX}x${MATRIX}<f32, C>;
    #end
    #end
    let matrix_row = first_matrix_row();
    let matrix_column = first_matrix_column();
