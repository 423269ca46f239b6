//! What a run chooses reaches every field of a later cell, and the plan says from where to where.
#![allow(clippy::unwrap_used)]

mod common;

use synx_plan::cost::Cost;
use synx_plan::grid::Alternative;
use synx_plan::study::Plan;

const HEAD: &str = r"synx 1
corpus web = world(register = web, documents = 20k, heldout = 2%)
corpus qa  = web |> rephrase(style = question_answer, generator = builtin)
model tiny(width = 64) {
    blocks = [attention(heads = 2), swiglu(ratio = 8/3)] * 2
}
recipe standard(lr = 3e-3) {
    optimizer = adamw(lr = lr)
    schedule  = constant(warmup = 0)
    batch     = 16Ki
}
grid sweep {
    axis data   = [web, qa, 50% * web + rest * qa]
    axis lr     = [1e-3, 3e-3]
    axis tokens = [1Mi, 2Mi, 4Mi]
    axis width  = [64, 96]
    model    = tiny(width)
    recipe   = standard(lr)
    evaluate = web.heldout
}
";

fn planned(study: &str) -> Plan {
    common::plan(&format!("{HEAD}{study}"))
}

fn alternatives(plan: &Plan, cell: usize) -> Vec<Alternative> {
    plan.grids[1].cells[cell].alternatives(&plan.choices)
}

#[test]
fn the_best_data_rate_and_budget_of_one_grid_are_those_of_another() {
    let plan = planned(
        "grid later {
    axis data   = top(sweep, data, by = loss, n = 1)
    axis lr     = top(sweep, lr, by = loss, n = 1)
    axis tokens = top(sweep, tokens, by = loss, n = 1)
    model    = tiny()
    recipe   = standard(lr)
    evaluate = web.heldout
}
",
    );
    let cell = &plan.grids[1].cells[0];
    let all = alternatives(&plan, 0);
    assert_eq!(plan.choices[cell.choice.unwrap() as usize].answers.len(), 3);
    assert_eq!(all.len(), 3 * 2 * 3, "the choices multiply");
    // The last axis changes fastest.
    let budgets: Vec<u64> = all.iter().map(|it| it.tokens >> 20).take(6).collect();
    assert_eq!(budgets, [1, 2, 4, 1, 2, 4]);
    assert_eq!(all[0].recipe, all[2].recipe);
    assert_ne!(all[2].recipe, all[3].recipe);
    let mixtures: std::collections::BTreeSet<u32> = all.iter().map(|it| it.mixture).collect();
    assert_eq!(mixtures.len(), 3);
    assert_eq!(plan.tokens_range(cell), (1 << 20, 4 << 20));
    let cost = Cost::new(&plan, true);
    let later = cost.cells.last().unwrap();
    assert_eq!((later.tokens_least, later.tokens), (1 << 20, 4 << 20));
    let most: Vec<f64> = later.sources.iter().map(|source| source.tokens).collect();
    assert_eq!(most, [f64::from(4 << 20); 2], "of each source as the alternative takes that takes most");
}

#[test]
fn what_is_the_same_whatever_is_chosen_is_known() {
    let plan = planned(
        "grid later {
    axis lr     = top(sweep, lr, by = loss, n = 1)
    axis tokens = [1Mi, 2Mi, 4Mi, 8Mi]
    data     = web
    model    = tiny()
    recipe   = standard(lr)
    evaluate = web.heldout
}
law one {
    over = later
    free a, b
    loss ~ a + b * log(tokens)
}
",
    );
    let cost = Cost::new(&plan, true);
    assert!(cost.cells.iter().all(|cell| cell.tokens_least == cell.tokens && cell.params_least == cell.params));
    assert_eq!(plan.tables[plan.laws[0].over.0].rows, Some(4));
}

#[test]
fn an_axis_ranges_over_what_a_filter_leaves_and_over_a_columns_values() {
    let plan = planned(
        "grid later {
    axis base = sweep |> filter(tokens >= 2Mi and width == 64 and lr > 1e-3) |> derive(more = 2 * tokens)
    start    = base.weights
    tokens   = base.tokens
    evaluate = web.heldout
}
grid again {
    axis tokens = sweep.tokens
    data     = web
    model    = tiny()
    recipe   = standard()
    evaluate = web.heldout
}
",
    );
    // Three mixtures, of two rates one, of three budgets two, of two widths one.
    let later = &plan.grids[1];
    assert_eq!(later.cells.len(), 3 * 2);
    assert!(later.cells.iter().all(|cell| cell.start.is_some() && cell.tokens >= 2 << 20));
    assert_eq!(later.cell_name(&later.cells[0].values), "later[base=sweep[data=web,lr=0.003,tokens=2097152,width=64]]");
    let budgets: Vec<u64> = plan.grids[2].cells.iter().map(|cell| cell.tokens >> 20).collect();
    assert_eq!(budgets, [1, 2, 4]);
}

#[test]
fn a_chosen_number_is_a_late_number_within_its_values() {
    let plan = planned(
        "grid later {
    axis lr = top(sweep, lr, by = loss, n = 1)
    let  half = lr / 2
    data     = web
    model    = tiny()
    recipe   = standard(lr)
    tokens   = 1Mi
    evaluate = web.heldout
}
claim slow = last(top(sweep, lr, by = loss, n = 1)) <= 2e-3
",
    );
    assert_eq!(plan.claims[0].condition.to_string(), "(if answer[0] < 1 then 0.001 else 0.003) <= 0.002");
    let half = &plan.grids[1].columns[1];
    assert_eq!(half.name, "half");
}

#[test]
fn a_budget_by_the_size_of_a_corpus_waits_for_its_scan() {
    let study = format!(
        "{HEAD}grid epochs {{
    axis times = [1, 4]
    data     = web
    model    = tiny()
    recipe   = standard()
    tokens   = round(times * size(web), to = 16Ki)
    evaluate = web.heldout
}}
"
    );
    let before = common::check(&study);
    let codes: Vec<&str> = before.diagnostics.iter().map(|finding| finding.code).collect();
    let waits: Vec<&str> = before.unscanned.iter().map(|corpus| corpus.name.as_str()).collect();
    assert_eq!((codes, waits), (vec!["E0415"], vec!["web", "qa"]), "said, and to be scanned by `plan` and `run`");

    let world = common::World { tokens: Some(10_000_000), ..common::World::default() };
    let after = synx_compiler::compile("study.synx", &study, &world, &synx_compiler::Options::default());
    assert!(after.unscanned.is_empty() && after.not_scanned().is_empty(), "{:?}", after.not_scanned());
    // 2 % are held out; in whole batches, halves up.
    let budgets: Vec<u64> = after.plan.unwrap().grids[1].cells.iter().map(|cell| cell.tokens).collect();
    assert_eq!(budgets, [1, 4].map(|times| (times * 9_800_000 + 8192) / 16384 * 16384));
}
