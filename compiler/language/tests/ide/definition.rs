use crate::support::{Fixture, in_base, with_base};

fn definition(fixture: &Fixture) -> String {
    let Some(found) = fixture.analysis.definition(fixture.offset) else { return "nothing".to_owned() };
    assert_eq!(found.name.file, "study.synx");
    fixture.place(found.name.range)
}

#[test]
fn names_lead_to_where_they_are_declared() {
    assert_eq!(definition(&in_base("rest * we$0b")), "2 web");
    assert_eq!(definition(&in_base("data     = blend$0(r)")), "6 blend");
    assert_eq!(definition(&in_base("= blend(r$0)")), "14 r");
    assert_eq!(definition(&in_base("standard(l$0r = 4e-3 * 32")), "11 lr");
    assert_eq!(definition(&in_base("adamw(lr = l$0r)")), "11 lr");
    assert_eq!(definition(&in_base("] * dep$0th")), "7 depth");
    assert_eq!(definition(&in_base("[we$0b.heldout,")), "2 web");
}

#[test]
fn columns_of_a_law_lead_to_the_grid() {
    assert_eq!(definition(&in_base("by   = [r, wid$0th]")), "15 width");
    assert_eq!(definition(&in_base("B / tok$0ens^beta")), "16 tokens");
    assert_eq!(definition(&in_base("/ tokens^be$0ta")), "26 beta");
    assert_eq!(definition(&in_base("over = ru$0ns")), "13 runs");
}

#[test]
fn what_the_language_has_leads_nowhere() {
    assert_eq!(definition(&in_base("optimizer = ada$0mw(")), "nothing");
    assert_eq!(definition(&in_base("lo$0ss ~ E")), "nothing");
    assert_eq!(definition(&in_base("dat$0a     = blend")), "nothing");
}

#[test]
fn names_are_followed_in_a_broken_text() {
    assert_eq!(definition(&with_base("let x = (\nmixture two = 50% * we$0b + rest * wiki\n")), "2 web");
}

#[test]
fn a_law_over_what_is_not_there_leads_nowhere() {
    assert_eq!(definition(&with_base("law l {\n    over = nowhe$0re\n    free a\n    loss ~ a\n}\n")), "nothing");
    assert_eq!(
        definition(&with_base("law l {\n    over = l |> filter(nowhe$0re)\n    free a\n    loss ~ a\n}\n")),
        "nothing"
    );
}
