//! Repetition: unique tokens × epochs × sizes.

use super::support::{Folder, Grid, Llama, MI, assert_grids, assert_lists, planned};

#[test]
fn repeated_text_over_unique_tokens_epochs_and_sizes() {
    // More text than the largest take: each take has the tokens that it asks for.
    let folder = Folder::default()
        .file("data/web.jsonl.zst", "")
        .scanned("web", 64 * MI as u64)
        .scanned("take(web, 1048576)", MI as u64)
        .scanned("take(web, 4194304)", 4 * MI as u64)
        .scanned("take(web, 16777216)", 16 * MI as u64);
    let plan = planned("04_repetition.synx", &folder);

    // 3 takes (1, 4, 16 Mi) × 6 numbers of epochs × 3 sizes.
    let per_size = (1 + 4 + 16) * (1 + 2 + 4 + 8 + 16 + 40) * MI;
    let sizes = [(64, 2), (128, 4), (256, 8)].map(|(width, depth)| Llama { width, depth, context: 256 });
    let flops: u128 = sizes.iter().map(|size| size.flops_per_token()).sum();
    assert_grids(
        &plan,
        &[Grid { name: "repeated", cells: 3 * 6 * 3, left_out: 0, tokens: 3 * per_size, flops: per_size * flops }],
    );
    assert_lists(&plan, &[("laws", 3), ("corpora", 4)]);

    // Every budget is a whole number of epochs of its own take.
    for cell in &plan.grids[0].cells {
        let epochs = plan.mixture(cell).epochs(cell.tokens, &plan.facts);
        assert!([1.0, 2.0, 4.0, 8.0, 16.0, 40.0].contains(&epochs[0].unwrap()), "{epochs:?}");
    }

    // The published law as the study writes it, with surplus parameters besides.
    let free: Vec<usize> = plan.laws.iter().map(|law| law.formula.free.len()).collect();
    assert_eq!(free, [6, 7, 5]);
}
