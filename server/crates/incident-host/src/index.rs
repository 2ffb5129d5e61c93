//! The symbols of a workspace: read on all cores, once per version of a file.
//!
//! A file counts as unchanged while its size and its time of writing are. What was read is kept in
//! memory for as long as a [`Workspace`] or a clone of it lives, and
//! in one flat file of the cache folder for the next process. A cache that cannot be read or
//! written costs time and nothing else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use incident_core::cancel::Cancel;
use incident_core::problem::Problem;
use incident_core::syntax::{FileSymbols, SymbolIndex, index_file, is_indexed};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::folders::{is_older, write_whole};
use crate::source::{self, Listing, ReadError, SourceFile};
use crate::workspace::Workspace;

/// Changes with everything that the cache file holds.
const FORMAT: u32 = 1;

/// How long a cache is kept that nothing is added to, in seconds: 30 days. It can be made again.
const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The largest cache file that is read.
const MAX_CACHE_BYTES: u64 = 512 << 20;

/// What is known of one workspace's files. Shared by all clones of a workspace.
#[derive(Debug, Default)]
pub struct WorkspaceIndex {
    /// Held while a run brings the index up to date: a second run waits and finds it done.
    known: Mutex<Option<Known>>,
}

/// Symbols by path.
type Known = HashMap<String, Entry>;

/// The symbols of one version of a file.
#[derive(Clone, Debug)]
struct Entry {
    version: FileVersion,
    symbols: Arc<FileSymbols>,
}

/// What changes when a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileVersion {
    size: u64,
    /// Nanoseconds since 1970; 0 where the system does not tell.
    modified: u64,
}

/// The cache file after its head.
#[derive(Serialize, Deserialize)]
struct CacheFile {
    /// Format, program version and the program's own version on disk: symbols of another build may
    /// mean something else.
    made_by: String,
    files: Vec<(FileVersion, FileSymbols)>,
}

impl WorkspaceIndex {
    /// Says whether the index is in memory, so that bringing it up to date takes little time.
    pub fn is_warm(&self) -> bool {
        // A lock that is held belongs to a run that is at it.
        self.known.try_lock().is_ok_and(|known| known.is_some())
    }

    /// Brings the index up to date with `listing` and returns it.
    ///
    /// Open buffers stand in place of their files. When `cancel` is raised it returns what it had.
    pub fn update(
        &self,
        workspace: &Workspace,
        listing: &Listing,
        cancel: &Cancel,
    ) -> (Arc<SymbolIndex>, Vec<Problem>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let cache =
            workspace.folders().map(|folders| cache_path(folders.cache(), workspace.root()));
        let before = match known.take() {
            Some(known) => known,
            None => cache.as_deref().map(read_cache).unwrap_or_default(),
        };
        let files: Vec<&SourceFile> =
            listing.sources().filter(|file| is_indexed(&file.path)).collect();
        let read: Vec<Read> = files
            .par_iter()
            .map(|file| read_one(workspace.root(), file, before.get(&file.path), cancel))
            .collect();

        let mut now = Known::with_capacity(read.len());
        let mut problems = Vec::new();
        let mut n_read = 0;
        for (file, read) in files.iter().zip(read) {
            n_read += usize::from(!matches!(read, Read::Known(_)));
            match read {
                Read::Known(entry) => drop(now.insert(file.path.clone(), entry)),
                Read::New(entry, problem) => {
                    now.insert(file.path.clone(), entry);
                    problems.extend(problem);
                }
                Read::Failed(err) => {
                    problems.push(Problem::warning(err.to_string()).at(&file.path, None));
                }
                Read::Cancelled => {}
            }
        }
        let has_changed = n_read > 0 || now.len() != before.len();
        if let Some(cache) = cache.filter(|_| has_changed && !cancel.is_cancelled()) {
            write_cache(&cache, &now);
        }
        let index = with_open_buffers(&now, workspace);
        *known = Some(now);
        (Arc::new(index), problems)
    }
}

/// What became of one file.
enum Read {
    Known(Entry),
    New(Entry, Option<Problem>),
    Failed(ReadError),
    Cancelled,
}

fn read_one(root: &Path, file: &SourceFile, known: Option<&Entry>, cancel: &Cancel) -> Read {
    let version = FileVersion::of(file);
    if let Some(entry) = known.filter(|entry| entry.version == version) {
        return Read::Known(entry.clone());
    }
    if cancel.is_cancelled() {
        return Read::Cancelled;
    }
    match source::read_text(root, &file.path, source::MAX_SOURCE_BYTES) {
        Ok((text, problem)) => {
            let symbols = Arc::new(index_file(&file.path, &text));
            Read::New(Entry { version, symbols }, problem)
        }
        Err(err) => Read::Failed(err),
    }
}

impl FileVersion {
    fn of(file: &SourceFile) -> Self {
        let since = file.modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0));
        Self { size: file.size, modified }
    }
}

fn with_open_buffers(known: &Known, workspace: &Workspace) -> SymbolIndex {
    let open = workspace.open_buffers();
    let of_disk = known.iter().filter(|(path, _)| !open.contains_key(*path));
    let mut files: Vec<Arc<FileSymbols>> =
        of_disk.map(|(_, entry)| Arc::clone(&entry.symbols)).collect();
    let of_buffers = open.iter().filter(|(path, _)| is_indexed(path));
    files.extend(of_buffers.map(|(path, text)| Arc::new(index_file(path, text))));
    SymbolIndex::new(files)
}

fn cache_path(folder: &Path, root: &Path) -> PathBuf {
    let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let digest = Sha256::digest(real.as_os_str().as_encoded_bytes());
    let key: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    folder.join("index").join(key)
}

fn read_cache(path: &Path) -> Known {
    let is_sane = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_CACHE_BYTES);
    let Some(bytes) = is_sane.then(|| std::fs::read(path).ok()).flatten() else {
        return Known::new();
    };
    match postcard::from_bytes::<CacheFile>(&bytes) {
        Ok(file) if file.made_by == made_by() => {
            let entries = file.files.into_iter().map(|(version, symbols)| {
                (symbols.path.clone(), Entry { version, symbols: Arc::new(symbols) })
            });
            entries.collect()
        }
        Ok(_) => Known::new(),
        Err(err) => {
            tracing::debug!(%err, path = %path.display(), "the index cache is damaged");
            Known::new()
        }
    }
}

fn write_cache(path: &Path, known: &Known) {
    let mut files: Vec<(FileVersion, FileSymbols)> =
        known.values().map(|entry| (entry.version, (*entry.symbols).clone())).collect();
    files.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    let written = postcard::to_stdvec(&CacheFile { made_by: made_by(), files })
        .map_err(|err| err.to_string())
        .and_then(|bytes| write_whole(path, &bytes).map_err(|err| err.to_string()));
    if let Err(reason) = written {
        tracing::debug!(%reason, "the index cache was not written");
    }
    expire(path);
}

/// Removes the caches that nobody has written to for long, and those that were never finished.
fn expire(path: &Path) {
    let caches = path.parent().map(std::fs::read_dir);
    for cache in caches.into_iter().flatten().flatten().flatten() {
        if is_older(&cache.path(), KEPT_SECONDS, crate::clock::now()) {
            // Another process may have removed it.
            let _ = std::fs::remove_file(cache.path());
        }
    }
}

/// Names the build that made a cache file.
fn made_by() -> String {
    let meta = std::env::current_exe().and_then(|path| path.metadata()).ok();
    let modified = meta.as_ref().and_then(|meta| meta.modified().ok());
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let size = meta.map_or(0, |meta| meta.len());
    format!("{FORMAT} {} {size} {}", env!("CARGO_PKG_VERSION"), since.as_nanos())
}

#[cfg(test)]
mod tests;
