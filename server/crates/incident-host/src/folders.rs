//! Where our own files lie: the platform's folders for state, cache and configuration.
//!
//! Private to the user, and the only places besides a scratch worktree that we write to.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::Environment;

/// Our folder's name inside the platform's.
const NAME: &str = "incident-lsp";

/// How the name of a file ends that is not written to its end.
pub(crate) const TMP: &str = ".tmp";

/// How long to wait for another process that holds a lock; it holds it for milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// What lies below the cache folder; a name that ends in `-` stands for all that begin with it.
const CACHES: &[&str] = &["api-", "index", "runbooks", "sample", "target"];

/// How often a step is tried again when another process removes the folder under it.
const ATTEMPTS: usize = 5;

/// The folders of one user. None of them need exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    state: PathBuf,
    cache: PathBuf,
    config: PathBuf,
}

/// Why one of our own files could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Neither an override nor a home folder is known.
    #[error("no home folder is known; set HOME or INCIDENT_LSP_STATE_DIR")]
    NoHome,
    /// The disk refused: read-only, full, not ours.
    #[error("{path} could not be written: {source}")]
    Write {
        /// The file or folder.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// Another process holds the lock.
    #[error("another incident-lsp has held {path} for seconds; try again")]
    Locked {
        /// The lock file.
        path: String,
    },
}

impl Folders {
    /// Finds the folders: an override, else the base directories of the platform.
    pub fn of(environment: &Environment) -> Result<Self, FolderError> {
        let home = environment.folder("HOME").or_else(|| etcetera::home_dir().ok());
        let folder = |own: &str, base: &str, below_home: &str| {
            environment
                .folder(own)
                .or_else(|| Some(environment.folder(base)?.join(NAME)))
                .or_else(|| Some(home.as_ref()?.join(below_home).join(NAME)))
                .ok_or(FolderError::NoHome)
        };
        Ok(Self {
            state: folder("INCIDENT_LSP_STATE_DIR", "XDG_STATE_HOME", ".local/state")?,
            cache: folder("INCIDENT_LSP_CACHE_DIR", "XDG_CACHE_HOME", ".cache")?,
            config: folder("INCIDENT_LSP_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")?,
        })
    }

    /// Returns the folder for what must survive: explained incidents, trusted roots.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Returns the folder for what can be made again.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Says whether the state folder can be written to; it is made where it is missing.
    pub fn check_state(&self) -> Result<(), FolderError> {
        make_private(&self.state)?;
        let failed = |source| FolderError::Write { path: self.state.display().to_string(), source };
        tempfile::tempfile_in(&self.state).map(drop).map_err(failed)
    }

    /// Makes a folder of the cache, private to the user, and returns it.
    pub fn make_cache(&self, name: &str) -> Result<PathBuf, FolderError> {
        let folder = self.cache.join(name);
        make_private(&folder)?;
        Ok(folder)
    }

    /// Removes all that was cached. The folder itself may be shared, so only what is ours goes.
    pub fn clear_cache(&self) -> Result<(), FolderError> {
        for entry in std::fs::read_dir(&self.cache).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let is_ours = CACHES.iter().any(|cache| match cache.strip_suffix('-') {
                Some(_) => name.starts_with(cache),
                None => name == *cache,
            });
            if is_ours {
                remove_folder(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Returns the folder for the user's own settings.
    pub fn config(&self) -> &Path {
        &self.config
    }
}

/// Makes `folder` and what is missing above it, open to nobody but the user.
pub(crate) fn make_private(folder: &Path) -> Result<(), FolderError> {
    let failed = |source| FolderError::Write { path: folder.display().to_string(), source };
    private_dirs().create(folder).map_err(failed)
}

/// Makes an empty file that nobody but the user can read, where none is; SQLite gives the files that
/// it puts beside one the same rights.
pub(crate) fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn private_dirs() -> std::fs::DirBuilder {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Removes a folder with all that lies in it; one that is gone already is fine.
pub(crate) fn remove_folder(folder: &Path) -> Result<(), FolderError> {
    // Another process may put a file in while this one takes them out.
    again_while(std::io::ErrorKind::DirectoryNotEmpty, || match std::fs::remove_dir_all(folder) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    })
    .map_err(|source| FolderError::Write { path: folder.display().to_string(), source })
}

/// Puts `bytes` at `path` in one step: readers see the old file or the new one, never half of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_private(folder)?;
    again_while(std::io::ErrorKind::NotFound, || {
        private_dirs().create(folder)?;
        // Temporary files are made readable to the user alone.
        let mut file = tempfile::Builder::new().prefix(".").suffix(TMP).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.flush()?;
        file.persist(path)?;
        Ok(())
    })
    .map_err(|source| FolderError::Write { path: path.display().to_string(), source })
}

/// Says whether a file was last written more than `seconds` before `now`, in seconds since 1970.
pub(crate) fn is_older(path: &Path, seconds: i64, now: i64) -> bool {
    let modified = path.symlink_metadata().and_then(|meta| meta.modified()).ok();
    let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let written = since.and_then(|since| i64::try_from(since.as_secs()).ok());
    written.is_some_and(|written| now.saturating_sub(written) > seconds)
}

/// Does `step` again, a few times, while it fails in this way.
fn again_while<T>(
    kind: std::io::ErrorKind,
    mut step: impl FnMut() -> std::io::Result<T>,
) -> std::io::Result<T> {
    let mut outcome = step();
    for _ in 1..ATTEMPTS {
        if !outcome.as_ref().is_err_and(|err| err.kind() == kind) {
            break;
        }
        outcome = step();
    }
    outcome
}

/// Does `work` while no other process does the same in `folder`.
///
/// The lock is the system's and ends with the process; it is held for `work` alone.
pub(crate) fn locked<T>(
    folder: &Path,
    work: impl FnOnce() -> Result<T, FolderError>,
) -> Result<T, FolderError> {
    locked_with(folder, |_| work())
}

/// The same for work whose programs may outlive us: `work` gets the lock, and whoever inherits it
/// holds it on, so that nobody meddles before the last of them has ended.
pub(crate) fn locked_with<T>(
    folder: &Path,
    work: impl FnOnce(&File) -> Result<T, FolderError>,
) -> Result<T, FolderError> {
    make_private(folder)?;
    let path = folder.join(".lock");
    let failed = |source| FolderError::Write { path: path.display().to_string(), source };
    let lock = again_while(std::io::ErrorKind::NotFound, || {
        private_dirs().create(folder)?;
        File::options().create(true).truncate(false).write(true).open(&path)
    })
    .map_err(failed)?;
    let step = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(std::fs::TryLockError::Error(err)) => return Err(failed(err)),
            Err(std::fs::TryLockError::WouldBlock) if waited >= LOCK_PATIENCE => {
                return Err(FolderError::Locked { path: path.display().to_string() });
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                std::thread::park_timeout(step);
                waited += step;
            }
        }
    }
    work(&lock)
}
