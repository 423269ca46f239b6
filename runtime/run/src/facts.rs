//! What is known of corpora before anything is trained: the last scan's findings, and scans.

use std::path::Path;

use synx_corpus::{Options, Sources};
use synx_plan::corpus::{Content, Corpus, CorpusFacts, CorpusId, corpus_key};
use synx_plan::key::Key;
use synx_plan::problem::Problem;
use synx_store::{ScanRecord, Store, Writer};

use crate::progress::{Event, Progress};

/// What the last scan of each corpus found, without reading any source; `None` where there was none, or its finding cannot be read.
///
/// `folder` is the one that the study's file is in.
pub fn facts(folder: &Path, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
    let Ok(store) = Store::open(folder) else { return vec![None; corpora.len()] };
    let keys = declaration_keys(corpora);
    keys.iter().map(|key| Some(store.scan(&(*key)?).ok()??.facts)).collect()
}

/// Scans corpora and keeps what it finds, which `facts` gives from then on; sources whose bytes have not changed since the last scan are only hashed.
///
/// Where another process has the store, nothing is kept, and the findings are returned all the same. The problems are those of all corpora.
pub fn scan(
    folder: &Path,
    corpora: &[Corpus],
    allow_outside: bool,
    progress: &mut dyn Progress,
) -> Result<Vec<CorpusFacts>, Vec<Problem>> {
    let store = Store::open(folder).map_err(|problem| vec![problem])?;
    // A run that is live has the right to write; a folder that cannot be written to can still be read.
    let writer = store.write().ok();
    let sources = Sources::new(folder, corpora, Options { allow_outside, ..Options::default() });
    let found = scan_all(&sources, corpora, &store, writer.as_ref(), progress);
    for warning in store.take_warnings() {
        progress.tell(Event::Warning(warning));
    }
    found
}

fn scan_all(
    sources: &Sources,
    corpora: &[Corpus],
    store: &Store,
    writer: Option<&Writer>,
    progress: &mut dyn Progress,
) -> Result<Vec<CorpusFacts>, Vec<Problem>> {
    let declarations = declaration_keys(corpora);
    let mut keys: Vec<Option<Key>> = Vec::with_capacity(corpora.len());
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (i, corpus) in corpora.iter().enumerate() {
        // What is made from a corpus with a problem would only repeat it.
        let known = corpus.inputs().iter().all(|input| keys.get(input.0).is_some_and(Option::is_some));
        if !known {
            keys.push(None);
            continue;
        }
        progress.tell(Event::Scanning { corpus: corpus.name.clone() });
        let mut look = || -> Result<(Key, CorpusFacts), Problem> {
            let bytes_hash = sources.bytes_hash(CorpusId(i))?;
            let input = |id: CorpusId| keys[id.0].expect("inputs were found to be known");
            let key = corpus_key(corpus, bytes_hash.as_ref(), input);
            let last = declarations[i].map(|declaration| store.scan(&declaration)).transpose()?.flatten();
            if let Some(ScanRecord { facts, .. }) = last.filter(|last| last.corpus == key) {
                progress.tell(Event::Scanned { corpus: corpus.name.clone(), facts: facts.clone(), again: true });
                return Ok((key, facts));
            }
            let facts = sources.scan(CorpusId(i))?;
            // The key that belongs to what was read, should the files have changed in between.
            let key = corpus_key(corpus, facts.bytes_hash.as_ref(), input);
            if let (Some(writer), Some(declaration)) = (writer, &declarations[i]) {
                writer.save_scan(declaration, key, facts.clone())?;
            }
            progress.tell(Event::Scanned { corpus: corpus.name.clone(), facts: facts.clone(), again: false });
            Ok((key, facts))
        };
        match look() {
            Ok((key, facts)) => {
                keys.push(Some(key));
                found.push(facts);
            }
            Err(problem) => {
                keys.push(None);
                problems.push(problem.at(corpus.origin.as_ref()));
            }
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// What each corpus is declared as, with the patterns of its files in place of their bytes. `None` for what is made from something that does not stand before it.
fn declaration_keys(corpora: &[Corpus]) -> Vec<Option<Key>> {
    let mut keys: Vec<Option<Key>> = Vec::with_capacity(corpora.len());
    for corpus in corpora {
        let inputs_known = corpus.inputs().iter().all(|input| keys.get(input.0).is_some_and(Option::is_some));
        let patterns = match &corpus.content {
            Content::Files(files) => Some(Key::of("patterns/1", &files.patterns)),
            _ => None,
        };
        let input = |id: CorpusId| keys[id.0].expect("inputs were found to be known");
        let key = inputs_known.then(|| Key::of("declaration/1", &corpus_key(corpus, patterns.as_ref(), input)));
        keys.push(key);
    }
    keys
}
