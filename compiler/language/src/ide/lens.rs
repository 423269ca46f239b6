//! What can be done with a declaration, above its line.

use std::ops::Range;

use synx_grammar::Parse;
use synx_grammar::view::ItemKind;

/// What a lens does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LensKind {
    /// `synx plan` of the study.
    Plan,
    /// `synx run` of the study.
    Run,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// The name that it stands above.
    pub range: Range<usize>,
    pub kind: LensKind,
}

/// Above the study, or the first grid where there is no `study`: what a study does as a whole. A file without grids trains nothing.
pub fn lenses(parse: &Parse) -> Vec<Lens> {
    let items = || parse.file().items();
    let Some(grid) = items().find(|item| item.kind() == Some(ItemKind::Grid)) else { return Vec::new() };
    let place = items().find(|item| item.kind() == Some(ItemKind::Study)).unwrap_or(grid);
    let range = place.name().map_or_else(|| place.kind_word().range(), synx_grammar::view::Name::range);
    [LensKind::Plan, LensKind::Run].into_iter().map(|kind| Lens { range: range.clone(), kind }).collect()
}
