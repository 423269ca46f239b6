//! A fitted law: its formula, and for each group the parameters, at the data as they are or in a draw.

use synx_laws::{Forest, GroupFit, LawResult};
use synx_plan::expression::{Expression, Name};
use synx_plan::law::Law;
use synx_tables::{Column, Standing, Table, Value};

use crate::settled::Unsettled;

/// The law of one pass.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// None for a law without a formula, whose groups have trees instead.
    pub curve: Option<Expression>,
    names: Vec<String>,
    by: Vec<String>,
    pub groups: Vec<Group>,
}

/// One group of a fitted law.
#[derive(Debug, Clone)]
pub struct Group {
    /// The values of the columns of `by`, as fits label them.
    pub labels: Vec<String>,
    /// The first row of the law's table that is of this group.
    row: u32,
    /// The parameters in the order of their declaration, none where trees were grown; or why there was no fit.
    pub parameters: Result<Vec<f64>, Unsettled>,
    forest: Option<Forest>,
    /// Whether the data tell each parameter; empty in a draw.
    pub identified: Vec<bool>,
    awaited: bool,
}

/// The trees of a draw, by its place among those that could be fitted; none for a law with a formula.
fn forest_of(fit: &GroupFit, draw: usize) -> Option<Forest> {
    fit.trees.as_ref()?.draws.get(draw).cloned()
}

/// What trees predict where columns have these values; not-a-number where one has none.
fn through(forest: &Forest, of: &dyn Fn(&str) -> Option<f64>) -> f64 {
    let values: Vec<f64> = forest.columns().iter().map(|column| of(column).unwrap_or(f64::NAN)).collect();
    forest.predict(&values)
}

/// How a fit labels what stands in a column.
pub fn label(value: Value) -> String {
    match value {
        Value::Missing => f64::NAN.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_owned(),
        Value::Truth(truth) => f64::from(u8::from(truth)).to_string(),
    }
}

/// The values of some columns in a row, as fits label them.
pub fn labels(table: &Table, row: usize, by: &[String]) -> Vec<String> {
    by.iter().map(|name| label(table.value(row, name))).collect()
}

/// The labels of a group, and its rows.
pub type Labelled = (Vec<String>, Vec<u32>);

/// The groups of a table's rows.
pub fn group_rows(table: &Table, by: &[String]) -> Result<Vec<Labelled>, Unsettled> {
    let groups = table.groups(by).map_err(|problem| Unsettled::new(problem.headline))?;
    let labelled = |rows: Vec<u32>| (labels(table, rows.first().map_or(0, |row| *row as usize), by), rows);
    Ok(groups.into_iter().map(labelled).collect())
}

/// The rows of a table that are of a group.
pub fn rows_of(table: &Table, by: &[String], group: &Group) -> Vec<usize> {
    (0..table.rows()).filter(|row| labels(table, *row, by) == group.labels).collect()
}

impl Fitted {
    /// A law over a table, with what its fit came to; an error of the fit holds for every group that could have been fitted.
    pub fn new(
        law: &Law,
        curve: Option<Expression>,
        over: &Table,
        fit: &Result<LawResult, Unsettled>,
    ) -> Result<Fitted, Unsettled> {
        let by = &law.formula.by;
        let group = |(labels, rows): (Vec<String>, Vec<u32>)| {
            let standing = |wanted: Standing| rows.iter().filter(|row| over.standing(**row as usize) == wanted).count();
            let (awaited, there) = (standing(Standing::Awaited), standing(Standing::There));
            let (mut identified, mut forest) = (Vec::new(), None);
            let parameters = if awaited > 0 {
                Err(Unsettled::new(format!("{awaited} of its {} rows have no result yet", rows.len())))
            } else if there == 0 {
                Err(Unsettled::new(format!("all of its {} rows diverged", rows.len())))
            } else {
                let is_this = |named: &[(String, String)]| named.iter().map(|(_, label)| label).eq(&labels);
                match fit {
                    Err(why) => Err(why.clone()),
                    Ok(fit) => {
                        if let Some(group) = fit.groups.iter().find(|group| is_this(&group.group)) {
                            identified = group.parameters.iter().map(|parameter| parameter.identified).collect();
                            forest = group.trees.as_ref().map(|trees| trees.forest.clone());
                            Ok(group.parameters.iter().map(|parameter| parameter.estimate).collect())
                        } else {
                            let skipped = fit.skipped.iter().find(|skipped| is_this(&skipped.group));
                            Err(Unsettled::new(skipped.map_or("it has no rows", |skipped| skipped.reason.as_str())))
                        }
                    }
                }
            };
            let row = rows.first().copied().unwrap_or(0);
            Group { labels, row, parameters, forest, identified, awaited: awaited > 0 }
        };
        let groups = group_rows(over, by)?.into_iter().map(group).collect();
        let names = law.formula.free.iter().map(|parameter| parameter.name.clone()).collect();
        Ok(Fitted { curve, names, by: by.clone(), groups })
    }

    /// The same law with the parameters of a draw: by the place of the group among the fit's, none where the draw could not be fitted.
    #[must_use]
    pub fn in_draw(&self, fit: &LawResult, draw: u64) -> Fitted {
        let mut drawn = self.clone();
        for group in &mut drawn.groups {
            let is_this = |named: &[(String, String)]| named.iter().map(|(_, label)| label).eq(&group.labels);
            let found = fit.groups.iter().find(|fit| is_this(&fit.group));
            let found = found.and_then(|fit| {
                // Numbers rise, and only those that could not be fitted are left out.
                let at = fit.draws.binary_search_by_key(&draw, |draw| draw.number).ok()?;
                Some((fit.draws[at].parameters.clone(), forest_of(fit, at)))
            });
            if group.parameters.is_ok() {
                let drawn = found.ok_or_else(|| Unsettled::new("the draw could not be fitted"));
                let (parameters, forest) = drawn.map_or_else(|why| (Err(why), None), |(p, forest)| (Ok(p), forest));
                (group.parameters, group.forest) = (parameters, forest);
            }
        }
        drawn
    }

    /// The groups as a table: the columns of `by` as they stand in the law's table, then the parameters. A group that was not fitted has no numbers.
    pub fn table(&self, over: &Table) -> Table {
        let rows: Vec<u32> = self.groups.iter().map(|group| group.row).collect();
        let picked = over.pick(&rows);
        let mut table = Table::new(rows.len());
        for name in &self.by {
            if let Some(column) = picked.get(name) {
                table.set(name.clone(), column.clone());
            }
        }
        for (place, name) in self.names.iter().enumerate() {
            let value = |group: &Group| group.parameters.as_ref().map_or(f64::NAN, |parameters| parameters[place]);
            if table.get(name).is_none() {
                table.set(name.clone(), Column::numbers(self.groups.iter().map(value).collect()));
            }
        }
        let standing = |group: &Group| match (&group.parameters, group.awaited) {
            (Ok(_), _) => Standing::There,
            (Err(_), true) => Standing::Awaited,
            (Err(_), false) => Standing::Diverged,
        };
        table.with_standing(self.groups.iter().map(standing).collect())
    }

    /// The group with these values of the columns of `by`.
    pub fn group(&self, labels: &[String]) -> Option<&Group> {
        self.groups.iter().find(|group| group.labels == labels)
    }

    /// The prediction of a group where columns have the values that `of` gives; not-a-number where one of them has none.
    pub fn predict(&self, group: &Group, of: &dyn Fn(&str) -> Option<f64>) -> f64 {
        match (&self.curve, &group.forest, &group.parameters) {
            (Some(curve), _, Ok(parameters)) => curve.evaluate(&|name| self.value(parameters, name, of)),
            (None, Some(forest), Ok(_)) => through(forest, of),
            _ => f64::NAN,
        }
    }

    /// The same in a draw of the fit, by its place among those that could be fitted.
    pub fn predict_in(&self, fit: &GroupFit, draw: usize, group: &Group, of: &dyn Fn(&str) -> Option<f64>) -> f64 {
        let of = |column: &str| of(column).or_else(|| self.by_value(group, column));
        let Some(curve) = &self.curve else {
            return forest_of(fit, draw).map_or(f64::NAN, |forest| through(&forest, &of));
        };
        let Some(drawn) = fit.draws.get(draw) else { return f64::NAN };
        curve.evaluate(&|name| self.value(&drawn.parameters, name, &of))
    }

    /// The derivative of the prediction by some columns, with the prediction.
    pub fn slopes(&self, group: &Group, columns: &[&str], of: &dyn Fn(&str) -> Option<f64>) -> (f64, Vec<f64>) {
        let (Some(curve), Ok(parameters)) = (&self.curve, &group.parameters) else {
            return (f64::NAN, vec![f64::NAN; columns.len()]);
        };
        // A column that moves is a parameter for a while, under a name that no parameter can have.
        let moving = |column: &str| format!("column {column}");
        let by: Vec<String> = columns.iter().map(|column| moving(column)).collect();
        let moved = curve.substitute(&|name| match name {
            Name::Column(column) if columns.contains(&column) => Some(Expression::parameter(moving(column))),
            _ => None,
        });
        let names: Vec<&str> = by.iter().map(String::as_str).collect();
        moved.gradient(&names, &|name| match name {
            Name::Parameter(parameter) => match by.iter().position(|by| by == parameter) {
                Some(place) => of(columns[place]).unwrap_or(f64::NAN),
                None => self.value(parameters, name, of),
            },
            name => self.value(parameters, name, of),
        })
    }

    /// The columns that the formula reads, each once.
    pub fn columns(&self) -> Vec<String> {
        self.curve.as_ref().map(|curve| curve.columns().into_iter().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// The derivative of the prediction by every parameter.
    pub fn parameter_slopes(&self, group: &Group, of: &dyn Fn(&str) -> Option<f64>) -> Vec<f64> {
        let (Some(curve), Ok(parameters)) = (&self.curve, &group.parameters) else {
            return vec![f64::NAN; self.names.len()];
        };
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        curve.gradient(&names, &|name| self.value(parameters, name, of)).1
    }

    fn value(&self, parameters: &[f64], name: Name<'_>, of: &dyn Fn(&str) -> Option<f64>) -> f64 {
        let value = match name {
            Name::Parameter(name) => {
                self.names.iter().position(|known| known == name).and_then(|place| parameters.get(place).copied())
            }
            Name::Column(name) => of(name),
            _ => None,
        };
        value.unwrap_or(f64::NAN)
    }

    /// The value of a column of `by` in a group, where it is a number.
    pub fn by_value(&self, group: &Group, column: &str) -> Option<f64> {
        let place = self.by.iter().position(|by| by == column)?;
        group.labels[place].parse().ok()
    }
}
