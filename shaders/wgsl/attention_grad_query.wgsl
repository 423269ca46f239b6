// The gradient of attention's queries, and what `attention_grad_key_value` needs of each query: with p = exp(score - log_sum) computed again,
// delta[t, h] = out[t, h] . dout[t, h] [R, heads], ds = p (dout . v - delta) / sqrt(head_dim), dq = ds k. Shapes as in `attention`; dqkv is laid out as qkv.
// An invocation is one query of one head.

struct Shape {
    sequences: u32,
    context: u32,
    heads: u32,
    // Query heads that share a key head.
    group: u32,
    // Where keys and values start in a row, in lanes.
    keys: u32,
    values: u32,
    // Blocks of queries in a sequence, and in all.
    query_blocks: u32,
    blocks: u32,
    // Of a row: qkv's and out's in lanes, log_sum's and delta's in numbers.
    stride: u32,
    out_stride: u32,
    log_sum_stride: u32,
    // Of a slot, likewise.
    qkv_slot: u32,
    out_slot: u32,
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
@group(0) @binding(3) var<storage, read_write> out: array<Lane>;
@group(0) @binding(4) var<storage, read_write> log_sum: array<f32>;
@group(0) @binding(5) var<storage, read_write> dout: array<Lane>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<Lane>;

#if TILED
var<workgroup> keys: array<Lane, ${KEYS * LANES}>;
var<workgroup> values: array<Lane, ${KEYS * LANES}>;
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
    let from_out = slot * shape.out_slot + row * shape.out_stride + head * ${LANES}u;
    let from_dout = slot * shape.dout_slot + row * shape.out_stride + head * ${LANES}u;
    var whole = Lane(0.0);
    #repeat d LANES
    let q${d} = qkv[start + ${d}u] * shape.scale;
    let do${d} = dout[from_dout + ${d}u];
    whole = fma(do${d}, out[from_out + ${d}u], whole);
    var dq${d} = Lane(0.0);
    #end
    let pull = lane_sum(whole);
    let log_whole = log_sum[slot * shape.log_sum_slot + row * shape.log_sum_stride + head];
    // One beyond the last key that any query of this block sees.
    let end = min(query_block * ${WORKGROUP}u + ${WORKGROUP}u, shape.context);
#if TILED
    for (var tile = 0u; tile < end; tile += ${KEYS}u) {
        for (var i = lane; i < ${KEYS * LANES}u; i += ${WORKGROUP}u) {
            let at = min(tile + i / ${LANES}u, last) * shape.stride + i % ${LANES}u;
            keys[i] = qkv[from_keys + at];
            values[i] = qkv[from_values + at];
        }
        workgroupBarrier();
        for (var s = tile; s < tile + ${KEYS}u; s += 4u) {
#else
#if SUBGROUP
        for (var s = 0u; s < end; s += 8u) {
            let own = min(s + lane, last) * shape.stride;
            #repeat d LANES
            let key${d} = qkv[from_keys + own + ${d}u];
            let value${d} = qkv[from_values + own + ${d}u];
            #end
            #repeat j 8
            var dot${j} = Lane(0.0);
            var dv${j} = Lane(0.0);
            #repeat d LANES
            dot${j} = fma(q${d}, subgroupBroadcast(key${d}, ${j}u), dot${j});
            dv${j} = fma(do${d}, subgroupBroadcast(value${d}, ${j}u), dv${j});
            #end
            #end
            let score_a = vec4<f32>(lane_sum(dot0), lane_sum(dot1), lane_sum(dot2), lane_sum(dot3));
            let score_b = vec4<f32>(lane_sum(dot4), lane_sum(dot5), lane_sum(dot6), lane_sum(dot7));
            let along_a = vec4<f32>(lane_sum(dv0), lane_sum(dv1), lane_sum(dv2), lane_sum(dv3));
            let along_b = vec4<f32>(lane_sum(dv4), lane_sum(dv5), lane_sum(dv6), lane_sum(dv7));
            let seen_a = vec4<u32>(s) + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(t);
            let seen_b = vec4<u32>(s) + vec4<u32>(4u, 5u, 6u, 7u) <= vec4<u32>(t);
            let ds_a = select(vec4<f32>(0.0), exp4(score_a - log_whole) * (along_a - pull) * shape.scale, seen_a);
            let ds_b = select(vec4<f32>(0.0), exp4(score_b - log_whole) * (along_b - pull) * shape.scale, seen_b);
            #repeat d LANES
            #repeat j 4
            dq${d} = fma(Lane(ds_a[${j}]), subgroupBroadcast(key${d}, ${j}u), dq${d});
            #end
            #repeat j 4
            dq${d} = fma(Lane(ds_b[${j}]), subgroupBroadcast(key${d}, ${j + 4}u), dq${d});
            #end
            #end
        }
#else
        for (var s = 0u; s < end; s += 4u) {
#end
#end
#if !SUBGROUP
            #repeat j 4
            #if TILED
            let at${j} = (s - tile + ${j}u) * ${LANES}u;
            #else
            let at${j} = min(s + ${j}u, last) * shape.stride;
            #end
            var dot${j} = Lane(0.0);
            var dv${j} = Lane(0.0);
            #end
            #repeat d LANES
            #repeat j 4
            #if TILED
            dot${j} = fma(q${d}, keys[at${j} + ${d}u], dot${j});
            dv${j} = fma(do${d}, values[at${j} + ${d}u], dv${j});
            #else
            dot${j} = fma(q${d}, qkv[from_keys + at${j} + ${d}u], dot${j});
            dv${j} = fma(do${d}, qkv[from_values + at${j} + ${d}u], dv${j});
            #end
            #end
            #end
            let score = vec4<f32>(lane_sum(dot0), lane_sum(dot1), lane_sum(dot2), lane_sum(dot3));
            let along = vec4<f32>(lane_sum(dv0), lane_sum(dv1), lane_sum(dv2), lane_sum(dv3));
            let seen = vec4<u32>(s) + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(t);
            let ds = select(vec4<f32>(0.0), exp4(score - log_whole) * (along - pull) * shape.scale, seen);
            #repeat d LANES
            #if TILED
            dq${d} = fma(Lane(ds.x), keys[at0 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.y), keys[at1 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.z), keys[at2 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.w), keys[at3 + ${d}u], dq${d});
            #else
            dq${d} = fma(Lane(ds.x), qkv[from_keys + at0 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.y), qkv[from_keys + at1 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.z), qkv[from_keys + at2 + ${d}u], dq${d});
            dq${d} = fma(Lane(ds.w), qkv[from_keys + at3 + ${d}u], dq${d});
            #end
            #end
        }
#end
#if TILED
        workgroupBarrier();
    }
#end
    if (t > last) {
        return;
    }
    let to = slot * shape.dqkv_slot + row * shape.stride + head * ${LANES}u;
    #repeat d LANES
    dqkv[to + ${d}u] = dq${d};
    #end
    delta[slot * shape.delta_slot + row * shape.heads + head] = pull;
}
