// The loop over keys and values up to `end`, with those that a round takes: tiled: four of a tile that the workgroup reads; subgroup: eight, one read by each lane;
// direct: four.
#if TILED
    for (var tile = 0u; tile < end; tile += ${KEYS}u) {
        for (var i = lane; i < ${KEYS * LANES}u; i += ${WORKGROUP}u) {
            let position = min(tile + i / ${LANES}u, last);
            let at = position * shape.stride;
            first_tile[i] = head_lane(from_keys + at, position, i % ${LANES}u);
            second_tile[i] = qkv[from_values + at + i % ${LANES}u];
        }
        workgroupBarrier();
        for (var s = tile; s < tile + ${KEYS}u; s += 4u) {
#else
#if SUBGROUP
        for (var s = 0u; s < end; s += 8u) {
            let own_at = min(s + lane, last);
            let own = own_at * shape.stride;
            #if ROTARY
            #repeat d HALF
            let pair${d} = turned(qkv[from_keys + own + ${d}u], qkv[from_keys + own + ${d + HALF}u], own_at, ${d}u, 1.0);
            let key${d} = pair${d}.first;
            let key${d + HALF} = pair${d}.second;
            #end
            #else
            #repeat d LANES
            let key${d} = qkv[from_keys + own + ${d}u];
            #end
            #end
            #repeat d LANES
            let value${d} = qkv[from_values + own + ${d}u];
            #end
#else
        for (var s = 0u; s < end; s += 4u) {
#end
#end
