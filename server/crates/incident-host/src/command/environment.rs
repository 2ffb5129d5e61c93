//! The process' environment as a value, and the little of it that a child gets to see.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Variables that a child inherits. Everything else stays here: `GIT_DIR` and `GIT_EXTERNAL_DIFF`
/// redirect git, `RUSTC_WRAPPER` starts programs, and tokens are nobody's business.
const INHERITED: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "SYSTEMROOT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "COMSPEC",
    "PATHEXT",
];

/// The variables of a process, read once so that tests can bring their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Reads this process' variables.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// Returns the same environment with one variable set.
    pub fn with(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Returns the same environment without one variable.
    pub fn without(mut self, name: impl AsRef<OsStr>) -> Self {
        self.variables.remove(name.as_ref());
        self
    }

    /// Returns a variable's value; an empty one counts as unset.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|it| !it.is_empty())
    }

    /// Returns a variable that holds an absolute path.
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// Returns the entries of `PATH` that are absolute and lie outside `outside`.
    pub(super) fn search_path(&self, outside: &[PathBuf]) -> Vec<PathBuf> {
        let Some(path) = self.get("PATH") else { return Vec::new() };
        std::env::split_paths(path)
            .filter(|entry| entry.is_absolute() && lies_outside(entry, outside))
            .collect()
    }

    /// Returns what a child sees: the inherited few, a safe `PATH`, a pinned locale.
    pub(super) fn for_child(&self, outside: &[PathBuf]) -> BTreeMap<OsString, OsString> {
        let mut variables: BTreeMap<OsString, OsString> = INHERITED
            .iter()
            .filter_map(|name| Some((OsString::from(name), self.get(name)?.to_owned())))
            .collect();
        if let Ok(path) = std::env::join_paths(self.search_path(outside)) {
            variables.insert("PATH".into(), path);
        }
        variables.insert("LC_ALL".into(), "C".into());
        variables.insert("LANGUAGE".into(), "C".into());
        variables.insert("TZ".into(), "UTC".into());
        variables
    }
}

/// Says whether `path` lies in none of `outside`, as written and with links followed.
pub(super) fn lies_outside(path: &Path, outside: &[PathBuf]) -> bool {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    !outside.iter().any(|folder| {
        let real_folder = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        path.starts_with(folder) || path.starts_with(&real_folder) || real.starts_with(&real_folder)
    })
}
