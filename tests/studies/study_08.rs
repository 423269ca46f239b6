//! Pruning: a model scores the documents, others train on the best part of them.

use synx_plan::corpus::{Content, Measure, Order};

use super::support::{Folder, Grid, Llama, MI, assert_grids, planned};

const TOKENS: u64 = 100_000_000;

#[test]
fn the_best_of_a_corpus() {
    let folder = Folder::default().file("data/web.jsonl.zst", "").scanned("web", TOKENS);
    let plan = planned("08_pruning.synx", &folder);
    let (small, large) = (Llama { width: 64, depth: 2, context: 256 }, Llama { width: 128, depth: 4, context: 256 });
    // Five parts in three orders. All of it is all of it in any order: one mixture, three cells.
    let (reference, pruned) = ((2 + 8) * MI, 5 * 3 * 32 * MI);
    assert_grids(
        &plan,
        &[
            Grid {
                name: "reference",
                cells: 2,
                left_out: 0,
                tokens: reference,
                flops: reference * small.flops_per_token(),
            },
            Grid { name: "pruned", cells: 15, left_out: 0, tokens: pruned, flops: pruned * large.flops_per_token() },
        ],
    );
    let pruned: std::collections::BTreeSet<u32> = plan.grids[1].cells.iter().map(|cell| cell.mixture).collect();
    assert_eq!(pruned.len(), 4 * 3 + 1);
    // The model that scores is the second cell of the reference.
    let scored = plan.corpora.iter().find(|corpus| corpus.name == "scored").unwrap();
    let Content::Score { by: Measure::Perplexity(cell), .. } = scored.content else { panic!("{scored:?}") };
    assert_eq!((cell.grid, cell.cell), (0, 1));
    // What is kept follows from the scan: no cell goes through its text more than four times (32 Mi of a fifth of 100 M).
    for (corpus, facts) in plan.corpora.iter().zip(&plan.facts) {
        if let Content::Keep { top, by, .. } = &corpus.content {
            let expected = top.to_f64() * TOKENS as f64;
            let found = facts.as_ref().unwrap().training.tokens as f64;
            assert!((found - expected).abs() <= 1.0 && (*by != Order::Score || found < TOKENS as f64), "{found}");
        }
    }
    let refused: Vec<String> = plan.not_carried_out().into_iter().map(|refused| refused.what).collect();
    assert_eq!(refused.len(), 1 + 4 * 3, "{refused:?}");
}
