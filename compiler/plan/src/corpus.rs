//! Corpora: where text comes from and what is done to it.

use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::grid::CellId;
use crate::key::Key;
use crate::problem::Origin;

/// The place of a corpus in its plan's list. Inputs always stand before what is made from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CorpusId(pub usize);

/// A corpus of the study as declared: what it is, and what it is called (which no key depends on).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corpus {
    /// The name in results and messages, with its arguments where it was declared with parameters: `hq(medium)`.
    pub name: String,
    pub content: Content,
    /// The part of the documents that is held out, as the corpus or the corpus it is anchored to declares it.
    pub heldout: Option<Exact>,
    pub origin: Option<Origin>,
}

impl Corpus {
    /// The corpora that this one is made from.
    pub fn inputs(&self) -> Vec<CorpusId> {
        match &self.content {
            Content::Files(_) | Content::World(_) | Content::Process(_) | Content::Sampled { .. } => Vec::new(),
            Content::Take { of, .. } | Content::Rephrase { of, .. } => vec![*of],
            Content::Write { about, .. } => vec![*about],
        }
    }
}

/// What a corpus holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Text files of the user.
    Files(Files),
    /// Documents of the built-in world.
    World(World),
    /// Symbols of a random process with a known entropy rate.
    Process(Process),
    /// The documents of `of`, in their order, until `tokens` tokens are reached (the last document is whole): smaller takes are prefixes of larger ones.
    Take { of: CorpusId, tokens: u64 },
    /// Every document of `of` told again in another register, with the same facts. `of` must come from the built-in world for the built-in generator.
    /// With `tokens`, documents are rephrased again (each time another wording) until that many tokens are there, or cut after them.
    Rephrase { of: CorpusId, style: Register, generator: Generator, tokens: Option<u64> },
    /// Free text of the generator about the facts of a corpus of the built-in world (only those that are not held out), anchored to no document.
    Write { about: CorpusId, style: Register, generator: Generator, tokens: u64 },
    /// Text that the model of a cell writes at the end of its run.
    Sampled { cell: CellId, tokens: u64 },
}

/// Text files: globs of paths beside the study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Paths or globs as written, relative to the study's folder; matches are taken in sorted order.
    pub patterns: Vec<String>,
    /// The field that holds the text, nested by dots (`meta.text`); needed for jsonl, refused for txt.
    pub text: Option<String>,
    /// How a txt file is cut into documents.
    pub split: Split,
}

/// How a plain text file is cut into documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The whole file is one document.
    #[default]
    File,
    /// Blocks between blank lines.
    Paragraphs,
    /// Lines that are not blank.
    Lines,
}

/// The way that a text of the built-in world is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Register {
    /// Noise, boilerplate, typos, a long tail of entities.
    Web,
    Encyclopedic,
    QuestionAnswer,
    /// Narrow topics, repetitive exposition.
    Textbook,
}

/// What writes synthetic text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generator {
    /// The built-in renderer of the built-in world.
    Builtin,
}

/// A procedural source: documents state facts drawn from a seeded knowledge graph with Zipf-distributed entities and relations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    pub register: Register,
    pub documents: u64,
    pub seed: u64,
}

/// A random process over the symbols `0..symbols` with an entropy rate in closed form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    pub kind: ProcessKind,
    /// How many symbols, 2 to 255; each is one token.
    pub symbols: u64,
    /// How many tokens, held-out part included.
    pub tokens: u64,
    pub seed: u64,
}

/// Kinds of processes; all stationary, started in their stationary distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessKind {
    /// A chain of the given order whose rows are drawn from a symmetric Dirichlet of strength `concentration`.
    Markov { order: u64, concentration: Exact },
    /// A unifilar hidden Markov model: the next state is a function of state and symbol, so the entropy rate is closed.
    Hmm { states: u64, concentration: Exact },
    /// Independent draws with probability proportional to 1 / rank^exponent.
    Zipf { exponent: Exact },
}

/// What the last scan of a corpus found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorpusFacts {
    /// Hash of the source's bytes; for what is made by rule, of nothing.
    pub bytes_hash: Option<Key>,
    pub training: PartFacts,
    pub heldout: PartFacts,
}

/// One part (training or held out) of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartFacts {
    pub documents: u64,
    /// Tokens under the study's tokenizer, document ends included.
    pub tokens: u64,
    /// Bytes of text, without document ends.
    pub bytes: u64,
}

/// Which documents of a corpus are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What may be trained on: everything that is not held out.
    Training,
    Heldout,
    /// Everything: the corpus as an evaluation domain that is not trained on and holds nothing out.
    All,
}

/// The key of a corpus: its content with the keys of its inputs in place of their numbers, the bytes of its files in place of their paths.
///
/// `bytes_hash` is what the scan found for `Content::Files`; `input` gives the keys of corpora that this one is made from. What a cell writes is
/// known by the cell's number only: `Plan::corpus_keys` knows it by the cell's own key.
pub fn corpus_key(corpus: &Corpus, bytes_hash: Option<&Key>, input: impl Fn(CorpusId) -> Key) -> Key {
    let heldout = &corpus.heldout;
    match &corpus.content {
        Content::Files(files) => Key::of("corpus.files/1", &(bytes_hash, &files.text, files.split, heldout)),
        Content::World(world) => Key::of("corpus.world/1", &(world, heldout)),
        Content::Process(process) => Key::of("corpus.process/1", &(process, heldout)),
        Content::Take { of, tokens } => Key::of("corpus.take/1", &(input(*of), tokens)),
        Content::Rephrase { of, style, generator, tokens } => {
            Key::of("corpus.rephrase/1", &(input(*of), style, generator, tokens))
        }
        Content::Write { about, style, generator, tokens } => {
            Key::of("corpus.write/1", &(input(*about), style, generator, tokens))
        }
        Content::Sampled { cell, tokens } => Key::of("corpus.unwritten/1", &(cell, tokens)),
    }
}

/// The key of what a cell writes, from that of the weights which its run ends with.
pub fn sampled_key(state: Key, tokens: u64) -> Key {
    Key::of("corpus.sampled/1", &(state, tokens))
}
