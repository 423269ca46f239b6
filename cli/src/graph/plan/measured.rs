//! Tables of results, what is made of them, and the laws that are fitted to these.

use synx_plan::law::Law;
use synx_plan::number::plural;
use synx_plan::observations::Observations;
use synx_plan::table::{Source, Table, TableId};

use super::{Drawing, cut, listed};
use crate::graph::Kind;

/// Names of columns in a line. Arbitrary: what fits a box.
const NAMES: usize = 4;

impl Drawing<'_> {
    pub(super) fn laws(&mut self) {
        let plan = self.plan;
        for law in &plan.laws {
            let node = self.node(Kind::Law, law.name.clone(), law_lines(law));
            self.laws.push(node);
        }
        for (i, law) in plan.laws.iter().enumerate() {
            if let Some(table) = self.table(law.over) {
                self.edge(table, self.laws[i], "");
            }
        }
    }

    /// The node of a table: that of its grid or law, or one of its own for what is made of others.
    pub(super) fn table(&mut self, id: TableId) -> Option<usize> {
        if let Some(known) = self.tables.get(&id) {
            return Some(*known);
        }
        let table = self.plan.tables.get(id.0)?;
        let node = match &table.source {
            Source::Grid(grid) => *self.grids.get(*grid)?,
            Source::Law(law) | Source::Predictions(law) => *self.laws.get(*law)?,
            Source::Observations(observations) => {
                self.node(Kind::Observations, file(observations), observed(observations, table))
            }
            made => {
                let (title, mut lines) = step(made);
                lines.extend(table.rows.map(|rows| plural(rows as usize, "row")));
                let node = self.node(Kind::Rows, title, lines);
                for input in made.inputs() {
                    if let Some(from) = self.table(input) {
                        self.edge(from, node, "");
                    }
                }
                if let Source::DOptimal { law, .. } = made
                    && let Some(law) = self.laws.get(*law).copied()
                {
                    self.edge(law, node, "");
                }
                node
            }
        };
        self.tables.insert(id, node);
        Some(node)
    }

    /// The node that a question about rows is asked of: which of a table's rows are meant is no step of its own.
    pub(super) fn asked_of(&mut self, id: TableId) -> Option<usize> {
        let mut at = id;
        while let Some(Table { source: Source::Filter { of, .. }, .. }) = self.plan.tables.get(at.0)
            && !self.tables.contains_key(&at)
        {
            at = *of;
        }
        self.table(at)
    }
}

/// What is done to tables: its word in the language, and with what.
fn step(source: &Source) -> (&'static str, Vec<String>) {
    let one = |text: String| vec![cut(&text)];
    match source {
        Source::Filter { condition, .. } => ("filter", one(condition.to_string())),
        Source::Derive { columns, .. } => {
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            ("derive", one(listed(&names, NAMES)))
        }
        Source::Mean { over, .. } => ("mean", one(format!("over {}", over.join(", ")))),
        Source::Best { by, over, .. } => ("best", one(format!("{by} over {}", over.join(", ")))),
        Source::Join { on, .. } => ("join", one(format!("on {}", on.join(", ")))),
        Source::Union(_) => ("union", Vec::new()),
        Source::Gather { columns, value, .. } => {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            ("gather", one(format!("{value} of {}", listed(&names, NAMES))))
        }
        Source::DOptimal { points, .. } => ("d_optimal", one(plural(*points as usize, "point"))),
        Source::Points { given, asked } => {
            let names: Vec<&str> = given
                .iter()
                .map(|(name, _)| name)
                .chain(asked.iter().map(|(name, _)| name))
                .map(String::as_str)
                .collect();
            ("points", one(listed(&names, NAMES)))
        }
        Source::Grid(_) | Source::Observations(_) | Source::Law(_) | Source::Predictions(_) => ("rows", Vec::new()),
    }
}

/// The file's name without its folders.
fn file(observations: &Observations) -> String {
    observations.path.rsplit('/').next().unwrap_or_default().to_owned()
}

fn observed(observations: &Observations, table: &Table) -> Vec<String> {
    let mut lines = Vec::new();
    if !table.columns.is_empty() {
        lines.push(plural(table.columns.len(), "column"));
    }
    if !observations.axes.is_empty() {
        let axes: Vec<&str> = observations.axes.iter().map(String::as_str).collect();
        lines.push(cut(&format!("rows by {}", listed(&axes, NAMES))));
    }
    lines
}

fn law_lines(law: &Law) -> Vec<String> {
    let formula = &law.formula;
    let mut lines = vec![cut(&format!("{} ~ {}", formula.target, formula.model))];
    let free: Vec<&str> = formula.free.iter().map(|parameter| parameter.name.as_str()).collect();
    if !free.is_empty() {
        lines.push(cut(&format!("free {}", free.join(", "))));
    }
    if !formula.by.is_empty() {
        lines.push(cut(&format!("by {}", formula.by.join(", "))));
    }
    lines
}
