// The gradients of attention's keys and values: with p = exp(score - log_sum) and ds = p (dout . v - delta) / sqrt(head_dim) computed again,
// dv = p^T dout, dk = ds^T q, summed over the query heads of the key's group. Shapes as in `attention_grad_query`, which runs before.
// An invocation is one key of one key head; the queries that see it pass by in ascending order, head after head.

struct Shape {
    sequences: u32,
    context: u32,
    heads: u32,
    kv_heads: u32,
    // Query heads that share a key head.
    group: u32,
    // Where keys and values start in a row, in lanes.
    keys: u32,
    values: u32,
    // Blocks of keys in a sequence, and in all.
    key_blocks: u32,
    blocks: u32,
    // Of a row: qkv's and dout's in lanes, log_sum's in numbers.
    stride: u32,
    dout_stride: u32,
    log_sum_stride: u32,
    // Of a slot, likewise.
    qkv_slot: u32,
    dout_slot: u32,
    log_sum_slot: u32,
    delta_slot: u32,
    dqkv_slot: u32,
    // 1 / sqrt(head_dim)
    scale: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> qkv: array<Lane>;
@group(0) @binding(3) var<storage, read_write> log_sum: array<f32>;
@group(0) @binding(4) var<storage, read_write> dout: array<Lane>;
@group(0) @binding(5) var<storage, read_write> delta: array<f32>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<Lane>;

#if TILED
var<workgroup> queries: array<Lane, ${KEYS * LANES}>;
var<workgroup> gradients: array<Lane, ${KEYS * LANES}>;
#end

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = workgroup_number(group, groups);
    if (block >= shape.blocks) {
        return;
    }
    let slot = slots[group.z];
    let key_block = block % shape.key_blocks;
    let key_head = (block / shape.key_blocks) % shape.kv_heads;
    let sequence = block / (shape.key_blocks * shape.kv_heads);
    let s = key_block * ${WORKGROUP}u + lane;
    let last = shape.context - 1u;
    // Lanes beyond the end compute the last key again and store nothing.
    let first_row = sequence * shape.context;
    let row = first_row + min(s, last);
    let start = slot * shape.qkv_slot + row * shape.stride + key_head * ${LANES}u;
    #repeat d LANES
    let k${d} = qkv[start + shape.keys + ${d}u] * shape.scale;
    let v${d} = qkv[start + shape.values + ${d}u];
    var dk${d} = Lane(0.0);
    var dv${d} = Lane(0.0);
    #end
    // The first query that any key of this block is seen by, at a multiple of four.
    let first = key_block * ${WORKGROUP}u;
    for (var head = key_head * shape.group; head < (key_head + 1u) * shape.group; head++) {
        let from_queries = slot * shape.qkv_slot + first_row * shape.stride + head * ${LANES}u;
        let from_dout = slot * shape.dout_slot + first_row * shape.dout_stride + head * ${LANES}u;
        let from_log_sum = slot * shape.log_sum_slot + first_row * shape.log_sum_stride + head;
        let from_delta = slot * shape.delta_slot + first_row * shape.heads + head;
#if TILED
        for (var tile = first; tile < shape.context; tile += ${KEYS}u) {
            for (var i = lane; i < ${KEYS * LANES}u; i += ${WORKGROUP}u) {
                let at = min(tile + i / ${LANES}u, last);
                queries[i] = qkv[from_queries + at * shape.stride + i % ${LANES}u];
                gradients[i] = dout[from_dout + at * shape.dout_stride + i % ${LANES}u];
            }
            workgroupBarrier();
            for (var t = tile; t < tile + ${KEYS}u; t += 4u) {
#else
#if SUBGROUP
            for (var t = first; t < shape.context; t += 8u) {
                let own = min(t + lane, last);
                #repeat d LANES
                let query${d} = qkv[from_queries + own * shape.stride + ${d}u];
                let gradient${d} = dout[from_dout + own * shape.dout_stride + ${d}u];
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
                let do_at${j} = from_dout + t${j} * shape.dout_stride;
                #end
                var dot${j} = Lane(0.0);
                var dp${j} = Lane(0.0);
                #end
                #repeat d LANES
                #repeat j 4
                #if TILED
                dot${j} = fma(k${d}, queries[at${j} + ${d}u], dot${j});
                dp${j} = fma(v${d}, gradients[at${j} + ${d}u], dp${j});
                #else
                dot${j} = fma(k${d}, qkv[q_at${j} + ${d}u], dot${j});
                dp${j} = fma(v${d}, dout[do_at${j} + ${d}u], dp${j});
                #end
                #end
                #end
                let score = vec4<f32>(lane_sum(dot0), lane_sum(dot1), lane_sum(dot2), lane_sum(dot3));
                let along = vec4<f32>(lane_sum(dp0), lane_sum(dp1), lane_sum(dp2), lane_sum(dp3));
                #repeat j 4
                let ls${j} = log_sum[from_log_sum + t${j} * shape.log_sum_stride];
                let pull${j} = delta[from_delta + t${j} * shape.heads];
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
                dv${d} = fma(Lane(p[${j}]), gradients[at${j} + ${d}u], dv${d});
                dk${d} = fma(Lane(ds[${j}]), queries[at${j} + ${d}u], dk${d});
                #else
                dv${d} = fma(Lane(p[${j}]), dout[do_at${j} + ${d}u], dv${d});
                dk${d} = fma(Lane(ds[${j}]), qkv[q_at${j} + ${d}u], dk${d});
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
    #repeat d LANES
    dqkv[to + shape.keys + ${d}u] = dk${d};
    dqkv[to + shape.values + ${d}u] = dv${d};
    #end
}
