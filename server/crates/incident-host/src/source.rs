//! The workspace's files: which there are, and their text. Read-only, and never outside the root.
//!
//! Links are not followed while walking; a path that a link leads out of the root is refused.
//! Only regular files are opened, so that no pipe or device can make a read wait for ever.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use ignore::{WalkBuilder, WalkState};
use incident_core::cancel::Cancel;
use incident_core::problem::Problem;

use crate::message::plain;

/// The largest source file that is read, in bytes.
pub const MAX_SOURCE_BYTES: u64 = 8 << 20;

/// The most files that a listing holds.
const MAX_FILES: usize = 200_000;

/// The deepest folder that a listing looks into.
const MAX_DEPTH: usize = 64;

/// Endings of files that can hold a frame's source.
const SOURCE_ENDINGS: &[&str] = &[
    "rs", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "py", "pyx", "go", "java", "kt",
    "scala", "c", "h", "cc", "cpp", "hpp", "cs", "rb", "php", "swift", "vue", "svelte",
];

/// One file of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, where the system tells.
    pub modified: Option<SystemTime>,
}

/// The files of a workspace at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Sorted by path.
    pub files: Vec<SourceFile>,
}

impl Listing {
    /// Returns the paths of all files that can hold a frame's source, sorted.
    pub fn source_paths(&self) -> Vec<String> {
        self.sources().map(|file| file.path.clone()).collect()
    }

    /// Returns the files that can hold a frame's source, sorted by path.
    pub fn sources(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| is_source(&file.path))
    }

    /// Returns the file at `path`.
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.files.get(at)
    }
}

/// Why a file gave no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The path leaves the root, as written or through a link.
    #[error("{path} lies outside the workspace and was not read")]
    Outside {
        /// The path as asked.
        path: String,
    },
    /// There is no such file.
    #[error("{path} is not there any more")]
    Missing {
        /// The path as asked.
        path: String,
    },
    /// It is a folder, a pipe, a device.
    #[error("{path} is not a regular file and was not read")]
    NotAFile {
        /// The path as asked.
        path: String,
    },
    /// It is larger than what a source file may have.
    #[error("{path} has {size} bytes, more than the limit of {limit}, and was not read")]
    TooLarge {
        /// The path as asked.
        path: String,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The system refused.
    #[error("{path} could not be read: {reason}")]
    Io {
        /// The path as asked.
        path: String,
        /// The system's words.
        reason: String,
    },
}

/// Lists the files below `root` that git would not ignore, without build output and installs.
pub fn list(root: &Path, cancel: &Cancel) -> (Listing, Vec<Problem>) {
    if let Err(err) = std::fs::read_dir(root) {
        let root = plain(&root.display().to_string());
        let problem =
            format!("the workspace {root} could not be read: {err}; no file was looked at");
        return (Listing::default(), vec![Problem::error(problem)]);
    }
    let walk = Walk { root, found: Mutex::default(), cancel };
    WalkBuilder::new(root)
        .follow_links(false)
        .require_git(false)
        .max_depth(Some(MAX_DEPTH))
        .threads(std::thread::available_parallelism().map_or(1, usize::from).min(8))
        .filter_entry(|entry| {
            !entry.file_type().is_some_and(|kind| kind.is_dir()) || !is_output(entry.path())
        })
        .build_parallel()
        .run(|| Box::new(|entry| walk.visit(entry)));
    let Found { mut files, n_odd_names, full } =
        walk.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    files.sort();
    let mut problems = Vec::new();
    if full {
        problems.push(Problem::warning(format!(
            "the workspace has more than {MAX_FILES} files; the rest was not looked at"
        )));
    }
    if n_odd_names > 0 {
        problems.push(Problem::warning(format!(
            "files whose names are not UTF-8 were not looked at: {n_odd_names}"
        )));
    }
    (Listing { files }, problems)
}

/// Says whether `path` ends like a file that can hold a frame's source.
pub fn is_source(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && SOURCE_ENDINGS.iter().any(|it| ending.eq_ignore_ascii_case(it))
    })
}

/// Looks at one file: its size and time of writing now. `None` where there is no regular file.
pub fn file(root: &Path, path: &str) -> Option<SourceFile> {
    let meta = contained(root, path).ok()?.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let path = path.to_owned();
    Some(SourceFile { path, size: meta.len(), modified: meta.modified().ok() })
}

/// Reads the file at `path`, relative to `root`, as text.
///
/// Invalid UTF-8 is replaced, with a problem that says so.
pub fn read_text(
    root: &Path,
    path: &str,
    limit: u64,
) -> Result<(Arc<str>, Option<Problem>), ReadError> {
    let bytes = read_bytes(root, path, limit)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(err) => {
            let problem = Problem::warning(
                "the file is not UTF-8; what is not was replaced, and columns may be off",
            );
            let text = String::from_utf8_lossy(err.as_bytes()).into();
            (text, Some(problem.at(plain(path), None)))
        }
    })
}

/// Reads the file at `path`, relative to `root`.
pub fn read_bytes(root: &Path, path: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
    let shown = || plain(path);
    let full = contained(root, path)?;
    let failed = |err: std::io::Error| match err.kind() {
        std::io::ErrorKind::NotFound => ReadError::Missing { path: shown() },
        _ => ReadError::Io { path: shown(), reason: err.to_string() },
    };
    let file = open_without_waiting(&full).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(ReadError::NotAFile { path: shown() });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(limit)).unwrap_or_default());
    // The size that was promised may not be the size that comes.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { path: shown(), size: meta.len().max(limit + 1), limit });
    }
    Ok(bytes)
}

/// Returns the real path of `path` below `root`, or says that it is not below.
pub(crate) fn contained(root: &Path, path: &str) -> Result<PathBuf, ReadError> {
    let outside = || ReadError::Outside { path: plain(path) };
    let relative = Path::new(path);
    let plain_names =
        relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if path.is_empty() || path.contains('\0') || !plain_names {
        return Err(outside());
    }
    let missing = |_| ReadError::Missing { path: plain(path) };
    let real_root = root.canonicalize().map_err(missing)?;
    let real = real_root.join(relative).canonicalize().map_err(missing)?;
    if real.starts_with(&real_root) { Ok(real) } else { Err(outside()) }
}

/// Opens a file for reading; a pipe without a writer opens as well, at once.
fn open_without_waiting(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits();
        options.custom_flags(nonblocking.cast_signed());
    }
    options.open(path)
}

/// What the walking threads share.
struct Walk<'a> {
    root: &'a Path,
    /// Held only to append one file.
    found: Mutex<Found>,
    cancel: &'a Cancel,
}

#[derive(Default)]
struct Found {
    files: Vec<SourceFile>,
    n_odd_names: usize,
    full: bool,
}

impl Walk<'_> {
    fn visit(&self, entry: Result<ignore::DirEntry, ignore::Error>) -> WalkState {
        if self.cancel.is_cancelled() {
            return WalkState::Quit;
        }
        // A folder that can't be read, or one that vanished meanwhile, has no files for us.
        let Ok(entry) = entry else { return WalkState::Continue };
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            return WalkState::Continue;
        }
        let path = entry.path().strip_prefix(self.root).ok().and_then(slashed);
        let meta = entry.metadata().ok();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.files.len() >= MAX_FILES {
            found.full = true;
            return WalkState::Quit;
        }
        match path {
            Some(path) => found.files.push(SourceFile {
                path,
                size: meta.as_ref().map_or(0, std::fs::Metadata::len),
                modified: meta.and_then(|meta| meta.modified().ok()),
            }),
            None => found.n_odd_names += 1,
        }
        WalkState::Continue
    }
}

/// Says whether a folder holds what a build or an install put there.
fn is_output(folder: &Path) -> bool {
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("node_modules" | ".git") => true,
        // A module may be called `target` too.
        Some("target") => {
            folder.join("CACHEDIR.TAG").is_file()
                || folder.parent().is_some_and(|parent| parent.join("Cargo.toml").is_file())
        }
        // One package of `cargo vendor`.
        _ => folder.join(".cargo-checksum.json").is_file(),
    }
}

/// Returns a relative path with `/`; `None` where it is not plain UTF-8 names.
pub(crate) fn slashed(path: &Path) -> Option<String> {
    let mut slashed = String::new();
    for part in path.components() {
        let Component::Normal(name) = part else { return None };
        if !slashed.is_empty() {
            slashed.push('/');
        }
        slashed.push_str(name.to_str()?);
    }
    Some(slashed)
}

#[cfg(test)]
mod tests;
