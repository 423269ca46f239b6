//! What the terminal can do. The one place that looks at the environment for it.

use std::io::IsTerminal;

use synx_findings::Style;

/// Where text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Out,
    Error,
}

impl Stream {
    pub fn is_terminal(self) -> bool {
        match self {
            Stream::Out => std::io::stdout().is_terminal(),
            Stream::Error => std::io::stderr().is_terminal(),
        }
    }

    /// How findings are drawn on it.
    pub fn style(self) -> Style {
        Style { colour: self.colour(), unicode: unicode(), width: self.width() }
    }

    /// Whether colour is wanted: on a terminal, unless `NO_COLOR` is set (no-color.org) or the terminal is dumb.
    pub fn colour(self) -> bool {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        self.is_terminal() && !refused && !dumb
    }

    /// Columns of the terminal, or a width for files and pipes.
    pub fn width(self) -> usize {
        let size = match self {
            Stream::Out => terminal_size::terminal_size_of(std::io::stdout()),
            Stream::Error => terminal_size::terminal_size_of(std::io::stderr()),
        };
        size.map_or(Style::PIPE.width, |(terminal_size::Width(columns), _)| usize::from(columns).clamp(40, 160))
    }
}

/// Whether the locale writes UTF-8; without any locale set it is taken to.
pub fn unicode() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8") || locale == "c" || locale == "posix"
    })
}
