use crate::support::{BASE, analysis};

fn hints(text: &str) -> Vec<String> {
    let analysis = analysis(text);
    let line = |offset: usize| analysis.source()[..offset].matches('\n').count() + 1;
    let hints = analysis.hints(0..text.len());
    hints.iter().map(|hint| format!("{}: {}", line(hint.offset), hint.text)).collect()
}

#[test]
fn grids_show_what_they_cost_and_repeat() {
    let expected = ["13: 18 cells, 516k tokens, 216 GFLOP, about 2.7 s", "18: up to 0.050 epochs of wiki"];
    assert_eq!(hints(BASE), expected);
}

#[test]
fn shares_show_their_tokens() {
    let text = "mixture part = 25% * web + rest * wiki\n\
                grid more { data = part; model = llama(32); recipe = standard(); tokens = 16Ki; evaluate = both }\n";
    let hints = hints(&format!("{BASE}{text}"));
    assert_eq!(hints[2], "29: 4.1k web + 12.3k wiki tokens");
    assert_eq!(hints[3], "30: 1 cell, 16.4k tokens, 3.23 GFLOP, about 0.0 s");
}

#[test]
fn what_has_not_been_scanned_is_not_made_up() {
    let parse = std::rc::Rc::new(synx_grammar::parse(BASE));
    let options = synx_compiler::Options::default();
    let device = synx_plan::cost::DeviceProfile::nominal_cpu(1);
    let unscanned =
        synx_compiler::ide::Analysis::new("s.synx", parse, &crate::common::World::default(), &options, device).unwrap();
    let hints = unscanned.hints(0..BASE.len());
    assert_eq!(hints.len(), 1, "cells and tokens, no epochs: {hints:?}");
}
