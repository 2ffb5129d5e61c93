//! Git, read-only, through the git program.
//!
//! Nothing that a repository configures is started: no monitor, hook, filter, text conversion,
//! external diff, pager, signing or credential program. Nothing is fetched, and nothing is written
//! but scratch worktrees (`worktrees`).
//! Every call is bounded in time and output. Paths come in and go out relative to the workspace.

mod answers;
mod attempts;
mod blame;
mod blobs;
mod changed;
mod landed;
mod later;
mod parse;
mod settings;
#[cfg(test)]
mod tests;
mod worktrees;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use incident_core::cancel::Cancel;
use incident_core::history::{Commit, CommitId};

use crate::command::{CommandError, Environment, Limits, Program};
use crate::message::plain;
use crate::source::slashed;

pub use self::answers::Answers;
pub use self::attempts::Reverted;
pub use self::blobs::Contents;
pub use self::later::Touching;
pub use self::worktrees::Worktree;

/// Settings that take precedence over the repository's own, so that those start nothing and
/// change no output that we parse.
const SETTINGS: &[&str] = &[
    // Empty, not `false`: git before 2.36 takes a word for the name of a hook.
    "core.fsmonitor=",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.quotePath=false",
    "core.sshCommand=",
    "core.askPass=",
    "core.editor=:",
    "core.pager=",
    "credential.helper=",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "log.showSignature=false",
    "log.showRoot=true",
    "gpg.program=",
    "gpg.ssh.program=",
    "gpg.x509.program=",
    "diff.external=",
    "diff.orderFile=/dev/null",
    // Git's own rule takes a line that starts in the first column for a hunk's heading: for a method
    // that is its `impl` or `class`. This one names the function, for a third more time.
    "diff.default.xfuncname=^[[:space:]]*((pub|fn|(async|unsafe) (fn|impl|def|function)|struct|enum\
     |trait|impl|mod|def|class|export|function|func|interface)[ (<].*[^;,])$",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "protocol.allow=never",
    // A repository can allow one by name, and git before 2.44 fetches missing objects by itself.
    "protocol.ext.allow=never",
    "protocol.file.allow=never",
    "protocol.git.allow=never",
    "protocol.http.allow=never",
    "protocol.https.allow=never",
    "protocol.ssh.allow=never",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.all=false",
];

/// A repository around a workspace.
#[derive(Clone, Debug)]
pub struct Repository {
    git: Program,
    environment: Environment,
    /// Where git runs: the top of the working tree.
    top: PathBuf,
    /// The workspace's folder below `top`, with a `/` at its end; empty where they are the same.
    prefix: String,
    /// Folders that no program may come from.
    outside: Vec<PathBuf>,
    shallow: bool,
    /// A lock that every git holds on to for as long as it runs.
    held: Option<Arc<File>>,
    /// Further `name=value` settings, after ours.
    more_settings: Vec<String>,
    answers: Arc<Answers>,
}

/// Why git did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// The workspace does not lie in a repository.
    #[error("the workspace is not in a git repository, so no history was read")]
    NotARepository,
    /// Git refuses the folder because somebody else owns it.
    #[error(
        "git does not trust the owner of this repository, so no history was read; \
         `git config --global --add safe.directory {0}` allows it"
    )]
    ForeignOwner(String),
    /// Git ended with an error.
    #[error("`git {what}` failed: {message}")]
    Failed {
        /// The subcommand.
        what: &'static str,
        /// Git's first line, without control characters.
        message: String,
    },
    /// Git was ended by a signal that was not ours.
    #[error("`git {what}` was killed before it answered")]
    Killed {
        /// The subcommand.
        what: &'static str,
    },
    /// The program did not run to its end.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Which commits to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogQuery {
    /// The newest commit; its ancestors follow.
    pub tip: CommitId,
    /// Commits that this one reaches are left out.
    pub since: Option<CommitId>,
    /// Only commits made at or after this time: seconds since 1970, UTC.
    pub since_time: Option<i64>,
    /// How many at most.
    pub max_commits: usize,
}

/// What [`Repository::log`] read.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Newest first.
    pub commits: Arc<[Commit]>,
    /// The output limit or the time limit cut the list; these are the newest ones.
    pub cut: bool,
    /// Texts are missing from this clone: the changes have paths, and no hunks.
    pub paths_only: bool,
}

impl Repository {
    /// Finds the repository that `workspace` lies in.
    pub fn discover(
        workspace: &Path,
        environment: &Environment,
        cancel: &Cancel,
    ) -> Result<Self, GitError> {
        Self::discover_with_head(workspace, environment, cancel).map(|(repository, _)| repository)
    }

    /// Finds the repository that `workspace` lies in and the commit at HEAD, in one process.
    pub fn discover_with_head(
        workspace: &Path,
        environment: &Environment,
        cancel: &Cancel,
    ) -> Result<(Self, Option<CommitId>), GitError> {
        let mut outside = vec![workspace.to_owned()];
        outside.extend(folder_with_dot_git(workspace));
        let git = Program::find("git", environment, &outside)?;
        let mut repository = Self {
            git,
            environment: environment.clone(),
            top: workspace.to_owned(),
            prefix: String::new(),
            outside,
            shallow: false,
            held: None,
            more_settings: Vec::new(),
            answers: Arc::default(),
        };
        // `--revs-only` last: it leaves a HEAD without a commit out, in place of an error.
        let args = [
            "--is-inside-work-tree",
            "--is-shallow-repository",
            "--show-toplevel",
            "--revs-only",
            "HEAD^{commit}",
        ];
        let answer = repository.run("rev-parse", &args, Vec::new(), cancel);
        let text = match answer {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(GitError::Failed { message, .. }) if message.contains("dubious ownership") => {
                return Err(GitError::ForeignOwner(plain(&workspace.display().to_string())));
            }
            Err(GitError::Failed { message, .. })
                if message.contains("not a git repository")
                    || message.contains("must be run in a work tree") =>
            {
                return Err(GitError::NotARepository);
            }
            Err(err) => return Err(err),
        };
        let mut lines = text.splitn(3, '\n');
        let (Some("true"), Some(shallow), Some(rest)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(GitError::NotARepository);
        };
        // The name of a folder may have line ends, an id has none.
        let rest = rest.trim_end_matches(['\n', '\r']);
        let (top, head) = match rest.rsplit_once('\n') {
            Some((top, last)) if parse::commit_id(last.trim_ascii().as_bytes()).is_some() => {
                (top.trim_end_matches('\r'), parse::commit_id(last.trim_ascii().as_bytes()))
            }
            _ => (rest, None),
        };
        let top = PathBuf::from(top);
        // `core.worktree` may name any folder; only one around the workspace makes sense here.
        let real = workspace.canonicalize().unwrap_or_else(|_| workspace.to_owned());
        let real_top = top.canonicalize().unwrap_or_else(|_| top.clone());
        let below = real.strip_prefix(&real_top).map_err(|_| GitError::NotARepository)?;
        repository.prefix = slashed(below)
            .map(|below| if below.is_empty() { below } else { below + "/" })
            .ok_or(GitError::NotARepository)?;
        repository.shallow = shallow == "true";
        repository.outside.push(real_top.clone());
        repository.top = real_top;
        Ok((repository, head))
    }

    /// Returns the same repository with what it has answered before: in the same folder, and for
    /// the same workspace.
    pub fn with_answers(mut self, answers: &Arc<Answers>) -> Self {
        self.answers = Arc::clone(answers);
        self
    }

    /// Says whether older history is missing from this clone.
    pub fn is_shallow(&self) -> bool {
        self.shallow
    }

    /// Returns the workspace's folder below the top, with a `/` at its end; empty at the top.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the top of the working tree, with links followed.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// Returns the commit at HEAD; `None` before the first commit.
    pub fn head(&self, cancel: &Cancel) -> Result<Option<CommitId>, GitError> {
        self.rev_parse("HEAD", cancel)
    }

    /// Returns the commit that `revision` names, if it names one that this clone holds.
    pub fn rev_parse(&self, revision: &str, cancel: &Cancel) -> Result<Option<CommitId>, GitError> {
        if revision.is_empty() || revision.contains(['\0', '\n']) {
            return Ok(None);
        }
        let peeled = format!("{revision}^{{commit}}");
        let args = ["--verify", "--quiet", "--end-of-options", &peeled];
        match self.run("rev-parse", &args, Vec::new(), cancel) {
            Ok(bytes) => Ok(parse::commit_id(bytes.trim_ascii())),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Says whether `ancestor` is `descendant` or one of its ancestors.
    pub fn is_ancestor(
        &self,
        ancestor: &CommitId,
        descendant: &CommitId,
        cancel: &Cancel,
    ) -> Result<bool, GitError> {
        let args = ["--is-ancestor", "--end-of-options", &ancestor.0, &descendant.0];
        match self.run("merge-base", &args, Vec::new(), cancel) {
            Ok(_) => Ok(true),
            // Exit code 1 is the answer "no" and comes without a word.
            Err(GitError::Failed { message, .. }) if message.is_empty() => Ok(false),
            Err(err) => Err(err),
        }
    }

    /// Returns all tags with the commits that they stand for, sorted by name.
    pub fn tags(&self, cancel: &Cancel) -> Result<Vec<(String, CommitId)>, GitError> {
        let args = [
            "--count=20000",
            "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(objecttype)%00%(*objecttype)",
            "refs/tags",
        ];
        Ok(parse::tags(&self.run("for-each-ref", &args, Vec::new(), cancel)?))
    }

    /// Reads commits with their hunks.
    pub fn log(&self, query: &LogQuery, cancel: &Cancel) -> Result<Log, GitError> {
        if let Some(log) = self.answers.log(query, self.shallow) {
            return Ok(log);
        }
        match self.read_log(query, HUNKS, cancel) {
            // A partial clone has the trees, not all the texts; and they are not fetched unasked.
            Err(GitError::Failed { message, .. }) if says_missing(&message) => {
                let log = self.read_log(query, PATHS, cancel)?;
                Ok(Log { paths_only: true, ..log })
            }
            log => {
                let log = log?;
                self.answers.keep_log(query, self.shallow, &log);
                Ok(log)
            }
        }
    }

    fn read_log(&self, query: &LogQuery, what: &[&str], cancel: &Cancel) -> Result<Log, GitError> {
        let mut args = log_args(what);
        args.push(format!("--max-count={}", query.max_commits));
        if let Some(time) = query.since_time {
            args.push(format!("--since={time}"));
        }
        args.push("--end-of-options".into());
        args.push(query.tip.0.clone());
        args.extend(query.since.as_ref().map(|since| format!("^{}", since.0)));
        args.push("--".into());
        let limits = Limits { time: Duration::from_secs(20), output: 48 << 20 };
        let (bytes, cut) = self.run_limited("log", &args, Vec::new(), limits, cancel)?;
        let mut commits = parse::log(&bytes);
        if cut {
            // The last one may lack files.
            commits.pop();
        }
        self.in_workspace(&mut commits);
        Ok(Log { commits: commits.into(), cut, paths_only: false })
    }

    /// Turns the paths of commits into ones relative to the workspace.
    fn in_workspace(&self, commits: &mut [Commit]) {
        for file in commits.iter_mut().flat_map(|commit| &mut commit.files) {
            file.path = self.workspace_path(&file.path);
            file.old_path = file.old_path.take().map(|path| self.workspace_path(&path));
        }
    }

    /// Returns the address of the remote `origin`, as it is configured.
    pub fn remote(&self, cancel: &Cancel) -> Option<String> {
        let answer =
            self.run("config", &["--get", "remote.origin.url"], Vec::new(), cancel).ok()?;
        Some(String::from_utf8_lossy(&answer).trim().to_owned())
    }

    /// Returns the tracked files of the workspace, sorted.
    pub fn ls_files(&self, cancel: &Cancel) -> Result<Vec<String>, GitError> {
        let mut args = vec!["-z".to_owned(), "--cached".into(), "--full-name".into(), "--".into()];
        args.push(if self.prefix.is_empty() { ".".into() } else { self.prefix.clone() });
        let bytes = self.run("ls-files", &args, Vec::new(), cancel)?;
        let mut files = parse::nul_separated(&bytes);
        files.iter_mut().for_each(|path| *path = self.workspace_path(path));
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// Turns a path relative to the workspace into one relative to the top; `None` for a path
    /// that leaves the repository.
    fn top_path(&self, path: &str) -> Option<String> {
        let mut parts: Vec<&str> = self.prefix.split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        (!parts.is_empty()).then(|| parts.join("/"))
    }

    /// Turns a path relative to the top into one relative to the workspace.
    fn workspace_path(&self, path: &str) -> String {
        if let Some(below) = path.strip_prefix(&self.prefix) {
            return below.to_owned();
        }
        let mut own: Vec<&str> = self.prefix.split('/').filter(|part| !part.is_empty()).collect();
        let mut theirs: Vec<&str> = path.split('/').collect();
        while !own.is_empty() && own.first() == theirs.first() && theirs.len() > 1 {
            own.remove(0);
            theirs.remove(0);
        }
        let mut parts = vec![".."; own.len()];
        parts.extend(theirs);
        parts.join("/")
    }

    fn run<A: AsRef<str>>(
        &self,
        what: &'static str,
        args: &[A],
        input: Vec<u8>,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, GitError> {
        let (bytes, _) = self.run_limited(what, args, input, Limits::default(), cancel)?;
        Ok(bytes)
    }

    /// Runs one git command; the flag says that the output limit cut the answer.
    fn run_limited<A: AsRef<str>>(
        &self,
        what: &'static str,
        args: &[A],
        input: Vec<u8>,
        limits: Limits,
        cancel: &Cancel,
    ) -> Result<(Vec<u8>, bool), GitError> {
        let mut command = self
            .git
            .command(&self.top, &self.environment, &self.outside)
            .args([
                "--no-pager",
                "--no-optional-locks",
                "--no-replace-objects",
                "--literal-pathspecs",
            ])
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .args(self.more_settings.iter().flat_map(|setting| ["-c", setting]))
            .arg(what)
            .args(args.iter().map(AsRef::as_ref));
        for (name, value) in [
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_ASKPASS", ""),
            ("GIT_EDITOR", ":"),
            ("GIT_PROTOCOL_FROM_USER", "0"),
            ("GIT_ATTR_NOSYSTEM", "1"),
        ] {
            command = command.env(name, value);
        }
        if let Some(lock) = &self.held {
            command = command.hold(Arc::clone(lock));
        }
        let output = command.input(input).limits(limits).run(cancel)?;
        tracing::debug!(bytes = output.stdout.len(), "git {what}");
        if output.truncated {
            return Ok((output.stdout, true));
        }
        if output.status.success() {
            return Ok((output.stdout, false));
        }
        if output.status.code().is_none() {
            return Err(GitError::Killed { what });
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let first = words.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let first =
            first.strip_prefix("fatal: ").or(first.strip_prefix("error: ")).unwrap_or(first);
        Err(GitError::Failed { what, message: plain(first) })
    }
}

/// What `git log` prints of each commit: its hunks.
const HUNKS: &[&str] = &[
    "--find-renames",
    "-l400",
    "--diff-algorithm=histogram",
    "--unified=0",
    "--inter-hunk-context=0",
    "--patch",
];

/// What it prints of each commit where texts are missing: the paths.
const PATHS: &[&str] = &["--no-renames", "--name-status"];

/// Returns the arguments with which `git log` prints commits, and `what` of each, as [`parse::log`]
/// reads them.
fn log_args(what: &[&str]) -> Vec<String> {
    let mut args: Vec<String> = [
        "--no-show-signature",
        "--no-mailmap",
        "--no-color",
        "--no-notes",
        "--encoding=UTF-8",
        "--diff-merges=first-parent",
        "--no-ext-diff",
        "--no-textconv",
        "--no-relative",
        "--submodule=short",
        "--ignore-submodules=none",
        "--src-prefix=a/",
        "--dst-prefix=b/",
    ]
    .map(String::from)
    .to_vec();
    args.extend(what.iter().map(|arg| (*arg).to_owned()));
    args.push(format!("--format={}", parse::LOG_FORMAT));
    args
}

/// Says whether git failed since an object is not in this clone.
fn says_missing(message: &str) -> bool {
    ["unable to read", "lazy fetching disabled", "promisor"].iter().any(|it| message.contains(it))
}

/// Returns the nearest folder at or above `workspace` that holds a `.git`.
fn folder_with_dot_git(workspace: &Path) -> Option<PathBuf> {
    let real = workspace.canonicalize().ok()?;
    real.ancestors()
        .find(|folder| folder.join(".git").symlink_metadata().is_ok())
        .map(Path::to_owned)
}
