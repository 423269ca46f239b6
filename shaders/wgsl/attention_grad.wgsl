// The gradients of attention, shapes as in `attention`; dqkv is laid out as qkv. log_sum and out are attention's.
// attention_grad_query and, after it, attention_grad_key_value, each a dispatch; attention_grad: some workgroups make the one, the rest the other.
// …_rotary: queries and keys are turned by their positions as they are read, and their gradients turned back before they are stored.

struct Shape {
    context: u32,
    heads: u32,
    kv_heads: u32,
    // Query heads that share a key head.
    group: u32,
    // Where keys and values start in a row, in lanes.
    keys: u32,
    values: u32,
    // Blocks of queries and of keys in a sequence, and in all; of those that this kernel makes.
    query_blocks: u32,
    key_blocks: u32,
    all_query_blocks: u32,
    all_key_blocks: u32,
    // Of a row: qkv's, out's and dout's in lanes, log_sum's and delta's in numbers.
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

@group(0) @binding(2) var<storage, read_write> qkv: array<Lane>;
@group(0) @binding(3) var<storage, read_write> log_sum: array<f32>;
@group(0) @binding(4) var<storage, read_write> dout: array<Lane>;
@group(0) @binding(5) var<storage, read_write> dqkv: array<Lane>;
#if BESIDE
@group(0) @binding(6) var<storage, read_write> out: array<Lane>;
#if ROTARY
@group(0) @binding(7) var<storage, read> angles: array<Lane>;
#end
#else
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
#if QUERY
@group(0) @binding(7) var<storage, read_write> out: array<Lane>;
#if ROTARY
@group(0) @binding(8) var<storage, read> angles: array<Lane>;
#end
#else
#if ROTARY
@group(0) @binding(7) var<storage, read> angles: array<Lane>;
#end
#end
#end

#if TILED
// Keys and values that queries pass by, or queries and their gradients that keys pass by.
var<workgroup> first_tile: array<Lane, ${KEYS * LANES}>;
var<workgroup> second_tile: array<Lane, ${KEYS * LANES}>;
#if BESIDE
var<workgroup> pulls: array<f32, ${KEYS}>;
#end
#end

fn run(block: u32, slot: u32, lane: u32) {
#if BESIDE
    // Keys take more work than queries: they start first.
    if (block < shape.all_key_blocks) {
        grad_key_value(block, slot, lane);
    } else if (block - shape.all_key_blocks < shape.all_query_blocks) {
        grad_query(block - shape.all_key_blocks, slot, lane);
    }
#else
#if QUERY
    if (block < shape.all_query_blocks) {
        grad_query(block, slot, lane);
    }
#else
    if (block < shape.all_key_blocks) {
        grad_key_value(block, slot, lane);
    }
#end
#end
}
