//! Predictions far beyond the runs that a law is fitted to.

use synx_plan::exact::Exact;
use synx_plan::grid::readable;
use synx_plan::law::Law;

use super::design::Design;
use crate::compiler::Compiler;
use crate::table::Table;
use crate::value::Span;

/// By which factor a prediction may lie beyond what was fitted. Arbitrary: published laws are trusted for about one order of magnitude.
const FAR: f64 = 10.0;

impl Compiler<'_> {
    /// Looks at a column that a fitted law is asked at: `predict(law, tokens = 1T)`.
    pub(crate) fn lint_extrapolation(&mut self, law: &Law, over: &Table, column: &str, value: &Exact, at: Span) {
        let Some(design) = Design::of(self, law, &law.formula.inlined().1, over) else { return };
        let Some(k) = design.columns.iter().position(|known| known == column) else { return };
        let points = || design.groups.iter().flat_map(|group| &group.points).map(|(point, _)| point[k]);
        let (low, high) = (points().fold(f64::INFINITY, f64::min), points().fold(f64::NEG_INFINITY, f64::max));
        let asked = value.to_f64();
        if low <= 0.0 || asked <= 0.0 || low > high {
            return;
        }
        let beyond = (asked / high).max(low / asked);
        if beyond <= FAR {
            return;
        }
        let shown =
            |value: f64| Exact::from_decimal(&format!("{value}")).map_or_else(|| value.to_string(), |v| readable(&v));
        let factor = if beyond < 1e6 { format!("{beyond:.0}") } else { format!("{beyond:.0e}") };
        let finding = self
            .finding(
                "W0608",
                at,
                format!(
                    "`{column}` = {} is {factor} times beyond the runs that `{}` is fitted to",
                    readable(value),
                    law.name
                ),
                "far from any run",
            )
            .note(format!("it is fitted from {} to {}", shown(low), shown(high)))
            .help("what a formula says there rests on the formula alone: ask nearer to the runs, or add larger ones");
        self.report(finding);
    }
}
