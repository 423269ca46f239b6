//! Work is linear in the text: counted in the calls that the parser makes, not in time.
//!
//! One test, because the limit of calls is one for the whole process.
#![allow(clippy::unwrap_used, clippy::redundant_closure_for_method_calls)]

mod support;

use std::num::NonZeroUsize;

use support::{EXAMPLES, checked};
use synx_grammar::{SyntaxErrorKind, parse};

/// Whether a text is read within so many calls of the parser for each of its parts.
fn fits(text: &str, calls: usize) -> bool {
    pest::set_call_limit(NonZeroUsize::new(calls));
    let parsed = parse(text);
    !parsed.errors.iter().any(|error| error.kind == SyntaxErrorKind::Limit)
}

/// How many calls the costliest part of a text takes.
fn calls(text: &str) -> usize {
    let (mut few, mut enough) = (0, 1_000_000);
    assert!(fits(text, enough), "{text:?} takes more than {enough} calls");
    while few + 1 < enough {
        let middle = usize::midpoint(few, enough);
        if fits(text, middle) { enough = middle } else { few = middle }
    }
    enough
}

/// Every rule that holds itself, as what opens and closes one level.
const RECURSIVE: [(&str, &str, &str); 11] = [
    ("parentheses", "(", ")"),
    ("a list", "[", "]"),
    ("a call", "f(", ")"),
    ("a named argument", "f(a = ", ")"),
    ("an index", "a[", "]"),
    ("a choice", "if a then (", ") else b"),
    ("a sign", "-(", ")"),
    ("an operator", "1 + (", ") * 2"),
    ("an interval", "0..(", ") step 1"),
    ("a comprehension", "[a for b in ", "]"),
    ("a filter", "[a for b in c if (", ")]"),
];

/// A source with so many levels of what opens and closes.
type Form = fn(&str, &str, usize) -> String;

/// The ways in which such levels can be right or wrong.
const FORMS: [(&str, Form); 5] = [
    ("closed", |open, close, depth| format!("let x = {}1{}\n", open.repeat(depth), close.repeat(depth))),
    ("unclosed", |open, _, depth| format!("let x = {}1\n", open.repeat(depth))),
    ("with junk", |open, close, depth| format!("let x = {}§ $ '{}\n", open.repeat(depth), close.repeat(depth))),
    ("with junk on each level", |open, close, depth| {
        let (open, close) = (format!("{open}§, ").repeat(depth), format!(" §{close}").repeat(depth));
        format!("grid g {{ a = {open}1{close} }}\n")
    }),
    ("in a block, unclosed", |open, _, depth| format!("grid g {{\n a = {}1\n b = 2\n}}\n", open.repeat(depth))),
];

#[test]
fn calls_grow_with_the_text_and_not_with_its_nesting() {
    // The limit of this crate is set at the first parse; from then on the test sets its own.
    checked("");

    for (name, open, close) in RECURSIVE {
        for (form, text) in FORMS {
            let text = |depth| text(open, close, depth);
            let deep = text(20);
            let count = calls(&deep);
            assert!(count < 150 * deep.len() + 2000, "{name}, {form}: {count} calls for {} bytes", deep.len());
            let (half, whole) = (calls(&text(10)), count);
            assert!(whole < 3 * half, "{name}, {form}: {half} calls at depth 10, {whole} at depth 20");
        }
    }

    // Blocks in blocks are a mistake, and cost no more for it.
    for text in [format!("{}{}", "a { b = 1\n".repeat(20), "}\n".repeat(20)), "grid g {\n a {\n".repeat(20)] {
        let count = calls(&text);
        assert!(count < 150 * text.len() + 2000, "{count} calls for {text:?}");
    }

    // The examples, as a measure of what is usual.
    for (name, text) in EXAMPLES {
        let count = calls(text);
        assert!(count < 60 * text.len(), "{name}: {count} calls for {} bytes", text.len());
    }

    pest::set_call_limit(None);
    longest_texts();
}

/// Texts that are long in one way: all must end, and say so where they are too much.
fn longest_texts() {
    let many = 20_000;
    let limited = |text: &str| {
        let parsed = parse(text);
        assert_eq!(parsed.tree.root().leaves().map(|leaf| leaf.range().len()).sum::<usize>(), text.len());
        parsed.errors.iter().any(|error| error.kind == SyntaxErrorKind::Limit)
    };
    for text in ["if ", "- ", "not ", "a ^ ", "a + ", "a |> ", "a.", "..", "if a then b else ", "a < "] {
        assert!(limited(&format!("let x = {}a\n", text.repeat(many))), "{text:?} is limited");
    }
    for text in ["[1]", "()", ".b"] {
        assert!(limited(&format!("let x = a{}\n", text.repeat(many))), "{text:?} is limited");
    }
    assert!(limited(&"[".repeat(1_000_000)));
    assert!(limited(&"(".repeat(65)));
    assert!(limited(&"}\n".repeat(many)));
    assert!(limited(&"\"\n".repeat(many)));
    assert!(limited(&" ".repeat(3 << 20)));
    assert!(!limited(&format!("let x = [{}]\n", "1, ".repeat(many))));
    assert!(!limited(&"let x = f(1)\n".repeat(many)));
    assert!(!limited(&format!("grid g {{\n{}}}\n", "    a = [1, 2]\n".repeat(many))));
    assert!(!limited(&"/// doc\n".repeat(many)));
    assert!(!limited(&"// comment\n".repeat(many)));
    assert!(!limited(&format!("let x = [\n{}]\n", "// comment\n".repeat(many))));

    // What is not too deep needs no more stack than the smallest thread has.
    let deepest: Vec<String> = RECURSIVE
        .iter()
        .map(|(_, open, close)| {
            let depth = if open.matches(['(', '[']).count() > 1 { 32 } else { 64 };
            format!("let x = {}1{}\n", open.repeat(depth), close.repeat(depth))
        })
        .collect();
    let run = move || {
        for text in &deepest {
            assert_eq!(checked(text).errors, [], "{text}");
        }
        checked(&"a { ".repeat(64));
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}
