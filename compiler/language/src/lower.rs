//! The plan's lists: what cells name by number, equal contents once.

use crate::map::HashMap;
use std::collections::BTreeSet;

use serde::Serialize;
use synx_plan::answer::AnswerId;
use synx_plan::corpus::{Corpus, CorpusId};
use synx_plan::grid::{Alternative, Choice, Domain, Evaluation, Objective};
use synx_plan::mixture::Mixture;
use synx_plan::model::Model;
use synx_plan::recipe::Recipe;

use crate::corpus::Corpora;
use crate::value::{EvaluationValue, Named};

/// The lists while grids are expanded; corpora are numbered as evaluation met them.
#[derive(Default)]
pub(crate) struct Lists {
    pub mixtures: Vec<Mixture>,
    pub models: Vec<Model>,
    pub recipes: Vec<Recipe>,
    pub evaluations: Vec<Evaluation>,
    pub objectives: Vec<Objective>,
    pub choices: Vec<Choice>,
    /// Corpora that answers speak of.
    pub asked: BTreeSet<CorpusId>,
    index: HashMap<(u8, String), u32>,
    /// The plan's number of each corpus, once that is settled.
    pub numbered: Vec<CorpusId>,
    /// How many cells there are so far.
    pub cells: u64,
}

impl Lists {
    fn place<T: Clone + Serialize>(index: &mut HashMap<(u8, String), u32>, kind: u8, list: &mut Vec<T>, it: &T) -> u64 {
        let key = (kind, serde_json::to_string(it).unwrap_or_default());
        let place = *index.entry(key).or_insert_with(|| {
            list.push(it.clone());
            (list.len() - 1) as u32
        });
        u64::from(place)
    }

    pub(crate) fn mixture(&mut self, it: &Mixture) -> u64 {
        Lists::place(&mut self.index, 0, &mut self.mixtures, it)
    }

    pub(crate) fn model(&mut self, it: &Model) -> u64 {
        Lists::place(&mut self.index, 1, &mut self.models, it)
    }

    pub(crate) fn recipe(&mut self, it: &Recipe) -> u64 {
        Lists::place(&mut self.index, 2, &mut self.recipes, it)
    }

    pub(crate) fn evaluation(&mut self, it: &Named<EvaluationValue>) -> u64 {
        let domain = |(corpus, part, name): &(CorpusId, _, std::rc::Rc<str>)| Domain {
            name: name.to_string(),
            corpus: *corpus,
            part: *part,
        };
        let evaluation = Evaluation {
            name: it.name.to_string(),
            domains: it.it.domains.iter().map(domain).collect(),
            weights: it.it.weights.clone(),
            tokens: it.it.tokens,
        };
        Lists::place(&mut self.index, 3, &mut self.evaluations, &evaluation)
    }

    /// The number of a choice that answers make.
    pub(crate) fn choice(&mut self, answers: Vec<AnswerId>, alternatives: Vec<Alternative>) -> u32 {
        Lists::place(&mut self.index, 5, &mut self.choices, &Choice { answers, alternatives }) as u32
    }

    pub(crate) fn objective(&mut self, it: &Objective) -> u64 {
        Lists::place(&mut self.index, 4, &mut self.objectives, it)
    }

    /// The corpora that cells use and those that they are made from, in the order that evaluation met them; the lists'
    /// numbers are changed accordingly.
    pub(crate) fn corpora(&mut self, all: &Corpora) -> Vec<Corpus> {
        let mut used = vec![false; all.len()];
        let trained = self.mixtures.iter().flat_map(Mixture::shares).map(|(corpus, _)| *corpus);
        let evaluated = self.evaluations.iter().flat_map(|evaluation| &evaluation.domains).map(|domain| domain.corpus);
        for CorpusId(id) in trained.chain(evaluated).chain(self.asked.iter().copied()) {
            used[id] = true;
        }
        // Inputs have smaller numbers than what is made from them.
        for id in (0..all.len()).rev() {
            if used[id] {
                all.get(CorpusId(id)).corpus.inputs().into_iter().for_each(|CorpusId(input)| used[input] = true);
            }
        }
        let mut number = vec![CorpusId(0); all.len()];
        let mut corpora = Vec::new();
        for id in (0..all.len()).filter(|id| used[*id]) {
            number[id] = CorpusId(corpora.len());
            let mut corpus = all.get(CorpusId(id)).corpus.clone();
            if let Some(of) = corpus.content.of() {
                corpus.content.set_of(number[of.0]);
            }
            corpora.push(corpus);
        }
        self.numbered.clone_from(&number);
        for mixture in &mut self.mixtures {
            *mixture = mixture.renumbered(|corpus| number[corpus.0]);
        }
        for domain in self.evaluations.iter_mut().flat_map(|evaluation| &mut evaluation.domains) {
            domain.corpus = number[domain.corpus.0];
        }
        corpora
    }
}
