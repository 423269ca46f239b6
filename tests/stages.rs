//! Studies whose later cells train on what earlier results settle: a mixture that a law chooses, values that rank best.

use std::fs;
use std::path::Path;

use crate::support::{Row, study, synx, synx_until, table};

/// What all studies here are made of.
const WORLD: &str = r"synx 1

study settled { seed = 7 }

corpus web  = world(register = web, documents = 300, heldout = 10%)
corpus wiki = web |> rephrase(style = encyclopedic, generator = builtin)
corpus talk = web |> rephrase(style = question_answer, generator = builtin)
let sources = [web, wiki, talk]
mixture prior = 50% * web + 25% * wiki + 25% * talk

evaluation both {
    domains = [web.heldout, wiki.heldout]
    weights = [50%, 50%]
    tokens  = 1Ki tokens
}
recipe short(lr) {
    optimizer = adamw(lr = lr)
    schedule  = wsd(warmup = 512 tokens, decay = 25%)
    batch     = 128 tokens
}
let A = attention(heads = 2)
let M = swiglu(ratio = 2)
model tiny(pattern) { context = 32; width = 32; blocks = pattern }
";

/// A law over a small swarm chooses the mixture that is compared with the usual ones.
const SWARM: &str = r"
grid swarm {
    axis data = dirichlet(prior, points = 12)
    model    = tiny([A, M])
    recipe   = short(4e-3)
    tokens   = 2Ki
    evaluate = both
}
law mixed = mixing(over = swarm, sources = sources, bootstrap = 50)
let best_mixture = minimize(mixed, over = dirichlet(prior, points = 1000), top = 16)
grid checked {
    axis data = [prior, uniform(sources), best_mixture]
    model    = tiny([A, M])
    recipe   = short(4e-3)
    tokens   = 4Ki
    evaluate = both
}
claim beats_the_prior = checked[data = best_mixture].loss < checked[data = prior].loss
";

/// The best rate and the best order of blocks of a narrow sweep go on.
const CHOICES: &str = r"
grid narrow {
    axis pattern = words([A, M], length = 2)
    axis lr      = [1e-3, 4e-3]
    data     = prior
    model    = tiny(pattern)
    recipe   = short(lr)
    tokens   = 2Ki
    evaluate = both
}
let tuned = narrow |> best(loss, over = lr)
grid wide {
    axis pattern = top(tuned, pattern, by = loss, n = 3)
    axis lr      = top(narrow, lr, by = loss, n = 1)
    data     = prior
    model    = tiny(stretch(pattern, 2))
    recipe   = short(lr)
    tokens   = 4Ki
    evaluate = both
}
claim transfers = spearman(tuned |> join(wide, on = pattern), loss, wide.loss) >= 0
";

fn written(parts: &[&str]) -> tempfile::TempDir {
    study(&parts.concat())
}

fn results(folder: &Path) -> Vec<Row> {
    table(&folder.join("results/settled/results.csv"))
}

fn row<'a>(rows: &'a [Row], cell: &str) -> &'a Row {
    rows.iter().find(|row| row.get("cell") == cell).unwrap_or_else(|| panic!("no cell {cell} in {rows:?}"))
}

const RUN: [&str; 6] = ["run", "study.synx", "--device", "cpu", "--threads", "2"];

/// `12.5% web + 87.5% wiki` as a study writes it, share by share to the last digit.
fn shares(folder: &Path) -> String {
    let plan = fs::read_to_string(folder.join("results/settled/plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let plan = &plan["plan"];
    let grid = plan["grids"].as_array().unwrap().iter().find(|grid| grid["name"] == "checked").unwrap();
    let mixture = grid["cells"][2]["mixture"].as_u64().unwrap() as usize;
    let shares = plan["mixtures"][mixture]["shares"].as_array().unwrap().iter().map(|pair| {
        let corpus = &plan["corpora"][pair[0].as_u64().unwrap() as usize]["name"];
        format!("{} * {}", pair[1].as_str().unwrap(), corpus.as_str().unwrap())
    });
    shares.collect::<Vec<_>>().join(" + ")
}

#[test]
fn a_mixture_that_a_law_chooses_is_trained_once_it_is_settled() {
    let folder = written(&[WORLD, SWARM]);
    let path = folder.path();
    let plan = synx(path, ["plan", "study.synx"]).expect(0);
    assert!(plan.out.contains("checked[data=best_mixture]"), "{}", plan.out);
    let ran = synx(path, RUN).expect(0);
    assert!(ran.err.contains("15 cells, 0 done, 1 waits for results of others: "), "{}", ran.err);
    assert!(ran.err.contains("mixture `best_mixture` is settled: "), "{}", ran.err);
    assert!(ran.err.contains("15 cells, 14 done: 1 segment to train, 32 steps"), "{}", ran.err);
    let rows = results(path);
    assert_eq!(rows.len(), 15);
    assert!(rows.iter().all(|row| row.get("status") == "ok" && row.get("key").len() == 64), "{rows:?}");
    // What was chosen is said where answers are, and is what the plan of the results holds.
    let answers = table(&path.join("results/settled/answers.csv"));
    let chosen = answers.iter().find(|row| row.get("question").starts_with("minimize")).unwrap().get("chosen");
    assert!(ran.err.contains(&format!("is settled: {chosen}")), "{chosen}\n{}", ran.err);
    let claims = table(&path.join("results/settled/claims.csv"));
    let apart =
        row(&rows, "checked[data=best_mixture]").number("loss") - row(&rows, "checked[data=prior]").number("loss");
    assert!((claims[0].number("estimate") - apart).abs() < 1e-12);
    assert_eq!(claims[0].get("verdict"), if apart < 0.0 { "holds" } else { "fails" });
    // Measured once: what was drawn of the law says nothing of a difference between two runs.
    assert_eq!(claims[0].get("draws"), "0");

    let first = fs::read(path.join("results/settled/results.csv")).unwrap();
    let again = synx(path, RUN).expect(0);
    assert_eq!(again.err.matches("nothing to train").count(), 2, "{}", again.err);
    assert_eq!(fs::read(path.join("results/settled/results.csv")).unwrap(), first);
    assert!(synx(path, ["status", "study.synx"]).expect(0).out.contains("15 of 15"));
}

#[test]
fn a_settled_mixture_has_the_bits_of_the_same_one_named_by_hand() {
    let folder = written(&[WORLD, SWARM]);
    synx(folder.path(), RUN).expect(0);
    let named = shares(folder.path());
    let both = SWARM.replace("uniform(sources), best_mixture]", &format!("uniform(sources), best_mixture, {named}]"));
    fs::write(folder.path().join("study.synx"), [WORLD, &both].concat()).unwrap();
    let again = synx(folder.path(), RUN).expect(0);
    assert_eq!(again.err.matches("nothing to train").count(), 2, "equal contents train once: {}", again.err);
    // Alone, in a store that has never seen the swarm.
    let alone = format!(
        "grid checked {{ data = {named}; model = tiny([A, M]); recipe = short(4e-3); tokens = 4Ki; evaluate = both }}\n"
    );
    let fresh = written(&[WORLD, &alone]);
    synx(fresh.path(), RUN).expect(0);
    let (together, fresh) = (results(folder.path()), results(fresh.path()));
    let [alone] = &fresh[..] else { panic!("{fresh:?}") };
    for cell in [row(&together, "checked[data=best_mixture]"), together.last().unwrap()] {
        for column in ["loss", "bits_per_byte", "key", "stream", "status"] {
            assert_eq!(cell.get(column), alone.get(column), "{column}");
        }
    }
}

#[test]
fn a_run_that_was_stopped_between_stages_goes_on_there() {
    // Long enough after the swarm that the signal comes before the end.
    let folder = written(&[WORLD, &SWARM.replace("= 4Ki", "= 64Ki")]);
    let path = folder.path();
    let before = synx(path, ["status", "study.synx"]).expect(0).out;
    assert!(before.contains("0 of 15"), "{before}");
    // It is stopped as soon as it says that the mixture is settled.
    let mut child = synx_until(path, RUN, |line| line.contains("is settled"));
    child.kill().unwrap();
    child.wait().unwrap();
    let status = synx(path, ["status", "study.synx"]).expect(0).out;
    assert!(status.contains("14 of 15 cells have a result, 1 missing"), "{status}");
    let ran = synx(path, RUN).expect(0);
    assert!(ran.err.contains("15 cells, 14 done, 1 waits for results of others: nothing to train"), "{}", ran.err);
    assert!(ran.err.contains("15 cells, 14 done: 1 segment to train, 512 steps"), "{}", ran.err);
    assert!(results(path).iter().all(|row| row.get("status") == "ok"));
}

#[test]
fn status_says_what_cells_wait_for() {
    let folder = written(&[WORLD, SWARM]);
    let plan = synx(folder.path(), ["plan", "study.synx"]).expect(0).out;
    // Twelve cells of the swarm, and two of the grid after it, which share nothing; the third is counted by itself.
    assert!(plan.contains("in 15 segments of 15 streams"), "{plan}");
    let status = synx(folder.path(), ["status", "study.synx"]).expect(0).out;
    let waits = "waits for mixture `best_mixture` = minimize(mixed, over = dirichlet(…, points = 1000), top = 16)";
    assert!(status.contains(waits), "{status}");
}

#[test]
fn values_that_rank_best_go_on_to_a_later_grid() {
    let claims = "claim fast = last(top(narrow, lr, by = loss, n = 1)) >= 2e-3\n";
    let folder = written(&[WORLD, CHOICES, claims]);
    let path = folder.path();
    let ran = synx(path, RUN).expect(0);
    assert!(ran.err.contains("11 cells, 0 done, 3 wait for results of others"), "{}", ran.err);
    let rows = results(path);
    let narrow: Vec<&Row> = rows.iter().filter(|row| row.get("grid") == "narrow").collect();
    let loss = |row: &&&Row| row.number("loss");
    let best = narrow.iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).unwrap();
    let mut tuned: Vec<&Row> = narrow.iter().copied().filter(|row| row.get("lr") == best.get("lr")).collect();
    tuned.sort_by(|a, b| a.number("loss").total_cmp(&b.number("loss")));
    let wide: Vec<&Row> = rows.iter().filter(|row| row.get("grid") == "wide").collect();
    let names: Vec<String> = wide.iter().map(|row| row.get("cell").to_owned()).collect();
    let expected: Vec<String> =
        tuned[..3].iter().map(|row| format!("wide[pattern={},lr={}]", row.get("pattern"), row.get("lr"))).collect();
    assert_eq!(names, expected, "the best three at the best rate, in their order");
    for (row, best) in wide.iter().zip(&tuned) {
        assert_eq!((row.get("status"), row.get("pattern"), row.get("lr")), ("ok", best.get("pattern"), best.get("lr")));
        // Four blocks in the place of two: what the grid made of the pattern, not of another.
        assert_eq!(row.number("params") - 32.0, 2.0 * (best.number("params") - 32.0));
    }
    let claims = table(&path.join("results/settled/claims.csv"));
    let fast = claims.iter().find(|row| row.get("claim") == "fast").unwrap();
    assert_eq!(fast.get("verdict"), if best.number("lr") >= 2e-3 { "holds" } else { "fails" });
    assert_eq!(fast.number("estimate"), best.number("lr"));
    let again = synx(path, RUN).expect(0);
    assert_eq!(again.err.matches("nothing to train").count(), 2, "{}", again.err);
}

#[test]
fn where_a_fit_fails_the_rest_is_finished_and_the_run_says_so() {
    // Four parameters, three points.
    let folder = written(&[WORLD, &SWARM.replace("points = 12", "points = 3")]);
    let path = folder.path();
    let ran = synx(path, RUN).expect(1);
    assert_eq!(ran.err.matches("E0964").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("mixture `best_mixture` has no value, so a cell was not trained"), "{}", ran.err);
    let rows = results(path);
    let status: Vec<&str> = rows.iter().map(|row| row.get("status")).collect();
    assert_eq!(status, ["ok", "ok", "ok", "ok", "ok", "unsettled"]);
    let last = rows.last().unwrap();
    assert!(last.get("note").contains("3 rows cannot settle 4 free parameters"), "{}", last.get("note"));
    assert!(last.get("key").is_empty() && last.get("stream").is_empty() && last.get("loss").is_empty());
    let claims = table(&path.join("results/settled/claims.csv"));
    assert_eq!(claims[0].get("verdict"), "undecided");
    let status = synx(path, ["status", "study.synx"]).expect(0).out;
    assert!(status.contains("5 of 6 cells have a result, 1 missing"), "{status}");
    assert!(status.contains("mixture `best_mixture` has no value: "), "{status}");
    // With more points the law is fitted, and only what is new is trained.
    fs::write(path.join("study.synx"), [WORLD, SWARM].concat()).unwrap();
    let ran = synx(path, RUN).expect(0);
    assert!(ran.err.contains("15 cells, 5 done, 1 waits"), "{}", ran.err);
    assert!(results(path).iter().all(|row| row.get("status") == "ok"));
}
