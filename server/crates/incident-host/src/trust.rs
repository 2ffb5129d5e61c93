//! Which workspaces the user trusts: only there may cargo or a configured command run.
//!
//! Kept in the state folder, never in the workspace, and by real path, so that no repository can
//! vouch for itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::folders::{FolderError, Folders, locked, write_whole};

/// The list as it lies on disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct TrustFile {
    /// Absolute, links followed, sorted.
    roots: Vec<PathBuf>,
}

/// Says whether `root` or a folder above it is trusted.
///
/// A list that cannot be read trusts nobody.
pub fn is_trusted(folders: &Folders, root: &Path) -> bool {
    let Ok(real) = root.canonicalize() else { return false };
    read(folders).roots.iter().any(|trusted| real.starts_with(trusted))
}

/// Returns the trusted folders, sorted.
pub fn trusted_roots(folders: &Folders) -> Vec<PathBuf> {
    read(folders).roots
}

/// Trusts `root` and what lies below it from now on; returns its real path.
pub fn trust(folders: &Folders, root: &Path) -> Result<PathBuf, FolderError> {
    let real = root
        .canonicalize()
        .map_err(|source| FolderError::Write { path: root.display().to_string(), source })?;
    change(folders, |roots| roots.push(real.clone()))?;
    Ok(real)
}

/// Takes the trust in `root` back; says whether it was trusted by name.
pub fn distrust(folders: &Folders, root: &Path) -> Result<bool, FolderError> {
    // A folder that is gone can still be taken off the list.
    let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut was_trusted = false;
    change(folders, |roots| {
        let n_before = roots.len();
        roots.retain(|trusted| *trusted != real);
        was_trusted = roots.len() < n_before;
    })?;
    Ok(was_trusted)
}

fn change(folders: &Folders, edit: impl FnOnce(&mut Vec<PathBuf>)) -> Result<(), FolderError> {
    locked(folders.state(), || {
        let mut list = read(folders);
        edit(&mut list.roots);
        list.roots.sort();
        list.roots.dedup();
        let bytes = serde_json::to_vec_pretty(&list).expect("paths and a list make JSON");
        write_whole(&path(folders), &bytes)
    })
}

fn read(folders: &Folders) -> TrustFile {
    let bytes = std::fs::read(path(folders)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn path(folders: &Folders) -> PathBuf {
    folders.state().join("trusted.json")
}

#[cfg(test)]
mod tests;
