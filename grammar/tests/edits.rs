//! After any edit a file is as if it had been read afresh: the same nodes, the same mistakes, in the same places.
#![allow(clippy::unwrap_used)]

mod support;

use proptest::prelude::*;
use proptest::sample::Index;
use support::EXAMPLES;
use synx_grammar::{Parse, parse};
use synx_mutate::{Until, boundary, try_changes};

/// Edits a file and holds it against a fresh one.
fn edited(before: &Parse, range: std::ops::Range<usize>, text: &str) -> Parse {
    let after = before.edit(range.clone(), text);
    let mut source = before.tree.source().to_owned();
    source.replace_range(range.clone(), text);
    let fresh = parse(&source);
    assert_eq!(after.tree.source(), source);
    assert_eq!(after.errors, fresh.errors, "{text:?} for {range:?} of {:?}", before.tree.source());
    assert!(after.tree == fresh.tree, "{text:?} for {range:?} of {:?}", before.tree.source());
    after
}

#[test]
fn every_character_of_an_example_can_be_removed_and_put_back() {
    for (_, text) in EXAMPLES.iter().skip(1) {
        let whole = parse(text);
        for (at, character) in text.char_indices() {
            let without = edited(&whole, at..at + character.len_utf8(), "");
            edited(&without, at..at, character.encode_utf8(&mut [0; 4]));
        }
    }
}

#[test]
fn an_example_can_be_typed() {
    for (_, text) in EXAMPLES.iter().skip(1) {
        let mut typed = parse("");
        for character in text.chars() {
            let end = typed.tree.source().len();
            typed = edited(&typed, end..end, character.encode_utf8(&mut [0; 4]));
        }
    }
}

#[test]
fn what_stands_before_an_item_can_change_it() {
    for (text, range, new) in [
        ("let a = 1\nlet b = 2\n", 9..10, " + "),
        ("let a = 1\n\nlet b = 2\n", 10..10, "|> f()"),
        ("synx 1\nlet a = 1\n", 0..0, "let z = 0\n"),
        ("let z = 0\nsynx 1\n", 0..10, ""),
        ("\u{FEFF}let a = 1\n", 0..3, ""),
        ("grid g {\n  a = 1\n}\nlet b = 1\n", 17..18, ""),
        ("grid g {\n  a = 1\n\nlet b = 1\nlet c = 2\n", 17..17, "}"),
        ("/// doc\nlet a = 1\n", 8..8, "§\n"),
        ("let a = 1\n\nlet b = 2", 20..20, "\n\n\n// x\n then"),
    ] {
        edited(&parse(text), range, new);
    }
}

#[test]
fn any_edits_in_a_row() {
    let texts = EXAMPLES.map(|(_, text)| text);
    try_changes("edits", &texts, Until::Number(300), |text, changes| {
        let mut file = parse(text);
        for change in changes {
            file = edited(&file, change.range.clone(), &change.new);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_texts(text in any::<String>(), new in any::<String>(), ends in any::<(Index, Index)>()) {
        let at = |index: Index| boundary(&text, index.index(text.len() + 1));
        let (from, to) = (at(ends.0).min(at(ends.1)), at(ends.0).max(at(ends.1)));
        edited(&parse(&text), from..to, &new);
    }
}
