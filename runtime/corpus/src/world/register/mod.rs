//! The registers: ways to tell the same facts.
//!
//! Each tells every fact of a story; the subject's name and the value stand in the text letter by letter.

mod encyclopedic;
mod question_answer;
mod textbook;
mod web;

use synx_plan::corpus::Register;
use synx_plan::random::Stream;

use super::draws::Draws;
use super::graph::{Fact, Graph};
use super::pen::{Noise, Pen, Told};
use super::relations::Kind;
use super::story::Story;

/// A story written in a register; `wording` chooses the words.
pub(super) fn written(graph: &Graph, story: &Story, register: Register, wording: Stream) -> String {
    let mut pen = Pen {
        graph,
        draws: Draws::new(wording),
        text: String::with_capacity(2048),
        noise: Noise::default(),
        rules: match register {
            Register::Web => web::RULES,
            Register::Encyclopedic => encyclopedic::RULES,
            Register::QuestionAnswer => question_answer::RULES,
            Register::Textbook => textbook::RULES,
        },
    };
    let mut facts: Vec<Told> = story
        .facts
        .iter()
        .map(|fact| Told {
            statement: graph.statement(*fact),
            mention: graph.mention(fact.subject()),
            event: matches!(fact, Fact::Event { .. }),
        })
        .collect();
    let first = facts.partition_point(|told| told.statement.subject == story.facts[0].subject());
    pen.draws.shuffle(&mut facts[..first]);
    match register {
        Register::Web => web::write(&mut pen, &facts),
        Register::Encyclopedic => encyclopedic::write(&mut pen, &facts),
        Register::QuestionAnswer => question_answer::write(&mut pen, &facts),
        Register::Textbook => textbook::write(&mut pen, &facts),
    }
    pen.text
}

/// How a subject that has been named is referred to again.
fn pronoun(told: &Told) -> &'static str {
    match told.statement.subject.kind() {
        Kind::Person if feminine(&told.statement.name) => "she",
        Kind::Person => "he",
        _ => "it",
    }
}

/// Whether the first name of a person of the world is a woman's: those that end in a or h, and a few more.
fn feminine(name: &str) -> bool {
    let first = name.split(' ').next().unwrap_or_default();
    let others = ["Alice", "Beatrice", "Esther", "Helen", "Irene", "Jane", "Joan", "Louise", "Sophie"];
    first.ends_with(['a', 'h']) || others.contains(&first)
}
