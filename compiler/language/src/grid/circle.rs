//! Cells that are made from other cells: circles among them, and their numbers in the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use synx_plan::corpus::CorpusId;
use synx_plan::grid::{CellId, Grid};

use super::expand::Expanded;
use super::lay_out::NO_CELL;
use crate::compiler::Compiler;
use crate::value::{CellRef, Span, Value};

/// How many cells of a circle a message names.
const SHOWN: usize = 6;

/// The numbers of grids in the plan, by their items.
struct Numbers(BTreeMap<u32, u32>);

impl Numbers {
    fn new(grids: &[Rc<Expanded>]) -> Numbers {
        Numbers(grids.iter().zip(0..).map(|(grid, number)| (grid.item as u32, number)).collect())
    }
}

impl Compiler<'_> {
    /// Looks at how the cells of all grids, in the order of the plan, are made from each other, and gives those their numbers in the
    /// plan that write a corpus.
    pub(crate) fn link_cells(&mut self, grids: &[Rc<Expanded>]) {
        for (cell, span) in std::mem::take(&mut self.awaited) {
            if self.cell_id(cell).is_none() && self.is_expanded(cell.item as usize) {
                self.left_out(cell, span);
            }
        }
        self.circles(grids);
        let numbers = Numbers::new(grids);
        for id in 0..self.corpora.len() {
            if let Some(cell) = self.corpora.get(CorpusId(id)).corpus.content.cell()
                && let Some(cell) = self.in_plan(&numbers, cell)
            {
                self.corpora.number_sample(CorpusId(id), cell);
            }
        }
    }

    /// The grids as the plan has them: their cells know each other by their numbers there.
    pub(crate) fn numbered_grids(&mut self, grids: Vec<Rc<Expanded>>) -> Vec<Grid> {
        let numbers = Numbers::new(&grids);
        self.grids.clear();
        let mut plain: Vec<Grid> = grids
            .into_iter()
            .map(|expanded| Rc::try_unwrap(expanded).map_or_else(|shared| shared.grid.clone(), |own| own.grid))
            .collect();
        for cell in plain.iter_mut().flat_map(|grid| &mut grid.cells) {
            cell.start = cell.start.and_then(|start| self.in_plan(&numbers, start));
        }
        plain
    }

    fn in_plan(&self, numbers: &Numbers, cell: CellId) -> Option<CellId> {
        let cell = self.cell_id(CellRef { item: cell.grid, combination: cell.cell })?;
        Some(CellId { grid: *numbers.0.get(&cell.grid)?, cell: cell.cell })
    }

    /// A cell by the numbers of its item and of itself; nothing where it is none.
    fn cell_id(&self, cell: CellRef) -> Option<CellId> {
        let laid = self.laid.get(&(cell.item as usize))?;
        let number = laid.cells.borrow().get(cell.combination as usize).copied().filter(|number| *number != NO_CELL)?;
        Some(CellId { grid: cell.item, cell: number })
    }

    /// Reports the first circle of cells that are made from each other.
    fn circles(&mut self, grids: &[Rc<Expanded>]) {
        let mut sampled: BTreeMap<u32, Vec<CellRef>> = BTreeMap::new();
        let mut needs: BTreeMap<CellId, Vec<CellId>> = BTreeMap::new();
        for expanded in grids {
            for (number, cell) in expanded.grid.cells.iter().enumerate() {
                let mut from: Vec<CellRef> = Vec::new();
                for it in cell.alternatives(&self.lists.choices) {
                    from.extend(sampled.entry(it.mixture).or_insert_with(|| self.sampled_by(it.mixture)).iter());
                }
                let start = cell.start.map(|start| CellRef { item: start.grid, combination: start.cell });
                let from: Vec<CellId> = from.into_iter().chain(start).filter_map(|cell| self.cell_id(cell)).collect();
                if !from.is_empty() {
                    needs.insert(CellId { grid: expanded.item as u32, cell: number as u32 }, from);
                }
            }
        }
        let mut done: BTreeSet<CellId> = BTreeSet::new();
        for first in needs.keys() {
            // The way from the first to the cell at hand, and for each the next need to follow.
            let mut way: Vec<(CellId, usize)> = vec![(*first, 0)];
            let mut on_way: BTreeSet<CellId> = BTreeSet::from([*first]);
            while let Some((cell, next)) = way.last_mut() {
                let Some(need) = needs.get(cell).and_then(|all| all.get(*next)).filter(|_| !done.contains(cell)) else {
                    on_way.remove(cell);
                    done.insert(*cell);
                    way.pop();
                    continue;
                };
                *next += 1;
                if on_way.insert(*need) {
                    way.push((*need, 0));
                } else {
                    let start = way.iter().position(|(cell, _)| cell == need).unwrap_or(0);
                    let circle: Vec<CellId> = way[start..].iter().map(|(cell, _)| *cell).collect();
                    self.report_circle(grids, &circle);
                    return;
                }
            }
        }
    }

    /// The cells whose text is in a mixture.
    fn sampled_by(&self, mixture: u32) -> Vec<CellRef> {
        let mut open: Vec<CorpusId> =
            self.lists.mixtures[mixture as usize].shares().iter().map(|(corpus, _)| *corpus).collect();
        let mut seen: BTreeSet<CorpusId> = BTreeSet::new();
        let mut cells = Vec::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let corpus = &self.corpora.get(id).corpus;
            if let Some(cell) = corpus.content.cell() {
                cells.push(CellRef { item: cell.grid, combination: cell.cell });
            }
            open.extend(corpus.inputs());
        }
        cells
    }

    fn report_circle(&mut self, grids: &[Rc<Expanded>], circle: &[CellId]) {
        let of = |cell: &CellId| grids.iter().find(|grid| grid.item == cell.grid as usize);
        let name = |cell: &CellId| {
            of(cell).map_or_else(String::new, |expanded| {
                expanded.grid.cell_name(&expanded.grid.cells[cell.cell as usize].values)
            })
        };
        let Some((first, expanded)) = circle.first().and_then(|first| Some((first, of(first)?))) else { return };
        let span = match expanded.grid.cells[first.cell as usize].start {
            Some(_) => self.start_of(first.grid as usize).unwrap_or(expanded.data),
            None => expanded.data,
        };
        let mut names: Vec<String> = circle.iter().take(SHOWN).map(name).collect();
        if circle.len() > SHOWN {
            names.push("…".to_owned());
        }
        names.push(name(first));
        let headline = match circle {
            [_] => format!("the cell `{}` is made from itself", names[0]),
            _ => format!("{} cells are made from each other", circle.len()),
        };
        let finding = self
            .finding("E0411", span, headline, "leads back to the same cell")
            .note(names.join(" ← "))
            .help("a cell is made from cells that are there before it: `g[round = t - 1]`, with a first round that needs none");
        self.report(finding);
    }

    fn start_of(&self, item: usize) -> Option<Span> {
        self.laid.get(&item)?.grid.expression("start").map(|start| self.span(start.node()))
    }

    /// Reports an entry of a grid that is needed to know its own value: within one cell, or on a way through several.
    pub(super) fn circle_of_entries(&mut self, name: &str, span: Span) -> Value {
        if self.cells_at_hand.is_empty() {
            return self.cycle(name, span);
        }
        let mut names: Vec<String> = self.cells_at_hand.iter().map(|cell| self.cell_ref_name(*cell)).collect();
        if names.len() > SHOWN {
            names.truncate(SHOWN);
            names.push("…".to_owned());
        }
        let finding = self
            .finding("E0411", span, format!("`{name}` of a cell depends on itself"), "leads back to the same cell")
            .note(format!("on the way: {}", names.join(" ← ")))
            .help("a cell may need cells that are there before it: `g[round = t - 1]`, with a first round that needs none");
        self.report(finding)
    }
}
