use synx_plan::cost::{DeviceProfile, TrainedRate};
use synx_plan::recipe::Precision;

use crate::support::{BASE, Fixture, in_base, on_device, with_base};

fn hover(fixture: &Fixture) -> String {
    fixture.analysis.hover(fixture.offset).map(|hover| hover.text).unwrap_or_default()
}

/// Whether a text holds these lines, in this order.
fn has(text: &str, lines: &[&str]) {
    let mut rest = text.lines();
    for line in lines {
        assert!(rest.any(|there| there.trim_end() == *line), "no line\n{line}\nin\n{text}");
    }
}

#[test]
fn a_grid_shows_cells_tokens_operations_and_time() {
    // Three mixtures, two widths, budgets of 12, 24 and 48 Ki: 6 × 84 Ki tokens.
    let text = hover(&in_base("grid ru$0ns {"));
    has(
        &text,
        &[
            "grid runs",
            "Mixtures and sizes.",
            "18 cells, 516k tokens, 216 GFLOP, about 2.7 s on cpu (2 threads)",
            "| r | 3 | 0, 0.5, 1 |",
            "| width | 2 | 32, 64 |",
            "| tokens | 3 | 12288, 24576, 49152 tokens |",
            "`web`: up to 0.050 epochs",
        ],
    );
}

#[test]
fn a_grid_is_counted_at_the_rates_of_its_models_and_their_precision() {
    let in_bf16 = |fixture: &str| fixture.replace("batch = 256 tokens }", "batch = 256 tokens; precision = bf16 }");
    let rate =
        |precision, flops_per_step, flops_per_second| TrainedRate { precision, flops_per_step, flops_per_second };
    // A step of width 32 has 50 MFLOP, one of width 64 has 164: in all 51 and 165 GFLOP, three seconds and five.
    let trained = vec![rate(Precision::F32, 5e7, 17e9), rate(Precision::F32, 1.6e8, 33e9)];
    let text = BASE.replacen("grid ru", "grid ru$0", 1);
    let told = |text: &str, trained: &[TrainedRate]| {
        let device = DeviceProfile::measured("cpu", trained.to_vec()).unwrap();
        let text = hover(&on_device(text, device));
        text.lines().find(|line| line.contains("about")).unwrap().to_owned()
    };
    assert_eq!(told(&text, &trained), "18 cells, 516k tokens, 216 GFLOP, about 8.0 s on cpu");
    let rounded = in_bf16(&text);
    let line = "18 cells, 516k tokens, 216 GFLOP, about 8.0 s on cpu, bf16 at the rate of f32";
    assert_eq!(told(&rounded, &trained), line);
    let both = [trained, vec![rate(Precision::Bf16, 5e7, 21.6e9)]].concat();
    assert_eq!(told(&rounded, &both), "18 cells, 516k tokens, 216 GFLOP, about 10 s on cpu");
}

#[test]
fn a_mixture_shows_its_shares_with_tokens_and_epochs() {
    let text = hover(&in_base("data     = bl$0end(r)"));
    has(
        &text,
        &[
            "mixture blend(r) = r * wiki + rest * web",
            "| wiki | 0 % | 0 | 0.000 |",
            "| web | 100 % | 12.3k … 49.2k | 0.013 … 0.050 |",
            "| wiki | 50 % | 6.14k … 24.6k | 0.006 … 0.025 |",
            "| web | 50 % | 6.14k … 24.6k | 0.006 … 0.025 |",
        ],
    );
}

#[test]
fn a_model_shows_parameters_operations_and_memory() {
    let text = hover(&in_base("model ll$0ama(width"));
    has(
        &text,
        &[
            "model llama(width, depth = 2)",
            "A model: `llama(32) · llama(64)`",
            "| width, blocks, context | 32, 4, 64 |",
            "| params | 20.6k |",
            "| params.embedding | 16.4k |",
            "| params.total | 37k |",
            "| training per token | 196992 FLOP |",
            "| memory of a replica, batch 256 | 1.71 MiB |",
        ],
    );
}

#[test]
fn a_law_shows_what_it_fits_and_to_how_many_points() {
    let text = hover(&in_base("law data_l$0aw {"));
    has(&text, &["3 free parameters: `E`, `B`, `beta`", "18 points of `runs`, in 6 groups of about 3"]);
}

#[test]
fn names_in_a_cell_show_their_values() {
    let tokens = "A number in tokens: `12288 tokens · 24576 tokens · 49152 tokens`";
    has(&hover(&in_base("let  per    = tok$0ens / width")), &["axis tokens = 12Ki..48Ki factor 2", tokens]);
    has(&hover(&in_base("axis width$0  = [32, 64]")), &["A list of 2 numbers: `[32, 64]`"]);
    has(&hover(&in_base("lr = 4e-3 * $032 / width")), &["A number: `32`"]);
    has(&hover(&in_base("let  pe$0r    =")), &["A number: `384 · 768 · 1536 · 192`"]);
    has(&hover(&in_base("lr = 4e-3 $0* 32 / width")), &["A number: `0.004 · 0.002`"]);
}

#[test]
fn the_language_explains_itself() {
    has(&hover(&in_base("recip$0e   = standard(lr")), &["recipe of a grid", "How a cell trains."]);
    has(&hover(&in_base("grid$0 runs")), &["grid", "Cells to train: every combination of its axes."]);
    has(&hover(&in_base("swi$0glu(ratio = 2)")), &["swiglu(ratio, hidden)", "A gated feed-forward block."]);
    has(
        &hover(&in_base("swiglu(rat$0io = 2)")),
        &["swiglu(ratio)", "Its inner width as a multiple of the model's, rounded up to a multiple of 32."],
    );
    has(
        &hover(&in_base("lo$0ss ~ E")),
        &["loss", "A column of the results. The evaluation's weighted mean loss, nats per token."],
    );
    has(&hover(&in_base("batch = 256 to$0kens")), &["tokens", "A unit."]);
    has(&hover(&in_base("corpus wi$0ki =")), &["Told as an encyclopedia would.", "A corpus: `wiki`"]);
    has(&hover(&in_base("free $0E in 0..")), &["free E in 0..", "A parameter that the fit settles."]);
}

#[test]
fn a_text_with_mistakes_shows_its_healthy_parts() {
    let fixture = with_base("let broken = (1 +\ngrid second { data = nothing }\nlet a = runs$0\n");
    assert!(fixture.analysis.diagnostics().len() >= 2);
    has(&hover(&fixture), &["18 cells, 516k tokens, 216 GFLOP, about 2.7 s on cpu (2 threads)"]);
}

#[test]
fn nothing_is_said_where_there_is_nothing() {
    assert_eq!(hover(&in_base("synx 1$0\n")), "");
    assert_eq!(hover(&with_base("// web$0\n")), "");
    assert_eq!(hover(&with_base("let x = nowhere$0\n")), "");
}

const MEASURED: &str = r#"
/// Sizes of the best shares.
let tuned = runs |> best(loss, over = [r])
law over_tuned {
    over = tuned
    by   = [width]
    free a in 0.., b in 0..
    loss ~ a + b / tokens
    test = largest(tokens)
}
let at_half = data_law[r = 1/2, width = 32]
let lowest  = predict(at_half, tokens = 1M)
/// Half of it is better than nothing.
claim half_helps = lowest < predict(data_law[r = 0, width = 32],
    tokens = 1M) and at_half.E > 0
observations published = csv("data/runs.csv", axes = ["seed"])
generator large { endpoint = "http://localhost:8000/v1"; model = "m-8b"; price = 0.50 USD / 1M tokens }
corpus told = web |> rephrase(style = question_answer, generator = large, tokens = 4M)
corpora parts { files = "data/part-*.jsonl"; name = stem; text = "text"; heldout = 2% }
grid wide {
    axis data = [uniform(parts), told]
    model     = llama(32)
    recipe    = standard
    tokens    = 12Ki
    evaluate  = both
}
"#;

/// What is shown where a piece of the base with what is measured has its cursor.
fn measured(marked: &str) -> String {
    let plain = marked.replacen("$0", "", 1);
    assert!(MEASURED.contains(&plain), "{plain}");
    hover(&with_base(&MEASURED.replacen(&plain, marked, 1)))
}

#[test]
fn a_table_shows_its_rows_and_columns() {
    has(
        &measured("let tu$0ned"),
        &[
            "Sizes of the best shares.",
            "A table",
            "6 rows, told apart by `width`, `tokens`",
            "From `runs`",
            "| r | a number | from 0 to 1 |",
            "| tokens | tokens | from 12288 to 49152 |",
            "| loss | a number | from 0 |",
        ],
    );
    has(
        &measured("observations publi$0shed"),
        &["3 rows, told apart by `seed`", "From `data/runs.csv`", "| metric/bpb | a number |  |", "| note | text |  |"],
    );
}

#[test]
fn a_law_over_any_table_shows_its_points_by_groups() {
    has(
        &measured("law over_tu$0ned"),
        &[
            "2 free parameters: `a`, `b`",
            "6 points of `runs`, in 2 groups of about 3",
            "Tested on rows that are left out: `largest(tokens)`",
        ],
    );
}

#[test]
fn a_claim_shows_what_it_stands_on() {
    has(
        &measured("claim half_$0helps"),
        &[
            "Half of it is better than nothing.",
            "Holds where `lowest < predict(data_law[r = 0, width = 32], tokens = 1M) and at_half.E > 0`",
            "| `predict(at_half, tokens = 1M)` | a number, from 0 | `data_law` |",
            "| `E` | a number, from 0 | `data_law` |",
        ],
    );
}

#[test]
fn a_late_value_shows_its_unit_its_bounds_and_what_settles_it() {
    let settled = "A number that a run settles (from 0)";
    has(&measured("let low$0est"), &[settled, "| `predict(at_half, tokens = 1M)` | a number, from 0 | `data_law` |"]);
    has(&measured("at_half.$0E > 0"), &["free E in 0..", "A parameter that the fit settles.", settled]);
}

#[test]
fn a_family_shows_its_members_and_a_generator_what_it_writes() {
    let sizes = "| part-1 | 9.8k | 980k | 20k |";
    has(&measured("corpora par$0ts"), &["A family of 2 corpora", sizes, "1.96M tokens to train on together"]);
    has(&measured("uniform(par$0ts)"), &["A family of 2 corpora", sizes]);
    has(
        &measured("generator lar$0ge"),
        &["A generator", "| model | m-8b |", "| price | 0.5 USD / 1M tokens |", "| told | 4M | 2.00 USD |"],
    );
    has(&measured("generator = lar$0ge"), &["| told | 4M | 2.00 USD |"]);
}

const MIXING: &str = r#"
let sources = [web, wiki]
law mixing {
    over = runs
    by   = [width]
    free c in 0.., k, t[sources] in -10..10
    loss ~ c + exp(k + sum(t[s] * share[s] for s in sources)) + 0 * share[wiki]
}
let summed = csv("data/runs.csv") |> derive(all = sum(columns("train_*")), one = column("metric/bpb"))
let pieces = runs |> derive(some = sum(columns("pe*")))
"#;

/// A piece of what mixes with a cursor.
fn mixing(marked: &str) -> Fixture {
    let plain = marked.replacen("$0", "", 1);
    assert!(MIXING.contains(&plain), "{plain}");
    with_base(&MIXING.replacen(&plain, marked, 1))
}

#[test]
fn shares_and_columns_are_known_by_their_names() {
    let shares = ["share[…]", "A column for each of these", "| share[web] | from 0 to 1 |"];
    has(&hover(&mixing("sha$0re[s]")), &shares);
    has(&hover(&mixing("sha$0re[wiki]")), &shares);
    has(&hover(&mixing("share[wi$0ki]")), &["Told as an encyclopedia would.", "A corpus: `wiki`"]);
    has(&hover(&mixing("columns(\"tra$0in_*\")")), &["columns(\"train_*\")", "2 columns: `train_web`, `train_wiki`"]);
    has(&hover(&mixing("column(\"met$0ric/bpb\")")), &["column(\"metric/bpb\")", "A number that a run settles"]);
    has(&hover(&mixing("columns(\"p$0e*\")")), &["columns(\"pe*\")", "1 column: `r`"]);
}

#[test]
fn shares_and_columns_lead_to_what_they_are_named_after() {
    let leads = |marked: &str| {
        let fixture = mixing(marked);
        fixture.analysis.definition(fixture.offset).map(|found| fixture.place(found.name.range)).unwrap_or_default()
    };
    assert_eq!(leads("share[wi$0ki]"), "4 wiki");
    assert_eq!(leads("share[s$0]"), "35 s");
    assert_eq!(leads("columns(\"p$0e*\")"), "17 per");
    assert_eq!(leads("columns(\"tra$0in_*\")"), "");
}
