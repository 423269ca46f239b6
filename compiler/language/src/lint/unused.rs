//! Declarations that nothing names.

use synx_grammar::view::ItemKind;

use crate::compiler::Compiler;

impl Compiler<'_> {
    /// Declarations that nothing names. In a file without a grid nothing can be used yet.
    pub(crate) fn lint_unused(&mut self) {
        // Beside errors it would only say what their cure makes wrong.
        let errors = self.diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
        if errors || !self.items.iter().any(|slot| slot.kind == ItemKind::Grid && slot.reached) {
            return;
        }
        for item in 0..self.items.len() {
            let slot = &self.items[item];
            let named = !crate::signature::is_carried_out(slot.kind) && slot.kind != ItemKind::Study;
            // What another file declares and nobody needs here is there for other studies.
            if slot.file != 0 || slot.used || !named {
                continue;
            }
            let Some(name) = slot.item.name() else { continue };
            let span = self.span(name.node());
            let headline = format!("{} `{}` is not used", slot.kind.word(), name.text());
            let finding = self
                .finding("W0101", span, headline, "nothing names it")
                .help("use it or take it out; `allow W0101 because \"…\"` in the study keeps it");
            self.report(finding);
        }
    }
}
