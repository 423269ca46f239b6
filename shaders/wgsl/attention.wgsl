// Causal attention within each sequence: qkv [R, (heads + 2 kv_heads) head_dim] holds queries, keys, values of each row;
// out[t, h] = sum over s <= t of softmax_s(q[t, h] . k[s, g] / sqrt(head_dim)) v[s, g], g = h / (heads / kv_heads): out [R, heads head_dim],
// log_sum[t, h] = log sum_s exp(score) [R, heads].
// attention_rotary: queries and keys are turned by their positions as they are read.
// An invocation is one query of one head; keys and values pass by four at a time, with the softmax carried along (Dao et al. 2022): scores never stand in
// memory. direct: every lane reads the same key at the same time; subgroup: each of eight lanes reads one of
// eight keys and hands it round; tiled: the workgroup reads a tile of keys and values into its own memory.

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
    // Of a row: qkv's and out's in lanes, log_sum's in numbers.
    stride: u32,
    out_stride: u32,
    log_sum_stride: u32,
    // Of a slot, likewise.
    qkv_slot: u32,
    out_slot: u32,
    log_sum_slot: u32,
    // 1 / sqrt(head_dim)
    scale: f32,
}

@group(0) @binding(2) var<storage, read_write> qkv: array<Lane>;
@group(0) @binding(3) var<storage, read_write> out: array<Lane>;
@group(0) @binding(4) var<storage, read_write> log_sum: array<f32>;
#if ROTARY
// Cosines, then sines, each [context, head_dim / 2].
@group(0) @binding(5) var<storage, read> angles: array<Lane>;
#end

// Less than any score.
const NOTHING: f32 = -3.0e38;

#if TILED
// Keys and values that queries pass by.
var<workgroup> first_tile: array<Lane, ${KEYS * LANES}>;
var<workgroup> second_tile: array<Lane, ${KEYS * LANES}>;
#end

fn run(block: u32, slot: u32, lane: u32) {
    if (block >= shape.blocks) {
        return;
    }
    #include query_of_lane
    #repeat d LANES
    var acc${d} = Lane(0.0);
    #end
    var largest = NOTHING;
    var sum = 0.0;
    // One beyond the last key that any query of this block sees.
    let end = min(query_block * ${WORKGROUP}u + ${WORKGROUP}u, shape.context);
    #include keys_that_pass
#if SUBGROUP
            #repeat j 8
            var dot${j} = Lane(0.0);
            #repeat d LANES
            dot${j} = fma(q${d}, subgroupBroadcast(key${d}, ${j}u), dot${j});
            #end
            #end
            let score_a = vec4<f32>(lane_sum(dot0), lane_sum(dot1), lane_sum(dot2), lane_sum(dot3));
            let score_b = vec4<f32>(lane_sum(dot4), lane_sum(dot5), lane_sum(dot6), lane_sum(dot7));
            let seen_a = vec4<u32>(s) + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(t);
            let seen_b = vec4<u32>(s) + vec4<u32>(4u, 5u, 6u, 7u) <= vec4<u32>(t);
            let masked_a = select(vec4<f32>(NOTHING), score_a, seen_a);
            let masked_b = select(vec4<f32>(NOTHING), score_b, seen_b);
            let masked = max(masked_a, masked_b);
            let before = largest;
            largest = max(largest, max(max(masked.x, masked.y), max(masked.z, masked.w)));
            let p_a = select(vec4<f32>(0.0), exp4(score_a - largest), seen_a);
            let p_b = select(vec4<f32>(0.0), exp4(score_b - largest), seen_b);
            let shrink = exp1(before - largest);
            let p = p_a + p_b;
            sum = sum * shrink + ((p.x + p.y) + (p.z + p.w));
            #repeat d LANES
            acc${d} = acc${d} * shrink;
            #repeat j 4
            acc${d} = fma(Lane(p_a[${j}]), subgroupBroadcast(value${d}, ${j}u), acc${d});
            #end
            #repeat j 4
            acc${d} = fma(Lane(p_b[${j}]), subgroupBroadcast(value${d}, ${j + 4}u), acc${d});
            #end
            #end
        }
#end
#if !SUBGROUP
            #repeat j 4
            #if TILED
            let at${j} = (s - tile + ${j}u) * ${LANES}u;
            #else
            let position${j} = min(s + ${j}u, last);
            let at${j} = position${j} * shape.stride;
            #end
            var dot${j} = Lane(0.0);
            #end
            #repeat d LANES
            #repeat j 4
            #if TILED
            dot${j} = fma(q${d}, first_tile[at${j} + ${d}u], dot${j});
            #else
            dot${j} = fma(q${d}, head_lane(from_keys + at${j}, position${j}, ${d}u), dot${j});
            #end
            #end
            #end
            let score = vec4<f32>(lane_sum(dot0), lane_sum(dot1), lane_sum(dot2), lane_sum(dot3));
            let seen = vec4<u32>(s) + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(t);
            let masked = select(vec4<f32>(NOTHING), score, seen);
            let before = largest;
            largest = max(largest, max(max(masked.x, masked.y), max(masked.z, masked.w)));
            let p = select(vec4<f32>(0.0), exp4(score - largest), seen);
            let shrink = exp1(before - largest);
            sum = sum * shrink + ((p.x + p.y) + (p.z + p.w));
            #repeat d LANES
            #if TILED
            acc${d} = fma(Lane(p.x), second_tile[at0 + ${d}u], acc${d} * shrink);
            acc${d} = fma(Lane(p.y), second_tile[at1 + ${d}u], acc${d});
            acc${d} = fma(Lane(p.z), second_tile[at2 + ${d}u], acc${d});
            acc${d} = fma(Lane(p.w), second_tile[at3 + ${d}u], acc${d});
            #else
            acc${d} = fma(Lane(p.x), qkv[from_values + at0 + ${d}u], acc${d} * shrink);
            acc${d} = fma(Lane(p.y), qkv[from_values + at1 + ${d}u], acc${d});
            acc${d} = fma(Lane(p.z), qkv[from_values + at2 + ${d}u], acc${d});
            acc${d} = fma(Lane(p.w), qkv[from_values + at3 + ${d}u], acc${d});
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
    let to = slot * shape.out_slot + row * shape.out_stride + head * ${LANES}u;
    #repeat d LANES
    out[to + ${d}u] = acc${d} / sum;
    #end
    log_sum[slot * shape.log_sum_slot + row * shape.log_sum_stride + head] = largest + log1(sum);
}
