//! One workspace as the stages see it: its root, what is open in an editor, whether it is trusted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A workspace; cheap to clone, a snapshot of what was known when it was made.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    open_buffers: Arc<BTreeMap<String, Arc<str>>>,
}

impl Workspace {
    /// Opens `root`; the folder need not be a repository, nor exist for long.
    pub fn open(root: &Path) -> Self {
        Self { root: root.to_owned(), open_buffers: Arc::default() }
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
}
