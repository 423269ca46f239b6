// The gradient of the head's input from the logits' gradient x [rows of a piece, V]: out = x . weight: weight [V, C], out [R, C]. The product itself is `product`.
// head_grad: the weight's gradient with it, dweight = x^T . dout, or dweight += with `accumulate_weight`: dout (the head's input) [R, C], by
// `weight_gradient`: some workgroups make the one, the rest the other.

struct Shape {
    #include product_shape
    out_slot: u32,
    out_begin: u32,
#if WEIGHT
    #include weight_gradient_shape
#end
}

@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;
#if WEIGHT
@group(0) @binding(5) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> dweight: array<vec4<f32>>;
#end

fn operand(at: u32) -> vec4<f32> {
    return x[at];
}

fn store(slot: u32, row: u32, column4: u32, value: vec4<f32>) {
    out[slot * shape.out_slot + shape.out_begin + row * shape.columns4 + column4] = value;
}
