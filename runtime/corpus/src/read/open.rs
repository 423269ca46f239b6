//! A file opened for reading: its bytes are hashed as they pass, decompressed, and counted against the budget.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use synx_plan::key::Key;
use synx_plan::problem::Problem;

use super::Compression;

const BUFFER: usize = 1 << 16;

/// What is left of the bytes of text that the files of a corpus may have together.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    whole: u64,
    left: Rc<Cell<u64>>,
}

impl Budget {
    pub fn new(bytes: u64) -> Budget {
        Budget { whole: bytes, left: Rc::new(Cell::new(bytes)) }
    }
}

/// The file as it stands on disk, hashed as it is read.
#[derive(Debug)]
struct Raw {
    file: File,
    hasher: blake3::Hasher,
    /// Whether the system refused a read: what goes wrong after that is not the data's fault.
    refused: bool,
}

#[derive(Debug, Clone)]
struct SharedRaw(Rc<RefCell<Raw>>);

impl Read for SharedRaw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut raw = self.0.borrow_mut();
        match raw.file.read(buffer) {
            Ok(n) => {
                raw.hasher.update(&buffer[..n]);
                Ok(n)
            }
            Err(e) => {
                raw.refused |= e.kind() != io::ErrorKind::Interrupted;
                Err(e)
            }
        }
    }
}

/// Ends with an error where the budget is used up.
struct Counted<R> {
    inner: R,
    budget: Budget,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match self.budget.left.get().checked_sub(n as u64) {
            Some(left) => self.budget.left.set(left),
            None => return Err(io::Error::from(io::ErrorKind::QuotaExceeded)),
        }
        Ok(n)
    }
}

/// A file of text being read.
pub(super) struct Opened {
    path: PathBuf,
    /// The file's name in messages.
    pub name: String,
    pub text: Box<dyn BufRead>,
    raw: SharedRaw,
    compression: Compression,
    budget: Budget,
}

/// Opens a file; E0914 where its first bytes disagree with its name.
pub(super) fn open(path: &Path, name: &str, compression: Compression, budget: &Budget) -> Result<Opened, Problem> {
    let file = File::open(path).map_err(|e| Problem::io("open", path, &e))?;
    let raw = SharedRaw(Rc::new(RefCell::new(Raw { file, hasher: blake3::Hasher::new(), refused: false })));
    let mut buffered = BufReader::with_capacity(BUFFER, raw.clone());
    let head = buffered.fill_buf().map_err(|e| Problem::io("read", path, &e))?;
    let found = compression_of(head);
    if found != Some(compression) {
        return Err(disagreement(name, compression, found, head.is_empty()));
    }
    let text: Box<dyn Read> = match compression {
        Compression::None => Box::new(buffered),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
        Compression::Zstd => Box::new(
            zstd::stream::read::Decoder::with_buffer(buffered).map_err(|e| Problem::io("decompress", path, &e))?,
        ),
    };
    let counted = Counted { inner: text, budget: budget.clone() };
    Ok(Opened {
        path: path.to_owned(),
        name: name.to_owned(),
        text: Box::new(BufReader::with_capacity(BUFFER, counted)),
        raw,
        compression,
        budget: budget.clone(),
    })
}

/// The hash of a file's bytes as they stand on disk.
pub(super) fn hash(path: &Path) -> Result<Key, Problem> {
    let file = File::open(path).map_err(|e| Problem::io("open", path, &e))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(|e| Problem::io("read", path, &e))?;
    Ok(Key::from_bytes(*hasher.finalize().as_bytes()))
}

/// What the first bytes of a file say about its compression; `None` for a known format that no name here says.
fn compression_of(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1F, 0x8B, ..] => Some(Compression::Gzip),
        // A frame, or a skippable frame before one.
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Compression::Zstd),
        [b'P', b'A', b'R', b'1', ..] | [b'P', b'K', 3, 4, ..] | [0xFD, b'7', b'z', b'X', b'Z', ..] => None,
        _ => Some(Compression::None),
    }
}

fn disagreement(name: &str, named: Compression, found: Option<Compression>, empty: bool) -> Problem {
    let word = |compression| match compression {
        Compression::None => "not compressed",
        Compression::Gzip => "compressed by gzip",
        Compression::Zstd => "compressed by zstd",
    };
    let seen = match found {
        _ if empty => "it is empty",
        Some(compression) => word(compression),
        None => "another kind of file (parquet, zip or xz)",
    };
    Problem::new("E0914", format!("{name} is not what its name says"))
        .note(format!("by its name it is {}; by its first bytes: {seen}", word(named)))
        .help("rename the file (.gz for gzip, .zst for zstd, neither for plain text), or convert it")
}

impl Opened {
    /// What an error of reading `text` means to the user.
    pub fn problem(&self, error: &io::Error) -> Problem {
        if error.kind() == io::ErrorKind::QuotaExceeded && !self.raw.0.borrow().refused {
            return Problem::new("E0923", format!("the corpus has more than {} bytes of text", self.budget.whole))
                .note(format!("reached while reading {}", self.name))
                .help("name fewer files");
        }
        if self.raw.0.borrow().refused || self.compression == Compression::None {
            return Problem::io("read", &self.path, error);
        }
        Problem::new("E0915", format!("{} is damaged", self.name))
            .note(format!("it could not be decompressed: {error}"))
            .help("make or download the file again")
    }

    /// The hash of the whole file, read to its end.
    pub fn finish(self) -> Result<Key, Problem> {
        drop(self.text);
        let mut raw = self.raw;
        io::copy(&mut raw, &mut io::sink()).map_err(|e| Problem::io("read", &self.path, &e))?;
        let hash = raw.0.borrow().hasher.finalize();
        Ok(Key::from_bytes(*hash.as_bytes()))
    }
}
