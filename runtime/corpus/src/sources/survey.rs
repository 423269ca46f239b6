//! The first look at a source: how many documents there are, which are held out, and the hash of its bytes.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use synx_plan::corpus::{Content, Corpus, CorpusId, Files, corpus_key};
use synx_plan::key::Key;
use synx_plan::problem::Problem;

use super::Sources;
use crate::heldout::{self, HeldOut};
use crate::read;
use crate::world::Library;

/// What a first look at a source finds.
#[derive(Debug)]
pub(super) struct Survey {
    pub bytes_hash: Option<Key>,
    /// Bytes of each document of files.
    pub lengths: Vec<u32>,
    pub documents: u64,
    pub held: HeldOut,
    pub library: Option<Arc<Library>>,
}

/// What is known of a source so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    bytes_hash: Option<Key>,
    survey: Option<Arc<Survey>>,
    /// Counted for a share of them.
    pub training_tokens: Option<u64>,
}

impl Sources<'_> {
    /// The hash of the bytes of the files of a corpus, for which they are read but not decompressed; `None` for what is made by
    /// rule. What was scanned before under this hash is still so.
    pub fn bytes_hash(&self, id: CorpusId) -> Result<Option<Key>, Problem> {
        let corpus = self.corpus(id)?;
        let Content::Files(files) = &corpus.content else { return Ok(None) };
        let mut known = self.known[id.0].lock().unwrap_or_else(PoisonError::into_inner);
        if known.bytes_hash.is_none() {
            let hash = read::bytes_hash(&self.root, files, &self.options);
            known.bytes_hash = Some(hash.map_err(|problem| problem.at(corpus.origin.as_ref()))?);
        }
        Ok(known.bytes_hash)
    }

    pub(super) fn survey(&self, id: CorpusId) -> Result<Arc<Survey>, Problem> {
        let corpus = self.corpus(id)?;
        let mut known = self.known[id.0].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(survey) = &known.survey {
            return Ok(survey.clone());
        }
        let survey = self.look(corpus).map_err(|problem| problem.at(corpus.origin.as_ref()))?;
        if known.bytes_hash.is_some_and(|hash| Some(hash) != survey.bytes_hash) {
            return Err(changed(corpus).at(corpus.origin.as_ref()));
        }
        known.bytes_hash = survey.bytes_hash;
        Ok(known.survey.insert(Arc::new(survey)).clone())
    }

    fn look(&self, corpus: &Corpus) -> Result<Survey, Problem> {
        let (bytes_hash, lengths, documents, library) = match &corpus.content {
            Content::Files(files) => {
                let mut lengths: Vec<u32> = Vec::new();
                let hash = read::documents(&self.root, files, &self.options, &mut |text| {
                    self.check_documents(lengths.len() as u64 + 1)?;
                    lengths.push(u32::try_from(text.len()).map_err(|_| self.too_many_tokens())?);
                    Ok(ControlFlow::Continue(()))
                })?;
                let documents = lengths.len() as u64;
                (hash, lengths, documents, None)
            }
            Content::World(world) => {
                self.check_documents(world.documents)?;
                (None, Vec::new(), world.documents, Some(Library::new(world)))
            }
            _ => (None, Vec::new(), 0, None),
        };
        let Some(count) = heldout::count(documents, corpus.heldout.as_ref()) else {
            if documents == 0 {
                return Ok(Survey { bytes_hash, lengths, documents, held: HeldOut::nothing(), library });
            }
            let headline = format!("nothing can be held out of corpus `{}`: it is a single document", corpus.name);
            let problem = Problem::new("E0925", headline);
            return Err(match &corpus.content {
                Content::Files(Files { text: None, .. }) => {
                    problem.help("cut the text into documents with `split = paragraphs`, or leave out `heldout`")
                }
                _ => problem.help("use more documents, or leave out `heldout`"),
            });
        };
        // Without the share, so that a larger one holds out the documents of a smaller one too.
        let all = Corpus { heldout: None, ..corpus.clone() };
        let root = corpus_key(&all, bytes_hash.as_ref(), |_| Key::of("corpus.nothing/1", &()));
        let held = HeldOut::choose(&root, documents, count);
        Ok(Survey { bytes_hash, lengths, documents, held, library })
    }

    pub(super) fn check_documents(&self, documents: u64) -> Result<(), Problem> {
        if documents <= self.options.documents {
            return Ok(());
        }
        let headline = format!("a corpus has {} documents at most", self.options.documents);
        Err(Problem::new("E0924", headline).help("use fewer files or documents"))
    }

    pub(super) fn too_many_tokens(&self) -> Problem {
        let headline = format!("a corpus has {} tokens at most, which memory is meant to hold", self.options.tokens);
        Problem::new("E0924", headline).help("take a part of it: `|> take(1B)`")
    }
}

/// Files that no longer are what they were a moment ago (E0926).
pub(super) fn changed(corpus: &Corpus) -> Problem {
    Problem::new("E0926", format!("the files of corpus `{}` changed while they were read", corpus.name))
        .help("run again when nothing writes to them")
}
