#if COOPERATIVE
#include cooperative
#else
#if TILED
// A square tile of a product, ${4 * SIDE4} rows and columns, by ${WORKGROUP} invocations with 8 rows x ${4 * EACH} columns each, 16 of the inner dimension at a time.
// Each element is one ascending chain of fma over the inner dimension, as everywhere, so that tiles of either size give the same bits.
// An invocation reads its part of the next two tiles from memory before it multiplies the ones that are there.

// [16 of the inner dimension][${SIDE4}], four rows each. A line is one longer, so that what is turned as it is put in meets fewer banks twice.
var<workgroup> left: array<vec4<f32>, ${16 * PITCH}>;
// [16 of the inner dimension][${SIDE4}], four columns each.
var<workgroup> right: array<vec4<f32>, ${16 * PITCH}>;

// What an invocation has read of the next tile.
struct Parts {
    #repeat j 4
    part${j}: vec4<f32>,
    #end
#if NORM
    gain: vec4<f32>,
#end
}

// Puts four rows x four of the inner dimension into the left tile: `a` to `d` are the rows.
fn put_left(inner4: u32, row4: u32, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) {
    let at = inner4 * ${4 * PITCH}u + row4;
    #repeat j 4
    left[at + ${j * PITCH}u] = factor(vec4<f32>(a[${j}], b[${j}], c[${j}], d[${j}]));
    #end
}

// Puts four columns x four of the inner dimension into the right tile: `a` to `d` are the columns.
fn put_right(inner4: u32, column4: u32, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) {
    let at = inner4 * ${4 * PITCH}u + column4;
    #repeat j 4
    right[at + ${j * PITCH}u] = factor(vec4<f32>(a[${j}], b[${j}], c[${j}], d[${j}]));
    #end
}
#end
#end
