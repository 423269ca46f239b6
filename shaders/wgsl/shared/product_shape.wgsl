    // Of the product [R, O] from the left operand [R, I]: R, I, and in fours (the stride of the left operand's rows), O in fours (the stride of the product's rows).
    rows: u32,
    inner: u32,
    inner4: u32,
    columns4: u32,
    // Workgroups across the columns, and in all.
    column_blocks: u32,
    blocks: u32,
    // Of a slot, in fours, and where the first row is.
    left_slot: u32,
    left_begin: u32,
    weight_slot: u32,
