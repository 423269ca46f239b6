use synx_compiler::Fix;
use synx_compiler::ide::Action;

use crate::support::{Fixture, analysis, in_base, with_base};

fn actions(fixture: &Fixture) -> Vec<Action> {
    fixture.analysis.actions(fixture.offset..fixture.offset)
}

fn titles(fixture: &Fixture) -> Vec<String> {
    actions(fixture).into_iter().map(|action| action.title).collect()
}

/// The text after the action of that title, which must check without an error.
fn carried_out(fixture: &Fixture, title: &str) -> String {
    let action = actions(fixture).into_iter().find(|action| action.title == title);
    let action = action.unwrap_or_else(|| panic!("no {title} in {:?}", titles(fixture)));
    let fix = Fix { title: action.title, edits: action.edits };
    let text = fix.apply("study.synx", fixture.analysis.source());
    let after = analysis(&text);
    let left: Vec<&str> = after.diagnostics().iter().filter(|d| d.is_error()).map(|d| d.headline.as_str()).collect();
    assert!(left.is_empty(), "{left:?} in\n{text}");
    text
}

fn last_lines(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len() - lines..].join("\n")
}

#[test]
fn findings_come_with_their_cures() {
    let text = carried_out(&with_base("mixture m = 50% * we$0bb + rest * wiki\n"), "Write `web`");
    assert_eq!(last_lines(&text, 1), "mixture m = 50% * web + rest * wiki");
}

#[test]
fn shares_are_completed_with_rest() {
    let text = carried_out(&with_base("mixture m = 30% * web + 60% * wi$0ki\n"), "Give the last one the rest, 70 %");
    assert_eq!(last_lines(&text, 1), "mixture m = 30% * web + rest * wiki");
    let whole = with_base("mixture m = 30% * web + 70% * wi$0ki\n");
    let text = carried_out(&whole, "Complete the shares with `rest * wiki`");
    assert_eq!(last_lines(&text, 1), "mixture m = 30% * web + rest * wiki");
    assert!(titles(&in_base("rest * we$0b")).is_empty(), "there is a rest");
}

#[test]
fn a_list_becomes_an_axis() {
    let grid = |model: &str| {
        with_base(&format!(
            "grid g {{\n    data = web\n    model = {model}\n    recipe = standard()\n    tokens = 16Ki\n    evaluate = both\n}}\n"
        ))
    };
    let text = carried_out(&grid("llama([32, $064])"), "Make `width` an axis");
    assert_eq!(
        last_lines(&text, 7).lines().take(3).collect::<Vec<_>>(),
        ["    data = web", "    axis width = [32, 64]", "    model = llama(width)"]
    );
    let text = carried_out(&grid("[llama(32), $0llama(64)]"), "Make `model` an axis");
    assert!(text.contains("    axis model = [llama(32), llama(64)]\n"), "{text}");
}

#[test]
fn a_free_parameter_is_declared() {
    let law = with_base("law l {\n    over = runs\n    free a\n    loss ~ a + gam$0ma * tokens\n}\n");
    let text = carried_out(&law, "Declare `gamma` as free");
    assert!(text.contains("free gamma"), "{text}");
}

#[test]
fn a_model_is_extracted_with_what_it_needs() {
    let text = carried_out(&in_base("model    = lla$0ma(width)"), "Extract the model `runs_model`");
    assert!(text.contains("model runs_model(width) = llama(width)\n\n"), "{text}");
    assert!(text.contains("    model    = runs_model(width)\n"), "{text}");
}

#[test]
fn a_lint_is_silenced_with_a_reason() {
    let unused = with_base("corpus idl$0e = world(register = web, documents = 10)\n");
    let text = carried_out(&unused, "Allow W0101 here, with a reason");
    assert!(text.contains("study study {\n    allow W0101 because \"say why\"\n}"), "{text}");
    assert_eq!(analysis(&text).diagnostics(), [], "{text}");
    let with_study = with_base("study s { seed = 1 }\ncorpus idl$0e = world(register = web, documents = 10)\n");
    let text = carried_out(&with_study, "Allow W0101 here, with a reason");
    assert!(text.contains("study s { allow W0101 because \"say why\"; seed = 1 }"), "{text}");
    assert!(analysis(&text).diagnostics().is_empty());
}

#[test]
fn what_the_tests_lean_on_is_clean() {
    assert_eq!(analysis(crate::support::BASE).diagnostics(), []);
}
