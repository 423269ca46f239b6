// A 64 x 64 tile of a product by matrices of f16 that the lanes of a subgroup hold together, summed in f32: 32 of the inner dimension at a time. In which order a
// matrix adds is the adapter's.

// An operand by its rows or columns, [64][32 of the inner dimension], or by the inner dimension, [32][64]: as it lies in memory, with eight more a line,
// so that lines begin in different banks.
const BY_OUTER: u32 = 40u;
const BY_INNER: u32 = 72u;
var<workgroup> left: array<f16, 2560>;
var<workgroup> right: array<f16, 2560>;
// The sums as they are stored, [64][64].
var<workgroup> sums: array<f32, 4096>;

// Rounded by `factor` first: how a conversion rounds, and whether what overflows becomes infinite, is the driver's.
fn put_left(at: u32, value: vec4<f32>) {
    let rounded = vec4<f16>(factor(value));
    #repeat c 4
    left[at + ${c}u] = rounded[${c}];
    #end
}

fn put_right(at: u32, value: vec4<f32>) {
    let rounded = vec4<f16>(factor(value));
    #repeat c 4
    right[at + ${c}u] = rounded[${c}];
    #end
}

// Where this subgroup's matrices begin among the rows and columns of the tile.
fn first_matrix_row() -> u32 {
    return own_matrices / ${SUBGROUPS_ACROSS}u * ${MATRIX_ROWS * MATRIX}u;
}

fn first_matrix_column() -> u32 {
    return own_matrices % ${SUBGROUPS_ACROSS}u * ${MATRIX_COLUMNS * MATRIX}u;
}

// Four of the sums that are side by side.
fn four_sums(row: u32, column4: u32) -> vec4<f32> {
    let at = row * 64u + column4 * 4u;
    return vec4<f32>(sums[at], sums[at + 1u], sums[at + 2u], sums[at + 3u]);
}
