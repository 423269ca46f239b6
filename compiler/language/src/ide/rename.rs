//! Another name for a declaration, everywhere at once.

use std::ops::Range;

use synx_grammar::view::{ItemKind, Name};
use synx_grammar::{Node, SyntaxKind};

use super::analysis::{Analysis, FileRange};
use super::record::Target;
use crate::diagnostic::Edit;
use crate::signature::fields;
use crate::value::Span;

impl Analysis {
    /// The name at `offset` that can be given another one: where it stands. The error says why not, for the user.
    pub fn renamable(&self, offset: usize) -> Result<Range<usize>, String> {
        let word = self.word_at(offset).ok_or("there is no name here")?;
        let target = self.target(word).ok_or_else(|| format!("it is not known what `{}` stands for", word.text()))?;
        let Target::Declared(span) = target else {
            return Err(format!("`{}` is a word of the language", word.text()));
        };
        if self.declared(span).is_none()
            && let Some(kind) = self.sets_field(span)
        {
            return Err(format!("`{}` sets that field of the {}: it has no other name", word.text(), kind.word()));
        }
        if !self.is_own(span) {
            return Err(format!("`{}` belongs to the library", word.text()));
        }
        Ok(word.range())
    }

    /// The edits that give the declaration whose name stands at `declaration` the name `new`, in this study and what it imports.
    pub fn rename(&self, declaration: &FileRange, new: &str) -> Result<Vec<Edit>, String> {
        if !is_name(new) {
            return Err(format!(
                "`{new}` is no name: letters, digits and `_`, not beginning with a digit, no word of the language"
            ));
        }
        let edit = |place: FileRange| Edit { file: place.file, range: place.range, text: new.to_owned() };
        Ok(self.references(declaration).into_iter().map(|reference| edit(reference.place)).collect())
    }

    /// Whether every name means after `edits` what it meant before; `after` is the study with these edits. The error names what
    /// would not, for the user.
    pub fn keeps_meaning(&self, edits: &[Edit], after: &Analysis) -> Result<(), String> {
        let codes = |analysis: &Analysis| -> Vec<&'static str> {
            let mut codes: Vec<_> = analysis.diagnostics().iter().map(|finding| finding.code).collect();
            codes.sort_unstable();
            codes
        };
        if self.record.files != after.record.files {
            return Err("other files would be read".to_owned());
        }
        let mut names: Vec<(&Span, &Target)> = self.names().iter().collect();
        names.sort_unstable_by_key(|(span, _)| **span);
        for (span, target) in &names {
            let target = match target {
                Target::Declared(declared) => Target::Declared(self.moved(*declared, edits)),
                other => **other,
            };
            if after.names().get(&self.moved(**span, edits)) != Some(&target) {
                return Err(format!("`{}` would stand for something else", self.text(**span)));
            }
        }
        if after.names().len() != names.len() || codes(self) != codes(after) {
            return Err("the study would mean something else: the name is taken there".to_owned());
        }
        Ok(())
    }

    /// Where a place is after edits.
    fn moved(&self, span: Span, edits: &[Edit]) -> Span {
        let Some(file) = self.record.files.get(span.file as usize) else { return span };
        let (mut start, mut end) = (i64::from(span.start), i64::from(span.end));
        for edit in edits.iter().filter(|edit| edit.file == *file) {
            let grown = edit.text.len() as i64 - edit.range.len() as i64;
            if edit.range.end <= span.start as usize {
                start += grown;
            }
            if edit.range.end <= span.end as usize {
                end += grown;
            }
        }
        Span { file: span.file, start: start as u32, end: end as u32 }
    }

    /// The kind of block of which a name of the study's own file sets a field.
    fn sets_field(&self, name: Span) -> Option<ItemKind> {
        if name.file != 0 {
            return None;
        }
        let node = self.parse.tree.at(name.start as usize);
        let parent = node.parent()?;
        let binds =
            matches!(parent.kind(), SyntaxKind::Parameter | SyntaxKind::Pattern | SyntaxKind::Let | SyntaxKind::Field);
        let kind = self.item_around(node)?.kind()?;
        let block = self.item_around(node)?.node().child(SyntaxKind::Block).is_some();
        (binds && block && fields(kind).iter().any(|field| field.name == node.text())).then_some(kind)
    }

    /// Whether a place is in a file of the user's.
    fn is_own(&self, span: Span) -> bool {
        self.place(span).is_some_and(|place| !place.file.starts_with("std:"))
    }
}

/// Whether a text can be the name of a declaration.
fn is_name(text: &str) -> bool {
    let source = format!("let {text} = 1");
    let parse = synx_grammar::parse(&source);
    let name = parse.file().items().next().and_then(synx_grammar::view::Item::name);
    parse.errors.is_empty() && name.map(Name::node).map(Node::text) == Some(text)
}
