//! A plan as a graph: corpora, mixtures, grids, tables, laws, answers, claims and figures, and what follows from what.

mod dot;
mod layout;
mod mermaid;
mod plan;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

/// What there is and how it hangs together. Edges point from what is used to what uses it; the graph has no cycle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// The study's name.
    pub title: String,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    pub title: String,
    /// What there is to say about it, a line each.
    pub lines: Vec<String>,
}

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Corpus,
    Mixture,
    Grid,
    /// A file of rows that were measured elsewhere.
    Observations,
    /// What is made of tables.
    Rows,
    Law,
    /// A question to tables and laws.
    Answer,
    Claim,
    Figure,
    /// Of the report.
    Table,
}

/// From one node to another, by their places in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// May be empty.
    pub label: String,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Corpus,
        Kind::Mixture,
        Kind::Grid,
        Kind::Observations,
        Kind::Rows,
        Kind::Law,
        Kind::Answer,
        Kind::Claim,
        Kind::Figure,
        Kind::Table,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Corpus => "corpus",
            Kind::Mixture => "mixture",
            Kind::Grid => "grid",
            Kind::Observations => "observations",
            Kind::Rows => "rows",
            Kind::Law => "law",
            Kind::Answer => "answer",
            Kind::Claim => "claim",
            Kind::Figure => "figure",
            Kind::Table => "table",
        }
    }

    /// Fill and outline, which differ in lightness too.
    fn colours(self) -> (&'static str, &'static str) {
        match self {
            Kind::Corpus => ("#eaf3e6", "#4d7c3a"),
            Kind::Mixture => ("#fdf3d8", "#a9780b"),
            Kind::Grid => ("#e3edfa", "#2b62a8"),
            Kind::Observations => ("#dff1f0", "#25746f"),
            Kind::Rows => ("#f1f1f1", "#6b6b6b"),
            Kind::Law => ("#f3e8f8", "#7b3f98"),
            Kind::Answer => ("#ffffff", "#7b3f98"),
            Kind::Claim => ("#fbe6e3", "#b1402c"),
            Kind::Figure | Kind::Table => ("#ffffff", "#6b6b6b"),
        }
    }
}

/// A graph with one node of every kind, for the tests of what draws it.
#[cfg(test)]
fn example() -> Graph {
    let node = |kind: Kind, title: &str, lines: &[&str]| Node {
        kind,
        title: title.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    let edge = |from, to, label: &str| Edge { from, to, label: label.to_owned() };
    Graph {
        title: "example".to_owned(),
        nodes: vec![
            node(Kind::Corpus, "web", &["world, 5 % held out"]),
            node(Kind::Corpus, "größe \"<&>\"", &["files"]),
            node(Kind::Mixture, "2 mixtures", &[]),
            node(Kind::Grid, "runs", &["12 cells", "r × 2, tokens × 6"]),
            node(Kind::Rows, "best", &["loss over lr"]),
            node(Kind::Law, "falling", &["free E, B"]),
            node(Kind::Claim, "helps", &[]),
        ],
        edges: vec![
            edge(0, 2, "50–100 %"),
            edge(1, 2, "0–50 %"),
            edge(2, 3, ""),
            edge(3, 4, ""),
            edge(4, 5, ""),
            edge(3, 5, ""),
            edge(5, 6, ""),
        ],
    }
}
