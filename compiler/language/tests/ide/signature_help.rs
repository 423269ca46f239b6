use crate::support::{Fixture, in_base, with_base};

fn help(fixture: &Fixture) -> String {
    let Some(help) = fixture.analysis.signature_help(fixture.offset) else { return "nothing".to_owned() };
    let active = help.active.map_or("none", |active| &help.label[help.parameters[active].range.clone()]);
    format!("{} at {active}", help.label)
}

#[test]
fn a_call_shows_what_it_takes() {
    assert_eq!(help(&in_base("attention($0heads")), "attention(heads, kv_heads) at heads");
    assert_eq!(help(&in_base("llama($0width)\n")), "llama(width, depth = 2) at width");
    assert_eq!(help(&with_base("let m = llama(32, $0)")), "llama(width, depth = 2) at depth = 2");
    assert_eq!(help(&with_base("let m = llama(32, $0")), "llama(width, depth = 2) at depth = 2");
}

#[test]
fn a_named_argument_is_found_by_its_name() {
    let text = "adamw(lr, betas = (0.9, 0.95), weight_decay = 0.1, epsilon = 1e-8) at weight_decay = 0.1";
    assert_eq!(help(&with_base("recipe r { optimizer = adamw(1e-3, weight_decay = $00) }")), text);
}

#[test]
fn what_is_piped_in_is_the_first_argument() {
    assert_eq!(help(&with_base("corpus c = web |> take($0)")), "take(of, tokens) at tokens");
}

#[test]
fn the_innermost_call_is_shown_and_none_outside() {
    assert_eq!(help(&with_base("let m = max(sqrt(4$0), 2)")), "sqrt(x) at x");
    assert_eq!(help(&in_base("llama(width)$0\n")), "nothing");
}

#[test]
fn what_laws_alone_know_shows_what_it_takes() {
    let law = |field: &str| with_base(&format!("law l {{ over = runs; free E; loss ~ E; {field} }}"));
    assert_eq!(help(&law("method = huber($0delta = 1e-3)")), "huber(delta = 1e-3) at delta = 1e-3");
    assert_eq!(help(&law("test = leave_out(25%, $0)")), "leave_out(rows, times) at times");
}
