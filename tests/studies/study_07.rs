//! Hybrid blocks, ranked small and carried to large.

use super::support::{Folder, Grid, MI, assert_grids, planned};

/// FLOPs per token of a block of attention: four square matrices, and (context + 1) / 2 earlier tokens on average, scores and values.
fn attention(width: u128) -> u128 {
    6 * 4 * width * width + 6 * width * (256 + 1)
}

/// Three matrices of 8/3 the width, up to a multiple of 32.
fn feed_forward(width: u128) -> u128 {
    6 * 3 * width * (width * 8).div_ceil(3).next_multiple_of(32)
}

/// With `attentions` of six blocks, each `times` over, and the head of 256 symbols.
fn hybrid(width: u128, attentions: u128, times: u128) -> u128 {
    times * (attentions * attention(width) + (6 - attentions) * feed_forward(width)) + 6 * width * 256
}

#[test]
fn orders_of_blocks() {
    let plan = planned("07_hybrid_blocks.synx", &Folder::default());
    // Of the 2^6 words all but the one without attention; 6 over k have k blocks of it.
    let narrow: u128 = [(1, 6), (2, 15), (3, 20), (4, 15), (5, 6), (6, 1)]
        .map(|(attentions, words)| words * hybrid(64, attentions, 1))
        .iter()
        .sum();
    // Which words are the best is settled by the narrow grid: the plan counts with the dearest and says from where to where.
    let wide = (1..=6).map(|attentions| hybrid(256, attentions, 4));
    let (least, most) = (wide.clone().min().unwrap(), wide.max().unwrap());
    assert_eq!((least, most), (hybrid(256, 6, 4), hybrid(256, 1, 4)));
    assert_grids(
        &plan,
        &[
            Grid { name: "narrow", cells: 63, left_out: 1, tokens: 63 * 8 * MI, flops: 8 * MI * narrow },
            Grid { name: "wide", cells: 8, left_out: 0, tokens: 8 * 64 * MI, flops: 8 * 64 * MI * most },
        ],
    );
    for cell in &plan.grids[1].cells {
        assert_eq!(plan.flops_range(cell), (64 * MI * least, 64 * MI * most));
        let models: Vec<usize> = cell
            .alternatives(&plan.choices)
            .into_iter()
            .map(|it| plan.models[it.model as usize].blocks.len())
            .collect();
        assert_eq!(models, [24; 63], "a model for every word that may be among the best");
    }
    assert_eq!(plan.grids[0].cell_name(&plan.grids[0].cells[0].values), "narrow[pattern=AAAAAA]");
    assert_eq!(plan.grids[0].cell_name(&plan.grids[0].cells[62].values), "narrow[pattern=MMMMMA]");
    assert_eq!(plan.not_carried_out(), []);
}
