//! Tables: what pipelines make of grids and laws, with the rows, columns and bounds that are known before anything runs.
#![allow(clippy::unwrap_used)]

mod common;

use common::{check, findings};
use synx_plan::answer::{Question, Sort};
use synx_plan::exact::Exact;
use synx_plan::study::Plan;
use synx_plan::table::{Source, Table};

const HEAD: &str = "synx 1
study s { confidence = 95% }
corpus web  = world(register = web, documents = 20k, heldout = 2%)
corpus wiki = world(register = encyclopedic, documents = 5k, heldout = 2%)
model tiny(width) { blocks = [attention(heads = 2), swiglu(ratio = 8/3)] * 2 }
recipe standard(lr, batch) { optimizer = adamw(lr = lr); schedule = wsd(warmup = 64Ki tokens, decay = 20%) }
grid sweep {
    axis r         = [0, 1/2, 1]
    axis lr        = [1e-3, 2e-3, 4e-3]
    axis batch     = [8Ki, 16Ki]
    axis tokens    = [1Mi, 2Mi, 4Mi, 8Mi]
    axis replicate = 1..3 step 1
    data = r * wiki + rest * web; model = tiny(64); recipe = standard(lr, batch); evaluate = web.heldout
}
";

fn plan(rest: &str) -> Plan {
    let compiled = check(&format!("{HEAD}{rest}"));
    assert!(compiled.diagnostics.is_empty(), "{rest}\n{:#?}", findings(&compiled));
    compiled.plan.unwrap()
}

/// What is said about a study that begins with the common lines, by code and place's text.
fn said(rest: &str) -> Vec<(String, String)> {
    let source = format!("{HEAD}{rest}");
    let compiled = check(&source);
    let at = |d: &synx_compiler::Diagnostic| (d.code.to_owned(), source[d.labels[0].range.clone()].to_owned());
    compiled.diagnostics.iter().map(at).collect()
}

fn over<'a>(plan: &'a Plan, law: &str) -> &'a Table {
    let law = plan.laws.iter().find(|known| known.name == law).unwrap();
    &plan.tables[law.over.0]
}

fn law_over(table: &str) -> String {
    format!("law l {{ over = {table}; by = [r]; free E in 0.., B in 0.., beta in 0..2; loss ~ E + B / tokens^beta }}\n")
}

#[test]
fn a_grid_is_the_simplest_table() {
    let plan = plan(&law_over("sweep"));
    assert_eq!(plan.grid_of(plan.laws[0].over), Some(0));
    assert_eq!(over(&plan, "l").rows, Some(3 * 3 * 2 * 4 * 3));
    assert!(plan.not_carried_out().is_empty());
}

#[test]
fn rows_are_counted_through_a_pipeline() {
    let plan = plan(&format!(
        "let tuned = sweep |> mean(over = replicate) |> best(loss, over = [lr, batch])\n{}",
        law_over("tuned |> filter(tokens >= 2Mi and r != 1)")
    ));
    let rows: Vec<Option<u64>> = plan.tables.iter().map(|table| table.rows).collect();
    assert_eq!(rows, [Some(216), Some(72), Some(12), Some(6)]);
    let Source::Best { ends, over: chosen, .. } = &plan.tables[2].source else { panic!() };
    assert_eq!(chosen, &["lr", "batch"]);
    assert_eq!(ends[0].low, Exact::from_decimal("1e-3").unwrap());
    let Source::Filter { condition, .. } = &plan.tables[3].source else { panic!() };
    assert_eq!(condition.to_string(), "tokens >= 2097152 and r != 1");
    assert!(plan.not_carried_out().is_empty());
}

#[test]
fn columns_keep_their_units_and_bounds() {
    let plan = plan(&format!(
        "{}law m {{ over = l |> derive(half = E / 2 + 1); free a; half ~ a + r }}\n",
        law_over("sweep |> derive(per = tokens / batch, log_loss = log(loss + 1))")
    ));
    let table = over(&plan, "l");
    let column = |name: &str| table.columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!((column("per").unit.as_str(), column("tokens").unit.as_str()), ("", "tokens"));
    assert_eq!(column("per").high, Some(Exact::from(1024u64)), "8Mi tokens in batches of 8Ki");
    assert!(column("log_loss").low.as_ref().is_some_and(|low| low.abs() < Exact::from_decimal("1e-9").unwrap()));
    let groups = over(&plan, "m");
    assert_eq!(groups.rows, Some(3), "a group for each share");
    let half = groups.columns.iter().find(|column| column.name == "half").unwrap();
    assert_eq!((half.low.clone(), half.high.clone()), (Some(Exact::one()), None));
}

#[test]
fn a_row_is_picked_by_its_axes() {
    let plan = plan(&format!(
        "{}let written = sweep |> mean(over = replicate)\n\
         let late = written[r = 1/2, lr = 1e-3, batch = 8Ki, tokens = 8Mi].loss - l[r = 0].E\n\
         law n {{ over = sweep |> filter(loss < late); free c; loss ~ c }}\n",
        law_over("sweep")
    ));
    let value = |answer: &synx_plan::answer::Answer| match &answer.question {
        Question::Value { table, column } => {
            let Source::Filter { condition, .. } = &plan.tables[table.0].source else { panic!() };
            (condition.to_string(), column.clone())
        }
        Question::Expression(expression) => (expression.to_string(), String::new()),
        Question::Call { .. } => panic!(),
    };
    let asked: Vec<(String, String)> = plan.answers.iter().map(value).collect();
    assert_eq!(
        asked,
        [
            ("r == 0.5 and lr == 0.001 and batch == 8192 and tokens == 8388608".to_owned(), "loss".to_owned()),
            ("r == 0".to_owned(), "E".to_owned()),
            ("answer[0] - answer[1]".to_owned(), String::new()),
        ]
    );
    assert_eq!(plan.answers[1].sort, Sort::Number { unit: String::new(), low: Some(Exact::zero()), high: None });
    assert_eq!(over(&plan, "n").rows, None, "a run settles how many");
}

#[test]
fn tables_are_joined_and_put_together() {
    let other = HEAD.split("grid sweep").nth(1).unwrap().replace("1..3 step 1", "[1]").replace("[8Ki, 16Ki]", "[16Ki]");
    let plan = plan(&format!(
        "grid wide {other}\
         let both = sweep |> mean(over = replicate) |> join(wide, on = [r, lr, batch, tokens])\n\
         law a {{ over = both; free c; wide.loss ~ c * loss }}\n\
         law b {{ over = union(sweep, wide) |> filter(replicate == 1); free c; loss ~ c }}\n"
    ));
    // Each of the 3 × 3 × 4 cells of the wide grid has its mean beside it.
    assert_eq!(over(&plan, "a").rows, Some(36));
    assert!(over(&plan, "a").columns.iter().any(|column| column.name == "wide.loss"));
    assert_eq!(over(&plan, "b").rows, Some(72 + 36));
}

#[test]
fn what_is_wrong_with_a_pipeline_is_said_at_its_place() {
    let one = |rest: &str| {
        let said = said(rest);
        assert_eq!(said.len(), 1, "{rest} {said:?}");
        said.into_iter().next().unwrap()
    };
    let pair = |code: &str, text: &str| (code.to_owned(), text.to_owned());
    assert_eq!(one(&law_over("sweep |> filter(tokenz > 1)")), pair("E0610", "tokenz"));
    assert_eq!(one(&law_over("sweep |> mean(over = replicat)")), pair("E0610", "replicat"));
    assert_eq!(one(&law_over("sweep |> mean(over = loss)")), pair("E0610", "loss"));
    assert_eq!(one(&law_over("sweep |> filter(tokens > 5 params)")), pair("E0202", "tokens > 5 params"));
    assert_eq!(one(&law_over("sweep |> filter(tokens > 1T)")), pair("E0614", "tokens > 1T"));
    assert_eq!(one("let x = sweep[tokens = 3Mi]\n").0, "E0611");
    assert_eq!(one("let x = sweep[width = 3]\n").0, "E0611");
    assert_eq!(one("let x = sweep[r = 1].loss + 1\n"), pair("E0613", "sweep[r = 1].loss"));
    assert_eq!(one("let x = sweep[r = 1].lossy\n"), pair("E0610", "lossy"));
    assert_eq!(one(&law_over("sweep |> best(loss, over = lr)")), pair("W0610", "sweep |> best(loss, over = lr)"),);
    assert_eq!(
        one(&law_over("sweep |> filter(lr == 1e-3) |> mean(over = replicate) |> best(loss, over = lr)")),
        pair("W0612", "lr"),
    );
}

fn claims(rest: &str) -> Vec<String> {
    plan(&format!("{}{rest}", law_over("sweep"))).claims.iter().map(|claim| claim.condition.to_string()).collect()
}

/// The questions of a study's answers, by their functions, with unit and bounds.
fn asked(rest: &str) -> Vec<(String, Sort)> {
    let plan = plan(&format!("{}{rest}", law_over("sweep")));
    let call = |answer: &synx_plan::answer::Answer| match &answer.question {
        Question::Call { function, .. } => Some((function.clone(), answer.sort.clone())),
        _ => None,
    };
    plan.answers.iter().filter_map(call).collect()
}

fn number(unit: &str, low: Option<&str>, high: Option<&str>) -> Sort {
    let end = |text: Option<&str>| text.map(|text| Exact::from_decimal(text).unwrap());
    Sort::Number { unit: unit.to_owned(), low: end(low), high: end(high) }
}

#[test]
fn a_claim_is_a_condition_over_answers() {
    assert_eq!(claims("claim c = l[r = 1].E > l[r = 0].E\n"), ["answer[0] > answer[1]"]);
    assert_eq!(claims("let d = l[r = 1].E - l[r = 0].E\nclaim c = d > 0 and d < 1 or d in 3..4\n").len(), 1);
    assert_eq!(
        claims("claim c = (if l[r = 1].E > 1 then l[r = 1].B else 2 * l[r = 0].B) >= 3\n"),
        ["(if answer[0] > 1 then answer[1] else 2 * answer[2]) >= 3"]
    );
}

#[test]
fn a_law_answers_with_units_and_bounds() {
    let small = "claim c = predict(l[r = 1], tokens = 64M) < 3\n";
    assert_eq!(asked(small), [("predict".to_owned(), number("", Some("0"), None))]);
    let solved = "claim c = solve(l[r = 1], tokens, loss = 3.2) < 64M\n";
    assert_eq!(asked(solved), [("solve".to_owned(), number("tokens", Some("0"), None))]);
    let sped = "claim c = speedup(l[r = 1], l[r = 0], at = 64M) >= 2\n";
    let functions: Vec<String> = asked(sped).into_iter().map(|(function, _)| function).collect();
    assert_eq!(functions, ["predict", "solve"]);
    let ranked = "claim c = spearman(l.predicted, l.observed) >= 0.97\n";
    assert_eq!(asked(ranked), [("spearman".to_owned(), number("", Some("-1"), Some("1")))]);
    let columns = "claim c = abs(spearman(sweep |> filter(tokens == 8Mi), lr, loss)) < 0.5\n";
    assert_eq!(asked(columns).len(), 1);
    let slope = "claim c = marginal(l[r = 1], tokens, tokens = 64M) < 0\n";
    assert_eq!(asked(slope).len(), 1);
}

#[test]
fn points_are_rows_of_answers_by_lists() {
    let plan = plan(&format!(
        "{}let t = points(r = [0, 1], tokens = 1M..16M factor 4, gap = gap(l[r = r], l[r = 0], at = tokens), twice = 2 * gap)\n\
         let best_r = t |> best(gap, over = r)\n\
         claim c = grows(t, gap, over = tokens) and best_r[tokens = 4M].r == 0 and t[r = 1, tokens = 4M].twice > 0\n",
        law_over("sweep")
    ));
    let table = plan.tables.iter().find(|table| matches!(table.source, Source::Points { .. })).unwrap();
    assert_eq!((table.rows, table.keys.as_slice()), (Some(6), &["r".to_owned(), "tokens".to_owned()][..]));
    let units: Vec<(&str, &str)> = table.columns.iter().map(|c| (c.name.as_str(), c.unit.as_str())).collect();
    assert_eq!(units, [("r", ""), ("tokens", ""), ("gap", ""), ("twice", "")]);
    let Source::Points { given, asked } = &table.source else { panic!() };
    assert_eq!(given[1].1[5].to_string(), "16M");
    // Of the group r = 1 against r = 0 at the last budget.
    assert_eq!(asked[1].1[5].to_string(), format!("2 * {}", asked[0].1[5]));
    assert_eq!(asked[0].1.len(), 6);
}

#[test]
fn points_without_a_list_or_with_too_many_of_them_are_refused() {
    let one = |code: &str, at: &str| vec![(code.to_owned(), at.to_owned())];
    let call = "points(gap = 1)";
    assert_eq!(said(&format!("let t = {call}\nfigure f {{ over = t; x = gap; y = gap }}\n")), one("E0610", call));
    let call = "points(a = 1..200 step 1, b = 1..200 step 1)";
    assert_eq!(said(&format!("figure f {{ over = {call}; x = a; y = b }}\n")), one("E0504", call));
    assert_eq!(said("figure f { over = points(a = [1, 2], b = a, b = a); x = a; y = b }\n"), one("E0102", "b"));
    assert_eq!(said("figure f { over = points(a = [1, web]); x = a; y = a }\n"), one("E0201", "[1, web]"));
    assert_eq!(said("figure f { over = points([1, 2]); x = a; y = a }\n"), one("E0106", "[1, 2]"));
    assert_eq!(said("figure f { over = points(a = [1, 2], m = web); x = a; y = a }\n").len(), 1);
    let steps = "claim c = grows(points(a = [1, 2], b = a), b, over = x)\n";
    assert_eq!(said(steps), one("E0610", "x"));
}

#[test]
fn a_mixture_sets_the_shares_that_a_law_reads() {
    let law = "law reg { over = sweep; free c, d, e; loss ~ c + d * share[wiki] + e / tokens }\n";
    let asked = plan(&format!(
        "{law}let best = minimize(reg, over = simplex([web, wiki]), tokens = 4Mi, cap_epochs = 4, under = share[wiki] <= 2 * share[web])\n\
         claim c = predict(reg, data = best, tokens = 4Mi) < predict(reg, data = uniform([web, wiki]), tokens = 4Mi)\n\
         claim d = marginal(reg, wiki, data = best, tokens = 4Mi) < 0\n"
    ));
    let functions = asked.answers.iter().filter_map(|answer| match &answer.question {
        Question::Call { function, .. } => Some(function.as_str()),
        _ => None,
    });
    assert_eq!(functions.collect::<Vec<_>>(), ["minimize", "predict", "predict", "marginal"]);
    let one = |code: &str, at: &str| vec![(code.to_owned(), at.to_owned())];
    let ask = |call: &str| said(&format!("{law}claim c = {call} < 1\n"));
    assert_eq!(ask("predict(reg, tokens = 4Mi)"), one("E0616", "predict(reg, tokens = 4Mi)"));
    let other = "process(kind = zipf, symbols = 8, tokens = 20k, exponent = 1)";
    assert_eq!(
        said(&format!("{law}corpus code = {other}\nclaim c = predict(reg, data = code, tokens = 4Mi) < 1\n")),
        one("E0616", "code")
    );
    let squared = "minimize(reg, over = simplex([web, wiki]), tokens = 4Mi, under = share[wiki] ^ 2 <= 1/2)";
    assert_eq!(ask(&format!("predict(reg, data = {squared}, tokens = 4Mi)")), one("E0657", "share[wiki] ^ 2 <= 1/2"));
    let endless = "grid g { axis data = simplex([web, wiki]); model = tiny(64); recipe = standard(1e-3, 8Ki); tokens = 2Mi; evaluate = web.heldout }\n";
    assert_eq!(said(endless).len(), 1);
}

#[test]
fn the_best_mixture_is_late() {
    let plan = plan(
        "law reg { over = sweep; free c, d; loss ~ c + d * share[wiki] }\n\
         let best = minimize(reg, over = [web, 1/2 * wiki + rest * web, 1/4 * wiki + rest * web], top = 2)\n\
         grid large { axis data = [web, best]; model = tiny(128); recipe = standard(1e-3, 8Ki); tokens = 2Mi; evaluate = web.heldout }\n",
    );
    let large = &plan.grids[1];
    let late = &plan.mixtures[large.cells[1].mixture as usize];
    assert!(late.answer().is_some() && late.shares().len() == 2);
    assert_eq!(large.cell_name(&large.cells[1].values), "large[data=best]");
    let Sort::Mixture(of) = &plan.answers[late.answer().unwrap().0].sort else { panic!() };
    assert_eq!(of.len(), 2);
    assert!(
        !plan.not_carried_out().iter().any(|refused| refused.what.contains("grid `large`")),
        "a run settles it first"
    );
    assert_eq!(plan.answers[late.answer().unwrap().0].name.as_deref(), Some("best"));
    assert_eq!(plan.awaited(&large.cells[1]), [late.answer().unwrap()]);
}

#[test]
fn figures_and_tables_name_columns() {
    let plan = plan(&format!(
        "{}figure curves {{ over = sweep; x = tokens; y = loss; series = lr; panel = r; overlay = l }}\n\
         table shares {{ over = sweep |> mean(over = replicate); rows = tokens; columns = lr; cell = loss; panel = r }}\n",
        law_over("sweep")
    ));
    assert_eq!((plan.figures[0].x.as_str(), plan.figures[0].overlay), ("tokens", Some(0)));
    assert_eq!(plan.report_tables[0].cell, "loss");
    assert!(plan.not_carried_out().is_empty());
}

#[test]
fn observations_show_their_columns_before_their_values() {
    let plan = plan(
        "observations runs = csv(\"data/runs.csv\", axes = [\"lr\", \"seed\"])\n    \
         |> derive(bpb = column(\"metric/bpb\"), share = normalize(columns(\"train_*\")))\n\
         law o { over = runs |> mean(over = seed); free c, d; bpb ~ c + d * tokens }\n\
         law p { over = runs |> filter(note == \"ok\"); free c, d; bpb ~ c + d * column(\"share[web]\") }\n",
    );
    let table = over(&plan, "p");
    assert!(table.columns.iter().any(|column| column.name == "share[wiki]"));
    assert_eq!(plan.tables.iter().find(|table| matches!(table.source, Source::Observations(_))).unwrap().rows, Some(3));
}

#[test]
fn what_is_wrong_with_a_question_is_said_at_its_place() {
    let one = |rest: &str| {
        let said = said(&format!("{}{rest}", law_over("sweep")));
        assert_eq!(said.len(), 1, "{rest} {said:?}");
        said.into_iter().next().unwrap()
    };
    let pair = |code: &str, text: &str| (code.to_owned(), text.to_owned());
    assert_eq!(one("claim c = predict(l, tokens = 1M) < 3\n"), pair("E0616", "l"));
    assert_eq!(one("claim c = predict(l[r = 1], token = 1M) < 3\n"), pair("E0616", "token"));
    assert_eq!(one("claim c = predict(l[r = 1], tokens = 1 params) < 3\n"), pair("E0202", "tokens"));
    assert_eq!(one("claim c = solve(l[r = 1], tokens) < 3\n").0, "E0616");
    assert_eq!(one("claim c = spearman(sweep, lr, lost) < 1/2\n"), pair("E0610", "lost"));
    assert_eq!(one("claim c = l[r = 1].E > 3 USD\n"), pair("E0202", "l[r = 1].E > 3 USD"));
    assert_eq!(one("claim c = l[r = 1].E >= 0\n"), pair("W0611", "l[r = 1].E >= 0"));
    assert_eq!(one("claim c = sweep[r = 1, tokens = 1Mi].loss > 1\n").0, "E0613");
    assert_eq!(one("claim c = l[r = 1/3].E > 1\n"), pair("E0611", "1/3"));
    assert_eq!(one("claim c = l[r = 1].E\n"), pair("E0201", "l[r = 1].E"));
    assert_eq!(one("figure f { over = sweep; x = tokenz; y = loss }\n"), pair("E0610", "tokenz"));
    assert_eq!(one("figure f { over = web; x = tokens; y = loss }\n").0, "E0201");
    assert_eq!(one("observations o = csv(\"data/run.csv\")\n"), pair("E0615", "\"data/run.csv\""));
    assert_eq!(one("observations o = 3\n").0, "E0201");
    assert_eq!(one("let x = if l[r = 1].E > 1 then 1 else 2\ngrid g2 { axis replicate = [x]; data = web; model = tiny(64); recipe = standard(1e-3, 8Ki); tokens = 1Mi; evaluate = web.heldout }\n").0, "E0612");
}

#[test]
fn a_column_of_a_grid_may_be_late() {
    let plan = plan(
        "grid apart { axis r = [0, 1/2]; let kl = unigram_kl(data, wiki); data = r * wiki + rest * web; model = tiny(64); recipe = standard(1e-3, 8Ki); tokens = 2Mi; evaluate = web.heldout }\n\
         claim best = spearman(union(apart, apart) |> filter(kl > 0), kl, loss) < 1/2\n\
         claim chosen = (sweep |> mean(over = replicate) |> best(loss, over = [lr, batch]))[r = 0, tokens = 8Mi].loss < 3\n",
    );
    // Two mixtures, two answers; a claim called `best` leaves the function `best` what it is.
    assert_eq!(plan.grids[1].columns[1].values.len(), 2);
    assert_eq!(plan.answers[0].sort, number("", Some("0"), None));
    assert!(plan.not_carried_out().is_empty(), "a column that nothing is trained by waits for its answer");
}
