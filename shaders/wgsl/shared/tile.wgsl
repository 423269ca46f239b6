#if TILED
// A 64 x 64 tile of a product by 128 threads, 8 rows x 4 columns each, 16 of the inner dimension at a time.
// Each element is one ascending chain of fma over the inner dimension, as everywhere.

// [16 of the inner dimension][16], four rows each.
var<workgroup> left: array<vec4<f32>, 256>;
// [16 of the inner dimension][16], four columns each.
var<workgroup> right: array<vec4<f32>, 256>;

// Puts four rows x four of the inner dimension into the left tile: `a` to `d` are the rows.
fn put_left(inner4: u32, row4: u32, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) {
    let at = inner4 * 64u + row4;
    left[at] = vec4<f32>(a.x, b.x, c.x, d.x);
    left[at + 16u] = vec4<f32>(a.y, b.y, c.y, d.y);
    left[at + 32u] = vec4<f32>(a.z, b.z, c.z, d.z);
    left[at + 48u] = vec4<f32>(a.w, b.w, c.w, d.w);
}

// Puts four columns x four of the inner dimension into the right tile: `a` to `d` are the columns.
fn put_right(inner4: u32, column4: u32, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) {
    let at = inner4 * 64u + column4;
    right[at] = vec4<f32>(a.x, b.x, c.x, d.x);
    right[at + 16u] = vec4<f32>(a.y, b.y, c.y, d.y);
    right[at + 32u] = vec4<f32>(a.z, b.z, c.z, d.z);
    right[at + 48u] = vec4<f32>(a.w, b.w, c.w, d.w);
}
#end
