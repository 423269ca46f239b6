//! Synthetic data in pre-training: the tour of the language, with the generators' grid.

use super::support::{Folder, Grid, Llama, MI, assert_grids, assert_lists, planned};

const CONTEXT: u128 = 256;

fn llama(width: u128, depth: u128) -> Llama {
    Llama { width, depth, context: CONTEXT }
}

#[test]
fn a_third_of_rephrased_text() {
    let folder = Folder::default()
        .file("data/reviews.jsonl.zst", "")
        .file("data/wikitext.txt.gz", "")
        .file("data/topics.txt", "");
    let plan = planned("01_synthetic_data.synx", &folder);

    // 3 sources × 4 shares × 7 budgets (1, 2, … 64 Mi) × 3 replicates. Twice the parameters of llama(128, 4)
    // lie between one and two Mi: budgets of 1 Mi are left out.
    let model = llama(128, 4);
    assert!((MI..2 * MI).contains(&(2 * model.params())));
    let data_tokens = 3 * 4 * 3 * (2 + 4 + 8 + 16 + 32 + 64) * MI;

    // 3 sources × 4 shares × 4 sizes × 3 rates × 3 budgets (4, 16, 64 Mi).
    let sizes = [llama(64, 2), llama(96, 3), llama(128, 4), llama(192, 6)];
    let per_size = 3 * 4 * 3 * (4 + 16 + 64) * MI;
    let flops: u128 = sizes.iter().map(|size| size.flops_per_token()).sum();

    // 3 generators × 3 budgets × 5 replicates.
    let generator_tokens = 3 * 5 * (4 + 16 + 64) * MI;
    assert_grids(
        &plan,
        &[
            Grid {
                name: "data_arm",
                cells: 3 * 4 * 6 * 3,
                left_out: 3 * 4 * 3,
                tokens: data_tokens,
                flops: data_tokens * model.flops_per_token(),
            },
            Grid {
                name: "model_arm",
                cells: 3 * 4 * 4 * 3 * 3,
                left_out: 0,
                tokens: 4 * per_size,
                flops: per_size * flops,
            },
            Grid {
                name: "generators",
                cells: 3 * 3 * 5,
                left_out: 0,
                tokens: generator_tokens,
                flops: generator_tokens * model.flops_per_token(),
            },
        ],
    );
    assert_lists(&plan, &[("laws", 2), ("claims", 4), ("figures", 1)]);
}
