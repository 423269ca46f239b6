//! Names, numbers and strings.

use std::borrow::Cow;

use super::view;
use crate::SyntaxKind;

view! {
    /// A name: ASCII letters, digits and `_`, not beginning with a digit, not a reserved word.
    Name = Name
}

view! {
    /// A number: digits, what is glued to them, and a unit. Its value is exact and is the compiler's matter.
    Number = Number
}

/// What is glued to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suffix {
    /// `%`: hundredths.
    Percent,
    /// `k`: 10^3.
    Kilo,
    /// `M`: 10^6.
    Mega,
    /// `B`: 10^9.
    Billion,
    /// `T`: 10^12.
    Trillion,
    /// `Ki`: 2^10.
    Kibi,
    /// `Mi`: 2^20.
    Mebi,
    /// `Gi`: 2^30.
    Gibi,
}

impl Suffix {
    /// All suffixes.
    pub const ALL: [Self; 8] =
        [Self::Percent, Self::Kilo, Self::Mega, Self::Billion, Self::Trillion, Self::Kibi, Self::Mebi, Self::Gibi];

    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Kilo => "k",
            Self::Mega => "M",
            Self::Billion => "B",
            Self::Trillion => "T",
            Self::Kibi => "Ki",
            Self::Mebi => "Mi",
            Self::Gibi => "Gi",
        }
    }
}

impl<'t> Number<'t> {
    /// The digits as written, with point and exponent, without `_`: `0.95`, `1e15`, `3e-3`. They always have the
    /// form `[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
    pub fn digits(self) -> Cow<'t, str> {
        let text = self.0.child(SyntaxKind::Digits).map_or("0", |digits| digits.text());
        if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) }
    }

    /// What is glued to the digits.
    pub fn suffix(self) -> Option<Suffix> {
        let text = self.0.child(SyntaxKind::Suffix)?.text();
        Suffix::ALL.into_iter().find(|suffix| suffix.text() == text)
    }

    /// The unit after it.
    pub fn unit(self) -> Option<Unit<'t>> {
        self.0.children().find_map(Unit::cast)
    }
}

view! {
    /// A unit: the word right after a number on the same line, and words that a `/` without spaces glues to it:
    /// `tokens`, `gCO2e/kWh`. Which words are units is the compiler's matter.
    Unit = Unit
}

impl<'t> Unit<'t> {
    /// The words: the first is multiplied, those after a `/` divide.
    pub fn words(self) -> impl Iterator<Item = Name<'t>> {
        self.0.children().filter_map(Name::cast)
    }
}

view! {
    /// A string.
    Text = String
}

impl Text<'_> {
    /// The text that it stands for: without quotes, escapes resolved. A wrong escape, which was reported, stands
    /// for itself.
    ///
    /// Escapes are `\"`, `\\`, `\n`, `\t` and `\u{…}`.
    pub fn value(self) -> String {
        let text = self.0.text();
        let text = text.strip_prefix('"').unwrap_or(text);
        let text = if self.is_closed() { text.strip_suffix('"').unwrap_or(text) } else { text };
        let mut value = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            value.push_str(&rest[..at]);
            rest = &rest[at..];
            let (character, length) = escape(rest).unwrap_or(('\\', 1));
            value.push(character);
            rest = &rest[length..];
        }
        value.push_str(rest);
        value
    }

    /// Whether it has its closing quote.
    pub fn is_closed(self) -> bool {
        !self.0.children().any(|child| child.kind() == SyntaxKind::Missing)
    }
}

/// The character that the escape at the start of `text` stands for, and its length in bytes.
pub(crate) fn escape(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('\\')?;
    match rest.chars().next()? {
        '"' => Some(('"', 2)),
        '\\' => Some(('\\', 2)),
        'n' => Some(('\n', 2)),
        't' => Some(('\t', 2)),
        'u' => {
            let digits = rest.strip_prefix("u{")?;
            let end = digits.find('}')?;
            let digits = &digits[..end];
            if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
            Some((character, end + 4))
        }
        _ => None,
    }
}
