//! How fast a long text is read: the tour of the language, over and over, as one file of some megabytes.

use std::time::Instant;

fn main() {
    let tour = include_str!("../tests/fixtures/tour.synx").replacen("synx 1", "", 1);
    let text = tour.repeat(1000);
    let start = Instant::now();
    let parsed = synx_grammar::parse(&text);
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = text.len() as f64 / 1e6;
    println!(
        "{megabytes:.1} MB in {seconds:.2} s: {:.1} MB/s, {} lines, {} nodes, {} mistakes",
        megabytes / seconds,
        text.lines().count(),
        parsed.tree.len(),
        parsed.errors.len()
    );
}
