//! A graph in the language of Mermaid, which many forges draw inside Markdown.

use std::fmt::Write;

use super::{Graph, Kind};

pub fn mermaid(graph: &Graph) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (i, node) in graph.nodes.iter().enumerate() {
        let title = format!("<b>{}</b>", escaped(&node.title));
        let lines: Vec<String> = std::iter::once(title).chain(node.lines.iter().map(|line| escaped(line))).collect();
        let _ = writeln!(text, "  n{i}([\"{}\"]):::{}", lines.join("<br>"), node.kind.word());
    }
    for edge in &graph.edges {
        let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&edge.label)) };
        let _ = writeln!(text, "  n{} -->{label} n{}", edge.from, edge.to);
    }
    for kind in Kind::ALL.into_iter().filter(|kind| graph.nodes.iter().any(|node| node.kind == *kind)) {
        let (fill, outline) = kind.colours();
        let _ = writeln!(text, "  classDef {} fill:{fill},stroke:{outline},color:#1f1f1f", kind.word());
    }
    text
}

/// Text inside a label: Mermaid writes characters of its own language as numbered entities.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '"' | '<' | '>' | '&' | '#' | '`' | '\\') {
            let _ = write!(escaped, "#{};", c as u32);
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_edges_are_written_with_what_is_said_about_them() {
        let text = mermaid(&super::super::example());
        assert!(text.starts_with("flowchart LR\n"), "{text}");
        assert!(text.contains("n1([\"<b>größe #34;#60;#38;#62;#34;</b><br>files\"]):::corpus"), "{text}");
        assert!(text.contains("n0 -->|\"50–100 %\"| n2") && text.contains("n2 --> n3"), "{text}");
        assert!(text.contains("classDef law fill:"), "{text}");
    }
}
