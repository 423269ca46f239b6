//! What formatting must not change, and what it is tried on.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use synx_compiler::format;
use synx_grammar::{Parse, SyntaxKind, parse};

/// What a text says: its leaves without white space, `;` and commas at an end, which the style sets.
fn tokens(parsed: &Parse) -> Vec<(SyntaxKind, String)> {
    let mut tokens: Vec<(SyntaxKind, String)> = Vec::new();
    for leaf in parsed.tree.root().leaves() {
        match leaf.kind() {
            kind if kind.is_trivia()
                || matches!(kind, SyntaxKind::Semicolon | SyntaxKind::Missing | SyntaxKind::File) =>
            {
                continue;
            }
            SyntaxKind::RightParen | SyntaxKind::RightBracket => {
                tokens.pop_if(|(kind, _)| *kind == SyntaxKind::Comma);
            }
            _ => {}
        }
        tokens.push((leaf.kind(), leaf.text().to_owned()));
    }
    tokens
}

fn comments(parsed: &Parse) -> Vec<String> {
    let leaves = parsed.tree.root().leaves();
    let is_comment = |kind| matches!(kind, SyntaxKind::Comment | SyntaxKind::DocComment);
    leaves.filter(|leaf| is_comment(leaf.kind())).map(|leaf| leaf.text().trim_end().to_owned()).collect()
}

/// The text in the style, after it was held to all that must hold for every text.
pub fn sound(text: &str) -> String {
    let before = parse(text);
    let new = format(&before);
    let after = parse(&new);
    assert_eq!(tokens(&after), tokens(&before), "{text:?} became {new:?}");
    assert_eq!(comments(&after), comments(&before), "{text:?} became {new:?}");
    let messages = |parsed: &Parse| -> Vec<String> { parsed.errors.iter().map(|e| e.message.clone()).collect() };
    assert_eq!(messages(&after), messages(&before), "{text:?} became {new:?}");
    assert_eq!(format(&after), new, "{text:?} twice");
    new
}

/// All files of the language in the repository.
pub fn files() -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
                collect(&path, found);
            } else if path.is_file() && name.ends_with(".synx") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")), &mut found);
    found.sort();
    found
}
