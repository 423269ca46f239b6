//! Places for the nodes of a graph, in columns from left to right, so that edges point to the right and cross little.
//!
//! The method is the layered one of Sugiyama, Tagawa and Toda (1981): columns by the longest way, places of passage for edges
//! over several columns, an order by the mean of neighbours, then heights close to the neighbours'.

use super::Graph;

/// Pixels between columns and between nodes of one.
const ACROSS: f64 = 110.0;
const DOWN: f64 = 22.0;

/// How often the order is improved. Arbitrary: graphs of studies settle after a few.
const SWEEPS: usize = 12;

/// The place of something: its middle and its size, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone)]
pub struct Layout {
    /// For each node.
    pub nodes: Vec<Place>,
    /// For each edge, the places that it passes between its ends.
    pub passages: Vec<Vec<(f64, f64)>>,
    pub width: f64,
    pub height: f64,
}

/// A node, or a place where an edge passes a column.
struct Point {
    column: usize,
    size: (f64, f64),
    before: Vec<usize>,
    after: Vec<usize>,
    /// Its middle's height.
    y: f64,
}

/// Lays a graph out whose nodes have these widths and heights.
pub fn layout(graph: &Graph, sizes: &[(f64, f64)]) -> Layout {
    let columns = columns(graph);
    let point = |(column, size): (&usize, &(f64, f64))| Point {
        column: *column,
        size: *size,
        before: Vec::new(),
        after: Vec::new(),
        y: 0.0,
    };
    let mut points: Vec<Point> = columns.iter().zip(sizes).map(point).collect();
    let mut passing: Vec<Vec<usize>> = Vec::new();
    for edge in &graph.edges {
        let mut chain = vec![edge.from];
        for column in columns[edge.from] + 1..columns[edge.to] {
            points.push(Point { column, size: (0.0, 8.0), before: Vec::new(), after: Vec::new(), y: 0.0 });
            chain.push(points.len() - 1);
        }
        chain.push(edge.to);
        for pair in chain.windows(2) {
            points[pair[0]].after.push(pair[1]);
            points[pair[1]].before.push(pair[0]);
        }
        passing.push(chain[1..chain.len() - 1].to_vec());
    }

    let last = columns.iter().copied().max().unwrap_or(0);
    let mut ordered: Vec<Vec<usize>> = vec![Vec::new(); last + 1];
    for (i, point) in points.iter().enumerate() {
        ordered[point.column].push(i);
    }
    for column in &ordered {
        stack(&mut points, column);
    }
    for sweep in 0..SWEEPS {
        let backwards = sweep % 2 == 1;
        let order: Vec<usize> = if backwards { (0..=last).rev().collect() } else { (0..=last).collect() };
        for column in order {
            let wanted = |i: &usize| mean(&points, if backwards { &points[*i].after } else { &points[*i].before });
            let mut keyed: Vec<(f64, usize)> =
                ordered[column].iter().map(|i| (wanted(i).unwrap_or(points[*i].y), *i)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (y, i) in &keyed {
                points[*i].y = *y;
            }
            ordered[column] = keyed.into_iter().map(|(_, i)| i).collect();
            apart(&mut points, &ordered[column]);
        }
    }

    let widths: Vec<f64> =
        ordered.iter().map(|column| column.iter().map(|i| points[*i].size.0).fold(0.0, f64::max)).collect();
    let left = |column: usize| widths[..column].iter().map(|width| width + ACROSS).sum::<f64>();
    let middle = |column: usize| left(column) + widths[column] / 2.0;
    let top = points.iter().map(|p| p.y - p.size.1 / 2.0).fold(f64::INFINITY, f64::min);
    let top = if top.is_finite() { top } else { 0.0 };
    let bottom = points.iter().map(|p| p.y + p.size.1 / 2.0).fold(top, f64::max);
    let place = |p: &Point| Place { x: middle(p.column), y: p.y - top, width: p.size.0, height: p.size.1 };
    Layout {
        nodes: points[..graph.nodes.len()].iter().map(place).collect(),
        passages: passing
            .iter()
            .map(|chain| chain.iter().map(|i| (middle(points[*i].column), points[*i].y - top)).collect())
            .collect(),
        width: left(last) + widths[last],
        height: bottom - top,
    }
}

/// The column of each node: one more than the largest of what it uses.
fn columns(graph: &Graph) -> Vec<usize> {
    let mut columns = vec![0; graph.nodes.len()];
    // Without cycles, as many rounds as there are nodes settle everything; a cycle would end there too.
    for _ in 0..graph.nodes.len() {
        let mut settled = true;
        for edge in &graph.edges {
            if columns[edge.to] <= columns[edge.from] {
                columns[edge.to] = columns[edge.from] + 1;
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    columns
}

/// The mean height of some points; none without any.
fn mean(points: &[Point], of: &[usize]) -> Option<f64> {
    (!of.is_empty()).then(|| of.iter().map(|i| points[*i].y).sum::<f64>() / of.len() as f64)
}

/// Puts a column's points one below the other, around zero.
fn stack(points: &mut [Point], column: &[usize]) {
    let height: f64 = column.iter().map(|i| points[*i].size.1 + DOWN).sum::<f64>() - DOWN;
    let mut y = -height / 2.0;
    for i in column {
        points[*i].y = y + points[*i].size.1 / 2.0;
        y += points[*i].size.1 + DOWN;
    }
}

/// Moves the points of a column, in their order, just so far that none lies on another, and keeps their mean.
fn apart(points: &mut [Point], column: &[usize]) {
    let middle = |points: &[Point]| column.iter().map(|i| points[*i].y).sum::<f64>() / column.len().max(1) as f64;
    let wanted = middle(points);
    for pair in column.windows(2) {
        let (above, below) = (pair[0], pair[1]);
        let least = points[above].y + f64::midpoint(points[above].size.1, points[below].size.1) + DOWN;
        points[below].y = points[below].y.max(least);
    }
    let shift = wanted - middle(points);
    for i in column {
        points[*i].y += shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_point_to_the_right_and_no_box_lies_on_another() {
        let graph = super::super::example();
        let sizes = vec![(100.0, 40.0); graph.nodes.len()];
        let layout = layout(&graph, &sizes);
        for edge in &graph.edges {
            assert!(layout.nodes[edge.from].x + 100.0 < layout.nodes[edge.to].x, "{edge:?}");
        }
        for (i, a) in layout.nodes.iter().enumerate() {
            assert!(a.x >= 50.0 && a.x <= layout.width - 50.0 && a.y >= 20.0 && a.y <= layout.height - 20.0);
            for b in &layout.nodes[..i] {
                assert!((a.x - b.x).abs() >= 100.0 || (a.y - b.y).abs() >= 40.0, "{a:?} {b:?}");
            }
        }
        assert_eq!(layout.passages[5].len(), 1, "from the grid past the table to the law");
    }

    #[test]
    fn a_graph_of_nothing_has_no_size() {
        let nothing = layout(&Graph::default(), &[]);
        assert_eq!((nothing.width, nothing.height), (0.0, 0.0));
    }
}
