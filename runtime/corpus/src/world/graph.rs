//! The knowledge graph of a world: entities with their names, and what is true of them.

use synx_plan::random::Stream;

use super::draws::Draws;
use super::relations::{EVENTS, KINDS, Kind, RELATIONS, Relation, Values};
use super::words;

/// Entities of each kind. Arbitrary: the head is learned by tiny models in a million tokens, the tail is not.
pub(super) const ENTITIES_PER_KIND: u32 = 512;

/// Entities of a world.
pub(super) const ENTITIES: u32 = ENTITIES_PER_KIND * KINDS.len() as u32;

/// An entity by its number: kind first, then rank (0 is met most often).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Entity(pub u32);

impl Entity {
    pub fn new(kind: Kind, rank: u32) -> Entity {
        Entity(kind as u32 * ENTITIES_PER_KIND + rank)
    }

    pub fn kind(self) -> Kind {
        KINDS[(self.0 / ENTITIES_PER_KIND) as usize]
    }

    fn rank(self) -> u32 {
        self.0 % ENTITIES_PER_KIND
    }
}

/// A fact that a document may state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Fact {
    /// What the graph says: the subject and the place of the relation in its kind's list. Any document may state it.
    Known { subject: Entity, relation: u8 },
    /// What one document alone says: the subject, the kind of event, and the number that person and year are drawn by.
    Event { subject: Entity, event: u8, number: u64 },
}

impl Fact {
    pub fn subject(self) -> Entity {
        match self {
            Fact::Known { subject, .. } | Fact::Event { subject, .. } => subject,
        }
    }

    /// The number of a known fact among those of the graph, below [`KNOWN_FACTS`]; `None` for an event.
    pub fn number(self) -> Option<usize> {
        match self {
            Fact::Known { subject, relation } => Some(subject.0 as usize * RELATIONS + usize::from(relation)),
            Fact::Event { .. } => None,
        }
    }
}

/// How many facts the graph itself holds.
pub(super) const KNOWN_FACTS: usize = ENTITIES as usize * RELATIONS;

/// A fact in words: names and values as they stand in every text that states it.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub subject: Entity,
    pub relation: &'static Relation,
    /// The subject's name.
    pub name: String,
    /// The value as it stands in running text, with its article where it has one.
    pub value: String,
    /// The year of an event.
    pub year: Option<String>,
}

/// The entities of a seed and what is true of them. Worlds of one seed share it, in every register.
#[derive(Debug)]
pub(super) struct Graph {
    names: Vec<String>,
    truth: Stream,
    ranks: Vec<u64>,
}

impl Graph {
    pub fn new(seed: u64) -> Graph {
        let stream = Stream::new("world.graph/1", &seed);
        let names = (0..ENTITIES).map(|number| name(Entity(number), stream.child(0))).collect();
        // Zipf: weight 1 / (rank + 1), as integers, so that the same ranks are drawn everywhere.
        let weight = |rank: u64| (1u64 << 40) / (rank + 1);
        let ranks = (0..u64::from(ENTITIES_PER_KIND)).scan(0, |sum, rank| {
            *sum += weight(rank);
            Some(*sum)
        });
        Graph { names, truth: stream.child(1), ranks: ranks.collect() }
    }

    pub fn name(&self, entity: Entity) -> &str {
        &self.names[entity.0 as usize]
    }

    /// The name as it stands in running text: "the marsh otter".
    pub fn mention(&self, entity: Entity) -> String {
        format!("{}{}", entity.kind().article(), self.name(entity))
    }

    /// An entity of a kind, by Zipf's law.
    pub fn draw(&self, kind: Kind, draws: &mut Draws) -> Entity {
        let total = self.ranks[self.ranks.len() - 1];
        let at = draws.below(total);
        Entity::new(kind, self.ranks.partition_point(|sum| *sum <= at) as u32)
    }

    /// The entity that is the value of a known fact; `None` where the value is a number or a word.
    pub fn object(&self, fact: Fact) -> Option<Entity> {
        let Fact::Known { subject, relation } = fact else { return None };
        match subject.kind().relations()[usize::from(relation)].values {
            Values::Entity(kind) => Some(self.value_entity(subject, kind, &mut self.truth_of(subject, relation))),
            Values::Number { .. } | Values::Word(_) => None,
        }
    }

    fn truth_of(&self, subject: Entity, relation: u8) -> Draws {
        Draws::new(self.truth.child(u64::from(subject.0) << 8 | u64::from(relation)))
    }

    fn value_entity(&self, subject: Entity, kind: Kind, draws: &mut Draws) -> Entity {
        let value = self.draw(kind, draws);
        // Nobody is their own spouse or rival.
        if value == subject { Entity::new(kind, (value.rank() + 1) % ENTITIES_PER_KIND) } else { value }
    }

    /// A fact in words.
    pub fn statement(&self, fact: Fact) -> Statement {
        let subject = fact.subject();
        let (relation, mut draws, has_year) = match fact {
            Fact::Known { relation, .. } => {
                (&subject.kind().relations()[usize::from(relation)], self.truth_of(subject, relation), false)
            }
            Fact::Event { event, number, .. } => (
                &subject.kind().events()[usize::from(event) % EVENTS],
                Draws::new(self.truth.child(1 << 63).child(number)),
                true,
            ),
        };
        let value = match relation.values {
            Values::Entity(kind) => self.mention(self.value_entity(subject, kind, &mut draws)),
            Values::Number { lowest, step, count, unit } => {
                format!("{}{unit}", lowest + step * draws.below(u64::from(count)) as u32)
            }
            Values::Word(words) => (*draws.pick(words)).to_owned(),
        };
        let year = has_year.then(|| (1700 + draws.below(320)).to_string());
        Statement { subject, relation, name: self.name(subject).to_owned(), value, year }
    }
}

/// The name of an entity: no two of a kind share one, because a permutation numbers the ways to combine the parts.
fn name(entity: Entity, stream: Stream) -> String {
    let kind = entity.kind();
    let stream = stream.child(kind as u64);
    let pair = |heads: &[&'static str], tails: &[&'static str]| {
        let number = stream.permutation((heads.len() * tails.len()) as u64, u64::from(entity.rank())) as usize;
        (heads[number / tails.len()], tails[number % tails.len()])
    };
    let joined = |(head, tail)| format!("{head}{tail}");
    let apart = |(first, second)| format!("{first} {second}");
    match kind {
        Kind::Person => {
            let first = Draws::new(stream.child(u64::from(entity.rank()))).pick(&words::FIRST_NAMES).to_owned();
            format!("{first} {}", joined(pair(&words::HEADS, &words::FAMILY_TAILS)))
        }
        Kind::Town => joined(pair(&words::HEADS, &words::TOWN_TAILS)),
        Kind::Lake => format!("Lake {}", joined(pair(&words::HEADS, &words::WATER_TAILS))),
        Kind::Mountain => format!("Mount {}", joined(pair(&words::HEADS, &words::PEAK_TAILS))),
        Kind::Company => apart(pair(&words::HEADS, &words::COMPANY_TAILS)),
        Kind::Animal => apart(pair(&words::CREATURE_ADJECTIVES, &words::ANIMALS)),
        Kind::Plant => apart(pair(&words::CREATURE_ADJECTIVES, &words::PLANTS)),
        Kind::Book => format!("The {}", apart(pair(&words::TITLE_ADJECTIVES, &words::TITLE_NOUNS))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique() {
        for seed in 0..3 {
            let names: BTreeSet<String> = Graph::new(seed).names.into_iter().collect();
            assert_eq!(names.len(), ENTITIES as usize);
        }
    }

    #[test]
    fn low_ranks_are_drawn_more_often_as_zipf_says() {
        let graph = Graph::new(1);
        let mut draws = Draws::new(Stream::new("test/1", &1));
        let mut counts = vec![0u32; ENTITIES_PER_KIND as usize];
        for _ in 0..100_000 {
            counts[graph.draw(Kind::Person, &mut draws).rank() as usize] += 1;
        }
        let harmonic: f64 = (1..=ENTITIES_PER_KIND).map(|r| 1.0 / f64::from(r)).sum();
        for rank in [0, 1, 9, 99] {
            let expected = 100_000.0 / harmonic / f64::from(rank as u32 + 1);
            assert!((f64::from(counts[rank]) - expected).abs() < 5.0 * expected.sqrt() + 1.0, "{rank}");
        }
    }

    #[test]
    fn what_is_true_depends_on_the_seed_alone() {
        let value = |seed| Graph::new(seed).statement(Fact::Known { subject: Entity(700), relation: 0 }).value;
        assert_eq!(value(1), value(1));
        assert!((0..5).any(|seed| value(seed) != value(1)));
    }
}
