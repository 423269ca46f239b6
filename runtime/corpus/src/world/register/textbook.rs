//! Textbook: chapters, each fact stated, restated and repeated in a summary, exercises with their solutions.

use super::super::pen::{Pen, Rules, Told};

pub(super) const RULES: &Rules = &[
    (
        "lead",
        &["First we [note|learn]", "Let us begin with the observation", "We now [observe|see]", "Next we [note|learn]"],
    ),
    (
        "reason",
        &[
            "This is [important|useful] because it lets us compare one {k} with another.",
            "We will [need|use] this again in [the next section|the exercises].",
            "It is worth learning this by heart.",
            "Many students forget this, so we say it once more.",
        ],
    ),
];

const STATED: &[&str] = &["<lead> that {s} {f}.", "<lead> that {r} {f}.", "The first thing to know is that {s} {f}."];
const RESTATED: &[&str] = &[
    "In other words, the {n} of {s} is {v}.",
    "We say that the {n} of {s} is {v}.",
    "Definition. The {n} of {s} is {v}.",
    "To repeat: the {n} of {s} is {v}.",
];
const RESTATED_EVENT: &[&str] = &["In other words, {s} {f}.", "The year to remember is {w}.", "To repeat: {s} {f}."];
const REASONS: &[&str] = &["<reason>", "Remember: {s} {f}."];

pub(super) fn write(pen: &mut Pen<'_>, facts: &[Told]) {
    let first = &facts[0];
    let chapter = pen.draws.between(1, 12);
    pen.put(&format!("Chapter {chapter}. "));
    pen.tell(&["{ks}", "An introduction to {ks}", "The study of {ks}"], first, "");
    let section = pen.draws.between(1, 9);
    pen.put(&format!("\n\nSection {chapter}.{section}. "));
    let start = pen.text.len();
    pen.put(&first.statement.name);
    pen.capitalise(start);
    pen.put("\n\n");
    let openings = &[
        "In this section we [study|look closely at] {s}.[ At the end you will know its main properties.|]",
        "This section is about {s}. We go through the facts one by one.",
        "Our next example of {ak} is {s}.",
    ];
    pen.tell(openings, first, &first.mention);
    for told in facts {
        pen.put("\n\n");
        pen.tell(STATED, told, &told.mention);
        pen.put(" ");
        pen.tell(if told.event { RESTATED_EVENT } else { RESTATED }, told, &told.mention);
        if pen.draws.chance(60) {
            pen.put(" ");
            pen.tell(REASONS, told, &told.mention);
        }
    }
    if pen.draws.chance(70) {
        pen.put("\n\nSummary\n");
        for told in facts {
            pen.put("- ");
            pen.tell(&["{s} {f}."], told, &told.mention);
            pen.put("\n");
        }
    } else {
        pen.put("\n");
    }
    let asked: Vec<&Told> = facts.iter().filter(|_| pen.draws.chance(60)).collect();
    if asked.is_empty() {
        return;
    }
    pen.put("\nExercises\n");
    for (number, told) in asked.iter().enumerate() {
        pen.put(&format!("{}. ", number + 1));
        pen.tell(&["{q}", "{q}", "Answer in one sentence: {q}"], told, &told.mention);
        pen.put("\n");
    }
    pen.put("\nSolutions\n");
    for (number, told) in asked.iter().enumerate() {
        pen.put(&format!("{}. ", number + 1));
        pen.tell(&["{s} {f}."], told, &told.mention);
        pen.put("\n");
    }
}
