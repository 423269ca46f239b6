//! What must hold whatever the disk does: every entry that was finished is whole, every other is absent, and the store goes on.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use synx_plan::corpus::{CorpusFacts, PartFacts};
use synx_plan::executor::{NumericsClass, SlotState, StepReading};
use synx_plan::key::Key;

use crate::{Checkpoint, EvaluationRecord, Files, LockGuard, SegmentRecord, Store};

/// A disk in memory that forgets what was not synced, runs full or dies at the operation it is told.
#[derive(Default)]
struct Disk {
    inner: Mutex<Inner>,
}

#[derive(Default, Clone)]
struct Inner {
    /// What a process sees.
    names: BTreeMap<PathBuf, Node>,
    /// What is there after the power was cut.
    durable: BTreeMap<PathBuf, Node>,
    contents: Vec<Content>,
    operations: usize,
    fault: Option<(usize, Fault)>,
    dead: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Default, Clone)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// The disk is full from this operation on; removing works.
    Full,
    /// The process is killed.
    Dies,
}

/// What survives when the power is cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Only what was synced.
    SyncedOnly,
    /// All names, but of contents only what was synced: the file of no bytes that a rename without a sync leaves.
    NamesFirst,
    /// Everything: the process died, not the machine.
    Everything,
}

impl Disk {
    fn failing(fault: Option<(usize, Fault)>) -> Arc<Disk> {
        Arc::new(Disk { inner: Mutex::new(Inner { fault, ..Inner::default() }) })
    }

    fn operations(&self) -> usize {
        self.inner.lock().unwrap().operations
    }

    /// The disk as a later process finds it.
    fn after(&self, cut: Cut) -> Arc<Disk> {
        let mut inner = self.inner.lock().unwrap().clone();
        if let Cut::SyncedOnly = cut {
            inner.names = inner.durable.clone();
        }
        for content in &mut inner.contents {
            match cut {
                Cut::Everything => content.durable = content.seen.clone(),
                Cut::SyncedOnly | Cut::NamesFirst => content.seen = content.durable.clone(),
            }
        }
        inner.durable = inner.names.clone();
        (inner.fault, inner.dead, inner.operations) = (None, false, 0);
        Arc::new(Disk { inner: Mutex::new(inner) })
    }

    /// Counts an operation that changes the disk; `frees` is one that a full disk still does.
    fn change(&self, frees: bool) -> io::Result<std::sync::MutexGuard<'_, Inner>> {
        let mut inner = self.inner.lock().unwrap();
        let at = inner.operations;
        inner.operations += 1;
        match inner.fault {
            _ if inner.dead => Err(io::Error::other("dead")),
            Some((from, Fault::Dies)) if at >= from => {
                inner.dead = true;
                Err(io::Error::other("dead"))
            }
            Some((from, Fault::Full)) if at >= from && !frees => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(inner),
        }
    }
}

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let inner = self.inner.lock().unwrap();
        match inner.names.get(path) {
            Some(Node::File(at)) => Ok(inner.contents[*at].seen.clone()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.change(false)?.names.insert(path.to_owned(), Node::Folder);
        Ok(())
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let bytes = parts.concat();
        let half = bytes[..bytes.len() / 2].to_vec();
        let put = |inner: &mut Inner, seen: Vec<u8>| {
            inner.contents.push(Content { seen, durable: Vec::new() });
            let at = inner.contents.len() - 1;
            inner.names.insert(path.to_owned(), Node::File(at));
        };
        match self.change(false) {
            Ok(mut inner) => {
                put(&mut inner, bytes);
                Ok(())
            }
            Err(error) => {
                // It stops in the middle.
                put(&mut self.inner.lock().unwrap(), half);
                Err(error)
            }
        }
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.change(false)?;
        let Some(&Node::File(at)) = inner.names.get(path) else { return Err(io::ErrorKind::NotFound.into()) };
        inner.contents[at].durable = inner.contents[at].seen.clone();
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.change(false)?;
        let node = inner.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        inner.names.insert(to.to_owned(), node);
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.change(false)?;
        inner.durable.retain(|name, _| name.parent() != Some(path));
        let here: Vec<_> =
            inner.names.iter().filter(|(n, _)| n.parent() == Some(path)).map(|(n, v)| (n.clone(), *v)).collect();
        inner.durable.extend(here);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(true)?.names.remove(path).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let inner = self.inner.lock().unwrap();
        let names = inner.names.keys().filter(|name| name.parent() == Some(path));
        Ok(names.filter_map(|name| Some(name.file_name()?.to_str()?.to_owned())).collect())
    }

    fn is_folder(&self, path: &Path) -> bool {
        path == Path::new("study") || self.inner.lock().unwrap().names.get(path) == Some(&Node::Folder)
    }

    fn lock(&self, _: &Path) -> io::Result<Option<LockGuard>> {
        Ok(Some(Box::new(())))
    }
}

fn class() -> NumericsClass {
    NumericsClass("cpu-f32/1".to_owned())
}

fn key(name: &str) -> Key {
    Key::of("test/1", &name)
}

fn state(step: u64) -> SlotState {
    let values = |by: f32| (0..50).map(|i| i as f32 * by + step as f32).collect();
    SlotState { step, first_moment: values(0.5), second_moment: values(0.25), ..SlotState::initial(values(1.0)) }
}

fn curve(steps: u64) -> Vec<StepReading> {
    (0..steps).map(|s| StepReading { loss: 5.0 / (s + 1) as f32, gradient_norm: s as f32 }).collect()
}

fn record() -> SegmentRecord {
    SegmentRecord { parent: None, start: 0, end: 9, diverged: None, seconds: 0.1 + 0.2, curve: curve(9) }
}

fn checkpoint(step: u64) -> Checkpoint {
    Checkpoint { start: 0, state: state(step), seconds: 1.5, curve: curve(step) }
}

fn facts() -> CorpusFacts {
    let training = PartFacts { documents: 3, tokens: 6, bytes: 3 };
    CorpusFacts { bytes_hash: None, training, heldout: PartFacts::default() }
}

const RESULT: EvaluationRecord = EvaluationRecord { loss: 0.1 + 0.7, tokens: 4, bytes: 3 };

/// What a run writes, in its order; how many of these were said to be done.
fn a_run(disk: &Arc<Disk>) -> usize {
    let mut done = 0;
    let mut run = || -> Result<(), synx_plan::problem::Problem> {
        let store = Store::with_files(Path::new("study"), disk.clone())?.write()?;
        let mut count = |result: Result<(), synx_plan::problem::Problem>| result.map(|()| done += 1);
        count(store.save_corpus(&key("corpus"), &facts(), [b"abcdef", b""]))?;
        count(store.save_checkpoint(&key("end"), &class(), &checkpoint(3)))?;
        count(store.save_checkpoint(&key("end"), &class(), &checkpoint(6)))?;
        count(store.save_state(&key("end"), &class(), &state(9)))?;
        count(store.save_weights(&key("end"), &class(), 9, &state(9).parameters))?;
        count(store.save_segment(&key("end"), &class(), &record()))?;
        count(store.remove_checkpoint(&key("end"), &class()))?;
        count(store.save_evaluation(&key("end"), &class(), &key("domain"), &RESULT))
    };
    let _ = run();
    done
}

/// Checks everything on `disk` after a run of which `done` writes came back as done.
fn whole(disk: &Arc<Disk>, done: usize, context: &str) {
    let store = Store::with_files(Path::new("study"), disk.clone()).unwrap();
    let (end, class) = (key("end"), class());
    let here = |number: usize, found: bool| assert!(found || done < number, "{context}: lost what {number} wrote");
    let corpus = store.corpus(&key("corpus")).unwrap();
    here(1, corpus.is_some());
    assert!(
        corpus.is_none_or(|c| c.training == b"abcdef"[..] && c.heldout.is_empty() && c.facts == facts()),
        "{context}"
    );
    let found = store.checkpoint(&end, &class).unwrap();
    if (2..6).contains(&done) {
        let found = found.as_ref().unwrap_or_else(|| panic!("{context}: no checkpoint after {done}"));
        assert!(found.state.step == 6 || done == 2, "{context}");
    }
    assert!(found.is_none_or(|c| c == checkpoint(c.state.step)), "{context}");
    let found = store.state(&end, &class).unwrap();
    here(4, found.is_some());
    assert!(found.is_none_or(|s| s == state(9)), "{context}");
    let found = store.weights(&end, &class).unwrap();
    here(5, found.is_some());
    assert!(found.is_none_or(|w| w == state(9).parameters), "{context}");
    let found = store.segment(&end, &class).unwrap();
    here(6, found.is_some());
    assert!(found.is_none_or(|r| r == record()), "{context}");
    let found = store.evaluation(&end, &class, &key("domain")).unwrap();
    here(8, found.is_some());
    assert!(found.is_none_or(|r| r == RESULT), "{context}");
    let warnings = store.take_warnings();
    assert!(warnings.is_empty(), "{context}: {warnings:?}");
}

#[test]
fn a_crash_at_any_operation_leaves_a_store_that_goes_on() {
    let disk = Disk::failing(None);
    assert_eq!(a_run(&disk), 8);
    let operations = disk.operations();
    assert!(operations > 60, "{operations}");
    for at in 0..operations {
        let disk = Disk::failing(Some((at, Fault::Dies)));
        let done = a_run(&disk);
        for cut in [Cut::SyncedOnly, Cut::NamesFirst, Cut::Everything] {
            let after = disk.after(cut);
            whole(&after, done, &format!("died at {at}, {cut:?}"));
            assert_eq!(a_run(&after), 8, "died at {at}, {cut:?}");
            whole(&after.after(Cut::SyncedOnly), 8, &format!("went on after {at}, {cut:?}"));
        }
    }
}

#[test]
fn a_full_disk_fails_cleanly_and_the_store_goes_on_when_there_is_room() {
    let operations = {
        let disk = Disk::failing(None);
        a_run(&disk);
        disk.operations()
    };
    for at in 0..operations {
        let disk = Disk::failing(Some((at, Fault::Full)));
        let done = a_run(&disk);
        whole(&disk, done, &format!("full at {at}"));
        let after = disk.after(Cut::Everything);
        assert_eq!(a_run(&after), 8, "full at {at}");
        whole(&after, 8, &format!("went on after {at}"));
    }
}

#[test]
fn a_killed_run_leaves_nothing_half_written_for_long() {
    for at in 0..60 {
        let disk = Disk::failing(Some((at, Fault::Dies)));
        a_run(&disk);
        let after = disk.after(Cut::Everything);
        a_run(&after);
        let inner = after.inner.lock().unwrap();
        let names: Vec<String> = inner.names.keys().map(|n| n.to_string_lossy().into_owned()).collect();
        assert!(!names.iter().any(|name| name.contains(".tmp") && !name.contains("holder.json")), "{at}: {names:?}");
        assert_eq!(names.iter().filter(|name| name.contains(".state.")).count(), 1, "{at}: {names:?}");
    }
}

#[test]
fn one_run_at_a_time_and_the_second_says_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap().write().unwrap();
    let second = Store::open(folder.path()).unwrap();
    let problem = second.write().err().unwrap();
    assert_eq!(problem.code, "E0960");
    assert!(problem.to_string().contains(&format!("process {}", std::process::id())), "{problem}");
    assert_eq!(second.runner().map(|holder| holder.process), Some(std::process::id()));
    drop(first);
    assert_eq!(second.runner(), None);
    let holder = r#"{"process":1,"host":"elsewhere","since":0}"#;
    std::fs::write(folder.path().join(".synx/holder.json"), holder).unwrap();
    assert_eq!(second.runner(), None, "that one was killed");
    assert!(second.write().is_ok());
}

/// The files of a store whose name holds `part`.
fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, part));
        } else if path.to_string_lossy().contains(part) {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_damaged_entry_is_reported_and_as_good_as_absent() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let writer = store.write().unwrap();
    let save = || {
        writer.save_segment(&key("end"), &class(), &record()).unwrap();
        writer.save_state(&key("end"), &class(), &state(9)).unwrap();
    };
    let load = || {
        let (state, segment) =
            (store.state(&key("end"), &class()).unwrap(), store.segment(&key("end"), &class()).unwrap());
        (state.is_some(), segment.is_some(), store.take_warnings().len())
    };
    save();
    assert_eq!(load(), (true, true, 0));
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    flip(&files(folder.path(), ".state.")[0]);
    assert_eq!(load(), (false, true, 1));
    save();
    assert_eq!(load(), (true, true, 0));
    let cut = |path: &Path| std::fs::write(path, &std::fs::read(path).unwrap()[..20]).unwrap();
    cut(&files(folder.path(), "segments")[0]);
    cut(&files(folder.path(), "segments")[1]);
    assert_eq!(load(), (true, false, 1));
    std::fs::remove_file(&files(folder.path(), ".state.")[0]).unwrap();
    assert_eq!(load(), (false, false, 2));
    save();
    assert_eq!(load(), (true, true, 0));
}

#[test]
fn classes_are_kept_apart_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let writer = store.write().unwrap();
    let other = NumericsClass("vulkan-f32 10005:0 llvmpipe (LLVM 15.0.6, 256 bits) / 22.3.6".to_owned());
    writer.save_segment(&key("end"), &class(), &record()).unwrap();
    assert_eq!(store.segment(&key("end"), &other).unwrap(), None);
    writer.save_segment(&key("end"), &other, &record()).unwrap();
    writer.save_segment(&key("elsewhere"), &other, &record()).unwrap();
    let trained = store.trained().unwrap();
    assert_eq!(trained[&key("end")], [class(), other.clone()]);
    assert_eq!(trained[&key("elsewhere")], [other]);
    assert_eq!(trained.len(), 2);
}

#[test]
fn a_store_of_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap().write().unwrap());
    std::fs::write(folder.path().join(".synx/format"), "synx store 99\n").unwrap();
    let problem = Store::open(folder.path()).err().unwrap();
    assert_eq!(problem.code, "E0961");
    assert!(problem.to_string().contains("store 99"), "{problem}");
}

#[test]
fn a_time_reads_as_a_date() {
    assert_eq!(crate::utc(0), "1970-01-01 00:00:00 UTC");
    assert_eq!(crate::utc(951_782_399), "2000-02-28 23:59:59 UTC");
    assert_eq!(crate::utc(951_782_400), "2000-02-29 00:00:00 UTC");
    assert_eq!(crate::utc(1_795_226_321), "2026-11-21 01:58:41 UTC");
}
