//! Answers and claims as results have them.

use synx_answers::{Answered, Decided, Drawn, Draws, Settled, Value, answer_text, shares_text};
use synx_plan::answer::{AnswerId, Question, Sort};
use synx_plan::corpus::CorpusId;
use synx_plan::exact::Exact;
use synx_plan::expression::Expression;
use synx_plan::grid::ColumnValue;
use synx_plan::study::Plan;
use synx_report::{AnswerResult, AnswerStatus, ClaimResult, ComparisonResult};

use synx_plan::number::estimate as shown;

const INFINITE: &str = "nothing finite does it: the floor decides";

/// What an answer is made of that is infinite.
fn infinite_in(plan: &Plan, settled: &Settled, place: usize) -> Option<String> {
    let Question::Expression(expression) = &plan.answers.get(place)?.question else { return None };
    infinite_among(plan, settled, expression)
}

fn infinite_among(plan: &Plan, settled: &Settled, expression: &Expression) -> Option<String> {
    let is_infinite = |answer: &AnswerId| {
        let value = settled.answers.get(answer.0).map(|answered| &answered.value);
        matches!(value, Some(Ok(Value::Number(number))) if number.is_infinite())
    };
    let answer = synx_answers::answers_in(expression).find(is_infinite)?;
    Some(format!("{} is infinite: {INFINITE}", answer_text(plan, answer)))
}

pub(super) fn answers(plan: &Plan, settled: &Settled) -> Vec<AnswerResult> {
    let one = |(place, answered): (usize, &Answered)| {
        std::iter::once(answer(plan, settled, place, answered)).chain(shares(plan, place, answered))
    };
    settled.answers.iter().enumerate().flat_map(one).collect()
}

/// The shares of a chosen mixture, each as if it had been asked by itself: the interval is of what the laws of the draws would have chosen.
fn shares(plan: &Plan, place: usize, answered: &Answered) -> Vec<AnswerResult> {
    let Ok(Value::Mixture(best)) = &answered.value else { return Vec::new() };
    let question = answer_text(plan, AnswerId(place));
    let of = |(corpus, draws): (&CorpusId, &Vec<f64>)| {
        let estimate = best.mixture.share_of(*corpus);
        let drawn = Drawn { estimate, draws: draws.clone(), samples: answered.samples.clone() };
        let interval = drawn.interval(plan.study.confidence.to_f64()).filter(|_| answered.identified);
        AnswerResult {
            question: format!("share[{}] of {question}", plan.corpora[corpus.0].name),
            unit: String::new(),
            chosen: String::new(),
            estimate: Some(estimate),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            draws: draws.len(),
            used: drawn.used(),
            status: if answered.identified { AnswerStatus::Answered } else { AnswerStatus::NotIdentified },
            note: String::new(),
        }
    };
    best.corpora.iter().zip(&answered.shares).map(of).collect()
}

fn answer(plan: &Plan, settled: &Settled, place: usize, answered: &Answered) -> AnswerResult {
    let question = answer_text(plan, AnswerId(place));
    let unit = match &plan.answers[place].sort {
        Sort::Number { unit, .. } => unit.clone(),
        _ => String::new(),
    };
    let mut result = AnswerResult {
        question,
        unit,
        chosen: String::new(),
        estimate: None,
        low: None,
        high: None,
        draws: answered.draws.len(),
        used: 0,
        status: AnswerStatus::Answered,
        note: String::new(),
    };
    let value = match &answered.value {
        Ok(value) => value,
        Err(why) => {
            result.status = AnswerStatus::Unanswered;
            result.note = why.0.to_string();
            return result;
        }
    };
    let number = value.number();
    result.estimate = Some(number).filter(|number| !number.is_nan());
    let drawn = Drawn {
        estimate: number,
        draws: answered.draws.iter().map(|draw| number_of(plan, place, *draw)).collect(),
        samples: answered.samples.clone(),
    };
    result.used = drawn.used();
    let mut notes: Vec<String> = Vec::new();
    match value {
        Value::Number(number) if number.is_infinite() => {
            result.status = AnswerStatus::Infinite;
            notes.push(INFINITE.to_owned());
        }
        Value::Number(_) => notes.extend(infinite_in(plan, settled, place)),
        Value::Choice(chosen) => {
            result.chosen = chosen.to_string();
            if !answered.read.is_nan() {
                let same = answered.draws.iter().filter(|draw| **draw == answered.read).count();
                notes.extend(
                    (!answered.draws.is_empty()).then(|| format!("chosen in {same} of {} draws", answered.draws.len())),
                );
            }
        }
        Value::Mixture(best) => {
            result.chosen = shares_text(plan, &best.mixture);
            notes.extend(best.beside.iter().enumerate().map(|(place, beside)| {
                let draws = answered.beside.get(place).cloned().unwrap_or_default();
                let beside_it = Drawn { estimate: beside.predicted, draws, samples: answered.samples.clone() };
                let interval = beside_it.interval(plan.study.confidence.to_f64());
                let interval = interval.filter(|_| answered.identified);
                let interval =
                    interval.map_or_else(String::new, |(low, high)| format!(" ({} to {})", shown(low), shown(high)));
                let allowed = if beside.allowed { "" } else { ", which the conditions leave out" };
                format!("{} shares: {}{interval}{allowed}", beside.name, shown(beside.predicted))
            }));
        }
    }
    if let Draws::Missing(law) = &answered.drawn {
        notes.push(format!("no interval: the law `{}` draws no bootstrap", plan.laws[*law].name));
    }
    if answered.identified {
        let interval = drawn.interval(plan.study.confidence.to_f64());
        (result.low, result.high) = (interval.map(|(low, _)| low), interval.map(|(_, high)| high));
    } else {
        result.status = AnswerStatus::NotIdentified;
        notes.push("it moves with parameters that the rows do not tell".to_owned());
    }
    result.note = notes.join("; ");
    result
}

/// A draw of an answer as results show it: of one of several numbers that number, not its place among them.
fn number_of(plan: &Plan, place: usize, draw: f64) -> f64 {
    let Sort::OneOf(values) = &plan.answers[place].sort else { return draw };
    let chosen = values.iter().enumerate().find(|(place, _)| *place as f64 == draw);
    chosen.map_or(f64::NAN, |(_, value)| match value {
        ColumnValue::Number(number) => number.to_f64(),
        _ => f64::NAN,
    })
}

/// An answer as a column of a grid shows it; empty text where there is none.
pub(super) fn column_value(settled: &Settled, answer: AnswerId) -> ColumnValue {
    let nothing = || ColumnValue::Text(String::new());
    match settled.answers.get(answer.0).map(|answered| &answered.value) {
        Some(Ok(Value::Number(number))) => {
            Exact::from_decimal(&number.to_string()).map_or_else(nothing, ColumnValue::Number)
        }
        Some(Ok(Value::Choice(chosen))) => chosen.clone(),
        _ => nothing(),
    }
}

pub(super) fn claims(plan: &Plan, settled: &Settled) -> Vec<ClaimResult> {
    let confidence = plan.study.confidence.to_f64();
    plan.claims
        .iter()
        .map(|claim| {
            let Decided { verdict, share, draws, comparisons, note } = settled.decide(plan, claim);
            let compared = comparisons.into_iter().map(|compared| {
                let drawn = compared.value.ok();
                let interval = drawn.as_ref().and_then(|drawn| drawn.interval(confidence));
                ComparisonResult {
                    quantity: compared.quantity,
                    operator: compared.operator,
                    bound: compared.bound,
                    estimate: drawn.map(|drawn| drawn.estimate),
                    low: interval.map(|(low, _)| low),
                    high: interval.map(|(_, high)| high),
                }
            });
            // Where something of it is infinite, that is what decides.
            let compared_with = infinite_among(plan, settled, &claim.condition).or_else(|| {
                let answers = synx_answers::answers_in(&claim.condition);
                answers.into_iter().find_map(|answer| infinite_in(plan, settled, answer.0))
            });
            let note = [note, compared_with.unwrap_or_default()].into_iter().filter(|note| !note.is_empty());
            let note = note.collect::<Vec<_>>().join("; ");
            ClaimResult {
                claim: claim.name.clone(),
                documentation: claim.documentation.clone(),
                verdict,
                share,
                draws,
                comparisons: compared.collect(),
                note,
            }
        })
        .collect()
}

/// What tables say of how they were made, each once.
pub(super) fn notes(plan: &Plan, settled: &Settled) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for (place, table) in settled.tables.iter().enumerate() {
        let name = synx_answers::table_text(plan, synx_plan::table::TableId(place));
        for note in table.iter().flat_map(|table| &table.notes) {
            let note = format!("{name}: {note}");
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    for (law, settled) in plan.laws.iter().zip(&settled.laws) {
        let few = settled.fit.iter().flat_map(|fit| &fit.groups).filter_map(|group| group.resampling);
        let few: Vec<_> = few.filter(synx_laws::Resampling::too_few).collect();
        if let Some(least) = few.iter().map(|resampling| resampling.units).min() {
            let groups = if few.len() == 1 { "a group".to_owned() } else { format!("{} groups", few.len()) };
            notes.push(format!(
                "law {}: {groups} of as few as {least} independent rows or streams, too few to draw from: its intervals are too narrow; add replicates",
                law.name
            ));
        }
    }
    notes
}
