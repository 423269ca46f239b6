//! Supervised fine-tuning, then reinforcement learning from every one of its cells.

use synx_plan::exact::Exact;
use synx_plan::expression::Expression;
use synx_plan::grid::{CellId, Mask, Objective, Reward};
use synx_plan::table::Source;

use super::support::{Folder, Grid, Llama, MI, assert_grids, assert_lists, planned};

const BATCH: u128 = 16 << 10;

#[test]
fn from_every_cell_of_the_one_the_other() {
    let (all, half, short) = (3_000_000, 1_500_000, 700_000);
    let folder = Folder::default()
        .file("data/problems.jsonl", "")
        .file("data/short.jsonl", "")
        .scanned("web", 40_000_000)
        .scanned("all", all)
        .scanned("half", half)
        .scanned("short", short);
    let plan = planned("09_sft_then_rl.synx", &folder);
    let model = Llama { width: 192, depth: 6, context: 256 };
    // Epochs of each set of examples, in whole batches, halves up.
    let budget = |examples: u64, epochs: u128| (u128::from(examples) * epochs * 2 + BATCH) / (2 * BATCH) * BATCH;
    let sft: u128 = [all, half, short].iter().flat_map(|set| [1, 2, 4].map(|epochs| budget(*set, epochs))).sum();
    let rl = 9 * 500 * BATCH;
    let grid = |name, cells, tokens| Grid { name, cells, left_out: 0, tokens, flops: tokens * model.flops_per_token() };
    assert_grids(&plan, &[grid("pretrained", 1, 64 * MI), grid("sft", 3 * 3, sft), grid("rl", 9, rl)]);
    // One model for all: a run that continues another keeps it.
    assert_lists(&plan, &[("models", 1), ("recipes", 3), ("objectives", 2), ("laws", 1)]);

    let objective =
        |grid: usize| plan.grids[grid].cells[0].objective.map(|objective| &plan.objectives[objective as usize]);
    assert_eq!(objective(0), None);
    assert_eq!(objective(1), Some(&Objective::Supervised { mask: Mask::Prompt }));
    assert_eq!(objective(2), Some(&Objective::Grpo { reward: Reward::ExactAnswer, rollouts: 8 }));

    // Each run of the second grid starts from the only one of the first, the runs of the third one from each of the second.
    assert!(plan.grids[1].cells.iter().all(|cell| cell.start == Some(CellId { grid: 0, cell: 0 })));
    let starts: Vec<Option<CellId>> = plan.grids[2].cells.iter().map(|cell| cell.start).collect();
    assert_eq!(starts, (0..9).map(|cell| Some(CellId { grid: 1, cell })).collect::<Vec<_>>());
    // The data of a cell that says none are those of the cell that it starts from.
    for (before, after) in plan.grids[1].cells.iter().zip(&plan.grids[2].cells) {
        assert_eq!(before.mixture, after.mixture);
    }
    assert_eq!(plan.grids[2].cell_name(&plan.grids[2].cells[4].values), "rl[base=sft[examples=half,epochs=2]]");

    // The law has a group for each measure before, over nine runs each, and predicts the problems that are solved after.
    let law = &plan.laws[0];
    assert_eq!(
        (law.formula.by.as_slice(), &law.formula.target),
        (&["metric".to_owned()][..], &Expression::column("pass_at(1)"))
    );
    let rows = &plan.tables[law.over.0];
    assert_eq!(rows.rows, Some(2 * 9));
    assert!(matches!(&rows.source, Source::Gather { columns, .. } if *columns == ["before", "on_web"]));
    let solved = rows.columns.iter().find(|column| column.name == "pass_at(8)").unwrap();
    assert_eq!((solved.low.clone(), solved.high.clone()), (Some(Exact::zero()), Some(Exact::one())));
    assert!(rows.columns.iter().all(|column| column.name != "pass_at(9)"), "there are eight answers to a prompt");
}
