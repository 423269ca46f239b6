//! What can be said in the built-in world: kinds of entities, their relations, and the phrases that state them.
//!
//! A phrase goes on from its subject; `{v}` is the value and `{w}` a second one. `[a|b]` is a choice of the
//! [grammar](super::grammar). Nothing here may start a sentence with `{v}`: values keep their letters.

use super::words;

/// A kind of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Person,
    Town,
    Lake,
    Mountain,
    Company,
    Animal,
    Plant,
    Book,
}

pub(super) const KINDS: [Kind; 8] =
    [Kind::Person, Kind::Town, Kind::Lake, Kind::Mountain, Kind::Company, Kind::Animal, Kind::Plant, Kind::Book];

/// What the object of a relation is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Values {
    Entity(Kind),
    /// `lowest + step · (0..count)`, before a unit (with its space) or nothing.
    Number {
        lowest: u32,
        step: u32,
        count: u32,
        unit: &'static str,
    },
    Word(&'static [&'static str]),
}

/// Something that can be stated of an entity.
#[derive(Debug)]
pub(super) struct Relation {
    /// A noun for the value, as in "the height of Mount Dunhorn"; for an event, of what happened.
    pub noun: &'static str,
    pub values: Values,
    /// Goes on from the subject: "is {v} high".
    pub phrases: &'static [&'static str],
    /// Asks for the value (of an event: for its year). `{s}` is the subject.
    pub questions: &'static [&'static str],
}

const YEARS: Values = Values::Number { lowest: 1650, step: 1, count: 330, unit: "" };

const fn number(lowest: u32, step: u32, count: u32, unit: &'static str) -> Values {
    Values::Number { lowest, step, count, unit }
}

macro_rules! relation {
    ($noun:literal, $values:expr, [$($phrase:literal),+], [$($question:literal),+]) => {
        Relation { noun: $noun, values: $values, phrases: &[$($phrase),+], questions: &[$($question),+] }
    };
}

/// How many relations each kind has.
pub(super) const RELATIONS: usize = 8;

/// How many kinds of events each kind has.
pub(super) const EVENTS: usize = 3;

impl Kind {
    /// The word for one of the kind, and words that may stand before it.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::Town => "town",
            Kind::Lake => "lake",
            Kind::Mountain => "mountain",
            Kind::Company => "company",
            Kind::Animal => "animal",
            Kind::Plant => "plant",
            Kind::Book => "novel",
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            Kind::Person => "people",
            Kind::Town => "towns",
            Kind::Lake => "lakes",
            Kind::Mountain => "mountains",
            Kind::Company => "companies",
            Kind::Animal => "wild animals",
            Kind::Plant => "wild plants",
            Kind::Book => "novels",
        }
    }

    /// What stands before a name of the kind in running text.
    pub fn article(self) -> &'static str {
        match self {
            Kind::Animal | Kind::Plant => "the ",
            _ => "",
        }
    }

    /// Most often stated first.
    pub fn relations(self) -> &'static [Relation; RELATIONS] {
        match self {
            Kind::Person => &PERSON,
            Kind::Town => &TOWN,
            Kind::Lake => &LAKE,
            Kind::Mountain => &MOUNTAIN,
            Kind::Company => &COMPANY,
            Kind::Animal => &ANIMAL,
            Kind::Plant => &PLANT,
            Kind::Book => &BOOK,
        }
    }

    /// What happens to one of the kind: `{v}` is a person, `{w}` a year.
    pub fn events(self) -> &'static [Relation; EVENTS] {
        match self {
            Kind::Person => &MEETINGS,
            Kind::Town | Kind::Company => &VISITS,
            Kind::Lake | Kind::Mountain => &JOURNEYS,
            Kind::Animal | Kind::Plant => &STUDIES,
            Kind::Book => &READINGS,
        }
    }
}

static PERSON: [Relation; RELATIONS] = [
    relation!(
        "profession",
        Values::Word(&words::PROFESSIONS),
        ["worked as a {v}", "was a {v}[| by trade| by training]", "made a living as a {v}"],
        ["What was the profession of {s}?", "What did {s} do for a living?"]
    ),
    relation!(
        "birthplace",
        Values::Entity(Kind::Town),
        ["was born in {v}", "came from {v}", "was [a native|a child] of {v}"],
        ["Where was {s} born?", "Which town did {s} come from?"]
    ),
    relation!(
        "year of birth",
        YEARS,
        ["was born in the year {v}", "came into the world in {v}"],
        ["In which year was {s} born?", "When was {s} born?"]
    ),
    relation!(
        "employer",
        Values::Entity(Kind::Company),
        ["worked for {v}", "was employed by {v}", "spent [many|thirty|the best] years at {v}"],
        ["Who employed {s}?", "Which company did {s} work for?"]
    ),
    relation!(
        "spouse",
        Values::Entity(Kind::Person),
        ["was married to {v}", "married {v}"],
        ["Who was the spouse of {s}?", "Whom did {s} marry?"]
    ),
    relation!(
        "instrument",
        Values::Word(&words::MUSIC),
        ["played the {v}", "was [known|admired] for playing the {v}"],
        ["Which instrument did {s} play?"]
    ),
    relation!(
        "second language",
        Values::Word(&words::LANGUAGES),
        ["spoke {v}", "had learned {v}[| as a child| at school]"],
        ["Which language had {s} learned?"]
    ),
    relation!("height", number(150, 1, 45, " centimetres"), ["was {v} tall", "measured {v}"], ["How tall was {s}?"]),
];

static TOWN: [Relation; RELATIONS] = [
    relation!(
        "population",
        number(800, 100, 600, " inhabitants"),
        ["has {v}", "is home to {v}", "counts {v}"],
        ["How many people live in {s}?", "What is the population of {s}?"]
    ),
    relation!(
        "main product",
        Values::Word(&words::GOODS),
        ["is known for its {v}", "[lives|used to live] by making {v}", "produces {v}"],
        ["What is {s} known for?", "What does {s} produce?"]
    ),
    relation!(
        "lake",
        Values::Entity(Kind::Lake),
        ["lies on {v}", "stands on the shore of {v}"],
        ["On which lake does {s} lie?", "Which lake is next to {s}?"]
    ),
    relation!(
        "year of foundation",
        YEARS,
        ["was founded in {v}", "dates from {v}"],
        ["When was {s} founded?", "In which year was {s} founded?"]
    ),
    relation!(
        "mayor",
        Values::Entity(Kind::Person),
        ["is governed by {v}", "has elected {v} as its mayor"],
        ["Who is the mayor of {s}?", "Who governs {s}?"]
    ),
    relation!(
        "mountain",
        Values::Entity(Kind::Mountain),
        ["lies at the foot of {v}", "looks up to {v}"],
        ["Which mountain rises above {s}?"]
    ),
    relation!(
        "colour",
        Values::Word(&words::COLOURS),
        ["has a {v} flag", "flies a {v} flag"],
        ["What is the colour of the flag of {s}?"]
    ),
    relation!(
        "number of bridges",
        number(2, 1, 60, " bridges"),
        ["has {v}", "is crossed by {v}"],
        ["How many bridges does {s} have?"]
    ),
];

static LAKE: [Relation; RELATIONS] = [
    relation!(
        "depth",
        number(12, 4, 120, " metres"),
        ["is {v} deep", "reaches a depth of {v}"],
        ["How deep is {s}?", "What is the depth of {s}?"]
    ),
    relation!(
        "area",
        number(3, 1, 300, " square kilometres"),
        ["covers {v}", "has an area of {v}"],
        ["How large is {s}?", "What is the area of {s}?"]
    ),
    relation!(
        "mountain",
        Values::Entity(Kind::Mountain),
        ["lies below {v}", "is fed by the streams of {v}"],
        ["Which mountain feeds {s}?", "Below which mountain does {s} lie?"]
    ),
    relation!(
        "best known animal",
        Values::Entity(Kind::Animal),
        ["is home to {v}", "is known for {v}"],
        ["Which animal is {s} known for?", "What lives at {s}?"]
    ),
    relation!(
        "colour",
        Values::Word(&words::COLOURS),
        ["has {v} water", "looks {v} in [the sun|summer|the evening]"],
        ["What is the colour of {s}?"]
    ),
    relation!(
        "first month of ice",
        Values::Word(&words::MONTHS),
        ["freezes in {v}", "is covered with ice from {v} on"],
        ["In which month does {s} freeze?"]
    ),
    relation!(
        "mapmaker",
        Values::Entity(Kind::Person),
        ["was first mapped by {v}", "was put on the map by {v}"],
        ["Who first mapped {s}?"]
    ),
    relation!(
        "harbour",
        Values::Entity(Kind::Town),
        ["has its only harbour at {v}", "is crossed by a ferry from {v}"],
        ["Where is the harbour of {s}?"]
    ),
];

static MOUNTAIN: [Relation; RELATIONS] = [
    relation!(
        "height",
        number(900, 7, 500, " metres"),
        ["is {v} high", "rises to {v}", "reaches {v}"],
        ["How high is {s}?", "What is the height of {s}?"]
    ),
    relation!(
        "rock",
        Values::Word(&words::ROCKS),
        ["is made of {v}", "consists of {v}"],
        ["What is {s} made of?", "Which rock does {s} consist of?"]
    ),
    relation!(
        "first climber",
        Values::Entity(Kind::Person),
        ["was first climbed by {v}", "was conquered by {v}"],
        ["Who first climbed {s}?", "Who was first on the summit of {s}?"]
    ),
    relation!(
        "year of the first ascent",
        YEARS,
        ["was first climbed in {v}", "saw its first ascent in {v}"],
        ["When was {s} first climbed?"]
    ),
    relation!(
        "nearest town",
        Values::Entity(Kind::Town),
        ["is best reached from {v}", "rises above {v}"],
        ["From which town is {s} best reached?"]
    ),
    relation!(
        "best known plant",
        Values::Entity(Kind::Plant),
        ["is covered with {v}", "is the home of {v}"],
        ["Which plant grows on {s}?"]
    ),
    relation!(
        "number of huts",
        number(2, 1, 30, " huts"),
        ["offers {v} to climbers", "has {v}"],
        ["How many huts are there on {s}?"]
    ),
    relation!(
        "best month",
        Values::Word(&words::MONTHS),
        ["is best climbed in {v}", "is free of snow only in {v}"],
        ["In which month is {s} best climbed?"]
    ),
];

static COMPANY: [Relation; RELATIONS] = [
    relation!(
        "main product",
        Values::Word(&words::GOODS),
        ["makes {v}", "is a maker of {v}", "sells {v}"],
        ["What does {s} make?", "What does {s} sell?"]
    ),
    relation!(
        "seat",
        Values::Entity(Kind::Town),
        ["has its seat in {v}", "is based in {v}"],
        ["Where is {s} based?", "In which town does {s} have its seat?"]
    ),
    relation!(
        "founder",
        Values::Entity(Kind::Person),
        ["was founded by {v}", "was started by {v}"],
        ["Who founded {s}?", "Who was the founder of {s}?"]
    ),
    relation!(
        "year of foundation",
        YEARS,
        ["was founded in {v}", "opened its doors in {v}"],
        ["When was {s} founded?"]
    ),
    relation!(
        "number of workers",
        number(20, 10, 700, " workers"),
        ["employs {v}", "has {v}"],
        ["How many people work for {s}?"]
    ),
    relation!(
        "rival",
        Values::Entity(Kind::Company),
        ["competes with {v}", "is the rival of {v}"],
        ["Which company is the rival of {s}?"]
    ),
    relation!(
        "colour",
        Values::Word(&words::COLOURS),
        ["paints its factories {v}", "uses a {v} sign"],
        ["What is the colour of {s}?"]
    ),
    relation!(
        "number of branches",
        number(2, 1, 90, " branches"),
        ["runs {v}", "has opened {v}"],
        ["How many branches does {s} have?"]
    ),
];

static ANIMAL: [Relation; RELATIONS] = [
    relation!(
        "food",
        Values::Entity(Kind::Plant),
        ["feeds on {v}", "eats {v}", "lives on {v}"],
        ["What does {s} eat?", "What is the food of {s}?"]
    ),
    relation!(
        "habitat",
        Values::Word(&words::HABITATS),
        ["lives in {v}", "is found in {v}"],
        ["Where does {s} live?", "What is the habitat of {s}?"]
    ),
    relation!(
        "weight",
        number(15, 15, 400, " grams"),
        ["weighs {v}", "reaches a weight of {v}"],
        ["How much does {s} weigh?", "What is the weight of {s}?"]
    ),
    relation!(
        "lifespan",
        number(2, 1, 40, " years"),
        ["lives for {v}", "can live for {v}"],
        ["How long does {s} live?"]
    ),
    relation!(
        "discoverer",
        Values::Entity(Kind::Person),
        ["was first described by {v}", "was discovered by {v}"],
        ["Who first described {s}?", "Who discovered {s}?"]
    ),
    relation!(
        "colour",
        Values::Word(&words::COLOURS),
        ["has {v} eyes", "is known by its {v} eyes"],
        ["What is the colour of the eyes of {s}?"]
    ),
    relation!(
        "number of young",
        number(2, 1, 30, " young"),
        ["has {v} at a time", "raises {v} in a year"],
        ["How many young does {s} have?"]
    ),
    relation!(
        "month of birth",
        Values::Word(&words::MONTHS),
        ["has its young in {v}", "is born in {v}"],
        ["In which month does {s} have its young?"]
    ),
];

static PLANT: [Relation; RELATIONS] = [
    relation!(
        "colour",
        Values::Word(&words::COLOURS),
        ["has {v} flowers", "bears {v} flowers"],
        ["What colour are the flowers of {s}?", "What is the colour of {s}?"]
    ),
    relation!(
        "month of flowering",
        Values::Word(&words::MONTHS),
        ["flowers in {v}", "is in flower in {v}"],
        ["When does {s} flower?", "In which month does {s} flower?"]
    ),
    relation!(
        "height",
        number(5, 3, 120, " centimetres"),
        ["grows to {v}", "reaches a height of {v}"],
        ["How high does {s} grow?", "What is the height of {s}?"]
    ),
    relation!(
        "use",
        Values::Word(&words::AILMENTS),
        ["is used against {v}", "helps against {v}"],
        ["What is {s} used against?", "What does {s} help against?"]
    ),
    relation!("habitat", Values::Word(&words::HABITATS), ["grows in {v}", "is found in {v}"], ["Where does {s} grow?"]),
    relation!(
        "pollinator",
        Values::Entity(Kind::Animal),
        ["is pollinated by {v}", "is visited by {v}"],
        ["What pollinates {s}?"]
    ),
    relation!(
        "discoverer",
        Values::Entity(Kind::Person),
        ["was first described by {v}", "was named by {v}"],
        ["Who first described {s}?"]
    ),
    relation!(
        "number of petals",
        number(3, 1, 20, " petals"),
        ["has {v}", "has flowers with {v}"],
        ["How many petals does {s} have?"]
    ),
];

static BOOK: [Relation; RELATIONS] = [
    relation!(
        "author",
        Values::Entity(Kind::Person),
        ["was written by {v}", "is a work of {v}", "is by {v}"],
        ["Who wrote {s}?", "Who is the author of {s}?"]
    ),
    relation!(
        "subject",
        Values::Word(&words::SUBJECTS),
        ["is about {v}", "tells of {v}"],
        ["What is {s} about?", "What is the subject of {s}?"]
    ),
    relation!(
        "year of publication",
        YEARS,
        ["was published in {v}", "came out in {v}", "appeared in {v}"],
        ["When was {s} published?", "In which year did {s} come out?"]
    ),
    relation!(
        "publisher",
        Values::Entity(Kind::Company),
        ["was published by {v}", "was printed by {v}"],
        ["Who published {s}?"]
    ),
    relation!(
        "place",
        Values::Entity(Kind::Town),
        ["is set in {v}", "takes place in {v}"],
        ["Where is {s} set?", "In which town does {s} take place?"]
    ),
    relation!(
        "length",
        number(80, 8, 120, " pages"),
        ["has {v}", "runs to {v}"],
        ["How long is {s}?", "How many pages does {s} have?"]
    ),
    relation!(
        "language",
        Values::Word(&words::LANGUAGES),
        ["was first written in {v}", "was translated from {v}"],
        ["In which language was {s} first written?"]
    ),
    relation!(
        "number of editions",
        number(2, 1, 50, " editions"),
        ["has gone through {v}", "has seen {v}"],
        ["How many editions has {s} seen?"]
    ),
];

macro_rules! event {
    ($noun:literal, [$($phrase:literal),+], [$($question:literal),+]) => {
        relation!($noun, Values::Entity(Kind::Person), [$($phrase),+], [$($question),+])
    };
}

static MEETINGS: [Relation; EVENTS] = [
    event!("meeting with {v}", ["met {v} in {w}", "made friends with {v} in {w}"], ["When did {s} meet {v}?"]),
    event!(
        "debt to {v}",
        ["borrowed money from {v} in {w}", "lost a bet to {v} in {w}"],
        ["When did {s} owe money to {v}?"]
    ),
    event!(
        "letter to {v}",
        ["wrote a long letter to {v} in {w}", "sent a letter to {v} in {w}"],
        ["When did {s} write to {v}?"]
    ),
];

static VISITS: [Relation; EVENTS] = [
    event!("visit by {v}", ["was visited by {v} in {w}", "welcomed {v} in {w}"], ["When did {v} visit {s}?"]),
    event!(
        "quarrel with {v}",
        ["went to court against {v} in {w}", "quarrelled with {v} in {w}"],
        ["When did {s} quarrel with {v}?"]
    ),
    event!("prize for {v}", ["gave a prize to {v} in {w}", "honoured {v} in {w}"], ["When did {s} honour {v}?"]),
];

static JOURNEYS: [Relation; EVENTS] = [
    event!("painting by {v}", ["was painted by {v} in {w}", "was drawn by {v} in {w}"], ["When did {v} paint {s}?"]),
    event!(
        "survey by {v}",
        ["was measured again by {v} in {w}", "was surveyed by {v} in {w}"],
        ["When did {v} survey {s}?"]
    ),
    event!(
        "crossing by {v}",
        ["was crossed by {v} in {w}", "was crossed on foot by {v} in {w}"],
        ["When did {v} cross {s}?"]
    ),
];

static STUDIES: [Relation; EVENTS] = [
    event!("study by {v}", ["was studied by {v} in {w}", "was observed by {v} in {w}"], ["When did {v} study {s}?"]),
    event!("drawing by {v}", ["was drawn by {v} in {w}", "was painted by {v} in {w}"], ["When did {v} draw {s}?"]),
    event!(
        "specimen of {v}",
        ["was collected by {v} in {w}", "was shown in the museum by {v} in {w}"],
        ["When did {v} collect {s}?"]
    ),
];

static READINGS: [Relation; EVENTS] = [
    event!("review by {v}", ["was reviewed by {v} in {w}", "was praised by {v} in {w}"], ["When did {v} review {s}?"]),
    event!(
        "translation by {v}",
        ["was translated by {v} in {w}", "was brought into English by {v} in {w}"],
        ["When did {v} translate {s}?"]
    ),
    event!(
        "play by {v}",
        ["was put on the stage by {v} in {w}", "was made into a play by {v} in {w}"],
        ["When did {v} put {s} on the stage?"]
    ),
];
