//! The stream of a run: which sequence of which source stands at each position, and the batches made from it.
//!
//! A source's tokens are cut into chunks of `context + 1` that start at multiples of `context`. Position p of the run
//! (step · rows + row) is given to a source by the [interleaving](crate::Interleaving); the j-th position given to a
//! source is its sequence j: epoch `j / chunks`, chunk `permutation(j mod chunks)`, where each epoch has a permutation of
//! its own keyed by (study seed, replicate, source key, epoch). So any step's batch can be made without the steps before
//! it, and the order of a source is the same in every mixture that it stands in.

use std::ops::Range;

use synx_plan::exact::Exact;
use synx_plan::key::Key;
use synx_plan::problem::Problem;
use synx_plan::random;

use crate::interleave::Interleaving;
use crate::tokens::Tokens;

/// A source of a stream: what its order is keyed by, what messages call it, and its tokens.
#[derive(Debug, Clone)]
pub struct SourceView {
    pub key: Key,
    pub name: String,
    pub tokens: Tokens,
}

/// The sequence at one position of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence {
    /// The place of the source in the stream's list.
    pub source: usize,
    pub epoch: u64,
    /// The chunk of the source: inputs are its tokens from `chunk · context` on.
    pub chunk: u64,
}

/// The order in which a run sees its data: a pure function of sources, shares, context, study seed and replicate.
#[derive(Debug)]
pub struct Stream {
    sources: Vec<Source>,
    /// In order; the first begins at position 0.
    phases: Vec<Phase>,
    context: usize,
}

#[derive(Debug)]
struct Phase {
    /// Its first position.
    from: u64,
    interleaving: Interleaving,
    /// How many positions each source was given before.
    before: Vec<u64>,
}

#[derive(Debug)]
struct Source {
    view: SourceView,
    chunks: u64,
    order: random::Stream,
}

/// Rows that are looked for together. Measured: more gain nothing.
const AHEAD: usize = 16;

/// How many chunks of `context + 1` tokens, starting at multiples of `context`, a source of `tokens` tokens has.
pub fn chunk_count(tokens: u64, context: u64) -> u64 {
    tokens.saturating_sub(1) / context.max(1)
}

impl Stream {
    /// A stream over `sources` with `shares`, both in canonical order.
    ///
    /// Refuses a source with a share that is smaller than one sequence (E0929) and shares that do not work out (E0930).
    pub fn new(
        sources: Vec<SourceView>,
        shares: &[Exact],
        context: usize,
        seed: u64,
        replicate: u64,
    ) -> Result<Stream, Problem> {
        Stream::with_phases(sources, &[(0, shares.to_vec())], context, seed, replicate)
    }

    /// A stream whose shares change: each of `phases` is the position that its shares hold from, in order, the first from 0 on.
    pub fn with_phases(
        sources: Vec<SourceView>,
        phases: &[(u64, Vec<Exact>)],
        context: usize,
        seed: u64,
        replicate: u64,
    ) -> Result<Stream, Problem> {
        let fits = phases.iter().all(|(_, shares)| shares.len() == sources.len());
        let in_order = phases.first().is_some_and(|(from, _)| *from == 0) && phases.is_sorted_by(|a, b| a.0 < b.0);
        if !fits || !in_order || context == 0 {
            let headline = format!("{} sources, {} phases, context {context}", sources.len(), phases.len());
            return Err(Problem::new("E0930", headline)
                .help("a stream needs a share a source in every phase, phases in order, and a context of at least 1"));
        }
        let mut made: Vec<Phase> = Vec::with_capacity(phases.len());
        for (from, shares) in phases {
            let before = match made.last() {
                None => vec![0; sources.len()],
                Some(last) => {
                    let given = last.interleaving.counts(from - last.from);
                    last.before.iter().zip(given).map(|(before, given)| before + given).collect()
                }
            };
            made.push(Phase { from: *from, interleaving: Interleaving::new(shares)?, before });
        }
        let sources: Vec<Source> = sources
            .into_iter()
            .map(|view| Source {
                chunks: chunk_count(view.tokens.len() as u64, context as u64),
                order: random::Stream::new("order/1", &(seed, replicate, view.key)),
                view,
            })
            .collect();
        for (i, source) in sources.iter().enumerate() {
            let drawn = phases.iter().any(|(_, shares)| shares[i].is_positive());
            if drawn && source.chunks == 0 {
                return Err(Problem::new(
                    "E0929",
                    format!("corpus `{}` is smaller than one sequence", source.view.name),
                )
                .note(format!("it has {} tokens; a sequence needs {}", source.view.tokens.len(), context + 1))
                .help("use more text or a shorter `context`"));
            }
        }
        Ok(Stream { sources, phases: made, context })
    }

    /// Refuses a batch of `rows` sequences in which a source would have to repeat itself (E0929).
    pub fn check_batch(&self, rows: u64) -> Result<(), Problem> {
        for (i, source) in self.sources.iter().enumerate() {
            let given = self.phases.iter().map(|phase| phase.interleaving.counts(rows)[i]).max().unwrap_or(0);
            if given > source.chunks {
                return Err(Problem::new(
                    "E0929",
                    format!("corpus `{}` is smaller than its part of a batch", source.view.name),
                )
                .note(format!(
                    "a batch of {rows} sequences takes {given} from it; its {} tokens make {} sequences of {}",
                    source.view.tokens.len(),
                    source.chunks,
                    self.context
                ))
                .help("use more text, a smaller `batch` or a smaller share"));
            }
        }
        Ok(())
    }

    /// The phase that a position stands in.
    fn phase(&self, position: u64) -> &Phase {
        let after = self.phases.partition_point(|phase| phase.from <= position);
        &self.phases[after.saturating_sub(1)]
    }

    /// Tokens of a sequence's inputs.
    pub fn context(&self) -> usize {
        self.context
    }

    /// The sequence at `position`.
    pub fn sequence(&self, position: u64) -> Sequence {
        let phase = self.phase(position);
        let (index, ordinal) = phase.interleaving.at(position - phase.from);
        let ordinal = phase.before[index] + ordinal;
        let source = &self.sources[index];
        let epoch = ordinal / source.chunks;
        let chunk = source.order.child(epoch).permutation(source.chunks, ordinal % source.chunks);
        Sequence { source: index, epoch, chunk }
    }

    /// Writes the sequences at `positions` as rows: `inputs` and `targets` are `[positions, context]`, ids of tokens;
    /// a target is the token after its input.
    ///
    /// # Panics
    /// Where a buffer does not have that length.
    pub fn fill(&self, positions: Range<u64>, inputs: &mut [u32], targets: &mut [u32]) {
        let rows = (positions.end - positions.start) as usize;
        assert_eq!(inputs.len(), rows * self.context, "inputs are [positions, context]");
        assert_eq!(targets.len(), rows * self.context, "targets are [positions, context]");
        let mut rows = inputs.chunks_exact_mut(self.context).zip(targets.chunks_exact_mut(self.context));
        let mut ahead: [Sequence; AHEAD] = [Sequence { source: 0, epoch: 0, chunk: 0 }; AHEAD];
        for first in positions.clone().step_by(AHEAD) {
            // Where the next rows lie is worked out before any is copied: they come from all over memory, and are waited for once, not one by one.
            let count = (positions.end - first).min(AHEAD as u64) as usize;
            for (sequence, position) in ahead[..count].iter_mut().zip(first..) {
                *sequence = self.sequence(position);
            }
            for sequence in &ahead[..count] {
                let start = sequence.chunk as usize * self.context;
                self.sources[sequence.source].view.tokens.touch(start..start + self.context + 1);
            }
            for (sequence, (inputs, targets)) in ahead[..count].iter().zip(&mut rows) {
                let tokens = &self.sources[sequence.source].view.tokens;
                let start = sequence.chunk as usize * self.context;
                tokens.copy(start..start + self.context, inputs);
                tokens.copy(start + 1..start + 1 + self.context, targets);
            }
        }
    }

    /// How often each source has been seen after `positions` sequences: 1.5 is one and a half times.
    pub fn epochs(&self, positions: u64) -> Vec<f64> {
        let phase = self.phase(positions.saturating_sub(1));
        let counts = phase.interleaving.counts(positions - phase.from);
        self.sources
            .iter()
            .zip(counts.iter().zip(&phase.before).map(|(count, before)| count + before))
            .map(|(source, count)| if count == 0 { 0.0 } else { count as f64 / source.chunks as f64 })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: usize = 4;

    fn source(name: &str, tokens: usize) -> SourceView {
        let tokens: Vec<u8> = (0..tokens).map(|i| (i % 251) as u8).collect();
        SourceView { key: Key::of("test/1", &name), name: name.to_owned(), tokens: tokens.into() }
    }

    fn shares(text: &[&str]) -> Vec<Exact> {
        text.iter().map(|t| t.parse().unwrap()).collect()
    }

    fn mixed(replicate: u64) -> Stream {
        Stream::new(vec![source("a", 101), source("b", 41)], &shares(&["2/3", "1/3"]), CONTEXT, 17, replicate).unwrap()
    }

    fn order_of(stream: &Stream, source: usize, positions: u64) -> Vec<(u64, u64)> {
        let sequences = (0..positions).map(|p| stream.sequence(p)).filter(|s| s.source == source);
        sequences.map(|s| (s.epoch, s.chunk)).collect()
    }

    #[test]
    fn targets_are_the_tokens_after_the_inputs() {
        let stream = mixed(0);
        let (mut inputs, mut targets) = (vec![0; 12 * CONTEXT], vec![0; 12 * CONTEXT]);
        stream.fill(0..12, &mut inputs, &mut targets);
        for (inputs, targets) in inputs.chunks(CONTEXT).zip(targets.chunks(CONTEXT)) {
            assert_eq!(inputs[1..], targets[..CONTEXT - 1]);
            assert_eq!(inputs[0] as usize % CONTEXT, 0);
            assert_eq!(targets[CONTEXT - 1], (inputs[CONTEXT - 1] + 1) % 251);
        }
    }

    #[test]
    fn a_batch_alone_equals_the_batch_in_sequence() {
        for shares_text in [["2/3", "1/3"], ["123456789012347/1000000000000000", "876543210987653/1000000000000000"]] {
            let sources = || vec![source("a", 101), source("b", 41)];
            let stream = Stream::new(sources(), &shares(&shares_text), CONTEXT, 17, 3).unwrap();
            let rows = 6usize;
            let mut all = (vec![0; 40 * rows * CONTEXT], vec![0; 40 * rows * CONTEXT]);
            stream.fill(0..(40 * rows) as u64, &mut all.0, &mut all.1);
            for step in [39usize, 0, 7, 38, 20] {
                let alone = Stream::new(sources(), &shares(&shares_text), CONTEXT, 17, 3).unwrap();
                let (mut inputs, mut targets) = (vec![0; rows * CONTEXT], vec![0; rows * CONTEXT]);
                alone.fill((step * rows) as u64..((step + 1) * rows) as u64, &mut inputs, &mut targets);
                let at = step * rows * CONTEXT..(step + 1) * rows * CONTEXT;
                assert_eq!(inputs, all.0[at.clone()]);
                assert_eq!(targets, all.1[at]);
            }
        }
    }

    #[test]
    fn an_epoch_visits_every_chunk_once_in_an_order_of_its_own() {
        let stream = mixed(0);
        let order = order_of(&stream, 1, 3 * 30);
        let (first, second, third) = (&order[..10], &order[10..20], &order[20..30]);
        for (epoch, visited) in [first, second, third].into_iter().enumerate() {
            assert!(visited.iter().all(|(e, _)| *e == epoch as u64));
            let mut chunks: Vec<u64> = visited.iter().map(|(_, chunk)| *chunk).collect();
            chunks.sort_unstable();
            assert_eq!(chunks, (0..10).collect::<Vec<_>>());
        }
        let chunks = |part: &[(u64, u64)]| part.iter().map(|(_, chunk)| *chunk).collect::<Vec<_>>();
        assert_ne!(chunks(first), chunks(second));
        assert_ne!(chunks(second), chunks(third));
    }

    #[test]
    fn replicates_see_other_orders_under_the_same_interleaving() {
        let (one, two) = (mixed(1), mixed(2));
        assert_ne!(order_of(&one, 0, 60), order_of(&two, 0, 60));
        assert!((0..60).all(|p| one.sequence(p).source == two.sequence(p).source));
    }

    #[test]
    fn the_order_of_a_source_does_not_depend_on_the_mixture() {
        let alone = Stream::new(vec![source("a", 101)], &shares(&["1"]), CONTEXT, 17, 1).unwrap();
        let other =
            Stream::new(vec![source("c", 51), source("a", 101)], &shares(&["9/10", "1/10"]), CONTEXT, 17, 1).unwrap();
        let (first, second) = (order_of(&alone, 0, 30), order_of(&other, 1, 300));
        assert_eq!(first, second);
        assert_eq!(first[..20], order_of(&mixed(1), 0, 30)[..20]);
    }

    #[test]
    fn epochs_count_how_often_a_source_was_seen() {
        assert_eq!(mixed(0).epochs(30), [20.0 / 25.0, 10.0 / 10.0]);
        assert_eq!(mixed(0).epochs(0), [0.0, 0.0]);
    }

    #[test]
    fn phases_change_the_shares_and_every_source_goes_on_where_it_was() {
        let sources = || vec![source("a", 101), source("b", 41)];
        let phases = [(0, shares(&["2/3", "1/3"])), (30, shares(&["0", "1"])), (36, shares(&["1/2", "1/2"]))];
        let stream = Stream::with_phases(sources(), &phases, CONTEXT, 17, 0).unwrap();
        assert!((0..30).all(|p| stream.sequence(p) == mixed(0).sequence(p)), "the first phase is the mixture itself");
        assert!((30..36).all(|p| stream.sequence(p).source == 1));
        let order = order_of(&stream, 1, 60);
        let alone = Stream::new(vec![source("b", 41)], &shares(&["1"]), CONTEXT, 17, 0).unwrap();
        assert_eq!(order, order_of(&alone, 0, order.len() as u64), "no sequence is left out or given twice");
        assert_eq!(stream.epochs(36), [20.0 / 25.0, 16.0 / 10.0]);
        // Any step by itself.
        let again = Stream::with_phases(sources(), &phases, CONTEXT, 17, 0).unwrap();
        for position in [59, 3, 35, 36, 30, 29] {
            assert_eq!(again.sequence(position), stream.sequence(position));
        }
        assert_eq!(Stream::with_phases(sources(), &phases[1..], CONTEXT, 17, 0).unwrap_err().code, "E0930");
    }

    #[test]
    fn a_corpus_smaller_than_a_sequence_is_refused() {
        let problem = Stream::new(vec![source("tiny", 4)], &shares(&["1"]), CONTEXT, 17, 0).unwrap_err();
        assert_eq!(problem.code, "E0929");
        assert!(problem.to_string().contains("`tiny`") && problem.to_string().contains("4 tokens"), "{problem}");
        assert!(Stream::new(vec![source("fits", 5)], &shares(&["1"]), CONTEXT, 17, 0).is_ok());
    }

    #[test]
    fn a_corpus_smaller_than_its_part_of_a_batch_is_refused() {
        assert!(mixed(0).check_batch(30).is_ok());
        let problem = mixed(0).check_batch(33).unwrap_err();
        assert_eq!(problem.code, "E0929");
        assert!(problem.to_string().contains("takes 11 from it"), "{problem}");
    }
}
