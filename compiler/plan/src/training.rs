//! What is trained: the segments that the cells of a plan come to, each once, however many cells go through it.
//!
//! A run is a chain of segments from a fresh initialisation to the end of a cell. Two cells share a step when everything that the step and all before it depend on is
//! equal: model, initialisation, streams, batch, context, clip, optimiser and the rate at every step. Where their rates part, the chain forks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::chain::Chain;
use crate::grid::{Cell, Objective};
use crate::key::Key;
use crate::program::op::{BF16_VERSION, F16_VERSION, VERSIONS};
use crate::recipe::{Piece, Precision};
use crate::study::Plan;

/// A stretch of steps that is trained once.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Segment {
    /// The state at `end`: everything that it depends on, however the steps before were cut into segments.
    pub key: Key,
    /// The key of the run's beginning, with the fork points left out: segments of one stream of data and rate share it.
    pub stream: Key,
    /// The segment that this one starts from; `None` for a fresh initialisation. Parents stand before their children.
    pub parent: Option<usize>,
    pub start: u64,
    /// First step after the segment.
    pub end: u64,
    /// The rate from `start` to `end`: pieces with their own starts (which may lie before), cut at `end`.
    pub pieces: Vec<Piece>,
    /// A cell that goes through here, as (grid, cell): model, mixture, recipe and replicate are those of any such cell.
    pub example: (usize, usize),
    /// How many cells go through here.
    pub cells: usize,
}

/// All training of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Training {
    pub segments: Vec<Segment>,
    /// For each grid, for each cell, the segment at whose end the cell ends; null while that has no key: a corpus of its mixture has not been scanned, or an answer
    /// settles what it is.
    pub ends: Vec<Vec<Option<usize>>>,
}

/// What a run's beginning depends on. What is as it always was is left out of the key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Base<'a> {
    versions: &'a [&'a str],
    seed: u64,
    tokenizer: crate::study::Tokenizer,
    model: Key,
    /// Sources and shares in canonical order: by key.
    mixture: Vec<(Key, crate::exact::Exact)>,
    /// What the mixture changes to on the way, by the step that it holds from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phases: Vec<(u64, Vec<(Key, crate::exact::Exact)>)>,
    batch: u64,
    optimizer: &'a crate::recipe::AdamW,
    clip: &'a Option<crate::exact::Exact>,
    replicate: u32,
    /// Sets cells apart where sharing is off.
    salt: Option<(usize, usize)>,
    /// The weights that it starts from.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<&'a Objective>,
    #[serde(skip_serializing_if = "Precision::is_f32")]
    precision: Precision,
    /// The version of products in another precision than f32.
    #[serde(skip_serializing_if = "Option::is_none")]
    products: Option<&'a str>,
}

impl<'a> Base<'a> {
    /// `None` while a corpus of the cell's mixture has not been scanned, or one that an earlier cell was trained on, or the mixture waits for
    /// a scan, and while an answer settles what the cell is.
    pub(crate) fn of(plan: &'a Plan, chain: &Chain, cell: &'a Cell, salt: Option<(usize, usize)>) -> Option<Base<'a>> {
        let recipe = plan.recipe(cell);
        // What a run settles has no key before it does.
        if plan.mixture(cell).is_open() || cell.choice.is_some() {
            return None;
        }
        let mut phases = Vec::new();
        for (from, shares) in plan.mixture(cell).schedule(plan.steps(cell)) {
            let mut keyed = Vec::with_capacity(shares.len());
            for (corpus, share) in shares {
                keyed.push((chain.corpus(corpus)?, share));
            }
            keyed.sort();
            phases.push((from, keyed));
        }
        let mixture = if phases.is_empty() { Vec::new() } else { phases.remove(0).1 };
        let start = match cell.start {
            Some(start) => Some(chain.state(start)?),
            None => None,
        };
        Some(Base {
            versions: VERSIONS,
            seed: plan.study.seed,
            tokenizer: plan.study.tokenizer,
            model: plan.model(cell).key(),
            mixture,
            phases,
            batch: recipe.batch,
            optimizer: &recipe.optimizer,
            clip: &recipe.clip,
            replicate: cell.replicate,
            salt,
            start,
            objective: cell.objective.and_then(|objective| plan.objectives.get(objective as usize)),
            precision: recipe.precision,
            products: match recipe.precision {
                Precision::F32 => None,
                Precision::Bf16 => Some(BF16_VERSION),
                Precision::F16 => Some(F16_VERSION),
            },
        })
    }

    pub(crate) fn key(&self) -> Key {
        Key::of("stream/1", self)
    }
}

/// The key of the state at the end of pieces of a stream.
pub(crate) fn state_key(stream: Key, pieces: &[Piece]) -> Key {
    let mut path = Vec::new();
    for piece in pieces {
        extend(&mut path, piece);
    }
    Key::of("state/1", &(stream, &path))
}

impl Training {
    /// The segments of `plan`, with the chain of every cell that has a key; `share = false` trains each cell by itself.
    pub fn new(plan: &Plan, share: bool) -> Training {
        let chain = Chain::new(plan);
        let mut streams: BTreeMap<Key, Vec<Run>> = BTreeMap::new();
        let mut order: Vec<Key> = Vec::new();
        for (g, c, cell) in plan.cells() {
            let recipe = plan.recipe(cell);
            let Some(base) = Base::of(plan, &chain, cell, (!share).then_some((g, c))) else { continue };
            let stream = base.key();
            let run = Run { cell: (g, c), pieces: recipe.pieces(plan.steps(cell)) };
            streams.entry(stream).or_insert_with(|| {
                order.push(stream);
                Vec::new()
            });
            if let Some(runs) = streams.get_mut(&stream) {
                runs.push(run);
            }
        }
        let mut training =
            Training { segments: Vec::new(), ends: plan.grids.iter().map(|g| vec![None; g.cells.len()]).collect() };
        for stream in order {
            let runs = &streams[&stream];
            training.grow(stream, runs);
        }
        training
    }

    /// Whether all cells have keys.
    pub fn is_whole(&self) -> bool {
        self.ends.iter().flatten().all(Option::is_some)
    }

    /// Adds the segments of the runs of one stream, depth first; a branch is a group of runs whose rates are equal so far. Not a recursion: a grid may
    /// have as many budgets as it likes.
    fn grow(&mut self, stream: Key, runs: &[Run]) {
        let all = Branch { group: (0..runs.len()).collect(), parent: None, at: 0, path: Vec::new() };
        let mut open = vec![all];
        while let Some(Branch { group, parent, at, path }) = open.pop() {
            // Runs that end here end at the parent; the rest go on, parted by the formula of their next step.
            let mut next: Vec<(Piece, Vec<usize>)> = Vec::new();
            for r in group {
                let Some(piece) = runs[r].pieces.iter().find(|p| p.end > at) else {
                    let (g, c) = runs[r].cell;
                    self.ends[g][c] = parent;
                    continue;
                };
                match next.iter_mut().find(|(p, _)| p.shape == piece.shape && p.start == piece.start) {
                    Some((shared, members)) => {
                        shared.end = shared.end.min(piece.end);
                        members.push(r);
                    }
                    None => next.push((piece.clone(), vec![r])),
                }
            }
            let mut branches = Vec::with_capacity(next.len());
            for (piece, group) in next {
                let end = piece.end;
                let mut path = path.clone();
                extend(&mut path, &piece);
                let key = Key::of("state/1", &(stream, &path));
                let lone_child = parent.filter(|&p| self.segments[p].cells == group.len());
                let segment = if let Some(p) = lone_child {
                    // Nobody ends or forks at the parent's end: one longer segment instead of two.
                    let grown = &mut self.segments[p];
                    grown.key = key;
                    grown.end = end;
                    extend(&mut grown.pieces, &piece);
                    p
                } else {
                    self.segments.push(Segment {
                        key,
                        stream,
                        parent,
                        start: at,
                        end,
                        pieces: vec![piece],
                        example: runs[group[0]].cell,
                        cells: group.len(),
                    });
                    self.segments.len() - 1
                };
                branches.push(Branch { group, parent: Some(segment), at: end, path });
            }
            // The first branch is followed first.
            open.extend(branches.into_iter().rev());
        }
    }

    /// Steps from a fresh initialisation to the end of a segment.
    pub fn steps(&self, segment: usize) -> u64 {
        self.segments[segment].end
    }
}

struct Run {
    cell: (usize, usize),
    pieces: Vec<Piece>,
}

/// Runs with equal rates up to step `at`, to which `path` (pieces, cut there) leads, and the segment that ends there.
struct Branch {
    group: Vec<usize>,
    parent: Option<usize>,
    at: u64,
    path: Vec<Piece>,
}

/// Adds a piece, or makes the last one longer where it is the same formula.
fn extend(path: &mut Vec<Piece>, piece: &Piece) {
    match path.last_mut() {
        Some(last) if last.shape == piece.shape && last.start == piece.start => last.end = piece.end,
        _ => path.push(piece.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Content, Corpus, CorpusFacts, CorpusId, PartFacts, Process, ProcessKind};
    use crate::exact::Exact;
    use crate::grid::Grid;
    use crate::mixture::Mixture;
    use crate::model::Model;
    use crate::recipe::{AdamW, Length, RateSchedule, Recipe};
    use crate::study::Settings;

    fn decimal(text: &str) -> Exact {
        Exact::from_decimal(text).unwrap()
    }

    /// A plan of one process, one model and cells of the given (budget in batches of 1024, recipe, replicate).
    fn plan(schedules: Vec<RateSchedule>, cells: &[(u64, u32, u32)]) -> Plan {
        let kind = ProcessKind::Zipf { exponent: Exact::one() };
        let process = Process { kind, symbols: 10, tokens: 1 << 20, seed: 0 };
        let recipe = |schedule| Recipe {
            batch: 1024,
            optimizer: AdamW {
                rate: decimal("3e-3"),
                beta1: decimal("0.9"),
                beta2: decimal("0.95"),
                epsilon: decimal("1e-8"),
                weight_decay: decimal("0.1"),
            },
            schedule,
            clip: None,
            precision: crate::recipe::Precision::F32,
        };
        let cell = |&(steps, recipe, replicate): &(u64, u32, u32)| Cell {
            values: Box::new([]),
            mixture: 0,
            model: 0,
            recipe,
            evaluation: 0,
            tokens: steps * 1024,
            replicate,
            start: None,
            objective: None,
            choice: None,
        };
        Plan {
            corpora: vec![Corpus {
                name: "noise".to_owned(),
                content: Content::Process(process),
                heldout: None,
                price: None,
                origin: None,
            }],
            facts: vec![Some(CorpusFacts {
                bytes_hash: None,
                training: PartFacts { documents: 1, tokens: 1 << 20, bytes: 1 << 20 },
                heldout: PartFacts::default(),
            })],
            mixtures: vec![Mixture::new([(CorpusId(0), Exact::one())]).unwrap()],
            models: vec![Model {
                width: 32,
                context: 32,
                vocabulary: 256,
                blocks: Vec::new(),
                tied: false,
                rotary_base: Exact::from(10_000u64),
                norm_epsilon: decimal("1e-5"),
                init_std: decimal("0.02"),
            }],
            recipes: schedules.into_iter().map(recipe).collect(),
            evaluations: Vec::new(),
            objectives: Vec::new(),
            grids: vec![Grid {
                name: "g".to_owned(),
                documentation: None,
                columns: Vec::new(),
                cells: cells.iter().map(cell).collect(),
                excluded: Vec::new(),
                conditions: Vec::new(),
                origin: None,
            }],
            ..Plan::new(Settings { seed: 17, ..Settings::named("test") })
        }
    }

    fn wsd() -> RateSchedule {
        let decay = Length::Share(Exact::ratio(1, 5).unwrap());
        RateSchedule::Wsd { warmup: Length::Tokens(10 * 1024), decay, last: Exact::zero() }
    }

    /// The segments as (parent, start, end, cells).
    fn shape(training: &Training) -> Vec<(Option<usize>, u64, u64, usize)> {
        training.segments.iter().map(|s| (s.parent, s.start, s.end, s.cells)).collect()
    }

    #[test]
    fn budgets_share_a_trunk_and_fork_into_their_decay() {
        let plan = plan(vec![wsd()], &[(50, 0, 1), (100, 0, 1), (200, 0, 1)]);
        let training = Training::new(&plan, true);
        // The last budget's stable phase and decay are one segment: nothing forks between them.
        let stretches: std::collections::BTreeSet<_> =
            training.segments.iter().map(|s| (s.start, s.end, s.cells)).collect();
        let expected = [(0, 40, 3), (40, 80, 2), (80, 200, 1), (80, 100, 1), (40, 50, 1)];
        assert_eq!(stretches, expected.into());
        let trunk = training.segments.iter().position(|s| s.end == 80);
        assert_eq!(training.segments.iter().filter(|s| s.start == 80 && s.parent == trunk).count(), 2);
        let steps: Vec<u64> = training.ends[0].iter().flatten().map(|&s| training.steps(s)).collect();
        assert_eq!(steps, [50, 100, 200]);
    }

    #[test]
    fn a_state_has_one_key_however_its_trunk_was_cut() {
        let few = plan(vec![wsd()], &[(200, 0, 1)]);
        let many = plan(vec![wsd()], &[(30, 0, 1), (50, 0, 1), (100, 0, 1), (200, 0, 1)]);
        let key = |plan: &Plan| {
            let training = Training::new(plan, true);
            training.segments[training.ends[0].last().unwrap().unwrap()].key
        };
        assert_eq!(key(&few), key(&many));
    }

    #[test]
    fn equal_cells_train_once_and_replicates_apart() {
        let plan = plan(vec![wsd()], &[(50, 0, 1), (50, 0, 1), (50, 0, 2)]);
        let training = Training::new(&plan, true);
        assert_eq!(shape(&training), [(None, 0, 50, 2), (None, 0, 50, 1)]);
        assert_eq!(training.ends[0], [Some(0), Some(0), Some(1)]);
        let apart = Training::new(&plan, false);
        assert_eq!(apart.segments.len(), 3);
    }

    #[test]
    fn a_cosine_shares_nothing_between_budgets() {
        let cosine = RateSchedule::Cosine { warmup: Length::Tokens(0), last: Exact::zero() };
        let plan = plan(vec![cosine], &[(50, 0, 1), (100, 0, 1)]);
        assert_eq!(shape(&Training::new(&plan, true)), [(None, 0, 50, 1), (None, 0, 100, 1)]);
    }

    #[test]
    fn a_constant_rate_makes_budgets_prefixes() {
        let constant = RateSchedule::Constant { warmup: Length::Tokens(0) };
        let plan = plan(vec![constant], &[(100, 0, 1), (50, 0, 1)]);
        let training = Training::new(&plan, true);
        assert_eq!(shape(&training), [(None, 0, 50, 2), (Some(0), 50, 100, 1)]);
        assert_eq!(training.ends[0], [Some(1), Some(0)]);
    }

    #[test]
    fn a_mixture_with_phases_trains_apart_for_every_budget_whose_switch_is_elsewhere() {
        let constant = RateSchedule::Constant { warmup: Length::Tokens(0) };
        let mut plan = plan(vec![constant], &[(50, 0, 1), (100, 0, 1)]);
        let plain = Training::new(&plan, true);
        let other =
            Process { kind: ProcessKind::Zipf { exponent: Exact::one() }, symbols: 10, tokens: 1 << 20, seed: 1 };
        plan.corpora.push(Corpus { content: Content::Process(other), ..plan.corpora[0].clone() });
        plan.facts.push(plan.facts[0].clone());
        let second = Mixture::new([(CorpusId(1), Exact::one())]).unwrap();
        let phased = |switch: &str| Mixture::phased(&plan.mixtures[0], &second, &decimal(switch));
        let switched = phased("0.8");
        // A switch after the last step is none.
        let never = phased("0.999");
        plan.mixtures[0] = switched;
        assert_eq!(shape(&Training::new(&plan, true)), [(None, 0, 50, 1), (None, 0, 100, 1)]);
        plan.mixtures[0] = never;
        assert_eq!(Training::new(&plan, true).segments[0].key, plain.segments[0].key);
        plan.mixtures[0] = Mixture::open([CorpusId(0), CorpusId(1)]);
        let open = Training::new(&plan, true);
        assert_eq!((open.segments.len(), open.is_whole()), (0, false));
    }

    #[test]
    fn a_stream_may_have_thousands_of_budgets() {
        let budgets: Vec<(u64, u32, u32)> = (1..=3000).map(|steps| (steps, 0, 1)).collect();
        let constant = RateSchedule::Constant { warmup: Length::Tokens(0) };
        let training = Training::new(&plan(vec![constant], &budgets), true);
        assert_eq!(training.segments.len(), 3000);
        assert!(training.segments.iter().all(|segment| segment.end == segment.start + 1));
    }
}
