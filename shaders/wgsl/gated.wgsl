// out = silu(gate) * up where x = [gate | up]: x [R, 2C], out [R, C]; silu(g) = g / (1 + exp(-g)).

struct Shape {
    rows: u32,
    // C, in lanes.
    columns: u32,
    // Of a row, in lanes.
    x_stride: u32,
    out_stride: u32,
    // Of a slot, in lanes.
    x_slot: u32,
    out_slot: u32,
}

@group(0) @binding(2) var<storage, read_write> x: array<Lane>;
@group(0) @binding(3) var<storage, read_write> out: array<Lane>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * 64u + lane;
    if (at >= shape.rows * shape.columns) {
        return;
    }
    let row = at / shape.columns;
    let column = at - row * shape.columns;
    let start = slot * shape.x_slot + row * shape.x_stride + column;
    let gate = x[start];
    let up = x[start + shape.columns];
    out[slot * shape.out_slot + row * shape.out_stride + column] = gated_of(gate, up);
}
