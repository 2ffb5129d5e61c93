//! `incident-lsp trust`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use incident_host::command::Environment;
use incident_host::folders::Folders;
use incident_host::trust;

use super::args::WorkspaceArgs;
use super::{DONE, Outcome, explain, output};

/// Trusts a folder.
pub(super) fn add(dir: Option<PathBuf>) -> Outcome {
    let root = explain::root(&WorkspaceArgs { workspace: dir })?;
    let real = trust::trust(&folders()?, &root)?;
    say(&format!("{} is trusted now: cargo and configured commands may run there", real.display()))
}

/// Takes the trust in a folder back.
pub(super) fn remove(dir: Option<PathBuf>) -> Outcome {
    // The folder may be gone, which is a good reason to take it off the list.
    let root = match dir {
        Some(dir) => std::path::absolute(dir)?,
        None => explain::root(&WorkspaceArgs { workspace: None })?,
    };
    let folders = folders()?;
    if !trust::distrust(&folders, &root)? {
        let around = trust::is_trusted(&folders, &root);
        let why = if around { "a folder above it is" } else { "it was not" };
        bail!(
            "{} is not on the list of trusted folders, {why}: see `incident-lsp trust --list`",
            root.display()
        );
    }
    say(&format!("{} is not trusted any more", root.display()))
}

/// Lists the trusted folders.
pub(super) fn list() -> Outcome {
    let roots = trust::trusted_roots(&folders()?);
    if roots.is_empty() {
        return say("no folder is trusted; `incident-lsp trust DIR` adds one");
    }
    let lines = roots.iter().map(|root| root.display().to_string());
    say(&lines.collect::<Vec<_>>().join("\n"))
}

/// Returns the user's folders for our own files.
pub(super) fn folders() -> anyhow::Result<Folders> {
    Ok(Folders::of(&Environment::of_process())?)
}

fn say(text: &str) -> Outcome {
    output::print_plain(&format!("{text}\n"))?;
    Ok(ExitCode::from(DONE))
}
