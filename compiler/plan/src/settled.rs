//! Cells that wait for answers, and the plan in which the answers have taken their place.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::{AnswerId, Sort};
use crate::grid::{Alternative, Cell, Column, ColumnValue, Grid};
use crate::mixture::Mixture;
use crate::study::Plan;

/// What an answer came to that cells wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A mixture to train on.
    Mixture(Mixture),
    /// One of the values that were known before.
    Value(ColumnValue),
}

impl Plan {
    /// The answers that settle what a cell is; none where that is known.
    pub fn awaited(&self, cell: &Cell) -> Vec<AnswerId> {
        match cell.choice.and_then(|choice| self.choices.get(choice as usize)) {
            Some(choice) => choice.answers.clone(),
            None => self.mixture(cell).answer().into_iter().collect(),
        }
    }

    /// All answers that some cell waits for.
    pub fn all_awaited(&self) -> BTreeSet<AnswerId> {
        self.cells().flat_map(|(_, _, cell)| self.awaited(cell)).collect()
    }

    /// The plan in which cells are what these answers make them: as if the study had said so, so that equal contents have equal keys. What other answers settle stays
    /// as it is. Numbers of corpora, mixtures, tables, laws and answers stay.
    #[must_use]
    pub fn with_found(&self, found: &BTreeMap<AnswerId, Found>) -> Plan {
        let mut plan = self.clone();
        for mixture in &mut plan.mixtures {
            if let Some(Found::Mixture(settled)) = mixture.answer().and_then(|answer| found.get(&answer)) {
                *mixture = settled.clone();
            }
        }
        for grid in &mut plan.grids {
            for cell in &mut grid.cells {
                if let Some(it) = self.chosen(cell, found) {
                    let Alternative { mixture, model, recipe, evaluation, tokens } = it;
                    *cell = Cell { mixture, model, recipe, evaluation, tokens, choice: None, ..cell.clone() };
                }
            }
            for column in 0..grid.columns.len() {
                grid.put_in(column, found);
            }
        }
        plan
    }

    /// What a cell is once all answers are there that choose it.
    fn chosen(&self, cell: &Cell, found: &BTreeMap<AnswerId, Found>) -> Option<Alternative> {
        let choice = self.choices.get(cell.choice? as usize)?;
        let mut place = 0;
        for answer in &choice.answers {
            let (Some(Found::Value(value)), Sort::OneOf(values)) =
                (found.get(answer), &self.answers.get(answer.0)?.sort)
            else {
                return None;
            };
            place = place * values.len() + values.iter().position(|known| known == value)?;
        }
        choice.alternatives.get(place).copied()
    }
}

impl Grid {
    /// Puts values in the place of answers in a column; one that is there already stands once.
    fn put_in(&mut self, place: usize, found: &BTreeMap<AnswerId, Found>) {
        let Column { values, .. } = &mut self.columns[place];
        let is_found = |value: &ColumnValue| matches!(value, ColumnValue::Answer(answer) if found.contains_key(answer));
        if !values.iter().any(is_found) {
            return;
        }
        let mut all: Vec<ColumnValue> = Vec::with_capacity(values.len());
        let mut numbers: Vec<u32> = Vec::with_capacity(values.len());
        for value in values.drain(..) {
            let value = match &value {
                ColumnValue::Answer(answer) => match found.get(answer) {
                    Some(Found::Value(found)) => found.clone(),
                    _ => value,
                },
                _ => value,
            };
            let number = all.iter().position(|known| *known == value).unwrap_or_else(|| {
                all.push(value);
                all.len() - 1
            });
            numbers.push(number as u32);
        }
        *values = all;
        let cells = self.cells.iter_mut().map(|cell| &mut cell.values);
        let excluded = self.excluded.iter_mut().map(|cell| &mut cell.values);
        let closest = self.conditions.iter_mut().filter_map(|condition| condition.closest.as_mut());
        // The closest has its axes only.
        for cell in cells.chain(excluded).chain(closest.map(|closest| &mut closest.cell)) {
            if let Some(value) = cell.get_mut(place) {
                *value = numbers[*value as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Answer, Question};
    use crate::corpus::{Content, Corpus, CorpusFacts, CorpusId, PartFacts, Process, ProcessKind};
    use crate::exact::Exact;
    use crate::expression::Expression;
    use crate::grid::{Choice, Closest, ColumnKind, Condition, Excluded};
    use crate::model::Model;
    use crate::recipe::{AdamW, Precision, RateSchedule, Recipe};
    use crate::study::Settings;
    use crate::training::Training;
    use crate::unit::{Amount, Unit};

    fn noise(seed: u64) -> Corpus {
        let kind = ProcessKind::Zipf { exponent: Exact::one() };
        let content = Content::Process(Process { kind, symbols: 10, tokens: 1 << 20, seed });
        Corpus { name: format!("noise{seed}"), content, heldout: None, price: None, origin: None }
    }

    fn half() -> Mixture {
        Mixture::new([(CorpusId(0), Exact::ratio(1, 2).unwrap()), (CorpusId(1), Exact::ratio(1, 2).unwrap())]).unwrap()
    }

    fn text(word: &str) -> ColumnValue {
        ColumnValue::Text(word.to_owned())
    }

    /// A grid of four cells: a known mixture, one that answer 0 settles, and two models of which answers 1 and 2 choose.
    fn plan() -> Plan {
        let decimal = |text: &str| Exact::from_decimal(text).unwrap();
        let training = PartFacts { documents: 1, tokens: 1 << 20, bytes: 1 << 20 };
        let facts = CorpusFacts { bytes_hash: None, training, heldout: PartFacts::default() };
        let model = |width: u64| Model {
            width,
            context: 32,
            vocabulary: 256,
            blocks: Vec::new(),
            tied: false,
            rotary_base: Exact::from(10_000u64),
            norm_epsilon: decimal("1e-5"),
            init_std: decimal("0.02"),
        };
        let optimizer = AdamW {
            rate: decimal("3e-3"),
            beta1: decimal("0.9"),
            beta2: decimal("0.95"),
            epsilon: decimal("1e-8"),
            weight_decay: decimal("0.1"),
        };
        let schedule = RateSchedule::Constant { warmup: crate::recipe::Length::Tokens(0) };
        let recipe = Recipe { batch: 1024, optimizer, schedule, clip: None, precision: Precision::F32 };
        let answer = |sort: Sort| Answer {
            question: Question::Expression(Expression::number(1u64)),
            sort,
            name: None,
            origin: None,
        };
        let cell = |value: u32, mixture: u32, choice: Option<u32>| Cell {
            values: Box::new([value]),
            mixture,
            model: 0,
            recipe: 0,
            evaluation: 0,
            tokens: 4096,
            replicate: 1,
            start: None,
            objective: None,
            choice,
        };
        let of = |model: u32| Alternative { mixture: 0, model, recipe: 0, evaluation: 0, tokens: 4096 };
        let which = vec![text("narrow"), text("wide")];
        let values =
            vec![text("half"), text("best"), ColumnValue::Answer(AnswerId(1)), ColumnValue::Answer(AnswerId(2))];
        let amount = Amount::new(Exact::one(), Unit::PLAIN);
        let closest = Closest { cell: Box::new([3]), value: amount.clone(), bound: amount };
        Plan {
            corpora: vec![noise(0), noise(1)],
            facts: vec![Some(facts.clone()), Some(facts)],
            mixtures: vec![half(), Mixture::late([CorpusId(0), CorpusId(1)], AnswerId(0))],
            models: vec![model(32), model(64)],
            recipes: vec![recipe],
            choices: vec![
                Choice { answers: vec![AnswerId(1)], alternatives: vec![of(0), of(1)] },
                Choice { answers: vec![AnswerId(2)], alternatives: vec![of(0), of(1)] },
            ],
            answers: vec![
                answer(Sort::Mixture(vec![CorpusId(0), CorpusId(1)])),
                answer(Sort::OneOf(which.clone())),
                answer(Sort::OneOf(which)),
            ],
            grids: vec![Grid {
                name: "g".to_owned(),
                documentation: None,
                columns: vec![Column { name: "what".to_owned(), kind: ColumnKind::Axis, unit: String::new(), values }],
                cells: vec![cell(0, 0, None), cell(1, 1, None), cell(2, 0, Some(0)), cell(3, 0, Some(1))],
                excluded: vec![Excluded { values: Box::new([2]), condition: 0 }],
                conditions: vec![Condition { text: "true".to_owned(), closest: Some(closest) }],
                origin: None,
            }],
            ..Plan::new(Settings { seed: 17, ..Settings::named("test") })
        }
    }

    fn awaited(plan: &Plan) -> Vec<Vec<usize>> {
        plan.cells().map(|(_, _, cell)| plan.awaited(cell).into_iter().map(|answer| answer.0).collect()).collect()
    }

    fn names(plan: &Plan) -> Vec<String> {
        let grid = &plan.grids[0];
        grid.cells.iter().map(|cell| grid.cell_name(&cell.values)).collect()
    }

    #[test]
    fn cells_that_wait_have_no_key_and_the_others_do() {
        let plan = plan();
        assert_eq!(awaited(&plan), [vec![], vec![0], vec![1], vec![2]]);
        assert_eq!(plan.all_awaited(), (0..3).map(AnswerId).collect());
        let training = Training::new(&plan, true);
        assert_eq!(training.ends[0], [Some(0), None, None, None]);
        assert!(!training.is_whole());
    }

    #[test]
    fn a_settled_mixture_that_equals_a_named_one_trains_once() {
        let settled = plan().with_found(&[(AnswerId(0), Found::Mixture(half()))].into());
        assert_eq!(awaited(&settled), [vec![], vec![], vec![1], vec![2]]);
        assert_eq!(names(&settled)[1], "g[what=best]");
        assert_eq!(Training::new(&settled, true).ends[0], [Some(0), Some(0), None, None]);
    }

    #[test]
    fn a_chosen_value_stands_where_its_answer_stood() {
        let plan = plan();
        let first = plan.with_found(&[(AnswerId(1), Found::Value(text("wide")))].into());
        assert_eq!(first.grids[0].cells[2].model, 1);
        assert_eq!(names(&first)[2..], ["g[what=wide]", "g[what=late 2]"]);
        assert_eq!(awaited(&first), [vec![], vec![0], vec![], vec![2]]);
        // Two answers of one value: it stands once in its column, and all that names it follows.
        let both = [(AnswerId(1), Found::Value(text("wide"))), (AnswerId(2), Found::Value(text("wide")))].into();
        let both = plan.with_found(&both);
        let grid = &both.grids[0];
        assert_eq!(grid.columns[0].values, [text("half"), text("best"), text("wide")]);
        assert_eq!(names(&both)[2..], ["g[what=wide]", "g[what=wide]"]);
        assert_eq!(
            (&*grid.excluded[0].values, &*grid.conditions[0].closest.as_ref().unwrap().cell),
            (&[2][..], &[2][..])
        );
        let training = Training::new(&both, true);
        assert_eq!((training.ends[0][2], training.segments.len()), (training.ends[0][3], 2));
    }

    #[test]
    fn of_several_answers_the_last_one_changes_fastest() {
        let mut plan = plan();
        let of = |tokens: u64, model: u32| Alternative { mixture: 0, model, recipe: 0, evaluation: 0, tokens };
        plan.choices[0] = Choice {
            answers: vec![AnswerId(1), AnswerId(2)],
            alternatives: vec![of(1024, 0), of(1024, 1), of(2048, 0), of(2048, 1)],
        };
        let mut found: BTreeMap<AnswerId, Found> = [(AnswerId(1), Found::Value(text("wide")))].into();
        let half = plan.with_found(&found);
        assert_eq!(half.grids[0].cells[2].choice, Some(0), "one answer of two settles nothing");
        found.insert(AnswerId(2), Found::Value(text("narrow")));
        let whole = plan.with_found(&found);
        assert_eq!(whole.grids[0].cells[2].own(), of(2048, 0));
    }
}
