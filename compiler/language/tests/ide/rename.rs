use synx_compiler::Fix;

use crate::support::{Fixture, analysis, in_base, with_base};

/// The lines that change, as they are afterwards; or why the name stays.
fn rename(fixture: &Fixture, new: &str) -> Result<Vec<String>, String> {
    let analysis = &fixture.analysis;
    analysis.renamable(fixture.offset)?;
    let declaration = analysis.declaration(fixture.offset).unwrap();
    let edits = analysis.rename(&declaration, new)?;
    let fix = Fix { title: String::new(), edits };
    let text = fix.apply("study.synx", analysis.source());
    analysis.keeps_meaning(&fix.edits, &self::analysis(&text))?;
    let changed = text.lines().zip(analysis.source().lines()).filter(|(new, old)| new != old);
    Ok(changed.map(|(new, _)| new.trim().to_owned()).collect())
}

#[test]
fn a_declaration_and_all_that_names_it() {
    let changed = rename(&in_base("rest * we$0b"), "pages").unwrap();
    assert_eq!(changed.len(), 4);
    assert_eq!(changed[3], "mixture blend(r) = r * wiki + rest * pages");
    assert!(changed[0].starts_with("corpus pages  = world(register = web,"), "the register stays: {}", changed[0]);
}

#[test]
fn an_axis_with_the_columns_of_laws() {
    let changed = rename(&in_base("axis r$0      ="), "share").unwrap();
    assert_eq!(changed, ["axis share      = [0, 1/2, 1]", "data     = blend(share)", "by   = [share, width]"]);
}

#[test]
fn a_parameter_with_the_arguments_of_calls() {
    let changed = rename(&in_base("adamw(lr = l$0r)"), "rate").unwrap();
    assert_eq!(
        changed,
        [
            "recipe standard(rate = 4e-3) { optimizer = adamw(lr = rate); schedule = wsd(warmup = 2Ki tokens); batch = 256 tokens }",
            "recipe   = standard(rate = 4e-3 * 32 / width)",
        ]
    );
}

#[test]
fn a_free_parameter_in_its_law() {
    assert_eq!(rename(&in_base("loss ~ $0E + B"), "floor").unwrap().len(), 2);
}

#[test]
fn what_is_no_name_is_refused() {
    for new in ["", "1a", "a b", "rest", "axis", "größe", "a.b"] {
        assert!(rename(&in_base("corpus we$0b  ="), new).unwrap_err().contains("is no name"), "{new}");
    }
}

#[test]
fn names_of_the_language_stay() {
    assert_eq!(rename(&in_base("optimizer = ada$0mw("), "x").unwrap_err(), "`adamw` is a word of the language");
    assert_eq!(rename(&in_base("dat$0a     = blend"), "x").unwrap_err(), "`data` is a word of the language");
    let width = rename(&in_base("model llama(wid$0th, depth"), "w").unwrap_err();
    assert_eq!(width, "`width` sets that field of the model: it has no other name");
    assert_eq!(
        rename(&in_base("axis tok$0ens ="), "budget").unwrap_err(),
        "`tokens` sets that field of the grid: it has no other name"
    );
}

#[test]
fn a_name_that_is_taken_is_refused() {
    assert!(rename(&in_base("corpus we$0b  ="), "wiki").is_err(), "another corpus");
    assert!(rename(&in_base("axis r$0      ="), "width").is_err(), "another axis");
    assert!(rename(&in_base("axis r$0      ="), "model").is_err(), "a field of the grid");
    assert!(rename(&in_base("loss ~ $0E + B"), "tokens").is_err(), "a column");
}

#[test]
fn a_name_that_would_be_hidden_is_refused() {
    // Within the grid the axis `r` would stand where the corpus is meant.
    let shadowed = with_base(
        "grid g { axis s = [0, 1]; data = s * we$0b + rest * wiki; model = llama(32); recipe = standard(); tokens = 16Ki; evaluate = both }\n",
    );
    assert!(rename(&shadowed, "s").unwrap_err().contains("would stand for something else"));
}
