// Rotary positions, in place: the first `heads` heads of each row of x [R, C] are turned by their position in the sequence, halves rotated:
// with a = x[h, i], b = x[h, i + head_dim / 2]: a cos - b sin, b cos + a sin. `turn` is 1, or -1 to turn back.

struct Shape {
    rows: u32,
    context: u32,
    heads: u32,
    // head_dim / 2, in lanes.
    half: u32,
    // Of a row and of a slot, in lanes.
    stride: u32,
    x_slot: u32,
    turn: f32,
}

// Cosines, then sines, each [context, half].
@group(0) @binding(2) var<storage, read> angles: array<Lane>;
@group(0) @binding(3) var<storage, read_write> x: array<Lane>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * 64u + lane;
    let turned = shape.heads * shape.half;
    if (at >= shape.rows * turned) {
        return;
    }
    let row = at / turned;
    let pair = at - row * turned;
    let head = pair / shape.half;
    let i = pair - head * shape.half;
    let angle = (row % shape.context) * shape.half + i;
    let cosine = angles[angle];
    let sine = angles[shape.context * shape.half + angle] * shape.turn;
    let first = slot * shape.x_slot + row * shape.stride + head * 2u * shape.half + i;
    let second = first + shape.half;
    let a = x[first];
    let b = x[second];
    x[first] = a * cosine - b * sine;
    x[second] = b * cosine + a * sine;
}
