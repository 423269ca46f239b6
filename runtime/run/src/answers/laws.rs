//! Laws and their predictions as results have them.

use synx_answers::{Drawn, Group, Settled, SettledLaw};
use synx_laws::{GroupFit, Interval};
use synx_plan::grid::ColumnValue;
use synx_plan::law::Law;
use synx_plan::study::Plan;
use synx_report::{LawFit, LawGroup, LawModel, LawOutcome, LawParameter, LawResult, LawTest, PredictionResult};
use synx_tables::{Standing, Table};

use super::cells::{origins, row_name, written};

pub(super) fn is_fitted(group: &LawGroup) -> bool {
    matches!(group.outcome, LawOutcome::Fitted(_))
}

/// What the groups of a law came to.
pub(super) fn result(plan: &Plan, law: &Law, settled: &SettledLaw, all: &Settled) -> LawResult {
    let by = law.formula.by.clone();
    let grid = origins(plan, law.over);
    let (Ok(over), Ok(fitted)) = (&all.tables[law.over.0], &settled.fitted) else {
        let why = settled.fitted.as_ref().err().or(all.tables[law.over.0].as_ref().err());
        let why = why.map_or_else(String::new, |why| why.0.to_string());
        let outcome = LawOutcome::NotFitted(why);
        let values = by.iter().map(|_| ColumnValue::Text(String::new())).collect();
        return LawResult {
            law: law.name.clone(),
            grid,
            by,
            groups: vec![LawGroup { values, rows: 0, rows_expected: 0, outcome }],
        };
    };
    let group = |(place, group): (usize, &Group)| {
        let rows = synx_answers::rows_of(over, &by, group);
        let there = rows.iter().filter(|row| over.standing(**row) == Standing::There).count();
        let outcome = match (&group.parameters, fit_of(settled, group)) {
            (Err(why), _) => LawOutcome::NotFitted(why.0.to_string()),
            (Ok(_), None) => LawOutcome::NotFitted("it has no fit".to_owned()),
            (Ok(_), Some(fit)) => LawOutcome::Fitted(fitted_group(plan, fit, settled, place)),
        };
        let first = rows.first().copied().unwrap_or(0);
        LawGroup {
            values: by.iter().map(|name| written(plan, name, over.value(first, name))).collect(),
            rows: there,
            rows_expected: rows.len(),
            outcome,
        }
    };
    let groups = fitted.groups.iter().enumerate().map(group).collect();
    LawResult { law: law.name.clone(), grid, by: by.clone(), groups }
}

fn fit_of<'a>(settled: &'a SettledLaw, group: &Group) -> Option<&'a GroupFit> {
    let is_this = |fit: &&GroupFit| fit.group.iter().map(|(_, label)| label).eq(&group.labels);
    settled.fit.as_ref()?.groups.iter().find(is_this)
}

fn fitted_group(plan: &Plan, fit: &GroupFit, settled: &SettledLaw, group: usize) -> LawFit {
    // Where other laws' draws went through this one, its intervals are those.
    let through = |parameter: usize| -> Option<(f64, f64)> {
        let draws = settled
            .draws
            .iter()
            .map(|draw| draw.get(group).and_then(Option::as_ref).map_or(f64::NAN, |p| p[parameter]));
        let (estimate, samples) = (fit.parameters[parameter].estimate, settled.samples.clone());
        let drawn = Drawn { estimate, draws: draws.collect(), samples };
        drawn.interval(plan.study.confidence.to_f64())
    };
    let parameter = |(place, p): (usize, &synx_laws::ParameterEstimate)| {
        let (low, high) = match through(place).filter(|_| p.identified) {
            Some((low, high)) => (Some(low), Some(high)),
            None => (p.low, p.high),
        };
        // Both are of the fit's own rows: where other laws' draws went through it, they say too little.
        let own = |interval: Option<Interval>| {
            interval.filter(|_| settled.draws.is_empty()).map(|Interval { low, high }| (low, high))
        };
        LawParameter {
            name: p.name.clone(),
            estimate: p.estimate,
            low,
            high,
            bca: own(p.bca),
            profile: own(p.profile),
            identified: p.identified,
        }
    };
    LawFit {
        parameters: fit.parameters.iter().enumerate().map(parameter).collect(),
        points: fit.points,
        models: models(fit),
    }
}

/// The law, then what stands beside it.
fn models(fit: &GroupFit) -> Vec<LawModel> {
    let test = |test: synx_laws::TestError| LawTest {
        points: test.points,
        mean_error: test.mean_relative_error,
        max_error: test.max_relative_error,
        spearman: test.spearman,
        kendall: test.kendall,
    };
    let own = if fit.trees.is_some() { "trees" } else { "formula" };
    let own = LawModel { model: own, objective: fit.objective, test: fit.test.map(test) };
    let beside = fit.trees.iter().flat_map(|trees| &trees.beside);
    let beside = beside.map(|beside| LawModel {
        model: beside.model.word(),
        objective: beside.objective,
        test: beside.test.map(test),
    });
    std::iter::once(own).chain(beside).collect()
}

/// Every row that a law was fitted to or tested with.
pub(super) fn predictions(plan: &Plan, law: &Law, settled: &SettledLaw, all: &Settled) -> Vec<PredictionResult> {
    let (Ok(over), Ok(fitted), Some(fit)) = (&all.tables[law.over.0], &settled.fitted, &settled.fit) else {
        return Vec::new();
    };
    let confidence = plan.study.confidence.to_f64();
    let mut found: Vec<(u32, PredictionResult)> = Vec::new();
    for group in &fit.groups {
        let own = fitted.groups.iter().find(|own| group.group.iter().map(|(_, label)| label).eq(&own.labels));
        for prediction in &group.predictions {
            let row = settled.rows[prediction.row];
            let interval = own.and_then(|own| {
                let of = |name: &str| over.value(row as usize, name).number();
                let draws = (0..group.draws.len()).map(|draw| fitted.predict_in(group, draw, own, &of));
                let samples = group.resampling.iter().map(|resampling| resampling.sample).collect();
                Drawn { estimate: prediction.predicted, draws: draws.collect(), samples }.interval(confidence)
            });
            let result = PredictionResult {
                law: law.name.clone(),
                row: cell_name(plan, law, over, row as usize),
                observed: prediction.observed,
                predicted: prediction.predicted,
                low: interval.map(|(low, _)| low),
                high: interval.map(|(_, high)| high),
                held_out: prediction.held_out,
            };
            found.push((row, result));
        }
    }
    found.sort_by_key(|(row, _)| *row);
    found.into_iter().map(|(_, result)| result).collect()
}

/// A cell by its name where the law is over just a grid, else what tells the row apart.
pub(super) fn cell_name(plan: &Plan, law: &Law, over: &Table, row: usize) -> String {
    let grid = plan.grid_of(law.over).and_then(|grid| plan.grids.get(grid));
    match grid.and_then(|grid| Some((grid, grid.cells.get(row)?))) {
        Some((grid, cell)) => grid.cell_name(&cell.values),
        None => row_name(plan, over, row),
    }
}
