//! What `synx explain FILE EXPR` says: values, and where each part of them came from.
#![allow(clippy::unwrap_used)]

mod common;

use common::World;
use synx_compiler::{Answer, Explained, Options, Origin, explain, library_items};

const STUDY: &str = "synx 1
param rate = 2e-3
corpus web = world(register = web, documents = 20k, heldout = 2%)
corpus wiki = web |> rephrase(style = encyclopedic, generator = builtin)
mixture blend(r) = r * wiki + rest * web
recipe ours(lr = rate, batch = 16Ki) { optimizer = adamw(lr = lr, weight_decay = 0) }
grid runs {
    axis width  = [64, 128]
    axis tokens = [1Mi, 2Mi]
    let ratio = tokens / width
    data     = blend(1/3)
    model    = llama(width, 2)
    recipe   = ours()
    evaluate = web.heldout
}
";

fn asked(expression: &str, set: &[(&str, &str)]) -> Answer {
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    explain("study.synx", STUDY, &World::default(), &Options { set, ..Options::default() }, expression)
}

fn explained(expression: &str) -> Explained {
    let answer = asked(expression, &[]);
    answer.explained.unwrap_or_else(|| panic!("{expression}: {:?}", answer.diagnostics))
}

/// The parts, a line each: depth, name, value, origin, line.
fn parts(explained: &Explained) -> Vec<String> {
    let line = |part: &synx_compiler::Part| {
        let place = part.line.map_or(String::new(), |line| format!(" {}:{line}", part.file.as_deref().unwrap()));
        let value = part.value.as_deref().unwrap_or("-");
        format!("{}{} = {value} {:?}{place}", "  ".repeat(part.depth), part.name, part.origin)
    };
    explained.parts.iter().map(line).collect()
}

#[test]
fn a_number_has_its_unit() {
    let number = explained("3 * 4 tokens + 2 tokens");
    assert_eq!((number.value.as_str(), number.sort.as_str()), ("14 tokens", "a number in tokens"));
    assert_eq!(number.unit.as_deref(), Some("tokens"));
    assert!(number.parts.is_empty());
}

#[test]
fn every_part_says_where_it_comes_from() {
    let recipe = explained("ours(batch = 8Ki)");
    assert_eq!(recipe.sort, "a recipe");
    assert_eq!(
        parts(&recipe),
        [
            "ours = ours(batch = 8192) Declared study.synx:6",
            "  lr = 0.002 Default study.synx:6",
            "  batch = 8192 Given expression:1",
            "  optimizer = adamw(lr = 0.002) Declared study.synx:6",
            "    adamw.betas = (0.9, 0.95) Language",
            "    adamw.epsilon = 1e-8 Language",
            "  schedule = wsd(warmup = 128k tokens, decay = 20%, last = 0) Language",
            "  clip = 1 Language",
            "  precision = f32 Language",
        ]
    );
}

#[test]
fn what_set_gives_is_said() {
    let answer = asked("2 * rate", &[("rate", "1e-3")]);
    let explained = answer.explained.unwrap();
    assert_eq!(explained.value, "0.002");
    assert_eq!(explained.parts[0].origin, Origin::Set);
    assert_eq!(explained.parts[0].value.as_deref(), Some("0.001"));
}

#[test]
fn the_library_is_said_to_be_it() {
    let model = explained("llama(64, 2)");
    assert!(model.facts.iter().any(|fact| fact.name == "width" && fact.value == "64"));
    assert_eq!(model.parts[0].origin, Origin::Library);
    assert_eq!(model.parts[0].file.as_deref(), Some("std:models.synx"));
    let default = model.parts.iter().find(|part| part.name == "heads").unwrap();
    assert_eq!((default.origin, default.value.as_deref()), (Origin::Default, Some("2")));
}

#[test]
fn a_column_of_a_grid_is_shown_cell_by_cell() {
    let params = explained("runs[tokens = 1Mi].params");
    let cells = params.cells.unwrap();
    assert_eq!(cells.columns, ["width", "tokens", "ratio", "params"]);
    let small = explained("llama(64, 2).params").value;
    assert_eq!(cells.rows.len(), 2);
    assert_eq!(format!("{} params", cells.rows[0][3]), small);
    assert_eq!(params.unit.as_deref(), Some("params"));
    assert_eq!(explained("runs.ratio").cells.unwrap().rows.len(), 4);
    assert_eq!(explained("runs[width = 64, tokens = 2Mi]").cells.unwrap().rows, [["64", "2097152", "32768"]]);
}

#[test]
fn of_a_column_that_a_run_settles_is_said_what_is_known() {
    let loss = explained("runs[tokens = 1Mi].loss");
    assert_eq!((loss.sort.as_str(), loss.value.as_str()), ("`loss` of 2 cells", "settled by a run"));
    let facts: Vec<(&str, &str)> = loss.facts.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect();
    let said = "The evaluation's weighted mean loss, nats per token.";
    assert_eq!(facts, [("column of", "the grid `runs`"), ("is", said), ("bounds", "from 0")]);
    assert!(loss.cells.unwrap().rows.iter().all(|row| row[3] == "settled by a run"));
    assert_eq!(explained("runs.params").facts[1].value, "Parameters by the study's convention.");
}

#[test]
fn a_mistake_in_the_expression_is_shown_in_it() {
    for (expression, code, place) in [
        ("ours(lr = 1 USD)", "E0202", 0..16),
        ("3 + ", "E0001", 3..3),
        ("nothing", "E0101", 0..7),
        ("runs.width.x", "E0103", 0..12),
        ("runs[3].params", "E0106", 5..6),
        ("1\nlet b = 2", "E0121", 0..11),
    ] {
        let answer = asked(expression, &[]);
        assert!(answer.explained.is_none(), "{expression}");
        let found = &answer.diagnostics[0];
        assert_eq!((found.code, found.labels[0].file.as_str()), (code, "expression"), "{expression}: {found:?}");
        assert_eq!(found.labels[0].range, place, "{expression}");
        assert!(answer.sources.get("expression").unwrap().text == expression);
    }
}

#[test]
fn a_value_of_the_command_line_is_shown_as_it_was_given() {
    let set = vec![("rate".to_owned(), "3e-3 +".to_owned())];
    let options = Options { set, ..Options::default() };
    let compiled = synx_compiler::compile("study.synx", STUDY, &World::default(), &options);
    let found = &compiled.diagnostics.iter().find(|finding| finding.code == "E0110").unwrap();
    let source = compiled.sources.get("--set rate").unwrap();
    assert_eq!(source.text, "3e-3 +");
    assert_eq!(&source.text[found.labels[0].range.clone()], "3e-3 +");
}

#[test]
fn the_library_lists_itself() {
    let items = library_items();
    let llama = items.iter().find(|item| item.name == "llama").unwrap();
    assert!(llama.signature.starts_with("model llama(width, depth, context = 256"), "{}", llama.signature);
    assert!(llama.source.starts_with("model llama("));
    assert!(items.iter().all(|item| !item.docs.is_empty()));
}

#[test]
fn a_card_of_the_library_has_its_power() {
    let hours = explained("energy(llama(512, 8), tokens = 1B, on = h100())");
    assert_eq!(hours.unit.as_deref(), Some("J"));
}

#[test]
fn what_a_law_a_sum_of_shares_and_an_evaluation_hold_is_said() {
    let study = format!(
        "{STUDY}evaluation both {{ domains = [web.heldout, wiki.heldout]; weights = [25%, 75%]; tokens = 4Ki }}\n\
         law falling {{ over = runs; by = [width]; free E in 0.., B in 0..; loss ~ E + B / tokens }}\n"
    );
    let facts = |expression: &str| -> Vec<String> {
        let answer = explain("study.synx", &study, &World::default(), &Options::default(), expression);
        let explained = answer.explained.unwrap_or_else(|| panic!("{expression}: {:?}", answer.diagnostics));
        explained.facts.iter().map(|fact| format!("{}: {}", fact.name, fact.value)).collect()
    };
    assert_eq!(facts("30% * wiki + rest * web"), ["wiki: 30 %", "web: 70 %"]);
    assert_eq!(
        facts("both"),
        [
            "web.heldout: held-out text, 25 % of `loss`",
            "wiki.heldout: held-out text, 75 % of `loss`",
            "tokens of each: 4096"
        ]
    );
    assert_eq!(facts("falling"), ["formula: loss ~ E + B / tokens", "fitted: E in 0.., B in 0..", "for each: width"]);
}
