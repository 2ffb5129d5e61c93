//! What was learnt from earlier incidents: when each was seen, what was tried, what came of it.
//!
//! One SQLite file in the user's private state folder, keyed by repository, shared by every server
//! and command of the user. One connection lives on a thread of its own and is handed work; nobody
//! else touches the file. What is written is redacted and expires; a file that is damaged is set
//! aside under a name that is told, and a new one is begun: memory never costs anybody an answer.

mod attempts;
pub(crate) mod circles;
mod schema;
mod sightings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};

use incident_core::problem::Problem;
use rusqlite::Connection;

pub use self::attempts::{Answer, Attempt, Mark, MarkKind, NewAttempt, Outcome};
pub use self::sightings::{Sighting, is_same_sighting};
use crate::folders::Folders;
use crate::message::plain;
use crate::store::repository_key;
use crate::workspace::Workspace;

/// How long something is remembered, in seconds: 400 days, so that last year's same week counts.
pub const KEPT_SECONDS: i64 = 400 * 24 * 60 * 60;

/// The file's name in the state folder.
const FILE: &str = "memory.sqlite";

/// Why something was not remembered or recalled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// The folder or the file can't be used.
    #[error("the memory of earlier incidents can't be used: {path}: {reason}")]
    Unusable {
        /// The file.
        path: String,
        /// The system's or SQLite's words.
        reason: String,
    },
    /// A newer program has changed the file's layout.
    #[error(
        "{path} was written by a newer incident-lsp (layout {found}, this one knows {known}); \
         update, or `incident-lsp forget --all`"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its layout's number.
        found: u32,
        /// The highest number that this program knows.
        known: u32,
    },
    /// Nothing of that kind is remembered.
    #[error("{0}")]
    NotFound(String),
}

/// The memory of one repository; cheap to clone.
#[derive(Clone, Debug)]
pub struct Memory {
    keeper: Sender<Job>,
    path: PathBuf,
    repository: String,
}

/// Work for the thread that owns the connection.
type Job = Box<dyn FnOnce(&mut Keeper) + Send>;

/// The connection and what became of it; lives on its own thread.
struct Keeper {
    path: PathBuf,
    connection: Option<Connection>,
    /// Told once, with the next answer that somebody looks at.
    problems: Vec<Problem>,
}

/// The threads of this process, by file: however many workspaces are open, a file has one
/// connection here. Held only to look up and to put in.
static KEEPERS: Mutex<BTreeMap<PathBuf, Sender<Job>>> = Mutex::new(BTreeMap::new());

impl Memory {
    /// Opens the memory of the repository around `workspace`; `None` where no home is known.
    ///
    /// Touches no file yet.
    pub fn of(workspace: &Workspace) -> Option<Self> {
        Some(Self::open(workspace.folders()?, workspace.root()))
    }

    /// Opens the memory of the repository (or the bare folder) around `root`.
    pub fn open(folders: &Folders, root: &Path) -> Self {
        let path = folders.state().join(FILE);
        let mut keepers = KEEPERS.lock().unwrap_or_else(PoisonError::into_inner);
        let keeper = keepers.entry(path.clone()).or_insert_with(|| Keeper::start(&path)).clone();
        drop(keepers);
        Self { keeper, path, repository: repository_key(root) }
    }

    /// Returns the name that the repository has in every table.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` with the connection, in one transaction, on the thread that owns it.
    ///
    /// `work` may run twice: where the file turns out to be damaged it is set aside and the work
    /// is done again on a new one. It must therefore do nothing but talk to the connection.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, MemoryError> {
        self.ask(move |keeper| keeper.work(&work))
    }

    /// Returns what happened to the file since somebody asked last: set aside, and where to.
    pub fn problems(&self) -> Vec<Problem> {
        self.ask(|keeper| Ok(std::mem::take(&mut keeper.problems))).unwrap_or_default()
    }

    /// Forgets one incident of this repository.
    pub fn forget(&self, incident: &str) -> Result<(), MemoryError> {
        let key = [self.repository.clone(), incident.to_owned()];
        self.run(move |connection| schema::forget(connection, &key))?;
        self.ask(Keeper::settle)
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Keeper) -> Result<T, MemoryError> + Send + 'static,
    ) -> Result<T, MemoryError> {
        let gone = || self.unusable("its thread has ended; restart the server".to_owned());
        let (answer, wait) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |keeper| {
            // Who asked may have gone; the work was done all the same.
            let _ = answer.send(work(keeper));
        });
        self.keeper.send(job).map_err(|_| gone())?;
        wait.recv().map_err(|_| gone())?
    }

    fn unusable(&self, reason: String) -> MemoryError {
        MemoryError::Unusable { path: self.path.display().to_string(), reason }
    }
}

/// Removes all that is remembered, of every repository, and files that were set aside.
pub fn forget_everything(folders: &Folders) -> Result<(), MemoryError> {
    let path = folders.state().join(FILE);
    for aside in schema::set_aside_files(&path) {
        // Another process may have removed it.
        let _ = std::fs::remove_file(aside);
    }
    if !path.exists() {
        return Ok(());
    }
    // The rows go and not the file: another server may have it open, and would go on writing to a
    // file that nobody finds any more.
    let memory = Memory::open(folders, Path::new(""));
    memory.run(schema::forget_all)?;
    memory.ask(Keeper::settle)
}

impl Keeper {
    fn start(path: &Path) -> Sender<Job> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let mut keeper = Self { path: path.to_owned(), connection: None, problems: Vec::new() };
        // It ends with the process: between two pieces of work nothing is half written.
        std::thread::spawn(move || jobs.into_iter().for_each(|job| job(&mut keeper)));
        sender
    }

    fn work<T>(
        &mut self,
        work: &dyn Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, MemoryError> {
        match self.work_once(work) {
            Err(Failure::Damaged(reason)) => {
                self.connection = None;
                self.set_aside(&reason)?;
                self.work_once(work).map_err(|failure| self.told(failure))
            }
            outcome => outcome.map_err(|failure| self.told(failure)),
        }
    }

    fn work_once<T>(
        &mut self,
        work: &dyn Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let connection = match self.connection.take() {
            // A file that was removed from under us is begun anew.
            Some(connection) if self.path.exists() => self.connection.insert(connection),
            _ => self.connection.insert(schema::open(&self.path)?),
        };
        let transaction = connection.transaction_with_behavior(
            // Taken at the start, so that two servers wait for each other instead of failing.
            rusqlite::TransactionBehavior::Immediate,
        )?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    /// Writes through what was forgotten, and lets the file go until it is asked for again.
    fn settle(&mut self) -> Result<(), MemoryError> {
        self.connection = None;
        match schema::settle(&self.path) {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.told(failure)),
        }
    }

    fn set_aside(&mut self, reason: &str) -> Result<(), MemoryError> {
        let Some(aside) = schema::set_aside(&self.path)? else { return Ok(()) };
        let told = format!(
            "the memory of earlier incidents was damaged ({}); it was set aside as {} and a new \
             one begun",
            plain(reason),
            aside.display()
        );
        self.problems.push(Problem::warning(told));
        Ok(())
    }

    fn told(&self, failure: Failure) -> MemoryError {
        let path = self.path.display().to_string();
        match failure {
            Failure::Damaged(reason) | Failure::Other(reason) => {
                MemoryError::Unusable { path, reason: plain(&reason) }
            }
            Failure::Newer { found } => MemoryError::Newer { path, found, known: schema::LAYOUT },
        }
    }
}

/// What kept work from being done.
enum Failure {
    /// The file is no database of ours any more.
    Damaged(String),
    /// A newer program has changed the layout.
    Newer { found: u32 },
    /// Anything else: a full disk, a busy file, a read-only folder.
    Other(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}
