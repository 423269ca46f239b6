//! A swarm of mixtures in two phases under a cap of epochs, with deletions and replicates at the prior.

use synx_plan::table::Source;

use super::support::{Folder, Grid, Llama, MI, assert_grids, planned};

/// The training tokens of six buckets. Four times the first is less than a run gives it by the prior of large draws.
const BUCKETS: [(&str, u64); 6] = [
    ("books", 4_000_000),
    ("code", 40_000_000),
    ("forum", 30_000_000),
    ("papers", 10_000_000),
    ("web", 100_000_000),
    ("wiki", 16_000_000),
];

const BUDGET: u64 = 64 << 20;

fn folder() -> Folder {
    let folder = BUCKETS
        .iter()
        .fold(Folder::default(), |folder, (name, _)| folder.file(&format!("buckets/{name}.jsonl.zst"), ""));
    BUCKETS.iter().fold(folder, |folder, (name, tokens)| folder.scanned(&format!("buckets.{name}"), *tokens))
}

#[test]
fn a_swarm_in_two_phases() {
    let plan = planned("03_two_phase_swarm.synx", &folder());
    // 241 pairs of draws, one deletion a bucket, 11 replicates of the prior.
    let cells = 241 + 6 + 11;
    let tokens = cells as u128 * 64 * MI;
    let model = Llama { width: 128, depth: 4, context: 256 };
    assert_grids(&plan, &[Grid { name: "swarm", cells, left_out: 0, tokens, flops: tokens * model.flops_per_token() }]);
    let mut capped = 0;
    for cell in &plan.grids[0].cells {
        let mixture = plan.mixture(cell);
        assert!(!mixture.is_open());
        for (corpus, share) in mixture.shares() {
            let name = plan.corpora[corpus.0].name.strip_prefix("buckets.").unwrap();
            let there = BUCKETS.iter().find(|(bucket, _)| *bucket == name).unwrap().1;
            // Shares are whole billionths: at most one of them above.
            let most = 4.0 * there as f64 / BUDGET as f64;
            assert!(share.to_f64() <= most + 1e-9, "{name}: {}", share.to_f64());
            capped += usize::from(share.to_f64() > most - 2e-9);
        }
    }
    assert!(capped > 0, "some draw asks a bucket for more than four times its text");
    // The prior goes through every bucket equally often, and switches to itself: one phase, for all replicates the same.
    let noise: Vec<_> = plan.grids[0].cells[241 + 6..].iter().collect();
    assert!(noise.iter().all(|cell| cell.mixture == noise[0].mixture && plan.mixture(cell).phases().is_empty()));
    let total: u64 = BUCKETS.iter().map(|(_, tokens)| tokens).sum();
    for (_, share) in plan.mixture(noise[0]).shares() {
        assert!(BUCKETS.iter().any(|(_, tokens)| share.to_f64() == *tokens as f64 / total as f64));
    }
    // A deletion leaves five buckets; two draws are two phases.
    assert!(plan.grids[0].cells[241..241 + 6].iter().all(|cell| plan.mixture(cell).shares().len() == 5));
    assert!(plan.grids[0].cells[..241].iter().all(|cell| plan.mixture(cell).phases().len() == 2));

    // A law of seven parameters over all runs, and again over the sixteen that tell these best.
    assert_eq!(plan.laws.iter().map(|law| law.formula.free.len()).collect::<Vec<_>>(), [7, 7]);
    let few = &plan.tables[plan.laws[1].over.0];
    let swarm = plan.laws[0].over;
    assert_eq!(
        (few.rows, few.source.clone()),
        (Some(16), Source::DOptimal { of: swarm, law: 0, group: None, points: 16 })
    );
}

#[test]
fn a_swarm_whose_text_nobody_has_scanned() {
    let folder = BUCKETS
        .iter()
        .fold(Folder::default(), |folder, (name, _)| folder.file(&format!("buckets/{name}.jsonl.zst"), ""));
    let source =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/studies/03_two_phase_swarm.synx"))
            .unwrap();
    let compiled = synx_compiler::compile("study.synx", &source, &folder, &synx_compiler::Options::default());
    let plan = compiled.plan.unwrap();
    assert_eq!(plan.grids[0].cells.len(), 241 + 6 + 11);
    assert!(plan.mixtures.iter().all(synx_plan::mixture::Mixture::is_open), "shares by tokens wait for the scan");
}
