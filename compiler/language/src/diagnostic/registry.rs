//! Every code once, with its page.

/// A code and the page that explains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `E0301`.
    pub code: &'static str,
    /// What `synx explain` prints: Markdown with what, why and what to do, an example that triggers it and its cure.
    pub page: &'static str,
}

impl Code {
    /// The page's headline, without the code.
    pub fn title(&self) -> &'static str {
        let line = self.page.lines().next().unwrap_or_default();
        line.split_once(": ").map_or(line, |(_, title)| title)
    }
}

/// Declares the codes, each with its page in `spec/diagnostics`.
macro_rules! codes {
    ($($code:literal)*) => {
        const CODES: &[Code] = &[$(Code {
            code: $code,
            page: include_str!(concat!("../../../../spec/diagnostics/", $code, ".md")),
        }),*];
    };
}

codes! {
    "E0012"
}

/// All codes in order.
pub fn codes() -> &'static [Code] {
    CODES
}

/// The code of that name.
pub fn code(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.code == name)
}
