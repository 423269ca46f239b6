//! Rate and batch: the best of replicates' means, then laws over the best.

use synx_plan::table::Source;

use super::support::{Folder, Grid, Llama, MI, assert_grids, assert_lists, planned};

#[test]
fn the_best_before_the_law() {
    let plan = planned("11_rate_and_batch.synx", &Folder::default());

    // 3 shares × 3 rates × 2 batches × 4 budgets (1, 2, 4, 8 Mi) × 3 replicates.
    let model = Llama { width: 128, depth: 4, context: 256 };
    let tokens = 3 * 3 * 2 * (1 + 2 + 4 + 8) * MI * 3;
    let cells = 3 * 3 * 2 * 4 * 3;
    let sweep = Grid { name: "sweep", cells, left_out: 0, tokens, flops: tokens * model.flops_per_token() };
    assert_grids(&plan, &[sweep]);
    assert_lists(&plan, &[("laws", 2), ("claims", 2), ("figures", 1), ("report_tables", 1)]);

    // Without replicates 72 rows; without rates and batches 3 shares × 4 budgets.
    let rows = |kind: fn(&Source) -> bool| {
        plan.tables.iter().filter(|table| kind(&table.source)).map(|table| table.rows).collect::<Vec<_>>()
    };
    assert_eq!(rows(|source| matches!(source, Source::Mean { .. })), [Some(72)]);
    assert_eq!(rows(|source| matches!(source, Source::Best { .. })), [Some(12)]);
    assert_eq!(rows(|source| matches!(source, Source::Law(_))), [Some(3), Some(1)]);

    assert_eq!(plan.not_carried_out(), []);
}
