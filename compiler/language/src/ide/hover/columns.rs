//! Columns that are named by a text or by a source: `column("metric/x")`, `columns("train_*")`, `share[web]`.

use std::fmt::Write as _;
use std::ops::Range;

use synx_grammar::view::{Call, Expression, Index};
use synx_grammar::{Node, SyntaxKind};
use synx_plan::number::plural;

use super::{Hover, code, line_of};
use crate::ide::analysis::{Analysis, ancestors};
use crate::value::{Span, Value};

/// How many columns one pointer shows. Arbitrary: what fits a window.
const SHOWN: usize = 24;

/// A text that names columns.
struct Named<'t> {
    call: Call<'t>,
    text: Range<usize>,
    /// The columns.
    names: Vec<String>,
}

impl Analysis {
    /// The columns that the text at a place names.
    fn named_columns(&self, offset: usize) -> Option<Named<'_>> {
        let leaf = self.leaf_at(offset).filter(|leaf| leaf.kind() == SyntaxKind::StringText)?;
        let text = leaf.parent().and_then(synx_grammar::view::Text::cast)?;
        let call = ancestors(leaf).find_map(Call::cast)?;
        let Expression::Name(function) = call.callee()? else { return None };
        let names = match function.text() {
            "column" => vec![text.value()],
            "columns" => self.seen(call.node())?.values.iter().find_map(|value| match value {
                // They go by what stands in the place of the star.
                Value::Columns(columns) => {
                    Some(columns.iter().map(|(name, _)| text.value().replacen('*', name, 1)).collect())
                }
                _ => None,
            })?,
            _ => return None,
        };
        Some(Named { call, text: text.node().range(), names })
    }

    pub(super) fn hover_named_columns(&self, offset: usize) -> Option<Hover> {
        let Named { call, text, names } = self.named_columns(offset)?;
        let mut shown = code(&line_of(call.text()));
        if let [_] = names.as_slice() {
            self.add_value(&mut shown, Some(call.node()));
        } else {
            let some = names[..names.len().min(SHOWN)].join("`, `");
            let more = if names.len() > SHOWN { ", …" } else { "" };
            let _ = writeln!(shown, "{}: `{some}`{more}", plural(names.len(), "column"));
        }
        Some(Hover { range: text, text: shown.trim_end().to_owned() })
    }

    /// Where the first of the columns is declared that the text at a place names.
    pub(in crate::ide) fn named_column_declared(&self, offset: usize) -> Option<(Range<usize>, Span)> {
        let Named { call, text, names } = self.named_columns(offset)?;
        let columns = self.columns_around(call.node());
        let declared = columns.iter().find(|column| names.contains(&column.name) && column.declared.is_some())?;
        Some((text, declared.declared?))
    }

    /// The columns that a word stands for before `[source]`: what each source's share, or each domain's loss, is called.
    pub(super) fn hover_indexed(&self, word: Node<'_>) -> Option<String> {
        let index = word.parent().and_then(Index::cast)?;
        let base = index.base().filter(|base| base.node() == word)?;
        let plan = self.plan.as_ref()?;
        let name = self.item_around(word)?.name()?;
        let law = plan.laws.iter().find(|law| law.name == name.text())?;
        let start = format!("{}[", base.text());
        let columns = plan.tables.get(law.over.0)?.columns.iter().filter(|column| column.name.starts_with(&start));
        let columns: Vec<_> = columns.collect();
        if columns.is_empty() {
            return None;
        }
        let mut text = code(&format!("{}[…]", base.text()));
        let _ = writeln!(text, "A column for each of these\n\n| column | bounds |\n| --- | --- |");
        for column in columns.iter().take(SHOWN) {
            let bounds = super::measured::bounds(column.low.as_ref(), column.high.as_ref());
            let _ = writeln!(text, "| {} | {bounds} |", column.name.replace('|', "\\|"));
        }
        if columns.len() > SHOWN {
            let _ = writeln!(text, "\nand {} more", columns.len() - SHOWN);
        }
        Some(text.trim_end().to_owned())
    }
}
