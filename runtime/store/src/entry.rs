//! An entry: a marker with the hashes of everything that belongs to it, written last, and the blobs beside it.
//!
//! `<name>.json` is the marker: one line of JSON and a line with that line's hash. A blob `x` of the entry is `<name>.x.<its hash>`; a new version of an
//! entry has other blobs, so the old version stays whole until the new marker takes the old one's place.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use synx_plan::problem::Problem;

use crate::files::Files;

/// Ends the name of a file that is being written.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Ends the name of a marker.
pub(crate) const MARKER: &str = ".json";

#[derive(Debug, Serialize, Deserialize)]
struct Marker<M> {
    entry: M,
    blobs: Vec<BlobRecord>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct BlobRecord {
    name: String,
    bytes: u64,
    blake3: String,
}

/// What was found under a name.
#[derive(Debug)]
pub(crate) enum Found<M> {
    Absent,
    /// There, but not what was written: why.
    Damaged(String),
    Whole {
        meta: M,
        blobs: Vec<Bytes>,
    },
}

/// Where an entry lies: its folder, which is there, and its name in it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub folder: PathBuf,
    pub name: String,
}

impl Place {
    pub(crate) fn marker(&self) -> PathBuf {
        self.folder.join(format!("{}{MARKER}", self.name))
    }

    fn blob(&self, record: &BlobRecord) -> PathBuf {
        // Both come from a file: nothing but letters and digits may get into a path.
        let plain = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).take(32).collect() };
        self.folder.join(format!("{}.{}.{}", self.name, plain(&record.name), plain(&record.blake3)))
    }
}

/// Writes a file under a temporary name, syncs it and gives it its name. Durable only once the folder is synced.
pub(crate) fn write_file(files: &dyn Files, path: &Path, parts: &[&[u8]]) -> Result<(), Problem> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(TEMPORARY);
    let temporary = PathBuf::from(temporary);
    let written = files
        .write(&temporary, parts)
        .and_then(|()| files.sync(&temporary))
        .and_then(|()| files.rename(&temporary, path));
    written.map_err(|error| {
        // The space that the piece takes is better free; that it cannot be freed changes nothing.
        let _ = files.remove(&temporary);
        trouble("write", path, &error)
    })
}

/// Writes an entry: blobs, then the marker, each durable before the next; what an older version left is removed at the end.
pub(crate) fn write(
    files: &dyn Files,
    place: &Place,
    meta: &impl Serialize,
    blobs: &[(&str, &[&[u8]])],
) -> Result<(), Problem> {
    let sync = || files.sync_folder(&place.folder).map_err(|error| trouble("write to", &place.folder, &error));
    let before = blobs_of(files, place);
    let mut records = Vec::with_capacity(blobs.len());
    for (name, parts) in blobs {
        let mut hasher = blake3::Hasher::new();
        let mut bytes = 0;
        for part in *parts {
            hasher.update(part);
            bytes += part.len() as u64;
        }
        let record = BlobRecord { name: (*name).to_owned(), bytes, blake3: hasher.finalize().to_hex().to_string() };
        write_file(files, &place.blob(&record), parts)?;
        records.push(record);
    }
    if !blobs.is_empty() {
        sync()?;
    }
    let marker = Marker { entry: meta, blobs: records };
    let line = serde_json::to_string(&marker).map_err(|error| {
        Problem::new("E0901", format!("could not write {}", place.marker().display())).note(error.to_string())
    })?;
    let hash = format!("\n{}\n", blake3::hash(line.as_bytes()).to_hex());
    write_file(files, &place.marker(), &[line.as_bytes(), hash.as_bytes()])?;
    sync()?;
    for old in before {
        if !marker.blobs.iter().any(|new| place.blob(new) == old) {
            // Left-overs cost space, nothing else.
            let _ = files.remove(&old);
        }
    }
    Ok(())
}

/// Reads an entry's own data and the blobs called `wanted`, checking every hash.
pub(crate) fn read<M: DeserializeOwned>(
    files: &dyn Files,
    place: &Place,
    wanted: &[&str],
) -> Result<Found<M>, Problem> {
    let marker = match read_marker::<M>(files, place)? {
        Found::Absent => return Ok(Found::Absent),
        Found::Damaged(why) => return Ok(Found::Damaged(why)),
        Found::Whole { meta, .. } => meta,
    };
    let mut blobs = Vec::with_capacity(wanted.len());
    for name in wanted {
        let Some(record) = marker.blobs.iter().find(|record| record.name == *name) else {
            return Ok(Found::Damaged(format!("it has no `{name}`")));
        };
        let path = place.blob(record);
        let bytes = match files.map(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Found::Damaged(format!("{} is not there", path.display())));
            }
            Err(error) => return Err(trouble("read", &path, &error)),
        };
        if bytes.len() as u64 != record.bytes || blake3::hash(&bytes).to_hex().as_str() != record.blake3 {
            return Ok(Found::Damaged(format!("{} does not have the bytes that were written", path.display())));
        }
        blobs.push(bytes);
    }
    Ok(Found::Whole { meta: marker.entry, blobs })
}

/// Removes an entry, marker first.
pub(crate) fn remove(files: &dyn Files, place: &Place) -> Result<(), Problem> {
    let blobs = blobs_of(files, place);
    match files.remove(&place.marker()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        result => result.map_err(|error| trouble("remove", &place.marker(), &error))?,
    }
    files.sync_folder(&place.folder).map_err(|error| trouble("write to", &place.folder, &error))?;
    for blob in blobs {
        let _ = files.remove(&blob);
    }
    Ok(())
}

/// The files of a folder that no marker speaks for: left by a run that was killed.
pub(crate) fn left_overs(files: &dyn Files, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let names = files.list(folder)?;
    let mut spoken_for = BTreeSet::new();
    for name in names.iter().filter_map(|name| name.strip_suffix(MARKER)) {
        let place = Place { folder: folder.to_owned(), name: name.to_owned() };
        spoken_for.insert(place.marker());
        spoken_for.extend(blobs_of(files, &place));
    }
    Ok(names.iter().map(|name| folder.join(name)).filter(|path| !spoken_for.contains(path)).collect())
}

fn blobs_of(files: &dyn Files, place: &Place) -> Vec<PathBuf> {
    match read_marker::<serde_json::Value>(files, place) {
        Ok(Found::Whole { meta, .. }) => meta.blobs.iter().map(|record| place.blob(record)).collect(),
        _ => Vec::new(),
    }
}

fn read_marker<M: DeserializeOwned>(files: &dyn Files, place: &Place) -> Result<Found<Marker<M>>, Problem> {
    let path = place.marker();
    let bytes = match files.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Absent),
        Err(error) => return Err(trouble("read", &path, &error)),
    };
    let damaged = |why: &str| Ok(Found::Damaged(format!("{} {why}", path.display())));
    let Some((line, hash)) = std::str::from_utf8(&bytes).ok().and_then(|text| text.split_once('\n')) else {
        return damaged("is cut off");
    };
    if hash.trim_end() != blake3::hash(line.as_bytes()).to_hex().as_str() {
        return damaged("does not have the bytes that were written");
    }
    match serde_json::from_str(line) {
        Ok(meta) => Ok(Found::Whole { meta, blobs: Vec::new() }),
        Err(_) => damaged("has another form than this version writes"),
    }
}

/// An operation that the system refused, with the cure where it is a known one.
pub(crate) fn trouble(doing: &str, path: &Path, error: &io::Error) -> Problem {
    let problem = Problem::io(doing, path, error);
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            problem.help("make room on the disk and run again: everything that was finished is kept")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            problem.help("the store `.synx` stands beside the study: its folder must be writable")
        }
        _ => problem,
    }
}
