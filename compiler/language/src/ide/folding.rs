//! What an editor may fold: blocks, brackets, comments and imports of several lines.

use std::ops::Range;

use synx_grammar::{Node, Parse, SyntaxKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldKind {
    Region,
    Comment,
    Imports,
}

/// A stretch of the text; its first line stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    pub range: Range<usize>,
    pub kind: FoldKind,
}

/// What can be folded in a text, in the order of the text.
pub fn folds(parse: &Parse) -> Vec<Fold> {
    let source = parse.tree.source();
    let several = |range: &Range<usize>| source[range.clone()].trim_end().contains('\n');
    let mut folds = Vec::new();
    for node in parse.tree.root().descendants() {
        let bracketed = matches!(
            node.kind(),
            SyntaxKind::Block
                | SyntaxKind::List
                | SyntaxKind::Tuple
                | SyntaxKind::Arguments
                | SyntaxKind::Comprehension
                | SyntaxKind::Parameters
        );
        if bracketed && several(&node.range()) {
            folds.push(Fold { range: node.range(), kind: FoldKind::Region });
        }
        runs(node, &mut folds, &several);
    }
    folds.sort_by_key(|fold| (fold.range.start, fold.range.end));
    folds
}

/// Comments and imports that follow each other among the children of a node.
fn runs(parent: Node<'_>, folds: &mut Vec<Fold>, several: &impl Fn(&Range<usize>) -> bool) {
    let mut run: Option<Fold> = None;
    for child in parent.children() {
        let kind = match child.kind() {
            SyntaxKind::Comment | SyntaxKind::DocComment => FoldKind::Comment,
            SyntaxKind::Import => FoldKind::Imports,
            // An empty line ends a run of comments, not one of imports.
            SyntaxKind::Whitespace if run.as_ref().is_some_and(|run| run.kind == FoldKind::Imports) => continue,
            SyntaxKind::Whitespace if child.text().matches('\n').count() < 2 => continue,
            _ => {
                folds.extend(run.take().filter(|run| several(&run.range)));
                continue;
            }
        };
        match &mut run {
            Some(run) if run.kind == kind => run.range.end = child.range().end,
            _ => {
                folds.extend(run.take().filter(|run| several(&run.range)));
                run = Some(Fold { range: child.range(), kind });
            }
        }
    }
    folds.extend(run.filter(|run| several(&run.range)));
}
