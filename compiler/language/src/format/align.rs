//! What stands in columns: `=` of neighbouring entries, comments at the ends of neighbouring lines.

use super::doc::width;

/// How much wider than the narrowest of its group something may be and still set the column; what is wider sticks out.
const SPREAD: usize = 16;

/// The same for comments, which stand further away from what they are about.
const COMMENT_SPREAD: usize = 40;

/// Comments stand at multiples of this, so that small changes of a line leave the others as they are.
const COMMENT_STOP: usize = 4;

/// The width that the left sides of a group are filled up to.
pub(super) fn column(lefts: &[String]) -> usize {
    let widths: Vec<usize> = lefts.iter().map(|left| width(left)).collect();
    common(&widths, SPREAD)
}

/// The column of the comments after lines of these widths.
pub(super) fn comment_column(widths: &[usize]) -> usize {
    (common(widths, COMMENT_SPREAD) + 2).next_multiple_of(COMMENT_STOP)
}

/// The greatest of the widths that are not much greater than the least.
fn common(widths: &[usize], spread: usize) -> usize {
    let least = widths.iter().min().copied().unwrap_or(0);
    widths.iter().copied().filter(|width| *width <= least + spread).max().unwrap_or(0)
}

/// A text filled up with blanks to a width.
pub(super) fn padded(text: &str, to: usize) -> String {
    let blanks = to.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(blanks))
}
