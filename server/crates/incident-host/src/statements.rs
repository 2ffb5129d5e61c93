//! The log, print and error statements of a workspace: read on all cores, once per content of a
//! file.
//!
//! Made only when a log asks for it. A file is read again when its size or its time of writing
//! changes, and looked at again when its bytes do. What was read lives as long as the
//! [`Workspace`] and its clones, and in one flat file of the cache folder for the next process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use incident_core::cancel::Cancel;
use incident_core::problem::Problem;
use incident_core::statements::{FileStatements, StatementIndex, index_file, is_read};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::folders::write_whole;
use crate::source::{self, Listing, SourceFile};
use crate::workspace::Workspace;

/// Changes with everything that the cache file holds.
const FORMAT: u32 = 1;

/// The largest cache file that is read.
const MAX_CACHE_BYTES: u64 = 256 << 20;

/// What is known of one workspace's statements. Shared by all clones of a workspace.
#[derive(Debug, Default)]
pub struct WorkspaceStatements {
    /// Held while a run brings the statements up to date: a second run waits and finds it done.
    known: Mutex<Option<Known>>,
}

/// What was read by the last run.
#[derive(Debug, Default)]
struct Known {
    /// By path.
    files: HashMap<String, Entry>,
    /// The index over them, where no open buffer differs.
    index: Option<Arc<StatementIndex>>,
}

/// The statements of one content of a file.
#[derive(Clone, Debug)]
struct Entry {
    stamp: Stamp,
    digest: ContentDigest,
    statements: Arc<FileStatements>,
}

/// The start of the content's SHA-256.
type ContentDigest = [u8; 16];

/// What changes when a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    /// Nanoseconds since 1970; 0 where the system does not tell.
    modified: u64,
}

/// The cache file.
#[derive(Serialize, Deserialize)]
struct CacheFile {
    /// Format and program version: statements of another build may have been read in another way.
    made_by: String,
    files: Vec<(Stamp, ContentDigest, FileStatements)>,
}

impl WorkspaceStatements {
    /// Brings the statements up to date with `listing` and returns the index over them.
    ///
    /// Open buffers stand in place of their files. When `cancel` is raised it returns what it had.
    pub fn update(
        &self,
        workspace: &Workspace,
        listing: &Listing,
        cancel: &Cancel,
    ) -> (Arc<StatementIndex>, Vec<Problem>) {
        let mut held = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = workspace.folders().map(|it| cache_path(it.cache(), workspace.root()));
        let before = match held.take() {
            Some(known) => known,
            None => {
                Known { files: cache.as_deref().map(read_cache).unwrap_or_default(), index: None }
            }
        };
        let files: Vec<&SourceFile> =
            listing.sources().filter(|file| is_read(&file.path)).collect();
        let read: Vec<Option<(Entry, bool)>> = files
            .par_iter()
            .map(|file| read_one(workspace.root(), file, before.files.get(&file.path), cancel))
            .collect();
        let mut now = Known::default();
        let mut n_new = 0;
        for (file, (entry, is_new)) in
            files.iter().zip(read).filter_map(|(file, read)| Some((file, read?)))
        {
            n_new += usize::from(is_new);
            now.files.insert(file.path.clone(), entry);
        }
        let has_changed = n_new > 0 || now.files.len() != before.files.len();
        if let Some(cache) = cache.filter(|_| has_changed && !cancel.is_cancelled()) {
            write_cache(&cache, &now);
        }
        let open: Vec<(&String, &Arc<str>)> =
            workspace.open_buffers().iter().filter(|(path, _)| is_read(path)).collect();
        let index = match before.index.filter(|_| !has_changed && open.is_empty()) {
            Some(index) => index,
            None => {
                let of_disk = now.files.values().map(|entry| Arc::clone(&entry.statements));
                // The last of two files with one path counts: the open buffer's.
                let of_buffers = open.iter().map(|(path, text)| Arc::new(index_file(path, text)));
                Arc::new(StatementIndex::new(of_disk.chain(of_buffers).collect()))
            }
        };
        now.index = open.is_empty().then(|| Arc::clone(&index));
        *held = Some(now);
        // Files that could not be read are told by the symbols' index, which reads the same ones.
        (index, Vec::new())
    }
}

/// Returns the statements of one file and whether they were not known before; `None` where it
/// could not be read, or was not any more.
fn read_one(
    root: &Path,
    file: &SourceFile,
    known: Option<&Entry>,
    cancel: &Cancel,
) -> Option<(Entry, bool)> {
    let stamp = Stamp::of(file);
    if let Some(entry) = known.filter(|entry| entry.stamp == stamp) {
        return Some((entry.clone(), false));
    }
    if cancel.is_cancelled() {
        return None;
    }
    let (text, _) = source::read_text(root, &file.path, source::MAX_SOURCE_BYTES).ok()?;
    let digest = digest(&text);
    let statements = match known.filter(|entry| entry.digest == digest) {
        Some(entry) => Arc::clone(&entry.statements),
        None => Arc::new(index_file(&file.path, &text)),
    };
    Some((Entry { stamp, digest, statements }, true))
}

fn digest(text: &str) -> ContentDigest {
    let whole = Sha256::digest(text.as_bytes());
    let mut digest = ContentDigest::default();
    digest.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    digest
}

impl Stamp {
    fn of(file: &SourceFile) -> Self {
        let since = file.modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0));
        Self { size: file.size, modified }
    }
}

fn cache_path(folder: &Path, root: &Path) -> PathBuf {
    let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let digest = Sha256::digest(real.as_os_str().as_encoded_bytes());
    let key: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    folder.join("index").join(format!("{key}-statements"))
}

fn read_cache(path: &Path) -> HashMap<String, Entry> {
    let is_sane = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_CACHE_BYTES);
    let bytes = is_sane.then(|| std::fs::read(path).ok()).flatten().unwrap_or_default();
    let file = match postcard::from_bytes::<CacheFile>(&bytes) {
        Ok(file) if file.made_by == made_by() => file,
        _ => return HashMap::new(),
    };
    let entry = |(stamp, digest, statements): (Stamp, ContentDigest, FileStatements)| {
        let path = statements.path.clone();
        (path, Entry { stamp, digest, statements: Arc::new(statements) })
    };
    file.files.into_iter().map(entry).collect()
}

fn write_cache(path: &Path, known: &Known) {
    let mut files: Vec<(Stamp, ContentDigest, FileStatements)> = known
        .files
        .values()
        .map(|entry| (entry.stamp, entry.digest, (*entry.statements).clone()))
        .collect();
    files.sort_by(|(.., a), (.., b)| a.path.cmp(&b.path));
    let written = postcard::to_stdvec(&CacheFile { made_by: made_by(), files })
        .map_err(|err| err.to_string())
        .and_then(|bytes| write_whole(path, &bytes).map_err(|err| err.to_string()));
    if let Err(reason) = written {
        tracing::debug!(%reason, "the cache of statements was not written");
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
