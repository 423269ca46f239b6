    // A lane's query, of one head of one sequence: its number `t`, its row, and ${LANES} lanes of numbers, scaled; where the keys and values begin that it may look at.
    let query_block = block % shape.query_blocks;
    let head = (block / shape.query_blocks) % shape.heads;
    let sequence = block / (shape.query_blocks * shape.heads);
    let t = query_block * ${WORKGROUP}u + lane;
    let last = shape.context - 1u;
    // Lanes beyond the end compute the last query again and store nothing.
    let row = sequence * shape.context + min(t, last);
    let base = slot * shape.qkv_slot + sequence * shape.context * shape.stride;
    let from_keys = base + shape.keys + (head / shape.group) * ${LANES}u;
    let from_values = base + shape.values + (head / shape.group) * ${LANES}u;
    let start = slot * shape.qkv_slot + row * shape.stride + head * ${LANES}u;
    #if ROTARY
    #repeat d HALF
    let turned_q${d} = turned(qkv[start + ${d}u], qkv[start + ${d + HALF}u], min(t, last), ${d}u, 1.0);
    let q${d} = turned_q${d}.first * shape.scale;
    let q${d + HALF} = turned_q${d}.second * shape.scale;
    #end
    #else
    #repeat d LANES
    let q${d} = qkv[start + ${d}u] * shape.scale;
    #end
    #end
