//! Everything that a plan asks for, settled: once for the data as they are, and once for each draw.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use synx_laws::{GroupFit, LawResult, Prediction, Sample};
use synx_plan::answer::{AnswerId, Question, Sort};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression::{Expression, Name};
use synx_plan::grid::ColumnValue;
use synx_plan::law::{Law, Model};
use synx_plan::mixture::Mixture;
use synx_plan::problem::Problem;
use synx_plan::random::Stream;
use synx_plan::study::Plan;
use synx_plan::table::{ColumnKind, Source, TableId};
use synx_tables::{Column, Table, Values, carry_out, evaluate};

use crate::given::Given;
use crate::law::{Fitted, group_rows};
use crate::order::{Node, order};
use crate::shown::{self, Shown};
use crate::varying::{Draws, REPLICATE, Varying, replicates};

/// Starts of a law that is fitted again in a draw: it lies near the estimate.
const STARTS_IN_DRAW: usize = 8;

/// Why something has no value, in a sentence without its stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled(pub Arc<str>);

impl Unsettled {
    pub fn new(why: impl AsRef<str>) -> Unsettled {
        Unsettled(why.as_ref().into())
    }
}

/// What an answer came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Also truth, as 1 and 0; infinite where nothing finite does.
    Number(f64),
    /// One of the values that were known before.
    Choice(ColumnValue),
    Mixture(Box<BestMixture>),
}

/// A mixture that a law chose.
#[derive(Debug, Clone, PartialEq)]
pub struct BestMixture {
    pub mixture: Mixture,
    /// The law's prediction for it.
    pub predicted: f64,
    /// The prediction for others: what the choice is worth.
    pub beside: Vec<Beside>,
    /// The corpora that it was chosen from, by their numbers.
    pub corpora: Vec<CorpusId>,
    /// How many predictions it takes to choose again in a draw.
    pub(crate) predictions: usize,
    /// In a draw that chooses again: the share of each corpus as its law would have it, not a number where nothing could be chosen.
    pub(crate) anew: Option<Vec<f64>>,
}

/// A mixture that one would take without a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// `uniform`, `proportional`, `stratified`.
    pub name: &'static str,
    pub shares: Vec<(CorpusId, Exact)>,
    pub predicted: f64,
    /// Whether it meets what the choice has to.
    pub allowed: bool,
}

impl Value {
    /// The number that an interval is of: of a mixture its prediction.
    pub fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Choice(ColumnValue::Number(number)) => number.to_f64(),
            Value::Choice(_) => f64::NAN,
            Value::Mixture(best) => best.predicted,
        }
    }
}

/// The number that expressions read of an answer: of one of several values its place among these.
fn read(plan: &Plan, answer: AnswerId, value: &Value) -> f64 {
    match (value, plan.answers.get(answer.0).map(|answer| &answer.sort)) {
        (Value::Choice(chosen), Some(Sort::OneOf(values))) => {
            values.iter().position(|known| known == chosen).map_or(f64::NAN, |place| place as f64)
        }
        _ => value.number(),
    }
}

/// An answer with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub value: Result<Value, Unsettled>,
    /// The number that expressions read of it: of one of several values its place among these. Not a number without a value.
    pub read: f64,
    /// The same in each draw; empty without draws.
    pub draws: Vec<f64>,
    /// Of a chosen mixture the prediction in each draw for each of those beside it.
    pub beside: Vec<Vec<f64>>,
    /// Of a chosen mixture the share of each of its corpora as the law of each draw would have chosen it; in fewer draws than above where there are many
    /// mixtures to choose from.
    pub shares: Vec<Vec<f64>>,
    pub drawn: Draws,
    /// What the draws are of, which says how much of them its interval takes.
    pub samples: Vec<Sample>,
    /// Whether the data tell it: false where it moves with parameters that no fitted row tells.
    pub identified: bool,
}

/// A law as it was fitted.
#[derive(Debug, Clone)]
pub struct SettledLaw {
    pub fitted: Result<Arc<Fitted>, Unsettled>,
    /// The fit with all that it found; none where there is none.
    pub fit: Option<Arc<LawResult>>,
    /// The rows of the law's table that the fit's rows are.
    pub rows: Vec<u32>,
    /// For a law over what other laws found: for each of their draws the parameters of each group that this one then has. Empty for all others, whose draws are
    /// their fit's.
    pub draws: Vec<Vec<Option<Vec<f64>>>>,
    /// What these draws are of.
    pub samples: Vec<Sample>,
}

/// What everything came to.
#[derive(Debug)]
pub struct Settled {
    pub tables: Vec<Result<Arc<Table>, Unsettled>>,
    pub laws: Vec<SettledLaw>,
    pub answers: Vec<Answered>,
    /// What figures and tables of the report show, drawn again.
    pub shown: Shown,
}

/// Settles all tables, laws and answers of a plan.
///
/// # Errors
/// Those of the world. What cannot be answered is no error but an answer without a value, which says why.
pub fn settle(plan: &Plan, given: &dyn Given) -> Result<Settled, Problem> {
    let tables = (0..plan.tables.len()).map(Node::Table);
    let laws = (0..plan.laws.len()).map(Node::Law);
    let answers = (0..plan.answers.len()).map(Node::Answer);
    let order = order(plan, tables.chain(laws).chain(answers));
    let mut base = Pass::new(plan, given, None);
    for node in &order {
        base.settle(*node)?;
    }
    let varying = Varying::new(plan, &base, &order);
    let asked: Vec<usize> =
        (0..plan.answers.len()).filter(|answer| matches!(varying.of(Node::Answer(*answer)), Draws::Some(_))).collect();
    let over_laws: Vec<usize> = (0..plan.laws.len()).filter(|law| varying.is_over_laws(plan, *law)).collect();
    let shown = shown::wanted(plan, &base, |table| matches!(varying.of(Node::Table(table)), Draws::Some(_)));
    let wanted = asked.iter().map(|answer| Node::Answer(*answer)).chain(over_laws.iter().map(|law| Node::Law(*law)));
    let wanted = wanted.chain(shown.iter().map(|shown| Node::Table(shown.table)));
    let wanted = crate::order::order(plan, wanted);
    let moving: Vec<(Node, u64)> = wanted
        .into_iter()
        .filter_map(|node| match varying.of(node) {
            Draws::Some(draws) => Some((node, draws)),
            _ => None,
        })
        .collect();
    let one = |draw: u64| -> Result<InDraw, Problem> {
        let mut pass = Pass::new(plan, given, Some(Drawing { base: &base, varying: &varying, draw }));
        for (node, draws) in &moving {
            if draw < *draws {
                pass.settle(*node)?;
            }
        }
        let number = |answer: &usize| match pass.answers.get(answer) {
            Some(Ok(value)) => read(plan, AnswerId(*answer), value),
            _ => f64::NAN,
        };
        let beside = |answer: &usize| match pass.answers.get(answer) {
            Some(Ok(Value::Mixture(best))) => best.beside.iter().map(|beside| beside.predicted).collect(),
            _ => Vec::new(),
        };
        let shares = |answer: &usize| {
            let Some(Ok(Value::Mixture(chosen))) = base.answers.get(answer) else { return None };
            match pass.answers.get(answer) {
                Some(Ok(Value::Mixture(best))) => best.anew.clone(),
                // Its law has no fit in this draw: it chose nothing.
                _ => chosen.is_chosen_anew(draw, plan).then(|| vec![f64::NAN; chosen.corpora.len()]),
            }
        };
        let parameters = |law: &usize| match pass.laws.get(law) {
            Some(Ok(fitted)) => fitted.groups.iter().map(|group| group.parameters.clone().ok()).collect(),
            _ => Vec::new(),
        };
        Ok(InDraw {
            answers: asked.iter().map(number).collect(),
            beside: asked.iter().map(beside).collect(),
            shares: asked.iter().map(shares).collect(),
            laws: over_laws.iter().map(parameters).collect(),
            shown: shown.iter().map(|shown| shown.in_draw(pass.table(TableId(shown.table)).ok().as_deref())).collect(),
        })
    };
    let most = moving.iter().map(|(_, draws)| *draws).max().unwrap_or(0);
    let drawn: Vec<InDraw> = (0..most).into_par_iter().map(one).collect::<Result<_, Problem>>()?;
    let answers = (0..plan.answers.len()).map(|answer| {
        let draws = varying.of(Node::Answer(answer));
        let column = asked.iter().position(|asked| *asked == answer);
        let values = match (&draws, column) {
            (Draws::Some(count), Some(column)) => {
                drawn.iter().take(*count as usize).map(|draw| draw.answers[column]).collect()
            }
            _ => Vec::new(),
        };
        let others = match base.answers.get(&answer) {
            Some(Ok(Value::Mixture(best))) => best.beside.len(),
            _ => 0,
        };
        let beside = |other: usize| match (&draws, column) {
            (Draws::Some(count), Some(column)) => drawn
                .iter()
                .take(*count as usize)
                .map(|draw| draw.beside[column].get(other).copied().unwrap_or(f64::NAN))
                .collect(),
            _ => Vec::new(),
        };
        let sources = match base.answers.get(&answer) {
            Some(Ok(Value::Mixture(best))) => best.corpora.len(),
            _ => 0,
        };
        let shares = |source: usize| match (&draws, column) {
            (Draws::Some(count), Some(column)) => {
                let chosen = drawn.iter().take(*count as usize).filter_map(|draw| draw.shares[column].as_ref());
                chosen.map(|shares| shares[source]).collect()
            }
            _ => Vec::new(),
        };
        let value = base.answer(AnswerId(answer));
        Answered {
            read: value.as_ref().map_or(f64::NAN, |value| read(plan, AnswerId(answer), value)),
            value,
            beside: (0..others).map(beside).collect(),
            shares: (0..sources).map(shares).collect(),
            draws: values,
            drawn: draws,
            samples: varying.samples(Node::Answer(answer)),
            identified: base.identified.get(&answer).copied().unwrap_or(true),
        }
    });
    let answers = answers.collect();
    let tables = (0..plan.tables.len()).map(|table| base.table(TableId(table))).collect();
    let laws = (0..plan.laws.len())
        .map(|law| SettledLaw {
            fitted: base.law(law),
            fit: base.fits.get(&law).map(|(fit, _)| Arc::clone(fit)),
            rows: base.fits.get(&law).map(|(_, rows)| rows.clone()).unwrap_or_default(),
            draws: match (over_laws.iter().position(|over| *over == law), varying.of(Node::Law(law))) {
                (Some(place), Draws::Some(count)) => {
                    drawn.iter().take(count as usize).map(|draw| draw.laws[place].clone()).collect()
                }
                _ => Vec::new(),
            },
            samples: varying.samples(Node::Law(law)),
        })
        .collect();
    let draws_of = |place: usize, table: usize| match varying.of(Node::Table(table)) {
        Draws::Some(count) => drawn.iter().take(count as usize).map(|draw| draw.shown[place].as_slice()).collect(),
        _ => Vec::new(),
    };
    let shown = Shown::new(shown, draws_of, |table, row| varying.samples_of_row(plan, &base, table, row));
    Ok(Settled { tables, laws, answers, shown })
}

/// What some answers of a plan are in the data as they are, without draws: the values that `settle` finds for them.
///
/// # Errors
/// Those of the world.
pub fn estimates(
    plan: &Plan,
    given: &dyn Given,
    wanted: &[AnswerId],
) -> Result<Vec<Result<Value, Unsettled>>, Problem> {
    let mut base = Pass::new(plan, given, None);
    for node in order(plan, wanted.iter().map(|answer| Node::Answer(answer.0))) {
        base.settle(node)?;
    }
    Ok(wanted.iter().map(|answer| base.answer(*answer)).collect())
}

/// What a draw came to.
struct InDraw {
    /// The numbers of the answers that are drawn.
    answers: Vec<f64>,
    /// For each of them that is a mixture the predictions for those beside it.
    beside: Vec<Vec<f64>>,
    /// For each of them that is a mixture, and that was chosen anew in this draw, the shares of its corpora.
    shares: Vec<Option<Vec<f64>>>,
    /// For each law over laws the parameters of its groups.
    laws: Vec<Vec<Option<Vec<f64>>>>,
    /// For each column that is shown its numbers, by the rows of the table as it is.
    shown: Vec<Vec<f64>>,
}

/// Which draw a pass is of.
#[derive(Clone, Copy)]
struct Drawing<'a> {
    base: &'a Pass<'a>,
    varying: &'a Varying,
    draw: u64,
}

/// One pass over a plan: everything settled once.
pub(crate) struct Pass<'a> {
    pub plan: &'a Plan,
    pub given: &'a dyn Given,
    drawing: Option<Drawing<'a>>,
    tables: BTreeMap<usize, Result<Arc<Table>, Unsettled>>,
    laws: BTreeMap<usize, Result<Arc<Fitted>, Unsettled>>,
    fits: BTreeMap<usize, (Arc<LawResult>, Vec<u32>)>,
    answers: BTreeMap<usize, Result<Value, Unsettled>>,
    pub(crate) identified: BTreeMap<usize, bool>,
}

impl<'a> Pass<'a> {
    fn new(plan: &'a Plan, given: &'a dyn Given, drawing: Option<Drawing<'a>>) -> Pass<'a> {
        Pass {
            plan,
            given,
            drawing,
            tables: BTreeMap::new(),
            laws: BTreeMap::new(),
            fits: BTreeMap::new(),
            answers: BTreeMap::new(),
            identified: BTreeMap::new(),
        }
    }

    /// The number of the draw; none for the data as they are.
    pub fn draw(&self) -> Option<u64> {
        self.drawing.map(|drawing| drawing.draw)
    }

    /// Whether a table differs from draw to draw with what was fitted.
    pub fn is_of_fits(&self, table: TableId) -> bool {
        self.drawing.is_some_and(|drawing| drawing.varying.is_of_fits(Node::Table(table.0)))
    }

    pub fn table(&self, table: TableId) -> Result<Arc<Table>, Unsettled> {
        let base = || self.drawing.and_then(|drawing| drawing.base.tables.get(&table.0));
        self.tables.get(&table.0).or_else(base).cloned().unwrap_or_else(|| Err(not_there()))
    }

    pub fn law(&self, law: usize) -> Result<Arc<Fitted>, Unsettled> {
        let base = || self.drawing.and_then(|drawing| drawing.base.laws.get(&law));
        self.laws.get(&law).or_else(base).cloned().unwrap_or_else(|| Err(not_there()))
    }

    /// What a law's fit found; none in a draw.
    pub fn fit(&self, law: usize) -> Option<&LawResult> {
        self.fits.get(&law).map(|(fit, _)| &**fit)
    }

    pub fn answer(&self, answer: AnswerId) -> Result<Value, Unsettled> {
        let base = || self.drawing.and_then(|drawing| drawing.base.answers.get(&answer.0));
        self.answers.get(&answer.0).or_else(base).cloned().unwrap_or_else(|| Err(not_there()))
    }

    /// What an answer is in the data as they are.
    pub fn estimate(&self, answer: usize) -> Option<&Result<Value, Unsettled>> {
        self.drawing.map_or(self, |drawing| drawing.base).answers.get(&answer)
    }

    /// The number of an answer, as expressions take it.
    pub fn number(&self, answer: AnswerId) -> Option<f64> {
        self.answer(answer).ok().map(|value| read(self.plan, answer, &value)).filter(|number| !number.is_nan())
    }

    /// The value of an expression over answers; why there is none where an answer is missing.
    pub fn value_of(&self, expression: &Expression) -> Result<f64, Unsettled> {
        let value = evaluate(expression, &|name| match name {
            Name::Answer(answer) => self.number(answer),
            _ => None,
        });
        value.ok_or_else(|| {
            let missing = crate::order::answers_in(expression).find_map(|answer| self.answer(answer).err());
            missing.unwrap_or_else(|| {
                Unsettled::new("it has no value: 0/0, or the logarithm or root of what is below zero")
            })
        })
    }

    fn settle(&mut self, node: Node) -> Result<(), Problem> {
        match node {
            Node::Table(table) => {
                let made = self.make_table(table)?.map(Arc::new);
                self.tables.insert(table, made);
            }
            Node::Law(law) => {
                let fitted = match self.drawing {
                    None => self.fit_to_rows(law)?,
                    Some(drawing) => self.fit_in_draw(law, drawing),
                };
                self.laws.insert(law, fitted.map(Arc::new));
            }
            Node::Answer(answer) => {
                let settled = self.make_answer(answer)?;
                self.answers.insert(answer, settled);
            }
        }
        Ok(())
    }

    fn make_table(&self, place: usize) -> Result<Result<Table, Unsettled>, Problem> {
        let declared = &self.plan.tables[place];
        if let (Some(drawing), Source::Grid(_)) = (self.drawing, &declared.source) {
            let table = drawing.base.table(TableId(place));
            return Ok(table.map(|table| self.replicates_drawn(&table, drawing.draw)));
        }
        let inputs: Vec<Arc<Table>> =
            match declared.source.inputs().into_iter().map(|input| self.table(input)).collect() {
                Ok(inputs) => inputs,
                Err(why) => return Ok(Err(why)),
            };
        let inputs: Vec<&Table> = inputs.iter().map(|table| &**table).collect();
        let mut unsettled = None;
        let mut or_empty = |made: Result<Table, Unsettled>| {
            made.unwrap_or_else(|why| {
                unsettled = Some(why);
                Table::new(0)
            })
        };
        let given = || -> Result<Table, Problem> {
            match &declared.source {
                Source::Grid(grid) => self.given.cells(*grid, &|answer| match self.answer(answer) {
                    Ok(Value::Choice(value)) => Some(value),
                    Ok(Value::Number(number)) => Exact::from_f64_rounded(number).map(ColumnValue::Number),
                    _ => None,
                }),
                Source::Observations(of) => self.given.observations(of, &declared.columns),
                Source::Law(law) => {
                    let over = self.table(self.plan.laws[*law].over);
                    Ok(or_empty(over.and_then(|over| Ok(self.law(*law)?.table(&over)))))
                }
                Source::Predictions(law) => Ok(or_empty(self.predictions(*law))),
                Source::Points { given, asked } => Ok(self.points(place, given, asked)),
                Source::DOptimal { law, group, points, .. } => Ok(or_empty(
                    inputs.first().ok_or_else(not_there).and_then(|of| self.most_telling(of, *law, *group, *points)),
                )),
                _ => Err(Problem::new("E0963", "a table of this study cannot be carried out yet")),
            }
        };
        let made = carry_out(declared, &inputs, &|answer| self.number(answer), given);
        if let Some(why) = unsettled {
            return Ok(Err(why));
        }
        match made {
            Ok(table) => Ok(Ok(table)),
            // What files do not hold is a mistake that the user mends; what tables do not hold is seen in the answers.
            Err(problem) if matches!(declared.source, Source::Grid(_) | Source::Observations(_)) => Err(problem),
            Err(problem) => Ok(Err(Unsettled::new(problem.headline))),
        }
    }

    /// The table of some points, each with what is asked there. What has no value is missing, and why is said.
    fn points(&self, place: usize, given: &[(String, Vec<ColumnValue>)], asked: &[(String, Vec<Expression>)]) -> Table {
        let rows = given.iter().map(|(_, cells)| cells.len()).chain(asked.iter().map(|(_, cells)| cells.len()));
        let mut table = Table::new(rows.max().unwrap_or(0));
        let mut notes: Vec<String> = Vec::new();
        let declared = &self.plan.tables[place].columns;
        let of = |name: &str| declared.iter().find(|column| column.name == name);
        let unit = |name: &str| of(name).map(|column| column.unit.clone()).unwrap_or_default();
        let is_truth = |name: &str| of(name).is_some_and(|column| column.kind == ColumnKind::Truth);
        for (name, cells) in given {
            let cells: Vec<Option<ColumnValue>> = cells.iter().cloned().map(Some).collect();
            table.set(name.clone(), Column::of_values(&cells).in_unit(unit(name)));
        }
        for (name, cells) in asked {
            let mut silent: Option<(usize, Unsettled)> = None;
            let values: Vec<f64> = cells
                .iter()
                .map(|cell| {
                    self.value_of(cell).unwrap_or_else(|why| {
                        silent.get_or_insert((0, why)).0 += 1;
                        f64::NAN
                    })
                })
                .collect();
            if let Some((count, why)) = silent {
                notes.push(format!("`{name}` is missing at {count} of {} points: {}", cells.len(), why.0));
            }
            let infinite = values.iter().filter(|value| value.is_infinite()).count();
            if infinite > 0 {
                let rows = values.len();
                notes.push(format!(
                    "`{name}` is infinite at {infinite} of {rows} points: nothing finite does it there, the floor decides"
                ));
            }
            let column = if is_truth(name) {
                Column::truth(values.iter().map(|value| (!value.is_nan()).then_some(*value != 0.0)).collect())
            } else {
                Column::numbers(values)
            };
            table.set(name.clone(), column.in_unit(unit(name)));
        }
        table.notes = notes;
        table
    }

    /// The rows of a grid with replicates drawn again: a row keeps its place and has what another replicate of the same cell measured. Groups of as many
    /// replicates are drawn alike, so that what they are compared in was drawn together.
    fn replicates_drawn(&self, table: &Table, draw: u64) -> Table {
        let Some(groups) = replicates(table) else { return table.clone() };
        let random = Stream::new("answers.replicates/1", &self.plan.study.seed).child(draw);
        let mut rows: Vec<u32> = (0..table.rows() as u32).collect();
        for group in groups {
            let random = random.child(group.len() as u64);
            for (i, row) in group.iter().enumerate() {
                rows[*row as usize] = group[random.below(i as u64, group.len() as u64) as usize];
            }
        }
        let mut drawn = table.pick(&rows);
        if let Some(labels) = table.get(REPLICATE) {
            drawn.set(REPLICATE, labels.clone());
        }
        drawn
    }

    /// The law with the answers in its formula written out as numbers.
    fn with_answers(&self, law: &Law) -> Result<Law, Unsettled> {
        let mut written = law.clone();
        let (target, model) = law.formula.inlined();
        let all = |expression: &Expression| -> Result<Expression, Unsettled> {
            for answer in crate::order::answers_in(expression) {
                self.answer(answer)?;
            }
            Ok(expression.substitute(&|name| match name {
                Name::Answer(answer) => self.number(answer).and_then(Exact::from_f64_rounded).map(Expression::Number),
                _ => None,
            }))
        };
        written.formula.lets.clear();
        written.formula.target = all(&target)?;
        written.formula.model = match model {
            Model::Formula(model) => Model::Formula(all(&model)?),
            Model::Trees(trees) => Model::Trees(trees),
        };
        Ok(written)
    }

    /// The rows of the groups of a law's table of which nothing is awaited.
    fn whole_groups(law: &Law, over: &Table) -> Result<Vec<u32>, Unsettled> {
        let awaited = |row: &u32| over.standing(*row as usize) == synx_tables::Standing::Awaited;
        let groups = group_rows(over, &law.formula.by)?;
        let mut rows: Vec<u32> =
            groups.into_iter().map(|(_, rows)| rows).filter(|rows| !rows.iter().any(awaited)).flatten().collect();
        rows.sort_unstable();
        Ok(rows)
    }

    fn fit_to_rows(&mut self, place: usize) -> Result<Result<Fitted, Unsettled>, Problem> {
        let declared = &self.plan.laws[place];
        let prepared = self.table(declared.over).and_then(|over| {
            let law = self.with_answers(declared)?;
            let rows = Pass::whole_groups(&law, &over)?;
            Ok((over, law, rows))
        });
        let (over, law, rows) = match prepared {
            Ok(prepared) => prepared,
            Err(why) => return Ok(Err(why)),
        };
        let picked = over.pick(&rows);
        let columns = law.formula.columns();
        let fit = match picked.for_laws(columns.iter().map(String::as_str)) {
            Ok((_, there)) if there.is_empty() => Err(Unsettled::new("it has no rows")),
            Ok((table, there)) => match self.given.fit(&law, &table)? {
                Ok(fit) => {
                    let rows = there.into_iter().map(|row| rows[row]).collect();
                    self.fits.insert(place, (Arc::new(fit.clone()), rows));
                    Ok(fit)
                }
                Err(problem) => Err(Unsettled::new(problem.headline)),
            },
            Err(problem) => Err(Unsettled::new(problem.headline)),
        };
        Ok(Fitted::new(declared, law.formula.curve(), &over, &fit))
    }

    /// The law in a draw: with what its own bootstrap drew; a law over what other laws found is fitted again to what they found in this draw.
    fn fit_in_draw(&self, place: usize, drawing: Drawing) -> Result<Fitted, Unsettled> {
        let declared = &self.plan.laws[place];
        if !drawing.varying.is_over_laws(self.plan, place) {
            let fit = drawing.base.fit(place).ok_or_else(not_there)?;
            return Ok(drawing.base.law(place)?.in_draw(fit, drawing.draw));
        }
        let over = self.table(declared.over)?;
        let mut law = self.with_answers(declared)?;
        law.formula.bootstrap = 0;
        law.formula.test = None;
        let rows = Pass::whole_groups(&law, &over)?;
        let columns = law.formula.columns();
        let (table, _) = over
            .pick(&rows)
            .for_laws(columns.iter().map(String::as_str))
            .map_err(|problem| Unsettled::new(problem.headline))?;
        let options = synx_laws::Options { starts: STARTS_IN_DRAW, ..synx_laws::Options::default() };
        let fit = synx_laws::fit(&law.name, &law.formula, &table, &options);
        let fit = fit.map_err(|problem| Unsettled::new(problem.headline));
        Fitted::new(declared, law.formula.curve(), &over, &fit)
    }

    /// The rows that tell a law's parameters best, where these are what was fitted.
    fn most_telling(&self, of: &Table, law: usize, group: Option<TableId>, points: u64) -> Result<Table, Unsettled> {
        let fitted = self.law(law)?;
        let labels = match group {
            Some(group) => {
                let row = self.table(group)?;
                crate::law::labels(&row, only_row(&row)?, &self.plan.laws[law].formula.by)
            }
            None => Vec::new(),
        };
        let group = fitted.group(&labels).ok_or_else(|| Unsettled::new("the law has no such group"))?;
        if let Err(why) = &group.parameters {
            return Err(why.clone());
        }
        let slopes = (0..of.rows()).map(|row| fitted.parameter_slopes(group, &|name| of.value(row, name).number()));
        let design = crate::design::d_optimal(&[], &slopes.collect::<Vec<_>>(), points as usize);
        Ok(of.pick(&design.chosen.into_iter().map(|row| row as u32).collect::<Vec<_>>()))
    }

    /// The rows that a law was tested with, without a test those that it was fitted to, with what was observed and what it predicts there.
    fn predictions(&self, law: usize) -> Result<Table, Unsettled> {
        let over = self.table(self.plan.laws[law].over)?;
        self.law(law)?;
        let (fit, rows) = self.fits.get(&law).ok_or_else(|| Unsettled::new("it was not fitted"))?;
        // Of rows that were fitted, trees say what they have seen; what was left out shows what they are worth.
        let tested = |group: &GroupFit| -> Vec<Prediction> {
            let held_out = group.predictions.iter().chain(&group.left_out).filter(|row| row.held_out).copied();
            let held_out: Vec<Prediction> = held_out.collect();
            if held_out.is_empty() { group.predictions.clone() } else { held_out }
        };
        let mut all: Vec<Prediction> = fit.groups.iter().flat_map(tested).collect();
        all.sort_by_key(|prediction| prediction.row);
        let mut table = over.pick(&all.iter().map(|prediction| rows[prediction.row]).collect::<Vec<_>>());
        table.set("observed", Column::numbers(all.iter().map(|prediction| prediction.observed).collect()));
        table.set("predicted", Column::numbers(all.iter().map(|prediction| prediction.predicted).collect()));
        table.set("held_out", Column::truth(all.iter().map(|prediction| Some(prediction.held_out)).collect()));
        Ok(table)
    }

    fn make_answer(&mut self, place: usize) -> Result<Result<Value, Unsettled>, Problem> {
        let answer = &self.plan.answers[place];
        let value = match &answer.question {
            Question::Value { table, column } => self.only_value(*table, column, place),
            Question::Expression(expression) => {
                let open =
                    crate::order::answers_in(expression).any(|answer| self.identified.get(&answer.0) == Some(&false));
                if open {
                    self.identified.insert(place, false);
                }
                self.value_of(expression).map(Value::Number)
            }
            Question::Call { function, arguments } => self.call(place, function, arguments)?,
        };
        Ok(value.and_then(|value| bounded(value, &answer.sort)))
    }

    /// The value of a column in the only row of a table.
    fn only_value(&mut self, table: TableId, column: &str, place: usize) -> Result<Value, Unsettled> {
        let made = self.table(table)?;
        // A group that was not fitted says why itself.
        let row = if made.rows() == 1 { 0 } else { only_row(&made)? };
        if let Some(law) = crate::order::law_of(self.plan, table)
            && let Ok(fitted) = self.law(law)
            && let Some(group) = fitted.group(&crate::law::labels(&made, row, &self.plan.laws[law].formula.by))
        {
            if let Err(why) = &group.parameters {
                return Err(why.clone());
            }
            let parameter = self.plan.laws[law].formula.free.iter().position(|free| free.name == column);
            if let Some(false) = parameter.and_then(|parameter| group.identified.get(parameter)) {
                self.identified.insert(place, false);
            }
        }
        let row = only_row(&made)?;
        match made.get(column).map(|column| (column.value(row), &column.values)) {
            Some((synx_tables::Value::Text(text), _)) => Ok(Value::Choice(ColumnValue::Text(text.to_owned()))),
            Some((value, _)) if value.number().is_some() => Ok(Value::Number(value.number().unwrap_or(f64::NAN))),
            Some((_, Values::Numbers(_) | Values::Truth(_) | Values::Text(_))) => {
                Err(Unsettled::new(format!("`{column}` is missing there")))
            }
            None => Err(Unsettled::new(format!("there is no column `{column}`"))),
        }
    }

    /// Remembers that the data do not tell an answer.
    pub fn open(&mut self, answer: usize) {
        self.identified.insert(answer, false);
    }
}

/// The only row of a table, whose run has ended.
pub(crate) fn only_row(table: &Table) -> Result<usize, Unsettled> {
    match (table.rows(), table.rows().checked_sub(1).map(|_| table.standing(0))) {
        (1, Some(synx_tables::Standing::There)) => Ok(0),
        (1, Some(synx_tables::Standing::Awaited)) => Err(Unsettled::new("its run has no result yet")),
        (1, _) => Err(Unsettled::new("its run diverged or was not trained, or it was not fitted")),
        (0, _) => Err(Unsettled::new("no row is left")),
        (rows, _) => Err(Unsettled::new(format!("{rows} rows are left where one is asked for"))),
    }
}

fn not_there() -> Unsettled {
    Unsettled::new("it was not settled")
}

/// A number within the bounds that are known before anything runs; a last digit beyond is cut off.
fn bounded(value: Value, sort: &Sort) -> Result<Value, Unsettled> {
    let (Value::Number(number), Sort::Number { low, high, .. }) = (&value, sort) else { return Ok(value) };
    let (low, high) = (low.as_ref().map(Exact::to_f64), high.as_ref().map(Exact::to_f64));
    let slack = 1e-9 * number.abs().max(1.0);
    let below = low.is_some_and(|low| *number < low - slack);
    if below || high.is_some_and(|high| *number > high + slack) {
        let end = |end: Option<f64>| end.map_or_else(String::new, synx_tables::shown);
        let (low, high) = (end(low), end(high));
        return Err(Unsettled::new(format!(
            "{} lies outside of its bounds {low}..{high}",
            synx_tables::shown(*number)
        )));
    }
    let number = low.map_or(*number, |low| number.max(low));
    Ok(Value::Number(high.map_or(number, |high| number.min(high))))
}
