// The workgroups of a kernel of products: some make the weight's gradient, which has the longer sums and starts first, the rest the other product.
fn run(block: u32, slot: u32, lane: u32) {
#if WEIGHT
    if (block < shape.weight_blocks) {
        weight_gradient(block, slot, lane);
    }
#end
#if PRODUCT
#if WEIGHT
    else if (block - shape.weight_blocks < shape.blocks) {
        product(block - shape.weight_blocks, slot, lane);
    }
#else
    if (block < shape.blocks) {
        product(block, slot, lane);
    }
#end
#end
}
