//! What a patch makes of the files, worked out in memory and then written into the worktree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use incident_core::cancel::Cancel;
use incident_core::fix::{FilePatch, Moved, Patch};
use incident_core::guard::looping::{self, Change};
use incident_core::history::CommitId;
use incident_core::present::words;
use sha2::{Digest, Sha256};

use super::WorktreeError;
use super::record::{WrittenFile, hex};
use crate::git::Repository;
use crate::message::plain;
use crate::source::{ReadError, contained};
use crate::workspace::Workspace;

/// The files of a fix, as they shall be.
pub(super) struct Contents {
    /// By path relative to the workspace; `None` removes the file.
    files: BTreeMap<String, Option<String>>,
    /// Those of the base.
    known: BTreeSet<String>,
    /// What is done to the functions of the files.
    pub(super) change: Change,
    /// Sentences for the person.
    pub(super) notes: Vec<String>,
}

/// Applies `patch` to the files as they are in `base`.
///
/// A fix is made against the text that the person sees. Where that has edits which `base` lacks and
/// the patch fits only with them, the file as it is in the tree is the starting point, and a note
/// says so.
pub(super) fn after_patch(
    workspace: &Workspace,
    repository: &Repository,
    base: &CommitId,
    patch: &Patch,
    cancel: &Cancel,
) -> Result<Contents, WorktreeError> {
    let old_paths: Vec<String> =
        patch.files.iter().filter_map(|file| file.old_path.clone()).collect();
    let blobs = repository.blobs(base, &old_paths, cancel)?;
    let mut contents = Contents {
        files: BTreeMap::new(),
        known: blobs.keys().cloned().collect(),
        change: Change::default(),
        notes: Vec::new(),
    };
    for file in &patch.files {
        let does_not_fit = || WorktreeError::DoesNotFit {
            path: plain(file.path()),
            base: base.short().to_owned(),
        };
        let committed = file.old_path.as_ref().and_then(|path| blobs.get(path));
        let committed = committed.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let current = file.old_path.as_ref().and_then(|path| workspace.text(path).ok());
        let current = current.as_ref().map(|(text, _)| text.as_ref());
        let texts = match file.old_path {
            None => [Some(""), None],
            Some(_) => [committed, current],
        };
        let (before, after, told) = fitted(file, texts).ok_or_else(does_not_fit)?;
        contents.notes.extend(told);
        contents.change.extend(looping::change(file.path(), before, &after));
        if let Some(old) = file.old_path.as_ref().filter(|old| file.new_path.as_ref() != Some(old))
        {
            contents.files.insert(old.clone(), None);
        }
        if let Some(new) = &file.new_path {
            contents.files.insert(new.clone(), Some(after));
        }
    }
    Ok(contents)
}

/// Applies a file's part of a patch to the committed text, else to the tree's; first as it stands,
/// then however far its lines have moved. Returns the text before, the one after, and what the
/// person should know.
fn fitted<'a>(
    file: &FilePatch,
    texts: [Option<&'a str>; 2],
) -> Option<(&'a str, String, Vec<String>)> {
    let path = plain(file.path());
    let restored: Vec<Option<FilePatch>> = texts
        .into_iter()
        .map(
            |text| {
                if file.is_redacted() { file.with_secrets_of(text?) } else { Some(file.clone()) }
            },
        )
        .collect();
    let mut told = Vec::new();
    if file.is_redacted() {
        told.push(format!("the secrets in the fix of `{path}` were put back from the file itself"));
    }
    let from_the_tree = || format!("`{path}` starts from your tree, with your uncommitted edits");
    for (index, (text, file)) in texts.iter().zip(&restored).enumerate() {
        if let (Some(text), Some(file)) = (text, file)
            && let Some(after) = file.apply(text)
        {
            told.extend((index > 0).then(from_the_tree));
            return Some((text, after, told));
        }
    }
    for (index, (text, file)) in texts.iter().zip(&restored).enumerate() {
        if let (Some(text), Some(file)) = (text, file)
            && let Some(applied) = file.apply_moved(text)
        {
            told.extend((index > 0).then(from_the_tree));
            told.extend(applied.moved.iter().map(|moved| moved_words(&path, *moved)));
            return Some((text, applied.text, told));
        }
    }
    None
}

fn moved_words(path: &str, moved: Moved) -> String {
    let Moved { hunk, by, fuzz } = moved;
    let place = match by {
        0 => "where it says".to_owned(),
        by if by > 0 => format!("{} further down", count(by.unsigned_abs(), "line")),
        by => format!("{} further up", count(by.unsigned_abs(), "line")),
    };
    let context = match fuzz {
        0 => String::new(),
        fuzz => format!(
            ", with {} of context at either end that did not fit",
            count(fuzz as u64, "line")
        ),
    };
    format!(
        "the fix was not made for this text: in `{path}` its part {hunk} went in {place}{context}"
    )
}

fn count(n: u64, noun: &str) -> String {
    words::count(usize::try_from(n).unwrap_or(usize::MAX), noun)
}

impl Contents {
    /// Returns the files with digests, relative to the worktree.
    pub(super) fn written_paths(&self, prefix: &str) -> Vec<WrittenFile> {
        let digest = |text: &String| hex(&Sha256::digest(text));
        self.files
            .iter()
            .map(|(path, text)| WrittenFile {
                path: format!("{prefix}{path}"),
                digest: text.as_ref().map(digest),
            })
            .collect()
    }

    /// Returns the files that the base does not have, relative to the workspace.
    pub(super) fn new_files(&self) -> impl Iterator<Item = &str> {
        self.files
            .iter()
            .filter(|(path, text)| text.is_some() && !self.known.contains(*path))
            .map(|(path, _)| path.as_str())
    }

    /// Writes the files below `root`, the folder that stands for the workspace.
    ///
    /// The checked-out tree may hold links that lead elsewhere: nothing is written through one.
    pub(super) fn write(&self, root: &Path) -> Result<(), WorktreeError> {
        for (path, text) in &self.files {
            let failed = |reason: String| WorktreeError::Write { path: plain(path), reason };
            let full = writable(root, path).map_err(|err| failed(err.to_string()))?;
            match text {
                Some(text) => std::fs::write(&full, text),
                None => std::fs::remove_file(&full),
            }
            .map_err(|err| failed(err.to_string()))?;
        }
        Ok(())
    }
}

/// Returns where `path` lies below `root`, with its folders made and no link on the way.
fn writable(root: &Path, path: &str) -> Result<PathBuf, ReadError> {
    let outside = || ReadError::Outside { path: plain(path) };
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let mut made = String::new();
    for part in folder.split('/') {
        made = if made.is_empty() { part.to_owned() } else { format!("{made}/{part}") };
        let next = root.join(&made);
        if next.symlink_metadata().is_err() && !matches!(part, "" | "." | "..") {
            std::fs::create_dir(&next).map_err(|_| outside())?;
        }
        contained(root, &made)?;
    }
    let full = contained(root, folder)?.join(name);
    if full.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
        return Err(outside());
    }
    Ok(full)
}

/// Says what a checkout of ours leaves out, where the tree has it.
pub(super) fn checkout_notes(worktree: &Path) -> Vec<String> {
    let mut notes = Vec::new();
    if worktree.join(".gitmodules").is_file() {
        notes.push(
            "submodules are not checked out; `git submodule update --init` does it".to_owned(),
        );
    }
    let attributes = std::fs::read_to_string(worktree.join(".gitattributes")).unwrap_or_default();
    if attributes.contains("filter=") {
        notes.push(
            "filters were off: files that go through one (Git LFS) hold what git stores".to_owned(),
        );
    }
    notes
}
