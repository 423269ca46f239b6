//! The graph of a plan.

use std::collections::BTreeMap;

use serde_json::Value;
use synx_plan::corpus::{Corpus, CorpusId};
use synx_plan::exact::Exact;
use synx_plan::grid::{ColumnKind, Grid};
use synx_plan::law::Law;
use synx_plan::number::{count, grouped, plural};
use synx_plan::study::Plan;
use synx_plan::table::{Source, TableId};

use super::{Edge, Graph, Kind, Node};

/// Mixtures of a grid whose shares are written out. Arbitrary: what still fits a box.
const MIXTURES_SHOWN: usize = 4;

impl Graph {
    pub fn of(plan: &Plan) -> Graph {
        let mut drawing = Drawing { plan, graph: Graph::default(), tables: BTreeMap::new() };
        drawing.graph.title.clone_from(&plan.study.name);
        drawing.corpora();
        let grids = drawing.grids();
        drawing.laws(&grids);
        drawing.graph
    }
}

struct Drawing<'a> {
    plan: &'a Plan,
    graph: Graph,
    /// The nodes of the tables that have been drawn.
    tables: BTreeMap<TableId, usize>,
}

impl Drawing<'_> {
    fn node(&mut self, kind: Kind, title: impl Into<String>, lines: Vec<String>) -> usize {
        self.graph.nodes.push(Node { kind, title: title.into(), lines });
        self.graph.nodes.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize, label: impl Into<String>) {
        let edge = Edge { from, to, label: label.into() };
        if !self.graph.edges.iter().any(|known| known.from == from && known.to == to) {
            self.graph.edges.push(edge);
        }
    }

    /// The corpora are the first nodes, in the plan's order.
    fn corpora(&mut self) {
        for (corpus, facts) in self.plan.corpora.iter().zip(&self.plan.facts) {
            let mut lines = vec![word(corpus)];
            if let Some(heldout) = &corpus.heldout {
                lines[0] = format!("{}, {} held out", lines[0], percent(heldout));
            }
            if let Some(facts) = facts {
                lines.push(format!("{} tokens", count(facts.training.tokens as f64)));
            }
            self.node(Kind::Corpus, corpus.name.clone(), lines);
        }
        for (i, corpus) in self.plan.corpora.iter().enumerate() {
            for CorpusId(input) in corpus.inputs() {
                self.edge(input, i, "");
            }
        }
    }

    /// Grids with the mixtures that they train on; the node of each.
    fn grids(&mut self) -> Vec<usize> {
        let mut mixtures: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        let mut nodes = Vec::new();
        for grid in &self.plan.grids {
            let node = self.node(Kind::Grid, grid.name.clone(), grid_lines(grid));
            nodes.push(node);
            let all = grid.cells.iter().flat_map(|cell| cell.alternatives(&self.plan.choices));
            let mut used: Vec<u32> = all.map(|it| it.mixture).collect();
            used.sort_unstable();
            used.dedup();
            let single = |mixture: &u32| match self.plan.mixtures[*mixture as usize].shares() {
                [(CorpusId(corpus), _)] => Some(*corpus),
                _ => None,
            };
            let plain: Option<Vec<usize>> = used.iter().map(single).collect();
            if let Some(corpora) = plain {
                corpora.into_iter().for_each(|corpus| self.edge(corpus, node, ""));
            } else {
                let mixture = match mixtures.get(&used) {
                    Some(known) => *known,
                    None => self.mixture(&used),
                };
                mixtures.insert(used, mixture);
                self.edge(mixture, node, "");
            }
        }
        nodes
    }

    /// All mixtures of a grid as one node, with each corpus' least and largest share.
    fn mixture(&mut self, used: &[u32]) -> usize {
        let plan = self.plan;
        let of = |number: &u32| plan.mixtures[*number as usize].shares();
        let name = |CorpusId(corpus): CorpusId| plan.corpora[corpus].name.as_str();
        let written = |number: &u32| {
            let shares = of(number).iter().map(|(corpus, share)| format!("{} {}", percent(share), name(*corpus)));
            shares.collect::<Vec<_>>().join(", ")
        };
        let lines = if used.len() <= MIXTURES_SHOWN { used.iter().map(written).collect() } else { Vec::new() };
        let title = if used.len() == 1 { "mixture".to_owned() } else { plural(used.len(), "mixture") };
        let node = self.node(Kind::Mixture, title, lines);
        let mut ranges: BTreeMap<CorpusId, (Exact, Exact, usize)> = BTreeMap::new();
        for (corpus, share) in used.iter().flat_map(of) {
            let range = ranges.entry(*corpus).or_insert_with(|| (share.clone(), share.clone(), 0));
            if *share < range.0 {
                range.0 = share.clone();
            }
            if *share > range.1 {
                range.1 = share.clone();
            }
            range.2 += 1;
        }
        for (CorpusId(corpus), (low, high, times)) in ranges {
            let low = if times < used.len() { Exact::zero() } else { low };
            let label = if low == high { percent(&low) } else { format!("{} to {}", percent(&low), percent(&high)) };
            self.edge(corpus, node, label);
        }
        node
    }

    fn laws(&mut self, grids: &[usize]) {
        let first = self.graph.nodes.len();
        for law in &self.plan.laws {
            self.node(Kind::Law, law.name.clone(), law_lines(law));
        }
        for (i, law) in self.plan.laws.iter().enumerate() {
            if let Some(table) = self.table(law.over, grids, first) {
                self.edge(table, first + i, "");
            }
        }
    }

    /// The node of a table: that of its grid or law, or one of its own for what is made of others.
    fn table(&mut self, id: TableId, grids: &[usize], laws: usize) -> Option<usize> {
        if let Some(known) = self.tables.get(&id) {
            return Some(*known);
        }
        let table = self.plan.tables.get(id.0)?;
        let node = match &table.source {
            Source::Grid(grid) => *grids.get(*grid)?,
            Source::Law(law) | Source::Predictions(law) => laws + law,
            made => {
                let rows = table.rows.map(|rows| plural(rows as usize, "row"));
                let node =
                    self.node(Kind::Table, variant(&serde_json::to_value(made).ok()?), rows.into_iter().collect());
                for input in made.inputs() {
                    if let Some(from) = self.table(input, grids, laws) {
                        self.edge(from, node, "");
                    }
                }
                node
            }
        };
        self.tables.insert(id, node);
        Some(node)
    }
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

fn law_lines(law: &Law) -> Vec<String> {
    let names: Vec<&str> = law.formula.free.iter().map(|parameter| parameter.name.as_str()).collect();
    let mut lines: Vec<String> = Vec::new();
    if !names.is_empty() {
        lines.push(format!("free {}", names.join(", ")));
    }
    if !law.formula.by.is_empty() {
        lines.push(format!("by {}", law.formula.by.join(", ")));
    }
    lines
}

/// What a corpus is, in a word.
fn word(corpus: &Corpus) -> String {
    serde_json::to_value(&corpus.content).map_or_else(|_| String::new(), |content| variant(&content))
}

/// The name of an enum's variant, as it is written in plans: the only key of an object, or a text.
fn variant(value: &Value) -> String {
    let name = match value {
        Value::Object(fields) => fields.keys().next().map_or("", String::as_str),
        Value::String(name) => name,
        _ => "",
    };
    name.to_lowercase()
}

/// `33.3 %`.
fn percent(share: &Exact) -> String {
    let value = 100.0 * share.to_f64();
    let text = format!("{value:.1}");
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}
