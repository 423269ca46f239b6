//! A text that was checked, with all that the features ask for.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use synx_grammar::view::Item;
use synx_grammar::{Node, Parse, SyntaxKind};
use synx_plan::cost::DeviceProfile;
use synx_plan::study::Plan;

use super::cost::GridCost;
use super::record::{Declared, Places, Record, Seen, Target};
use crate::compile::{Checked, checked};
use crate::diagnostic::Diagnostic;
use crate::host::{Host, Options};
use crate::source::Sources;
use crate::value::Span;

/// A place in one of the files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileRange {
    /// As the compiler names the file: the path that was given, or that of an import relative to the study.
    pub file: String,
    /// Bytes.
    pub range: Range<usize>,
}

/// A study after its check. It is made by the same check as `synx check`; a text with mistakes has one too, of its healthy parts.
pub struct Analysis {
    pub(super) parse: Rc<Parse>,
    diagnostics: Vec<Diagnostic>,
    sources: Sources,
    /// Of the grids and laws without mistakes.
    pub(super) plan: Option<Plan>,
    pub(super) record: Box<Record>,
    pub(super) device: DeviceProfile,
    pub(super) names: OnceCell<Places<Target>>,
    pub(super) grids: OnceCell<Vec<GridCost>>,
}

impl Analysis {
    /// Checks the study of a text that was read from `path`. Times are estimates for `device`. None where the host stopped it.
    pub fn new(
        path: &str,
        parse: Rc<Parse>,
        host: &dyn Host,
        options: &Options,
        device: DeviceProfile,
    ) -> Option<Analysis> {
        let Checked { plan, diagnostics, sources, record, cancelled, .. } =
            checked(path, &parse, host, options, Some(Box::default()));
        (!cancelled).then(|| Analysis {
            parse,
            diagnostics,
            sources,
            plan,
            record: record.unwrap_or_default(),
            device,
            names: OnceCell::new(),
            grids: OnceCell::new(),
        })
    }

    /// All findings, as `synx check` gives them.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The study's file and those that it imports.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The path that it was checked under.
    pub fn path(&self) -> &str {
        self.sources.files().first().map_or("", |file| &file.path)
    }

    /// The study's own text, as it was read.
    pub fn parse(&self) -> &Parse {
        &self.parse
    }

    /// The study's own text.
    pub fn source(&self) -> &str {
        self.parse.tree.source()
    }

    pub(super) fn root(&self) -> Node<'_> {
        self.parse.tree.root()
    }

    /// The place of a node of the study's own file.
    #[allow(clippy::unused_self, reason = "a node belongs to the analysis that it is asked of")]
    pub(super) fn span(&self, node: Node<'_>) -> Span {
        let range = node.range();
        Span { file: 0, start: range.start as u32, end: range.end as u32 }
    }

    /// A place of the record as a place of a file; none for what `--set` gave.
    pub(super) fn place(&self, span: Span) -> Option<FileRange> {
        let file = self.record.files.get(span.file as usize)?.clone();
        Some(FileRange { file, range: span.range() })
    }

    /// The text at a place of the record.
    pub(super) fn text(&self, span: Span) -> &str {
        if span.file == 0 {
            return self.source().get(span.range()).unwrap_or_default();
        }
        let file = self.record.files.get(span.file as usize).and_then(|path| self.sources.get(path));
        file.and_then(|file| file.text.get(span.range())).unwrap_or_default()
    }

    /// What the expression of a node came to.
    pub(super) fn seen(&self, node: Node<'_>) -> Option<&Seen> {
        self.record.values.get(&self.span(node))
    }

    /// The declaration whose name stands at a place.
    pub(super) fn declared(&self, name: Span) -> Option<&Declared> {
        self.record.items.iter().find(|item| item.name == name)
    }

    /// The item of the study's own file whose name stands at a place.
    pub(super) fn item(&self, name: Span) -> Option<Item<'_>> {
        if name.file != 0 {
            return None;
        }
        self.parse.file().items().find(|item| item.name().is_some_and(|n| self.span(n.node()) == name))
    }

    /// The item around a node.
    pub(super) fn item_around<'t>(&self, node: Node<'t>) -> Option<Item<'t>> {
        ancestors(node).find_map(Item::cast)
    }

    /// The name, word or keyword that the cursor touches: what it stands in or right behind.
    pub(super) fn word_at(&self, offset: usize) -> Option<Node<'_>> {
        let is_word = |node: &Node<'_>| {
            matches!(
                node.kind(),
                SyntaxKind::Name | SyntaxKind::Keyword | SyntaxKind::True | SyntaxKind::False | SyntaxKind::Rest
            )
        };
        let at = self.leaf_at(offset);
        at.filter(is_word).or_else(|| self.leaf_at(offset.checked_sub(1)?).filter(is_word))
    }

    /// The leaf that holds the byte at `offset`.
    pub(super) fn leaf_at(&self, offset: usize) -> Option<Node<'_>> {
        (offset <= self.source().len()).then(|| self.parse.tree.at(offset))
    }
}

/// A node and everything around it, from the inside.
pub(super) fn ancestors(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(Some(node), |node| node.parent())
}
