// Independent chains of multiply-adds and nothing else: what a device computes at most.

struct Shape {
    rounds: u32,
    factor: f32,
    addend: f32,
}

@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

fn run(number: u32, slot: u32, lane: u32) {
    let at = number * ${WORKGROUP}u + lane;
    let factor = vec4<f32>(shape.factor);
    let addend = vec4<f32>(shape.addend);
    var a = vec4<f32>(f32(at) + f32(slot));
    var b = a + addend;
    var c = b + addend;
    var d = c + addend;
    for (var round = 0u; round < shape.rounds; round += 1u) {
        a = fma(a, factor, addend);
        b = fma(b, factor, addend);
        c = fma(c, factor, addend);
        d = fma(d, factor, addend);
    }
    // All of it is needed, so nothing is left out.
    out[at] = (a + b) + (c + d);
}
