//! The plan: everything that a study says, with every expression that does not wait for a run carried out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::chain::Chain;
use crate::claim::Claim;
use crate::corpus::{Corpus, CorpusFacts, CorpusId};
use crate::exact::Exact;
use crate::figure::{Figure, ReportTable};
use crate::grid::{Alternative, Cell, Choice, Evaluation, Grid, Objective};
use crate::hardware::Hardware;
use crate::key::Key;
use crate::law::Law;
use crate::mixture::Mixture;
use crate::model::{Model, ParameterCount};
use crate::problem::Origin;
use crate::recipe::Recipe;
use crate::table::Table;

/// Version of the plan's form, written into every file that holds one.
pub const PLAN_VERSION: u32 = 1;

/// A study, compiled. Numbers in cells index the lists; equal contents stand once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    pub version: u32,
    pub study: Settings,
    /// Inputs before what is made from them; equal contents under two names stand once, under the first.
    pub corpora: Vec<Corpus>,
    /// What the last scan of each corpus found, in the same order.
    pub facts: Vec<Option<CorpusFacts>>,
    pub mixtures: Vec<Mixture>,
    pub models: Vec<Model>,
    pub recipes: Vec<Recipe>,
    pub evaluations: Vec<Evaluation>,
    /// What runs are trained for besides the next token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<Objective>,
    /// Models that a run chooses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    pub grids: Vec<Grid>,
    /// What laws, answers, claims and figures read, each after what it is made of.
    pub tables: Vec<Table>,
    pub laws: Vec<Law>,
    /// What a run or a fit settles, each after what it needs.
    pub answers: Vec<Answer>,
    pub claims: Vec<Claim>,
    pub figures: Vec<Figure>,
    /// Tables of the report.
    pub report_tables: Vec<ReportTable>,
    /// Machines that the study declares: what the work would cost on them. No key depends on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hardware: Vec<Hardware>,
    /// What the author says of the declarations; no key depends on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documented: Vec<Documented>,
}

/// A declaration, or an axis or a `let` of a grid, with its documentation comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Documented {
    /// `corpus`, `grid`, `axis`.
    pub kind: String,
    /// As declared; of what stands in a grid with the grid's before it: `runs.width`.
    pub name: String,
    /// The lines of the comment without their marks.
    pub text: String,
    pub origin: Option<Origin>,
}

/// What holds for the whole study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    pub name: String,
    pub documentation: Option<String>,
    pub edition: u32,
    pub seed: u64,
    pub tokenizer: Tokenizer,
    /// What `params` means in every law and table.
    pub parameters: ParameterCount,
    /// What `flops` means.
    pub flops: FlopCount,
    /// Of intervals.
    pub confidence: Exact,
}

impl Settings {
    /// What holds for a study of that name that says nothing.
    pub fn named(name: impl Into<String>) -> Settings {
        Settings {
            name: name.into(),
            documentation: None,
            edition: 1,
            seed: 0,
            tokenizer: Tokenizer::Bytes,
            parameters: ParameterCount::NonEmbedding,
            flops: FlopCount::Exact,
            confidence: Exact::ratio(19, 20).expect("20 is not zero"),
        }
    }
}

/// What cuts text into tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tokenizer {
    /// A token is a byte; 0xFF, which no UTF-8 text holds, ends a document.
    Bytes,
    /// Byte pairs, from a file or learned from a corpus; `key` says which.
    Bpe { vocabulary: u64, key: Key },
}

impl Tokenizer {
    pub fn vocabulary(self) -> u64 {
        match self {
            Tokenizer::Bytes => 256,
            Tokenizer::Bpe { vocabulary, .. } => vocabulary,
        }
    }
}

/// How floating-point operations are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlopCount {
    /// Products and causal attention, operation by operation.
    #[default]
    Exact,
    /// 6 × parameters × tokens.
    SixNd,
}

impl Plan {
    /// A plan of these settings in which nothing is declared.
    pub fn new(study: Settings) -> Plan {
        Plan {
            version: PLAN_VERSION,
            study,
            corpora: Vec::new(),
            facts: Vec::new(),
            mixtures: Vec::new(),
            models: Vec::new(),
            recipes: Vec::new(),
            evaluations: Vec::new(),
            objectives: Vec::new(),
            choices: Vec::new(),
            grids: Vec::new(),
            tables: Vec::new(),
            laws: Vec::new(),
            answers: Vec::new(),
            claims: Vec::new(),
            figures: Vec::new(),
            report_tables: Vec::new(),
            hardware: Vec::new(),
            documented: Vec::new(),
        }
    }

    /// The keys of all corpora, in order; `None` where the files have not been scanned, and for all that is made from them.
    pub fn corpus_keys(&self) -> Vec<Option<Key>> {
        let chain = Chain::new(self);
        (0..self.corpora.len()).map(|id| chain.corpus(CorpusId(id))).collect()
    }

    pub fn mixture(&self, cell: &Cell) -> &Mixture {
        &self.mixtures[cell.mixture as usize]
    }

    pub fn model(&self, cell: &Cell) -> &Model {
        &self.models[cell.model as usize]
    }

    pub fn recipe(&self, cell: &Cell) -> &Recipe {
        &self.recipes[cell.recipe as usize]
    }

    pub fn evaluation(&self, cell: &Cell) -> &Evaluation {
        &self.evaluations[cell.evaluation as usize]
    }

    /// Steps of a cell: its budget in batches, which the compiler has checked to be whole.
    pub fn steps(&self, cell: &Cell) -> u64 {
        cell.tokens / self.recipe(cell).batch
    }

    /// Sequences per step of a cell.
    pub fn rows(&self, cell: &Cell) -> u64 {
        self.recipe(cell).batch / self.model(cell).context
    }

    /// Floating-point operations to train a cell, exact convention; where a run chooses what it is, the most.
    pub fn flops_exact(&self, cell: &Cell) -> u128 {
        self.flops_range(cell).1
    }

    /// The least and the most operations that training a cell takes, exact convention.
    pub fn flops_range(&self, cell: &Cell) -> (u128, u128) {
        self.range(cell, |it, model| {
            u128::from(model.flops_exact_per_sequence()) * u128::from(it.tokens / model.context)
        })
    }

    /// The least and the most tokens that a cell may be trained on.
    pub fn tokens_range(&self, cell: &Cell) -> (u128, u128) {
        self.range(cell, |it, _| u128::from(it.tokens))
    }

    /// 6 × parameters (by the study's count, of experts those that a token goes through) × tokens; the most where a run chooses.
    pub fn flops_6nd(&self, cell: &Cell) -> u128 {
        self.range(cell, |it, model| {
            6 * u128::from(model.parameters_met(self.study.parameters)) * u128::from(it.tokens)
        })
        .1
    }

    /// The least and the most of something over all that a cell may be.
    fn range(&self, cell: &Cell, of: impl Fn(Alternative, &Model) -> u128) -> (u128, u128) {
        let of = |it: Alternative| self.models.get(it.model as usize).map_or(0, |model| of(it, model));
        // Most cells are what they are: nothing is put together for these.
        if cell.choice.is_none() {
            let value = of(cell.own());
            return (value, value);
        }
        let all: Vec<u128> = cell.alternatives(&self.choices).into_iter().map(of).collect();
        (all.iter().copied().min().unwrap_or(0), all.iter().copied().max().unwrap_or(0))
    }

    /// All cells with the numbers of their grid and of themselves within it.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, &Cell)> {
        self.grids
            .iter()
            .enumerate()
            .flat_map(|(g, grid)| grid.cells.iter().enumerate().map(move |(c, cell)| (g, c, cell)))
    }
}
