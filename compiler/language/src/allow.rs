//! `allow W0301 because "…"`: lints that the author has thought about, and lints that the command line denies.

use std::cell::Cell;

use synx_grammar::view::{Body, Entry, Item, ItemKind};

use crate::compiler::Compiler;
use crate::diagnostic::{Diagnostic, Edit, Severity};
use crate::host::Deny;
use crate::suggest::{listed, nearest};
use crate::value::Span;

/// An `allow`.
pub(crate) struct Allowed {
    code: String,
    /// The whole entry.
    entry: Span,
    /// Where it holds; everywhere for one of the study.
    within: Option<Span>,
    /// Whether it has silenced anything.
    used: Cell<bool>,
}

impl Allowed {
    fn holds(&self, code: &str, file: Option<u32>, start: usize, end: usize) -> bool {
        let near = self.within.is_none_or(|within| {
            file == Some(within.file) && within.start as usize <= start && end <= within.end as usize
        });
        self.code == code && near
    }
}

impl<'t> Compiler<'t> {
    /// The lints that an item's block allows: within itself; in the study, everywhere.
    pub(crate) fn collect_allowed(&mut self, item: Item<'t>, kind: ItemKind) {
        let Body::Block(block) = item.body() else { return };
        for entry in block.entries() {
            let Entry::Allow(allow) = entry else { continue };
            let Some(code) = allow.code() else { continue };
            let span = self.span(code.node());
            if !is_lint(code.text()) {
                self.no_lint(span);
                continue;
            }
            let within = match kind {
                ItemKind::Study if span.file == 0 => None,
                // The study of a file that is imported speaks for that file.
                ItemKind::Study => Some(Span { start: 0, end: u32::MAX, ..span }),
                _ => Some(self.span(item.node())),
            };
            let entry = self.span(allow.node());
            self.allowed.push(Allowed { code: code.text().to_owned(), entry, within, used: Cell::new(false) });
        }
    }

    fn no_lint(&mut self, span: Span) {
        let word = self.source(span).to_owned();
        let lints = || crate::diagnostic::codes().iter().map(|code| code.code).filter(|code| code.starts_with('W'));
        let is_error = crate::diagnostic::code(&word).is_some();
        let headline = if is_error {
            format!("`{word}` is an error and cannot be allowed")
        } else {
            format!("there is no lint `{word}`")
        };
        let mut finding = self.finding("E0112", span, headline, "not a lint");
        finding = match nearest(&word, lints()) {
            _ if is_error => finding.help("only warnings can be allowed: cure it, and take this line out"),
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help(format!("lints are {}; `synx explain` says what each is about", listed(lints()))),
        };
        self.report(finding);
    }

    /// Whether a lint is allowed at a place.
    pub(crate) fn is_allowed(&self, code: &str, at: Span) -> bool {
        let (start, end) = (at.start as usize, at.end as usize);
        self.allowed.iter().any(|allowed| allowed.holds(code, Some(at.file), start, end))
    }

    /// Says that a lint could not be decided, so that an `allow` of it is not said to be in vain.
    pub(crate) fn undecided(&mut self, code: &'static str) {
        self.undecided.push(code);
    }

    /// Takes out what is allowed, lints `allow`s that silence nothing, and makes errors of what is denied.
    pub(crate) fn settle_lints(&mut self) {
        let allowed = std::mem::take(&mut self.allowed);
        let mut findings = std::mem::take(&mut self.diagnostics);
        findings.retain(|finding| finding.is_error() || !self.silenced(&allowed, finding));
        // Beside errors, and before there is a grid, most lints have not been looked for.
        let complete = !findings.iter().any(Diagnostic::is_error)
            && self.items.iter().any(|slot| slot.kind == ItemKind::Grid && slot.reached);
        if complete {
            for idle in allowed.iter().filter(|allowed| !allowed.used.get()) {
                if self.undecided.iter().any(|code| *code == idle.code) {
                    continue;
                }
                let headline = format!("`allow {}` silences nothing", idle.code);
                let edit = self.without_entry(idle.entry);
                let finding = self
                    .finding("W0103", idle.entry, headline, "nothing here is said under this code")
                    .help("take it out, or write it where the lint is")
                    .fix("take it out", vec![edit]);
                if !self.silenced(&allowed, &finding) {
                    findings.push(finding);
                }
            }
        }
        for finding in &mut findings {
            let denied = self.deny.iter().any(|deny| match deny {
                Deny::Warnings => true,
                Deny::Code(code) => code == finding.code,
            });
            if denied {
                finding.severity = Severity::Error;
            }
        }
        self.diagnostics = findings;
    }

    /// Whether a finding is allowed where one of its labels is; the `allow` counts as used.
    fn silenced(&self, allowed: &[Allowed], finding: &Diagnostic) -> bool {
        let places = || finding.labels.iter().map(|label| (self.file_named(&label.file), label.range.clone()));
        let holds = |allowed: &&Allowed| {
            places().any(|(file, range)| allowed.holds(finding.code, file, range.start, range.end))
        };
        let mut any = false;
        for allowed in allowed.iter().filter(holds) {
            allowed.used.set(true);
            any = true;
        }
        any
    }

    /// The edit that takes an entry out, with its line where it has one of its own, else with a `;` beside it.
    fn without_entry(&self, entry: Span) -> Edit {
        let source = self.text_of(entry.file);
        let (before, after) = (&source[..entry.start as usize], &source[entry.end as usize..]);
        let blank_before = before.len() - before.trim_end_matches([' ', '\t']).len();
        let blank_after = after.len() - after.trim_start_matches([' ', '\t']).len();
        let line_begins = before[..before.len() - blank_before].ends_with('\n');
        let line_ends = after[blank_after..].starts_with('\n');
        let (mut start, mut end) = (entry.start, entry.end);
        if line_begins && line_ends {
            start -= blank_before as u32;
            end += blank_after as u32 + 1;
        } else if let Some(rest) = after[blank_after..].strip_prefix(';') {
            let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            end += (blank_after + 1 + blank) as u32;
        } else if before[..before.len() - blank_before].ends_with(';') {
            start -= blank_before as u32 + 1;
        }
        self.edit(Span { start, end, ..entry }, "")
    }
}

/// Whether there is a lint of that code.
pub(crate) fn is_lint(code: &str) -> bool {
    code.starts_with('W') && crate::diagnostic::code(code).is_some()
}
