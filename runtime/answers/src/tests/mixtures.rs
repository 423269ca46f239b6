//! The best of all shares, what it stands beside, and what one more token of a source is worth.

use synx_plan::corpus::{CorpusFacts, PartFacts};

use super::*;

/// A plan of a law A + (C - share[web])² that was planted with A = 1 and C = 0.6, and its rows; with this much text of each source.
fn bowl(sources: &[(&str, u64)], bootstrap: u64) -> (Plan, usize, Table) {
    let mut plan = plan();
    plan.corpora = sources.iter().map(|(name, _)| named_corpus(name)).collect();
    plan.facts = sources.iter().map(|(_, tokens)| Some(facts(*tokens))).collect();
    let values: Vec<f64> = (0..=16).map(|i| f64::from(i) / 16.0).collect();
    let random = Stream::new("test/bowl", &1);
    let loss = |(i, s): (usize, &f64)| ((s - 0.6) * (s - 0.6) + 1.0) * (1e-3 * random.normal(i as u64)).exp();
    let mut rows = Table::new(values.len());
    rows.set("loss", Column::numbers(values.iter().enumerate().map(loss).collect()));
    rows.set(format!("share[{}]", sources[0].0), Column::numbers(values));
    let seen = observed(&mut plan);
    let off = binary(Binary::Subtract, column(&format!("share[{}]", sources[0].0)), parameter("C"));
    let model = sum(parameter("A"), binary(Binary::Multiply, off.clone(), off));
    let law = law(&mut plan, seen, &[], &["A", "C"], model, bootstrap);
    (plan, law, rows)
}

fn facts(tokens: u64) -> CorpusFacts {
    let part = |tokens: u64| PartFacts { documents: 1, tokens, bytes: tokens };
    CorpusFacts { bytes_hash: None, training: part(tokens), heldout: part(0) }
}

fn choose(plan: &mut Plan, law: usize, further: &[(&str, Argument)]) -> Expression {
    let all = Argument::Shares((0..plan.corpora.len()).map(CorpusId).collect());
    let mut arguments = vec![("of", Argument::Law(law)), ("over", all)];
    arguments.extend(further.iter().cloned());
    call(plan, "minimize", &arguments)
}

fn share(settled: &Settled, answer: usize, corpus: usize) -> f64 {
    match &settled.answers[answer].value {
        Ok(Value::Mixture(best)) => best.mixture.share_of(CorpusId(corpus)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_draw_chooses_anew_and_tells_how_shares_spread() {
    let (mut plan, law, rows) = bowl(&[("web", 1000), ("wiki", 50_000)], 200);
    choose(&mut plan, law, &[]);
    let steps = Argument::Steps(synx_plan::mixture::Simplex { corpora: vec![CorpusId(0), CorpusId(1)], steps: 100 });
    call(&mut plan, "minimize", &[("of", Argument::Law(law)), ("over", steps)]);
    let settled = settle(&plan, &Measured(rows)).unwrap();
    // The share is the law's parameter C.
    let fit = &settled.laws[law].fit.as_ref().unwrap().groups[0];
    let c = fit.parameter("C").unwrap();
    for (place, answer) in settled.answers.iter().enumerate() {
        assert_eq!((answer.shares.len(), answer.shares[0].len()), (2, 200));
        let drawn = crate::Drawn {
            estimate: share(&settled, place, 0),
            draws: answer.shares[0].clone(),
            samples: answer.samples.clone(),
        };
        let (low, high) = drawn.interval(0.95).unwrap();
        // In steps of a hundredth the ends fall on one.
        let step = if place == 0 { 1e-5 } else { 0.006 };
        close_to(low, c.low.unwrap(), step);
        close_to(high, c.high.unwrap(), step);
        assert!(answer.shares[0].iter().zip(&answer.shares[1]).all(|(web, wiki)| (web + wiki - 1.0).abs() < 1e-9));
    }
}

fn close_to(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() < within, "{found}, not {expected}");
}

#[test]
fn without_steps_the_best_shares_are_found_within_conditions_and_caps() {
    let (mut plan, law, rows) = bowl(&[("web", 1000), ("wiki", 50_000)], 0);
    let under = |condition: Expression| [("under", Argument::Expression(condition))];
    choose(&mut plan, law, &[]);
    // web ≤ 1/2 · wiki, and web at least a tenth: a third.
    let half = binary(Binary::Multiply, number(0.5), column("share[wiki]"));
    let both = binary(
        Binary::And,
        binary(Binary::LessOrEqual, column("share[web]"), half),
        binary(Binary::GreaterOrEqual, column("share[web]"), number(0.1)),
    );
    choose(&mut plan, law, &under(both));
    // Four times 1,000 tokens of a run of 20,000.
    let cap = [("cap_epochs", number(4.0)), ("budget", number(20_000.0))].map(|(n, v)| (n, Argument::Expression(v)));
    choose(&mut plan, law, &cap);
    choose(&mut plan, law, &under(binary(Binary::Greater, column("share[web]"), number(1.5))));
    let settled = settle(&plan, &Measured(rows)).unwrap();
    assert!((share(&settled, 0, 0) - 0.6).abs() < 0.01, "{}", share(&settled, 0, 0));
    assert!((share(&settled, 1, 0) - 1.0 / 3.0).abs() < 1e-6, "{}", share(&settled, 1, 0));
    assert!((share(&settled, 2, 0) - 0.2).abs() < 1e-6, "{}", share(&settled, 2, 0));
    assert!(settled.answers[3].value.as_ref().unwrap_err().0.contains("no shares meet"));
}

#[test]
fn beside_the_choice_stand_all_baselines_with_their_draws() {
    let (mut plan, law, rows) = bowl(&[("pile.web", 1000), ("pile.code", 3000), ("wiki", 2000)], 50);
    let capped = binary(Binary::LessOrEqual, column("share[wiki]"), number(0.4));
    choose(&mut plan, law, &[("under", Argument::Expression(capped))]);
    let settled = settle(&plan, &Measured(rows)).unwrap();
    let answer = &settled.answers[0];
    let Ok(Value::Mixture(best)) = &answer.value else { panic!() };
    let of = |name: &str| best.beside.iter().find(|beside| beside.name == name).unwrap();
    let shares =
        |name: &str| of(name).shares.iter().map(|(_, share)| (share.to_f64() * 1e6).round() / 1e6).collect::<Vec<_>>();
    assert_eq!(shares("uniform"), [0.333_333, 0.333_333, 0.333_333]);
    assert_eq!(shares("proportional"), [0.166_667, 0.5, 0.333_333]);
    // Half for the family `pile`, a quarter of that for its web text; half for wiki.
    assert_eq!(shares("stratified"), [0.125, 0.375, 0.5]);
    assert!(of("uniform").allowed && of("proportional").allowed && !of("stratified").allowed);
    assert!(best.beside.iter().all(|beside| best.predicted < beside.predicted));
    assert_eq!((answer.draws.len(), answer.beside.len()), (50, 3));
    for (beside, draws) in best.beside.iter().zip(&answer.beside) {
        let drawn = crate::Drawn { estimate: beside.predicted, draws: draws.clone(), samples: answer.samples.clone() };
        let (low, high) = drawn.interval(0.95).unwrap();
        assert!(low < beside.predicted && beside.predicted < high && high - low < 0.01);
    }
}

#[test]
fn one_more_token_of_a_source_moves_its_share_and_the_budget() {
    let mut plan = plan();
    plan.corpora = ["web", "wiki"].map(named_corpus).into();
    let half = Exact::ratio(1, 2).unwrap();
    plan.mixtures = vec![Mixture::new([(CorpusId(0), half.clone()), (CorpusId(1), half)]).unwrap()];
    // A · share[web] + B / tokens, planted with 2 and 1000.
    let (mut web, mut tokens, mut loss) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..12u32 {
        let (s, d) = (f64::from(i % 4 + 1) / 4.0, 100.0 * f64::from(1 << (i / 4)));
        web.push(s);
        tokens.push(d);
        loss.push(2.0 * s + 1000.0 / d);
    }
    let mut rows = Table::new(web.len());
    rows.set("share[web]", Column::numbers(web));
    rows.set("tokens", Column::numbers(tokens));
    rows.set("loss", Column::numbers(loss));
    let seen = observed(&mut plan);
    let model =
        sum(binary(Binary::Multiply, parameter("A"), column("share[web]")), over(parameter("B"), column("tokens")));
    let law = law(&mut plan, seen, &[], &["A", "B"], model, 0);
    let asked = |plan: &mut Plan, source: &str| {
        let source = ("source", Argument::Column(format!("share[{source}]")));
        let of = [("of", Argument::Law(law)), source, ("data", Argument::Mixture(0)), ("at", at(&[("tokens", 400.0)]))];
        call(plan, "marginal", &of)
    };
    let (web, wiki) = (asked(&mut plan, "web"), asked(&mut plan, "wiki"));
    let of = [("of", Argument::Law(law)), ("data", Argument::Mixture(0)), ("at", at(&[("tokens", 400.0)]))];
    let predicted = call(&mut plan, "predict", &of);
    let settled = settle(&plan, &Measured(rows)).unwrap();
    close(value(&settled, &predicted), 1.0 + 2.5, 1e-9);
    // 200 + 1 of 401 tokens against 200 of 401, each with 1000/401 instead of 1000/400.
    let budget = -1000.0 / (400.0 * 400.0);
    close(value(&settled, &web), 2.0 * 0.5 / 400.0 + budget, 1e-6);
    close(value(&settled, &wiki), -2.0 * 0.5 / 400.0 + budget, 1e-6);
}
