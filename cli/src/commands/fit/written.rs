//! A fit for programs: JSON and CSV.

use serde_json::{Map, Value, json};
use synx_plan::problem::Problem;
use synx_run::laws::{Beside, GroupFit, GrownTrees, LawResult, Minimum, TestError};

use super::asked::Asked;

/// Without `--by` the one fit; with it `groups`, and `skipped` with the groups that could not be fitted.
pub fn json(asked: &Asked, result: &LawResult) -> Value {
    match result.groups.first() {
        Some(group) if !asked.grouped => fields(asked, group),
        _ => {
            let groups: Vec<Value> = result.groups.iter().map(|group| fields(asked, group)).collect();
            let skipped = result.skipped.iter();
            let skipped = skipped.map(|s| json!({ "group": pairs(&s.group), "code": s.code, "reason": s.reason }));
            json!({ "law": asked.name, "groups": groups, "skipped": skipped.collect::<Vec<Value>>() })
        }
    }
}

pub fn fields(asked: &Asked, group: &GroupFit) -> Value {
    let parameters: Map<String, Value> = group
        .parameters
        .iter()
        .map(|p| {
            let value = json!({
                "estimate": p.estimate, "low": p.low, "high": p.high, "identified": p.identified, "at_bound": p.at_bound,
                "bca": p.bca, "profile": p.profile,
            });
            (p.name.clone(), value)
        })
        .collect();
    let hold_out = |test: TestError| {
        json!({
            "points": test.points,
            "mean_relative_error": test.mean_relative_error,
            "max_relative_error": test.max_relative_error,
            "spearman": test.spearman,
            "kendall": test.kendall,
        })
    };
    let beside = |trees: &GrownTrees| -> Map<String, Value> {
        let of = |beside: &Beside| json!({ "objective": beside.objective, "hold_out": beside.test.map(hold_out) });
        trees.beside.iter().map(|beside| (beside.model.word().to_owned(), of(beside))).collect()
    };
    let minimum = |minimum: &Minimum| {
        let names = group.parameters.iter().map(|parameter| parameter.name.clone());
        let parameters: Map<String, Value> =
            names.zip(&minimum.parameters).map(|(name, value)| (name, json!(value))).collect();
        json!({ "objective": minimum.objective, "starts": minimum.starts, "parameters": parameters })
    };
    json!({
        "law": asked.name,
        "formula": asked.text().trim_end(),
        "group": pairs(&group.group),
        "points": group.points,
        "objective": group.objective,
        "parameters": parameters,
        "converged": group.converged,
        "minima": group.minima.iter().map(minimum).collect::<Vec<Value>>(),
        "criteria": group.criteria,
        "starts": { "tried": group.starts.tried, "agreeing": group.starts.agreeing },
        "resampling": group.resampling,
        "hold_out": group.test.map(hold_out),
        "beside": group.trees.as_ref().map(beside),
        "predictions": group.predictions,
    })
}

fn pairs(group: &[(String, String)]) -> Map<String, Value> {
    group.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

/// A row for each group and parameter; for trees one for them and each model beside them.
pub fn csv(asked: &Asked, result: &LawResult) -> Result<String, Problem> {
    let mut rows = vec![header(asked)];
    let float = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for group in &result.groups {
        let mut line = |model: &str, parameter: [String; 5], objective: f64, test: Option<TestError>| {
            let mut row = vec![asked.name.clone()];
            row.extend(group.group.iter().map(|(_, value)| value.clone()));
            row.push(model.to_owned());
            row.extend(parameter);
            row.extend([
                group.points.to_string(),
                objective.to_string(),
                group.starts.tried.to_string(),
                group.starts.agreeing.to_string(),
                test.map_or_else(String::new, |test| test.points.to_string()),
                float(test.map(|test| test.mean_relative_error)),
                float(test.map(|test| test.max_relative_error)),
            ]);
            rows.push(row);
        };
        for parameter in &group.parameters {
            let (low, high) = (float(parameter.low), float(parameter.high));
            let estimate = parameter.estimate.to_string();
            let parameter = [parameter.name.clone(), estimate, low, high, parameter.identified.to_string()];
            line("formula", parameter, group.objective, group.test);
        }
        if let Some(trees) = &group.trees {
            line("trees", Default::default(), group.objective, group.test);
            for beside in &trees.beside {
                line(beside.model.word(), Default::default(), beside.objective, beside.test);
            }
        }
    }
    written(rows)
}

fn header(asked: &Asked) -> Vec<String> {
    let after = [
        "model",
        "parameter",
        "estimate",
        "low",
        "high",
        "identified",
        "points",
        "objective",
        "starts_tried",
        "starts_agreeing",
        "hold_out_points",
        "hold_out_mean_relative_error",
        "hold_out_max_relative_error",
    ];
    let by = asked.formula.by.iter().map(String::as_str);
    std::iter::once("law").chain(by).chain(after).map(str::to_owned).collect()
}

/// Rows as comma-separated text.
pub fn written(rows: Vec<Vec<String>>) -> Result<String, Problem> {
    let failed = |error: String| Problem::new("E0901", "the fit could not be written as CSV").note(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|error| failed(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}
