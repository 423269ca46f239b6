//! What a fit settles: the names after `free`, with their bounds.

use synx_grammar::view::Free;
use synx_plan::law::{Formula, FreeParameter};

use super::{FreeName, Names};
use crate::compiler::Compiler;
use crate::value::{Span, Value};

impl<'t> Compiler<'t> {
    pub(super) fn free_parameters(
        &mut self,
        frees: &[Free<'t>],
        names: &mut Names<'_, 't>,
    ) -> Option<Vec<FreeParameter>> {
        let mut free = Vec::new();
        let mut fits = true;
        for declared in frees.iter().flat_map(|free| free.names().collect::<Vec<_>>()) {
            let Some(name) = declared.name() else { continue };
            let at = self.span(name.node());
            if names.table.has(name.text()) {
                let finding = self
                    .finding(
                        "E0603",
                        at,
                        format!("the free parameter `{}` is named like a column", name.text()),
                        "which one is meant?",
                    )
                    .help("give the parameter another name");
                self.report(finding);
                fits = false;
            }
            let members = match declared.family() {
                None => None,
                Some(list) => {
                    let members = self.members(list, names);
                    fits &= members.is_some();
                    Some(members.unwrap_or_default())
                }
            };
            names.free.insert(name.text(), FreeName { at, family: members.clone() });
            let (mut low, mut high) = (None, None);
            if let Some(bounds) = declared.bounds() {
                let at = self.span(bounds.node());
                match self.value_in(bounds, names) {
                    Value::Interval(ends) => {
                        for end in [&ends.0, &ends.1].into_iter().flatten() {
                            if !end.unit.is_plain() {
                                let finding =
                                    self.finding("E0202", at, "bounds are plain numbers", format!("this is {end}"));
                                self.report(finding);
                                fits = false;
                            }
                        }
                        low = ends.0.as_ref().map(|end| end.value.clone());
                        high = ends.1.as_ref().map(|end| end.value.clone());
                        if low.is_some() && low == high {
                            let finding = self
                                .finding(
                                    "E0604",
                                    at,
                                    format!("the bounds of `{}` leave nothing to fit", name.text()),
                                    "one value",
                                )
                                .help("write the number itself in the formula, or widen the bounds");
                            self.report(finding);
                            fits = false;
                        }
                    }
                    Value::Error => fits = false,
                    other => {
                        let finding = self
                            .finding(
                                "E0604",
                                at,
                                format!("bounds are an interval, not {}", other.describe()),
                                "not an interval",
                            )
                            .help("write `0..` for a parameter that is not negative, `0..2` for one between both");
                        self.report(finding);
                        fits = false;
                    }
                }
            }
            let shared = declared.shared().is_some();
            let parameter = |name: String| FreeParameter { name, low: low.clone(), high: high.clone(), shared };
            match members {
                None => free.push(parameter(name.text().to_owned())),
                Some(members) => free.extend(members.iter().map(|m| parameter(format!("{}[{m}]", name.text())))),
            }
        }
        fits.then_some(free)
    }

    /// Every free parameter has something to do, and what is observed has none.
    pub(super) fn check_parameters(&mut self, formula: &Formula, names: &Names<'_, 't>, at: Span) -> bool {
        let (target, model) = formula.inlined();
        let mut fits = true;
        if let Some(name) = target.parameters().first() {
            let finding = self
                .finding(
                    "E0603",
                    at,
                    format!("the free parameter `{name}` stands left of `~`"),
                    "what is observed is left of `~`",
                )
                .help("bring everything that is fitted to the right side");
            self.report(finding);
            fits = false;
        }
        let used = model.parameters();
        for parameter in &formula.free {
            let name = parameter.name.split('[').next().unwrap_or_default();
            if let (false, Some(declared)) = (used.contains(&parameter.name.as_str()), names.free.get(name)) {
                let finding = self
                    .finding(
                        "E0603",
                        declared.at,
                        format!("the free parameter `{}` is not in the formula", parameter.name),
                        "nothing to fit",
                    )
                    .help("use it right of `~`, or take it out of `free`");
                self.report(finding);
                fits = false;
            }
        }
        fits
    }
}
