//! The graph of a plan: what is trained on, what is trained, what is made of the results, and what is said about them.

mod data;
mod measured;
mod said;

use std::collections::BTreeMap;

use synx_plan::study::Plan;
use synx_plan::table::TableId;

use super::{Edge, Graph, Kind, Node};

/// Letters of a line in a box. Arbitrary: about as wide as the longest lists of axes.
const WIDE: usize = 46;

impl Graph {
    pub fn of(plan: &Plan) -> Graph {
        let mut drawing = Drawing {
            plan,
            graph: Graph::default(),
            corpora: Vec::new(),
            grids: Vec::new(),
            laws: Vec::new(),
            tables: BTreeMap::new(),
            answers: Vec::new(),
            asked: BTreeMap::new(),
        };
        drawing.graph.title.clone_from(&plan.study.name);
        drawing.corpora();
        drawing.grids();
        drawing.laws();
        drawing.answers();
        drawing.chosen();
        drawing.claims();
        drawing.figures();
        drawing.graph
    }
}

struct Drawing<'a> {
    plan: &'a Plan,
    graph: Graph,
    /// The nodes of the plan's corpora, grids and laws, by their places in its lists.
    corpora: Vec<usize>,
    grids: Vec<usize>,
    laws: Vec<usize>,
    /// The nodes of the tables that have been drawn.
    tables: BTreeMap<TableId, usize>,
    /// For each answer the nodes that it stands on, which is its own where it has one.
    answers: Vec<Vec<usize>>,
    /// The nodes of questions, by function and by what it is asked of: one for all that differ in numbers alone.
    asked: BTreeMap<(String, Vec<usize>), (usize, usize)>,
}

impl Drawing<'_> {
    fn node(&mut self, kind: Kind, title: impl Into<String>, lines: Vec<String>) -> usize {
        self.graph.nodes.push(Node { kind, title: title.into(), lines });
        self.graph.nodes.len() - 1
    }

    /// An edge, once. What would close a circle (a grid that trains on what its own cells have written) is said in the box instead.
    fn edge(&mut self, from: usize, to: usize, label: impl Into<String>) {
        if self.graph.edges.iter().any(|known| known.from == from && known.to == to) {
            return;
        }
        if self.reaches(to, from) {
            let line = format!("from {}", self.graph.nodes[from].title);
            let lines = &mut self.graph.nodes[to].lines;
            if !lines.contains(&line) {
                lines.push(line);
            }
            return;
        }
        self.graph.edges.push(Edge { from, to, label: label.into() });
    }

    fn edges(&mut self, from: &[usize], to: usize) {
        from.iter().for_each(|from| self.edge(*from, to, ""));
    }

    /// Whether one node is another, or leads to it.
    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut open = vec![from];
        let mut seen = vec![false; self.graph.nodes.len()];
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(self.graph.edges.iter().filter(|edge| edge.from == at).map(|edge| edge.to));
            }
        }
        false
    }
}

/// A line that fits a box: what is too long ends in `…`.
fn cut(text: &str) -> String {
    if text.chars().count() <= WIDE {
        return text.to_owned();
    }
    let kept: String = text.chars().take(WIDE - 1).collect();
    kept.trim_end().to_owned() + "…"
}

/// The first sentence of a documentation comment on lines that fit a box, at most so many.
fn sentence(documentation: Option<&str>, most: usize) -> Vec<String> {
    let text = documentation.unwrap_or_default().split("\n\n").next().unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word)),
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last}{}", " ".repeat(WIDE)));
        }
    }
    lines
}

/// Names in a line, the last of many left out.
fn listed(names: &[&str], most: usize) -> String {
    let more = if names.len() > most { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(most)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words_and_end_where_a_box_does() {
        let text =
            "A third of rephrased text at least halves the tokens\nto natural text's loss.\n\nMore of it does not.";
        assert_eq!(
            sentence(Some(text), 3),
            ["A third of rephrased text at least halves the", "tokens to natural text's loss."]
        );
        assert_eq!(sentence(Some(text), 1), ["A third of rephrased text at least halves the…"]);
        assert_eq!(sentence(None, 3), Vec::<String>::new());
        assert_eq!(cut(&"é".repeat(99)).chars().count(), WIDE);
    }
}
