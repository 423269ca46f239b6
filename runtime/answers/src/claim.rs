//! Claims: decided by the draws.
//!
//! A claim holds where it does for the data as they are and for enough of all draws, the study's confidence of them or more where few rows were drawn from
//! (`Drawn::needed`); it fails where it does not for the data and for as many draws; otherwise it is undecided. A draw in which it has no value counts for neither.

use synx_laws::Sample;
use synx_plan::answer::AnswerId;
use synx_plan::claim::{Claim, Verdict};
use synx_plan::expression::{Binary, Expression, Name, Unary};
use synx_plan::study::Plan;
use synx_tables::evaluate;

use crate::describe::expression_text;
use crate::drawn::Drawn;
use crate::order::answers_in;
use crate::settled::{Settled, Unsettled};
use crate::varying::Draws;

/// What became of a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub verdict: Verdict,
    /// The part of the draws in which it holds; none without draws.
    pub share: Option<f64>,
    pub draws: usize,
    pub comparisons: Vec<Compared>,
    /// What a reader of the verdict should know.
    pub note: String,
}

/// One comparison of a claim: a quantity against a number that is known, or a difference against zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// As a study writes it.
    pub quantity: String,
    pub operator: &'static str,
    pub bound: f64,
    /// The quantity, with its draws; why there is none.
    pub value: Result<Drawn, Unsettled>,
}

impl Settled {
    /// Decides a claim.
    pub fn decide(&self, plan: &Plan, claim: &Claim) -> Decided {
        let mut comparisons = Vec::new();
        self.compare(plan, &claim.condition, &mut comparisons);
        let value = self.drawn(&claim.condition);
        let reads: Vec<AnswerId> = answers_in(&claim.condition).collect();
        let undecided = |note: String, comparisons: Vec<Compared>| Decided {
            verdict: Verdict::Undecided,
            share: None,
            draws: 0,
            comparisons,
            note,
        };
        let drawn = match value {
            Ok(drawn) => drawn,
            Err(why) => return undecided(why.0.to_string(), comparisons),
        };
        let asked = |wanted: fn(&Draws) -> bool| {
            reads.iter().filter_map(|answer| self.answers.get(answer.0)).map(|answer| &answer.drawn).find(|d| wanted(d))
        };
        if let Some(Draws::Missing(law)) = asked(|draws| matches!(draws, Draws::Missing(_))) {
            let law = &plan.laws[*law].name;
            let note =
                format!("the law `{law}` draws nothing again: `bootstrap = 1000` in it gives the claim its draws");
            return undecided(note, comparisons);
        }
        if reads.iter().filter_map(|answer| self.answers.get(answer.0)).any(|answer| !answer.identified) {
            let note = "what it compares moves with parameters that the runs do not tell".to_owned();
            return undecided(note, comparisons);
        }
        let holds = drawn.estimate != 0.0;
        if drawn.draws.is_empty() {
            let verdict = if holds { Verdict::Holds } else { Verdict::Fails };
            let note = if reads.is_empty() {
                "known before anything ran"
            } else {
                "as measured, once: nothing could be drawn again"
            };
            return Decided { verdict, share: None, draws: 0, comparisons, note: note.to_owned() };
        }
        let draws = drawn.draws.len();
        let part = |count: usize| count as f64 / draws as f64;
        let satisfied = part(drawn.draws.iter().filter(|value| **value != 0.0 && !value.is_nan()).count());
        let refuted = part(drawn.draws.iter().filter(|value| **value == 0.0).count());
        let confidence = plan.study.confidence.to_f64();
        let needed = drawn.needed(confidence);
        let verdict = match holds {
            true if satisfied >= needed => Verdict::Holds,
            false if refuted >= needed => Verdict::Fails,
            _ => Verdict::Undecided,
        };
        let silent = draws - drawn.used();
        let note = if silent > 0 {
            format!(
                "{silent} of {draws} draws count for neither side: a fit failed there or gave no value; more rows or replicates make them fewer"
            )
        } else {
            String::new()
        };
        // Only where it decides: else the reader wonders why so many draws are not enough.
        let of_one_opinion = if holds { satisfied } else { refuted };
        let note = if verdict == Verdict::Undecided && of_one_opinion >= confidence {
            let agree = (needed * draws as f64).ceil();
            let few = format!(
                "so few rows are behind it that {agree} of {draws} draws have to agree: more rows or replicates make them fewer"
            );
            if note.is_empty() { few } else { format!("{note}; {few}") }
        } else {
            note
        };
        Decided { verdict, share: Some(satisfied), draws, comparisons, note }
    }

    /// The value of an expression over answers, with its draws: as many as the answer with the fewest has.
    pub fn drawn(&self, expression: &Expression) -> Result<Drawn, Unsettled> {
        let (mut count, mut samples): (Option<usize>, Vec<Sample>) = (None, Vec::new());
        for answer in answers_in(expression) {
            let answer = self.answers.get(answer.0).ok_or_else(|| Unsettled::new("it was not settled"))?;
            if !answer.draws.is_empty() {
                count = Some(count.map_or(answer.draws.len(), |count| count.min(answer.draws.len())));
                samples.extend(
                    answer.samples.iter().filter(|sample| !samples.contains(sample)).copied().collect::<Vec<_>>(),
                );
            }
        }
        let at = |draw: Option<usize>| {
            evaluate(expression, &|name| match name {
                Name::Answer(answer) => {
                    let answer = self.answers.get(answer.0)?;
                    let value = match draw {
                        Some(draw) if !answer.draws.is_empty() => answer.draws[draw],
                        _ => answer.read,
                    };
                    (!value.is_nan()).then_some(value)
                }
                _ => None,
            })
        };
        let estimate = at(None).ok_or_else(|| {
            let missing = answers_in(expression).find_map(|answer| self.answers.get(answer.0)?.value.clone().err());
            missing.unwrap_or_else(|| Unsettled::new("what it compares has no value"))
        })?;
        let draws = (0..count.unwrap_or(0)).map(|draw| at(Some(draw)).unwrap_or(f64::NAN)).collect();
        Ok(Drawn { estimate, draws, samples })
    }

    /// The comparisons of a condition, from left to right.
    fn compare(&self, plan: &Plan, condition: &Expression, found: &mut Vec<Compared>) {
        match condition {
            Expression::Unary { operator: Unary::Not, operand } => self.compare(plan, operand, found),
            Expression::Binary { operator: Binary::And | Binary::Or, left, right } => {
                self.compare(plan, left, found);
                self.compare(plan, right, found);
            }
            Expression::Binary { operator, left, right } if is_comparison(*operator) => {
                let (quantity, operator, bound) = match (known(left), known(right)) {
                    (None, Some(bound)) => ((**left).clone(), *operator, bound),
                    (Some(bound), None) => ((**right).clone(), turned(*operator), bound),
                    _ => (Expression::binary(Binary::Subtract, (**left).clone(), (**right).clone()), *operator, 0.0),
                };
                found.push(Compared {
                    quantity: expression_text(plan, &quantity),
                    operator: operator.symbol(),
                    bound,
                    value: self.drawn(&quantity),
                });
            }
            // A truth value that was declared by itself: `let better = a < b`.
            Expression::Answer(answer) => {
                if let Some(synx_plan::answer::Question::Expression(inner)) =
                    plan.answers.get(answer.0).map(|answer| &answer.question)
                {
                    self.compare(plan, inner, found);
                }
            }
            _ => {}
        }
    }
}

/// The value of what reads no answer.
fn known(expression: &Expression) -> Option<f64> {
    if answers_in(expression).next().is_some() {
        return None;
    }
    evaluate(expression, &|_| None)
}

fn is_comparison(operator: Binary) -> bool {
    use Binary::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    matches!(operator, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual)
}

/// The comparison with its sides exchanged.
fn turned(operator: Binary) -> Binary {
    match operator {
        Binary::Less => Binary::Greater,
        Binary::LessOrEqual => Binary::GreaterOrEqual,
        Binary::Greater => Binary::Less,
        Binary::GreaterOrEqual => Binary::LessOrEqual,
        other => other,
    }
}
