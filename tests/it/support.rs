//! What the tests share: the real program under a time limit, and real repositories.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

/// No run of the program may take longer; each one has far less to do.
const LIMIT: Duration = Duration::from_secs(120);

/// Returns the program, built once from the tree as it is.
pub(crate) fn incident_lsp() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // Cargo puts test binaries into `TARGET/PROFILE/deps`.
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().and_then(Path::parent).unwrap();
        let target = profile.parent().unwrap();
        let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
        cargo.args(["build", "--quiet", "-p", "incident-lsp", "--bin", "incident-lsp"]);
        cargo.arg("--target-dir").arg(target);
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.file_name().is_some_and(|name| name == "release") {
            cargo.arg("--release");
        }
        let status = cargo.stdin(Stdio::null()).status().unwrap();
        assert!(status.success(), "the program does not build");
        profile.join(format!("incident-lsp{}", std::env::consts::EXE_SUFFIX))
    })
}

/// One run of the program: its own empty home, no colour, nothing on standard input.
pub(crate) struct Run {
    command: Command,
    stdin: Vec<u8>,
    home: Home,
}

/// Folders that the program takes for the user's.
#[derive(Clone)]
pub(crate) struct Home(std::sync::Arc<tempfile::TempDir>);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit status; `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(std::sync::Arc::new(tempfile::tempdir().unwrap()))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }
}

impl Run {
    pub(crate) fn new<const N: usize>(args: [&str; N]) -> Self {
        let mut command = Command::new(incident_lsp());
        command.args(args);
        command.env("NO_COLOR", "1");
        Self { command, stdin: Vec::new(), home: Home::new() }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    pub(crate) fn home(mut self, home: &Home) -> Self {
        self.home = home.clone();
        self
    }

    /// Starts the program and leaves the rest to the caller.
    pub(crate) fn child(&mut self) -> std::process::Child {
        self.command
            .env("INCIDENT_LSP_STATE_DIR", self.home.state())
            .env("INCIDENT_LSP_CACHE_DIR", self.home.path().join("cache"))
            .env("INCIDENT_LSP_CONFIG_DIR", self.home.path().join("config"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        self.command.spawn().unwrap()
    }

    /// Runs to the end; a run past the limit is killed and fails the test.
    pub(crate) fn end(mut self) -> Ended {
        let mut child = self.child();
        let mut stdin = child.stdin.take().unwrap();
        let bytes = std::mem::take(&mut self.stdin);
        std::thread::spawn(move || {
            // A program that does not read its input closes the pipe, which is its right.
            let _ = stdin.write_all(&bytes);
        });
        let (ended, wait) = mpsc::channel();
        for (name, mut stream) in [
            ("stdout", Box::new(child.stdout.take().unwrap()) as Box<dyn Read + Send>),
            ("stderr", Box::new(child.stderr.take().unwrap())),
        ] {
            let ended = ended.clone();
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                stream.read_to_end(&mut bytes).unwrap();
                let _ = ended.send((name, bytes));
            });
        }
        let mut said = std::collections::BTreeMap::new();
        while said.len() < 2 {
            let Ok((name, bytes)) = wait.recv_timeout(LIMIT) else {
                let _ = child.kill();
                panic!("{:?} took longer than {LIMIT:?}", self.command);
            };
            said.insert(name, String::from_utf8(bytes).unwrap());
        }
        let code = child.wait().unwrap().code();
        let mut take = |name| said.remove(name).unwrap();
        Ended { code, stdout: take("stdout"), stderr: take("stderr") }
    }
}

impl Ended {
    /// Checks that the run went well and returns its standard output.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Checks that the run ended as bad usage or input, in one sentence, and returns that.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.code, Some(2), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "", "an error does not belong on standard output");
        let sentence = self.stderr.strip_prefix("error: ").unwrap_or_else(|| {
            panic!("no error on standard error: {:?}", self.stderr);
        });
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        sentence.trim_end().to_owned()
    }
}

/// A git repository with pinned identity and dates; commits are a day apart.
pub(crate) struct Repository {
    dir: tempfile::TempDir,
    n_commits: std::cell::Cell<i64>,
}

/// When the first commit of every fixture was made: seconds since 1970.
const FIRST_COMMIT: i64 = 1_770_000_000;

impl Repository {
    /// Makes one whose first commit holds `files`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let repository = Self::empty();
        repository.commit("Begin", files);
        repository
    }

    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let repository = Self { dir, n_commits: 0.into() };
        repository.git(["init", "-q", "-b", "main"]);
        repository
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes `files`, commits them, and returns the commit's id.
    pub(crate) fn commit(&self, subject: &str, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            self.write(path, text);
        }
        self.git(["add", "-A"]);
        self.git(["commit", "-q", "--allow-empty", "-m", subject]);
        self.n_commits.set(self.n_commits.get() + 1);
        self.git(["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Runs git in the repository and returns what it said.
    pub(crate) fn git<const N: usize>(&self, args: [&str; N]) -> String {
        let date = format!("{} +0000", FIRST_COMMIT + self.n_commits.get() * 86_400);
        let output = Command::new("git")
            .args(["-c", "user.name=Fixture", "-c", "user.email=fixture@example.invalid"])
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}
