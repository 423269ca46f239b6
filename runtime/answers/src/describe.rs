//! What answers are called: the question as a study writes it.

use synx_plan::answer::{AnswerId, Argument, Question};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression::{Binary, Expression, Name};
use synx_plan::study::Plan;
use synx_plan::table::{Source, TableId};

/// Nested questions before a text is cut short. Arbitrary: nobody reads on.
const DEPTH: usize = 24;

/// An answer: `data_law[r = 1/3].E`, `predict(data_law[r = 0], tokens = 64M)`.
pub fn answer_text(plan: &Plan, answer: AnswerId) -> String {
    answer_at(plan, answer, DEPTH)
}

/// An expression over answers with their questions written out.
pub fn expression_text(plan: &Plan, expression: &Expression) -> String {
    expression_at(plan, expression, DEPTH)
}

fn expression_at(plan: &Plan, expression: &Expression, depth: usize) -> String {
    written(plan, expression, depth).to_string()
}

/// The expression with a name in the place of each answer: an expression of its own where it is one.
fn written(plan: &Plan, expression: &Expression, depth: usize) -> Expression {
    expression.substitute(&|name| match name {
        Name::Answer(answer) if depth > 0 => Some(match plan.answers.get(answer.0).map(|answer| &answer.question) {
            Some(Question::Expression(inner)) => written(plan, inner, depth - 1),
            _ => Expression::Bound(answer_at(plan, answer, depth - 1)),
        }),
        Name::Answer(_) => Some(Expression::Bound("…".to_owned())),
        _ => None,
    })
}

fn answer_at(plan: &Plan, answer: AnswerId, depth: usize) -> String {
    if depth == 0 {
        return "…".to_owned();
    }
    match plan.answers.get(answer.0).map(|answer| &answer.question) {
        None => format!("answer {}", answer.0),
        Some(Question::Value { table, column }) => format!("{}.{column}", table_at(plan, *table, depth)),
        Some(Question::Expression(expression)) => expression_at(plan, expression, depth),
        Some(Question::Call { function, arguments }) => {
            // Columns of predictions are a law's own: `spearman(law.predicted, law.observed)`.
            let predictions = arguments.iter().find_map(|(_, argument)| match argument {
                Argument::Table(table) => match plan.tables.get(table.0)?.source {
                    Source::Predictions(law) => plan.laws.get(law).map(|law| law.name.as_str()),
                    _ => None,
                },
                _ => None,
            });
            let parts = arguments.iter().flat_map(|(name, argument)| match (name.as_str(), argument) {
                ("of", _) if predictions.is_some() => Vec::new(),
                ("columns", Argument::Columns(columns)) if predictions.is_some() => {
                    let law = predictions.unwrap_or_default();
                    columns.iter().map(|column| format!("{law}.{column}")).collect()
                }
                ("at", Argument::Named(given)) => {
                    given.iter().map(|(name, value)| format!("{name} = {}", argument_at(plan, value, depth))).collect()
                }
                // The share of a source stands for the source: `marginal(mixed, web, …)`.
                ("source", Argument::Column(share)) => {
                    vec![
                        share
                            .strip_prefix("share[")
                            .and_then(|rest| rest.strip_suffix(']'))
                            .unwrap_or(share)
                            .to_owned(),
                    ]
                }
                ("over", Argument::Column(axis)) => vec![format!("over = {axis}")],
                ("of" | "table" | "column" | "against", argument) => vec![argument_at(plan, argument, depth)],
                ("columns", Argument::Columns(columns)) => columns.clone(),
                // One is what is chosen without a word; the budget of a cap is the run's.
                ("top", Argument::Expression(Expression::Number(one))) if *one == Exact::one() => Vec::new(),
                ("budget", _) => Vec::new(),
                (name, argument) => vec![format!("{name} = {}", argument_at(plan, argument, depth))],
            });
            format!("{function}({})", parts.collect::<Vec<_>>().join(", "))
        }
    }
}

fn argument_at(plan: &Plan, argument: &Argument, depth: usize) -> String {
    let several = |all: Vec<String>| format!("[{}]", all.join(", "));
    match argument {
        // As a study writes it: `64M`, and not all its zeros.
        Argument::Expression(Expression::Number(number)) if number.is_integer() && number.to_f64().abs() < 1e15 => {
            synx_plan::grid::readable(number)
        }
        Argument::Expression(expression) => expression_at(plan, expression, depth),
        Argument::Value(value) => value.to_string(),
        Argument::Column(column) => column.clone(),
        Argument::Columns(columns) => several(columns.clone()),
        Argument::Table(table) => table_at(plan, *table, depth),
        Argument::Law(law) => plan.laws.get(*law).map_or_else(String::new, |law| law.name.clone()),
        Argument::Interval(low, high) => {
            let end =
                |end: &Option<Expression>| end.as_ref().map_or_else(String::new, |e| expression_at(plan, e, depth));
            format!("{}..{}", end(low), end(high))
        }
        Argument::Answer(answer) => answer_at(plan, *answer, depth.saturating_sub(1)),
        Argument::Mixture(mixture) => mixture_text(plan, *mixture),
        Argument::Mixtures(mixtures) => format!("[{} mixtures]", mixtures.len()),
        Argument::Drawn(draws) => format!("dirichlet(…, points = {})", draws.points),
        Argument::Steps(simplex) => {
            let step = Exact::one().div(&Exact::from(simplex.steps)).map_or_else(String::new, |step| percent(&step));
            format!("simplex({}, step = {step})", corpora(plan, &simplex.corpora))
        }
        Argument::Shares(of) => format!("simplex({})", corpora(plan, of)),
        Argument::List(all) => several(all.iter().map(|argument| argument_at(plan, argument, depth)).collect()),
        Argument::Named(all) => several(
            all.iter().map(|(name, argument)| format!("{name} = {}", argument_at(plan, argument, depth))).collect(),
        ),
    }
}

/// Names of corpora before the rest is counted. Arbitrary: a line of them.
const NAMES: usize = 6;

fn corpora(plan: &Plan, corpora: &[CorpusId]) -> String {
    let mut names: Vec<String> = corpora.iter().take(NAMES).map(|corpus| plan.corpora[corpus.0].name.clone()).collect();
    if corpora.len() > NAMES {
        names.push(format!("… {} more", corpora.len() - NAMES));
    }
    format!("[{}]", names.join(", "))
}

fn percent(share: &Exact) -> String {
    let digits = format!("{:.2}", 100.0 * share.to_f64());
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// Shares in percent: `25% web + 75% wiki`.
pub fn shares_text(plan: &Plan, mixture: &synx_plan::mixture::Mixture) -> String {
    let part = |(corpus, share): &(CorpusId, Exact)| format!("{} {}", percent(share), plan.corpora[corpus.0].name);
    mixture.shares().iter().map(part).collect::<Vec<_>>().join(" + ")
}

fn mixture_text(plan: &Plan, mixture: u32) -> String {
    plan.mixtures.get(mixture as usize).map_or_else(String::new, |mixture| shares_text(plan, mixture))
}

/// A table: `runs`, `data_law[r = 1/3]`, `runs |> mean(over = replicate)`.
pub fn table_text(plan: &Plan, table: TableId) -> String {
    table_at(plan, table, DEPTH)
}

fn table_at(plan: &Plan, table: TableId, depth: usize) -> String {
    let Some(found) = plan.tables.get(table.0).filter(|_| depth > 0) else { return "…".to_owned() };
    let of = |table: TableId| table_at(plan, table, depth - 1);
    let piped = |table: TableId, step: String| format!("{} |> {step}", of(table));
    match &found.source {
        Source::Grid(grid) => plan.grids.get(*grid).map_or_else(String::new, |grid| grid.name.clone()),
        Source::Observations(file) => format!("\"{}\"", file.path),
        Source::Law(law) | Source::Predictions(law) => {
            plan.laws.get(*law).map_or_else(String::new, |law| law.name.clone())
        }
        Source::Filter { of: from, condition } => match pins(condition) {
            Some(pins) => {
                let from = of(*from);
                let from = if from.contains("|>") { format!("({from})") } else { from };
                format!("{from}[{}]", pins.join(", "))
            }
            None => piped(*from, format!("filter({})", expression_at(plan, condition, depth - 1))),
        },
        Source::Derive { of: from, columns } => {
            let columns =
                columns.iter().map(|(name, value)| format!("{name} = {}", expression_at(plan, value, depth - 1)));
            piped(*from, format!("derive({})", columns.collect::<Vec<_>>().join(", ")))
        }
        Source::Mean { of: from, over } => piped(*from, format!("mean(over = {})", listed(over))),
        Source::Best { of: from, by, over, .. } => piped(*from, format!("best({by}, over = {})", listed(over))),
        Source::Join { left, right, on, .. } => piped(*left, format!("join({}, on = {})", of(*right), listed(on))),
        Source::Gather { of: from, columns, name, value } => {
            piped(*from, format!("gather({}, name = {name}, value = {value})", listed(columns)))
        }
        Source::DOptimal { of: from, law, group, points } => {
            let law = match group {
                Some(group) => of(*group),
                None => plan.laws.get(*law).map_or_else(String::new, |law| law.name.clone()),
            };
            piped(*from, format!("d_optimal(of = {law}, points = {points})"))
        }
        Source::Points { given, asked } => {
            let names = given.iter().map(|(name, _)| name).chain(asked.iter().map(|(name, _)| name));
            format!("points({})", names.map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        Source::Union(all) => {
            format!("union({})", all.iter().map(|table| of(*table)).collect::<Vec<_>>().join(", "))
        }
    }
}

fn listed(names: &[String]) -> String {
    if let [only] = names { only.clone() } else { format!("[{}]", names.join(", ")) }
}

/// `r = 1/3`, `tokens = 4M`: where a condition pins columns and nothing else.
fn pins(condition: &Expression) -> Option<Vec<String>> {
    match condition {
        Expression::Binary { operator: Binary::And, left, right } => {
            let mut pins = pins(left)?;
            pins.extend(self::pins(right)?);
            Some(pins)
        }
        Expression::Binary { operator: Binary::Equal, left, right } => match (&**left, &**right) {
            (Expression::Column(column), Expression::Number(number)) => {
                Some(vec![format!("{column} = {}", synx_plan::grid::readable(number))])
            }
            _ => None,
        },
        Expression::Is { column, value } => Some(vec![format!("{column} = {value}")]),
        _ => None,
    }
}
