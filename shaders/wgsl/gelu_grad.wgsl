// dx = dout * (0.5 (1 + tanh u) + 0.5 x (1 - tanh^2 u) u'), u' = sqrt(2/pi) (1 + 0.134145 x^2): all [R, C].

struct Shape {
    // Fours of numbers in a slot.
    count4: u32,
    x_slot: u32,
    dout_slot: u32,
    dx_slot: u32,
}

@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * 64u + lane;
    if (at >= shape.count4) {
        return;
    }
    dx[slot * shape.dx_slot + at] = dout[slot * shape.dout_slot + at] * gelu_slope_of(x[slot * shape.x_slot + at]);
}
