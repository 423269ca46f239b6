//! The documents of a text corpus, one after another.

use std::ops::ControlFlow;

use rayon::prelude::*;
use synx_plan::corpus::{Content, Corpus, CorpusId, Files, Register};
use synx_plan::problem::Problem;

use super::Sources;
use super::survey::changed;
use crate::read;
use crate::world::{Author, Telling};

/// Documents of the built-in world that are written at once, spread over the threads.
const BLOCK: usize = 256;

/// What takes documents: whether the document is held out, and its text. Breaks to stop.
type Each<'a> = dyn FnMut(bool, &str) -> Result<ControlFlow<()>, Problem> + 'a;

/// As [`Each`], for the length of the text alone.
type EachLength<'a> = dyn FnMut(bool, u64) -> Result<ControlFlow<()>, Problem> + 'a;

/// As [`Each`], with the telling that was written.
type EachTelling<'a> = dyn FnMut(&Telling, &str) -> Result<ControlFlow<()>, Problem> + 'a;

/// Documents in their order until a number of tokens is reached; the last is whole. Held-out documents all pass.
struct Until {
    tokens: u64,
    given: u64,
}

impl Until {
    fn new(tokens: u64) -> Until {
        Until { tokens, given: 0 }
    }

    fn reached(&self) -> bool {
        self.given >= self.tokens
    }

    /// Whether a document of that many bytes is wanted; counts it where it is.
    fn wants(&mut self, held: bool, bytes: u64) -> bool {
        if held {
            return true;
        }
        let wanted = !self.reached();
        self.given += if wanted { bytes + 1 } else { 0 };
        wanted
    }
}

impl Sources<'_> {
    /// Gives every document of a text corpus to `each`.
    pub(super) fn visit(&self, id: CorpusId, each: &mut Each<'_>) -> Result<(), Problem> {
        match &self.corpus(id)?.content {
            Content::Files(files) => self.visit_files(id, files, each),
            Content::Repeat { of, times } => again(self.repeated(*of, *times)?, |first, ended| {
                self.visit(*of, &mut |held, text| ended(first || !held, &mut || each(held, text)))
            }),
            content @ (Content::Take { .. } | Content::TakeShare { .. }) => {
                let Some((of, tokens)) = self.taken(content)? else { return Ok(()) };
                let mut until = Until::new(tokens);
                let stop = self.nothing_held(of)?;
                self.visit(of, &mut |held, text| {
                    if until.wants(held, text.len() as u64) {
                        return each(held, text);
                    }
                    Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })
            }
            _ => self.visit_tellings(id, &mut |telling, text| each(telling.held, text)),
        }
    }

    /// Gives the bytes of every document of a text corpus to `each`, without reading files again.
    pub(super) fn visit_lengths(&self, id: CorpusId, each: &mut EachLength<'_>) -> Result<(), Problem> {
        match &self.corpus(id)?.content {
            Content::Files(_) => {
                let survey = self.survey(id)?;
                for (document, length) in survey.lengths.iter().enumerate() {
                    if each(survey.held.contains(document as u64), u64::from(*length))?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
            Content::Repeat { of, times } => again(self.repeated(*of, *times)?, |first, ended| {
                self.visit_lengths(*of, &mut |held, bytes| ended(first || !held, &mut || each(held, bytes)))
            }),
            content @ (Content::Take { .. } | Content::TakeShare { .. }) => {
                let Some((of, tokens)) = self.taken(content)? else { return Ok(()) };
                let mut until = Until::new(tokens);
                let stop = self.nothing_held(of)?;
                self.visit_lengths(of, &mut |held, bytes| {
                    if until.wants(held, bytes) {
                        return each(held, bytes);
                    }
                    Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })
            }
            _ => self.visit(id, &mut |held, text| each(held, text.len() as u64)),
        }
    }

    fn nothing_held(&self, id: CorpusId) -> Result<bool, Problem> {
        match self.anchor(id)? {
            Some(anchor) => Ok(self.survey(anchor)?.held.is_empty()),
            None => Ok(true),
        }
    }

    fn visit_files(&self, id: CorpusId, files: &Files, each: &mut Each<'_>) -> Result<(), Problem> {
        let survey = self.survey(id)?;
        let mut document = 0;
        let hash = read::documents(&self.root, files, &self.options, &mut |text| {
            if document >= survey.documents {
                return Err(changed(&self.corpora[id.0]));
            }
            document += 1;
            each(survey.held.contains(document - 1), text)
        })?;
        match hash {
            Some(_) if hash != survey.bytes_hash => Err(changed(&self.corpora[id.0])),
            _ => Ok(()),
        }
    }

    /// Gives every document of a corpus that comes from the built-in world to `each`; E0927 for any other.
    fn visit_tellings(&self, id: CorpusId, each: &mut EachTelling<'_>) -> Result<(), Problem> {
        let corpus = self.corpus(id)?;
        match &corpus.content {
            Content::World(world) => {
                let survey = self.survey(id)?;
                let library = survey.library.as_ref().ok_or_else(|| not_of_the_world(corpus))?;
                let tellings = (0..survey.documents).map(|n| library.telling(n, survey.held.contains(n)));
                write_all(tellings, world.register, each).map(|_| ())
            }
            Content::Repeat { of, times } => again(self.repeated(*of, *times)?, |first, ended| {
                self.visit_tellings(*of, &mut |telling, text| {
                    ended(first || !telling.held, &mut || each(telling, text))
                })
            }),
            content @ (Content::Take { .. } | Content::TakeShare { .. }) => {
                let Some((of, tokens)) = self.taken(content)? else { return Ok(()) };
                let mut until = Until::new(tokens);
                let stop = self.nothing_held(of)?;
                self.visit_tellings(of, &mut |telling, text| {
                    if until.wants(telling.held, text.len() as u64) {
                        return each(telling, text);
                    }
                    Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })
            }
            Content::Rephrase { of, style, tokens: None, .. } => {
                let tellings = self.tellings(*of)?;
                write_all(tellings.iter().map(|telling| telling.rephrased(*style, 0)), *style, each).map(|_| ())
            }
            Content::Rephrase { of, style, tokens: Some(tokens), .. } => {
                let tellings = self.tellings(*of)?;
                let training: Vec<&Telling> = tellings.iter().filter(|telling| !telling.held).collect();
                let mut until = Until::new(*tokens);
                for telling in tellings.iter().filter(|telling| telling.held) {
                    let telling = telling.rephrased(*style, 0);
                    if each(&telling, &telling.text(*style))?.is_break() {
                        return Ok(());
                    }
                }
                let mut round = 0;
                while !until.reached() && !training.is_empty() {
                    let again = training.iter().map(|telling| telling.rephrased(*style, round));
                    let flow = write_all(again, *style, &mut |telling, text| {
                        if until.wants(false, text.len() as u64) {
                            return each(telling, text);
                        }
                        Ok(ControlFlow::Break(()))
                    })?;
                    if flow.is_break() {
                        return Ok(());
                    }
                    round += 1;
                }
                Ok(())
            }
            Content::Write { about, style, tokens, .. } => {
                let author = Author::new(self.tellings(*about)?, *style).ok_or_else(|| {
                    let about = &self.corpora[about.0].name;
                    Problem::new("E0935", format!("there is nothing to write about in corpus `{about}`"))
                        .help("it needs documents that are not held out")
                })?;
                let mut until = Until::new(*tokens);
                write_all((0u64..).map(|number| author.telling(number)), *style, &mut |telling, text| {
                    if until.wants(false, text.len() as u64) {
                        return each(telling, text);
                    }
                    Ok(ControlFlow::Break(()))
                })
                .map(|_| ())
            }
            _ => Err(not_of_the_world(corpus)),
        }
    }

    /// The documents of a corpus of the built-in world before they are written.
    fn tellings(&self, id: CorpusId) -> Result<Vec<Telling>, Problem> {
        let corpus = self.corpus(id)?;
        match &corpus.content {
            Content::World(_) => {
                let survey = self.survey(id)?;
                let library = survey.library.as_ref().ok_or_else(|| not_of_the_world(corpus))?;
                Ok((0..survey.documents).map(|n| library.telling(n, survey.held.contains(n))).collect())
            }
            Content::Rephrase { of, style, tokens: None, .. } => {
                Ok(self.tellings(*of)?.iter().map(|telling| telling.rephrased(*style, 0)).collect())
            }
            _ => {
                let mut tellings = Vec::new();
                let mut bytes = 0;
                self.visit_tellings(id, &mut |telling, text| {
                    self.check_documents(tellings.len() as u64 + 1)?;
                    bytes += text.len() as u64;
                    if bytes > self.options.tokens {
                        return Err(self.too_many_tokens());
                    }
                    tellings.push(telling.clone());
                    Ok(ControlFlow::Continue(()))
                })?;
                Ok(tellings)
            }
        }
    }
}

/// What one document is given to: whether it is wanted, and what takes it.
type Ended<'a> =
    dyn FnMut(bool, &mut dyn FnMut() -> Result<ControlFlow<()>, Problem>) -> Result<ControlFlow<()>, Problem> + 'a;

/// Goes through documents `times` times: what is held out only in the first. Stops where a taker breaks.
fn again(times: u64, mut through: impl FnMut(bool, &mut Ended<'_>) -> Result<(), Problem>) -> Result<(), Problem> {
    let mut stopped = false;
    for round in 0..times {
        through(round == 0, &mut |wanted, give| {
            if !wanted {
                return Ok(ControlFlow::Continue(()));
            }
            let flow = give()?;
            stopped |= flow.is_break();
            Ok(flow)
        })?;
        if stopped {
            break;
        }
    }
    Ok(())
}

fn not_of_the_world(corpus: &Corpus) -> Problem {
    Problem::new("E0927", format!("the built-in generator does not know what corpus `{}` says", corpus.name))
        .note("it tells facts of the built-in world again; text of files is rephrased by a language model")
        .help("rephrase a corpus made with `world(…)`")
}

/// Writes tellings in order, a block at a time on all threads, and gives them to `each`; breaks where it did.
fn write_all(
    tellings: impl Iterator<Item = Telling>,
    register: Register,
    each: &mut EachTelling<'_>,
) -> Result<ControlFlow<()>, Problem> {
    let mut tellings = tellings;
    loop {
        let block: Vec<Telling> = tellings.by_ref().take(BLOCK).collect();
        if block.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let texts: Vec<String> = block.par_iter().map(|telling| telling.text(register)).collect();
        for (telling, text) in block.iter().zip(&texts) {
            if each(telling, text)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
}
