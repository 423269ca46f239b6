//! What a selection grows to: word, value, entry, block, declaration, file.

use std::ops::Range;

use synx_grammar::{Node, Parse, SyntaxKind};

use super::analysis::ancestors;

/// The ranges around a place, from the innermost; each holds the one before it and is larger.
pub fn selection(parse: &Parse, offset: usize) -> Vec<Range<usize>> {
    let offset = offset.min(parse.tree.source().len());
    let leaf = parse.tree.at(offset);
    // Behind a word the word is meant, not the space or the comma after it.
    let leaf = match offset.checked_sub(1).map(|before| parse.tree.at(before)) {
        Some(before) if !is_word(leaf) && is_word(before) => before,
        _ => leaf,
    };
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for node in ancestors(leaf) {
        let range = node.range();
        if !range.is_empty() && ranges.last() != Some(&range) {
            ranges.push(range);
        }
    }
    ranges
}

fn is_word(leaf: Node<'_>) -> bool {
    use SyntaxKind as K;
    matches!(leaf.kind(), K::Name | K::Keyword | K::True | K::False | K::Rest | K::Digits | K::Suffix | K::StringText)
}
