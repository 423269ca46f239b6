//! The corpora of a plan, from declarations to facts and tokens.

mod survey;
mod visit;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use synx_plan::corpus::{Content, Corpus, CorpusFacts, CorpusId, PartFacts, corpus_key};
use synx_plan::exact::Exact;
use synx_plan::key::Key;
use synx_plan::problem::Problem;

use crate::built::BuiltCorpus;
use crate::options::Options;
use crate::process;
use crate::tokens::{Growing, Tokens};
use survey::Known;

/// The corpora of a plan, ready to be scanned and built. What is learned of a source is kept for what is made from it, so all
/// that one `Sources` says is about the same bytes: files that change meanwhile are noticed (E0926).
#[derive(Debug)]
pub struct Sources<'a> {
    root: PathBuf,
    corpora: &'a [Corpus],
    options: Options,
    /// What is known of each source; nothing for what is made from others.
    known: Vec<Mutex<Known>>,
}

impl<'a> Sources<'a> {
    /// The corpora of a plan; paths are relative to `root`, the study's folder.
    pub fn new(root: &Path, corpora: &'a [Corpus], options: Options) -> Sources<'a> {
        let known = corpora.iter().map(|_| Mutex::default()).collect();
        Sources { root: root.to_owned(), corpora, options, known }
    }

    /// The key of a corpus, with the bytes of its files as they are now.
    pub fn key(&self, id: CorpusId) -> Result<Key, Problem> {
        let corpus = self.corpus(id)?;
        let bytes_hash = self.bytes_hash(id)?;
        let input = match corpus.content.of() {
            Some(of) => Some(self.key(of)?),
            None => None,
        };
        let nothing = Key::of("corpus.nothing/1", &());
        Ok(corpus_key(corpus, bytes_hash.as_ref(), |_| input.unwrap_or(nothing)))
    }

    /// What a corpus holds: documents, tokens and bytes of its training and its held-out part.
    pub fn scan(&self, id: CorpusId) -> Result<CorpusFacts, Problem> {
        let corpus = self.corpus(id)?;
        let scanned = self.scanned(id, corpus).map_err(|problem| problem.at(corpus.origin.as_ref()))?;
        check_not_empty(corpus, &scanned)?;
        Ok(scanned)
    }

    /// The tokens of a corpus.
    pub fn build(&self, id: CorpusId) -> Result<BuiltCorpus, Problem> {
        let corpus = self.corpus(id)?;
        let built = self.built(id, corpus).map_err(|problem| problem.at(corpus.origin.as_ref()))?;
        check_not_empty(corpus, &built.facts)?;
        Ok(built)
    }

    /// The corpus of a number; E0933 where the plan has none, or one stands before what it is made from.
    fn corpus(&self, id: CorpusId) -> Result<&'a Corpus, Problem> {
        let wrong =
            |headline: String| Problem::new("E0933", headline).note("the plan is not one that this version made");
        let corpus = self.corpora.get(id.0).ok_or_else(|| wrong(format!("the plan has no corpus number {}", id.0)))?;
        if let Some(what) = corpus.content.not_carried_out() {
            let headline = format!("corpus `{}`: {what} cannot be carried out yet", corpus.name);
            return Err(Problem::new("E0963", headline).at(corpus.origin.as_ref()));
        }
        match corpus.content.of() {
            Some(of) if of >= id => Err(wrong(format!("corpus `{}` stands before what it is made from", corpus.name))),
            _ => Ok(corpus),
        }
    }

    /// The corpus that the documents of a corpus are anchored to: whose held-out documents it follows. `None` for free writing.
    fn anchor(&self, id: CorpusId) -> Result<Option<CorpusId>, Problem> {
        match &self.corpus(id)?.content {
            Content::Files(_) | Content::World(_) | Content::Process(_) => Ok(Some(id)),
            content => match content.of().filter(|_| content.is_anchored()) {
                Some(of) => self.anchor(of),
                None => Ok(None),
            },
        }
    }

    /// Whether the documents of a corpus come from files.
    fn is_of_files(&self, id: CorpusId) -> Result<bool, Problem> {
        Ok(self.anchor(id)?.is_some_and(|anchor| matches!(self.corpora[anchor.0].content, Content::Files(_))))
    }

    fn scanned(&self, id: CorpusId, corpus: &Corpus) -> Result<CorpusFacts, Problem> {
        if let Some((training, heldout)) = self.process_lengths(id)? {
            if let Content::Process(process) = &corpus.content {
                process::entropy_rate(process)?;
            }
            return Ok(CorpusFacts { bytes_hash: None, training: stretch(training), heldout: stretch(heldout) });
        }
        let mut parts = [PartFacts::default(); 2];
        // Files may hold more than memory, for a take of them to fit; what is made is made to be held.
        let made = !self.is_of_files(id)?;
        self.visit_lengths(id, &mut |held, bytes| {
            let part = &mut parts[usize::from(held)];
            part.documents += 1;
            part.bytes += bytes;
            part.tokens += bytes + 1;
            if made && parts[0].tokens + parts[1].tokens > self.options.tokens {
                return Err(self.too_many_tokens());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let bytes_hash = match corpus.content {
            Content::Files(_) => self.survey(id)?.bytes_hash,
            _ => None,
        };
        Ok(CorpusFacts { bytes_hash, training: parts[0], heldout: parts[1] })
    }

    fn built(&self, id: CorpusId, corpus: &Corpus) -> Result<BuiltCorpus, Problem> {
        let mut facts = CorpusFacts { bytes_hash: None, training: PartFacts::default(), heldout: PartFacts::default() };
        let parts: [Tokens; 2];
        if self.process_lengths(id)?.is_some() {
            let (training, heldout) = self.process_tokens(id)?;
            (facts.training, facts.heldout) = (stretch(training.len() as u64), stretch(heldout.len() as u64));
            parts = [training.into(), heldout.into()];
        } else {
            let mut room = [0, 0];
            if self.is_of_files(id)? {
                // Lengths are known from the first look: room is made once.
                let expected = self.scanned(id, corpus)?;
                room = [expected.training, expected.heldout]
                    .map(|part| usize::try_from(part.tokens.min(self.options.tokens)).unwrap_or(0));
            }
            let mut growing = room.map(Growing::with_room);
            self.visit(id, &mut |held, text| {
                let part = if held { &mut facts.heldout } else { &mut facts.training };
                part.documents += 1;
                part.bytes += text.len() as u64;
                part.tokens += text.len() as u64 + 1;
                growing[usize::from(held)].document(text.as_bytes());
                if facts.training.tokens + facts.heldout.tokens > self.options.tokens {
                    return Err(self.too_many_tokens());
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if let Content::Files(_) = corpus.content {
                facts.bytes_hash = self.survey(id)?.bytes_hash;
            }
            parts = growing.map(Tokens::from);
        }
        let [training, heldout] = parts;
        Ok(BuiltCorpus { key: self.key(id)?, facts, training, heldout })
    }

    /// What a take of a corpus is, as a number of tokens: a share is one of the training tokens that are there.
    pub(super) fn taken(&self, content: &Content) -> Result<Option<(CorpusId, u64)>, Problem> {
        match content {
            Content::Take { of, tokens } => Ok(Some((*of, *tokens))),
            Content::TakeShare { of, share } => {
                let there = Exact::from(self.training_tokens(*of)?);
                Ok(Some((*of, share.mul(&there).ceil().to_u64().unwrap_or(u64::MAX))))
            }
            _ => Ok(None),
        }
    }

    /// The training tokens of a corpus, counted once.
    fn training_tokens(&self, id: CorpusId) -> Result<u64, Problem> {
        let known = || self.known[id.0].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tokens) = known().training_tokens {
            return Ok(tokens);
        }
        let tokens = self.scanned(id, self.corpus(id)?)?.training.tokens;
        known().training_tokens = Some(tokens);
        Ok(tokens)
    }

    /// How often the training documents of a repeated corpus are given, where all of them fit.
    pub(super) fn repeated(&self, of: CorpusId, times: u64) -> Result<u64, Problem> {
        let all = u128::from(self.training_tokens(of)?) * u128::from(times);
        if all > u128::from(self.options.tokens) { Err(self.too_many_tokens()) } else { Ok(times) }
    }

    /// The lengths of training and held-out part of a process or a take of one; `None` for text.
    fn process_lengths(&self, id: CorpusId) -> Result<Option<(u64, u64)>, Problem> {
        let corpus = self.corpus(id)?;
        match &corpus.content {
            Content::Process(process) => process::lengths(process, corpus.heldout.as_ref(), &self.options).map(Some),
            Content::Repeat { of, times } => {
                let Some((training, heldout)) = self.process_lengths(*of)? else { return Ok(None) };
                Ok(Some((training * self.repeated(*of, *times)?, heldout)))
            }
            content => {
                let Some((of, tokens)) = self.taken(content)? else { return Ok(None) };
                Ok(self.process_lengths(of)?.map(|(training, heldout)| (training.min(tokens), heldout)))
            }
        }
    }

    fn process_tokens(&self, id: CorpusId) -> Result<(Vec<u8>, Vec<u8>), Problem> {
        let corpus = self.corpus(id)?;
        match &corpus.content {
            Content::Process(process) => process::sample(process, corpus.heldout.as_ref(), &self.options),
            Content::Repeat { of, times } => {
                let (training, heldout) = self.process_tokens(*of)?;
                let times = usize::try_from(self.repeated(*of, *times)?).unwrap_or(usize::MAX);
                Ok((training.repeat(times), heldout))
            }
            content => {
                let Some((of, tokens)) = self.taken(content)? else { return Ok((Vec::new(), Vec::new())) };
                let (mut training, heldout) = self.process_tokens(of)?;
                training.truncate(usize::try_from(tokens).unwrap_or(usize::MAX));
                Ok((training, heldout))
            }
        }
    }
}

/// What every corpus of a plan holds, in the plan's order.
pub fn scan(root: &Path, corpora: &[Corpus], options: Options) -> Result<Vec<CorpusFacts>, Problem> {
    let sources = Sources::new(root, corpora, options);
    (0..corpora.len()).map(|id| sources.scan(CorpusId(id))).collect()
}

/// The tokens of one corpus of a plan.
pub fn build(root: &Path, corpora: &[Corpus], id: CorpusId, options: Options) -> Result<BuiltCorpus, Problem> {
    Sources::new(root, corpora, options).build(id)
}

/// Refuses a corpus with nothing to train on (E0922).
fn check_not_empty(corpus: &Corpus, facts: &CorpusFacts) -> Result<(), Problem> {
    if facts.training.documents > 0 {
        return Ok(());
    }
    let problem = Problem::new("E0922", format!("corpus `{}` is empty", corpus.name)).at(corpus.origin.as_ref());
    Err(match &corpus.content {
        Content::Files(files) => problem
            .note(format!("there is no text in {}", files.patterns.join(", ")))
            .help("white space between documents does not count; name a file that holds text"),
        _ => problem.help("ask for at least one document or token"),
    })
}

/// The facts of a stretch of a process: one document without an end, each token a byte.
fn stretch(tokens: u64) -> PartFacts {
    PartFacts { documents: u64::from(tokens > 0), tokens, bytes: tokens }
}

#[cfg(test)]
mod tests;
