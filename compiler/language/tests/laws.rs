//! The standard library's laws: each formula, at known parameters, gives the value that its paper's own form gives there.
#![allow(clippy::unreadable_literal)]
#![allow(clippy::unwrap_used)]

mod common;

use common::{check, findings};
use synx_plan::expression::Name;
use synx_plan::law::Formula;

/// A grid in which everything varies that a law of the library may ask for.
const RUNS: &str = "synx 1
corpus web  = world(register = web, documents = 2M, heldout = 2%)
corpus wiki = web |> rephrase(style = encyclopedic, generator = builtin)
model decoder(width) {
    context = 64
    blocks  = [attention(heads = 2), swiglu(ratio = 8/3)] * 2
}
recipe plain {
    optimizer = adamw(lr = 3e-3)
    schedule  = wsd(warmup = 64Ki tokens, decay = 20%)
    batch     = 16Ki
}
grid runs {
    axis r      = [1/16, 1/8, 1/4, 3/8, 1/2, 5/8, 3/4, 7/8]
    axis width  = [32, 64, 128, 256, 512, 1024]
    axis tokens = 1Mi..64Mi factor 2
    axis unique = [512Ki, 1Mi, 4Mi]
    data     = r * wiki + rest * web
    model    = decoder(width)
    recipe   = plain
    evaluate = web.heldout
    allow W0105 because \"laws ask for a column of that name\"
}
";

fn law(call: &str) -> Formula {
    let compiled = check(&format!("{RUNS}law fitted = {call}\n"));
    assert!(compiled.diagnostics.is_empty(), "{call}: {:#?}", findings(&compiled));
    compiled.plan.unwrap().laws[0].formula.clone()
}

/// The value of a law's formula, whose parameters are all given.
fn value(call: &str, parameters: &[(&str, f64)], columns: &[(&str, f64)]) -> f64 {
    let formula = law(call);
    let free: Vec<&str> = formula.free.iter().map(|parameter| parameter.name.as_str()).collect();
    let given: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
    assert_eq!(free, given, "{call}");
    let of = |all: &[(&str, f64)], name: &str| all.iter().find(|(known, _)| *known == name).unwrap().1;
    formula.curve().unwrap().evaluate(&|name| match name {
        Name::Column(name) => of(columns, name),
        Name::Parameter(name) => of(parameters, name),
        other => panic!("{other:?} is not written out"),
    })
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-13, "{found} instead of {expected}");
}

const SIZE: [(&str, f64); 2] = [("params", 6.34e9), ("tokens", 242e9)];
const MIXED: [(&str, f64); 4] = [("share[web]", 0.25), ("share[wiki]", 0.75), ("params", 6.34e9), ("tokens", 242e9)];

#[test]
fn a_power_law_falls_to_its_floor() {
    let parameters = [("E", 1.69), ("A", 410.7), ("alpha", 0.28)];
    near(value("power_law(over = runs)", &parameters, &SIZE), 1.956720502307127);
    let by_size = value("power_law(over = runs, x = params)", &parameters, &SIZE);
    assert_eq!(by_size, value("power_law(runs, params)", &parameters, &SIZE));
}

#[test]
fn chinchilla_is_its_third_approach() {
    // The optimum of the published runs (Besiroglu et al. 2024).
    let parameters = [("E", 1.817218), ("A", 477.826), ("alpha", 0.347310), ("B", 2143.42), ("beta", 0.367172)];
    near(value("chinchilla(over = runs)", &parameters, &SIZE), 2.1472158417688165);
}

#[test]
fn kaplan_is_the_joint_law() {
    let parameters = [("N_c", 8.8e13), ("alpha_N", 0.076), ("D_c", 5.4e13), ("alpha_D", 0.095)];
    near(value("kaplan(over = runs)", &parameters, &SIZE), 2.0848013182243514);
}

#[test]
fn repeated_text_is_worth_what_was_published() {
    let parameters = [
        ("E", 0.6254804f64.exp()),
        ("A", 6.255414f64.exp()),
        ("alpha", 0.3526596),
        ("B", 7.3049974f64.exp()),
        ("beta", 0.3526596),
        ("R_D", 15.387756),
        ("R_N", 5.309743),
    ];
    let at = |size, text| {
        let columns = [("params", size), ("tokens", text), ("unique", 25e9)];
        value("data_constrained(over = runs, U = unique)", &parameters, &columns)
    };
    near(at(6.34e9, 242e9), 2.2256440889984477);
    near(at(8.67e9, 178e9), 2.2269634075087867);
}

#[test]
fn small_models_trained_for_long_have_one_exponent() {
    let parameters = [("E", 1.83665), ("A", 166.211), ("B", 366.687), ("eta", 0.27285)];
    let columns = [("params", 1.4e9), ("tokens", 640.0 * 1.4e9)];
    near(value("over_training(over = runs)", &parameters, &columns), 2.525083853028931);
    let error = [("epsilon", 0.85), ("k", 2.08), ("gamma", 0.756)];
    near(value("downstream_error(over = runs, err = bits_per_byte)", &error, &[("loss", 2.9)]), 0.617771181394982);
}

#[test]
fn mixtures_enter_by_their_shares() {
    let weights = [("c", 1.1), ("t[web]", -1.2), ("t[wiki]", 0.4)];
    near(value("mixing(over = runs, sources = [web, wiki])", &weights, &MIXED), 2.1);
    let one = [("alpha", 0.06), ("B", 1500.0), ("beta", 0.33), ("C", 1.7)];
    near(value("bimix(over = runs, r = share[web])", &one, &MIXED), 2.1329161852759833);
    let ten_million = [("share[web]", 0.25), ("tokens", 1e7)];
    let own = [("a", 3e5), ("b", 0.21), ("c", 2.4)];
    near(value("autoscale(over = runs, x = share[web] * tokens)", &own, &ten_million), 2.4442687045661993);
}

#[test]
fn mixture_and_scale_are_added_or_joint() {
    let shares = [("C[web]", 1.3), ("C[wiki]", 0.6), ("gamma[web]", 0.4), ("gamma[wiki]", 0.7)];
    let scale = [("A", 477.826), ("alpha", 0.35), ("B", 2143.42), ("beta", 0.37)];
    let added = [&[("E", 0.9)][..], &shares, &scale].concat();
    near(value("additive_mixture(over = runs, sources = [web, wiki])", &added, &MIXED), 2.017048142325736);
    let scale = [
        ("P[web]", 3e4),
        ("P[wiki]", 8e4),
        ("p", 0.6),
        ("Q[web]", 2e5),
        ("Q[wiki]", 7e5),
        ("q", 0.6),
        ("alpha", 0.35),
        ("beta", 0.37),
    ];
    let joint = [&[("E", 0.9)][..], &shares, &scale].concat();
    near(value("joint_mixture(over = runs, sources = [web, wiki])", &joint, &MIXED), 2.176557846922782);
}

#[test]
fn sizes_at_one_budget_lie_on_a_parabola() {
    let parameters = [("a", 9.1), ("b", -0.61), ("c", 0.0141)];
    near(value("isoflop(over = runs, by = [tokens])", &parameters, &SIZE), 2.514912918578082);
}

#[test]
fn in_farseer_the_exponent_of_tokens_depends_on_the_size() {
    let parameters = [
        ("a_1", 0.021),
        ("b_1", -1.8),
        ("alpha", 0.12),
        ("a_2", 88.01),
        ("b_2", -5.5),
        ("beta", -0.1),
        ("a_3", -0.05),
        ("b_3", 0.9),
        ("gamma", 0.13),
    ];
    near(value("farseer(over = runs)", &parameters, &SIZE), 1.0684619556137922);
}

#[test]
fn a_rectified_law_begins_late() {
    let parameters = [("E", 1.2), ("A", 5000.0), ("B", 900.0), ("alpha", 0.34)];
    near(value("rectified(over = runs)", &parameters, &SIZE), 1.8008463849529037);
}

#[test]
fn a_law_of_ones_own_takes_columns_and_fields() {
    let own =
        "law slow(over, D = tokens, by = [r], bootstrap = 7) { free E in 0.., B in 0..\n loss ~ E + B / sqrt(D) }\n";
    let plan =
        check(&format!("{RUNS}{own}law a = slow(runs)\nlaw b = slow(runs, D = tokens / 20, by = [width])\n")).plan;
    let laws = plan.unwrap().laws;
    assert_eq!(laws.len(), 2);
    assert_eq!(laws[0].formula.model.to_string(), "E + B / sqrt(tokens)");
    assert_eq!((laws[0].formula.by[0].as_str(), laws[0].formula.bootstrap), ("r", 7));
    assert_eq!(laws[1].formula.model.to_string(), "E + B / sqrt(tokens / 20)");
    assert_eq!(laws[1].formula.by, ["width"]);
    assert_eq!(laws[1].name, "b");
}

#[test]
fn a_shared_parameter_is_one_for_all_groups() {
    let text = "law tied { over = runs; by = [r]; free E shared in 0.., B in 0..; loss ~ E + B / sqrt(tokens) }\n";
    let plan = check(&format!("{RUNS}{text}")).plan.unwrap();
    let free: Vec<(&str, bool)> = plan.laws[0].formula.free.iter().map(|p| (p.name.as_str(), p.shared)).collect();
    assert_eq!(free, [("E", true), ("B", false)]);
    assert!(plan.not_carried_out().is_empty(), "fitted as it is said");
}

#[test]
fn trees_split_on_all_shares() {
    let text = "law baseline { over = runs; loss ~ boosted_trees(share, tokens, rate = 1e-2, rounds = 1000); test = leave_out(256) }\n";
    let plan = check(&format!("{RUNS}{text}")).plan.unwrap();
    let model = plan.laws[0].formula.model.to_string();
    assert_eq!(model, "boosted_trees(share[web], share[wiki], tokens, rate = 0.01, rounds = 1000)");
    assert_eq!(plan.not_carried_out(), []);
    let text = "law bare { over = runs; loss ~ boosted_trees(\"tokens\", column(\"r\")) }\n";
    let plan = check(&format!("{RUNS}{text}")).plan.unwrap();
    assert_eq!(plan.laws[0].formula.model.to_string(), "boosted_trees(tokens, r, rate = 0.01, rounds = 1000)");
}

#[test]
fn a_test_is_a_condition_or_every_value_in_turn() {
    use synx_plan::law::HoldOut;
    let test = |test: &str| {
        let compiled = check(&format!("{RUNS}law l {{ over = runs; free E; loss ~ E; test = {test} }}\n"));
        let said: Vec<&str> = compiled.diagnostics.iter().map(|d| d.code).collect();
        (compiled.plan.and_then(|plan| plan.laws[0].formula.test.clone()), said)
    };
    let (held_out, said) = test("tokens >= 16Mi and width != 32");
    let Some(HoldOut::Where(condition)) = held_out else { panic!("{said:?}") };
    assert_eq!((condition.to_string().as_str(), said.len()), ("tokens >= 16777216 and width != 32", 0));
    assert_eq!(test("each(width)").0, Some(HoldOut::Each("width".to_owned())));
    assert_eq!(test("tokens > 1").1, ["E0634"]);
    assert_eq!(test("tokens > 1B").1, ["E0634"]);
    assert_eq!(test("each(batch)").1, ["E0634"]);
    assert_eq!(test("each(tokenz)").1, ["E0601"]);
    assert_eq!(test("tokens >= 3 USD").1.len(), 1);
    let (called, said) = test("none");
    assert_eq!((called, said.len()), (None, 0));
    // Also through a law of the library.
    let called =
        law("power_law(over = runs |> filter(width == 64 and r == 1/2 and unique == 4Mi), test = tokens >= 16Mi)");
    assert!(matches!(called.test, Some(HoldOut::Where(_))));
}
