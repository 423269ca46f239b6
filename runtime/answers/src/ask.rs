//! The functions of the language that are asked of fitted laws and of tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use synx_plan::answer::Argument;
use synx_plan::expression::Expression;
use synx_plan::mixture::Mixture;
use synx_plan::problem::Problem;
use synx_plan::random::Stream;
use synx_plan::table::TableId;
use synx_tables::{Standing, Table, Values};

use crate::identify::tells;
use crate::law::{Fitted, Group, labels};
use crate::order::law_of;
use crate::settled::{Pass, Unsettled, Value, only_row};
use crate::solve::{Axis, Lowest, Reached, lowest, solve};
use synx_laws::{kendall, spearman};

/// A group of a fitted law, and the rows that it was fitted to.
pub struct Asked {
    pub law: usize,
    pub fitted: Arc<Fitted>,
    pub group: Group,
    pub over: Arc<Table>,
}

/// What columns are set to.
pub type At = BTreeMap<String, f64>;

pub fn argument<'a>(arguments: &'a [(String, Argument)], name: &str) -> Option<&'a Argument> {
    arguments.iter().find(|(known, _)| known == name).map(|(_, argument)| argument)
}

fn column(arguments: &[(String, Argument)]) -> Result<&str, Unsettled> {
    match argument(arguments, "column") {
        Some(Argument::Column(column)) => Ok(column),
        _ => Err(Unsettled::new("no column is named")),
    }
}

impl Pass<'_> {
    /// The answer to a call.
    pub fn call(
        &mut self,
        place: usize,
        function: &str,
        arguments: &[(String, Argument)],
    ) -> Result<Result<Value, Unsettled>, Problem> {
        Ok(match function {
            "predict" => self.predict(place, arguments),
            "solve" | "optimal" | "marginal" if self.asks_trees(arguments) => {
                Err(Unsettled::new(format!("`{function}` needs a law with a formula, and this one has trees")))
            }
            "solve" => self.solve(place, arguments),
            "optimal" => self.optimal(place, arguments),
            "marginal" => self.marginal(place, arguments),
            "minimize" => self.minimize(place, arguments),
            "price" => self.price(arguments),
            "least_step" => self.least_step(arguments),
            "spearman" | "kendall" => self.correlation(function, arguments),
            "top" => self.top(place, arguments),
            "unigram_kl" => return self.unigram_kl(arguments),
            other => Err(Unsettled::new(format!("`{other}` cannot be answered yet"))),
        })
    }

    pub fn asked(&self, arguments: &[(String, Argument)]) -> Result<Asked, Unsettled> {
        let (law, labels) = match argument(arguments, "of") {
            Some(Argument::Law(law)) => (*law, Vec::new()),
            Some(Argument::Table(table)) => {
                let law = law_of(self.plan, *table).ok_or_else(|| Unsettled::new("no group of a law is asked"))?;
                let row = self.table(*table)?;
                let by = &self.plan.laws[law].formula.by;
                // A group that was not fitted says why itself.
                let at = if row.rows() == 1 { 0 } else { only_row(&row)? };
                (law, labels(&row, at, by))
            }
            _ => return Err(Unsettled::new("no law is asked")),
        };
        let fitted = self.law(law)?;
        let group = fitted.group(&labels).cloned().ok_or_else(|| Unsettled::new("the law has no such group"))?;
        if let Err(why) = &group.parameters {
            return Err(Unsettled::new(format!("`{}` is not fitted there: {}", self.plan.laws[law].name, why.0)));
        }
        let over = self.table(self.plan.laws[law].over)?;
        Ok(Asked { law, fitted, group, over })
    }

    /// Whether a law is asked whose predictions rise and fall in steps.
    fn asks_trees(&self, arguments: &[(String, Argument)]) -> bool {
        self.asked(arguments).is_ok_and(|asked| asked.fitted.curve.is_none())
    }

    pub fn at(&self, arguments: &[(String, Argument)]) -> Result<At, Unsettled> {
        let mut at = match argument(arguments, "data") {
            Some(Argument::Mixture(mixture)) => self.shares_at(*mixture)?,
            _ => At::new(),
        };
        let Some(Argument::Named(given)) = argument(arguments, "at") else { return Ok(at) };
        let given: Vec<(String, f64)> = given
            .iter()
            .map(|(name, argument)| {
                let value = match argument {
                    Argument::Expression(expression) => self.value_of(expression)?,
                    Argument::Answer(answer) => self.answer(*answer)?.number(),
                    _ => f64::NAN,
                };
                if value.is_nan() {
                    return Err(Unsettled::new(format!("`{name}` has no number")));
                }
                Ok((name.clone(), value))
            })
            .collect::<Result<_, Unsettled>>()?;
        at.extend(given);
        Ok(at)
    }

    /// A mixture of the plan as it is settled.
    pub fn settled_mixture(&self, mixture: u32) -> Result<Mixture, Unsettled> {
        let Some(declared) = self.plan.mixtures.get(mixture as usize) else {
            return Err(Unsettled::new("the mixture is not known"));
        };
        match declared.answer() {
            Some(answer) => match self.estimate(answer.0) {
                Some(Ok(Value::Mixture(best))) => Ok(best.mixture.clone()),
                Some(Err(why)) => Err(why.clone()),
                _ => Err(Unsettled::new("the mixture was not settled")),
            },
            None if declared.is_open() => Err(Unsettled::new("the shares of the mixture wait for a scan")),
            None => Ok(declared.clone()),
        }
    }

    /// The share of every corpus in a mixture, by the columns that laws read them in.
    fn shares_at(&self, mixture: u32) -> Result<At, Unsettled> {
        let mut at: At = self.plan.corpora.iter().map(|corpus| (format!("share[{}]", corpus.name), 0.0)).collect();
        for (corpus, share) in self.settled_mixture(mixture)?.shares() {
            at.insert(format!("share[{}]", self.plan.corpora[corpus.0].name), share.to_f64());
        }
        Ok(at)
    }

    fn predict(&mut self, place: usize, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let (asked, at) = (self.asked(arguments)?, self.at(arguments)?);
        self.note_identified(place, &asked, &[&at]);
        let predicted = asked.predict(&at);
        if predicted.is_nan() {
            Err(Unsettled::new("the law has no value there"))
        } else {
            Ok(Value::Number(predicted))
        }
    }

    fn solve(&mut self, place: usize, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let (asked, mut at) = (self.asked(arguments)?, self.at(arguments)?);
        let column = column(arguments)?.to_owned();
        let (target, _) = self.plan.laws[asked.law].formula.inlined();
        let Expression::Column(target) = target else {
            return Err(Unsettled::new("the law does not fit a column"));
        };
        let wanted = at.remove(&target).ok_or_else(|| Unsettled::new(format!("no `{target}` is given")))?;
        let (seen, axis) = asked.seen(&column);
        let curve = |value: f64| {
            asked.fitted.predict(&asked.group, &|name| {
                if name == column { Some(value) } else { asked.value(&at, name) }
            })
        };
        match solve(&curve, wanted, seen, axis) {
            Reached::At(found) => {
                at.insert(column, found);
                self.note_identified(place, &asked, &[&at]);
                Ok(Value::Number(found))
            }
            Reached::Never => Ok(Value::Number(f64::INFINITY)),
            Reached::Already => Ok(Value::Number(if axis == Axis::Logarithmic { 0.0 } else { f64::NEG_INFINITY })),
            Reached::Unknown => Err(Unsettled::new(format!("the law does not change with `{column}` there"))),
        }
    }

    /// Where 6 × params × tokens is given, the split with the smallest prediction.
    fn optimal(&mut self, place: usize, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let (asked, mut at) = (self.asked(arguments)?, self.at(arguments)?);
        let column = column(arguments)?;
        let flops = at.remove("flops").ok_or_else(|| Unsettled::new("no `flops` are given"))?;
        let product = flops / 6.0;
        if !(product.is_finite() && product > 0.0) {
            return Err(Unsettled::new("a budget is more than zero and finite"));
        }
        let (seen, axis) = asked.seen("params");
        if axis != Axis::Logarithmic {
            return Err(Unsettled::new("the rows of the law have no `params`"));
        }
        let slope = |params: f64| {
            let tokens = product / params;
            let of = |name: &str| match name {
                "params" => Some(params),
                "tokens" => Some(tokens),
                name => asked.value(&at, name),
            };
            let (_, slopes) = asked.fitted.slopes(&asked.group, &["params", "tokens"], &of);
            // By the logarithm of params: what one part more of them gains against one part less of tokens.
            slopes[0] * params - slopes[1] * tokens
        };
        let params = match lowest(&slope, seen, axis) {
            Lowest::At(params) => params,
            Lowest::Beyond { upward: true } => f64::INFINITY,
            Lowest::Beyond { upward: false } => 0.0,
            Lowest::Unknown => return Err(Unsettled::new("the law has no value there")),
        };
        if params > 0.0 && params.is_finite() {
            let around = [0.99, 1.0, 1.01].map(|factor| {
                let mut at = at.clone();
                at.insert("params".to_owned(), params * factor);
                at.insert("tokens".to_owned(), product / (params * factor));
                at
            });
            self.note_identified(place, &asked, &around.iter().collect::<Vec<_>>());
        }
        Ok(Value::Number(if column == "params" { params } else { product / params }))
    }

    fn marginal(&mut self, place: usize, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let (asked, at) = (self.asked(arguments)?, self.at(arguments)?);
        let slope = if let Some(Argument::Column(source)) = argument(arguments, "source") {
            asked.slope_of_source(&at, source)?
        } else {
            let column = column(arguments)?;
            let (_, slopes) = asked.fitted.slopes(&asked.group, &[column], &|name| asked.value(&at, name));
            slopes[0]
        };
        let moved = argument(arguments, "column").or(argument(arguments, "source"));
        if let Some(Argument::Column(column)) = moved
            && let Some(value) = at.get(column)
        {
            let around = [0.99, 1.0, 1.01].map(|factor| {
                let mut at = at.clone();
                at.insert(column.clone(), value * factor);
                at
            });
            self.note_identified(place, &asked, &around.iter().collect::<Vec<_>>());
        }
        if slope.is_nan() { Err(Unsettled::new("the law has no slope there")) } else { Ok(Value::Number(slope)) }
    }

    /// The rank correlation of two columns; in a draw that of rows drawn again.
    fn correlation(&self, function: &str, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let Some(Argument::Table(table)) = argument(arguments, "of") else {
            return Err(Unsettled::new("no table is asked"));
        };
        let Some(Argument::Columns(names)) = argument(arguments, "columns") else {
            return Err(Unsettled::new("no columns are named"));
        };
        // Rows that fits settle are drawn with these: the rows themselves were chosen, not measured.
        let is_drawn = self.is_of_fits(*table);
        let table = self.table(*table)?;
        complete(&table)?;
        let pair = |row: usize| {
            let of = |name: &String| table.value(row, name).number();
            Some((of(names.first()?)?, of(names.get(1)?)?))
        };
        let rows: Vec<usize> = (0..table.rows()).filter(|row| table.standing(*row) == Standing::There).collect();
        let mut pairs: Vec<(f64, f64)> = rows.into_iter().filter_map(pair).collect();
        if pairs.len() < 3 {
            return Err(Unsettled::new(format!("{} rows have no rank correlation to speak of", pairs.len())));
        }
        if let Some(draw) = self.draw().filter(|_| !is_drawn) {
            let random = Stream::new("answers.rows/1", &self.plan.study.seed).child(draw);
            let rows = pairs.len() as u64;
            pairs = (0..rows).map(|row| pairs[random.below(row, rows) as usize]).collect();
        }
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let value = if function == "spearman" { spearman(&x, &y) } else { kendall(&x, &y) };
        value.map(Value::Number).ok_or_else(|| Unsettled::new("a column has the same value in all rows"))
    }

    /// The least difference of a column between neighbours along an axis, among rows that agree in all that tells rows apart besides.
    fn least_step(&self, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let (Some(Argument::Table(table)), Some(Argument::Column(over))) =
            (argument(arguments, "of"), argument(arguments, "over"))
        else {
            return Err(Unsettled::new("no table and no axis are asked"));
        };
        let (table, column) = (self.table(*table)?, column(arguments)?);
        complete(&table)?;
        let others: Vec<String> = table.keys.iter().filter(|key| *key != over).cloned().collect();
        let groups = table.groups(&others).map_err(|problem| Unsettled::new(problem.headline))?;
        let mut least: Option<f64> = None;
        for group in groups {
            let there = group.into_iter().map(|row| row as usize).filter(|row| table.standing(*row) == Standing::There);
            let mut steps: Vec<(f64, f64)> = there
                .map(|row| {
                    let number = |name: &str| table.value(row, name).number();
                    let missing = || Unsettled::new(format!("`{column}` is missing at {}", table.row_name(row)));
                    Ok((number(over).ok_or_else(missing)?, number(column).ok_or_else(missing)?))
                })
                .collect::<Result<_, Unsettled>>()?;
            steps.sort_by(|a, b| a.0.total_cmp(&b.0));
            for pair in steps.windows(2).filter(|pair| pair[0].0 < pair[1].0) {
                // Between two that are infinite there is no step.
                let step = if pair[0].1 == pair[1].1 { 0.0 } else { pair[1].1 - pair[0].1 };
                least = Some(least.map_or(step, |least| least.min(step)));
            }
        }
        least.map(Value::Number).ok_or_else(|| Unsettled::new(format!("no two rows differ in `{over}` alone")))
    }

    /// The value of a column that is best, second best, … by another.
    fn top(&self, place: usize, arguments: &[(String, Argument)]) -> Result<Value, Unsettled> {
        let Some(Argument::Table(TableId(table))) = argument(arguments, "table") else {
            return Err(Unsettled::new("no table is asked"));
        };
        let table = self.table(TableId(*table))?;
        complete(&table)?;
        let column = table.get(column(arguments)?).ok_or_else(|| Unsettled::new("the table has no such column"))?;
        let Some(Argument::Column(by)) = argument(arguments, "by") else {
            return Err(Unsettled::new("nothing is chosen by"));
        };
        let Some(Argument::Expression(nth)) = argument(arguments, "place") else {
            return Err(Unsettled::new("no place is asked for"));
        };
        let nth = self.value_of(nth)? as usize;
        let known = |row: usize| Some((table.value(row, by).number()?, row));
        let rows = (0..table.rows()).filter(|row| table.standing(*row) == Standing::There);
        let mut rows: Vec<(f64, usize)> = rows.filter_map(known).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut seen: Vec<String> = Vec::new();
        for (_, row) in rows {
            let label = column.value(row).label();
            if seen.contains(&label) {
                continue;
            }
            seen.push(label);
            if seen.len() == nth.max(1) {
                let synx_plan::answer::Sort::OneOf(values) = &self.plan.answers[place].sort else {
                    return Err(Unsettled::new("nothing is known to choose from"));
                };
                let chosen = values.iter().find(|value| column.value(row).is(value) == Some(true));
                let chosen = chosen.ok_or_else(|| Unsettled::new("the best is none of the values that were known"))?;
                return Ok(Value::Choice(chosen.clone()));
            }
        }
        Err(Unsettled::new(format!("there are {} values, not {nth}", seen.len())))
    }

    /// Σ p ln(p / q) over symbols, in nats; infinite where the second text lacks a symbol of the first.
    fn unigram_kl(&self, arguments: &[(String, Argument)]) -> Result<Result<Value, Unsettled>, Problem> {
        let (Some(Argument::Mixture(of)), Some(Argument::Mixture(against))) =
            (argument(arguments, "of"), argument(arguments, "against"))
        else {
            return Ok(Err(Unsettled::new("no two texts are given")));
        };
        let open = |mixture: &u32| self.plan.mixtures.get(*mixture as usize).is_some_and(Mixture::is_open);
        if open(of) || open(against) {
            return Ok(Err(Unsettled::new("nothing has settled the mixture")));
        }
        let (p, q) = (self.given.symbols(*of)?, self.given.symbols(*against)?);
        let part = |(p, q): (&f64, &f64)| if *p > 0.0 { p * libm::log(p / q) } else { 0.0 };
        // Two texts of one kind differ by less than the sum's own rounding.
        Ok(Ok(Value::Number(p.iter().zip(&q).map(part).sum::<f64>().max(0.0))))
    }

    /// Remembers where the data do not tell a prediction: where it moves with parameters that no fitted row moves with.
    fn note_identified(&mut self, place: usize, asked: &Asked, at: &[&At]) {
        if self.draw().is_some() || asked.group.identified.iter().all(|identified| *identified) {
            return;
        }
        let by = &self.plan.laws[asked.law].formula.by;
        let rows = (0..asked.over.rows()).filter(|row| {
            asked.over.standing(*row) == Standing::There && labels(&asked.over, *row, by) == asked.group.labels
        });
        let known: Vec<Vec<f64>> = rows
            .map(|row| asked.fitted.parameter_slopes(&asked.group, &|name| asked.over.value(row, name).number()))
            .collect();
        let told =
            |at: &&At| tells(&known, &asked.fitted.parameter_slopes(&asked.group, &|name| asked.value(at, name)));
        if !at.iter().all(told) {
            self.open(place);
        }
    }
}

impl Asked {
    /// A column's value where the law is asked: what it is set to, or what it is in the group.
    pub fn value(&self, at: &At, name: &str) -> Option<f64> {
        at.get(name).copied().or_else(|| self.fitted.by_value(&self.group, name))
    }

    /// How much the prediction changes with one more token of a source: with D tokens and shares s its share grows by (1 - s)/D, each other falls by s/D, and
    /// the budget grows by one.
    fn slope_of_source(&self, at: &At, source: &str) -> Result<f64, Unsettled> {
        let tokens = self.value(at, "tokens").filter(|tokens| *tokens > 0.0 && tokens.is_finite());
        let tokens = tokens.ok_or_else(|| Unsettled::new("the budget has no tokens"))?;
        let read = self.fitted.columns();
        let moving: Vec<&str> = read.iter().map(String::as_str).filter(|name| at.contains_key(*name)).collect();
        let (_, slopes) = self.fitted.slopes(&self.group, &moving, &|name| self.value(at, name));
        let by = |name: &&str| {
            let share = at.get(*name).copied().unwrap_or(0.0);
            match *name {
                "tokens" => 1.0,
                name if name == source => (1.0 - share) / tokens,
                name if name.starts_with("share[") => -share / tokens,
                _ => 0.0,
            }
        };
        // A slope that nothing moves along is no matter, also where it has no end.
        let parts = moving.iter().zip(slopes).map(|(name, slope)| (by(name), slope));
        Ok(parts.filter(|(by, _)| *by != 0.0).map(|(by, slope)| by * slope).sum())
    }

    fn predict(&self, at: &At) -> f64 {
        self.fitted.predict(&self.group, &|name| self.value(at, name))
    }

    /// Between which numbers a column lies in the rows of the law, and how it is walked.
    fn seen(&self, column: &str) -> ((f64, f64), Axis) {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        if let Some(Values::Numbers(values)) = self.over.get(column).map(|column| &column.values) {
            for value in values.iter().filter(|value| value.is_finite()) {
                (low, high) = (low.min(*value), high.max(*value));
            }
        }
        match low > high {
            true => ((1.0, 1.0), Axis::Logarithmic),
            false if low > 0.0 => ((low, high), Axis::Logarithmic),
            false => ((low, high), Axis::Linear),
        }
    }
}

/// Whether all rows of a table have come.
fn complete(table: &Table) -> Result<(), Unsettled> {
    match table.count(Standing::Awaited) {
        0 => Ok(()),
        awaited => Err(Unsettled::new(format!("{awaited} of {} rows have no result yet", table.rows()))),
    }
}
