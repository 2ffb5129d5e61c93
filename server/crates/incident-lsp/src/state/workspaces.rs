//! The workspaces that were looked at: kept for their indexes, which are what is slow to make.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use incident_host::command::Environment;
use incident_host::workspace::Workspace;

/// One workspace a root. Opening one reads the disk: not for the message loop.
#[derive(Debug, Default)]
pub(crate) struct Workspaces {
    /// Held to look up and to insert.
    known: Mutex<BTreeMap<PathBuf, Workspace>>,
}

impl Workspaces {
    /// Returns the workspace at `root`; the user's list of trusted folders is read again.
    pub(crate) fn open(&self, root: &Path) -> Workspace {
        let known = self.lock().get(root).cloned();
        match known {
            Some(workspace) => workspace.with_environment(Environment::of_process()),
            None => {
                let workspace = Workspace::open(root);
                self.lock().entry(root.to_owned()).or_insert(workspace).clone()
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Workspace>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
