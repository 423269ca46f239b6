//! A graph in the language of Graphviz.

use std::fmt::Write;

use super::Graph;

pub fn dot(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n", quoted(&graph.title));
    text.push_str(
        "  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n",
    );
    text.push_str("  edge [color=\"#8a8a8a\", fontname=\"sans-serif\", fontsize=9];\n");
    for (i, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<&str> =
            std::iter::once(node.title.as_str()).chain(node.lines.iter().map(String::as_str)).collect();
        let (fill, outline) = node.kind.colours();
        let label = quoted(&lines.join("\n"));
        let tip = quoted(node.kind.word());
        let _ = writeln!(text, "  n{i} [label={label}, tooltip={tip}, fillcolor=\"{fill}\", color=\"{outline}\"];");
    }
    for edge in &graph.edges {
        let label = if edge.label.is_empty() { String::new() } else { format!(" [label={}]", quoted(&edge.label)) };
        let _ = writeln!(text, "  n{} -> n{}{label};", edge.from, edge.to);
    }
    text + "}\n"
}

/// A string of the dot language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_edges_are_written_with_what_is_said_about_them() {
        let text = dot(&super::super::example());
        assert!(text.starts_with("digraph \"example\" {\n") && text.ends_with("}\n"), "{text}");
        assert!(text.contains("n3 [label=\"runs\\n12 cells\\nr × 2, tokens × 6\", tooltip=\"grid\""), "{text}");
        assert!(text.contains("n1 [label=\"größe \\\"<&>\\\"\\nfiles\""), "{text}");
        assert!(text.contains("n0 -> n2 [label=\"50–100 %\"];\n") && text.contains("n2 -> n3;\n"), "{text}");
    }
}
