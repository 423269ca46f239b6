//! Laws that were planted, asked: rows that a known formula made, with and without noise.

mod intervals;
mod mixtures;
mod points;

use synx_laws::{LawResult, Options};
use synx_plan::answer::{Answer, AnswerId, Argument, Question, Sort};
use synx_plan::claim::Claim;
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression};
use synx_plan::grid::ColumnValue;
use synx_plan::law::{Formula, FreeParameter, HoldOut, Law, Method, Model, Trees};
use synx_plan::mixture::Mixture;
use synx_plan::observations::{Format, Observations};
use synx_plan::problem::Problem;
use synx_plan::random::Stream;
use synx_plan::study::{Plan, Settings};
use synx_plan::table::{Source, Table as Declared, TableId};
use synx_tables::{Column, Standing, Table};

use crate::{Given, Settled, Value, settle};
use synx_plan::claim::Verdict;

/// A world with one table.
struct Measured(Table);

impl Given for Measured {
    fn cells(&self, _: usize, _: &dyn Fn(AnswerId) -> Option<ColumnValue>) -> Result<Table, Problem> {
        Ok(self.0.clone())
    }

    fn observations(&self, _: &Observations, _: &[synx_plan::table::Column]) -> Result<Table, Problem> {
        Ok(self.0.clone())
    }

    fn fit(&self, law: &Law, rows: &synx_laws::Table) -> Result<Result<LawResult, Problem>, Problem> {
        Ok(synx_laws::fit(&law.name, &law.formula, rows, &Options::default()))
    }

    fn symbols(&self, mixture: u32) -> Result<Vec<f64>, Problem> {
        Ok([vec![0.5, 0.5, 0.0], vec![0.25, 0.75, 0.0], vec![0.0, 0.5, 0.5]][mixture as usize].clone())
    }
}

fn plan() -> Plan {
    Plan::new(Settings { seed: 17, ..Settings::named("planted") })
}

fn table(plan: &mut Plan, source: Source, keys: &[&str]) -> TableId {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    plan.tables.push(Declared { source, columns: Vec::new(), keys, rows: None, origin: None });
    TableId(plan.tables.len() - 1)
}

fn observed(plan: &mut Plan) -> TableId {
    let of = Observations { path: "runs.csv".to_owned(), format: Format::Csv, axes: Vec::new() };
    table(plan, Source::Observations(of), &[])
}

fn column(name: &str) -> Expression {
    Expression::column(name)
}

fn parameter(name: &str) -> Expression {
    Expression::parameter(name)
}

fn number(value: f64) -> Expression {
    Expression::Number(Exact::from_decimal(&value.to_string()).unwrap())
}

fn binary(operator: Binary, left: Expression, right: Expression) -> Expression {
    Expression::binary(operator, left, right)
}

fn power(base: &str, exponent: &str) -> Expression {
    binary(Binary::Power, column(base), parameter(exponent))
}

fn sum(left: Expression, right: Expression) -> Expression {
    binary(Binary::Add, left, right)
}

fn over(top: Expression, below: Expression) -> Expression {
    binary(Binary::Divide, top, below)
}

/// E + B / tokens^beta
fn data_law() -> Expression {
    sum(parameter("E"), over(parameter("B"), power("tokens", "beta")))
}

fn law(plan: &mut Plan, over: TableId, by: &[&str], free: &[&str], model: Expression, bootstrap: u64) -> usize {
    let free = free.iter().map(|name| {
        let high = (name.len() > 1).then(|| Exact::from(2u64));
        FreeParameter { name: (*name).to_owned(), low: Some(Exact::zero()), high, shared: false }
    });
    let formula = Formula {
        by: by.iter().map(|name| (*name).to_owned()).collect(),
        free: free.collect(),
        lets: Vec::new(),
        target: column("loss"),
        model: model.into(),
        method: Method::LogSquares,
        test: None,
        bootstrap,
        confidence: Exact::ratio(19, 20).unwrap(),
        seed: 17,
    };
    plan.laws.push(Law { name: "planted".to_owned(), over, formula, origin: None });
    plan.laws.len() - 1
}

fn ask(plan: &mut Plan, question: Question) -> Expression {
    let sort = Sort::Number { unit: String::new(), low: None, high: None };
    plan.answers.push(Answer { question, sort, name: None, origin: None });
    Expression::Answer(AnswerId(plan.answers.len() - 1))
}

fn call(plan: &mut Plan, function: &str, arguments: &[(&str, Argument)]) -> Expression {
    let arguments = arguments.iter().map(|(name, argument)| ((*name).to_owned(), argument.clone())).collect();
    ask(plan, Question::Call { function: function.to_owned(), arguments })
}

fn at(given: &[(&str, f64)]) -> Argument {
    Argument::Named(
        given.iter().map(|(name, value)| ((*name).to_owned(), Argument::Expression(number(*value)))).collect(),
    )
}

/// The row of a law's table in which a column has a value.
fn row(plan: &mut Plan, of: TableId, name: &str, value: f64) -> TableId {
    let condition = binary(Binary::Equal, column(name), number(value));
    table(plan, Source::Filter { of, condition }, &[])
}

fn claim(plan: &mut Plan, condition: Expression) {
    plan.claims.push(Claim { name: "claim".to_owned(), documentation: None, condition, origin: None });
}

fn value(settled: &Settled, answer: &Expression) -> f64 {
    let Expression::Answer(answer) = answer else { panic!("no answer") };
    match &settled.answers[answer.0].value {
        Ok(value) => value.number(),
        Err(why) => panic!("{}", why.0),
    }
}

fn close(found: f64, expected: f64, within: f64) {
    assert!((found / expected - 1.0).abs() < within, "{found} {expected}");
}

/// Groups r of 1 floor, 400 / tokens^0.3 and 3/2 of that at ten budgets, with noise of this size, the same for both.
fn runs(noise: f64, shift: f64) -> Table {
    let random = Stream::new("test/answers", &1);
    let (mut r, mut tokens, mut loss) = (Vec::new(), Vec::new(), Vec::new());
    for group in 0..2 {
        for i in 0..10u64 {
            let budget = 1e6 * 2f64.powi(i as i32);
            let exact = 1.0 + shift * f64::from(group) + (400.0 + 200.0 * f64::from(group)) / budget.powf(0.3);
            r.push(f64::from(group));
            tokens.push(budget);
            loss.push(exact * (noise * random.normal(i + 100 * group as u64)).exp());
        }
    }
    let mut table = Table::new(r.len());
    table.set("r", Column::numbers(r));
    table.set("tokens", Column::numbers(tokens));
    table.set("loss", Column::numbers(loss));
    table
}

/// The plan of a law over `runs` by r, with the rows of both groups.
fn by_r(bootstrap: u64) -> (Plan, TableId, TableId) {
    let mut plan = plan();
    let seen = observed(&mut plan);
    let law = law(&mut plan, seen, &["r"], &["E", "B", "beta"], data_law(), bootstrap);
    let groups = table(&mut plan, Source::Law(law), &["r"]);
    let zero = row(&mut plan, groups, "r", 0.0);
    let one = row(&mut plan, groups, "r", 1.0);
    (plan, zero, one)
}

#[test]
fn questions_to_a_law_without_noise_have_the_answers_of_its_formula() {
    let (mut plan, zero, one) = by_r(0);
    let of = |table| ("of", Argument::Table(table));
    let tokens = ("column", Argument::Column("tokens".to_owned()));
    let predicted = call(&mut plan, "predict", &[of(zero), ("at", at(&[("tokens", 64e6)]))]);
    let marginal = call(&mut plan, "marginal", &[of(zero), tokens.clone(), ("at", at(&[("tokens", 64e6)]))]);
    let target = Argument::Named(vec![("loss".to_owned(), Argument::Expression(predicted.clone()))]);
    let same = call(&mut plan, "solve", &[of(zero), tokens.clone(), ("at", target.clone())]);
    let more = call(&mut plan, "solve", &[of(one), tokens.clone(), ("at", target)]);
    let floor = call(&mut plan, "solve", &[of(zero), tokens, ("at", at(&[("loss", 0.9)]))]);
    let floor_of_one = ask(&mut plan, Question::Value { table: one, column: "E".to_owned() });
    let double = ask(&mut plan, Question::Expression(over(number(128e6), same.clone())));
    let settled = settle(&plan, &Measured(runs(0.0, 0.0))).unwrap();
    let tokens = 64e6f64;
    close(value(&settled, &predicted), 1.0 + 400.0 / tokens.powf(0.3), 1e-9);
    close(value(&settled, &marginal), -0.3 * 400.0 / tokens.powf(1.3), 1e-6);
    close(value(&settled, &same), tokens, 1e-9);
    // 600 / D^0.3 = 400 / tokens^0.3
    close(value(&settled, &more), tokens * 1.5f64.powf(1.0 / 0.3), 1e-5);
    assert_eq!(value(&settled, &floor), f64::INFINITY);
    close(value(&settled, &floor_of_one), 1.0, 1e-6);
    close(value(&settled, &double), 2.0, 1e-9);
    assert!(settled.answers.iter().all(|answer| answer.draws.is_empty() && answer.identified));
}

#[test]
fn claims_hold_fail_or_stay_undecided_by_their_draws() {
    let decide = |shift: f64, noise: f64, bootstrap: u64| {
        let (mut plan, zero, one) = by_r(bootstrap);
        let a = ask(&mut plan, Question::Value { table: zero, column: "E".to_owned() });
        let b = ask(&mut plan, Question::Value { table: one, column: "E".to_owned() });
        claim(&mut plan, binary(Binary::Less, a.clone(), b.clone()));
        claim(&mut plan, binary(Binary::Greater, a, b));
        let settled = settle(&plan, &Measured(runs(noise, shift))).unwrap();
        [0, 1].map(|number| settled.decide(&plan, &plan.claims[number]))
    };
    let [lower, higher] = decide(0.5, 0.001, 200);
    assert_eq!((lower.verdict, higher.verdict), (Verdict::Holds, Verdict::Fails));
    assert_eq!((lower.share, lower.draws, higher.share), (Some(1.0), 200, Some(0.0)));
    let compared = &lower.comparisons[0];
    assert_eq!(compared.quantity, "planted[r = 0].E - planted[r = 1].E");
    let (low, high) = compared.value.as_ref().unwrap().interval(0.95).unwrap();
    assert!(low < -0.4 && high > -0.6 && high < 0.0, "{low} {high}");
    let [lower, higher] = decide(0.0, 0.01, 200);
    assert_eq!((lower.verdict, higher.verdict), (Verdict::Undecided, Verdict::Undecided));
    // The two exclude each other, draw by draw.
    assert!((lower.share.unwrap() + higher.share.unwrap() - 1.0).abs() < 1e-12);
    let [lower, _] = decide(0.5, 0.001, 0);
    assert!(lower.verdict == Verdict::Undecided && lower.note.contains("bootstrap"), "{lower:?}");
}

#[test]
fn draws_of_two_groups_are_paired() {
    // The second group's losses are the first's but for the scale of the falling part: what both share falls out of the difference.
    let mut rows = runs(0.02, 0.0);
    let synx_tables::Values::Numbers(loss) = &rows.get("loss").unwrap().values else { panic!() };
    let mut loss = loss.clone();
    for i in 0..10 {
        loss[10 + i] = 2.0 * loss[i];
    }
    rows.set("loss", Column::numbers(loss));
    let (mut plan, zero, one) = by_r(100);
    let a = call(&mut plan, "predict", &[("of", Argument::Table(zero)), ("at", at(&[("tokens", 64e6)]))]);
    let b = call(&mut plan, "predict", &[("of", Argument::Table(one)), ("at", at(&[("tokens", 64e6)]))]);
    let ratio = ask(&mut plan, Question::Expression(over(b, a.clone())));
    let settled = settle(&plan, &Measured(rows)).unwrap();
    let width = |answer: &Expression| {
        let drawn = settled.drawn(answer).unwrap();
        let (low, high) = drawn.interval(0.95).unwrap();
        high - low
    };
    assert!(width(&a) > 1e-3 && width(&ratio) < 1e-6, "{} {}", width(&a), width(&ratio));
}

#[test]
fn a_budget_is_split_where_the_slopes_agree() {
    // 1 + 400 / params^0.34 + 410 / tokens^0.28: params = G·(C/6)^(0.28/0.62), G = (0.34·400 / (0.28·410))^(1/0.62).
    let (mut params, mut tokens, mut loss) = (Vec::new(), Vec::new(), Vec::new());
    for n in [1e6, 4e6, 16e6, 64e6f64] {
        for d in [1e7, 8e7, 64e7, 512e7f64] {
            params.push(n);
            tokens.push(d);
            loss.push(1.0 + 400.0 / n.powf(0.34) + 410.0 / d.powf(0.28));
        }
    }
    let mut rows = Table::new(params.len());
    rows.set("params", Column::numbers(params));
    rows.set("tokens", Column::numbers(tokens));
    rows.set("loss", Column::numbers(loss));
    let mut plan = plan();
    let seen = observed(&mut plan);
    let model = sum(data_law(), over(parameter("A"), power("params", "alpha")));
    let law = law(&mut plan, seen, &[], &["E", "A", "B", "alpha", "beta"], model, 0);
    let split = |plan: &mut Plan, column: &str, flops: f64| {
        let column = ("column", Argument::Column(column.to_owned()));
        call(plan, "optimal", &[("of", Argument::Law(law)), column, ("at", at(&[("flops", flops)]))])
    };
    let (n, d) = (split(&mut plan, "params", 6e20), split(&mut plan, "tokens", 6e20));
    let settled = settle(&plan, &Measured(rows)).unwrap();
    let g = (0.34f64 * 400.0 / (0.28 * 410.0)).powf(1.0 / 0.62);
    close(value(&settled, &n), g * 1e20f64.powf(0.28 / 0.62), 1e-4);
    close(value(&settled, &n) * value(&settled, &d), 1e20, 1e-12);
}

#[test]
fn what_rows_do_not_tell_is_said_and_what_they_do_is_not_hidden() {
    // E and F are not told apart; their sum is, and so is every prediction.
    let (mut plan, groups) = {
        let mut plan = plan();
        let seen = observed(&mut plan);
        let model = sum(parameter("F"), data_law());
        let law = law(&mut plan, seen, &["r"], &["E", "F", "B", "beta"], model, 50);
        let groups = table(&mut plan, Source::Law(law), &["r"]);
        (plan, groups)
    };
    let zero = row(&mut plan, groups, "r", 0.0);
    let floor = ask(&mut plan, Question::Value { table: zero, column: "E".to_owned() });
    let predicted = call(&mut plan, "predict", &[("of", Argument::Table(zero)), ("at", at(&[("tokens", 64e6)]))]);
    claim(&mut plan, binary(Binary::Greater, floor, number(0.1)));
    claim(&mut plan, binary(Binary::Greater, predicted, number(1.1)));
    let settled = settle(&plan, &Measured(runs(0.001, 0.0))).unwrap();
    assert_eq!(settled.answers.iter().map(|answer| answer.identified).collect::<Vec<_>>(), [false, true]);
    let verdicts = [0, 1].map(|number| settled.decide(&plan, &plan.claims[number]).verdict);
    assert_eq!(verdicts, [Verdict::Undecided, Verdict::Holds]);
}

#[test]
fn a_law_over_a_law_is_drawn_through_it() {
    // Three floors on a line: 1, 1.5, 2 at r = 0, 1, 2.
    let (mut r, mut tokens, mut loss) = (Vec::new(), Vec::new(), Vec::new());
    let random = Stream::new("test/answers", &2);
    for group in 0..3u64 {
        for i in 0..12u64 {
            let budget = 1e6 * 2f64.powi(i as i32);
            r.push(group as f64);
            tokens.push(budget);
            let exact = 1.0 + 0.5 * group as f64 + 400.0 / budget.powf(0.4);
            loss.push(exact * (0.001 * random.normal(i + 100 * group)).exp());
        }
    }
    let mut rows = Table::new(r.len());
    rows.set("r", Column::numbers(r));
    rows.set("tokens", Column::numbers(tokens));
    rows.set("loss", Column::numbers(loss));
    let mut plan = plan();
    let seen = observed(&mut plan);
    let first = law(&mut plan, seen, &["r"], &["E", "B", "beta"], data_law(), 100);
    let floors = table(&mut plan, Source::Law(first), &["r"]);
    let line = sum(parameter("A"), binary(Binary::Multiply, parameter("C"), column("r")));
    let second = law(&mut plan, floors, &[], &["A", "C"], line, 100);
    plan.laws[second].formula.target = column("E");
    plan.laws[second].formula.method = Method::Squares;
    let lines = table(&mut plan, Source::Law(second), &[]);
    let slope = ask(&mut plan, Question::Value { table: lines, column: "C".to_owned() });
    let settled = settle(&plan, &Measured(rows)).unwrap();
    let drawn = settled.drawn(&slope).unwrap();
    let (low, high) = drawn.interval(0.95).unwrap();
    assert_eq!((drawn.draws.len(), settled.laws[second].draws.len()), (100, 100));
    assert!(low < 0.5 && 0.5 < high && high - low < 0.2 && high > low, "{low} {high}");
}

#[test]
fn the_best_mixture_is_chosen_with_what_one_would_take_without_a_law() {
    let mut plan = plan();
    let shares = |a: u64| {
        let part = |part: u64| Exact::ratio(part as i64, 4).unwrap();
        Mixture::new([(CorpusId(0), part(a)), (CorpusId(1), part(4 - a))]).unwrap()
    };
    plan.mixtures = (0..=4).map(shares).collect();
    plan.corpora = ["web", "wiki"].map(named_corpus).into();
    // (share - 0.6)² + 1, planted and fitted exactly.
    let values: Vec<f64> = (0..=8).map(|i| f64::from(i) / 8.0).collect();
    let mut rows = Table::new(values.len());
    rows.set("loss", Column::numbers(values.iter().map(|s| (s - 0.6) * (s - 0.6) + 1.0).collect()));
    rows.set("share[web]", Column::numbers(values));
    let seen = observed(&mut plan);
    let off = binary(Binary::Subtract, column("share[web]"), parameter("C"));
    let law =
        law(&mut plan, seen, &[], &["A", "C"], sum(parameter("A"), binary(Binary::Multiply, off.clone(), off)), 0);
    let choose = |plan: &mut Plan, top: u64, under: Option<Expression>| {
        let mut arguments = vec![
            ("of", Argument::Law(law)),
            ("over", Argument::Mixtures((0..5).collect())),
            ("top", Argument::Expression(Expression::number(top))),
        ];
        arguments.extend(under.map(|under| ("under", Argument::Expression(under))));
        call(plan, "minimize", &arguments)
    };
    let best = choose(&mut plan, 1, None);
    choose(&mut plan, 2, None);
    choose(&mut plan, 1, Some(binary(Binary::Less, column("share[web]"), number(0.3))));
    choose(&mut plan, 1, Some(binary(Binary::Less, column("share[web]"), number(-1.0))));
    let settled = settle(&plan, &Measured(rows)).unwrap();
    let chosen = |answer: usize| match &settled.answers[answer].value {
        Ok(Value::Mixture(best)) => best.mixture.shares()[0].1.to_f64(),
        other => panic!("{other:?}"),
    };
    // 1/2 is nearest to 0.6, then 3/4.
    assert_eq!((chosen(0), chosen(1), chosen(2)), (0.5, 0.625, 0.25));
    close(value(&settled, &best), 1.01, 1e-6);
    let Ok(Value::Mixture(found)) = &settled.answers[0].value else { panic!() };
    assert_eq!(found.beside[0].name, "uniform");
    close(found.beside[0].predicted, 1.01, 1e-6);
    assert!(settled.answers[3].value.as_ref().unwrap_err().0.contains("none of the 5 mixtures"));
}

/// Mixtures of two sources of which the best has 0.6 of the first, on trees.
fn trees_over_shares(bootstrap: u64) -> (Plan, usize, Table) {
    let mut plan = plan();
    let shares = |a: u64| {
        let part = |part: u64| Exact::ratio(part as i64, 10).unwrap();
        Mixture::new([(CorpusId(0), part(a)), (CorpusId(1), part(10 - a))]).unwrap()
    };
    plan.mixtures = (0..=10).map(shares).collect();
    plan.corpora = ["web", "wiki"].map(named_corpus).into();
    let random = Stream::new("test/answers/trees", &0);
    let values: Vec<f64> = (0..120).map(|i| random.uniform(i)).collect();
    let mut rows = Table::new(values.len());
    let loss = |(i, s): (usize, &f64)| (s - 0.6) * (s - 0.6) + 1.0 + 0.005 * random.normal(i as u64);
    rows.set("loss", Column::numbers(values.iter().enumerate().map(loss).collect()));
    rows.set("share[wiki]", Column::numbers(values.iter().map(|share| 1.0 - share).collect()));
    rows.set("share[web]", Column::numbers(values));
    let seen = observed(&mut plan);
    let law = law(&mut plan, seen, &[], &[], number(0.0), bootstrap);
    let columns = ["share[web]", "share[wiki]"].map(str::to_owned).into();
    let rate = Exact::ratio(1, 10).unwrap();
    plan.laws[law].formula.model = Model::Trees(Trees { columns, rate, rounds: 100 });
    (plan, law, rows)
}

#[test]
fn trees_are_asked_with_intervals_of_their_draws() {
    let (mut plan, law, rows) = trees_over_shares(40);
    plan.laws[law].formula.test = Some(HoldOut::Rows(40));
    let of = ("of", Argument::Law(law));
    let predict = |plan: &mut Plan, web: f64| {
        call(plan, "predict", &[of.clone(), ("at", at(&[("share[web]", web), ("share[wiki]", 1.0 - web)]))])
    };
    let (middle, end) = (predict(&mut plan, 0.6), predict(&mut plan, 0.02));
    let over = ("over", Argument::Mixtures((0..11).collect()));
    let top = ("top", Argument::Expression(Expression::number(3u64)));
    let best = call(&mut plan, "minimize", &[of.clone(), over, top]);
    let seen = table(&mut plan, Source::Predictions(law), &[]);
    let columns = ("columns", Argument::Columns(vec!["predicted".to_owned(), "observed".to_owned()]));
    let ranks = call(&mut plan, "spearman", &[("of", Argument::Table(seen)), columns]);
    claim(&mut plan, binary(Binary::Less, middle.clone(), end.clone()));
    let column = ("column", Argument::Column("share[web]".to_owned()));
    let solved = call(&mut plan, "solve", &[of.clone(), column, ("at", at(&[("loss", 1.1), ("share[wiki]", 0.5)]))]);
    let settled = settle(&plan, &Measured(rows)).unwrap();
    let group = &settled.laws[law].fit.as_ref().unwrap().groups[0];
    let drawn = settled.drawn(&middle).unwrap();
    let (low, high) = drawn.interval(0.95).unwrap();
    assert!(drawn.used() == 40 && low < 1.01 && 0.99 < high && high - low < 0.05, "{low} {high}");
    // The same trees as the fit's.
    assert_eq!(value(&settled, &middle), group.trees.as_ref().unwrap().forest.predict(&[0.6, 0.4]));
    assert!(value(&settled, &end) > 1.2);
    let Expression::Answer(AnswerId(place)) = best else { panic!() };
    let Ok(Value::Mixture(found)) = &settled.answers[place].value else { panic!() };
    assert!((found.mixture.shares()[0].1.to_f64() - 0.6).abs() < 0.11 && found.beside[0].name == "uniform");
    // Of the rows that were left out alone.
    let tested = settled.tables[seen.0].as_ref().unwrap();
    assert_eq!(tested.rows(), 40);
    close(value(&settled, &ranks), group.test.unwrap().spearman.unwrap(), 1e-12);
    assert_eq!(settled.decide(&plan, &plan.claims[0]).verdict, Verdict::Holds);
    let Expression::Answer(AnswerId(solved)) = solved else { panic!() };
    assert!(settled.answers[solved].value.as_ref().unwrap_err().0.contains("needs a law with a formula"));
}

fn named_corpus(name: &str) -> synx_plan::corpus::Corpus {
    let content = synx_plan::corpus::Content::Dedup { of: CorpusId(0) };
    synx_plan::corpus::Corpus { name: name.to_owned(), content, heldout: None, price: None, origin: None }
}

#[test]
fn correlations_draw_rows_and_texts_differ_by_their_symbols() {
    let mut plan = plan();
    let seen = observed(&mut plan);
    let columns = |x: &str, y: &str| ("columns", Argument::Columns(vec![x.to_owned(), y.to_owned()]));
    let ranks = call(&mut plan, "spearman", &[("of", Argument::Table(seen)), columns("tokens", "loss")]);
    let pairs = call(&mut plan, "kendall", &[("of", Argument::Table(seen)), columns("tokens", "tokens")]);
    let same = call(&mut plan, "spearman", &[("of", Argument::Table(seen)), columns("tokens", "one")]);
    let kl = |plan: &mut Plan, of: u32, against: u32| {
        call(plan, "unigram_kl", &[("of", Argument::Mixture(of)), ("against", Argument::Mixture(against))])
    };
    let (near, itself, far) = (kl(&mut plan, 0, 1), kl(&mut plan, 0, 0), kl(&mut plan, 0, 2));
    let mut rows = runs(0.0, 0.0).pick(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    rows.set("one", Column::numbers(vec![1.0; 10]));
    let settled = settle(&plan, &Measured(rows)).unwrap();
    assert_eq!((value(&settled, &ranks), value(&settled, &pairs)), (-1.0, 1.0));
    assert_eq!(settled.drawn(&ranks).unwrap().interval(0.95), Some((-1.0, -1.0)));
    let Expression::Answer(same) = same else { panic!() };
    assert!(settled.answers[same.0].value.is_err());
    // ½ ln(½ / ¼) + ½ ln(½ / ¾)
    close(value(&settled, &near), 0.5 * 2f64.ln() + 0.5 * (2.0f64 / 3.0).ln(), 1e-12);
    assert_eq!((value(&settled, &itself), value(&settled, &far)), (0.0, f64::INFINITY));
}

#[test]
fn the_best_values_come_in_order_and_replicates_are_drawn() {
    // Two settings, five replicates each: 1 is better by less than the noise between replicates, 2 by far worse.
    let mut plan = plan();
    let (mut setting, mut replicate, mut loss) = (Vec::new(), Vec::new(), Vec::new());
    for (place, base) in [2.0, 2.001, 3.0].into_iter().enumerate() {
        for number in 0..5 {
            setting.push(place as f64);
            replicate.push(f64::from(number));
            loss.push(base + 0.1 * f64::from(number * (place as i32 + 1) % 5));
        }
    }
    let mut rows = Table::new(15);
    rows.set("setting", Column::numbers(setting));
    rows.set("replicate", Column::numbers(replicate));
    rows.set("loss", Column::numbers(loss));
    let keys = ["setting", "replicate"];
    let grid = table(&mut plan, Source::Grid(0), &keys);
    let mean = table(&mut plan, Source::Mean { of: grid, over: vec!["replicate".to_owned()] }, &["setting"]);
    let loss_of = |plan: &mut Plan, value: f64| {
        let only = row(plan, mean, "setting", value);
        ask(plan, Question::Value { table: only, column: "loss".to_owned() })
    };
    let (a, b, c) = (loss_of(&mut plan, 0.0), loss_of(&mut plan, 1.0), loss_of(&mut plan, 2.0));
    claim(&mut plan, binary(Binary::Less, a.clone(), b));
    claim(&mut plan, binary(Binary::Less, a, c));
    for place in 1..=3u64 {
        let sort = Sort::OneOf([2u64, 1, 0].map(|value| ColumnValue::Number(Exact::from(value))).into());
        let arguments = [
            ("table", Argument::Table(mean)),
            ("column", Argument::Column("setting".to_owned())),
            ("by", Argument::Column("loss".to_owned())),
            ("place", Argument::Expression(Expression::number(place))),
        ];
        let arguments = arguments.map(|(name, argument)| (name.to_owned(), argument)).to_vec();
        plan.answers.push(Answer {
            question: Question::Call { function: "top".to_owned(), arguments },
            sort,
            name: None,
            origin: None,
        });
    }
    let settled = settle(&plan, &Measured(rows.keyed(keys.map(str::to_owned)))).unwrap();
    let top: Vec<f64> = settled.answers[3..].iter().map(|answer| answer.value.as_ref().unwrap().number()).collect();
    assert_eq!(top, [0.0, 1.0, 2.0]);
    // Expressions read the place among the values, in the data and in each draw.
    let read: Vec<f64> = settled.answers[3..].iter().map(|answer| answer.read).collect();
    assert_eq!(read, [2.0, 1.0, 0.0]);
    let same = settled.answers[5].draws.iter().filter(|draw| **draw == 0.0).count();
    assert!(settled.answers[5].draws.len() == 1000 && same > 900, "the worst is far off: {same}");
    let [near, far] = [0, 1].map(|number| settled.decide(&plan, &plan.claims[number]));
    assert_eq!((near.verdict, far.verdict, far.draws), (Verdict::Undecided, Verdict::Holds, 1000));
    // Five replicates are drawn, in all settings alike.
    let replicates = synx_laws::Sample { rows: 5.0, units: 5.0, parameters: 1.0, enlarged: false };
    assert_eq!(settled.answers[0].samples, [replicates]);
}

#[test]
fn what_is_awaited_has_no_answer_yet() {
    let (mut plan, zero, one) = by_r(20);
    let a = ask(&mut plan, Question::Value { table: zero, column: "E".to_owned() });
    let b = ask(&mut plan, Question::Value { table: one, column: "E".to_owned() });
    claim(&mut plan, binary(Binary::Less, a, b));
    let mut standing = vec![Standing::There; 20];
    standing[3] = Standing::Awaited;
    let settled = settle(&plan, &Measured(runs(0.001, 0.5).with_standing(standing))).unwrap();
    assert!(settled.answers[0].value.as_ref().unwrap_err().0.contains("no result yet"));
    assert!(settled.answers[1].value.is_ok());
    let decided = settled.decide(&plan, &plan.claims[0]);
    assert!(decided.verdict == Verdict::Undecided && decided.note.contains("1 of its 10 rows"), "{decided:?}");
}

#[test]
fn rows_that_tell_most_are_chosen_at_what_was_fitted() {
    let (mut plan, zero, _) = by_r(0);
    let law = 0;
    let design = table(&mut plan, Source::DOptimal { of: TableId(0), law, group: Some(zero), points: 3 }, &[]);
    let settled = settle(&plan, &Measured(runs(0.0, 0.0))).unwrap();
    let chosen = settled.tables[design.0].as_ref().unwrap();
    let mut tokens: Vec<f64> = (0..3).map(|row| chosen.value(row, "tokens").number().unwrap()).collect();
    tokens.sort_by(f64::total_cmp);
    // Both ends and one between: three parameters.
    assert_eq!((tokens[0], tokens[2]), (1e6, 512e6));
}
