use super::{Table, float, optional, study_column, value};
use crate::{LawGroup, LawModel, LawOutcome, LawParameter, LawResult, LawTest, StudyResults};

/// Columns before those that laws are grouped by.
const BEFORE: &[&str] = &["law", "grid"];

/// Columns after them.
pub(super) const AFTER: &[&str] = &[
    "model",
    "parameter",
    "estimate",
    "low",
    "high",
    "bca_low",
    "bca_high",
    "profile_low",
    "profile_high",
    "identified",
    "objective",
    "points",
    "test_points",
    "test_error",
    "test_max_error",
    "test_spearman",
    "test_kendall",
    "rows",
    "rows_expected",
    "status",
    "note",
];

/// `laws.csv`: a row a law, group and parameter; for trees a row for them and each model beside them; one row for a group that could not be fitted.
pub(crate) fn laws(results: &StudyResults) -> Vec<u8> {
    let groups_by = grouped_by(results);
    let mut table = Table::new(header(results));
    for law in &results.laws {
        for group in &law.groups {
            for row in rows(law, group, &groups_by) {
                table.row(row);
            }
        }
    }
    table.into_bytes()
}

pub(super) fn header(results: &StudyResults) -> Vec<String> {
    let fixed: Vec<&str> = BEFORE.iter().chain(AFTER).copied().collect();
    let mut header: Vec<String> = BEFORE.iter().map(|&name| name.to_owned()).collect();
    header.extend(grouped_by(results).iter().map(|name| study_column(name, &fixed)));
    header.extend(AFTER.iter().map(|&name| name.to_owned()));
    header
}

/// The columns that any law is grouped by, each once.
fn grouped_by(results: &StudyResults) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in results.laws.iter().flat_map(|law| &law.by) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn rows(law: &LawResult, group: &LawGroup, groups_by: &[&str]) -> Vec<Vec<String>> {
    let value_of = |name: &&str| {
        let place = law.by.iter().position(|by| by == name);
        place.and_then(|i| group.values.get(i)).map_or_else(String::new, value)
    };
    let row = |middle: [String; 17], status: &str, note: &str| {
        let mut row = vec![law.law.clone(), law.grid.clone()];
        row.extend(groups_by.iter().map(value_of));
        row.extend(middle);
        row.extend([group.rows.to_string(), group.rows_expected.to_string(), status.to_owned(), note.to_owned()]);
        row
    };
    match &group.outcome {
        LawOutcome::NotFitted(why) => vec![row(Default::default(), "not fitted", why)],
        LawOutcome::Fitted(fit) => {
            let line = |model: &LawModel, parameter: [String; 9]| {
                let [name, estimate, low, high, bca_low, bca_high, profile_low, profile_high, identified] = parameter;
                let test = |of: fn(&LawTest) -> Option<f64>| optional(model.test.as_ref().and_then(of));
                let middle = [
                    model.model.to_owned(),
                    name,
                    estimate,
                    low,
                    high,
                    bca_low,
                    bca_high,
                    profile_low,
                    profile_high,
                    identified,
                    float(model.objective),
                    fit.points.to_string(),
                    model.test.map_or(0, |test| test.points).to_string(),
                    test(|test| Some(test.mean_error)),
                    test(|test| Some(test.max_error)),
                    test(|test| test.spearman),
                    test(|test| test.kendall),
                ];
                row(middle, "fitted", "")
            };
            let of_parameter = |p: &LawParameter| {
                let low = |interval: Option<(f64, f64)>| optional(interval.map(|(low, _)| low));
                let high = |interval: Option<(f64, f64)>| optional(interval.map(|(_, high)| high));
                let parameter = [
                    p.name.clone(),
                    float(p.estimate),
                    optional(p.low),
                    optional(p.high),
                    low(p.bca),
                    high(p.bca),
                    low(p.profile),
                    high(p.profile),
                    p.identified.to_string(),
                ];
                fit.models.first().map(|model| line(model, parameter))
            };
            // A model with parameters has a row for each of them.
            let whole = fit.models.iter().skip(usize::from(!fit.parameters.is_empty()));
            fit.parameters
                .iter()
                .filter_map(of_parameter)
                .chain(whole.map(|model| line(model, Default::default())))
                .collect()
        }
    }
}
