// out[r] = table[token[r]]: table [V, C], out [R, C].

struct Shape {
    rows: u32,
    columns4: u32,
    table_slot: u32,
    out_slot: u32,
}

@group(0) @binding(2) var<storage, read> tokens: array<u32>;
@group(0) @binding(3) var<storage, read> table: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * 64u + lane;
    if (at >= shape.rows * shape.columns4) {
        return;
    }
    let row = at / shape.columns4;
    let token = tokens[slot * shape.rows + row];
    out[slot * shape.out_slot + at] = table[slot * shape.table_slot + token * shape.columns4 + (at - row * shape.columns4)];
}
