//! What is known of corpora before anything is trained: the last scan's findings, and scans.

use std::path::Path;

use synx_corpus::{Options, Sources};
use synx_plan::corpus::{Corpus, CorpusFacts, CorpusId, carried_out, corpus_key, declaration_keys, derive_facts};
use synx_plan::key::Key;
use synx_plan::problem::Problem;
use synx_store::{ScanRecord, Store, Writer};

use crate::progress::{Event, Progress};

/// What the last scan of each corpus found, without reading any source; `None` where there was none, or its finding cannot be read.
///
/// `folder` is the one that the study's file is in.
pub fn facts(folder: &Path, corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
    let Some(store) = Store::open(folder).ok().filter(Store::has_scans) else { return unknown(corpora) };
    let keys = declaration_keys(corpora);
    let mut facts: Vec<Option<CorpusFacts>> = keys.iter().map(|key| Some(store.scan(&(*key)?).ok()??.facts)).collect();
    derive_facts(corpora, &mut facts);
    facts
}

fn unknown(corpora: &[Corpus]) -> Vec<Option<CorpusFacts>> {
    let mut facts = vec![None; corpora.len()];
    derive_facts(corpora, &mut facts);
    facts
}

/// Scans corpora and keeps what it finds, which `facts` gives from then on; sources whose bytes have not changed since the last scan are only hashed.
///
/// Of a corpus that this version does not make, what follows from those that it does. Where another process has the store, nothing is kept, and the findings are returned all the same. The problems are those of all corpora.
pub fn scan(
    folder: &Path,
    corpora: &[Corpus],
    allow_outside: bool,
    progress: &mut dyn Progress,
) -> Result<Vec<Option<CorpusFacts>>, Vec<Problem>> {
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
) -> Result<Vec<Option<CorpusFacts>>, Vec<Problem>> {
    let declarations = declaration_keys(corpora);
    let mut keys: Vec<Option<Key>> = Vec::with_capacity(corpora.len());
    let made = carried_out(corpora);
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (i, corpus) in corpora.iter().enumerate() {
        // What is made from a corpus with a problem would only repeat it.
        let known = corpus.inputs().iter().all(|input| keys.get(input.0).is_some_and(Option::is_some));
        if !known || !made[i] {
            keys.push(None);
            found.push(None);
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
                found.push(Some(facts));
            }
            Err(problem) => {
                keys.push(None);
                found.push(None);
                problems.push(problem.at(corpus.origin.as_ref()));
            }
        }
    }
    derive_facts(corpora, &mut found);
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}
