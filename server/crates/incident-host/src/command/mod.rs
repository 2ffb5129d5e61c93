//! The one place that builds a subprocess.
//!
//! Every program that is started gets: an absolute path outside the folders that we explain, an
//! explicit directory, no standard input unless bytes are given, a pinned locale, an environment
//! made from a short list, its own process group, a time limit, a limit on its output, and a
//! cancel flag. Whatever ends the wait, the whole group is killed; full pipes never block.

mod environment;
mod running;
#[cfg(test)]
mod tests;
mod watched;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use incident_core::cancel::Cancel;

pub use self::environment::Environment;
pub use self::watched::{Watch, WatchedEnd};

/// A program to start, with everything that it may see.
#[derive(Clone, Debug)]
pub struct Command {
    program: Program,
    args: Vec<OsString>,
    dir: PathBuf,
    env: BTreeMap<OsString, OsString>,
    input: Vec<u8>,
    held: Option<Arc<File>>,
    limits: Limits,
}

/// An executable that was looked up once: absolute, and outside the folders that we explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
}

/// How long a program may run and how much it may say.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time on the wall, from start to end.
    pub time: Duration,
    /// Bytes of standard output; standard error has a small limit of its own.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(10), output: 32 << 20 }
    }
}

/// What a program said.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended; a program that was stopped at its output limit ended by our signal.
    pub status: ExitStatus,
    /// Its standard output, up to the limit.
    pub stdout: Vec<u8>,
    /// The start of its standard error.
    pub stderr: Vec<u8>,
    /// It was stopped because it said more than the limit allows.
    pub truncated: bool,
}

/// Why a program gave no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It is not installed, or lies only where we refuse to run it from.
    #[error(
        "no `{name}` was found on PATH outside the workspace; install {name} or add it to PATH"
    )]
    NotFound {
        /// The program's name.
        name: String,
    },
    /// The system would not start it.
    #[error("`{program}` could not be started: {reason}")]
    NotStarted {
        /// The program's path.
        program: String,
        /// The system's words.
        reason: String,
    },
    /// It took longer than its limit and was killed.
    #[error("`{program}` was stopped after {seconds} s")]
    TimedOut {
        /// The program's path.
        program: String,
        /// Its limit.
        seconds: u64,
    },
    /// The job was cancelled and the program killed.
    #[error("cancelled")]
    Cancelled,
}

impl Program {
    /// Looks `name` up on the `PATH` of `environment`, never inside one of `outside`.
    ///
    /// Relative and empty entries of `PATH` are passed over, whatever the platform makes of them.
    pub fn find(
        name: &str,
        environment: &Environment,
        outside: &[PathBuf],
    ) -> Result<Self, CommandError> {
        environment
            .search_path(outside)
            .iter()
            .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .find(|path| is_executable(path) && environment::lies_outside(path, outside))
            .map(|path| Self { path })
            .ok_or_else(|| CommandError::NotFound { name: name.to_owned() })
    }

    /// Returns the absolute path. Links are kept: some programs look at the name they run under.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Prepares the program to run in `dir` with the little of `environment` that a child sees.
    ///
    /// `outside` names the folders whose programs the child must not find on its `PATH` either.
    pub fn command(&self, dir: &Path, environment: &Environment, outside: &[PathBuf]) -> Command {
        Command {
            program: self.clone(),
            args: Vec::new(),
            dir: dir.to_owned(),
            env: environment.for_child(outside),
            input: Vec::new(),
            held: None,
            limits: Limits::default(),
        }
    }
}

impl Command {
    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds several arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets one variable of the child's environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Gives the child bytes to read; without this its standard input is the null device.
    pub fn input(mut self, bytes: Vec<u8>) -> Self {
        self.input = bytes;
        self
    }

    /// Gives the child an empty file that somebody has locked as its standard input: the lock holds
    /// until it and everything that it started have ended, whatever becomes of us.
    pub fn hold(mut self, lock: Arc<File>) -> Self {
        self.held = Some(lock);
        self
    }

    /// Replaces the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Runs the program under somebody's eyes; its limit on output does not count.
    pub fn watch(self, watch: Watch<'_>, cancel: &Cancel) -> Result<WatchedEnd, CommandError> {
        watched::watch(self, watch, cancel)
    }

    /// Runs the program to its end, its limits, or until `cancel` is raised.
    pub fn run(self, cancel: &Cancel) -> Result<Output, CommandError> {
        running::run(self, cancel)
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
