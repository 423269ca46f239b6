//! What a run leaves, as plain rows: the one form in which the run hands results over and every file here is written from.

use synx_plan::claim::Verdict;
use synx_plan::grid::ColumnValue;
use synx_plan::key::Key;
use synx_plan::model::ParameterCount;
use synx_plan::study::FlopCount;

use crate::plot::Plot;

/// Everything that the files of a study are rendered from. Rows stand in the order of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyResults {
    pub study: String,
    /// Whose bits these are: `cpu-f32/1`.
    pub class: String,
    /// What people call the device.
    pub device: String,
    /// What the column `params` and `flops` mean.
    pub parameters: ParameterCount,
    pub flops: FlopCount,
    /// Axes and `let`s of all grids, each name once, in order of first appearance; without `tokens` and `replicate`, which every cell has.
    pub columns: Vec<ResultColumn>,
    pub cells: Vec<CellResult>,
    pub laws: Vec<LawResult>,
    pub predictions: Vec<PredictionResult>,
    pub answers: Vec<AnswerResult>,
    pub claims: Vec<ClaimResult>,
    pub figures: Vec<FigureResult>,
    pub tables: Vec<TableResult>,
    /// What a reader of the results should know, each a sentence: the best rate was the last one that was tried.
    pub notes: Vec<String>,
}

/// A column that the study declares.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultColumn {
    pub name: String,
    /// `tokens`, `FLOP`; empty for plain numbers and text.
    pub unit: String,
}

/// One cell: a row of `results.csv`, its rows of `evaluations.csv`, its part of `curves.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct CellResult {
    /// Stable and readable, equal across devices: `data_arm[r=1/3,tokens=4M]`.
    pub cell: String,
    pub grid: String,
    /// For each of `StudyResults::columns`, this cell's value; `None` where its grid has no such column.
    pub values: Vec<Option<ColumnValue>>,
    /// The budget.
    pub tokens: u64,
    pub replicate: u32,
    /// Cells of one stream share their beginning; the bootstrap draws them together. `None` while an answer settles what the cell is.
    pub stream: Option<Key>,
    /// Parameters by the study's convention.
    pub params: u64,
    pub params_total: u64,
    pub params_embedding: u64,
    pub flops_6nd: u128,
    pub flops_exact: u128,
    pub status: CellStatus,
    /// Weighted mean of the domains' losses, nats per token; `None` where the cell has no result or the evaluation has no weights.
    pub loss: Option<f64>,
    /// The same weighted mean over the domains' bits per byte.
    pub bits_per_byte: Option<f64>,
    /// Whose bits these are.
    pub class: String,
    /// Time spent on this cell's chain, from its fresh initialisation on; a wave's time is shared equally among its slots.
    pub seconds: Option<f64>,
    /// The state at the cell's end: where its result lies in the store; `None` while an answer settles what the cell is.
    pub key: Option<Key>,
    pub domains: Vec<DomainResult>,
    /// Training losses from the first step to the last that there is, thinned where the run is long.
    pub curve: Vec<CurvePoint>,
}

/// What became of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellStatus {
    Ok,
    /// Loss or gradient stopped being finite, or the loss left every sensible range, at this optimiser step (counted from one).
    Diverged {
        step: u64,
    },
    /// There is no result (yet).
    Missing {
        why: String,
    },
    /// It was not trained, and is not by running again: what it trains on has no value.
    Unsettled {
        why: String,
    },
}

impl CellStatus {
    /// The word in `results.csv`.
    pub fn word(&self) -> &'static str {
        match self {
            CellStatus::Ok => "ok",
            CellStatus::Diverged { .. } => "diverged",
            CellStatus::Missing { .. } => "missing",
            CellStatus::Unsettled { .. } => "unsettled",
        }
    }
}

/// The evaluation of a cell on one domain.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainResult {
    /// As written in the study: `web.heldout`.
    pub domain: String,
    /// Tokens predicted, document ends included.
    pub tokens: u64,
    /// Mean over them, nats per token.
    pub loss: f64,
    pub bits_per_byte: f64,
}

/// A training step: the loss of its batch before its update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Counted from one.
    pub step: u64,
    /// Seen up to and with this step.
    pub tokens: u64,
    /// Nats per token.
    pub loss: f32,
    /// Before clipping.
    pub gradient_norm: f32,
}

/// A law of the study: what its groups came to.
#[derive(Debug, Clone, PartialEq)]
pub struct LawResult {
    pub law: String,
    /// The grid that its rows are from.
    pub grid: String,
    /// The columns whose combinations make the groups.
    pub by: Vec<String>,
    pub groups: Vec<LawGroup>,
}

/// One group of a law.
#[derive(Debug, Clone, PartialEq)]
pub struct LawGroup {
    /// For each column of `LawResult::by`, the group's value.
    pub values: Vec<ColumnValue>,
    /// Cells of the group with a result, and cells that should have had one.
    pub rows: usize,
    pub rows_expected: usize,
    pub outcome: LawOutcome,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LawOutcome {
    Fitted(LawFit),
    /// Why there is no fit: rows are missing, or too few.
    NotFitted(String),
}

/// A fit.
#[derive(Debug, Clone, PartialEq)]
pub struct LawFit {
    /// None of trees.
    pub parameters: Vec<LawParameter>,
    /// Rows that were fitted.
    pub points: usize,
    /// The law itself, then what was fitted to the same rows beside it.
    pub models: Vec<LawModel>,
}

impl LawFit {
    /// How well the law itself predicts rows that were kept out.
    pub fn test(&self) -> Option<&LawTest> {
        self.models.first()?.test.as_ref()
    }
}

/// One of the models that were fitted to a group's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct LawModel {
    /// `formula`, `trees`, `linear` or `constant`.
    pub model: &'static str,
    /// The method's sum over the rows that were fitted.
    pub objective: f64,
    /// `None` where no row was kept out.
    pub test: Option<LawTest>,
}

/// How rows that were kept out are predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LawTest {
    pub points: usize,
    /// Mean and largest of |predicted − observed| / observed.
    pub mean_error: f64,
    pub max_error: f64,
    /// Rank correlations of predicted with observed; `None` where either is constant.
    pub spearman: Option<f64>,
    pub kendall: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LawParameter {
    pub name: String,
    pub estimate: f64,
    /// The interval at the study's confidence; `None` without bootstrap.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The bias-corrected and accelerated interval of the same draws, and that of the profile of the likelihood, where the fit traced it.
    pub bca: Option<(f64, f64)>,
    pub profile: Option<(f64, f64)>,
    /// Whether the rows tell it: false where it can move, alone or with others, without changing any fitted row.
    pub identified: bool,
}

/// A row that a law was fitted to or tested with.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionResult {
    pub law: String,
    /// What tells the row apart: `runs[r=0,tokens=4M]`, `r = 0, tokens = 4M`.
    pub row: String,
    pub observed: f64,
    pub predicted: f64,
    /// The interval of the prediction; `None` without bootstrap.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub held_out: bool,
}

/// Something that the study asks of its tables and laws.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerResult {
    /// The question as the study writes it: `data_law[r = 0].E`.
    pub question: String,
    /// Of the number; empty for plain ones.
    pub unit: String,
    /// What was chosen, where it is no number: a mixture, one of several values.
    pub chosen: String,
    /// The number; of a mixture, what the law predicts for it.
    pub estimate: Option<f64>,
    /// The interval at the study's confidence.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// How often it was drawn again, and in how many of the draws it has a value.
    pub draws: usize,
    pub used: usize,
    pub status: AnswerStatus,
    pub note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerStatus {
    Answered,
    /// Nothing finite does it: a floor decides.
    Infinite,
    /// It moves with parameters that the rows do not tell: the estimate is one of many that are as good.
    NotIdentified,
    /// There is no answer; the note says why.
    Unanswered,
}

impl AnswerStatus {
    /// The word in `answers.csv`.
    pub fn word(self) -> &'static str {
        match self {
            AnswerStatus::Answered => "answered",
            AnswerStatus::Infinite => "infinite",
            AnswerStatus::NotIdentified => "not identified",
            AnswerStatus::Unanswered => "unanswered",
        }
    }
}

/// A claim of the study, decided.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimResult {
    pub claim: String,
    /// The claim in words.
    pub documentation: Option<String>,
    pub verdict: Verdict,
    /// The part of the draws in which it holds; `None` where nothing was drawn.
    pub share: Option<f64>,
    pub draws: usize,
    /// What it compares, from left to right.
    pub comparisons: Vec<ComparisonResult>,
    pub note: String,
}

/// One comparison of a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonResult {
    /// What is compared: one side, or the difference of both where both were settled.
    pub quantity: String,
    pub operator: &'static str,
    pub bound: f64,
    pub estimate: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// A figure of the study, drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureResult {
    pub name: String,
    pub plot: Plot,
}

/// A table of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct TableResult {
    pub name: String,
    pub documentation: Option<String>,
    /// The columns whose values head rows and columns, and the one that stands in the cells, with its unit.
    pub rows: String,
    pub columns: String,
    pub cell: String,
    pub unit: String,
    pub panels: Vec<TablePanel>,
}

/// A part of a table of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePanel {
    /// `width = 64`; empty where there is one.
    pub title: String,
    pub header: Vec<String>,
    /// What heads the row, then its cells; several where several rows stand at one place.
    pub rows: Vec<(String, Vec<Vec<String>>)>,
}
