//! A graph as a picture.

use std::fmt::Write;

use super::layout::{Place, layout};
use super::{Graph, Kind, Node};

/// Pixels around everything, and inside a box.
const MARGIN: f64 = 24.0;
const PADDING: f64 = 12.0;

const LINE: f64 = 17.0;
const TITLE: f64 = 13.0;
const SMALL: f64 = 11.0;

/// Mean width of a letter of a sans-serif font, in parts of its size, on the safe side.
const LETTER: f64 = 0.6;

pub fn svg(graph: &Graph) -> String {
    let sizes: Vec<(f64, f64)> = graph.nodes.iter().map(size).collect();
    let layout = layout(graph, &sizes);
    let (width, height) = (layout.width + 2.0 * MARGIN, layout.height + 2.0 * MARGIN);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"{:.0} {:.0} {width:.0} {height:.0}\" font-family=\"Helvetica, Arial, sans-serif\">\n",
        -MARGIN, -MARGIN
    );
    let _ = writeln!(text, "<title>{}</title>", escaped(&graph.title));
    text.push_str(
        "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#7a7a7a\"/></marker></defs>\n",
    );
    let _ = writeln!(
        text,
        "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" fill=\"#ffffff\"/>",
        -MARGIN, -MARGIN
    );
    for (edge, passages) in graph.edges.iter().zip(&layout.passages) {
        let path = path(&layout.nodes[edge.from], passages, &layout.nodes[edge.to]);
        let _ = writeln!(
            text,
            "<path d=\"{path}\" fill=\"none\" stroke=\"#7a7a7a\" stroke-width=\"1.2\" marker-end=\"url(#arrow)\"/>"
        );
    }
    for edge in graph.edges.iter().filter(|edge| !edge.label.is_empty()) {
        let (from, to) = (&layout.nodes[edge.from], &layout.nodes[edge.to]);
        // Close to its beginning, where edges to one node have not met yet.
        let (x, y) = (from.x + from.width / 2.0 + 8.0, from.y + (to.y - from.y).signum() * 4.0 - 5.0);
        let label = escaped(&edge.label);
        // Its background first: not everything that draws pictures knows an order of painting.
        for paint in ["fill=\"#ffffff\" stroke=\"#ffffff\" stroke-width=\"3\"", "fill=\"#4a4a4a\""] {
            let _ = writeln!(text, "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{SMALL}\" {paint}>{label}</text>");
        }
    }
    for (node, place) in graph.nodes.iter().zip(&layout.nodes) {
        text.push_str(&drawn(node, place));
    }
    text + "</svg>\n"
}

/// A box with its title, its kind and what is said about it.
fn drawn(node: &Node, place: &Place) -> String {
    let (fill, outline) = node.kind.colours();
    let (left, top) = (place.x - place.width / 2.0, place.y - place.height / 2.0);
    // Grids are the work, so they stand out; corpora and claims are the ends of it.
    let corner =
        if matches!(node.kind, Kind::Grid | Kind::Rows | Kind::Observations | Kind::Table) { 3.0 } else { 12.0 };
    let mut text = format!(
        "<g><rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{corner}\" fill=\"{fill}\" \
         stroke=\"{outline}\" stroke-width=\"1.4\"/>\n",
        place.width, place.height
    );
    let x = left + PADDING;
    let mut y = top + PADDING + TITLE - 2.0;
    let _ = writeln!(
        text,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{TITLE}\" font-weight=\"bold\" fill=\"#1f1f1f\">{}\
         <tspan font-size=\"{SMALL}\" font-weight=\"normal\" fill=\"{outline}\" dx=\"6\">{}</tspan></text>",
        escaped(&node.title),
        kind_word(node)
    );
    for line in &node.lines {
        y += LINE;
        let _ = writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{SMALL}\" fill=\"#333333\">{}</text>",
            escaped(line)
        );
    }
    text + "</g>\n"
}

/// The kind beside the title, unless the title says it.
fn kind_word(node: &Node) -> &'static str {
    if node.title.contains(node.kind.word()) { "" } else { node.kind.word() }
}

/// What a box needs for its text.
fn size(node: &Node) -> (f64, f64) {
    let title = wide(&node.title, TITLE * 1.08) + 6.0 + wide(kind_word(node), SMALL);
    let lines = node.lines.iter().map(|line| wide(line, SMALL));
    let width = lines.fold(title, f64::max) + 2.0 * PADDING;
    (width.max(70.0), 2.0 * PADDING + TITLE + LINE * node.lines.len() as f64)
}

/// About how wide a text is at a size: letters beyond Latin and Greek may be twice as wide.
fn wide(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c as u32 >= 0x1100 && c != '…' && c != '–' { 2.0 } else { 1.0 }).sum::<f64>()
        * LETTER
        * size
}

/// From the right of one box to the left of another, through the places between.
fn path(from: &Place, passages: &[(f64, f64)], to: &Place) -> String {
    let mut at = (from.x + from.width / 2.0, from.y);
    let mut path = format!("M{:.1} {:.1}", at.0, at.1);
    let end = (to.x - to.width / 2.0 - 1.0, to.y);
    for next in passages.iter().copied().chain([end]) {
        let half = (next.0 - at.0) / 2.0;
        let _ = write!(
            path,
            "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            at.0 + half,
            at.1,
            next.0 - half,
            next.1,
            next.0,
            next.1
        );
        at = next;
    }
    path
}

/// Text for XML; characters that no XML may hold are left out.
fn escaped(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() && !matches!(*c, '\u{fffe}' | '\u{ffff}');
    let text: String = text.chars().filter(allowed).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_every_box_and_every_edge() {
        let graph = super::super::example();
        let text = svg(&graph);
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        assert_eq!(text.matches("<g><rect").count(), graph.nodes.len());
        assert_eq!(text.matches("marker-end").count(), graph.edges.len());
        assert!(text.contains("größe &quot;&lt;&amp;&gt;&quot;") && text.contains("50–100 %"), "{text}");
        assert!(!text.contains("NaN") && !text.contains("inf"));
    }
}
