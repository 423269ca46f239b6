//! The world of answers: cells that were trained, files of observations, the store's fits, the corpora's text.

use std::path::PathBuf;
use std::sync::Mutex;

use synx_answers::Given;
use synx_laws::{LawResult, Options};
use synx_plan::answer::AnswerId;
use synx_plan::grid::ColumnValue;
use synx_plan::key::Key;
use synx_plan::law::{Formula, Law, law_key};
use synx_plan::observations::Observations;
use synx_plan::problem::Problem;
use synx_plan::study::Plan;
use synx_plan::table::Column;
use synx_report::StudyResults;
use synx_tables::{Standing, Table};

use super::{Sources, cells};
use crate::progress::Silent;

pub(crate) struct World<'a, 'p> {
    plan: &'a Plan,
    results: &'a StudyResults,
    sources: Mutex<Sources<'a, 'p>>,
    finished_only: bool,
}

impl<'a, 'p> World<'a, 'p> {
    pub fn new(plan: &'a Plan, results: &'a StudyResults, sources: Sources<'a, 'p>) -> World<'a, 'p> {
        World { plan, results, sources: Mutex::new(sources), finished_only: false }
    }

    /// Whether cells without a result are left out, as those that diverged are, instead of awaited.
    pub fn finished_only(self, finished_only: bool) -> World<'a, 'p> {
        World { finished_only, ..self }
    }

    fn with<T>(&self, of: impl FnOnce(&mut Sources<'a, 'p>) -> T) -> T {
        // What a panic elsewhere left is whole: nothing is changed but the memory of corpora.
        of(&mut self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Given for World<'_, '_> {
    fn cells(&self, grid: usize, late: &dyn Fn(AnswerId) -> Option<ColumnValue>) -> Result<Table, Problem> {
        let table = cells::table(self.plan, self.results, grid, late);
        if !self.finished_only {
            return Ok(table);
        }
        let standing = |row: usize| match table.standing(row) {
            Standing::Awaited => Standing::Diverged,
            standing => standing,
        };
        let standing = (0..table.rows()).map(standing).collect();
        Ok(table.with_standing(standing))
    }

    fn observations(&self, of: &Observations, declared: &[Column]) -> Result<Table, Problem> {
        let path: Option<PathBuf> = self.with(|sources| {
            synx_corpus::expand(sources.folder, std::slice::from_ref(&of.path), sources.allow_outside)
                .map(|found| found.into_iter().next())
        })?;
        let path = path.ok_or_else(|| Problem::new("E0910", format!("there is no file `{}`", of.path)))?;
        synx_tables::observations(of, &path, declared)
    }

    fn fit(&self, law: &Law, rows: &synx_laws::Table) -> Result<Result<LawResult, Problem>, Problem> {
        let mut content: Vec<(&str, Vec<String>)> = Vec::new();
        for name in rows.names() {
            match rows.labels(name) {
                Ok(labels) => content.push((name, labels)),
                Err(problem) => return Ok(Err(problem)),
            }
        }
        let key = law_key(&law.formula, &Key::of("table/1", &(&content, rows.streams())));
        let (known, writer) = self.with(|sources| (sources.store.law::<LawResult>(&key), sources.writer));
        if let Some(fit) = known? {
            return Ok(Ok(fit));
        }
        let Some(writer) = writer else {
            // Draws change no estimate, and take most of the time.
            let plain = Formula { bootstrap: 0, ..law.formula.clone() };
            return Ok(synx_laws::fit(&law.name, &plain, rows, &Options::default()));
        };
        let fit = synx_laws::fit(&law.name, &law.formula, rows, &Options::default());
        if let Ok(fit) = &fit {
            writer.save_law(&key, fit)?;
        }
        Ok(fit)
    }

    fn symbols(&self, mixture: u32) -> Result<Vec<f64>, Problem> {
        self.with(|sources| {
            let Some(writer) = sources.writer else {
                return Err(Problem::new("E0975", "the tokens of a corpus have not been made"));
            };
            let mut parts = vec![0.0; synx_corpus::VOCABULARY];
            for (corpus, share) in self.plan.mixtures[mixture as usize].shares() {
                let built = sources.corpora.get(*corpus, writer, &mut Silent)?;
                let mut counts = vec![0u64; synx_corpus::VOCABULARY];
                built.training.as_bytes().iter().for_each(|symbol| counts[*symbol as usize] += 1);
                let all = built.training.len().max(1) as f64;
                let share = share.to_f64();
                parts.iter_mut().zip(&counts).for_each(|(part, count)| *part += share * *count as f64 / all);
            }
            Ok(parts)
        })
    }
}
