//! How fast a long text is read: the tour of the language, over and over, as one file of some megabytes, or the file
//! that is named.

use std::time::Instant;

fn main() -> std::io::Result<()> {
    let text = match std::env::args_os().nth(1) {
        Some(path) => std::fs::read_to_string(path)?,
        None => include_str!("../tests/fixtures/tour.synx").replacen("synx 1", "", 1).repeat(1000),
    };
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
    let middle = text[..text.len() / 2].rfind('\n').unwrap_or(0);
    let start = Instant::now();
    let edited = parsed.edit(middle..middle, " ");
    println!("a blank in the middle: {:.2} ms, {} nodes", start.elapsed().as_secs_f64() * 1e3, edited.tree.len());
    Ok(())
}
