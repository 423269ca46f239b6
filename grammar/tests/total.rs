//! Any text has a tree, and a mistake touches nothing but the item that it stands in.
#![allow(clippy::unwrap_used, clippy::redundant_closure_for_method_calls)]

mod support;

use proptest::prelude::*;
use support::{EXAMPLES, checked, rejoined};
use synx_grammar::view::Item;
use synx_mutate::{Until, try_changes};

#[test]
fn the_examples_have_no_mistakes() {
    for (name, text) in EXAMPLES {
        assert_eq!(checked(text).errors, [], "{name}");
    }
}

#[test]
fn every_prefix_of_every_example_parses() {
    for (_, text) in EXAMPLES {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            rejoined(&text[..end]);
        }
    }
}

#[test]
fn a_prefix_holds_all_items_that_end_in_it() {
    for (name, text) in EXAMPLES {
        let whole = checked(text);
        let items: Vec<_> = whole.file().items().collect();
        for (index, item) in items.iter().enumerate() {
            // At the start of each next item, in its middle and before its end.
            let Some(next) = items.get(index + 1) else { continue };
            let range = next.range();
            for end in [range.start, range.start + range.len() / 2, range.end - 1] {
                let end = (0..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap();
                let part = checked(&text[..end]);
                let found = part.file().items().any(|other| other.text() == item.text() && !other.node().has_error());
                assert!(found, "{name}: {:?} is lost in the first {end} bytes", item.text());
            }
        }
    }
}

/// An item without its doc comments: a line that became a comment joins those of the next item.
fn declaration(item: Item<'_>) -> &str {
    &item.text()[item.kind_word().range().start - item.range().start..]
}

#[test]
fn removing_a_character_keeps_the_items_that_it_does_not_touch() {
    for (name, text) in EXAMPLES {
        let whole = checked(text);
        let items: Vec<_> = whole.file().items().map(|item| (item.range(), declaration(item))).collect();
        for (at, character) in text.char_indices() {
            let mut changed = text.to_owned();
            changed.remove(at);
            let parsed = rejoined(&changed);
            let left: Vec<_> = parsed.file().items().filter(|item| !item.node().has_error()).map(declaration).collect();
            for (range, item) in &items {
                // An item is touched from the line end or `;` before it to the line end after it.
                let line_end = text[range.end..].find('\n').map_or(text.len(), |skip| range.end + skip);
                let separator = text[..range.start].trim_end_matches(' ').len().saturating_sub(1);
                let touched = (separator..=line_end).contains(&at);
                assert!(touched || left.contains(item), "{name}: without {character:?} at {at}, {item:?} is lost");
            }
        }
    }
}

#[test]
fn any_changed_example_parses() {
    let texts = EXAMPLES.map(|(_, text)| text);
    try_changes("texts", &texts, Until::Number(600), |text, changes| {
        let mut text = text.to_owned();
        changes.iter().for_each(|change| change.carry_out(&mut text));
        checked(&text);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses(text in any::<String>()) {
        checked(&text);
    }

    #[test]
    fn any_ascii_text_parses(text in "[ -~\\n\\t]{0,200}") {
        checked(&text);
    }
}
