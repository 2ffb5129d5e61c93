//! The symbols of a workspace: read on all cores, once per version of a file.
//!
//! A file counts as unchanged while its size and its time of writing are. What was read is kept in
//! memory for as long as a [`Workspace`] or a clone of it lives, and
//! in one flat file of the cache folder for the next process. A cache that cannot be read or
//! written costs time and nothing else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// The index of the files on disk as the last run found them. Held to take it out or put it in.
    last: Mutex<Option<Arc<OfDisk>>>,
    /// Held while buffers that are new are read.
    open: Mutex<OpenBuffers>,
    /// There is more in `known` than in the cache folder.
    is_unsaved: AtomicBool,
}

/// The files on disk at one moment.
#[derive(Debug)]
struct OfDisk {
    symbols: Arc<SymbolIndex>,
    versions: HashMap<String, FileVersion>,
}

/// The open buffers as the last run saw them.
#[derive(Debug, Default)]
struct OpenBuffers {
    by_path: HashMap<String, OpenBuffer>,
    /// The index with all of them put in: what it was made from, and what came out.
    merged: Option<[Arc<SymbolIndex>; 2]>,
}

#[derive(Debug)]
struct OpenBuffer {
    text: Arc<str>,
    symbols: Arc<FileSymbols>,
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

/// The cache file: of owned symbols where it is read, of borrowed ones where it is written.
#[derive(Serialize, Deserialize)]
struct CacheFile<S> {
    /// Format, program version and the program's own version on disk: symbols of another build may
    /// mean something else.
    made_by: String,
    files: Vec<(FileVersion, S)>,
}

impl WorkspaceIndex {
    /// Says whether the index is in memory, so that bringing it up to date takes little time.
    pub fn is_warm(&self) -> bool {
        // A lock that is held belongs to a run that is at it.
        self.known.try_lock().is_ok_and(|known| known.is_some())
    }

    /// Returns the index as the last run left it; `None` before the first one.
    ///
    /// The files of `paths` are looked at again and are as they are now. Others may have changed,
    /// come or gone since: [`Self::update`] knows.
    pub fn last(&self, workspace: &Workspace, paths: &[String]) -> Option<Arc<SymbolIndex>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let changed: Vec<Arc<FileSymbols>> = paths
            .iter()
            .filter(|path| is_indexed(path) && !workspace.open_buffers().contains_key(*path))
            .filter(|path| {
                let now = source::file(workspace.root(), path);
                now.as_ref().map(FileVersion::of) != last.versions.get(*path).copied()
            })
            .map(|path| {
                // One that has gone has no symbols.
                let text = workspace.text(path).map(|(text, _)| text).unwrap_or_default();
                Arc::new(index_file(path, &text))
            })
            .collect();
        Some(self.with_open_buffers(&last.symbols, workspace, changed))
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
        let before = match known.take() {
            Some(known) => known,
            None => cache_of(workspace).as_deref().map(read_cache).unwrap_or_default(),
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
        let symbols = self.keep(&now, has_changed, cancel);
        if has_changed && !cancel.is_cancelled() {
            self.is_unsaved.store(true, Ordering::Release);
        }
        *known = Some(now);
        (self.with_open_buffers(&symbols, workspace, Vec::new()), problems)
    }

    /// Writes what was read since the last time into the cache folder. Takes a while: beside the
    /// road.
    pub fn save(&self, workspace: &Workspace) {
        if !self.is_unsaved.swap(false, Ordering::AcqRel) {
            return;
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some(known), Some(cache)) = (known, cache_of(workspace)) {
            write_cache(&cache, &known);
        }
    }

    /// Keeps the files on disk as the last ones; what a cancelled run has read is incomplete.
    fn keep(&self, now: &Known, has_changed: bool, cancel: &Cancel) -> Arc<SymbolIndex> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|_| !has_changed) {
            return Arc::clone(&last.symbols);
        }
        let files = now.values().map(|entry| Arc::clone(&entry.symbols)).collect();
        let symbols = Arc::new(SymbolIndex::new(files));
        if !cancel.is_cancelled() {
            let versions = now.iter().map(|(path, it)| (path.clone(), it.version)).collect();
            *last = Some(Arc::new(OfDisk { symbols: Arc::clone(&symbols), versions }));
        }
        symbols
    }

    /// Puts open buffers, and then `more`, in place of their files. Returns `of_disk` itself, or
    /// what came out the last time, where there is nothing new to put in.
    fn with_open_buffers(
        &self,
        of_disk: &Arc<SymbolIndex>,
        workspace: &Workspace,
        more: Vec<Arc<FileSymbols>>,
    ) -> Arc<SymbolIndex> {
        let of_buffers = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.with(of_disk, workspace)
        };
        if more.is_empty() { of_buffers } else { replaced(&of_buffers, more) }
    }
}

impl OpenBuffers {
    /// Takes in the buffers that are new, and returns the index with all of them.
    fn with(&mut self, of_disk: &Arc<SymbolIndex>, workspace: &Workspace) -> Arc<SymbolIndex> {
        let buffers = workspace.open_buffers();
        let n_before = self.by_path.len();
        self.by_path.retain(|path, _| buffers.contains_key(path));
        let mut has_changed = self.by_path.len() < n_before;
        for (path, text) in buffers.iter().filter(|(path, _)| is_indexed(path)) {
            if self.by_path.get(path).is_some_and(|known| Arc::ptr_eq(&known.text, text)) {
                continue;
            }
            has_changed = true;
            let symbols = Arc::new(index_file(path, text));
            self.by_path.insert(path.clone(), OpenBuffer { text: Arc::clone(text), symbols });
        }
        if self.by_path.is_empty() {
            self.merged = None;
            return Arc::clone(of_disk);
        }
        if let Some([from, merged]) = &self.merged
            && !has_changed
            && Arc::ptr_eq(from, of_disk)
        {
            return Arc::clone(merged);
        }
        let files = self.by_path.values().map(|open| Arc::clone(&open.symbols)).collect();
        let merged = replaced(of_disk, files);
        self.merged = Some([Arc::clone(of_disk), Arc::clone(&merged)]);
        merged
    }
}

/// Returns `index` with `files` in place of those with the same paths.
fn replaced(index: &SymbolIndex, files: Vec<Arc<FileSymbols>>) -> Arc<SymbolIndex> {
    Arc::new(SymbolIndex::new(index.files().iter().cloned().chain(files).collect()))
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

fn cache_of(workspace: &Workspace) -> Option<PathBuf> {
    workspace.folders().map(|folders| cache_path(folders.cache(), workspace.root()))
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
    match postcard::from_bytes::<CacheFile<FileSymbols>>(&bytes) {
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
    let mut files: Vec<(FileVersion, &FileSymbols)> =
        known.values().map(|entry| (entry.version, &*entry.symbols)).collect();
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
