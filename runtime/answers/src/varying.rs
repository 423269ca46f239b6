//! What of a plan differs from draw to draw, how often it can be drawn, and what its draws are of.

use std::collections::BTreeMap;

use synx_laws::{GroupFit, Sample};
use synx_plan::answer::Question;
use synx_plan::study::Plan;
use synx_plan::table::{Source, TableId};
use synx_tables::Table;

use crate::law::labels;
use crate::order::{Node, law_of, needs};
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
    samples: BTreeMap<Node, Vec<Sample>>,
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
        self.samples.get(&node).cloned().unwrap_or_default()
    }

    /// The same, where what it needs is known.
    fn samples_of(&self, plan: &Plan, base: &Pass, node: Node) -> Vec<Sample> {
        let needs = needs(plan, node);
        // The groups of a law that its table still has, in the place of all groups; and these in the place of the rows that the law was fitted to.
        let group_of = |needed: &Node| match needed {
            Node::Table(table) => law_of(plan, TableId(*table)),
            _ => None,
        };
        let stands_for = |law: usize| needs.iter().any(|needed| group_of(needed) == Some(law));
        let is_asked = |law: usize| needs.contains(&Node::Law(law)) || stands_for(law);
        let is_behind = |needed: &Node| match needed {
            Node::Law(law) => stands_for(*law),
            Node::Table(table) => {
                matches!(node, Node::Answer(_))
                    && (0..plan.laws.len()).any(|law| plan.laws[law].over.0 == *table && is_asked(law))
            }
            Node::Answer(_) => false,
        };
        let of_needs = || needs.iter().filter(|needed| !is_behind(needed)).flat_map(|needed| self.samples(*needed));
        let own = match node {
            Node::Table(table) => match (law_of(plan, TableId(table)), &plan.tables[table].source) {
                (Some(law), _) if !self.is_over_laws(plan, law) => {
                    let conditions = needs.iter().filter(|needed| matches!(needed, Node::Answer(_)));
                    groups_there(plan, base, law, TableId(table))
                        .into_iter()
                        .chain(conditions.flat_map(|needed| self.samples(*needed)))
                        .collect()
                }
                (None, Source::Grid(_)) => {
                    let own = base.table(TableId(table)).ok().and_then(|table| replicates(&table));
                    own.map(|groups| of_replicates(&groups)).into_iter().chain(of_needs()).collect::<Vec<_>>()
                }
                _ => of_needs().collect(),
            },
            Node::Law(law) if !self.is_over_laws(plan, law) => {
                let groups = base.fit(law).map(|fit| &fit.groups);
                groups.into_iter().flatten().filter_map(|group| Some(group.resampling?.sample)).collect()
            }
            // A correlation of what is known draws among the rows.
            Node::Answer(_) if needs.iter().all(|needed| self.of(*needed) == Draws::None) => {
                let rows = needs.iter().filter_map(|needed| match needed {
                    Node::Table(table) => base.table(TableId(*table)).ok(),
                    _ => None,
                });
                rows.map(|table| {
                    let rows = table.rows() as f64;
                    Sample { rows, units: rows, parameters: 1.0, enlarged: false }
                })
                .collect()
            }
            _ => of_needs().collect(),
        };
        let mut once: Vec<Sample> = Vec::new();
        for sample in own {
            if !once.contains(&sample) {
                once.push(sample);
            }
        }
        once
    }
}

/// What the draws of those groups of a law are of that a table has rows of.
fn groups_there(plan: &Plan, base: &Pass, law: usize, table: TableId) -> Vec<Sample> {
    let (Some(fit), Ok(table)) = (base.fit(law), base.table(table)) else { return Vec::new() };
    let by = &plan.laws[law].formula.by;
    let there: Vec<Vec<String>> = (0..table.rows()).map(|row| labels(&table, row, by)).collect();
    let is_there = |group: &&GroupFit| there.iter().any(|labels| group.group.iter().map(|(_, label)| label).eq(labels));
    fit.groups.iter().filter(is_there).filter_map(|group| Some(group.resampling?.sample)).collect()
}

/// Replicates tell how they spread together: each group of them has a mean of its own.
fn of_replicates(groups: &[Vec<u32>]) -> Sample {
    let several = groups.iter().filter(|rows| rows.len() > 1);
    let (rows, means) = several.fold((0, 0), |(rows, means), group| (rows + group.len(), means + 1));
    let rows = rows as f64;
    Sample { rows, units: rows, parameters: f64::from(means), enlarged: false }
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
