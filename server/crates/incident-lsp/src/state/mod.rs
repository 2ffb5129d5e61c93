//! What the server knows, behind one short lock; requests read snapshots of it.
//!
//! Notifications change it before their first `await`, so that every later request sees the change.
//! Nothing here waits, reads a file or talks to the client.

mod board;
mod document;
mod scratches;
mod workspaces;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use incident_core::present::Explanation;
use incident_host::workspace::Workspace;
use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

pub(crate) use self::board::{Board, Entry, Mark, Origin, TrackedRange};
pub(crate) use self::document::Document;
pub(crate) use self::scratches::Scratch;
use self::workspaces::Workspaces;
use crate::engine::Found;
use crate::lsp::capabilities::Capabilities;
use crate::lsp::position::Shift;

/// The server's state; the lock is private and held for single steps only.
#[derive(Debug, Default)]
pub(crate) struct State {
    inner: Mutex<Inner>,
    workspaces: Arc<Workspaces>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Grows with each change of a document, and of a file that the client watches.
    revision: u64,
    documents: Arc<BTreeMap<Url, Document>>,
    session: Arc<Session>,
    board: Board,
    /// Scratch worktrees that were opened, or found open; oldest first.
    scratches: Arc<Vec<Scratch>>,
    /// The last explanation of a whole open document.
    look_ups: Arc<BTreeMap<Url, Arc<Found>>>,
    /// Edits that a running job did not see, oldest first; empty while none runs.
    edits: Vec<Edit>,
    n_jobs: usize,
}

/// What the client said of itself and of the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// What it can do.
    pub(crate) capabilities: Capabilities,
    /// The workspace's folders on disk, in the client's order; empty where it opened single files.
    pub(crate) roots: Vec<PathBuf>,
    /// The editor's workspace trust; `None` where it has none, and the user's own list counts.
    pub(crate) trusted: Option<bool>,
    /// A question with buttons does not keep the person from typing on.
    pub(crate) message_buttons: bool,
}

/// One edit of an open document, as far as positions are concerned.
#[derive(Clone, Debug)]
struct Edit {
    /// The state's revision after it.
    revision: u64,
    uri: Url,
    shift: Shift,
}

/// What a request reads: the state at one moment. Cheap to make and to hold on to.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// Grows with each change of a document.
    pub(crate) revision: u64,
    /// What the client said of itself and of the workspace.
    pub(crate) session: Arc<Session>,
    /// The explained incidents.
    pub(crate) board: Board,
    /// Scratch worktrees that were opened, or found open; oldest first.
    pub(crate) scratches: Arc<Vec<Scratch>>,
    documents: Arc<BTreeMap<Url, Document>>,
    look_ups: Arc<BTreeMap<Url, Arc<Found>>>,
    workspaces: Arc<Workspaces>,
}

impl State {
    /// Returns the state as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let inner = self.lock();
        Snapshot {
            revision: inner.revision,
            session: Arc::clone(&inner.session),
            board: inner.board.clone(),
            scratches: Arc::clone(&inner.scratches),
            documents: Arc::clone(&inner.documents),
            look_ups: Arc::clone(&inner.look_ups),
            workspaces: Arc::clone(&self.workspaces),
        }
    }

    /// Changes what is known of the client and the workspace.
    pub(crate) fn update_session(&self, update: impl FnOnce(&mut Session)) {
        update(Arc::make_mut(&mut self.lock().session));
    }

    /// Takes in a document that the client opened.
    pub(crate) fn open_document(&self, uri: Url, document: Document) {
        let mut inner = self.lock();
        inner.revision += 1;
        Arc::make_mut(&mut inner.documents).insert(uri, document);
    }

    /// Applies a client's changes; returns the documents whose diagnostics have moved.
    pub(crate) fn change_document(
        &self,
        uri: &Url,
        version: i32,
        changes: &[TextDocumentContentChangeEvent],
    ) -> Vec<Url> {
        let mut inner = self.lock();
        let Inner { revision, documents, session, board, edits, n_jobs, .. } = &mut *inner;
        let Some(document) = Arc::make_mut(documents).get_mut(uri) else {
            tracing::warn!("a change of {uri}, which is not open, was left out");
            return Vec::new();
        };
        *revision += 1;
        let mut moved = Vec::new();
        document.change(version, changes, session.capabilities.encoding, |shift| {
            moved.extend(board.shift(uri, shift));
            if *n_jobs > 0 {
                edits.push(Edit { revision: *revision, uri: uri.clone(), shift: *shift });
            }
        });
        moved
    }

    /// Notes that files on disk have changed: what was looked up is looked up again.
    pub(crate) fn note_change_on_disk(&self) {
        self.lock().revision += 1;
    }

    /// Notes that a document's text stands on disk now.
    pub(crate) fn save_document(&self, uri: &Url) {
        self.lock().board.save(uri);
    }

    /// Forgets a document, and its unsaved edits; returns the documents whose diagnostics moved.
    pub(crate) fn close_document(&self, uri: &Url) -> Vec<Url> {
        let mut inner = self.lock();
        inner.revision += 1;
        Arc::make_mut(&mut inner.documents).remove(uri);
        Arc::make_mut(&mut inner.look_ups).remove(uri);
        inner.board.revert(uri)
    }

    /// Takes a snapshot for a job, and keeps the edits that come after it until it has ended.
    pub(crate) fn begin_job(&self) -> Snapshot {
        self.lock().n_jobs += 1;
        self.snapshot()
    }

    /// Ends a job that [`begin_job`](Self::begin_job) began.
    pub(crate) fn end_job(&self) {
        let mut inner = self.lock();
        inner.n_jobs = inner.n_jobs.saturating_sub(1);
        if inner.n_jobs == 0 {
            inner.edits = Vec::new();
        }
    }

    /// Puts what a job found on the board, moved by the edits that it did not see.
    ///
    /// Returns every document in which something appeared, moved or went.
    pub(crate) fn put_on_board(&self, seen_revision: u64, mut entries: Vec<Entry>) -> Vec<Url> {
        let mut inner = self.lock();
        for edit in inner.edits.iter().filter(|edit| edit.revision > seen_revision) {
            for entry in &mut entries {
                entry.shift(&edit.uri, &edit.shift);
            }
        }
        inner.board.put(entries)
    }

    /// Keeps the explanation of a whole document, for those who follow its frames.
    pub(crate) fn remember_look_up(&self, uri: Url, found: Arc<Found>) {
        let mut inner = self.lock();
        if inner.documents.contains_key(&uri) {
            Arc::make_mut(&mut inner.look_ups).insert(uri, found);
        }
    }

    /// Changes the board; returns what `change` returns.
    pub(crate) fn change_board<T>(&self, change: impl FnOnce(&mut Board) -> T) -> T {
        change(&mut self.lock().board)
    }

    /// Notes that a scratch worktree is open.
    pub(crate) fn put_scratch(&self, scratch: Scratch) {
        let mut inner = self.lock();
        let scratches = Arc::make_mut(&mut inner.scratches);
        scratches.retain(|known| known.worktree.branch != scratch.worktree.branch);
        scratches.push(scratch);
    }

    /// Notes that the scratch worktrees on these branches are gone.
    pub(crate) fn forget_scratches(&self, branches: &[String]) {
        let mut inner = self.lock();
        Arc::make_mut(&mut inner.scratches)
            .retain(|scratch| !branches.contains(&scratch.worktree.branch));
    }

    /// A panic while the lock was held is one failed request: each step leaves the state usable.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot {
    /// Returns an open document.
    pub(crate) fn document(&self, uri: &Url) -> Option<&Document> {
        self.documents.get(uri)
    }

    /// Returns how many documents are open.
    pub(crate) fn n_documents(&self) -> usize {
        self.documents.len()
    }

    /// Returns the workspace at `root` as it is seen now. Reads the disk: not for the message loop.
    pub(crate) fn workspace(&self, root: &Path) -> Workspace {
        let workspace = self.workspaces.open(root).with_open_buffers(self.open_buffers(root));
        match self.session.trusted {
            Some(is_trusted) => workspace.with_trust(is_trusted),
            None => workspace,
        }
    }

    /// Returns the open documents below `root`: paths relative to it, with `/`, and their texts.
    pub(crate) fn open_buffers(&self, root: &Path) -> BTreeMap<String, Arc<str>> {
        let below = |uri: &Url| {
            let path = uri.to_file_path().ok()?;
            let relative = path.strip_prefix(root).ok()?;
            let parts: Option<Vec<&str>> =
                relative.components().map(|part| part.as_os_str().to_str()).collect();
            parts.map(|parts| parts.join("/"))
        };
        self.documents
            .iter()
            .filter_map(|(uri, document)| Some((below(uri)?, document.text())))
            .collect()
    }

    /// Returns the folders that a text may speak of: the one around its document, else all; with
    /// none open, the document's own folder or the current one.
    pub(crate) fn roots_for(&self, uri: Option<&Url>) -> Vec<PathBuf> {
        let mut scratches = self.scratches.iter();
        if let Some(scratch) = scratches.find(|it| uri.is_some_and(|uri| it.holds(uri))) {
            return vec![scratch.worktree.root()];
        }
        if let Some(root) = uri.and_then(|uri| self.root_of(uri)) {
            return vec![root.to_owned()];
        }
        if !self.session.roots.is_empty() {
            return self.session.roots.clone();
        }
        let beside = uri.and_then(|uri| uri.to_file_path().ok());
        let folder = beside.and_then(|path| path.parent().map(Path::to_owned));
        vec![folder.or_else(|| std::env::current_dir().ok()).unwrap_or_default()]
    }

    /// Returns the workspace folder that holds a file: the innermost one.
    fn root_of(&self, uri: &Url) -> Option<&Path> {
        let path = uri.to_file_path().ok()?;
        self.session
            .roots
            .iter()
            .filter(|root| path.starts_with(root))
            .max_by_key(|root| root.components().count())
            .map(PathBuf::as_path)
    }

    /// Returns a document that holds a trace or a log by the client's word, or was explained.
    pub(crate) fn trace_document(&self, uri: &Url) -> Option<&Document> {
        let document = self.document(uri)?;
        let is_trace = matches!(document.language_id(), "incident-trace" | "log")
            || self.board.entries().iter().any(|entry| entry.origin.uri.as_ref() == Some(uri));
        is_trace.then_some(document)
    }

    /// Returns what is known of a log document's groups, even where documents have changed since:
    /// what a line says is held against it anew.
    pub(crate) fn log_of(&self, uri: &Url) -> Option<Arc<Explanation>> {
        let shown = self.board.entries().iter().find(|it| it.origin.uri.as_ref() == Some(uri));
        let looked_up = self.look_ups.get(uri).map(|found| &found.explanation);
        let explanation = looked_up.or(shown.map(|entry| &entry.explanation))?;
        (!explanation.logs.groups.is_empty()).then(|| Arc::clone(explanation))
    }

    /// Returns the explanation of a whole document, where no document has changed since.
    pub(crate) fn looked_up(&self, uri: &Url) -> Option<Arc<Found>> {
        let found = self.look_ups.get(uri)?;
        (found.seen_revision == self.revision).then(|| Arc::clone(found))
    }
}

#[cfg(test)]
mod tests;
