//! The file layer: every operation that the store does to a disk, so that tests can make each of them fail.

use std::any::Any;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

use bytes::Bytes;
use memmap2::Mmap;

/// Held for as long as it lives.
pub type LockGuard = Box<dyn Any + Send + Sync>;

/// Files and folders. Nothing is durable before it is synced: bytes by `sync`, names by `sync_folder`.
pub trait Files: Send + Sync {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The bytes of a file that nobody changes any more, without reading them into memory where the system can map them.
    fn map(&self, path: &Path) -> io::Result<Bytes> {
        self.read(path).map(Bytes::from)
    }

    /// Makes one folder whose parent is there; fine where it is there already.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes a file, or empties the one that is there, and writes the parts one after another.
    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()>;

    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name in the same folder, in one step, in place of what had that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Removes one file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The names in a folder, sorted; none where there is no such folder.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    fn is_folder(&self, path: &Path) -> bool;

    /// Locks a file that is made where it is not there; `None` where another process or store holds it.
    fn lock(&self, path: &Path) -> io::Result<Option<LockGuard>>;
}

/// The operating system's files.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn map(&self, path: &Path) -> io::Result<Bytes> {
        let file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(Bytes::new());
        }
        // SAFETY: files of the store are written under another name, and once they have theirs they are only ever removed, which leaves a mapping whole. What
        // cuts one short from outside while it is read ends the process, as it would damage the results.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Bytes::from_owner(map))
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            result => result,
        }
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let mut file = File::create(path)?;
        parts.iter().try_for_each(|part| file.write_all(part))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        // Written to, not only read: some systems flush only through a handle that may write.
        OpenOptions::new().write(true).open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is not text is none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn lock(&self, path: &Path) -> io::Result<Option<LockGuard>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
