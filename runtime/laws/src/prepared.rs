//! A law that has been checked against a table: what every fit of its rows starts from.

use indexmap::IndexMap;

use synx_plan::expression::{Expression, MAX_DEPTH, Name};
use synx_plan::grid::ColumnValue;
use synx_plan::law::{Formula, HoldOut, Method, Model, Trees};
use synx_plan::problem::Problem;

use crate::fit::{MOST_DRAWS, MOST_PARAMETERS, MOST_STARTS, Options};
use crate::objective::{Loss, Objective};
use crate::result::Prediction;
use crate::space::Space;
use crate::table::Table;
use crate::tape::Tape;

/// A quantile's loss has a kink at 0, where no derivative says the way. It is rounded off over so much of a residual, less and less; what the last
/// leaves is far below what a bootstrap moves. Arbitrary.
const ROUNDINGS: [f64; 6] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6];

/// A law that has been checked against a table.
pub struct Prepared<'a> {
    pub formula: &'a Formula,
    /// With the `let`s written out.
    pub model: Model,
    pub target: Vec<f64>,
    /// How often each row counts.
    pub weights: Vec<f64>,
    /// The losses that fits go down one after the other, of which the last is what is made small.
    pub losses: Vec<Loss>,
    pub confidence: f64,
    pub options: Options,
    /// The columns of numbers that the formula reads.
    columns: IndexMap<String, &'a [f64]>,
    streams: Option<&'a [String]>,
    /// For a test of each value of a column, that column as text.
    each: Option<Vec<String>>,
    /// For a test of the rows where a condition holds, whether it does.
    condition: Option<Vec<bool>>,
}

impl<'a> Prepared<'a> {
    /// # Errors
    /// Where the law cannot be fitted to anything (E0947), the table lacks what it reads (E0941, E0942), or a target has no logarithm (E0943).
    pub fn new(formula: &'a Formula, table: &'a Table, options: Options) -> Result<Prepared<'a>, Problem> {
        let bad = |headline: String| Err(Problem::new("E0947", headline));
        let lets = formula.lets.iter().map(|(_, value)| value);
        let formulas = lets.chain([&formula.target]).chain(if let Model::Formula(model) = &formula.model {
            Some(model)
        } else {
            None
        });
        if formulas.into_iter().any(|formula| formula.depth() > MAX_DEPTH) {
            return Err(Problem::new("E0947", format!("the law nests more than {MAX_DEPTH} deep"))
                .help("split it with `let`, or group long sums with brackets"));
        }
        let (target, model) = formula.inlined();
        match &model {
            Model::Formula(_) if formula.free.is_empty() => {
                return bad("the law has nothing to fit: no parameter is free".to_owned());
            }
            Model::Formula(_) => {}
            Model::Trees(_) if options.residuals => {
                return bad("trees follow their rows too closely for residuals to be drawn".to_owned());
            }
            Model::Trees(trees) => settings(trees, formula)?,
        }
        if formula.free.len() > MOST_PARAMETERS {
            return bad(format!("the law has {} free parameters, more than {MOST_PARAMETERS}", formula.free.len()));
        }
        if let Some(name) = target.parameters().first() {
            return bad(format!("`{name}` is free and stands left of `~`, where only what is observed may stand"));
        }
        if !(1..=MOST_STARTS).contains(&options.starts) {
            return bad(format!("a fit takes 1 to {MOST_STARTS} starts, not {}", options.starts));
        }
        if formula.bootstrap > MOST_DRAWS {
            return bad(format!("a bootstrap takes up to {MOST_DRAWS} draws, not {}", formula.bootstrap));
        }
        let confidence = formula.confidence.to_f64();
        if !(confidence > 0.0 && confidence < 1.0) {
            return bad(format!("a confidence is between 0 and 1, not {confidence}"));
        }
        let losses = losses(&formula.method)?;
        let loss = losses[0];
        let mut columns = IndexMap::new();
        for name in target.columns().into_iter().chain(model.columns()) {
            columns.insert(name.to_owned(), table.numbers(name)?);
        }
        let (mut each, mut condition) = (None, None);
        match &formula.test {
            Some(HoldOut::Largest(name)) => drop(columns.insert(name.clone(), table.numbers(name)?)),
            Some(HoldOut::Each(name)) => each = Some(table.labels(name)?),
            Some(HoldOut::Where(holds)) => condition = Some(rows_where(holds, table)?),
            Some(HoldOut::Rows(_) | HoldOut::Share { .. }) | None => {}
        }
        let at = |row: usize| {
            let columns = &columns;
            move |name: Name<'_>| value_of(columns, name, row)
        };
        let target_text = target.to_string();
        let target: Vec<f64> = (0..table.rows()).map(|row| target.evaluate(&at(row))).collect();
        let usable = |y: &f64| y.is_finite() && (!loss.logarithmic || *y > 0.0);
        if let Some(row) = target.iter().position(|y| !usable(y)) {
            let count = target.iter().filter(|y| !usable(y)).count();
            let problem = Problem::new("E0943", format!("`{target_text}` is {} in row {}", target[row], row + 1));
            let problem =
                if count > 1 { problem.note(format!("so it is, or no better, in {count} rows")) } else { problem };
            return Err(if loss.logarithmic {
                problem.help("residuals of this method are of logarithms, so what is fitted must be above 0: leave such rows out, or use `least_squares`")
            } else {
                problem.help("leave such rows out")
            });
        }
        let weights = table.weights().map_or_else(|| vec![1.0; table.rows()], <[f64]>::to_vec);
        let streams = table.streams();
        Ok(Prepared { formula, model, target, weights, losses, confidence, options, columns, streams, each, condition })
    }

    /// Rows in an order of their own, so that sums, and with them every digit, do not depend on the table's: where the law is measured
    /// first, what was measured last, so that groups of one design are in one order and their draws pair.
    pub fn canonical(&self, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut rows: Vec<usize> = rows.collect();
        let places: Vec<&[f64]> =
            self.model.columns().iter().filter_map(|name| self.columns.get(*name).copied()).collect();
        rows.sort_by(|&a, &b| {
            let by_place = places.iter().map(|values| values[a].total_cmp(&values[b]));
            let by_stream = self.streams.map(|streams| streams[a].cmp(&streams[b]));
            let by_rest = self.columns.values().map(|values| values[a].total_cmp(&values[b]));
            let by_target = std::iter::once_with(|| self.target[a].total_cmp(&self.target[b]));
            by_place
                .chain(by_stream)
                .chain(by_target)
                .chain(by_rest)
                .fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        rows
    }

    /// What fits of these rows go down: one objective for each loss.
    ///
    /// # Errors
    /// Where the formula cannot be compiled (E0947).
    pub fn objectives(&self, model: &Expression, rows: &[usize]) -> Result<Vec<Objective>, Problem> {
        let space = Space::new(&self.formula.free)?.with_factors(model);
        let all = (0..space.len()).collect();
        self.joint_objectives(model, rows, &space, vec![(rows.len(), all)])
    }

    /// The same for groups that follow one another in `rows`: for each, how many it has and the coordinates in `space` of its parameters.
    ///
    /// # Errors
    /// Where the formula cannot be compiled (E0947).
    pub fn joint_objectives(
        &self,
        model: &Expression,
        rows: &[usize],
        space: &Space,
        groups: Vec<(usize, Vec<usize>)>,
    ) -> Result<Vec<Objective>, Problem> {
        let gathered: IndexMap<&str, Vec<f64>> = self
            .columns
            .iter()
            .map(|(name, values)| (name.as_str(), rows.iter().map(|&row| values[row]).collect()))
            .collect();
        let names: Vec<String> = self.formula.free.iter().map(|free| free.name.clone()).collect();
        let column = |name: &str| {
            let missing = || Problem::new("E0941", format!("there is no column `{name}`"));
            gathered.get(name).map(Vec::as_slice).ok_or_else(missing)
        };
        let tape = Tape::compile(model, &names, rows.len(), &column)?;
        let target: Vec<f64> = rows.iter().map(|&row| self.target[row]).collect();
        let objective = Objective::new(tape, space.clone(), self.losses[0], &target, groups);
        Ok(self.losses.iter().map(|loss| Objective { loss: *loss, ..objective.clone() }).collect())
    }

    /// The streams of rows, numbered as they come.
    pub fn stream_numbers(&self, rows: &[usize]) -> Option<Vec<usize>> {
        let streams = self.streams?;
        let mut numbers: IndexMap<&str, ()> = IndexMap::new();
        Some(rows.iter().map(|&row| numbers.insert_full(&streams[row], ()).0).collect())
    }

    /// A column's number in a row; not-a-number where it has none.
    pub fn number(&self, column: &str, row: usize) -> f64 {
        self.columns.get(column).map_or(f64::NAN, |values| values[row])
    }

    /// What the test column says in a row, for a test of each of its values.
    pub fn each(&self, row: usize) -> Option<&str> {
        self.each.as_ref().map(|labels| labels[row].as_str())
    }

    /// Whether the test's condition holds in a row.
    pub fn condition(&self, row: usize) -> bool {
        self.condition.as_ref().is_some_and(|holds| holds[row])
    }

    /// What turns the sum that descents make small into that of the method: a quantile's is scaled with its rounding.
    pub fn unit(&self) -> f64 {
        match (&self.formula.method, self.losses.last()) {
            (Method::Quantile { .. }, Some(loss)) => 0.5 / loss.delta,
            _ => 1.0,
        }
    }

    /// The loss of a row that is predicted, as the method says it.
    pub fn loss(&self, prediction: &Prediction) -> f64 {
        let (model, y) = (prediction.predicted, prediction.observed);
        let r = if self.losses[0].logarithmic { libm::log(model) - libm::log(y) } else { model - y };
        match &self.formula.method {
            Method::Quantile { level } => r * (f64::from(u8::from(r > 0.0)) - level.to_f64()),
            _ => self.losses[0].of(r),
        }
    }

    /// A formula's value in a row, at parameters in the order of their declaration.
    pub fn predicted(&self, model: &Expression, row: usize, parameters: &[f64]) -> f64 {
        model.evaluate(&|name| match name {
            Name::Parameter(parameter) => {
                let place = self.formula.free.iter().position(|free| free.name == parameter);
                place.map_or(f64::NAN, |place| parameters[place])
            }
            name => value_of(&self.columns, name, row),
        })
    }
}

/// What trees can be grown by.
fn settings(trees: &Trees, formula: &Formula) -> Result<(), Problem> {
    let bad = |headline: String| Problem::new("E0947", headline);
    if trees.columns.is_empty() {
        return Err(bad("trees need columns to split on, and none is named".to_owned()));
    }
    if let Some(free) = formula.free.first() {
        return Err(bad(format!("`{}` is free, and trees have no free parameters", free.name)));
    }
    let rate = trees.rate.to_f64();
    if !(rate > 0.0 && rate <= 1.0) {
        return Err(bad(format!("the rate of trees is above 0 and at most 1, not {rate}")));
    }
    if trees.rounds == 0 {
        return Err(bad("no tree is grown in 0 rounds".to_owned()));
    }
    if let Method::Quantile { .. } = formula.method {
        return Err(bad("trees are grown by least squares and cannot fit a quantile".to_owned())
            .help("take `method` out, or write a formula"));
    }
    Ok(())
}

fn losses(method: &Method) -> Result<Vec<Loss>, Problem> {
    let robust = |delta: f64| Loss { logarithmic: true, delta, tilt: 0.0 };
    Ok(match method {
        Method::Huber { delta } => {
            let delta = delta.to_f64();
            if delta.is_nan() || delta <= 0.0 {
                return Err(Problem::new("E0947", format!("the delta of Huber's loss is above 0, not {delta}")));
            }
            vec![robust(delta)]
        }
        Method::LogSquares => vec![robust(f64::INFINITY)],
        Method::Squares => vec![Loss::SQUARES],
        Method::Quantile { level } => {
            let level = level.to_f64();
            if !(level > 0.0 && level < 1.0) {
                return Err(Problem::new("E0947", format!("the level of a quantile is between 0 and 1, not {level}")));
            }
            // (1 − 2·level)·r/2 + |r|/2, times 2·delta, with |r| rounded off below delta.
            ROUNDINGS.iter().map(|&delta| Loss { tilt: delta * (1.0 - 2.0 * level), ..robust(delta) }).collect()
        }
    })
}

/// For each row, whether a condition holds.
fn rows_where(condition: &Expression, table: &Table) -> Result<Vec<bool>, Problem> {
    let mut numbers: IndexMap<&str, &[f64]> = IndexMap::new();
    let mut labels: IndexMap<&str, Vec<String>> = IndexMap::new();
    for name in condition.names() {
        match name {
            Name::Column(column) => drop(numbers.insert(column, table.numbers(column)?)),
            Name::Is(column, _) => drop(labels.insert(column, table.labels(column)?)),
            Name::Parameter(_) | Name::Bound(_) | Name::Answer(_) => {
                return Err(Problem::new("E0947", format!("`{condition}` says of no row whether it is left out"))
                    .help("a condition on rows compares columns with numbers or text"));
            }
        }
    }
    let value = |name: Name<'_>, row: usize| match name {
        Name::Column(column) => numbers.get(column).map_or(f64::NAN, |values| values[row]),
        Name::Is(column, value) => {
            let text = match value {
                ColumnValue::Text(text) => text.clone(),
                ColumnValue::Number(number) => number.to_f64().to_string(),
                ColumnValue::Answer(_) => String::new(),
            };
            f64::from(u8::from(labels.get(column).is_some_and(|labels| labels[row] == text)))
        }
        Name::Parameter(_) | Name::Bound(_) | Name::Answer(_) => f64::NAN,
    };
    Ok((0..table.rows()).map(|row| condition.evaluate(&|name| value(name, row)) != 0.0).collect())
}

fn value_of(columns: &IndexMap<String, &[f64]>, name: Name<'_>, row: usize) -> f64 {
    if let Name::Column(column) = name { columns.get(column).map_or(f64::NAN, |values| values[row]) } else { f64::NAN }
}
