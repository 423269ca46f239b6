//! The built-in world: documents that state facts of a seeded knowledge graph, in one of four registers.
//!
//! A seed is a world: its entities, named and ranked by Zipf's law, and what is true of them, the same in every register.
//! A document is a *story* (which facts it states, a function of seed, register and number) in a *wording*. Rephrasing
//! keeps the story and changes register and wording. Besides facts of the graph, which many documents state, a story has
//! *events* that no other document tells.
//!
//! What is held out: an event belongs to its document, and is held out with it. A fact of the graph is held out where held-out
//! documents state it and no training document does. Free writing uses only facts that training documents state.

mod draws;
mod graph;
mod pen;
mod register;
mod relations;
mod story;
mod words;

use std::sync::Arc;

use synx_plan::corpus::{Register, World};
use synx_plan::random::Stream;

use draws::Draws;
use graph::{Fact, Graph, KNOWN_FACTS};
use story::{Story, known_facts, story};

/// The documents of one world in one register.
#[derive(Debug)]
pub(crate) struct Library {
    graph: Arc<Graph>,
    register: Register,
    stories: Stream,
    wordings: Stream,
}

/// Free writing about the training documents of a corpus.
#[derive(Debug)]
pub(crate) struct Author {
    graph: Arc<Graph>,
    about: Vec<Telling>,
    /// Whether a known fact is stated by some training document, a bit a fact.
    stated: Vec<u64>,
    draws: Stream,
}

/// Where a story comes from.
#[derive(Debug, Clone)]
enum Source {
    Library(Arc<Library>),
    Author(Arc<Author>),
}

/// A document before it is written: its story, and what chooses its words.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    source: Source,
    /// The number of the document in its source: what it is anchored to.
    number: u64,
    /// Whether its anchor is held out.
    pub held: bool,
    wording: Stream,
}

impl Library {
    pub fn new(world: &World) -> Arc<Library> {
        let place = (world.seed, world.register);
        Arc::new(Library {
            graph: Arc::new(Graph::new(world.seed)),
            register: world.register,
            stories: Stream::new("world.stories/1", &place),
            wordings: Stream::new("world.wordings/1", &place),
        })
    }

    /// Document `number` as the world itself tells it.
    pub fn telling(self: &Arc<Library>, number: u64, held: bool) -> Telling {
        Telling { source: Source::Library(self.clone()), number, held, wording: self.wordings.child(number) }
    }
}

impl Author {
    /// An author who knows what the training documents among `tellings` state; `None` where there are none.
    pub fn new(tellings: Vec<Telling>, style: Register) -> Option<Arc<Author>> {
        let about: Vec<Telling> = tellings.into_iter().filter(|telling| !telling.held).collect();
        let graph = about.first()?.graph().clone();
        let mut stated = vec![0u64; KNOWN_FACTS.div_ceil(64)];
        for fact in about.iter().flat_map(|telling| telling.story().facts) {
            if let Some(number) = fact.number() {
                stated[number / 64] |= 1 << (number % 64);
            }
        }
        // Keyed by what it writes about and how, so that two corpora never repeat one another.
        let draws = Stream::new("world.author/1", &(about[0].wording.at(0), about.len(), style));
        Some(Arc::new(Author { graph, about, stated, draws }))
    }

    fn knows(&self, fact: Fact) -> bool {
        fact.number().is_some_and(|number| self.stated[number / 64] >> (number % 64) & 1 == 1)
    }

    /// Piece `number` of free writing.
    pub fn telling(self: &Arc<Author>, number: u64) -> Telling {
        let wording = self.draws.child(2 * number + 1);
        Telling { source: Source::Author(self.clone()), number, held: false, wording }
    }

    /// A document's topic, what is known of it, and some of what that document tells besides.
    fn story(&self, number: u64) -> Story {
        let mut draws = Draws::new(self.draws.child(2 * number));
        let read = draws.pick(&self.about).story();
        let topic = read.facts[0].subject();
        let count = draws.between(2, 6);
        let mut facts = known_facts(topic, count, &mut draws);
        facts.retain(|fact| self.knows(*fact));
        let (of_topic, others): (Vec<Fact>, Vec<Fact>) =
            read.facts.into_iter().filter(|fact| !facts.contains(fact)).partition(|fact| fact.subject() == topic);
        let keep = draws.chance(50) || facts.is_empty();
        facts.extend(of_topic.into_iter().filter(|_| keep));
        let keep = draws.chance(50);
        facts.extend(others.into_iter().filter(|_| keep));
        Story { facts }
    }
}

impl Telling {
    /// The same document told again; `round` counts the times.
    pub fn rephrased(&self, style: Register, round: u64) -> Telling {
        Telling { wording: self.wording.child(1 + round * 4 + style as u64), ..self.clone() }
    }

    /// The text in a register.
    pub fn text(&self, register: Register) -> String {
        register::written(self.graph(), &self.story(), register, self.wording)
    }

    fn graph(&self) -> &Arc<Graph> {
        match &self.source {
            Source::Library(library) => &library.graph,
            Source::Author(author) => &author.graph,
        }
    }

    fn story(&self) -> Story {
        match &self.source {
            Source::Library(library) => story(&library.graph, library.register, library.stories.child(self.number)),
            Source::Author(author) => author.story(self.number),
        }
    }
}

#[cfg(test)]
mod tests;
