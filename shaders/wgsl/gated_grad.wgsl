// dgate = dout * up * s * (1 + gate * (1 - s)), dup = dout * gate * s, with s = 1 / (1 + exp(-gate)):
// x = [gate | up] [R, 2C], dout [R, C], dx = [dgate | dup] [R, 2C].

struct Shape {
    rows: u32,
    // C, in lanes.
    columns: u32,
    // Of a row, in lanes.
    x_stride: u32,
    dout_stride: u32,
    // Of a slot, in lanes.
    x_slot: u32,
    dout_slot: u32,
    dx_slot: u32,
}

@group(0) @binding(2) var<storage, read_write> x: array<Lane>;
@group(0) @binding(3) var<storage, read_write> dout: array<Lane>;
@group(0) @binding(4) var<storage, read_write> dx: array<Lane>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * 64u + lane;
    if (at >= shape.rows * shape.columns) {
        return;
    }
    let row = at / shape.columns;
    let column = at - row * shape.columns;
    let offset = row * shape.x_stride + column;
    let start = slot * shape.x_slot + offset;
    let gate = x[start];
    let up = x[start + shape.columns];
    let d = dout[slot * shape.dout_slot + row * shape.dout_stride + column];
    let both = gated_grad_of(gate, up, d);
    let to = slot * shape.dx_slot + offset;
    dx[to] = both.gate;
    dx[to + shape.columns] = both.up;
}
