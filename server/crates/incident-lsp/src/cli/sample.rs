//! The built-in incident: a small service with its git history, and the log of its crash.
//!
//! Unpacked into our cache folder, once for each content, so that nothing of the user's is touched
//! and a second run is as quick as any other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_host::command::{Environment, Limits, Program};

use super::trust;

/// Ten commits of a service, as a stream for `git fast-import`.
const HISTORY: &str = include_str!("../../sample/history.fast-import");
/// What the service printed when it crashed.
const LOG: &str = include_str!("../../sample/incident.log");

/// Returns the log of the crash.
pub(super) fn input() -> RawInput {
    RawInput { name: "incident.log".to_owned(), text: LOG.to_owned() }
}

/// Returns the service's repository, unpacked where it was not yet.
pub(super) fn unpack(cancel: &Cancel) -> anyhow::Result<PathBuf> {
    let samples = trust::folders()?.make_cache("sample")?;
    let folder = samples.join(key()).join("till");
    if folder.join(".git").is_dir() {
        return Ok(folder);
    }
    let unfinished = tempfile::Builder::new()
        .prefix(".unpacking")
        .tempdir_in(&samples)
        .context("the sample can't be unpacked into the cache folder")?;
    make_repository(&unfinished.path().join("till"), cancel)?;
    // The rename is the last step: nobody sees half a repository. Another process may be first.
    let unfinished = unfinished.keep();
    if let Err(err) = std::fs::rename(&unfinished, samples.join(key())) {
        std::fs::remove_dir_all(&unfinished)?;
        if !folder.join(".git").is_dir() {
            return Err(err).context("the sample can't be moved into the cache folder");
        }
    }
    Ok(folder)
}

/// A new history gets a new folder, whatever an older version left.
fn key() -> String {
    // FNV-1a: the name must differ between contents, not resist anybody.
    let hash = HISTORY.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn make_repository(folder: &Path, cancel: &Cancel) -> anyhow::Result<()> {
    std::fs::create_dir(folder).context("the sample can't be unpacked into the cache folder")?;
    git(folder, &["init", "--quiet", "--template=", "--initial-branch=main"], "", cancel)?;
    git(folder, &["fast-import", "--done", "--quiet"], HISTORY, cancel)?;
    git(folder, &["-c", "core.autocrlf=false", "reset", "--quiet", "--hard"], "", cancel)
}

fn git(folder: &Path, args: &[&str], input: &str, cancel: &Cancel) -> anyhow::Result<()> {
    let environment = Environment::of_process();
    let git = Program::find("git", &environment, &[])?;
    let output = git
        .command(folder, &environment, &[])
        // The person's own settings (signing, hooks, attributes) have no say in a throw-away.
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(args)
        .input(input.as_bytes().to_vec())
        .limits(Limits { time: Duration::from_secs(60), ..Limits::default() })
        .run(cancel)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or("it said nothing");
        bail!("the sample can't be unpacked into {}: git: {first}", folder.display());
    }
    Ok(())
}
