//! Corpora, the mixtures of them, and the grids that train on these.

use std::collections::{BTreeMap, BTreeSet};

use synx_plan::corpus::{Content, Corpus, CorpusId};
use synx_plan::exact::Exact;
use synx_plan::grid::{ColumnKind, Grid};
use synx_plan::number::{count, grouped, plural};

use super::{Drawing, cut};
use crate::graph::Kind;

/// Mixtures of a grid whose shares are written out. Arbitrary: what still fits a box.
const MIXTURES_SHOWN: usize = 4;

/// Members of a family that have a box each. Arbitrary: what can still be told apart.
const FAMILY_SHOWN: usize = 3;

impl Drawing<'_> {
    /// Large families are one box.
    pub(super) fn corpora(&mut self) {
        let plan = self.plan;
        let mut families: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, corpus) in plan.corpora.iter().enumerate() {
            families.entry(family(corpus).unwrap_or(&corpus.name)).or_default().push(i);
        }
        families.retain(|_, members| members.len() > FAMILY_SHOWN);
        let mut drawn: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, corpus) in plan.corpora.iter().enumerate() {
            let node = match family(corpus).and_then(|name| families.get_key_value(name)) {
                Some((name, members)) => {
                    if let Some(node) = drawn.get(name) {
                        *node
                    } else {
                        let node = self.family(name, members);
                        drawn.insert(name, node);
                        node
                    }
                }
                None => self.corpus(i),
            };
            self.corpora.push(node);
        }
        for (i, corpus) in plan.corpora.iter().enumerate() {
            for CorpusId(input) in corpus.inputs() {
                if self.corpora[input] != self.corpora[i] {
                    self.edge(self.corpora[input], self.corpora[i], "");
                }
            }
        }
    }

    fn corpus(&mut self, number: usize) -> usize {
        let (corpus, facts) = (&self.plan.corpora[number], &self.plan.facts[number]);
        let mut lines = vec![word(&corpus.content).to_owned()];
        if let Some(heldout) = &corpus.heldout {
            lines[0] = format!("{}, {} held out", lines[0], percent(heldout));
        }
        if let Some(facts) = facts {
            lines.push(format!("{} tokens", count(facts.training.tokens as f64)));
        }
        self.node(Kind::Corpus, corpus.name.clone(), lines)
    }

    fn family(&mut self, name: &str, members: &[usize]) -> usize {
        let mut lines = vec![format!("{} corpora", members.len())];
        let tokens: Option<Vec<u64>> =
            members.iter().map(|member| Some(self.plan.facts[*member].as_ref()?.training.tokens)).collect();
        if let Some(tokens) = tokens {
            lines.push(format!("{} tokens", count(tokens.iter().sum::<u64>() as f64)));
        }
        self.node(Kind::Corpus, name, lines)
    }

    /// Grids with the mixtures that they train on, and the grids that they start from.
    pub(super) fn grids(&mut self) {
        let plan = self.plan;
        for grid in &plan.grids {
            let node = self.node(Kind::Grid, grid.name.clone(), grid_lines(grid));
            self.grids.push(node);
        }
        for (i, grid) in plan.grids.iter().enumerate() {
            let mut from: Vec<u32> = grid.cells.iter().filter_map(|cell| Some(cell.start?.grid)).collect();
            from.sort_unstable();
            from.dedup();
            for other in from {
                self.edge(self.grids[other as usize], self.grids[i], "weights");
            }
        }
        for (i, corpus) in plan.corpora.iter().enumerate() {
            if let Content::Sampled { cell, .. } = &corpus.content {
                self.edge(self.grids[cell.grid as usize], self.corpora[i], "text");
            }
        }
        let mut mixtures: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        for (i, grid) in plan.grids.iter().enumerate() {
            let node = self.grids[i];
            let used = self.mixtures_of(grid);
            let single = |mixture: &u32| match plan.mixtures[*mixture as usize].shares() {
                [(CorpusId(corpus), _)] => Some(self.corpora[*corpus]),
                _ => None,
            };
            let plain: Option<Vec<usize>> = used.iter().map(single).collect();
            if let Some(corpora) = plain {
                self.edges(&corpora, node);
            } else {
                let mixture = match mixtures.get(&used) {
                    Some(known) => *known,
                    None => self.mixture(&used),
                };
                mixtures.insert(used, mixture);
                self.edge(mixture, node, "");
            }
        }
    }

    /// The numbers of all mixtures that a grid's cells are or may be trained on.
    pub(super) fn mixtures_of(&self, grid: &Grid) -> Vec<u32> {
        let all = grid.cells.iter().flat_map(|cell| cell.alternatives(&self.plan.choices));
        let mut used: Vec<u32> = all.map(|it| it.mixture).collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    /// All mixtures of a grid as one node, with each corpus' least and largest share.
    fn mixture(&mut self, used: &[u32]) -> usize {
        let mixtures: Vec<_> = used.iter().map(|number| self.shares(*number)).collect();
        let written = |shares: &BTreeMap<usize, Exact>| {
            // Before a scan or a run has settled them, all are zero.
            if !is_settled(shares) {
                return "shares that are settled later".to_owned();
            }
            let name = |node: &usize| self.graph.nodes[*node].title.as_str();
            let shares = shares.iter().map(|(node, share)| format!("{} {}", percent(share), name(node)));
            cut(&shares.collect::<Vec<_>>().join(", "))
        };
        let mut lines: Vec<String> =
            if used.len() <= MIXTURES_SHOWN { mixtures.iter().map(written).collect() } else { Vec::new() };
        lines.dedup();
        let title = if used.len() == 1 { "mixture".to_owned() } else { plural(used.len(), "mixture") };
        let node = self.node(Kind::Mixture, title, lines);
        let corpora: BTreeSet<usize> = mixtures.iter().flat_map(BTreeMap::keys).copied().collect();
        for corpus in corpora {
            let settled = mixtures.iter().filter(|shares| is_settled(shares));
            let mut all: Vec<Exact> =
                settled.map(|shares| shares.get(&corpus).cloned().unwrap_or_else(Exact::zero)).collect();
            all.sort();
            let label = match (all.first().map(percent), all.last().map(percent)) {
                (Some(low), Some(high)) if low == high => low,
                (Some(low), Some(high)) => format!("{low} to {high}"),
                _ => String::new(),
            };
            self.edge(corpus, node, label);
        }
        node
    }

    /// The shares of a mixture by the boxes of its corpora.
    fn shares(&self, mixture: u32) -> BTreeMap<usize, Exact> {
        let mut parts: BTreeMap<usize, Exact> = BTreeMap::new();
        for (CorpusId(corpus), share) in self.plan.mixtures[mixture as usize].shares() {
            let part = parts.entry(self.corpora[*corpus]).or_insert_with(Exact::zero);
            *part = part.add(share);
        }
        parts
    }
}

/// Whether shares are known.
fn is_settled(shares: &BTreeMap<usize, Exact>) -> bool {
    shares.values().any(|share| !share.is_zero())
}

fn grid_lines(grid: &Grid) -> Vec<String> {
    let mut lines = vec![plural(grid.cells.len(), "cell")];
    if !grid.excluded.is_empty() {
        lines[0] = format!("{}, {} left out", lines[0], grouped(grid.excluded.len() as u64));
    }
    let axes = grid.columns.iter().filter(|column| column.kind == ColumnKind::Axis);
    let axes: Vec<String> = axes.map(|axis| format!("{} × {}", axis.name, axis.values.len())).collect();
    lines.extend(axes.chunks(3).map(|axes| axes.join(", ")));
    let tokens: u64 = grid.cells.iter().map(|cell| cell.tokens).sum();
    lines.push(format!("{} tokens", count(tokens as f64)));
    lines
}

/// The family that a corpus is a member of: `pile` of `pile.arxiv`.
fn family(corpus: &Corpus) -> Option<&str> {
    let (family, _) = corpus.name.split_once('.')?;
    family.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(family)
}

/// What a corpus is, in a word.
fn word(content: &Content) -> &'static str {
    match content {
        Content::Files(_) => "files",
        Content::World(_) => "world",
        Content::Process(_) => "process",
        Content::Take { .. } | Content::TakeShare { .. } => "take",
        Content::Repeat { .. } => "repeat",
        Content::Dedup { .. } => "dedup",
        Content::Filter { .. } => "filter",
        Content::Score { .. } => "score",
        Content::Keep { .. } => "keep",
        Content::Rephrase { .. } => "rephrase",
        Content::Write { .. } | Content::Prompted { .. } => "write",
        Content::Sampled { .. } => "sampled",
    }
}

/// `33.3 %`.
fn percent(share: &Exact) -> String {
    let value = 100.0 * share.to_f64();
    let text = format!("{value:.1}");
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}
