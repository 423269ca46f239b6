//! What reading and making a corpus may cost, and where files may come from.

/// Limits of a scan or a build. The defaults are arbitrary: far above what text has, below what fills a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether files outside the study's folder may be read.
    pub allow_outside: bool,
    /// Bytes of text in the files of one corpus, after decompression.
    pub text_bytes: u64,
    /// Bytes of one line.
    pub line_bytes: u64,
    /// Documents of one corpus.
    pub documents: u64,
    /// Tokens of one corpus that are held in memory; also the bytes of one document.
    pub tokens: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            allow_outside: false,
            text_bytes: 64 << 30,
            line_bytes: 64 << 20,
            documents: 200_000_000,
            tokens: (4 << 30) - 1,
        }
    }
}
