//! What of a plan differs from draw to draw, how often it can be drawn, and what its draws are of.

use std::collections::{BTreeMap, BTreeSet};

use synx_laws::{GroupFit, Sample};
use synx_plan::answer::{Argument, Question};
use synx_plan::study::Plan;
use synx_plan::table::{Source, TableId};
use synx_tables::{Standing, Table};

use crate::ask::argument;
use crate::law::labels;
use crate::order::{Node, answers_in, law_of, needs};
use crate::settled::Pass;

/// Draws of what was measured, where no law says how many. Arbitrary: the second digit of an interval's ends.
const MEASURED_DRAWS: u64 = 1000;

/// How often something can be drawn again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draws {
    /// Nothing of it is drawn: it is known, or was measured once.
    None,
    Some(u64),
    /// This law, by its place, draws no bootstrap.
    Missing(usize),
}

impl Draws {
    fn and(self, other: Draws) -> Draws {
        match (self, other) {
            (Draws::Missing(law), _) | (_, Draws::Missing(law)) => Draws::Missing(law),
            (Draws::None, other) => other,
            (own, Draws::None) => own,
            (Draws::Some(a), Draws::Some(b)) => Draws::Some(a.min(b)),
        }
    }
}

/// What differs from draw to draw.
pub(crate) struct Varying {
    draws: BTreeMap<Node, Draws>,
    /// Whether it depends on fitted laws, whose draws then go through it.
    fitted: BTreeMap<Node, bool>,
    /// What its draws are of, each once: for a law by groups those of the groups that it depends on.
    samples: BTreeMap<Node, Vec<Of>>,
}

impl Varying {
    pub fn new(plan: &Plan, base: &Pass, order: &[Node]) -> Varying {
        let mut varying = Varying { draws: BTreeMap::new(), fitted: BTreeMap::new(), samples: BTreeMap::new() };
        for &node in order {
            let needs = needs(plan, node);
            let of_needs = || needs.iter().fold(Draws::None, |draws, needed| draws.and(varying.of(*needed)));
            let fitted = needs.iter().any(|needed| varying.fitted.get(needed).copied().unwrap_or(false));
            let (draws, fitted) = match node {
                Node::Table(table) => match &plan.tables[table].source {
                    Source::Grid(_) => {
                        let replicated = base.table(TableId(table)).is_ok_and(|table| replicates(&table).is_some());
                        let own = if replicated { Draws::Some(MEASURED_DRAWS) } else { Draws::None };
                        (own.and(of_needs()), fitted)
                    }
                    // The rows and their predictions as they are: a correlation draws among them.
                    Source::Predictions(_) => (Draws::None, fitted),
                    Source::Law(_) => (of_needs(), true),
                    _ => (of_needs(), fitted),
                },
                Node::Law(law) => {
                    let own = match plan.laws[law].formula.bootstrap {
                        0 => Draws::Missing(law),
                        draws => Draws::Some(draws),
                    };
                    // What a law draws holds for its rows, which replicates are among; what other laws draw goes through it.
                    (if fitted { own.and(of_needs()) } else { own }, true)
                }
                Node::Answer(answer) => {
                    let correlation = matches!(&plan.answers[answer].question,
                        Question::Call { function, .. } if matches!(function.as_str(), "spearman" | "kendall"));
                    let draws = match of_needs() {
                        Draws::None if correlation => Draws::Some(MEASURED_DRAWS),
                        draws => draws,
                    };
                    (draws, fitted)
                }
            };
            let samples =
                if matches!(draws, Draws::Some(_)) { varying.samples_of(plan, base, node) } else { Vec::new() };
            varying.samples.insert(node, samples);
            varying.draws.insert(node, draws);
            varying.fitted.insert(node, fitted);
        }
        varying
    }

    /// Whether a law is fitted to what other laws found, whose draws go through it.
    pub fn is_over_laws(&self, plan: &Plan, law: usize) -> bool {
        needs(plan, Node::Law(law)).iter().any(|needed| self.fitted.get(needed) == Some(&true))
    }

    pub fn of(&self, node: Node) -> Draws {
        self.draws.get(&node).cloned().unwrap_or(Draws::None)
    }

    /// Whether it differs from draw to draw with what was fitted.
    pub fn is_of_fits(&self, node: Node) -> bool {
        self.fitted.get(&node) == Some(&true) && matches!(self.of(node), Draws::Some(_))
    }

    /// What the draws of something are of.
    pub fn samples(&self, node: Node) -> Vec<Sample> {
        let mut once: Vec<Sample> = Vec::new();
        for of in self.samples.get(&node).into_iter().flatten() {
            if !once.contains(&of.sample) {
                once.push(of.sample);
            }
        }
        once
    }

    /// The same of one row of a table: where rows are groups of a law, that of its group.
    pub fn samples_of_row(&self, plan: &Plan, base: &Pass, table: usize, row: usize) -> Vec<Sample> {
        let own = || {
            let law = groups_of(plan, TableId(table)).filter(|law| !self.is_over_laws(plan, *law))?;
            let made = base.table(TableId(table)).ok()?;
            let labels = labels(&made, row, &plan.laws[law].formula.by);
            let group = base.fit(law)?.groups.iter().find(|group| is_of(group, &labels))?;
            Some(vec![group.resampling?.sample])
        };
        own().unwrap_or_else(|| self.samples(Node::Table(table)))
    }

    /// What the draws of a node are of, where that of what it needs is known.
    fn samples_of(&self, plan: &Plan, base: &Pass, node: Node) -> Vec<Of> {
        let needs = needs(plan, node);
        let of = |needed: &Node| self.samples.get(needed).into_iter().flatten().copied();
        let found: Vec<Of> = match node {
            Node::Table(table) => {
                let mut found: Vec<Of> = needs.iter().flat_map(of).collect();
                if let Source::Grid(_) = plan.tables[table].source
                    && let Some(groups) = base.table(TableId(table)).ok().and_then(|table| replicates(&table))
                {
                    found.extend(groups.iter().filter(|rows| rows.len() > 1).map(|rows| of_replicates(rows.len())));
                }
                // Of a law by groups those that the table still has, whatever a draw makes of it.
                if let Some(law) = groups_of(plan, TableId(table))
                    && let (Some(fit), Ok(made)) = (base.fit(law), base.table(TableId(table)))
                {
                    let by = &plan.laws[law].formula.by;
                    let there: BTreeSet<Vec<String>> = (0..made.rows()).map(|row| labels(&made, row, by)).collect();
                    let is_there = |group: usize| {
                        fit.groups.get(group).is_some_and(|group| there.iter().any(|it| is_of(group, it)))
                    };
                    found.retain(|of| of.group.is_none_or(|(known, group)| known != law || is_there(group)));
                }
                found
            }
            Node::Law(law) if !self.is_over_laws(plan, law) => {
                let groups = base.fit(law).into_iter().flat_map(|fit| fit.groups.iter().enumerate());
                groups
                    .filter_map(|(place, group)| {
                        Some(Of { group: Some((law, place)), sample: group.resampling?.sample })
                    })
                    .collect()
            }
            Node::Law(_) => needs.iter().flat_map(of).collect(),
            Node::Answer(answer) => {
                // A group that is asked stands for its law, and a law for the rows that it was fitted to.
                let stands_for = |law: usize| {
                    needs.iter().any(
                        |needed| matches!(needed, Node::Table(table) if law_of(plan, TableId(*table)) == Some(law)),
                    )
                };
                let is_behind = |needed: &Node| match needed {
                    Node::Law(law) => stands_for(*law),
                    Node::Table(table) => (0..plan.laws.len()).any(|law| {
                        plan.laws[law].over.0 == *table && (needs.contains(&Node::Law(law)) || stands_for(law))
                    }),
                    Node::Answer(_) => false,
                };
                let drawn = self.rows_drawn(plan, base, answer).map(|rows| Of {
                    group: None,
                    sample: Sample { rows, units: rows, parameters: 1.0, enlarged: false },
                });
                needs.iter().filter(|needed| !is_behind(needed)).flat_map(of).chain(drawn).collect()
            }
        };
        let mut once: Vec<Of> = Vec::new();
        for of in found {
            if !once.contains(&of) {
                once.push(of);
            }
        }
        once
    }

    /// How many rows a rank correlation draws among: those that have both numbers, unless fits settle them.
    fn rows_drawn(&self, plan: &Plan, base: &Pass, answer: usize) -> Option<f64> {
        let Question::Call { function, arguments } = &plan.answers[answer].question else { return None };
        let (Some(Argument::Table(table)), Some(Argument::Columns(columns))) =
            (argument(arguments, "of"), argument(arguments, "columns"))
        else {
            return None;
        };
        if !matches!(function.as_str(), "spearman" | "kendall") || self.is_of_fits(Node::Table(table.0)) {
            return None;
        }
        let table = base.table(*table).ok()?;
        let is_there = |row: usize| {
            table.standing(row) == Standing::There
                && columns.iter().all(|column| table.value(row, column).number().is_some())
        };
        Some((0..table.rows()).filter(|row| is_there(*row)).count() as f64)
    }
}

/// A sample, and the group of which law it is; none for what was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Of {
    group: Option<(usize, usize)>,
    sample: Sample,
}

fn is_of(group: &GroupFit, labels: &[String]) -> bool {
    group.group.iter().map(|(_, label)| label).eq(labels)
}

/// The law whose groups a table's rows are, the same ones in every draw: columns were added, and rows left out by what tells groups apart.
fn groups_of(plan: &Plan, table: TableId) -> Option<usize> {
    let law = law_of(plan, table)?;
    let by = &plan.laws[law].formula.by;
    let mut at = table;
    loop {
        match &plan.tables.get(at.0)?.source {
            Source::Law(_) => return Some(law),
            Source::Derive { of, columns } if columns.iter().all(|(name, _)| !by.contains(name)) => at = *of,
            Source::Filter { of, condition }
                if answers_in(condition).next().is_none()
                    && condition.columns().iter().all(|column| by.iter().any(|by| by == column)) =>
            {
                at = *of;
            }
            _ => return None,
        }
    }
}

/// Replicates of one cell. Cells of as many are drawn alike, so that more cells tell no more of how far draws lie apart.
fn of_replicates(count: usize) -> Of {
    let rows = count as f64;
    Of { group: None, sample: Sample { rows, units: rows, parameters: 1.0, enlarged: false } }
}

/// The column that numbers replicates, and whose labels are drawn.
pub(crate) const REPLICATE: &str = "replicate";

/// The rows that differ in the replicate alone, each group in the order of its replicates; none where there are no two such rows.
pub(crate) fn replicates(table: &Table) -> Option<Vec<Vec<u32>>> {
    if !table.keys.iter().any(|key| key == REPLICATE) {
        return None;
    }
    let others: Vec<String> = table.keys.iter().filter(|key| *key != REPLICATE).cloned().collect();
    let mut groups = table.groups(&others).ok()?;
    let label = |row: &u32| table.value(*row as usize, REPLICATE).number().unwrap_or(f64::NAN);
    groups.iter_mut().for_each(|rows| rows.sort_by(|a, b| label(a).total_cmp(&label(b))));
    groups.iter().any(|rows| rows.len() > 1).then_some(groups)
}
