use crate::support::with_base;

#[test]
fn every_word_has_its_meaning() {
    let fixture = with_base(
        "grid other {\n    axis lr = [1, 2]  // two\n    data = web |> take(10k tokens)\n    recipe = standard(lr = lr)\n}\n",
    );
    let start = fixture.analysis.source().find("grid other").unwrap();
    let tokens = fixture.analysis.tokens(start..usize::MAX);
    let shown: Vec<String> = tokens
        .iter()
        .map(|token| {
            let marks = [(token.declaration, "+"), (token.builtin, "*")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            format!("{} {:?}{marks}", fixture.text(token.range.clone()), token.kind)
        })
        .collect();
    let expected = "grid Kind*, other Declaration+, axis Keyword, lr Variable+, 1 Number, 2 Number, // two Comment, \
                    data Property*, web Declaration, |> Operator, take Function*, 10 Number, k Number, tokens Unit*, \
                    recipe Property*, standard Declaration, lr Parameter, lr Variable";
    assert_eq!(shown.join(", "), expected);
}
