//! What the draws of an answer are of, and what that makes of intervals and verdicts.

use synx_laws::Sample;

use super::*;

/// As `runs`, but group 1 has every other budget alone: five rows for three parameters.
fn uneven(noise: f64, shift: f64) -> Table {
    let rows: Vec<u32> = (0..20).filter(|row| *row < 10 || row % 2 == 0).collect();
    runs(noise, shift).pick(&rows)
}

fn of_rows(rows: f64) -> Sample {
    Sample { rows, units: rows, parameters: 3.0, enlarged: false }
}

#[test]
fn an_answer_is_as_sure_as_the_groups_that_it_depends_on() {
    let (mut plan, zero, one) = by_r(50);
    let floor = |plan: &mut Plan, table: TableId| ask(plan, Question::Value { table, column: "E".to_owned() });
    let (a, b) = (floor(&mut plan, zero), floor(&mut plan, one));
    let both = ask(&mut plan, Question::Expression(binary(Binary::Subtract, a.clone(), b.clone())));
    let predicted = call(&mut plan, "predict", &[("of", Argument::Table(one)), ("at", at(&[("tokens", 4e6)]))]);
    let groups = TableId(zero.0 - 1);
    // Every group competes, whichever is the best of the data as they are.
    let best = Source::Best { of: groups, by: "E".to_owned(), over: vec!["r".to_owned()], ends: Vec::new() };
    let best = table(&mut plan, best, &[]);
    let best = ask(&mut plan, Question::Value { table: best, column: "r".to_owned() });
    // A filter by what a draw moves keeps other rows in another draw, and what it compares with belongs to it.
    let above = binary(Binary::GreaterOrEqual, column("E"), binary(Binary::Subtract, a.clone(), number(10.0)));
    let above = table(&mut plan, Source::Filter { of: groups, condition: above }, &["r"]);
    let above = row(&mut plan, above, "r", 1.0);
    let above = floor(&mut plan, above);
    let settled = settle(&plan, &Measured(uneven(0.01, 0.0))).unwrap();
    let samples = |answer: &Expression| {
        let mut rows: Vec<f64> = settled.drawn(answer).unwrap().samples.iter().map(|sample| sample.rows).collect();
        rows.sort_by(f64::total_cmp);
        rows
    };
    assert_eq!(settled.drawn(&a).unwrap().samples, [of_rows(10.0)]);
    assert_eq!(settled.drawn(&b).unwrap().samples, [of_rows(5.0)]);
    assert_eq!([samples(&predicted), samples(&both)], [vec![5.0], vec![5.0, 10.0]]);
    assert_eq!([samples(&best), samples(&above)], [vec![5.0, 10.0], vec![5.0, 10.0]]);
    // As the parameter itself has it.
    let parameter = settled.laws[0].fit.as_ref().unwrap().groups[1].parameter("E").unwrap();
    assert_eq!(settled.drawn(&b).unwrap().interval(0.95), Some((parameter.low.unwrap(), parameter.high.unwrap())));
}

#[test]
fn a_correlation_draws_among_the_rows_that_have_both_numbers() {
    let mut plan = plan();
    let seen = observed(&mut plan);
    let columns = Argument::Columns(vec!["tokens".to_owned(), "loss".to_owned()]);
    let rank = call(&mut plan, "spearman", &[("of", Argument::Table(seen)), ("columns", columns)]);
    let settled = settle(&plan, &Measured(uneven(0.01, 0.0))).unwrap();
    let expected = Sample { rows: 15.0, units: 15.0, parameters: 1.0, enlarged: false };
    assert_eq!(settled.drawn(&rank).unwrap().samples, [expected]);
}

#[test]
fn few_rows_need_more_of_the_draws_to_agree() {
    let mut told = 0;
    for step in 0..40 {
        let (mut plan, zero, one) = by_r(200);
        let a = ask(&mut plan, Question::Value { table: zero, column: "E".to_owned() });
        let b = ask(&mut plan, Question::Value { table: one, column: "E".to_owned() });
        claim(&mut plan, binary(Binary::Less, a, b));
        let settled = settle(&plan, &Measured(runs(0.01, 0.02 * f64::from(step)))).unwrap();
        let decided = settled.decide(&plan, &plan.claims[0]);
        let needed = of_rows(10.0).needed(0.95);
        let share = decided.share.unwrap();
        assert_eq!(decided.verdict == Verdict::Holds, share >= needed, "{step}: {decided:?}");
        if decided.verdict == Verdict::Undecided && (0.95..needed).contains(&share) {
            assert!(decided.note.contains("of 200 draws have to agree"), "{decided:?}");
            told += 1;
        }
    }
    assert!(told > 0, "no claim lay between the confidence and what few rows need");
}
