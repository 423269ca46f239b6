//! IsoFLOP: sizes at equal budgets, a valley for each, the bottom of the valleys over the budget.

use synx_plan::table::Source;

use super::support::{Folder, Grid, Llama, assert_grids, assert_lists, planned};

const SIZES: [(u128, u128); 8] = [(64, 2), (64, 4), (96, 3), (96, 5), (128, 4), (128, 6), (192, 5), (192, 8)];

#[test]
fn sizes_at_equal_budgets() {
    let plan = planned("05_isoflop.synx", &Folder::default());

    // Budgets from 1e13 to 1e15 in four equal factors; each cell spends its budget up to half a batch, and those whose budget is not
    // within 2 and 200 tokens a parameter are left out.
    let (mut cells, mut left_out, mut tokens, mut flops) = (0, 0, 0, 0);
    for (width, depth) in SIZES {
        let model = Llama { width, depth, context: 256 };
        for i in 0..5 {
            let budget = 1e13 * 10f64.powf(0.5 * f64::from(i));
            let batch = (16384.0 * (budget / 1e14).cbrt() / 4096.0).round() as u128 * 4096;
            let batches = (budget / model.flops_per_token() as f64 / batch as f64).round() as u128;
            let spent = batches * batch;
            if (2 * model.params()..=200 * model.params()).contains(&spent) {
                cells += 1;
                tokens += spent;
                flops += spent * model.flops_per_token();
            } else {
                left_out += 1;
            }
        }
    }
    assert!(cells > 15 && left_out > 5 && cells + left_out == 40);
    assert_grids(&plan, &[Grid { name: "iso", cells, left_out, tokens, flops }]);
    assert_lists(&plan, &[("laws", 2), ("claims", 2), ("figures", 1)]);

    // A law over a law: a row for each budget, with the bottom of its valley beside what was fitted.
    let table = &plan.tables[plan.laws[1].over.0];
    assert!(matches!(table.source, Source::Derive { .. }));
    assert_eq!(table.rows, Some(5));
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["budget", "a", "b", "c", "best"]);
}
