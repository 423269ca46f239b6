//! Which of the runs that a study has not made yet would teach its laws most.

use std::path::Path;

use synx_answers::{Fitted, Group, d_optimal, rows_of, settle};
use synx_plan::law::{Law, Method};
use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_plan::training::Training;
use synx_store::Store;
use synx_tables::{Standing, Table};

use super::given::World;
use super::laws::cell_name;
use crate::corpora::Corpora;
use crate::holdings::{classes, devices};
use crate::stages::{Reading, so_far};

/// What a law's next runs should be, group by group.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    pub law: String,
    pub groups: Vec<GroupAdvice>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GroupAdvice {
    /// `r = 1/3`; empty for a law without groups.
    pub group: String,
    /// Rows with a result, and rows that wait for one.
    pub known: usize,
    pub candidates: usize,
    /// The rows that teach most, the most telling first.
    pub next: Vec<String>,
    /// How many times narrower parameters are told with them, in the geometric mean over all; none where some are not told before.
    pub narrower: Option<f64>,
    /// Why there is no advice.
    pub why_not: Option<String>,
}

/// The `points` cells without a result that add most to what the others tell of each law, at what the finished ones fit.
///
/// # Errors
/// `E0990` where the study has no law or every cell has a result; those of the store.
pub fn design(
    plan: &Plan,
    folder: &Path,
    share: bool,
    allow_outside: bool,
    points: usize,
) -> Result<Vec<Advice>, Problem> {
    if plan.laws.is_empty() {
        return Err(Problem::new("E0990", "the study has no law that runs could teach")
            .help("declare a law over a grid; cells of the grid without a result are what is chosen from"));
    }
    let store = Store::open(folder)?;
    let writer = store.write()?;
    let training = Training::new(plan, share);
    let known = devices(&classes(plan, &training, &store)?);
    let (class, _) = known.first().ok_or_else(|| {
        Problem::new("E0990", "no cell of the study has a result")
            .help("run some first: what is most telling depends on what a law fits")
    })?;
    let reading = Reading { folder, allow_outside, store: &store, writer: Some(&writer) };
    let (stages, cells) = so_far(plan, share, class, &reading)?;
    // Only the fits matter: no draws, nothing held out.
    let mut plain = stages.plan;
    for law in &mut plain.laws {
        law.formula.bootstrap = 0;
        law.formula.test = None;
    }
    let settled = |finished_only: bool| {
        let mut corpora = Corpora::new(&plain, folder, allow_outside);
        let world = World::new(&plain, &cells, reading.sources(&mut corpora)).finished_only(finished_only);
        settle(&plain, &world)
    };
    let (fitted, all) = (settled(true)?, settled(false)?);
    let mut advice = Vec::new();
    for (place, law) in plain.laws.iter().enumerate() {
        let groups = match (&fitted.laws[place].fitted, &all.tables[law.over.0]) {
            (Ok(fitted), Ok(over)) => {
                fitted.groups.iter().map(|group| advise(&plain, law, fitted, group, over, points)).collect()
            }
            (Err(why), _) | (_, Err(why)) => vec![GroupAdvice {
                group: String::new(),
                known: 0,
                candidates: 0,
                next: Vec::new(),
                narrower: None,
                why_not: Some(why.0.to_string()),
            }],
        };
        advice.push(Advice { law: law.name.clone(), groups });
    }
    if advice.iter().flat_map(|advice| &advice.groups).all(|group| group.candidates == 0 && group.why_not.is_none()) {
        return Err(Problem::new("E0990", "every cell that a law is fitted to has a result: there is nothing to choose from")
            .help("add values to an axis, larger budgets say: the cells that come with them are the candidates, and nothing is trained until `synx run`"));
    }
    Ok(advice)
}

fn advise(plan: &Plan, law: &Law, fitted: &Fitted, group: &Group, over: &Table, points: usize) -> GroupAdvice {
    let by = &law.formula.by;
    let rows = rows_of(over, by, group);
    let of =
        |wanted: Standing| -> Vec<usize> { rows.iter().copied().filter(|row| over.standing(*row) == wanted).collect() };
    let (known, candidates) = (of(Standing::There), of(Standing::Awaited));
    let first = rows.first().copied().unwrap_or(0);
    let named =
        by.iter().map(|name| format!("{name} = {}", super::cells::written(plan, name, over.value(first, name))));
    let mut advice = GroupAdvice {
        group: named.collect::<Vec<_>>().join(", "),
        known: known.len(),
        candidates: candidates.len(),
        next: Vec::new(),
        narrower: None,
        why_not: group.parameters.as_ref().err().map(|why| why.0.to_string()),
    };
    if advice.why_not.is_none() && law.formula.curve().is_none() {
        advice.why_not = Some("trees have no parameters that a run could tell".to_owned());
    }
    if advice.why_not.is_some() || candidates.is_empty() {
        return advice;
    }
    let slopes = |row: &usize| -> Vec<f64> {
        let of = |name: &str| over.value(*row, name).number();
        let slopes = fitted.parameter_slopes(group, &of);
        // Residuals of logarithms are relative ones.
        let scale = if law.formula.method == Method::Squares { 1.0 } else { fitted.predict(group, &of) };
        slopes.into_iter().map(|slope| slope / scale).collect()
    };
    let told: Vec<Vec<f64>> = known.iter().map(slopes).collect();
    let open: Vec<Vec<f64>> = candidates.iter().map(slopes).collect();
    let before = d_optimal(&told, &open, 0).information;
    let chosen = d_optimal(&told, &open, points);
    advice.next = chosen.chosen.iter().map(|place| cell_name(plan, law, over, candidates[*place])).collect();
    if advice.next.is_empty() {
        advice.why_not = Some("the law has no slopes at any of its cells without a result".to_owned());
    }
    advice.narrower = before.is_finite().then(|| (0.5 * (chosen.information - before)).exp());
    advice
}
