//! What a document of the world states: a subject, facts about it, now and then about a neighbour, and events of its own.

use synx_plan::corpus::Register;
use synx_plan::random::Stream;

use super::draws::Draws;
use super::graph::{ENTITIES_PER_KIND, Entity, Fact, Graph};
use super::relations::{EVENTS, Kind, RELATIONS};

/// The facts of a document, those of one subject together; the first subject is what the document is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    pub facts: Vec<Fact>,
}

/// How often the kinds are written about, in a hundred.
const KIND_WEIGHTS: [(Kind, u64); 8] = [
    (Kind::Person, 22),
    (Kind::Town, 18),
    (Kind::Company, 12),
    (Kind::Mountain, 12),
    (Kind::Animal, 11),
    (Kind::Lake, 9),
    (Kind::Book, 9),
    (Kind::Plant, 7),
];

/// The few topics that textbooks are about: nature, and of it only what is best known.
const TEXTBOOK_KINDS: [Kind; 4] = [Kind::Mountain, Kind::Animal, Kind::Plant, Kind::Lake];
const TEXTBOOK_RANKS: u64 = 24;

/// The story of a document of a world in a register. What is told depends on the register too: the web has a long tail,
/// textbooks narrow topics.
pub(super) fn story(graph: &Graph, register: Register, stream: Stream) -> Story {
    let mut draws = Draws::new(stream);
    let subject = subject(graph, register, &mut draws);
    let (known, events, neighbour) = match register {
        Register::Web => (draws.between(2, 4), draws.below(2), 25),
        Register::Encyclopedic => (draws.between(4, 7), draws.between(1, 2), 40),
        Register::QuestionAnswer => (draws.between(2, 4), draws.below(2), 30),
        Register::Textbook => (draws.between(3, 5), draws.below(2), 40),
    };
    let mut story = Story { facts: known_facts(subject, known, &mut draws) };
    for _ in 0..events {
        let event = draws.below(EVENTS as u64) as u8;
        story.facts.push(Fact::Event { subject, event, number: draws.bits() });
    }
    if draws.chance(neighbour)
        && let Some(neighbour) = story.facts.iter().find_map(|fact| graph.object(*fact)).filter(|n| *n != subject)
    {
        let known = draws.between(1, 2);
        story.facts.extend(known_facts(neighbour, known, &mut draws));
    }
    story
}

fn subject(graph: &Graph, register: Register, draws: &mut Draws) -> Entity {
    if register == Register::Textbook {
        return Entity::new(*draws.pick(&TEXTBOOK_KINDS), draws.below(TEXTBOOK_RANKS) as u32);
    }
    let mut at = draws.below(100);
    let mut kind = Kind::Person;
    for (candidate, weight) in KIND_WEIGHTS {
        if at < weight {
            kind = candidate;
            break;
        }
        at -= weight;
    }
    if register == Register::Web && draws.chance(40) {
        Entity::new(kind, draws.below(u64::from(ENTITIES_PER_KIND)) as u32)
    } else {
        graph.draw(kind, draws)
    }
}

/// `count` different facts of the graph about a subject, by Zipf's law over the relations of its kind.
pub(super) fn known_facts(subject: Entity, count: u64, draws: &mut Draws) -> Vec<Fact> {
    let mut left: Vec<u8> = (0..RELATIONS as u8).collect();
    let mut facts = Vec::new();
    for _ in 0..count.min(RELATIONS as u64) {
        // 840 is a multiple of 1..=8: the weights 1 / (place + 1) as integers.
        let total: u64 = left.iter().map(|place| 840 / (u64::from(*place) + 1)).sum();
        let mut at = draws.below(total);
        let chosen = left
            .iter()
            .position(|place| {
                let weight = 840 / (u64::from(*place) + 1);
                let here = at < weight;
                at = at.saturating_sub(weight);
                here
            })
            .unwrap_or(0);
        facts.push(Fact::Known { subject, relation: left.remove(chosen) });
    }
    facts
}
