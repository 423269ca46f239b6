//! RegMix at the size of a test: a swarm of drawn mixtures, trees over their shares, the best of simulated mixtures, a claim on what was held out.

use crate::support::{study, synx, table};

const SWARM: &str = include_str!("studies/swarm.synx");

#[test]
fn a_swarm_ends_in_trees_a_mixture_and_a_claim() {
    let folder = study(SWARM);
    let ran = synx(folder.path(), ["run", "study.synx", "--device", "cpu", "--require-claims"]).expect(0);
    let out = folder.path().join("results/swarm");
    let laws = table(&out.join("laws.csv"));
    let models: Vec<&str> = laws.iter().map(|row| row.get("model")).collect();
    assert_eq!(models, ["trees", "linear", "constant"]);
    assert!(laws.iter().all(|row| row.get("status") == "fitted" && row.get("parameter").is_empty()));
    assert!(laws.iter().all(|row| row.get("points") == "32" && row.get("test_points") == "16"));
    let error = |row: usize| laws[row].number("test_error");
    assert!(error(0) < error(2) && error(1) < error(2), "{laws:?}");
    assert!(laws[0].number("test_spearman") > 0.5 && laws[2].get("test_spearman").is_empty());
    let predictions = table(&out.join("predictions.csv"));
    assert_eq!(predictions.iter().filter(|row| row.get("held_out") == "true").count(), 16);
    assert!(predictions.iter().all(|row| row.number("low") <= row.number("high")));
    // What is evaluated is best learnt from its own kind.
    let answers = table(&out.join("answers.csv"));
    let best = answers.iter().find(|row| !row.get("chosen").is_empty()).unwrap();
    assert!(best.get("question").contains("minimize(reg") && best.get("note").contains("uniform"), "{best:?}");
    let claims = table(&out.join("claims.csv"));
    assert!(claims.iter().all(|row| row.get("verdict") == "holds"), "{claims:?}");
    for part in ["trees", "linear", "constant", "rank"] {
        assert!(ran.out.contains(part), "{part} in\n{}", ran.out);
    }
    // What is finished is not made again, and says the same.
    let again = synx(folder.path(), ["run", "study.synx", "--device", "cpu"]).expect(0);
    assert!(again.out.contains("boosted_trees") || again.out.contains("trees"), "{}", again.out);
    assert_eq!(table(&out.join("laws.csv")), laws);
}
