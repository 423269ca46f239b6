use crate::support::{Fixture, in_base, with_base};

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
