// out = x . weight: x [R, I], weight [I, O], out [R, O]; or x . weight^T: weight [O, I]. The product itself is `product`.
// What stands around a product can be done with it, each as its own kernel does it and with the same bits:
// norm_…: x passes a norm first; its rows and their scales are kept, by the workgroups of the first columns.
// …_add: what comes out is added to `residual` [R, O].
// …_gated: of [gate | up] also silu(gate) * up is kept; …_gelu: of what comes out also its gelu.

struct Shape {
    #include product_shape
    out_slot: u32,
#if ADD
    residual_slot: u32,
#end
#if NORM
    gain_slot: u32,
    normed_slot: u32,
    // In numbers.
    scale_slot: u32,
    epsilon: f32,
#end
#if ACTIVATED
    // Columns of what is activated, in fours.
    hidden4: u32,
    activated_slot: u32,
#end
}

@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;
#if ADD
@group(0) @binding(5) var<storage, read_write> residual: array<vec4<f32>>;
#end
#if NORM
@group(0) @binding(5) var<storage, read> gain: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> normed: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> scale: array<f32>;
#end
#if ACTIVATED
@group(0) @binding(8) var<storage, read_write> activated: array<vec4<f32>>;
#end

fn operand(at: u32) -> vec4<f32> {
    return x[at];
}

#if NORM
fn put_normed(slot: u32, row: u32, inner4: u32, part: vec4<f32>) {
    normed[slot * shape.normed_slot + shape.left_begin + row * shape.inner4 + inner4] = part;
}

fn put_scale(slot: u32, row: u32, value: f32) {
    scale[slot * shape.scale_slot + shape.left_begin / shape.inner4 + row] = value;
}
#end

fn store(slot: u32, row: u32, column4: u32, value: vec4<f32>) {
    let at = row * shape.columns4 + column4;
#if ADD
    out[slot * shape.out_slot + at] = residual[slot * shape.residual_slot + at] + value;
#else
    out[slot * shape.out_slot + at] = value;
#end
#if ACTIVATED
#if !GATED
    activated[slot * shape.activated_slot + at] = gelu_of(value);
#end
#end
}

#if GATED
fn store_gated(slot: u32, row: u32, column4: u32, gate: vec4<f32>, up: vec4<f32>) {
    activated[slot * shape.activated_slot + row * shape.hidden4 + column4] = gated_of(gate, up);
}
#end
