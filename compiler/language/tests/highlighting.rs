//! Highlighting by spelling has one source of truth: the words of the TextMate grammar are the compiler's own.
//!
//! `synx.tmLanguage.template.json` holds the rules, with `{{kinds}}` and the like where a list of words stands; the grammar
//! that editors read is made from it. `UPDATE_GOLDENS=1` makes it anew.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use synx_compiler::ide::{Vocabulary, vocabulary};

fn syntaxes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors/vscode/syntaxes")
}

/// Words as alternatives of a regular expression, longer ones first so that none hides another.
fn alternatives(words: &[&str]) -> String {
    let mut words = words.to_vec();
    words.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    words.join("|")
}

fn filled(template: &str) -> String {
    let Vocabulary { kinds, reserved, fields, functions, words, units, suffixes, .. } = vocabulary();
    let lists = [
        ("kinds", &kinds),
        ("reserved", &reserved),
        ("fields", &fields),
        ("functions", &functions),
        ("words", &words),
        ("units", &units),
        ("suffixes", &suffixes),
    ];
    let fill = |text: String, (name, words): (&str, &Vec<&str>)| {
        text.replace(&format!("{{{{{name}}}}}"), &alternatives(words))
    };
    lists.into_iter().fold(template.to_owned(), fill)
}

#[test]
fn the_grammar_s_words_are_the_compiler_s() {
    let template = std::fs::read_to_string(syntaxes().join("synx.tmLanguage.template.json")).unwrap();
    let made = filled(&template);
    assert!(!made.contains("{{"), "a list that nobody fills");
    let path = syntaxes().join("synx.tmLanguage.json");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "editors/vscode/syntaxes/synx.tmLanguage.json is not what the compiler's tables give: \
         UPDATE_GOLDENS=1 cargo test -p synx-compiler --test highlighting"
    );
    let _: serde_json::Value = serde_json::from_str(&made).unwrap();
}

#[test]
fn every_keyword_of_the_syntax_is_in_the_vocabulary() {
    let pest = include_str!("../../../grammar/synx.pest");
    let vocabulary = vocabulary();
    let mut found = 0;
    for line in pest.lines().filter(|line| line.starts_with("kw_")) {
        let word = line.split('"').nth(1).unwrap();
        found += 1;
        let known = vocabulary.reserved.contains(&word) || vocabulary.contextual.contains(&word);
        assert!(known, "`{word}` is a keyword of the syntax and of no list");
    }
    assert!(found > 8);
    let template = std::fs::read_to_string(syntaxes().join("synx.tmLanguage.template.json")).unwrap();
    for word in &vocabulary.contextual {
        assert!(template.contains(word), "the grammar has no rule for `{word}`");
    }
}
