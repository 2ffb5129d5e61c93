//! What the tests share: temporary folders and real git repositories with pinned identity and dates.

use std::path::{Path, PathBuf};

use incident_core::cancel::Cancel;

use crate::command::{Environment, Program};

/// A folder that is gone when the test ends, with an environment that knows nothing of the user's.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let scratch = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(scratch.root()).unwrap();
        std::fs::create_dir_all(scratch.path("home")).unwrap();
        scratch
    }

    /// The workspace.
    pub(crate) fn root(&self) -> PathBuf {
        self.path("workspace")
    }

    /// A path beside the workspace.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    /// An environment with the real `PATH` and an empty home.
    pub(crate) fn environment(&self) -> Environment {
        Environment::default()
            .with("PATH", std::env::var_os("PATH").unwrap())
            .with("HOME", self.path("home"))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write(&self.root().join(path), text);
    }

    /// Runs git in the workspace as the user would, with the repository's own settings.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_at("2024-05-01T12:00:00Z", args)
    }

    pub(crate) fn git_at(&self, date: &str, args: &[&str]) -> String {
        self.git_with(date, args, "")
    }

    /// Runs git with `input` to read.
    pub(crate) fn git_with(&self, date: &str, args: &[&str], input: &str) -> String {
        let git = Program::find("git", &self.environment(), &[]).unwrap();
        let output = git
            .command(&self.root(), &self.environment(), &[])
            .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false"])
            .args(["-c", "user.name=Dev", "-c", "user.email=dev@example.invalid"])
            .args(args)
            .input(input.as_bytes().to_vec())
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .run(&Cancel::new())
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {stderr}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Commits everything in the workspace on day `day` of May 2024, and returns the id.
    pub(crate) fn commit(&self, day: u32, message: &str) -> String {
        if !self.root().join(".git").exists() {
            self.git(&["init", "-q"]);
        }
        self.git(&["add", "-A"]);
        let date = format!("2024-05-{day:02}T12:00:00Z");
        self.git_at(&date, &["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Writes a shell script and makes it executable.
    #[cfg(unix)]
    pub(crate) fn script(&self, path: &Path, body: &str) {
        use std::os::unix::fs::PermissionsExt;
        write(path, &format!("#!/bin/sh\n{body}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
