//! What stands between the words: what grids cost, shares as tokens, epochs.

use std::ops::Range;

use synx_grammar::view::{Body, Entry, Item, ItemKind};
use synx_plan::exact::Exact;
use synx_plan::number::count;

use super::analysis::Analysis;
use super::shown::short;

/// A few words shown at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub offset: usize,
    pub text: String,
    /// Shown on a pointer; may be empty.
    pub tooltip: String,
}

impl Analysis {
    /// The hints within a range of the study's own text: cells, tokens, FLOPs and time of grids, their epochs, the tokens of shares.
    pub fn hints(&self, within: Range<usize>) -> Vec<Hint> {
        let mut hints = Vec::new();
        for item in self.parse.file().items() {
            let range = item.range();
            if range.end < within.start || range.start > within.end {
                continue;
            }
            match item.kind() {
                Some(ItemKind::Grid) => self.grid_hints(item, &mut hints),
                Some(ItemKind::Mixture) => self.share_hints(item, &mut hints),
                _ => {}
            }
        }
        hints.retain(|hint| within.start <= hint.offset && hint.offset <= within.end);
        hints.sort_by_key(|hint| hint.offset);
        hints
    }

    /// Behind the name of a grid what it costs, behind its data the epochs.
    fn grid_hints(&self, item: Item<'_>, hints: &mut Vec<Hint>) {
        let (Some(name), Body::Block(block)) = (item.name(), item.body()) else { return };
        let Some(cost) = self.grid_cost_of(name.text()) else { return };
        let left_out = match cost.excluded {
            0 => String::new(),
            cells => format!("; {cells} left out by `where`"),
        };
        hints.push(Hint {
            offset: name.range().end,
            text: cost.line(),
            tooltip: format!("Every cell trained by itself, on {}{left_out}", self.device_of(cost)),
        });
        let most = cost.epochs.iter().filter_map(|(source, epochs)| Some((source, (*epochs)?)));
        let most = most.max_by(|a, b| a.1.total_cmp(&b.1));
        let data = block.entries().find_map(|entry| match entry {
            Entry::Field(field) if field.name().is_some_and(|name| name.text() == "data") => field.value(),
            _ => None,
        });
        if let (Some((source, epochs)), Some(data)) = (most, data) {
            let all = cost.epochs.iter().map(|(source, epochs)| match epochs {
                Some(epochs) => format!("`{source}`: up to {} epochs", short(*epochs)),
                None => format!("`{source}`: not scanned"),
            });
            hints.push(Hint {
                offset: data.range().end,
                text: format!("up to {} epochs of {source}", short(epochs)),
                tooltip: all.collect::<Vec<_>>().join("\n\n"),
            });
        }
    }

    /// Behind a mixture without parameters, the tokens of its shares in the largest cell that trains on it.
    fn share_hints(&self, item: Item<'_>, hints: &mut Vec<Hint>) {
        let Body::Expression(body) = item.body() else { return };
        let Some(seen) = self.seen(body.node()).filter(|_| item.parameters_node().is_none()) else { return };
        let shares = seen.values.first().map(|value| self.shares(value)).unwrap_or_default();
        let Some(used) = self.uses_of(&shares) else { return };
        let part = |share: &Exact| count(share.to_f64() * used.high as f64);
        let parts: Vec<String> = shares.iter().map(|(source, share)| format!("{} {source}", part(share))).collect();
        hints.push(Hint {
            offset: body.range().end,
            text: format!("{} tokens", parts.join(" + ")),
            tooltip: "In the largest budget of a cell that trains on it".to_owned(),
        });
    }
}
