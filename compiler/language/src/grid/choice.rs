//! Cells of which a run chooses what they are: each alternative is checked as if it were the cell.

use std::rc::Rc;

use super::cell::{CellFields, FieldMemo};
use super::scope::GridScope;
use crate::compiler::Compiler;
use crate::late::Late;
use crate::scope::Scope;
use crate::value::Span;

/// How many alternatives one cell may have. Arbitrary: choices of several axes multiply.
const MOST: usize = 10_000;

impl<'t> Compiler<'t> {
    /// What the cell at hand may be, with every value that the axes `late` are one of; the last axis changes fastest.
    pub(super) fn chosen_fields(
        &mut self,
        grid: &Rc<GridScope<'t>>,
        late: &[(usize, Rc<Late>)],
        scope: &Rc<Scope<'t>>,
        memo: &mut FieldMemo,
    ) -> Option<CellFields> {
        let place = self.axis_span(grid, late.first()?.0);
        let mut answers = Vec::new();
        let mut candidates = Vec::new();
        for (axis, late) in late {
            let Late::OneOf { answer, values } = &**late else { return None };
            answers.push(*answer);
            candidates.push((*axis, grid.candidates(*axis, values)));
        }
        let count = candidates.iter().fold(1usize, |count, (_, range)| count.saturating_mul(range.len()));
        if count > MOST {
            let finding = self
                .finding("E0504", place, format!("a cell could be {count} different ones"), "chosen here")
                .help(format!("choices of several axes multiply; a cell has at most {MOST} alternatives"));
            self.report(finding);
            return None;
        }
        if !self.burn(count as u64, place) {
            return None;
        }
        let before = grid.held();
        let mut all: Vec<CellFields> = Vec::with_capacity(count);
        let mut fits = true;
        for number in 0..count {
            let mut rest = number;
            for (axis, range) in candidates.iter().rev() {
                grid.set(*axis, range.start + (rest % range.len()) as u32);
                rest /= range.len();
            }
            match self.known_fields(grid, scope, memo) {
                Some(fields) => all.push(fields),
                None => fits = false,
            }
        }
        grid.hold(&before);
        let first = *all.first().filter(|_| fits)?;
        let differs = |other: &CellFields| {
            [
                (other.replicate != first.replicate, "replicate"),
                (other.start != first.start, "start"),
                (other.objective != first.objective, "objective"),
            ]
        };
        if let Some((_, field)) = all.iter().flat_map(differs).find(|(differs, _)| *differs) {
            let at = grid.expression(field).map_or(place, |value| self.span(value.node()));
            self.too_late(at, &format!("`{field}`"), &late.first()?.1);
            return None;
        }
        let choice = self.lists.choice(answers, all.iter().map(|fields| fields.is).collect());
        Some(CellFields { choice: Some(choice), ..first })
    }

    fn axis_span(&self, grid: &GridScope<'t>, axis: usize) -> Span {
        self.span(grid.axes[axis].value.node())
    }
}
