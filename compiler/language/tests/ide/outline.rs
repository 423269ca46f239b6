use synx_compiler::ide::{Fold, Lens, Symbol, folds, lenses, selection, symbols};

use crate::support::BASE;

fn outline(symbols: &[Symbol]) -> String {
    let line = |symbol: &Symbol| {
        let inner = outline(&symbol.children);
        if inner.is_empty() { symbol.name.clone() } else { format!("{}({inner})", symbol.name) }
    };
    symbols.iter().map(line).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_outline_holds_declarations_and_what_they_declare() {
    let expected = "web wiki both(domains weights) blend(r) llama(width depth context blocks) \
                    standard(lr optimizer schedule batch) runs(r width tokens per data model recipe evaluate) \
                    data_law(over by E B beta)";
    assert_eq!(outline(&symbols(&synx_grammar::parse(BASE))), expected);
}

#[test]
fn a_broken_text_keeps_the_outline_of_the_rest() {
    let text = "synx 1\ngrid a {\n axis r = [1, \n\ncorpus b = web |>\nlet c = 3\n";
    assert_eq!(outline(&symbols(&synx_grammar::parse(text))), "a(r) b c");
}

#[test]
fn blocks_lists_and_comments_fold() {
    let text = "synx 1\n// one\n// two\n\n// three\nlet a = [\n  1,\n  2\n]\ngrid g {\n  axis r = [1]\n}\n";
    let parse = synx_grammar::parse(text);
    let shown: Vec<&str> =
        folds(&parse).iter().map(|Fold { range, .. }| text[range.clone()].lines().next().unwrap()).collect();
    assert_eq!(shown, ["// one", "[", "{"]);
}

#[test]
fn a_selection_grows_from_the_word_to_the_file() {
    let text = "synx 1\nlet a = f(1 + 22, 3)\n";
    let parse = synx_grammar::parse(text);
    let ranges = selection(&parse, text.find("22").unwrap() + 2);
    let shown: Vec<&str> = ranges.into_iter().map(|range| &text[range]).collect();
    assert_eq!(shown, ["22", "1 + 22", "(1 + 22, 3)", "f(1 + 22, 3)", "let a = f(1 + 22, 3)", text]);
}

#[test]
fn a_study_can_be_planned_and_run() {
    let parse = synx_grammar::parse(BASE);
    let lenses = lenses(&parse);
    let shown: Vec<&str> = lenses.iter().map(|Lens { range, .. }| &BASE[range.clone()]).collect();
    assert_eq!(shown, ["runs", "runs"]);
    assert!(synx_compiler::ide::lenses(&synx_grammar::parse("synx 1\ncorpus a = web\n")).is_empty());
}
