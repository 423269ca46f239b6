use crate::support::{Fixture, in_base};

fn references(fixture: &Fixture) -> Vec<String> {
    let Some(declaration) = fixture.analysis.declaration(fixture.offset) else { return Vec::new() };
    let found = fixture.analysis.references(&declaration);
    found.into_iter().map(|reference| fixture.place(reference.place.range)).collect()
}

#[test]
fn a_corpus_is_named_wherever_it_stands() {
    assert_eq!(references(&in_base("corpus we$0b  =")), ["2 web", "4 web", "5 web", "6 web"]);
}

#[test]
fn an_axis_is_named_in_the_grid_and_in_laws() {
    let expected = ["15 width", "17 width", "19 width", "20 width", "25 width"];
    assert_eq!(references(&in_base("axis wid$0th  =")), expected);
    assert_eq!(references(&in_base("by   = [r, wi$0dth]")), expected);
}

#[test]
fn a_parameter_is_named_in_its_declaration_and_in_calls() {
    assert_eq!(references(&in_base("recipe standard(l$0r = 4e-3)")), ["11 lr", "11 lr", "20 lr"]);
}

#[test]
fn a_free_parameter_belongs_to_its_law() {
    assert_eq!(references(&in_base("loss ~ $0E + B")), ["26 E", "27 E"]);
}
