//! What is asked of the results, and what is claimed and shown.

use synx_plan::answer::{Answer, AnswerId, Argument, Question, Sort};
use synx_plan::expression::Expression;
use synx_plan::grid::{ColumnValue, Grid};

use super::{Drawing, cut, sentence};
use crate::graph::Kind;

/// Lines of a claim or a caption. Arbitrary: a sentence or two.
const SAID: usize = 3;

impl Drawing<'_> {
    /// A node for each function that is asked of tables and laws; the value of a column and what comes of other answers have none of
    /// their own.
    pub(super) fn answers(&mut self) {
        let plan = self.plan;
        for answer in &plan.answers {
            let on = match &answer.question {
                Question::Value { table, .. } => self.asked_of(*table).into_iter().collect(),
                Question::Expression(expression) => self.of_expression(expression),
                Question::Call { function, arguments } => {
                    let on = self.of_arguments(arguments);
                    vec![self.question(function, answer, on)]
                }
            };
            self.answers.push(on);
        }
    }

    fn question(&mut self, function: &str, answer: &Answer, on: Vec<usize>) -> usize {
        if let Some((node, times)) = self.asked.get_mut(&(function.to_owned(), on.clone())) {
            *times += 1;
            let said = format!("{times} questions");
            match self.graph.nodes[*node].lines.get_mut(1) {
                Some(line) => *line = said,
                None => self.graph.nodes[*node].lines.push(said),
            }
            return *node;
        }
        let node = self.node(Kind::Answer, function, vec![sort(&answer.sort)]);
        self.edges(&on, node);
        self.asked.insert((function.to_owned(), on), (node, 1));
        node
    }

    /// Where a run chooses, an edge from what settles it to the grid.
    pub(super) fn chosen(&mut self) {
        let plan = self.plan;
        for (i, grid) in plan.grids.iter().enumerate() {
            for AnswerId(answer) in self.late(grid) {
                let on = self.answers.get(answer).cloned().unwrap_or_default();
                self.edges(&on, self.grids[i]);
            }
        }
    }

    /// The answers that the cells of a grid wait for.
    fn late(&self, grid: &Grid) -> Vec<AnswerId> {
        let values = grid.columns.iter().flat_map(|column| &column.values).filter_map(|value| match value {
            ColumnValue::Answer(answer) => Some(*answer),
            _ => None,
        });
        let choices = grid.cells.iter().filter_map(|cell| self.plan.choices.get(cell.choice? as usize));
        let mixtures = self.mixtures_of(grid).into_iter();
        let mixtures = mixtures.filter_map(|number| self.plan.mixtures[number as usize].answer());
        let mut late: Vec<AnswerId> =
            values.chain(choices.flat_map(|choice| choice.answers.iter().copied())).chain(mixtures).collect();
        late.sort_unstable();
        late.dedup();
        late
    }

    pub(super) fn claims(&mut self) {
        let plan = self.plan;
        for claim in &plan.claims {
            let node = self.node(Kind::Claim, claim.name.clone(), sentence(claim.documentation.as_deref(), SAID));
            let on = self.of_expression(&claim.condition);
            self.edges(&on, node);
        }
    }

    /// Figures and tables of the report.
    pub(super) fn figures(&mut self) {
        let plan = self.plan;
        for figure in &plan.figures {
            let by = [&figure.series, &figure.panel].into_iter().flatten().map(String::as_str);
            let by = by.collect::<Vec<_>>().join(", ");
            let mut lines = vec![cut(&format!("{} over {}", figure.y, figure.x))];
            lines.extend((!by.is_empty()).then(|| cut(&format!("by {by}"))));
            let node = self.node(Kind::Figure, figure.name.clone(), lines);
            let over = self.table(figure.over);
            let law = figure.overlay.and_then(|law| self.laws.get(law).copied());
            self.edges(&over.into_iter().chain(law).collect::<Vec<_>>(), node);
        }
        for table in &plan.report_tables {
            let lines = vec![cut(&table.cell), cut(&format!("{} by {}", table.rows, table.columns))];
            let node = self.node(Kind::Table, table.name.clone(), lines);
            let over = self.table(table.over);
            self.edges(&over.into_iter().collect::<Vec<_>>(), node);
        }
    }

    /// The nodes that the answers in an expression stand on.
    fn of_expression(&self, expression: &Expression) -> Vec<usize> {
        let of = |AnswerId(answer): AnswerId| self.answers.get(answer).cloned().unwrap_or_default();
        once(expression.answers().into_iter().flat_map(of).collect())
    }

    fn of_arguments(&mut self, arguments: &[(String, Argument)]) -> Vec<usize> {
        let mut on = Vec::new();
        for (_, argument) in arguments {
            on.extend(self.of_argument(argument));
        }
        once(on)
    }

    fn of_argument(&mut self, argument: &Argument) -> Vec<usize> {
        match argument {
            Argument::Expression(expression) => self.of_expression(expression),
            Argument::Interval(low, high) => {
                [low, high].into_iter().flatten().flat_map(|end| self.of_expression(end)).collect()
            }
            Argument::Value(ColumnValue::Answer(AnswerId(answer))) | Argument::Answer(AnswerId(answer)) => {
                self.answers.get(*answer).cloned().unwrap_or_default()
            }
            Argument::Table(table) => self.asked_of(*table).into_iter().collect(),
            Argument::Law(law) => self.laws.get(*law).copied().into_iter().collect(),
            Argument::List(list) => list.iter().flat_map(|argument| self.of_argument(argument)).collect(),
            Argument::Named(arguments) => self.of_arguments(arguments),
            Argument::Value(_)
            | Argument::Column(_)
            | Argument::Columns(_)
            | Argument::Shares(_)
            | Argument::Mixture(_)
            | Argument::Mixtures(_)
            | Argument::Drawn(_)
            | Argument::Steps(_) => Vec::new(),
        }
    }
}

/// Each node once, in order.
fn once(mut nodes: Vec<usize>) -> Vec<usize> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// What an answer is.
fn sort(sort: &Sort) -> String {
    match sort {
        Sort::Number { unit, .. } if unit.is_empty() => "a number".to_owned(),
        Sort::Number { unit, .. } => format!("a number in {unit}"),
        Sort::Truth => "true or false".to_owned(),
        Sort::Mixture(corpora) => format!("a mixture of {} corpora", corpora.len()),
        Sort::OneOf(values) => format!("one of {} values", values.len()),
    }
}
