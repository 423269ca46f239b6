//! Cleaning: text is used as it is.
//!
//! Nothing is normalised (no NFC, no case, no white space), and `\r\n` is kept. A byte order mark (U+FEFF) at the start of a
//! file is a mark of the file, not text, and is dropped.

/// The text of the first line of a file without its byte order mark.
pub(crate) fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}
