//! What a plan costs: tokens, epochs, parameters, FLOPs, memory, time, and what sharing saves.
//!
//! All of it is counted from the plan alone. What depends on files that nobody has scanned yet is `None` and shown as unknown.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::corpus::{CorpusFacts, Part};
use crate::exact::Exact;
use crate::grid::{Alternative, Cell, Domain};
use crate::model::{Block, Model, ParameterCount};
use crate::program::{Program, Schedule, lower, schedule};
use crate::recipe::Precision;
use crate::study::Plan;
use crate::training::Training;

/// Bytes of one number: everything trains in f32.
const NUMBER: u64 = 4;

/// The cost of a whole plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Cost {
    /// Every cell, grid after grid, in the plan's order.
    pub cells: Vec<CellCost>,
    /// Cells that a `where` left out.
    pub excluded: usize,
    /// The corpora that some mixture draws from, in the plan's order.
    pub sources: Vec<SourceCost>,
    /// The models that some cell trains, each with every batch and precision that it is trained with.
    pub models: Vec<ModelCost>,
    pub totals: Totals,
}

/// One cell by itself, as if nothing were shared.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CellCost {
    /// The cell's stable name.
    pub cell: String,
    /// Numbers of the grid and of the cell within it.
    pub place: (usize, usize),
    /// The most, where a run chooses what the cell is; so are steps, parameters and operations.
    pub tokens: u64,
    /// The least that a run may choose.
    pub tokens_least: u64,
    pub steps: u64,
    /// Sequences per step.
    pub rows: u64,
    pub replicate: u32,
    pub sources: Vec<SourceUse>,
    /// By the study's convention.
    pub params: u64,
    /// Of the smallest model that a run may choose.
    pub params_least: u64,
    pub params_non_embedding: u64,
    pub params_embedding: u64,
    pub params_total: u64,
    /// Products and causal attention, forward and backward; where a run chooses, the most.
    pub flops_exact: u128,
    /// The least that a run may choose.
    pub flops_least: u128,
    /// 6 × `params` × `tokens`.
    pub flops_6nd: u128,
}

/// What a cell takes from one corpus.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SourceUse {
    pub corpus: String,
    pub share: Exact,
    pub tokens: f64,
    /// How often the run goes through the corpus' training part; `None` where nobody has scanned it.
    pub epochs: Option<f64>,
}

/// A corpus that is trained on, over all cells.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SourceCost {
    pub corpus: String,
    /// Training tokens that are there; `None` where nobody has scanned it.
    pub tokens: Option<u64>,
    /// Tokens that the hungriest cell takes.
    pub most_tokens: f64,
    /// Epochs of the hungriest cell.
    pub most_epochs: Option<f64>,
}

/// A model and the memory of one replica of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ModelCost {
    /// Number in the plan's list of models.
    pub model: usize,
    pub width: u64,
    pub blocks: usize,
    pub context: u64,
    /// Tokens per optimiser step.
    pub batch: u64,
    /// Of the recipes that train it.
    pub precision: Precision,
    pub cells: usize,
    pub params_non_embedding: u64,
    pub params_embedding: u64,
    pub params_total: u64,
    /// Training, exact convention.
    pub flops_per_token: u64,
    /// Training of all its cells as if nothing were shared.
    pub flops_exact: u128,
    pub memory: Memory,
}

/// Bytes of one replica in training. An executor may run a batch in pieces and then needs less for activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Memory {
    pub weights: u64,
    pub gradients: u64,
    /// Both moments of AdamW.
    pub optimizer: u64,
    /// The static arena of a step over the whole batch, after reuse.
    pub activations: u64,
}

impl Memory {
    /// Of one replica of `program`.
    pub fn of(program: &Program) -> Memory {
        let weights = program.parameter_count() as u64 * NUMBER;
        let Schedule { columns, .. } = schedule(program, true);
        let activations = (columns as u64).saturating_mul(program.tokens() as u64).saturating_mul(NUMBER);
        Memory { weights, gradients: weights, optimizer: 2 * weights, activations }
    }

    /// Of one replica of `model` with `rows` sequences a step. A block of experts holds the activations of those that a token goes through:
    /// as a dense block as wide as these together.
    pub fn of_model(model: &Model, rows: usize) -> Memory {
        if !model.has_experts() {
            return Memory::of(&lower(model, rows));
        }
        let mut dense = model.clone();
        for block in &mut dense.blocks {
            if let Block::Experts { active, hidden, .. } = *block {
                *block = Block::Swiglu { hidden: active * hidden };
            }
        }
        let weights = model.parameters_total().saturating_mul(NUMBER);
        Memory { weights, gradients: weights, optimizer: weights.saturating_mul(2), ..Memory::of(&lower(&dense, rows)) }
    }

    pub fn total(&self) -> u64 {
        self.weights.saturating_add(self.gradients).saturating_add(self.optimizer).saturating_add(self.activations)
    }
}

/// Sums over the study.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Totals {
    pub cells: usize,
    /// Tokens of all cells as if nothing were shared.
    pub tokens: u128,
    pub flops_exact: u128,
    /// The least that a run may choose; `tokens` and `flops_exact` are then the most.
    pub tokens_least: u128,
    pub flops_least: u128,
    pub flops_6nd: u128,
    /// What is trained once equal beginnings and equal cells are trained once; `None` while a corpus has not been scanned. What an answer settles is counted as trained by
    /// itself.
    pub shared: Option<Shared>,
    /// Forward passes over the evaluations' domains at the end of each cell that differs; `None` while a domain has not been scanned.
    pub evaluation_flops: Option<u128>,
}

/// What sharing comes to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Shared {
    /// Stretches of steps that are trained.
    pub segments: usize,
    /// Runs that start from a fresh initialisation.
    pub streams: usize,
    /// Tokens and FLOPs that are trained.
    pub tokens: u128,
    pub flops_exact: u128,
    pub saved_tokens: u128,
    pub saved_flops: u128,
}

/// How fast a device trains.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeviceProfile {
    /// What people call the device.
    pub name: String,
    /// Floating-point operations per second in training, exact convention.
    pub flops_per_second: f64,
    pub source: RateSource,
    /// What models reached that were trained on it: the larger a step's work, the nearer to what the device can do.
    pub trained: Vec<TrainedRate>,
}

/// What a model reached in training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrainedRate {
    /// Where it is not said, f32.
    #[serde(default)]
    pub precision: Precision,
    /// Operations of one optimiser step, exact convention.
    pub flops_per_step: f64,
    pub flops_per_second: f64,
}

/// Where a rate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RateSource {
    /// A round number for this kind of device, good to a factor of a few.
    Nominal,
    /// From what `synx doctor --probe` measured of products on this device.
    Probed,
    /// From runs on this device.
    Measured,
}

impl DeviceProfile {
    /// A processor with this many threads: 40 GFLOP/s each, about what small models reach with AVX2 or AVX-512.
    pub fn nominal_cpu(threads: usize) -> DeviceProfile {
        DeviceProfile {
            name: format!("cpu ({threads} {})", if threads == 1 { "thread" } else { "threads" }),
            flops_per_second: 40e9 * threads.max(1) as f64,
            source: RateSource::Nominal,
            trained: Vec::new(),
        }
    }

    /// A graphics processor: 1 TFLOP/s, about what small models reach; large models on large devices reach many times that.
    pub fn nominal_gpu(name: &str) -> DeviceProfile {
        DeviceProfile {
            name: name.to_owned(),
            flops_per_second: 1e12,
            source: RateSource::Nominal,
            trained: Vec::new(),
        }
    }

    /// A software adapter (lavapipe) on this many threads: 10 GFLOP/s each for linear layers.
    pub fn nominal_software(name: &str, threads: usize) -> DeviceProfile {
        DeviceProfile {
            name: name.to_owned(),
            flops_per_second: 10e9 * threads.max(1) as f64,
            source: RateSource::Nominal,
            trained: Vec::new(),
        }
    }

    /// A device that models were trained on; nothing where none were. Its own rate is the middle one of theirs.
    pub fn measured(name: &str, trained: Vec<TrainedRate>) -> Option<DeviceProfile> {
        let mut rates: Vec<f64> = trained.iter().map(|rate| rate.flops_per_second).collect();
        rates.sort_by(f64::total_cmp);
        let flops_per_second = *rates.get(rates.len() / 2)?;
        Some(DeviceProfile { name: name.to_owned(), flops_per_second, source: RateSource::Measured, trained })
    }

    /// The rate of a model whose step has so many operations: of what was trained in its precision (or in the one that stands in for it), that whose
    /// step is nearest, by their ratio; that of the device where nothing was trained.
    pub fn rate(&self, flops_per_step: f64, precision: Precision) -> f64 {
        let counted = self.counted_in(precision);
        let off = |rate: &TrainedRate| (rate.flops_per_step / flops_per_step).ln().abs();
        let like = self.trained.iter().filter(|rate| rate.precision == counted);
        like.min_by(|a, b| off(a).total_cmp(&off(b))).map_or(self.flops_per_second, |rate| rate.flops_per_second)
    }

    /// The precision at whose rates a model of `precision` is counted: its own where something was trained in it, else f32, else another that something was
    /// trained in. What a probe measures and round numbers are of f32.
    pub fn counted_in(&self, precision: Precision) -> Precision {
        let was_trained = |precision: &Precision| self.trained.iter().any(|rate| rate.precision == *precision);
        let order = [precision, Precision::F32, Precision::Bf16, Precision::F16];
        order.into_iter().find(was_trained).unwrap_or_default()
    }

    /// What an estimate of models of these precisions has to say: `bf16 and f16 at the rate of f32`. Nothing where each is counted at its own.
    pub fn stand_ins(&self, precisions: &BTreeSet<Precision>) -> Option<String> {
        // All that have no rate of their own have the same one stand in for them.
        let lacking = || precisions.iter().filter(|precision| self.counted_in(**precision) != **precision);
        let counted = self.counted_in(*lacking().next()?);
        let names: Vec<&str> = lacking().map(|precision| precision.name()).collect();
        Some(format!("{} at the rate of {}", names.join(" and "), counted.name()))
    }
}

impl Totals {
    /// All that a run carries out: training once each, and evaluation where it is known.
    pub fn flops_to_run(&self) -> u128 {
        self.shared.as_ref().map_or(self.flops_exact, |s| s.flops_exact) + self.evaluation_flops.unwrap_or(0)
    }
}

impl Cost {
    /// Seconds for all that a run carries out, each model at its own rate.
    pub fn seconds(&self, device: &DeviceProfile) -> f64 {
        let seconds = |model: &ModelCost| {
            let rate = device.rate(model.flops_per_token as f64 * model.batch as f64, model.precision);
            model.flops_exact as f64 / rate
        };
        let all: f64 = self.models.iter().map(|model| model.flops_exact as f64).sum();
        // What is shared is taken off evenly.
        let part = if all > 0.0 { self.totals.flops_to_run() as f64 / all } else { 0.0 };
        part * self.models.iter().map(seconds).sum::<f64>()
    }

    /// The precisions that models are trained in.
    pub fn precisions(&self) -> BTreeSet<Precision> {
        self.models.iter().map(|model| model.precision).collect()
    }

    /// Counts the cost of `plan`; `share = false` counts every cell as trained by itself.
    pub fn new(plan: &Plan, share: bool) -> Cost {
        let cells: Vec<CellCost> = plan.cells().map(|(g, c, cell)| cell_cost(plan, g, c, cell)).collect();
        let tokens = cells.iter().map(|c| u128::from(c.tokens)).sum();
        let tokens_least = cells.iter().map(|c| u128::from(c.tokens_least)).sum();
        let flops_exact = cells.iter().map(|c| c.flops_exact).sum();
        let flops_least = cells.iter().map(|c| c.flops_least).sum();
        let flops_6nd = cells.iter().map(|c| c.flops_6nd).sum();
        let training = Training::new(plan, share);
        let shared = shared(plan, &training, tokens, flops_exact);
        let evaluation_flops = shared.as_ref().and_then(|_| evaluation_flops(plan, &training));
        Cost {
            excluded: plan.grids.iter().map(|g| g.excluded.len()).sum(),
            sources: sources(plan, &cells),
            models: models(plan),
            totals: Totals {
                cells: cells.len(),
                tokens,
                tokens_least,
                flops_exact,
                flops_least,
                flops_6nd,
                shared,
                evaluation_flops,
            },
            cells,
        }
    }
}

fn cell_cost(plan: &Plan, g: usize, c: usize, cell: &Cell) -> CellCost {
    let all = cell.alternatives(&plan.choices);
    let models = || all.iter().map(|it| &plan.models[it.model as usize]);
    let most = |of: fn(&Model) -> u64| models().map(of).max().unwrap_or(0);
    let params = |model: &Model| model.parameters(plan.study.parameters);
    let (tokens_least, tokens) = plan.tokens_range(cell);
    let steps = all.iter().map(|it| it.tokens / plan.recipes[it.recipe as usize].batch).max();
    CellCost {
        cell: plan.grids[g].cell_name(&cell.values),
        place: (g, c),
        tokens: tokens as u64,
        tokens_least: tokens_least as u64,
        steps: steps.unwrap_or(0),
        rows: plan.rows(cell),
        replicate: cell.replicate,
        sources: sources_of(plan, &all),
        params: models().map(params).max().unwrap_or(0),
        params_least: models().map(params).min().unwrap_or(0),
        params_non_embedding: most(|model| model.parameters(ParameterCount::NonEmbedding)),
        params_embedding: most(Model::parameters_embedding),
        params_total: most(Model::parameters_total),
        flops_exact: plan.flops_exact(cell),
        flops_least: plan.flops_range(cell).0,
        flops_6nd: plan.flops_6nd(cell),
    }
}

/// What a cell takes from each corpus; where a run chooses, as the alternative does that takes most of it.
fn sources_of(plan: &Plan, all: &[Alternative]) -> Vec<SourceUse> {
    let mut uses: Vec<SourceUse> = Vec::new();
    for it in all {
        let mixture = &plan.mixtures[it.mixture as usize];
        let epochs = mixture.epochs(it.tokens, &plan.facts);
        for ((corpus, share), epochs) in mixture.shares().iter().zip(epochs) {
            let tokens = share.to_f64() * it.tokens as f64;
            let found = SourceUse { corpus: plan.corpora[corpus.0].name.clone(), share: share.clone(), tokens, epochs };
            match uses.iter_mut().find(|known| known.corpus == found.corpus) {
                Some(known) if known.tokens >= tokens => {}
                Some(known) => *known = found,
                None => uses.push(found),
            }
        }
    }
    uses
}

fn sources(plan: &Plan, cells: &[CellCost]) -> Vec<SourceCost> {
    let there = |i: usize| plan.facts.get(i).and_then(|f: &Option<CorpusFacts>| Some(f.as_ref()?.training.tokens));
    let source = |(i, corpus): (usize, &crate::corpus::Corpus)| {
        let uses = || cells.iter().flat_map(|c| &c.sources).filter(|s| s.corpus == corpus.name);
        let most = uses().map(|s| s.tokens).reduce(f64::max)?;
        Some(SourceCost {
            corpus: corpus.name.clone(),
            tokens: there(i),
            most_tokens: most,
            most_epochs: uses().filter_map(|s| s.epochs).reduce(f64::max),
        })
    };
    plan.corpora.iter().enumerate().filter_map(source).collect()
}

fn models(plan: &Plan) -> Vec<ModelCost> {
    /// Model, batch and precision.
    type Trained = (usize, u64, Precision);
    let mut all: Vec<(Trained, usize, u128)> = Vec::new();
    for (_, _, cell) in plan.cells() {
        // Of the models that a run may choose, each as often and as long as it may be chosen.
        let mut own: Vec<(Trained, u64)> = Vec::new();
        for it in cell.alternatives(&plan.choices) {
            let recipe = &plan.recipes[it.recipe as usize];
            let trained = (it.model as usize, recipe.batch, recipe.precision);
            match own.iter_mut().find(|(known, _)| *known == trained) {
                Some((_, tokens)) => *tokens = (*tokens).max(it.tokens),
                None => own.push((trained, it.tokens)),
            }
        }
        for (trained, tokens) in own {
            let model = &plan.models[trained.0];
            let flops = u128::from(tokens / model.context) * u128::from(model.flops_exact_per_sequence());
            match all.iter_mut().find(|(known, ..)| *known == trained) {
                Some((_, cells, sum)) => {
                    *cells += 1;
                    *sum = sum.saturating_add(flops);
                }
                None => all.push((trained, 1, flops)),
            }
        }
    }
    let cost = |((index, batch, precision), cells, flops_exact): (Trained, usize, u128)| {
        let model = &plan.models[index];
        ModelCost {
            model: index,
            width: model.width,
            blocks: model.blocks.len(),
            context: model.context,
            batch,
            precision,
            cells,
            params_non_embedding: model.parameters(ParameterCount::NonEmbedding),
            params_embedding: model.parameters_embedding(),
            params_total: model.parameters_total(),
            flops_per_token: model.flops_exact_per_sequence() / model.context,
            flops_exact,
            memory: Memory::of_model(model, (batch / model.context) as usize),
        }
    };
    all.into_iter().map(cost).collect()
}

fn shared(plan: &Plan, training: &Training, all_tokens: u128, all_flops: u128) -> Option<Shared> {
    let (mut tokens, mut flops_exact, mut late) = (0u128, 0u128, 0);
    for (_, _, cell) in plan.cells().filter(|(g, c, _)| training.ends[*g][*c].is_none()) {
        if plan.awaited(cell).is_empty() {
            return None;
        }
        late += 1;
        tokens += plan.tokens_range(cell).1;
        flops_exact += plan.flops_exact(cell);
    }
    for segment in &training.segments {
        let (g, c) = segment.example;
        let cell = &plan.grids[g].cells[c];
        let model = plan.model(cell);
        let trained = u128::from(segment.end - segment.start) * u128::from(plan.recipe(cell).batch);
        tokens += trained;
        flops_exact += trained / u128::from(model.context) * u128::from(model.flops_exact_per_sequence());
    }
    Some(Shared {
        segments: training.segments.len() + late,
        streams: training.segments.iter().filter(|s| s.parent.is_none()).count() + late,
        tokens,
        flops_exact,
        saved_tokens: all_tokens.saturating_sub(tokens),
        saved_flops: all_flops.saturating_sub(flops_exact),
    })
}

/// Forward passes over every domain, once for each final state that differs.
fn evaluation_flops(plan: &Plan, training: &Training) -> Option<u128> {
    let mut seen: BTreeSet<(usize, u32)> = BTreeSet::new();
    let mut flops = 0;
    for (g, c, cell) in plan.cells() {
        if let Some(end) = training.ends[g][c]
            && !seen.insert((end, cell.evaluation))
        {
            continue;
        }
        let mut most = 0;
        for it in cell.alternatives(&plan.choices) {
            most = most.max(evaluated(plan, it)?);
        }
        flops += most;
    }
    Some(flops)
}

/// Forward passes of one model over the domains of its evaluation.
fn evaluated(plan: &Plan, it: Alternative) -> Option<u128> {
    let (model, evaluation) = (&plan.models[it.model as usize], &plan.evaluations[it.evaluation as usize]);
    let domains = evaluation.domains.iter();
    domains.map(|domain| Some(forward_flops(model, domain_tokens(plan, domain)?.min(evaluation.tokens)))).sum()
}

fn domain_tokens(plan: &Plan, domain: &Domain) -> Option<u64> {
    let facts = plan.facts.get(domain.corpus.0)?.as_ref()?;
    Some(match domain.part {
        Part::Training => facts.training.tokens,
        Part::Heldout => facts.heldout.tokens,
        Part::All => facts.training.tokens + facts.heldout.tokens,
    })
}

/// The forward pass is a third of training.
fn forward_flops(model: &Model, tokens: u64) -> u128 {
    u128::from(tokens.div_ceil(model.context)) * u128::from(model.flops_exact_per_sequence() / 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Content, Corpus, CorpusId, PartFacts, Process, ProcessKind};
    use crate::grid::{Evaluation, Grid};
    use crate::mixture::Mixture;
    use crate::recipe::{AdamW, Length, RateSchedule, Recipe};
    use crate::study::Settings;

    const BATCH: u64 = 4 * 32;

    /// One corpus of 10,000 tokens, one model, cells of so many steps, wsd with an absolute warm-up.
    fn plan(steps: &[u64]) -> Plan {
        let decimal = |text: &str| Exact::from_decimal(text).unwrap();
        let cell = |&steps: &u64| Cell {
            values: Box::new([]),
            mixture: 0,
            model: 0,
            recipe: 0,
            evaluation: 0,
            tokens: steps * BATCH,
            replicate: 1,
            start: None,
            objective: None,
            choice: None,
        };
        Plan {
            corpora: vec![Corpus {
                name: "noise".to_owned(),
                content: Content::Process(Process {
                    kind: ProcessKind::Zipf { exponent: Exact::one() },
                    symbols: 10,
                    tokens: 11_000,
                    seed: 0,
                }),
                heldout: None,
                price: None,
                origin: None,
            }],
            facts: vec![Some(CorpusFacts {
                bytes_hash: None,
                training: PartFacts { documents: 1, tokens: 10_000, bytes: 10_000 },
                heldout: PartFacts { documents: 1, tokens: 1_000, bytes: 1_000 },
            })],
            mixtures: vec![Mixture::new([(CorpusId(0), Exact::one())]).unwrap()],
            models: vec![Model {
                width: 32,
                context: 32,
                vocabulary: 256,
                blocks: vec![Block::Attention { heads: 2, kv_heads: 2, head_dim: 16 }, Block::Swiglu { hidden: 96 }],
                tied: false,
                rotary_base: Exact::from(10_000u64),
                norm_epsilon: decimal("1e-5"),
                init_std: decimal("0.02"),
            }],
            recipes: vec![Recipe {
                batch: BATCH,
                optimizer: AdamW {
                    rate: decimal("3e-3"),
                    beta1: decimal("0.9"),
                    beta2: decimal("0.95"),
                    epsilon: decimal("1e-8"),
                    weight_decay: decimal("0.1"),
                },
                schedule: RateSchedule::Wsd {
                    warmup: Length::Tokens(10 * BATCH),
                    decay: Length::Share(decimal("0.2")),
                    last: Exact::zero(),
                },
                clip: None,
                precision: Precision::F32,
            }],
            evaluations: vec![Evaluation {
                name: "e".to_owned(),
                domains: vec![Domain { name: "noise.heldout".to_owned(), corpus: CorpusId(0), part: Part::Heldout }],
                weights: None,
                tokens: 320,
            }],
            grids: vec![Grid {
                name: "g".to_owned(),
                documentation: None,
                columns: Vec::new(),
                cells: steps.iter().map(cell).collect(),
                excluded: Vec::new(),
                conditions: Vec::new(),
                origin: None,
            }],
            ..Plan::new(Settings { seed: 1, ..Settings::named("test") })
        }
    }

    #[test]
    fn a_cell_costs_its_tokens_times_the_model() {
        let plan = plan(&[50]);
        let cost = Cost::new(&plan, true);
        let cell = &cost.cells[0];
        assert_eq!((cell.cell.as_str(), cell.tokens, cell.steps, cell.rows), ("g", 50 * BATCH, 50, 4));
        // One norm before each block and one before the head; attention 4 d², swiglu 3 d h.
        assert_eq!(cell.params_non_embedding, 3 * 32 + 4 * 32 * 32 + 3 * 32 * 96);
        assert_eq!(cell.params_embedding, 2 * 32 * 256);
        assert_eq!(cell.params_total, cell.params_non_embedding + cell.params_embedding);
        assert_eq!(cell.flops_6nd, u128::from(6 * cell.params * cell.tokens));
        let program = lower(&plan.models[0], 4);
        assert_eq!(cell.flops_exact, 50 * u128::from(program.flops_exact()));
        assert_eq!(cell.sources[0].epochs, Some(0.64));
        assert_eq!(cost.sources[0].most_epochs, Some(0.64));
        assert_eq!(cost.sources[0].tokens, Some(10_000));
    }

    #[test]
    fn sharing_saves_the_common_trunk() {
        let plan = plan(&[50, 100]);
        let totals = Cost::new(&plan, true).totals;
        assert_eq!(totals.tokens, u128::from(150 * BATCH));
        let shared = totals.shared.clone().unwrap();
        // Steps 0 to 40 are common; both end with a fifth of decay.
        assert_eq!((shared.segments, shared.streams), (3, 1));
        assert_eq!(shared.tokens, u128::from(110 * BATCH));
        assert_eq!(shared.saved_tokens, u128::from(40 * BATCH));
        assert_eq!(shared.flops_exact + shared.saved_flops, totals.flops_exact);
        let apart = Cost::new(&plan, false).totals;
        assert_eq!(apart.shared.unwrap().saved_tokens, 0);
    }

    #[test]
    fn evaluation_is_a_third_of_training_on_its_tokens() {
        let plan = plan(&[50, 50]);
        let sequence = u128::from(plan.models[0].flops_exact_per_sequence());
        // Equal cells end in one state and are evaluated once: 320 of the 1,000 tokens.
        assert_eq!(Cost::new(&plan, true).totals.evaluation_flops, Some(10 * sequence / 3));
    }

    #[test]
    fn what_nobody_scanned_is_unknown() {
        let mut plan = plan(&[50]);
        plan.facts = vec![None];
        let cost = Cost::new(&plan, true);
        assert_eq!(cost.cells[0].sources[0].epochs, None);
        assert_eq!(cost.sources[0].tokens, None);
        assert_eq!(cost.totals.evaluation_flops, None);
        assert!(cost.totals.flops_to_run() >= cost.totals.flops_exact);
    }

    #[test]
    fn memory_counts_weights_gradients_and_moments() {
        let cost = Cost::new(&plan(&[50]), true);
        let model = &cost.models[0];
        let weights = 4 * model.params_total;
        assert_eq!((model.memory.weights, model.memory.gradients), (weights, weights));
        assert_eq!(model.memory.optimizer, 2 * weights);
        // At least the residual stream of every block in f32.
        assert!(model.memory.activations >= BATCH * 32 * 3 * NUMBER);
        assert_eq!(model.memory.total(), 4 * weights + model.memory.activations);
    }

    #[test]
    fn time_is_work_over_rate() {
        let profile = DeviceProfile::nominal_cpu(2);
        assert_eq!((profile.rate(1e9, Precision::F32), profile.source), (80e9, RateSource::Nominal));
        let cost = Cost::new(&plan(&[50, 150]), true);
        let work = cost.totals.flops_to_run();
        assert_eq!(cost.models[0].flops_exact, cost.totals.flops_exact);
        assert!((cost.seconds(&profile) - work as f64 / 80e9).abs() < 1e-9 * work as f64);
    }

    #[test]
    fn each_model_takes_the_rate_of_the_trained_one_that_is_nearest() {
        let rate = rate_in(Precision::F32);
        let profile = DeviceProfile::measured("fast", vec![rate(1e9, 10e9), rate(1e12, 100e9), rate(1e13, 90e9)]);
        let profile = profile.unwrap();
        assert_eq!((profile.flops_per_second, profile.source), (90e9, RateSource::Measured));
        // By ratios: 3e10 is nearer to 1e9, 4e10 to 1e12.
        assert_eq!([1e6, 3e10, 4e10, 1e15].map(|step| profile.rate(step, Precision::F32)), [10e9, 10e9, 100e9, 90e9]);
        assert_eq!(DeviceProfile::measured("none", Vec::new()), None);
        let cost = Cost::new(&plan(&[50, 150]), true);
        let step = cost.models[0].flops_per_token as f64 * cost.models[0].batch as f64;
        let time = cost.totals.flops_to_run() as f64 / profile.rate(step, Precision::F32);
        assert!((cost.seconds(&profile) / time - 1.0).abs() < 1e-9);
    }

    fn rate_in(precision: Precision) -> impl Fn(f64, f64) -> TrainedRate {
        move |flops_per_step, flops_per_second| TrainedRate { precision, flops_per_step, flops_per_second }
    }

    #[test]
    fn a_model_takes_the_rates_of_its_precision() {
        use Precision::{Bf16, F16, F32};
        let trained = vec![rate_in(F32)(1e9, 10e9), rate_in(F32)(1e12, 80e9), rate_in(Bf16)(1e9, 15e9)];
        let profile = DeviceProfile::measured("both", trained).unwrap();
        assert_eq!([F32, Bf16].map(|precision| profile.rate(1e12, precision)), [80e9, 15e9]);
        // Nothing was trained in f16: f32 stands in, at the nearest step.
        assert_eq!([1e9, 1e12].map(|step| profile.rate(step, F16)), [10e9, 80e9]);
        let said = |profile: &DeviceProfile, precisions: &[Precision]| {
            profile.stand_ins(&precisions.iter().copied().collect())
        };
        assert_eq!(said(&profile, &[F32, Bf16]), None);
        assert_eq!(said(&profile, &[F32, Bf16, F16]).as_deref(), Some("f16 at the rate of f32"));
        let rounded = DeviceProfile::measured("rounded", vec![rate_in(Bf16)(1e9, 15e9)]).unwrap();
        assert_eq!((rounded.rate(1e9, F32), rounded.rate(1e9, F16)), (15e9, 15e9));
        assert_eq!(said(&rounded, &[F32, F16]).as_deref(), Some("f32 and f16 at the rate of bf16"));
        // A round number is of f32.
        assert_eq!(
            said(&DeviceProfile::nominal_cpu(2), &[Bf16, F16]).as_deref(),
            Some("bf16 and f16 at the rate of f32")
        );
        assert_eq!(said(&DeviceProfile::nominal_cpu(2), &[F32]), None);
    }

    #[test]
    fn one_model_in_two_precisions_is_two() {
        let mut plan = plan(&[50, 150]);
        plan.recipes.push(Recipe { precision: Precision::Bf16, ..plan.recipes[0].clone() });
        plan.grids[0].cells[1].recipe = 1;
        let cost = Cost::new(&plan, true);
        let models: Vec<_> = cost.models.iter().map(|model| (model.model, model.precision, model.cells)).collect();
        assert_eq!(models, [(0, Precision::F32, 1), (0, Precision::Bf16, 1)]);
        assert_eq!(cost.models[1].flops_exact, 3 * cost.models[0].flops_exact);
        assert_eq!(cost.precisions().into_iter().collect::<Vec<_>>(), [Precision::F32, Precision::Bf16]);
        // A quarter of the work at the one's rate, three quarters at the other's.
        let trained = vec![rate_in(Precision::F32)(1e9, 10e9), rate_in(Precision::Bf16)(1e9, 40e9)];
        let profile = DeviceProfile::measured("both", trained).unwrap();
        let time = cost.totals.flops_to_run() as f64 * (0.25 / 10e9 + 0.75 / 40e9);
        assert!((cost.seconds(&profile) / time - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_rate_that_says_no_precision_is_of_f32() {
        let read: TrainedRate = serde_json::from_str(r#"{ "flops_per_step": 1e9, "flops_per_second": 2e9 }"#).unwrap();
        assert_eq!(read, rate_in(Precision::F32)(1e9, 2e9));
    }
}
