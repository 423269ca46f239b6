//! From what the store holds to rows of results.

use synx_plan::executor::NumericsClass;
use synx_plan::grid::{Cell, Evaluation};
use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_report::{CellResult, CellStatus, CurvePoint, DomainResult, ResultColumn, StudyResults};
use synx_store::EvaluationRecord;

use crate::holdings::{Holdings, Standing};

/// Points of a curve in the results, about: longer ones are thinned evenly. Arbitrary: what a plot can show.
const CURVE_POINTS: u64 = 1000;

/// Steps at the beginning of a run that are never thinned: where runs on two devices are compared.
const FIRST_STEPS: u64 = 100;

/// Rows of all cells, without laws; `unkeyed` says how a cell stands that has no key yet.
pub(crate) fn results(
    holdings: &mut Holdings,
    class: &NumericsClass,
    device: String,
    unkeyed: &dyn Fn(&Cell) -> CellStatus,
) -> Result<StudyResults, Problem> {
    let (plan, training) = (holdings.plan, holdings.training);
    let columns = columns(plan);
    let mut cells = Vec::new();
    for (g, c, cell) in plan.cells() {
        let segment = training.ends[g][c].map(|segment| &training.segments[segment]);
        let model = plan.model(cell);
        let grid = &plan.grids[g];
        let value = |column: &ResultColumn| {
            let place = grid.columns.iter().position(|known| known.name == column.name)?;
            Some(grid.value(&cell.values, place).clone())
        };
        let standing = holdings.standing(g, c, cell)?;
        let batch = plan.recipe(cell).batch;
        let chain = match &standing {
            Some(Standing::Done { chain, .. } | Standing::Diverged { chain, .. }) => &chain[..],
            Some(Standing::Missing { .. }) | None => &[],
        };
        let curve = chain.iter().flat_map(|record| (record.start..).zip(&record.curve));
        let steps = chain.last().map_or(0, |last| last.start + last.curve.len() as u64);
        let curve: Vec<CurvePoint> = curve
            .filter(|(step, _)| is_shown(*step, steps))
            .map(|(step, reading)| CurvePoint {
                step: step + 1,
                tokens: (step + 1) * batch,
                loss: reading.loss,
                gradient_norm: reading.gradient_norm,
            })
            .collect();
        let seconds = (!chain.is_empty()).then(|| chain.iter().map(|record| record.seconds).sum());
        let (status, domains) = match standing {
            Some(Standing::Done { results, .. }) => (CellStatus::Ok, domains(plan.evaluation(cell), &results)),
            // Counted from one for people, as in the curves.
            Some(Standing::Diverged { step, .. }) => (CellStatus::Diverged { step: step + 1 }, Vec::new()),
            Some(Standing::Missing { why }) => (CellStatus::Missing { why }, Vec::new()),
            None => (unkeyed(cell), Vec::new()),
        };
        cells.push(CellResult {
            cell: grid.cell_name(&cell.values),
            grid: grid.name.clone(),
            values: columns.iter().map(value).collect(),
            tokens: cell.tokens,
            replicate: cell.replicate,
            stream: segment.map(|segment| segment.stream),
            params: model.parameters(plan.study.parameters),
            params_total: model.parameters_total(),
            params_embedding: model.parameters_embedding(),
            flops_6nd: plan.flops_6nd(cell),
            flops_exact: plan.flops_exact(cell),
            loss: weighted(plan, cell, &domains, |domain| domain.loss),
            bits_per_byte: weighted(plan, cell, &domains, |domain| domain.bits_per_byte),
            status,
            class: class.at(plan.recipe(cell).precision).0,
            seconds,
            key: segment.map(|segment| segment.key),
            domains,
            curve,
        });
    }
    Ok(StudyResults {
        study: plan.study.name.clone(),
        class: class.0.clone(),
        device,
        parameters: plan.study.parameters,
        flops: plan.study.flops,
        columns,
        cells,
        laws: Vec::new(),
        predictions: Vec::new(),
        answers: Vec::new(),
        claims: Vec::new(),
        figures: Vec::new(),
        tables: Vec::new(),
        notes: Vec::new(),
    })
}

/// Axes and lets of all grids, each name once; without those that every cell has a column for.
fn columns(plan: &Plan) -> Vec<ResultColumn> {
    let mut columns: Vec<ResultColumn> = Vec::new();
    for column in plan.grids.iter().flat_map(|grid| &grid.columns) {
        let known = columns.iter().any(|known| known.name == column.name);
        if !known && !["tokens", "replicate"].contains(&column.name.as_str()) {
            columns.push(ResultColumn { name: column.name.clone(), unit: column.unit.clone() });
        }
    }
    columns
}

fn domains(evaluation: &Evaluation, results: &[EvaluationRecord]) -> Vec<DomainResult> {
    let domain = |(domain, result): (&synx_plan::grid::Domain, &EvaluationRecord)| DomainResult {
        domain: domain.name.clone(),
        tokens: result.tokens,
        loss: result.loss / result.tokens as f64,
        // Whole-text bits over whole-text bytes: a document's end is predicted but is no byte.
        bits_per_byte: result.loss / std::f64::consts::LN_2 / result.bytes as f64,
    };
    evaluation.domains.iter().zip(results).map(domain).collect()
}

/// The mean over domains under the evaluation's weights, in their order; one domain needs none.
fn weighted(plan: &Plan, cell: &Cell, domains: &[DomainResult], value: impl Fn(&DomainResult) -> f64) -> Option<f64> {
    match (&plan.evaluation(cell).weights, domains) {
        (None, [only]) => Some(value(only)),
        (_, []) | (None, _) => None,
        (Some(weights), _) => Some(weights.iter().zip(domains).map(|(w, d)| w.to_f64() * value(d)).sum()),
    }
}

/// Whether a step (from zero) of a curve of so many is among those that are shown.
fn is_shown(step: u64, steps: u64) -> bool {
    let every = steps.div_ceil(CURVE_POINTS).max(1);
    step < FIRST_STEPS || (step + 1).is_multiple_of(every) || step + 1 == steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_whole_where_it_is_short_and_thinned_where_it_is_long() {
        let shown = |steps: u64| (0..steps).filter(|&step| is_shown(step, steps)).collect::<Vec<_>>();
        assert_eq!(shown(1000), (0..1000).collect::<Vec<_>>());
        let long = shown(100_001);
        assert!((1000..1150).contains(&long.len()), "{}", long.len());
        assert_eq!(long[..100], (0..100).collect::<Vec<_>>());
        assert_eq!(long.last(), Some(&100_000));
    }
}
