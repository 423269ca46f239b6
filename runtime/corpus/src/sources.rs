//! The corpora of a plan, from declarations to facts and tokens.

mod survey;
mod visit;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use synx_plan::corpus::{Content, Corpus, CorpusFacts, CorpusId, PartFacts, corpus_key};
use synx_plan::key::Key;
use synx_plan::problem::Problem;

use crate::built::BuiltCorpus;
use crate::options::Options;
use crate::process;
use crate::tokens::END_OF_DOCUMENT;
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
        let input = match of(&corpus.content) {
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
        match of(&corpus.content) {
            Some(of) if of >= id => Err(wrong(format!("corpus `{}` stands before what it is made from", corpus.name))),
            _ => Ok(corpus),
        }
    }

    /// The corpus that the documents of a corpus are anchored to: whose held-out documents it follows. `None` for free writing.
    fn anchor(&self, id: CorpusId) -> Result<Option<CorpusId>, Problem> {
        match &self.corpus(id)?.content {
            Content::Files(_) | Content::World(_) | Content::Process(_) | Content::Sampled { .. } => Ok(Some(id)),
            Content::Take { of, .. } | Content::Rephrase { of, .. } => self.anchor(*of),
            Content::Write { .. } => Ok(None),
        }
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
        let made = self.anchor(id)?.is_none_or(|anchor| !matches!(self.corpora[anchor.0].content, Content::Files(_)));
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
        let mut parts = [Vec::new(), Vec::new()];
        if self.process_lengths(id)?.is_some() {
            let (training, heldout) = self.process_tokens(id)?;
            (facts.training, facts.heldout) = (stretch(training.len() as u64), stretch(heldout.len() as u64));
            parts = [training, heldout];
        } else {
            self.visit(id, &mut |held, text| {
                let part = if held { &mut facts.heldout } else { &mut facts.training };
                part.documents += 1;
                part.bytes += text.len() as u64;
                part.tokens += text.len() as u64 + 1;
                let tokens = &mut parts[usize::from(held)];
                tokens.extend_from_slice(text.as_bytes());
                tokens.push(END_OF_DOCUMENT);
                if facts.training.tokens + facts.heldout.tokens > self.options.tokens {
                    return Err(self.too_many_tokens());
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if let Content::Files(_) = corpus.content {
                facts.bytes_hash = self.survey(id)?.bytes_hash;
            }
        }
        let [training, heldout] = parts;
        Ok(BuiltCorpus { key: self.key(id)?, facts, training: training.into(), heldout: heldout.into() })
    }

    /// The lengths of training and held-out part of a process or a take of one; `None` for text.
    fn process_lengths(&self, id: CorpusId) -> Result<Option<(u64, u64)>, Problem> {
        let corpus = self.corpus(id)?;
        match &corpus.content {
            Content::Process(process) => process::lengths(process, corpus.heldout.as_ref(), &self.options).map(Some),
            // As much as is asked for; a run that would have to write it is refused before it begins.
            Content::Sampled { tokens, .. } => Ok(Some((*tokens, 0))),
            Content::Take { of, tokens } => {
                Ok(self.process_lengths(*of)?.map(|(training, heldout)| (training.min(*tokens), heldout)))
            }
            _ => Ok(None),
        }
    }

    fn process_tokens(&self, id: CorpusId) -> Result<(Vec<u8>, Vec<u8>), Problem> {
        let corpus = self.corpus(id)?;
        match &corpus.content {
            Content::Process(process) => process::sample(process, corpus.heldout.as_ref(), &self.options),
            Content::Take { of, tokens } => {
                let (mut training, heldout) = self.process_tokens(*of)?;
                training.truncate(usize::try_from(*tokens).unwrap_or(usize::MAX));
                Ok((training, heldout))
            }
            Content::Sampled { .. } => Err(Problem::new("E0963", "what a cell writes cannot be built yet")
                .help("a study that trains on it can be checked and planned")
                .at(corpus.origin.as_ref())),
            _ => Ok((Vec::new(), Vec::new())),
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

/// What a corpus is made from.
fn of(content: &Content) -> Option<CorpusId> {
    match content {
        Content::Files(_) | Content::World(_) | Content::Process(_) | Content::Sampled { .. } => None,
        Content::Take { of, .. } | Content::Rephrase { of, .. } => Some(*of),
        Content::Write { about, .. } => Some(*about),
    }
}

#[cfg(test)]
mod tests;
