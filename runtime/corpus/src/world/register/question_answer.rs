//! Question and answer: a question for every fact, with a short or a full answer.

use super::super::pen::{Pen, Rules, Told};

pub(super) const RULES: &Rules = &[("thanks", &["Thank you.", "I see.", "Good to know.", "Thanks, that helps."])];

/// What stands before questions and answers, the same throughout a document.
const MARKS: [(&str, &str); 4] =
    [("Q: ", "A: "), ("Question: ", "Answer: "), ("User: ", "Assistant: "), ("Student: ", "Teacher: ")];

const YES: &[&str] = &["Yes, {s} {f}.", "Yes. {s} {f}.", "That is right: {s} {f}."];
const FULL: &[&str] = &["{s} {f}.", "{s} {f}."];
const SHORT_VALUE: &[&str] = &["The answer is {v}.", "It is {v}.", "That would be {v}.", "The {n} of {s} is {v}."];
const SHORT_YEAR: &[&str] = &["In {w}.", "That was in {w}.", "The answer is {w}.", "It happened in {w}."];

pub(super) fn write(pen: &mut Pen<'_>, facts: &[Told]) {
    let (question, answer) = *pen.draws.pick(&MARKS);
    for told in facts {
        pen.put(question);
        let form = pen.draws.below(100);
        if form < 15 {
            pen.tell(&["Is it true that {s} {f}?", "Would you say that {s} {f}?"], told, &told.mention);
            pen.put("\n");
            pen.put(answer);
            pen.tell(YES, told, &told.mention);
        } else if form < 30 {
            pen.tell(&["Which {k} {f}?", "Do you know {ak} that {f}?"], told, &told.mention);
            pen.put("\n");
            pen.put(answer);
            pen.tell(&["{s} {f}.", "That is {s}.", "The answer is {s}."], told, &told.mention);
        } else {
            pen.tell(&["{q}", "{q}", "Can you tell me: {q}"], told, &told.mention);
            pen.put("\n");
            pen.put(answer);
            let short = if told.event { SHORT_YEAR } else { SHORT_VALUE };
            // A year alone is enough: the person of an event stands in its question.
            let templates = if pen.draws.chance(50) { short } else { FULL };
            pen.tell(templates, told, &told.mention);
        }
        if pen.draws.chance(8) {
            pen.put("\n");
            pen.put(question);
            pen.any(&["<thanks>"]);
        }
        pen.put("\n\n");
    }
    pen.text.pop();
}
