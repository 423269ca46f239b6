// dweight = x^T . dout, or dweight += with `accumulate_weight`, summed over the rows of the batch: x [R, I], dout [R, O], dweight [I, O].
// The product itself is `weight_gradient`.

struct Shape {
    #include weight_gradient_shape
}

@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dout: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dweight: array<vec4<f32>>;
