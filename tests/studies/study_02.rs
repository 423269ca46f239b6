//! RegMix: a swarm of drawn mixtures, a regression over shares, the best of simulated mixtures, and the same over published tables.

use synx_plan::answer::{Argument, Question, Sort};
use synx_plan::table::Source;

use super::support::{Folder, Grid, Llama, assert_grids, assert_lists, planned};

const DOMAINS: usize = 17;

#[test]
fn the_best_mixture_of_a_swarm() {
    const GI: u128 = 1 << 30;
    let mut folder = Folder::default();
    for domain in 0..DOMAINS {
        folder = folder
            .file(&format!("pile/domain_{domain:02}.jsonl.zst"), "")
            .scanned(&format!("pile.domain_{domain:02}"), (domain as u64 + 1) << 32);
    }
    let names: Vec<String> = (0..DOMAINS).map(|domain| format!("train_the_pile_domain_{domain:02}")).collect();
    // Names with slashes, and rows that sum to 0.999.
    let row = |index: usize| format!("{index},{}", vec![format!("{}", 0.999 / DOMAINS as f64); DOMAINS].join(","));
    let mix = format!("index,{}\n{}\n{}\n", names.join(","), row(1), row(2));
    let folder = folder.file("mix.csv", mix).file("loss.csv", "index,metric/the_pile_arxiv_val_loss\n1,2.5\n2,2.75\n");
    let plan = planned("02_regmix.synx", &folder);

    let small = Llama { width: 160, depth: 3, context: 256 };
    let large = Llama { width: 2048, depth: 16, context: 256 };
    assert!((900_000..1_100_000).contains(&small.params()));
    assert_grids(
        &plan,
        &[
            Grid {
                name: "swarm",
                cells: 512,
                left_out: 0,
                tokens: 512 * GI,
                flops: 512 * GI * small.flops_per_token(),
            },
            Grid { name: "large", cells: 3, left_out: 0, tokens: 72 * GI, flops: 72 * GI * large.flops_per_token() },
        ],
    );
    assert_lists(&plan, &[("laws", 2), ("claims", 2), ("corpora", DOMAINS)]);

    // The third mixture is late: any of the 17 domains, settled by the law.
    let late = plan.mixture(&plan.grids[1].cells[2]);
    let answer = &plan.answers[late.answer().unwrap().0];
    assert_eq!(answer.sort, Sort::Mixture(late.shares().iter().map(|(corpus, _)| *corpus).collect()));
    assert_eq!(late.shares().len(), DOMAINS);

    // The 100,000 candidates are not in the plan, but what draws them.
    let Question::Call { arguments, .. } = &answer.question else { panic!() };
    let over = arguments.iter().find(|(name, _)| name == "over").map(|(_, over)| over).unwrap();
    assert!(matches!(over, Argument::Drawn(draws) if draws.points == 100_000), "{over:?}");
    let sizes: Vec<usize> = over.candidates(&plan.mixtures).take(500).map(|mixture| mixture.shares().len()).collect();
    assert_eq!(sizes.len(), 500);
    assert!(sizes.iter().all(|size| (2..=DOMAINS).contains(size)), "most of a weak draw is in few sources: {sizes:?}");
    assert!(plan.mixtures.len() <= 512 + 3, "those of the swarm and of the large grid, equal ones once");

    // Two rows of published runs, with a normalised share for each domain.
    let table = &plan.tables[plan.laws[1].over.0];
    assert!(matches!(table.source, Source::Derive { .. }));
    let shares = table.columns.iter().filter(|column| column.name.starts_with("share[")).count();
    assert_eq!(shares, DOMAINS);
}
