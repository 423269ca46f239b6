//! Plain text: a document a file, a paragraph or a line.

use std::ops::ControlFlow;

use synx_plan::corpus::Split;
use synx_plan::problem::Problem;

use super::Each;
use super::lines::Lines;
use crate::options::Options;

/// Gives the documents of a file to `each`.
///
/// A whole file keeps every byte. Paragraphs are the blocks between lines of white space, lines are those that are not white
/// space; both are given without the newline at their end.
pub(super) fn documents(
    lines: &mut Lines,
    split: Split,
    options: &Options,
    each: &mut Each<'_>,
) -> Result<ControlFlow<()>, Problem> {
    let name = lines.name().to_owned();
    let mut block = String::new();
    while let Some((_, line)) = lines.next()? {
        let blank = line.trim().is_empty();
        let flow = match split {
            Split::Lines if blank => ControlFlow::Continue(()),
            Split::Lines => each(without_newline(line))?,
            Split::Paragraphs if blank && !block.is_empty() => {
                let flow = each(without_newline(&block))?;
                block.clear();
                flow
            }
            Split::Paragraphs if blank => ControlFlow::Continue(()),
            Split::Paragraphs | Split::File => {
                block.push_str(line);
                ControlFlow::Continue(())
            }
        };
        if flow.is_break() {
            return Ok(flow);
        }
        if block.len() as u64 > options.tokens {
            let headline = format!("a document of {name} has more than {} bytes", options.tokens);
            return Err(Problem::new("E0924", headline).help("split the text: `split = paragraphs` or `split = lines`"));
        }
    }
    match split {
        _ if block.is_empty() => Ok(ControlFlow::Continue(())),
        Split::File => each(&block),
        Split::Paragraphs | Split::Lines => each(without_newline(&block)),
    }
}

fn without_newline(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}
