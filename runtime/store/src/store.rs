//! The store of a study: what was scanned, built, trained and evaluated, found again by key.
//!
//! ```text
//! .synx/format               the layout's version
//! .synx/lock                 held by the one run at a time; holder.json says who that is
//! .synx/scans/ab/…           by declaration: what the last scan found
//! .synx/corpora/ab/…         by corpus key: tokens of both parts
//! .synx/segments/ab/…        by the key of the state at the end, and class: record and curve
//! .synx/checkpoints/ab/…     likewise: a segment on its way
//! .synx/states/ab/…          likewise: weights and moments that branches start from
//! .synx/weights/ab/…         likewise: weights at the end of cells
//! .synx/evaluations/ab/…     by state key, class and domain key
//! .synx/laws/ab/…            by law key: fits
//! ```
//!
//! An entry that does not have the bytes that were written is as good as absent: it is reported, and made again.

use std::collections::BTreeMap;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use synx_plan::corpus::CorpusFacts;
use synx_plan::executor::{NumericsClass, SlotState};
use synx_plan::key::Key;
use synx_plan::problem::Problem;

use crate::entry::{self, Found, MARKER, Place};
use crate::files::{Files, LockGuard, SystemFiles};
use crate::record::{
    Checkpoint, CheckpointMeta, Encoded, EvaluationRecord, Holder, ScanRecord, SegmentRecord, decode_curve,
    decode_state, decode_weights, encode_curve,
};

const FORMAT: &str = "synx store 1\n";

/// How long to wait for one who only looks at a lock.
const GLANCE: Duration = Duration::from_millis(50);

/// The folder's name, beside the study's file.
pub const FOLDER: &str = ".synx";

/// Kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Scans,
    Corpora,
    Segments,
    Checkpoints,
    States,
    Weights,
    Evaluations,
    Laws,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Scans,
        Kind::Corpora,
        Kind::Segments,
        Kind::Checkpoints,
        Kind::States,
        Kind::Weights,
        Kind::Evaluations,
        Kind::Laws,
    ];

    fn folder(self) -> &'static str {
        match self {
            Kind::Scans => "scans",
            Kind::Corpora => "corpora",
            Kind::Segments => "segments",
            Kind::Checkpoints => "checkpoints",
            Kind::States => "states",
            Kind::Weights => "weights",
            Kind::Evaluations => "evaluations",
            Kind::Laws => "laws",
        }
    }
}

/// A store, for reading; also while a run writes to it.
#[derive(Clone)]
pub struct Store {
    root: PathBuf,
    files: Arc<dyn Files>,
    warnings: Arc<Mutex<Vec<Problem>>>,
}

/// The right to write to a store: one at a time, over all processes of a machine, until it is dropped.
pub struct Writer {
    store: Store,
    // Let go of after `Drop` has taken the holder's file away.
    _lock: LockGuard,
}

impl Deref for Writer {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// The tokens of a corpus, one byte a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusTokens {
    pub facts: CorpusFacts,
    pub training: Bytes,
    pub heldout: Bytes,
}

impl Store {
    /// The store beside a study whose file is in `folder`; there need not be one yet. Refuses a store that another version laid out (E0961).
    pub fn open(folder: &Path) -> Result<Store, Problem> {
        Store::with_files(folder, Arc::new(SystemFiles))
    }

    /// A store on other files than the system's: for tests.
    pub fn with_files(folder: &Path, files: Arc<dyn Files>) -> Result<Store, Problem> {
        let store = Store { root: folder.join(FOLDER), files, warnings: Arc::default() };
        let path = store.root.join("format");
        match store.files.read(&path) {
            Ok(format) if format == FORMAT.as_bytes() => Ok(store),
            Ok(format) => {
                let found = String::from_utf8_lossy(&format[..format.len().min(40)]).trim().to_owned();
                Err(Problem::new("E0961", format!("{} was laid out by another version", store.root.display()))
                    .note(format!("it says `{found}`; this version reads and writes `{}`", FORMAT.trim()))
                    .help("use the version that made it, or move the folder away to begin afresh"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(store),
            Err(error) => Err(entry::trouble("read", &path, &error)),
        }
    }

    /// The folder `.synx`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the store for writing, laying it out where it is not there. Refuses while another run has it (E0960).
    pub fn write(&self) -> Result<Writer, Problem> {
        self.make_folder(&self.root)?;
        let path = self.root.join("lock");
        let try_lock = || self.files.lock(&path).map_err(|error| entry::trouble("lock", &path, &error));
        let mut lock = try_lock()?;
        if lock.is_none() {
            // Someone may just have looked whether there is a run.
            std::thread::sleep(GLANCE);
            lock = try_lock()?;
        }
        let Some(lock) = lock else {
            let who = match self.holder() {
                Some(Holder { process, host, since }) => {
                    format!("process {process} on {host} has it, since {}", utc(since))
                }
                None => "another process has it".to_owned(),
            };
            return Err(Problem::new("E0960", "this study is being run already")
                .note(who)
                .help("wait for it, or stop it: what it has finished is kept (`synx status` shows how far it is)"));
        };
        let writer = Writer { store: self.clone(), _lock: lock };
        let holder_path = self.root.join("holder.json");
        // Still there: the run before was killed.
        if self.holder().is_some() {
            self.sweep()?;
        }
        let holder = Holder { process: std::process::id(), host: host(), since: now() };
        let text = serde_json::to_vec(&holder).unwrap_or_default();
        entry::write_file(&*self.files, &holder_path, &[&text])?;
        if self.files.read(&self.root.join("format")).is_err() {
            // What is in here is made again from the study: nothing for version control.
            entry::write_file(&*self.files, &self.root.join(".gitignore"), &[b"*\n"])?;
            entry::write_file(&*self.files, &self.root.join("format"), &[FORMAT.as_bytes()])?;
        }
        self.files.sync_folder(&self.root).map_err(|error| entry::trouble("write to", &self.root, &error))?;
        Ok(writer)
    }

    /// Who runs the study at the moment.
    pub fn runner(&self) -> Option<Holder> {
        let holder = self.holder()?;
        // A lock that can be had is nobody's: the holder was killed.
        let held = matches!(self.files.lock(&self.root.join("lock")), Ok(None));
        held.then_some(holder)
    }

    /// Who runs the study at the moment, or was killed while doing so.
    fn holder(&self) -> Option<Holder> {
        let bytes = self.files.read(&self.root.join("holder.json")).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Damage that was met since the last call: entries that will be made again.
    pub fn take_warnings(&self) -> Vec<Problem> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether anything was ever scanned.
    pub fn has_scans(&self) -> bool {
        self.files.is_folder(&self.root.join(Kind::Scans.folder()))
    }

    /// What the last scan of a declaration found.
    pub fn scan(&self, declaration: &Key) -> Result<Option<ScanRecord>, Problem> {
        Ok(self.read(Kind::Scans, &declaration.to_string(), &[])?.map(|(record, _)| record))
    }

    /// Whether there is a checkpoint, by its marker alone.
    pub fn has_checkpoint(&self, state: &Key, class: &NumericsClass) -> Result<bool, Problem> {
        Ok(self.read::<CheckpointMeta>(Kind::Checkpoints, &name(state, class), &[])?.is_some())
    }

    pub fn corpus(&self, corpus: &Key) -> Result<Option<CorpusTokens>, Problem> {
        let found = self.read(Kind::Corpora, &corpus.to_string(), &["training", "heldout"])?;
        Ok(found.and_then(|(facts, blobs)| {
            let [training, heldout] = <[Bytes; 2]>::try_from(blobs).ok()?;
            Some(CorpusTokens { facts, training, heldout })
        }))
    }

    /// The record of the segment that ends in this state, with its curve.
    pub fn segment(&self, state: &Key, class: &NumericsClass) -> Result<Option<SegmentRecord>, Problem> {
        let found = self.read::<SegmentRecord>(Kind::Segments, &name(state, class), &["curve"])?;
        Ok(found.map(|(record, blobs)| SegmentRecord { curve: decode_curve(&blobs[0]), ..record }))
    }

    /// The states at whose ends there is a record, with its classes: by the names of entries alone, whole or not.
    pub fn trained(&self) -> Result<BTreeMap<Key, Vec<NumericsClass>>, Problem> {
        let folder = self.root.join(Kind::Segments.folder());
        let list = |folder: &Path| self.files.list(folder).map_err(|error| entry::trouble("list", folder, &error));
        let mut known: BTreeMap<String, NumericsClass> = BTreeMap::new();
        let mut trained: BTreeMap<Key, Vec<NumericsClass>> = BTreeMap::new();
        for shard in list(&folder)?.iter().filter(|name| name.len() == 2) {
            for name in list(&folder.join(shard))? {
                let named = name.strip_suffix(MARKER).and_then(|name| name.split_once('.'));
                let Some((key, slug)) = named.and_then(|(key, slug)| Some((key.parse::<Key>().ok()?, slug))) else {
                    continue;
                };
                // The name holds the class shortened; each is read out of one entry.
                if !known.contains_key(slug) {
                    let found =
                        self.read::<Classed<serde_json::Value>>(Kind::Segments, &format!("{key}.{slug}"), &[])?;
                    let Some((found, _)) = found else { continue };
                    known.insert(slug.to_owned(), NumericsClass(found.class));
                }
                trained.entry(key).or_default().push(known[slug].clone());
            }
        }
        Ok(trained)
    }

    pub fn checkpoint(&self, state: &Key, class: &NumericsClass) -> Result<Option<Checkpoint>, Problem> {
        let found = self.read::<CheckpointMeta>(Kind::Checkpoints, &name(state, class), &["state", "curve"])?;
        Ok(found.and_then(|(meta, blobs)| {
            let state = decode_state(&blobs[0])?;
            Some(Checkpoint { start: meta.start, seconds: meta.seconds, state, curve: decode_curve(&blobs[1]) })
        }))
    }

    /// Whether there is a whole state, by its marker alone.
    pub fn has_state(&self, state: &Key, class: &NumericsClass) -> Result<bool, Problem> {
        Ok(self.read::<u64>(Kind::States, &name(state, class), &[])?.is_some())
    }

    pub fn state(&self, state: &Key, class: &NumericsClass) -> Result<Option<SlotState>, Problem> {
        let found = self.read::<u64>(Kind::States, &name(state, class), &["state"])?;
        Ok(found.and_then(|(_, blobs)| decode_state(&blobs[0])))
    }

    /// Whether there are weights, by their marker alone.
    pub fn has_weights(&self, state: &Key, class: &NumericsClass) -> Result<bool, Problem> {
        Ok(self.read::<u64>(Kind::Weights, &name(state, class), &[])?.is_some())
    }

    pub fn weights(&self, state: &Key, class: &NumericsClass) -> Result<Option<Vec<f32>>, Problem> {
        let found = self.read::<u64>(Kind::Weights, &name(state, class), &["weights"])?;
        Ok(found.and_then(|(_, blobs)| decode_weights(&blobs[0])).map(|(_, weights)| weights))
    }

    pub fn evaluation(
        &self,
        state: &Key,
        class: &NumericsClass,
        domain: &Key,
    ) -> Result<Option<EvaluationRecord>, Problem> {
        let found = self.read(Kind::Evaluations, &format!("{}.{domain}", name(state, class)), &[])?;
        Ok(found.map(|(record, _)| record))
    }

    /// A law's fit, in whatever form it was saved.
    pub fn law<T: DeserializeOwned>(&self, law: &Key) -> Result<Option<T>, Problem> {
        Ok(self.read(Kind::Laws, &law.to_string(), &[])?.map(|(fit, _)| fit))
    }

    fn read<M: DeserializeOwned>(&self, kind: Kind, name: &str, blobs: &[&str]) -> Result<Option<Entry<M>>, Problem> {
        let place = Place { folder: self.folder(kind, name), name: name.to_owned() };
        let mut found = entry::read(&*self.files, &place, blobs)?;
        if matches!(found, Found::Damaged(_)) {
            // A run that is live may have put a newer version in its place between marker and blob.
            found = entry::read(&*self.files, &place, blobs)?;
        }
        match found {
            Found::Absent => Ok(None),
            Found::Whole { meta, blobs } => Ok(Some((meta, blobs))),
            Found::Damaged(why) => {
                let headline = format!("an entry of {} is damaged and will be made again", kind.folder());
                let warning = Problem::new("E0962", headline).note(why);
                let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
                Ok(None)
            }
        }
    }

    fn folder(&self, kind: Kind, name: &str) -> PathBuf {
        self.root.join(kind.folder()).join(&name[..2])
    }

    /// Makes a folder and those above it, each durable in the one above.
    fn make_folder(&self, folder: &Path) -> Result<(), Problem> {
        if self.files.is_folder(folder) || folder.as_os_str().is_empty() {
            return Ok(());
        }
        if let Some(above) = folder.parent() {
            self.make_folder(above)?;
        }
        let made = self.files.create_folder(folder);
        made.map_err(|error| entry::trouble("create the folder", folder, &error))?;
        match folder.parent() {
            Some(above) if !above.as_os_str().is_empty() => {
                self.files.sync_folder(above).map_err(|error| entry::trouble("write to", above, &error))
            }
            _ => Ok(()),
        }
    }

    /// Removes what a killed run left half-written.
    fn sweep(&self) -> Result<(), Problem> {
        for kind in Kind::ALL {
            let folder = self.root.join(kind.folder());
            let list = |folder: &Path| self.files.list(folder).map_err(|error| entry::trouble("list", folder, &error));
            for shard in list(&folder)?.iter().filter(|name| name.len() == 2) {
                let shard = folder.join(shard);
                if !self.files.is_folder(&shard) {
                    continue;
                }
                let left = entry::left_overs(&*self.files, &shard);
                for path in left.map_err(|error| entry::trouble("list", &shard, &error))? {
                    // Space, nothing else; a folder that someone put here stays.
                    let _ = self.files.remove(&path);
                }
            }
        }
        Ok(())
    }
}

impl Writer {
    pub fn save_scan(&self, declaration: &Key, corpus: Key, facts: CorpusFacts) -> Result<(), Problem> {
        let record = ScanRecord { corpus, facts, scanned_at: now() };
        self.save(Kind::Scans, &declaration.to_string(), &record, &[])
    }

    pub fn save_corpus(&self, corpus: &Key, facts: &CorpusFacts, parts: [&[u8]; 2]) -> Result<(), Problem> {
        let [training, heldout] = parts;
        self.save(Kind::Corpora, &corpus.to_string(), facts, &[("training", &[training]), ("heldout", &[heldout])])
    }

    pub fn save_segment(&self, state: &Key, class: &NumericsClass, record: &SegmentRecord) -> Result<(), Problem> {
        let curve = encode_curve(&record.curve);
        let meta = Classed { class: class.0.clone(), entry: record };
        self.save(Kind::Segments, &name(state, class), &meta, &[("curve", &[&curve])])
    }

    pub fn save_checkpoint(&self, state: &Key, class: &NumericsClass, checkpoint: &Checkpoint) -> Result<(), Problem> {
        let meta = CheckpointMeta { start: checkpoint.start, seconds: checkpoint.seconds };
        let encoded = Encoded::state(&checkpoint.state);
        let curve = encode_curve(&checkpoint.curve);
        let blobs: [(&str, &[&[u8]]); 2] = [("state", &encoded.parts()), ("curve", &[&curve])];
        self.save(Kind::Checkpoints, &name(state, class), &meta, &blobs)
    }

    pub fn save_state(&self, key: &Key, class: &NumericsClass, state: &SlotState) -> Result<(), Problem> {
        let encoded = Encoded::state(state);
        self.save(Kind::States, &name(key, class), &state.step, &[("state", &encoded.parts())])
    }

    pub fn save_weights(&self, key: &Key, class: &NumericsClass, step: u64, weights: &[f32]) -> Result<(), Problem> {
        let encoded = Encoded::weights(step, weights);
        self.save(Kind::Weights, &name(key, class), &step, &[("weights", &encoded.parts())])
    }

    pub fn save_evaluation(
        &self,
        state: &Key,
        class: &NumericsClass,
        domain: &Key,
        record: &EvaluationRecord,
    ) -> Result<(), Problem> {
        self.save(Kind::Evaluations, &format!("{}.{domain}", name(state, class)), record, &[])
    }

    pub fn save_law(&self, law: &Key, fit: &impl Serialize) -> Result<(), Problem> {
        self.save(Kind::Laws, &law.to_string(), fit, &[])
    }

    pub fn remove_checkpoint(&self, state: &Key, class: &NumericsClass) -> Result<(), Problem> {
        self.remove(Kind::Checkpoints, &name(state, class))
    }

    pub fn remove_state(&self, state: &Key, class: &NumericsClass) -> Result<(), Problem> {
        self.remove(Kind::States, &name(state, class))
    }

    pub fn remove_weights(&self, state: &Key, class: &NumericsClass) -> Result<(), Problem> {
        self.remove(Kind::Weights, &name(state, class))
    }

    fn save(&self, kind: Kind, name: &str, meta: &impl Serialize, blobs: &[(&str, &[&[u8]])]) -> Result<(), Problem> {
        let folder = self.folder(kind, name);
        self.make_folder(&folder)?;
        entry::write(&*self.files, &Place { folder, name: name.to_owned() }, meta, blobs)
    }

    fn remove(&self, kind: Kind, name: &str) -> Result<(), Problem> {
        entry::remove(&*self.files, &Place { folder: self.folder(kind, name), name: name.to_owned() })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Where this fails, the next run sweeps for nothing.
        let _ = self.store.files.remove(&self.store.root.join("holder.json"));
    }
}

/// What an entry says of itself, and the blobs that were asked for.
type Entry<M> = (M, Vec<Bytes>);

/// An entry that says its class, so that the classes of a study can be listed.
#[derive(Serialize, serde::Deserialize)]
struct Classed<T> {
    class: String,
    #[serde(flatten)]
    entry: T,
}

/// The name of an entry that there is one of per class: the class readable, and told apart by its hash.
fn name(state: &Key, class: &NumericsClass) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let readable: String = class.0.chars().map(plain).take(40).collect();
    let hash = blake3::hash(class.0.as_bytes()).to_hex();
    format!("{state}.{readable}-{}", &hash[..8])
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn host() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = named.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    named.map_or_else(|| "this machine".to_owned(), |name| name.trim().to_owned())
}

/// Seconds since 1970 as `2026-11-21 02:15:00 UTC`: days to civil dates after Howard Hinnant's `civil_from_days`.
pub fn utc(seconds: u64) -> String {
    let (days, of_day) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}
