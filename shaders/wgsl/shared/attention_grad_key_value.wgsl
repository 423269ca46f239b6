#if KEY_VALUE
// The gradients of attention's keys and values: with p = exp(score - log_sum) and ds = p (dout . v - delta) / sqrt(head_dim) computed again,
// dv = p^T dout, dk = ds^T q, summed over the query heads of the key's group. An invocation is one key of one key head; the queries that see it pass by in
// ascending order, head after head. delta is what `grad_query` kept, or with BESIDE computed again, in the same order.
fn grad_key_value(block: u32, slot: u32, lane: u32) {
    let key_block = block % shape.key_blocks;
    let key_head = (block / shape.key_blocks) % shape.kv_heads;
    let sequence = block / (shape.key_blocks * shape.kv_heads);
    let s = key_block * ${WORKGROUP}u + lane;
    let last = shape.context - 1u;
    // Lanes beyond the end compute the last key again and store nothing.
    let first_row = sequence * shape.context;
    let row = first_row + min(s, last);
    let start = slot * shape.qkv_slot + row * shape.stride + key_head * ${LANES}u;
    #if ROTARY
    #repeat d HALF
    let turned_k${d} = turned(qkv[start + shape.keys + ${d}u], qkv[start + shape.keys + ${d + HALF}u], min(s, last), ${d}u, 1.0);
    let k${d} = turned_k${d}.first * shape.scale;
    let k${d + HALF} = turned_k${d}.second * shape.scale;
    #end
    #else
    #repeat d LANES
    let k${d} = qkv[start + shape.keys + ${d}u] * shape.scale;
    #end
    #end
    #repeat d LANES
    let v${d} = qkv[start + shape.values + ${d}u];
    var dk${d} = Lane(0.0);
    var dv${d} = Lane(0.0);
    #end
    // The first query that any key of this block is seen by, at a multiple of four.
    let first = key_block * ${WORKGROUP}u;
    for (var head = key_head * shape.group; head < (key_head + 1u) * shape.group; head++) {
        let from_queries = slot * shape.qkv_slot + first_row * shape.stride + head * ${LANES}u;
        let from_dout = slot * shape.dout_slot + first_row * shape.out_stride + head * ${LANES}u;
        let from_log_sum = slot * shape.log_sum_slot + first_row * shape.log_sum_stride + head;
#if BESIDE
        let from_out = slot * shape.out_slot + first_row * shape.out_stride + head * ${LANES}u;
#else
        let from_delta = slot * shape.delta_slot + first_row * shape.heads + head;
#end
#if TILED
        for (var tile = first; tile < shape.context; tile += ${KEYS}u) {
            for (var i = lane; i < ${KEYS * LANES}u; i += ${WORKGROUP}u) {
                let at = min(tile + i / ${LANES}u, last);
                first_tile[i] = head_lane(from_queries + at * shape.stride, at, i % ${LANES}u);
                second_tile[i] = dout[from_dout + at * shape.out_stride + i % ${LANES}u];
            }
            workgroupBarrier();
    #if BESIDE
            if (lane < ${KEYS}u) {
                let at = min(tile + lane, last);
                var whole = Lane(0.0);
                #repeat d LANES
                whole = fma(second_tile[lane * ${LANES}u + ${d}u], out[from_out + at * shape.out_stride + ${d}u], whole);
                #end
                pulls[lane] = lane_sum(whole);
            }
            workgroupBarrier();
    #end
            for (var t = tile; t < tile + ${KEYS}u; t += 4u) {
#else
#if SUBGROUP
            for (var t = first; t < shape.context; t += 8u) {
                let own = min(t + lane, last);
                #if ROTARY
                #repeat d HALF
                let pair${d} = turned(qkv[from_queries + own * shape.stride + ${d}u], qkv[from_queries + own * shape.stride + ${d + HALF}u], own, ${d}u, 1.0);
                let query${d} = pair${d}.first;
                let query${d + HALF} = pair${d}.second;
                #end
                #else
                #repeat d LANES
                let query${d} = qkv[from_queries + own * shape.stride + ${d}u];
                #end
                #end
                #repeat d LANES
                let gradient${d} = dout[from_dout + own * shape.out_stride + ${d}u];
                #end
                let own_log_whole = log_sum[from_log_sum + own * shape.log_sum_stride];
                let own_pull = delta[from_delta + own * shape.heads];
                #repeat j 8
                var dot${j} = Lane(0.0);
                var dp${j} = Lane(0.0);
                #repeat d LANES
                dot${j} = fma(k${d}, subgroupBroadcast(query${d}, ${j}u), dot${j});
                dp${j} = fma(v${d}, subgroupBroadcast(gradient${d}, ${j}u), dp${j});
                #end
                let log_whole${j} = subgroupBroadcast(own_log_whole, ${j}u);
                let pull${j} = subgroupBroadcast(own_pull, ${j}u);
                let seen${j} = t + ${j}u >= s && t + ${j}u <= last;
                let p${j} = select(0.0, exp1(lane_sum(dot${j}) - log_whole${j}), seen${j});
                let ds${j} = select(0.0, p${j} * (lane_sum(dp${j}) - pull${j}) * shape.scale, seen${j});
                #repeat d LANES
                dv${d} = fma(Lane(p${j}), subgroupBroadcast(gradient${d}, ${j}u), dv${d});
                dk${d} = fma(Lane(ds${j}), subgroupBroadcast(query${d}, ${j}u), dk${d});
                #end
                #end
            }
#else
            for (var t = first; t < shape.context; t += 4u) {
#end
#end
#if !SUBGROUP
                #repeat j 4
                let t${j} = min(t + ${j}u, last);
                #if TILED
                let at${j} = (t - tile + ${j}u) * ${LANES}u;
                #else
                let q_at${j} = from_queries + t${j} * shape.stride;
                let do_at${j} = from_dout + t${j} * shape.out_stride;
                #end
                var dot${j} = Lane(0.0);
                var dp${j} = Lane(0.0);
                #end
                #repeat d LANES
                #repeat j 4
                #if TILED
                dot${j} = fma(k${d}, first_tile[at${j} + ${d}u], dot${j});
                dp${j} = fma(v${d}, second_tile[at${j} + ${d}u], dp${j});
                #else
                dot${j} = fma(k${d}, head_lane(q_at${j}, t${j}, ${d}u), dot${j});
                dp${j} = fma(v${d}, dout[do_at${j} + ${d}u], dp${j});
                #end
                #end
                #end
                let score = vec4<f32>(lane_sum(dot0), lane_sum(dot1), lane_sum(dot2), lane_sum(dot3));
                let along = vec4<f32>(lane_sum(dp0), lane_sum(dp1), lane_sum(dp2), lane_sum(dp3));
                #repeat j 4
                let ls${j} = log_sum[from_log_sum + t${j} * shape.log_sum_stride];
                #if BESIDE
                let pull${j} = pulls[t - tile + ${j}u];
                #else
                let pull${j} = delta[from_delta + t${j} * shape.heads];
                #end
                #end
                let log_whole = vec4<f32>(ls0, ls1, ls2, ls3);
                let pull = vec4<f32>(pull0, pull1, pull2, pull3);
                let at = vec4<u32>(t) + vec4<u32>(0u, 1u, 2u, 3u);
                let seen = (at >= vec4<u32>(s)) & (at <= vec4<u32>(last));
                let p = select(vec4<f32>(0.0), exp4(score - log_whole), seen);
                let ds = select(vec4<f32>(0.0), p * (along - pull) * shape.scale, seen);
                #repeat d LANES
                #repeat j 4
                #if TILED
                dv${d} = fma(Lane(p[${j}]), second_tile[at${j} + ${d}u], dv${d});
                dk${d} = fma(Lane(ds[${j}]), first_tile[at${j} + ${d}u], dk${d});
                #else
                dv${d} = fma(Lane(p[${j}]), dout[do_at${j} + ${d}u], dv${d});
                dk${d} = fma(Lane(ds[${j}]), head_lane(q_at${j}, t${j}, ${d}u), dk${d});
                #end
                #end
                #end
            }
#end
#if TILED
            workgroupBarrier();
        }
#end
    }
    if (s > last) {
        return;
    }
    let to = slot * shape.dqkv_slot + row * shape.stride + key_head * ${LANES}u;
    #if ROTARY
    #repeat d HALF
    let back${d} = turned(dk${d}, dk${d + HALF}, s, ${d}u, -1.0);
    dqkv[to + shape.keys + ${d}u] = back${d}.first;
    dqkv[to + shape.keys + ${d + HALF}u] = back${d}.second;
    #end
    #else
    #repeat d LANES
    dqkv[to + shape.keys + ${d}u] = dk${d};
    #end
    #end
    #repeat d LANES
    dqkv[to + shape.values + ${d}u] = dv${d};
    #end
}
#end
