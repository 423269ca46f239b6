//! Corpora: where text comes from and what is done to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::expression::Expression;
use crate::grid::CellId;
use crate::key::Key;
use crate::problem::Origin;

/// The place of a corpus in its plan's list. Inputs always stand before what is made from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CorpusId(pub usize);

/// A corpus of the study as declared: what it is, and what it is called (which no key depends on).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Corpus {
    /// The name in results and messages, with its arguments where it was declared with parameters: `hq(medium)`.
    pub name: String,
    pub content: Content,
    /// The part of the documents that is held out, as the corpus or the corpus it is anchored to declares it.
    pub heldout: Option<Exact>,
    /// What a token of it costs, in USD; nothing where it is not said. Not part of a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Exact>,
    pub origin: Option<Origin>,
}

impl Corpus {
    /// What a token of it costs, in USD: as it says, or as the model that writes it costs.
    pub fn token_price(&self) -> Exact {
        let written = match &self.content {
            Content::Rephrase { generator: Generator::Endpoint(generator), .. } => generator.price.as_ref(),
            Content::Prompted { generator, .. } => generator.price.as_ref(),
            _ => None,
        };
        self.price.as_ref().or(written).cloned().unwrap_or_else(Exact::zero)
    }

    /// The corpora that this one is made from.
    pub fn inputs(&self) -> Vec<CorpusId> {
        self.content.of().into_iter().collect()
    }
}

impl Content {
    /// The corpus that this one is made from.
    pub fn of(&self) -> Option<CorpusId> {
        match self {
            Content::Files(_) | Content::World(_) | Content::Process(_) | Content::Sampled { .. } => None,
            Content::Take { of, .. }
            | Content::TakeShare { of, .. }
            | Content::Repeat { of, .. }
            | Content::Dedup { of }
            | Content::Score { of, .. }
            | Content::Keep { of, .. }
            | Content::Filter { of, .. }
            | Content::Rephrase { of, .. } => Some(*of),
            Content::Write { about, .. } => Some(*about),
            Content::Prompted { about, .. } => *about,
        }
    }

    /// The same, made from another corpus.
    pub fn set_of(&mut self, corpus: CorpusId) {
        match self {
            Content::Files(_) | Content::World(_) | Content::Process(_) | Content::Sampled { .. } => {}
            Content::Take { of, .. }
            | Content::TakeShare { of, .. }
            | Content::Repeat { of, .. }
            | Content::Dedup { of }
            | Content::Score { of, .. }
            | Content::Keep { of, .. }
            | Content::Filter { of, .. }
            | Content::Rephrase { of, .. } => *of = corpus,
            Content::Write { about, .. } => *about = corpus,
            Content::Prompted { about, .. } => {
                if let Some(about) = about {
                    *about = corpus;
                }
            }
        }
    }

    /// The cell whose model writes it or scores its documents.
    pub fn cell(&self) -> Option<CellId> {
        match self {
            Content::Sampled { cell, .. } | Content::Score { by: Measure::Perplexity(cell), .. } => Some(*cell),
            _ => None,
        }
    }

    /// The same, made by another cell.
    pub fn set_cell(&mut self, by: CellId) {
        if let Content::Sampled { cell, .. } | Content::Score { by: Measure::Perplexity(cell), .. } = self {
            *cell = by;
        }
    }

    /// Whether each document is one of the corpus that this is made from, or stands for one: what is held out there is held out here.
    pub fn is_anchored(&self) -> bool {
        !matches!(self, Content::Write { .. } | Content::Prompted { .. }) && self.of().is_some()
    }

    /// What this version checks but cannot make, for people; `None` for what it makes.
    pub fn not_carried_out(&self) -> Option<&'static str> {
        match self {
            Content::Files(files) => files.patterns.iter().find_map(|pattern| match FileFormat::of(pattern)? {
                FileFormat::Parquet => Some("text in parquet files"),
                FileFormat::Tokens => Some("files of tokens"),
                FileFormat::Txt | FileFormat::Jsonl => None,
            }),
            Content::Dedup { .. } => Some("leaving out documents that are there twice"),
            Content::Score { .. } => Some("scoring documents by a model"),
            Content::Keep { .. } => Some("keeping the best of a corpus"),
            Content::Filter { .. } => Some("keeping the documents for which a condition holds"),
            Content::Rephrase { generator: Generator::Endpoint(_), .. } => {
                Some("rephrasing by a model behind an endpoint")
            }
            Content::Prompted { .. } => Some("text that a model behind an endpoint writes"),
            Content::Sampled { .. } => Some("text that a cell writes"),
            _ => None,
        }
    }

    /// What is known of this corpus from what is known of the one that it is made from; `None` where only making it tells.
    pub fn derived(&self, of: Option<&CorpusFacts>) -> Option<CorpusFacts> {
        let scaled = |part: &PartFacts, by: &Exact| {
            let scale = |n: u64| Exact::from(n).mul(by).floor().to_u64().unwrap_or(u64::MAX);
            PartFacts { documents: scale(part.documents), tokens: scale(part.tokens), bytes: scale(part.bytes) }
        };
        let training = |by: &Exact| {
            let of = of?;
            Some(CorpusFacts { bytes_hash: None, training: scaled(&of.training, by), heldout: of.heldout })
        };
        let about = |tokens: u64| {
            let heldout = of.map(|of| of.heldout).filter(|_| self.is_anchored()).unwrap_or_default();
            let training = PartFacts { documents: 1, tokens, bytes: tokens };
            Some(CorpusFacts { bytes_hash: None, training, heldout })
        };
        match self {
            Content::Take { tokens, .. } => {
                let there = of?.training.tokens;
                training(&Exact::from((*tokens).min(there)).div(&Exact::from(there.max(1)))?)
            }
            Content::Score { .. } => of.map(|of| CorpusFacts { bytes_hash: None, ..of.clone() }),
            Content::TakeShare { share, .. } => training(share),
            Content::Keep { top, .. } => training(top),
            Content::Repeat { times, .. } => training(&Exact::from(*times)),
            Content::Rephrase { tokens: Some(tokens), .. }
            | Content::Write { tokens, .. }
            | Content::Prompted { tokens, .. }
            | Content::Sampled { tokens, .. } => about(*tokens),
            _ => None,
        }
    }
}

/// Fills in what follows for corpora that cannot be scanned: those that this version does not make, and what is made from them.
pub fn derive_facts(corpora: &[Corpus], facts: &mut [Option<CorpusFacts>]) {
    let mut unmade = vec![false; corpora.len()];
    for (i, corpus) in corpora.iter().enumerate() {
        let of = corpus.content.of().filter(|of| of.0 < i);
        unmade[i] = corpus.content.not_carried_out().is_some() || of.is_some_and(|of| unmade[of.0]);
        if unmade[i] && facts[i].is_none() {
            let known = of.and_then(|of| facts[of.0].clone());
            facts[i] = corpus.content.derived(known.as_ref());
        }
    }
}

/// Which corpora this version makes: none of those that it only checks, and nothing that is made from them.
pub fn carried_out(corpora: &[Corpus]) -> Vec<bool> {
    let mut made: Vec<bool> = Vec::with_capacity(corpora.len());
    for corpus in corpora {
        let of = corpus.content.of();
        made.push(corpus.content.not_carried_out().is_none() && of.is_none_or(|of| made.get(of.0) == Some(&true)));
    }
    made
}

/// What each corpus is declared as, with the patterns of its files in place of their bytes. `None` for what is made from something that does not stand before it.
pub fn declaration_keys(corpora: &[Corpus]) -> Vec<Option<Key>> {
    let mut keys: Vec<Option<Key>> = Vec::with_capacity(corpora.len());
    for corpus in corpora {
        let inputs_known = corpus.inputs().iter().all(|input| keys.get(input.0).is_some_and(Option::is_some));
        let patterns = match &corpus.content {
            Content::Files(files) => Some(Key::of("patterns/1", &files.patterns)),
            _ => None,
        };
        let input = |id: CorpusId| keys[id.0].expect("inputs were found to be known");
        let key = inputs_known.then(|| Key::of("declaration/1", &corpus_key(corpus, patterns.as_ref(), input)));
        keys.push(key);
    }
    keys
}

/// What a corpus holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Content {
    /// Text files of the user.
    Files(Files),
    /// Documents of the built-in world.
    World(World),
    /// Symbols of a random process with a known entropy rate.
    Process(Process),
    /// The documents of `of`, in their order, until `tokens` tokens are reached (the last document is whole): smaller takes are prefixes of larger ones.
    Take { of: CorpusId, tokens: u64 },
    /// The same for a part of the training tokens of `of`.
    TakeShare { of: CorpusId, share: Exact },
    /// The training documents of `of` that many times over; what is held out stands once.
    Repeat { of: CorpusId, times: u64 },
    /// The documents of `of` whose text has not stood before, in what is held out or in what is trained on.
    Dedup { of: CorpusId },
    /// The documents of `of`, each with a score.
    Score { of: CorpusId, by: Measure },
    /// The part of the training documents of `of` that comes first in an order, whole documents up to that part of the tokens.
    Keep { of: CorpusId, top: Exact, by: Order },
    /// The training documents of `of` for which a condition holds. Its columns are `tokens`, `bytes` and, of scored documents, `score`; `field[NAME]` is
    /// the field of that name, nested by dots, of the line or row that a document comes from: a number, a text, or `true` and `false` as text. A document
    /// without the field does not meet the condition.
    Filter { of: CorpusId, condition: Expression },
    /// Every document of `of` told again in another register, with the same facts. `of` must come from the built-in world for the built-in generator.
    /// With `tokens`, documents are rephrased again (each time another wording) until that many tokens are there, or cut after them.
    Rephrase { of: CorpusId, style: Register, generator: Generator, tokens: Option<u64> },
    /// Free text of the generator about the facts of a corpus of the built-in world (only those that are not held out), anchored to no document.
    Write { about: CorpusId, style: Register, generator: Generator, tokens: u64 },
    /// Text that the model of a cell writes at the end of its run.
    Sampled { cell: CellId, tokens: u64 },
    /// Free text that a model writes to a prompt, in which `{topic}` stands for a line of `topics` and `{document}` for a document of `about`.
    Prompted { prompt: String, topics: Option<String>, about: Option<CorpusId>, generator: Endpoint, tokens: u64 },
}

/// What documents are scored by, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The perplexity that the model of a cell has at the end of its run, the lowest first.
    Perplexity(CellId),
}

/// An order of documents, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By the score that they were given.
    Score,
    /// Drawn.
    Random,
    /// The longest first.
    Length,
}

/// Text files: globs of paths beside the study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Files {
    /// Paths or globs as written, relative to the study's folder; matches are taken in sorted order.
    pub patterns: Vec<String>,
    /// The field that holds the text, nested by dots (`meta.text`); needed for jsonl, refused for txt.
    pub text: Option<String>,
    /// How a txt file is cut into documents.
    pub split: Split,
}

/// The format of a file, by the endings of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Plain text.
    Txt,
    /// An object a line, one of whose fields holds the text.
    Jsonl,
    /// Rows, one of whose columns holds the text.
    Parquet,
    /// Numbers of tokens, as `npy` or bare.
    Tokens,
}

impl FileFormat {
    /// `None` where the name's endings say no format.
    pub fn of(path: &str) -> Option<FileFormat> {
        let lower = path.to_ascii_lowercase();
        let packed = lower.strip_suffix(".gz").or_else(|| lower.strip_suffix(".zst"));
        match (packed.unwrap_or(&lower).rsplit_once('.')?.1, packed) {
            ("txt", _) => Some(FileFormat::Txt),
            ("jsonl", _) => Some(FileFormat::Jsonl),
            ("parquet", None) => Some(FileFormat::Parquet),
            ("npy" | "bin", None) => Some(FileFormat::Tokens),
            _ => None,
        }
    }

    /// Whether one of several fields holds the text.
    pub fn has_fields(self) -> bool {
        matches!(self, FileFormat::Jsonl | FileFormat::Parquet)
    }

    /// Whether this version's runs read it.
    pub fn is_read(self) -> bool {
        matches!(self, FileFormat::Txt | FileFormat::Jsonl)
    }
}

/// How a plain text file is cut into documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Generator {
    /// The built-in renderer of the built-in world.
    Builtin,
    /// A model behind an endpoint.
    Endpoint(Box<Endpoint>),
}

/// A language model that answers over the network, in the form of chat completions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// What it is called. Not part of a key.
    pub name: String,
    /// `http://localhost:8000/v1`. Not part of a key: the same model may move.
    pub endpoint: String,
    pub model: String,
    pub temperature: Exact,
    pub top_p: Exact,
    /// Of one answer.
    pub max_tokens: u64,
    /// USD per token. Not part of a key.
    pub price: Option<Exact>,
    /// The environment variable that holds the key for the endpoint. Not part of a key.
    pub key_variable: Option<String>,
}

impl Endpoint {
    /// What its text depends on.
    fn identity(&self) -> (&str, &Exact, &Exact, u64) {
        (&self.model, &self.temperature, &self.top_p, self.max_tokens)
    }
}

/// A procedural source: documents state facts drawn from a seeded knowledge graph with Zipf-distributed entities and relations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct World {
    pub register: Register,
    pub documents: u64,
    pub seed: u64,
}

/// A random process over the symbols `0..symbols` with an entropy rate in closed form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    pub kind: ProcessKind,
    /// How many symbols, 2 to 255; each is one token.
    pub symbols: u64,
    /// How many tokens, held-out part included.
    pub tokens: u64,
    pub seed: u64,
}

/// Kinds of processes; all stationary, started in their stationary distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CorpusFacts {
    /// Hash of the source's bytes; for what is made by rule, of nothing.
    pub bytes_hash: Option<Key>,
    pub training: PartFacts,
    pub heldout: PartFacts,
}

/// One part (training or held out) of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PartFacts {
    pub documents: u64,
    /// Tokens under the study's tokenizer, document ends included.
    pub tokens: u64,
    /// Bytes of text, without document ends.
    pub bytes: u64,
}

/// Which documents of a corpus are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
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
        Content::TakeShare { of, share } => Key::of("corpus.take_share/1", &(input(*of), share)),
        Content::Repeat { of, times } => Key::of("corpus.repeat/1", &(input(*of), times)),
        Content::Score { of, by } => Key::of("corpus.unscored/1", &(input(*of), by)),
        Content::Dedup { of } => Key::of("corpus.dedup/1", &input(*of)),
        Content::Keep { of, top, by } => Key::of("corpus.keep/1", &(input(*of), top, by)),
        Content::Filter { of, condition } => Key::of("corpus.filter/1", &(input(*of), condition)),
        Content::Rephrase { of, style, generator: Generator::Endpoint(generator), tokens } => {
            Key::of("corpus.rephrase_by/1", &(input(*of), style, generator.identity(), tokens))
        }
        Content::Prompted { prompt, topics, about, generator, tokens } => {
            let about = about.map(input);
            Key::of("corpus.prompted/1", &(prompt, topics, about, generator.identity(), tokens))
        }
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

/// The key of documents with scores, from that of the documents and that of the weights that score them.
pub fn scored_key(of: Key, state: Key) -> Key {
    Key::of("corpus.scored/1", &(of, state))
}
