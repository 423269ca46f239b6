//! Mixtures by function, families, and what follows from the text that is there.
#![allow(clippy::unwrap_used)]

mod common;

use common::{World, findings};
use synx_compiler::{Compiled, Options, compile};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::mixture::Mixture;
use synx_plan::study::Plan;

const BASE: &str = "synx 1\n\
    study s { seed = 17 }\n\
    corpus a = process(kind = zipf, symbols = 64, tokens = 600k)\n\
    corpus b = process(kind = zipf, symbols = 32, tokens = 300k)\n\
    corpus c = process(kind = zipf, symbols = 16, tokens = 100k)\n\
    corpus t = process(kind = zipf, symbols = 8, tokens = 100k, heldout = 10%)\n\
    corpora parts { files = \"data/part-*.jsonl\"; text = \"text\" }\n\
    model m { width = 64; blocks = [attention(heads = 2)] }\n\
    recipe r { optimizer = adamw(lr = 1e-3); schedule = constant(warmup = 0) }\n";

fn compiled(rest: &str, tokens: Option<u64>) -> Compiled {
    let world = World { tokens, ..World::default() };
    compile("study.synx", &format!("{BASE}{rest}\n"), &world, &Options::default())
}

/// The plan of one grid with this data, over corpora of 1,000,000 tokens each where those are files.
fn planned(data: &str, before: &str) -> Plan {
    let budget = if data.contains("axis tokens") { "" } else { "; tokens = 1Mi" };
    let source = format!("{before}\ngrid g {{ {data}{budget}; model = m; recipe = r; evaluate = t.heldout }}");
    let compiled = compiled(&source, Some(1_000_000));
    let expected = |line: &String| ["W0101", "W0301"].iter().any(|lint| line.contains(lint));
    let found: Vec<String> = findings(&compiled).into_iter().filter(|line| !expected(line)).collect();
    assert!(found.is_empty(), "{found:#?}");
    compiled.plan.unwrap()
}

fn shown(plan: &Plan, shares: &[(CorpusId, Exact)]) -> String {
    let part = |(corpus, share): &(CorpusId, Exact)| format!("{} {share}", plan.corpora[corpus.0].name);
    shares.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn mixture(plan: &Plan, cell: usize) -> &Mixture {
    plan.mixture(&plan.grids[0].cells[cell])
}

fn shares(data: &str) -> String {
    let plan = planned(&format!("data = {data}"), "");
    shown(&plan, mixture(&plan, 0).shares())
}

#[test]
fn functions_of_mixtures_give_exact_shares() {
    assert_eq!(shares("proportional([a, b, c])"), "a 3/5, b 3/10, c 1/10");
    assert_eq!(shares("without(proportional([a, b, c]), c)"), "a 2/3, b 1/3");
    assert_eq!(shares("without(proportional([a, b, c]), [a, b])"), "c 1");
    assert_eq!(shares("normalize(2 * a + 3 * b)"), "a 2/5, b 3/5");
    assert_eq!(shares("normalize(sum([x for x in [a, b, c]]))"), "a 1/3, b 1/3, c 1/3");
    assert_eq!(shares("50% * proportional([a, b]) + rest * c"), "a 1/3, b 1/6, c 1/2");
    assert_eq!(shares("proportional([a, b |> take(50%)])"), "a 4/5, take(b, 50 %) 1/5");
}

#[test]
fn a_family_is_a_list_of_corpora_that_can_be_named() {
    assert_eq!(shares("uniform(parts)"), "parts.part-1 1/2, parts.part-2 1/2");
    assert_eq!(shares("proportional([parts[\"part-1\"], a])"), "a 3/8, parts.part-1 5/8");
    assert_eq!(shares("uniform([d for d in parts if d != parts[\"part-1\"]])"), "parts.part-2 1");
    assert_eq!(shares("uniform([a] + parts)"), "a 1/3, parts.part-1 1/3, parts.part-2 1/3");
    let plan = planned("axis data = [d for d in parts]", "");
    assert_eq!(plan.grids[0].cell_name(&plan.grids[0].cells[1].values), "g[data=parts.part-2]");
    let pile = "corpora pile { files = \"data/*.jsonl.zst\"; name = \"{folder}_{stem}\"; text = \"text\" }";
    let plan = planned("data = pile.data_web", pile);
    assert_eq!(shown(&plan, mixture(&plan, 0).shares()), "pile.data_web 1");
}

#[test]
fn shares_by_tokens_wait_for_the_scan_and_everything_else_is_known_before() {
    let source = "mixture prior = proportional(parts)\n\
        grid g { axis data = [prior, without(prior, parts[\"part-1\"]), 1/2 * prior + rest * a, phases(prior, a, 80%)]\n\
        tokens = 1Mi; model = m; recipe = r; evaluate = t.heldout }\n\
        grid h { axis data = dirichlet(prior, points = 3); tokens = 1Mi; model = m; recipe = r; evaluate = t.heldout }";
    let before = compiled(source, None);
    assert!(findings(&before).iter().all(|line| line.contains("W0101")), "{:?}", findings(&before));
    let before = before.plan.unwrap();
    assert_eq!((before.grids[0].cells.len(), before.grids[1].cells.len()), (4, 3));
    let open: Vec<bool> = (0..4).map(|cell| mixture(&before, cell).is_open()).collect();
    // All of one corpus is all of it, however much it has.
    assert_eq!(open, [true, false, true, true]);
    assert!(before.corpora.iter().any(|corpus| corpus.name == "parts.part-2"), "what is to be scanned is in the plan");
    let after = compiled(source, Some(1_000_000)).plan.unwrap();
    assert!(after.mixtures.iter().all(|mixture| !mixture.is_open()));
    assert_eq!(shown(&after, mixture(&after, 2).shares()), "a 1/2, parts.part-1 1/4, parts.part-2 1/4");
}

#[test]
fn phases_and_caps_are_shares_of_a_cell() {
    let plan = planned("data = phases(proportional([a, b]), c, switch = 80%)", "");
    let phased = mixture(&plan, 0);
    assert_eq!(shown(&plan, phased.shares()), "a 8/15, b 4/15, c 1/5");
    assert_eq!(phased.phases().len(), 2);
    // 100,000 tokens four times over are 0.38 of a Mi: below that nothing changes, above it the others take what is left.
    let plan = planned("data = (20% * c + rest * a) |> cap_epochs(4)", "");
    assert_eq!(shown(&plan, mixture(&plan, 0).shares()), "a 4/5, c 1/5");
    let plan = planned("axis tokens = [1Mi, 2Mi]; data = (1/2 * c + rest * a) |> cap_epochs(4)", "");
    for (cell, budget) in [(0, 1u64 << 20), (1, 2 << 20)] {
        let share = mixture(&plan, cell).shares()[1].1.to_f64();
        assert!((share - 400_000.0 / budget as f64).abs() < 2e-9, "{share}");
    }
}

#[test]
fn draws_depend_on_what_the_sources_are_and_on_nothing_else() {
    let data =
        "axis data = dirichlet(proportional([a, b, c]), points = 20, strength = [1/10, 5], cap = 1.6, floor = 1%)";
    let drawn = |before: &str, data: &str| -> Vec<Vec<String>> {
        let plan = planned(data, before);
        let cell = |cell: usize| {
            let mut shares: Vec<String> =
                mixture(&plan, cell).shares().iter().map(|(_, share)| share.to_string()).collect();
            shares.sort();
            shares
        };
        (0..plan.grids[0].cells.len()).map(cell).collect()
    };
    let one = drawn("", data);
    // Other names, in another order, after another corpus.
    let renamed = "corpus z = process(kind = zipf, symbols = 16, tokens = 100k)\n\
        corpus y = process(kind = zipf, symbols = 32, tokens = 300k)\n\
        corpus x = process(kind = zipf, symbols = 64, tokens = 600k)";
    assert_eq!(one, drawn(renamed, &data.replace("[a, b, c]", "[z, x, y]")));
    assert_ne!(one, drawn("", &data.replace("points = 20", "points = 20, stream = 1")));
    assert_eq!(one[..5], drawn("", &data.replace("points = 20", "points = 5"))[..]);
}

#[test]
fn a_simplex_is_counted_before_it_is_made() {
    let plan = planned("axis data = simplex([a, b, c], step = 25%)", "");
    assert_eq!(plan.grids[0].cells.len(), 15);
    assert_eq!(plan.grids[0].cell_name(&plan.grids[0].cells[1].values), "g[data=75 % a + 25 % b]");
    let large = compiled("let all = simplex([a, b, c], step = 0.001%)", Some(1));
    assert!(findings(&large).iter().all(|line| line.contains("W0101")) || findings(&large).is_empty());
}

#[test]
fn what_follows_from_a_source_is_known_without_making_it() {
    let source = "corpus best = parts[\"part-1\"] |> dedup()\n\
        corpus long = parts[\"part-2\"] |> keep(top = 40%, by = length)\n\
        grid g { axis data = [long, best]; tokens = 4Mi; model = m; recipe = r; evaluate = t.heldout }";
    let compiled = compiled(source, Some(1_000_000));
    let lints: Vec<&String> = compiled.diagnostics.iter().flat_map(|finding| &finding.notes).collect();
    // 40 % of 1,000,000 tokens; after `dedup` nothing is known.
    assert_eq!(lints, ["`long`: 10.5 epochs at 4194304 tokens, in one cell"]);
    let refused: Vec<String> =
        compiled.plan.unwrap().not_carried_out().into_iter().map(|refused| refused.what).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
}

#[test]
fn a_run_costs_what_its_hardware_and_its_text_do() {
    let before = "hardware here { speed = 1e12 FLOP/s; power = 360 W; overhead = 1.5; carbon = 400 gCO2e/kWh; price = 3.60 USD/h }\n\
        corpus news { files = \"data/part-1.jsonl\"; text = \"text\"; price = 10 USD / 1M tokens }";
    let data = "data = 1/4 * news + rest * a; let hours = time(model, tokens) / 1 h; let grams = carbon(model, tokens)\n\
        let bill = price(data, tokens); let rent = price(model, tokens)";
    let plan = planned(data, before);
    let grid = &plan.grids[0];
    let column = |name: &str| {
        let at = grid.columns.iter().position(|column| column.name == name).unwrap();
        let text = grid.value(&grid.cells[0].values, at).to_string();
        (
            text.parse::<Exact>().map_or_else(|_| text.parse::<f64>().unwrap(), |value| value.to_f64()),
            grid.columns[at].unit.clone(),
        )
    };
    let seconds = plan.flops_exact(&grid.cells[0]) as f64 / 1e12;
    let close = |(value, unit): (f64, String), expected: f64, wanted: &str| {
        assert!((value / expected - 1.0).abs() < 1e-9, "{value} {expected}");
        assert_eq!(unit, wanted);
    };
    close(column("hours"), seconds / 3600.0, "");
    close(column("grams"), seconds * 360.0 * 1.5 / 3.6e6 * 400.0, "gCO2e");
    close(column("bill"), (1 << 18) as f64 * 10e-6, "USD");
    close(column("rent"), seconds / 3600.0 * 3.6, "USD");
}
