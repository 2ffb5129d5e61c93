//! One workspace as the stages see it: its root, what is open in an editor, whether it is trusted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use incident_core::problem::Problem;

use crate::command::Environment;
use crate::source::{self, ReadError};

/// A workspace; cheap to clone, a snapshot of what was known when it was made.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    open_buffers: Arc<BTreeMap<String, Arc<str>>>,
    environment: Arc<Environment>,
}

impl Workspace {
    /// Opens `root`; the folder need not be a repository, nor exist for long.
    pub fn open(root: &Path) -> Self {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        Self {
            root,
            open_buffers: Arc::default(),
            environment: Arc::new(Environment::of_process()),
        }
    }

    /// Returns the absolute root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the same workspace seen with these open documents (relative path with `/` to text).
    ///
    /// Open buffers win over the disk.
    pub fn with_open_buffers(mut self, open_buffers: BTreeMap<String, Arc<str>>) -> Self {
        self.open_buffers = Arc::new(open_buffers);
        self
    }

    /// Returns the same workspace as a process with this environment sees it.
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = Arc::new(environment);
        self
    }

    /// Returns the environment that programs are looked up in and started from.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the open documents, by relative path.
    pub fn open_buffers(&self) -> &BTreeMap<String, Arc<str>> {
        &self.open_buffers
    }

    /// Returns the text of a source file: the open buffer's, else the disk's.
    pub fn text(&self, path: &str) -> Result<(Arc<str>, Option<Problem>), ReadError> {
        match self.open_buffers.get(path) {
            Some(text) => Ok((Arc::clone(text), None)),
            None => source::read_text(&self.root, path, source::MAX_SOURCE_BYTES),
        }
    }
}
