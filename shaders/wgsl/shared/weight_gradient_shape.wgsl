    // Of dweight [I, O]: R, I, and in fours (the stride of x's rows), O, and in fours (the stride of dout's and dweight's rows).
    tokens: u32,
    inputs: u32,
    inputs4: u32,
    outputs: u32,
    outputs4: u32,
    // Workgroups across the columns, and in all.
    weight_column_blocks: u32,
    weight_blocks: u32,
    // Whether to add to what is there.
    accumulate_weight: u32,
    // Of a slot, in fours, and where the first row is.
    x_slot: u32,
    dout_slot: u32,
    dout_begin: u32,
    dweight_slot: u32,
