// out = a + b, all [R, C].

struct Shape {
    // Fours of numbers in a slot.
    count4: u32,
    a_slot: u32,
    b_slot: u32,
    out_slot: u32,
}

@group(0) @binding(2) var<storage, read_write> a: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> b: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * 64u + lane;
    if (at >= shape.count4) {
        return;
    }
    out[slot * shape.out_slot + at] = a[slot * shape.a_slot + at] + b[slot * shape.b_slot + at];
}
