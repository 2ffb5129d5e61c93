//! One workspace as the stages see it: its root, what is open in an editor, whether it is trusted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::deps::PackageId;
use incident_core::problem::Problem;

use crate::checking::{Checker, LastChecker};
use crate::command::Environment;
use crate::folders::Folders;
use crate::git;
use crate::index::WorkspaceIndex;
use crate::look::{LastLook, Look};
use crate::source::{self, ReadError};
use crate::statements::WorkspaceStatements;
use crate::trust;

/// A workspace; cheap to clone, a snapshot of what was known when it was made.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    open_buffers: Arc<BTreeMap<String, Arc<str>>>,
    environment: Arc<Environment>,
    folders: Option<Arc<Folders>>,
    is_trusted: bool,
    memory: Arc<Memory>,
}

/// What is kept from one run for the next; shared by all clones of a workspace.
#[derive(Debug, Default)]
struct Memory {
    look: LastLook,
    index: WorkspaceIndex,
    statements: WorkspaceStatements,
    checker: LastChecker,
    answers: Arc<git::Answers>,
}

impl Workspace {
    /// Opens `root`; the folder need not be a repository, nor exist for long.
    ///
    /// It is trusted where the user's list of trusted folders says so.
    pub fn open(root: &Path) -> Self {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let workspace = Self {
            root,
            open_buffers: Arc::default(),
            environment: Arc::default(),
            folders: None,
            is_trusted: false,
            memory: Arc::default(),
        };
        workspace.with_environment(Environment::of_process())
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
        self.folders = Folders::of(&environment).ok().map(Arc::new);
        self.is_trusted =
            self.folders.as_ref().is_some_and(|folders| trust::is_trusted(folders, &self.root));
        self.environment = Arc::new(environment);
        self
    }

    /// Returns the same workspace, trusted or not, whatever the user's list says: an editor with a
    /// workspace trust of its own decides itself.
    pub fn with_trust(mut self, is_trusted: bool) -> Self {
        self.is_trusted = is_trusted;
        self
    }

    /// Says whether cargo and configured commands may run here.
    pub fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Returns the user's folders; `None` where no home is known.
    pub fn folders(&self) -> Option<&Folders> {
        self.folders.as_deref()
    }

    /// Returns the environment that programs are looked up in and started from.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the same workspace that remembers nothing and that nothing is remembered in: for
    /// what is itself remembered.
    pub(crate) fn without_memory(&self) -> Self {
        Self { memory: Arc::default(), ..self.clone() }
    }

    /// Returns the symbols' index, shared with every clone of this workspace.
    pub fn index(&self) -> &WorkspaceIndex {
        &self.memory.index
    }

    /// Returns the last look at this workspace: a guess, which [`Self::look_again`] confirms.
    pub fn last_look(&self) -> Option<Arc<Look>> {
        self.memory.look.get(self)
    }

    /// Looks at the workspace; returns the last look itself where nothing has changed since.
    pub fn look_again(&self, cancel: &Cancel) -> Arc<Look> {
        self.memory.look.again(self, cancel)
    }

    /// Returns the folder that holds the source of a package in the version that is resolved.
    pub fn package_root(&self, id: &PackageId, cancel: &Cancel) -> Option<PathBuf> {
        let look = self.last_look().unwrap_or_else(|| self.look_again(cancel));
        look.packages.source(id, cancel).ok().map(|source| source.root)
    }

    /// Returns what checks names against the packages of `look`.
    pub fn checker(&self, look: &Arc<Look>, cancel: &Cancel) -> (Arc<Checker>, Vec<Problem>) {
        self.memory.checker.get(self, look, cancel)
    }

    /// Returns what git has answered before, as far as its answers hold for ever.
    pub(crate) fn answers(&self) -> &Arc<git::Answers> {
        &self.memory.answers
    }

    /// Returns the statements that print, shared with every clone of this workspace.
    pub fn statements(&self) -> &WorkspaceStatements {
        &self.memory.statements
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
