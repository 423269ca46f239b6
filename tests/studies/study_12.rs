//! Acquiring data under a budget of money and carbon.

use synx_plan::answer::{Argument, Question};
use synx_plan::expression::Name;
use synx_plan::mixture::Mixture;

use super::support::{Folder, Grid, Llama, MI, assert_grids, assert_lists, planned};

#[test]
fn the_best_mixture_that_one_can_pay_for() {
    let folder = Folder::default()
        .file("data/web.jsonl.zst", "")
        .file("data/news.jsonl.zst", "")
        .scanned("web", 1 << 32)
        .scanned("news", 1 << 32)
        .scanned("hq", 80_000_000);
    let plan = planned("12_acquiring_data.synx", &folder);

    // Three shares in quarters: 6 · 5 / 2 mixtures, at 4, 16 and 64 Mi. Then three mixtures at 64 Mi.
    let small = Llama { width: 128, depth: 4, context: 256 };
    let probed = 15 * (4 + 16 + 64) * MI;
    assert_grids(
        &plan,
        &[
            Grid { name: "probes", cells: 45, left_out: 0, tokens: probed, flops: probed * small.flops_per_token() },
            Grid {
                name: "chosen",
                cells: 3,
                left_out: 0,
                tokens: 3 * 64 * MI,
                flops: 3 * 64 * MI * small.flops_per_token(),
            },
        ],
    );
    assert_lists(&plan, &[("laws", 1), ("claims", 1), ("corpora", 3)]);

    // The candidates are not in the plan, but what makes them: three shares in steps of 5 %.
    let minimize = plan.answers.iter().find_map(|answer| match &answer.question {
        Question::Call { function, arguments } if function == "minimize" => Some(arguments),
        _ => None,
    });
    let given = |name: &str| minimize.unwrap().iter().find(|(known, _)| known == name).map(|(_, given)| given).unwrap();
    let candidates: Vec<Mixture> = given("over").candidates(&plan.mixtures).collect();
    assert!(matches!(given("over"), Argument::Steps(_)));
    assert_eq!(candidates.len(), 22 * 21 / 2);

    // Of 64 Mi tokens a share n of news costs 805.3 n USD, a share h of rewritten text 13.4 h: in steps of 5 %, up to 60 % of news can be
    // paid for, each with every split of the rest between the other two. The run's carbon is far below its bound.
    let Argument::Expression(under) = given("under") else { panic!() };
    let holds = |mixture: &&Mixture| {
        let share = |name: &str| {
            let mut shares = mixture.shares().iter();
            let share = shares.find(|(corpus, _)| format!("share[{}]", plan.corpora[corpus.0].name) == name);
            share.map_or(0.0, |(_, share)| share.to_f64())
        };
        let leaf = |leaf: Name<'_>| if let Name::Column(name) = leaf { share(name) } else { f64::NAN };
        under.evaluate(&leaf) != 0.0
    };
    let affordable: usize = (0..=12).map(|news| 20 - news + 1).sum();
    assert_eq!(affordable, 195);
    assert_eq!(candidates.iter().filter(holds).count(), affordable);

    // The best plan is late: one of the mixtures of all three.
    let late = plan.mixture(&plan.grids[1].cells[2]);
    assert!(late.answer().is_some());
    assert_eq!(late.shares().len(), 3);
}
