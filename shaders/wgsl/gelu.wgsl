// out = 0.5 x (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3): x and out [R, C].

struct Shape {
    // Fours of numbers in a slot.
    count4: u32,
    x_slot: u32,
    out_slot: u32,
}

@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * 64u + lane;
    if (at >= shape.count4) {
        return;
    }
    out[slot * shape.out_slot + at] = gelu_of(x[slot * shape.x_slot + at]);
}
