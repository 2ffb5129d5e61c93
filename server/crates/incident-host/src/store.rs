//! Explained incidents, kept by repository so that later commands can name them.
//!
//! What is kept is the report in JSON with every string redacted: places and sentences, never raw
//! logs. Entries expire; `forget` removes them at once. Several processes may share the folder.

use std::path::{Path, PathBuf};

use incident_core::redact::Redactor;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::folders::{FolderError, Folders, TMP, is_older, locked, remove_folder, write_whole};

/// How long an incident is kept, in seconds: 30 days.
pub const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// After this nobody writes to an unfinished file any more, in seconds.
const UNFINISHED_SECONDS: i64 = 60 * 60;

/// The largest file that is read back.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The incidents of one repository.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// One incident as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredIncident {
    /// The incident's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When it was explained: seconds since 1970, UTC.
    pub saved_at: i64,
    /// The JSON report of `explain`, with this incident alone.
    pub report: serde_json::Value,
}

/// Why an incident was not kept, found or removed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The id is not one of ours, so that no file can have its name.
    #[error("`{0}` is not the id of an incident; ids have twelve hex digits")]
    NotAnId(String),
    /// Nothing is kept under the id.
    #[error("no incident `{0}` is kept for this repository; explain it first")]
    NotKept(String),
    /// The disk refused.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Store {
    /// Opens the store of the repository (or the bare folder) around `workspace`.
    ///
    /// Reads nothing and makes no folder yet.
    pub fn open(folders: &Folders, workspace: &Path) -> Self {
        Self { folder: everything(folders).join(repository_key(workspace)) }
    }

    /// Keeps an incident, redacted; an older entry with its id is replaced, expired ones go.
    pub fn put(&self, incident: &StoredIncident) -> Result<(), StoreError> {
        let path = self.path(&incident.id)?;
        let mut kept = incident.clone();
        let mut redactor = Redactor::default();
        kept.title = redactor.redact(&kept.title);
        redact_strings(&mut kept.report, &mut redactor);
        let bytes = serde_json::to_vec(&kept).expect("an entry makes JSON");
        locked(&self.folder, || {
            self.expire(incident.saved_at);
            write_whole(&path, &bytes)
        })?;
        Ok(())
    }

    /// Writes an incident's report beside it, for an editor to show; `text` must be redacted.
    ///
    /// It goes when the incident goes.
    pub fn put_report(&self, id: &str, text: &str) -> Result<PathBuf, StoreError> {
        let path = self.path(id)?.with_extension("md");
        write_whole(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Returns the incidents that have not expired at `now`, newest first.
    pub fn list(&self, now: i64) -> Vec<StoredIncident> {
        let mut incidents: Vec<StoredIncident> = self
            .files()
            .iter()
            .filter_map(|path| read(path))
            .filter(|incident| !has_expired(incident, now))
            .collect();
        incidents.sort_by(|a, b| b.saved_at.cmp(&a.saved_at).then_with(|| a.id.cmp(&b.id)));
        incidents
    }

    /// Returns the incident with this id, if it has not expired at `now`.
    pub fn get(&self, id: &str, now: i64) -> Result<StoredIncident, StoreError> {
        read(&self.path(id)?)
            .filter(|incident| !has_expired(incident, now))
            .ok_or_else(|| StoreError::NotKept(id.to_owned()))
    }

    /// Removes the incident with this id.
    pub fn forget(&self, id: &str) -> Result<(), StoreError> {
        // There need not be one.
        let _ = std::fs::remove_file(self.path(id)?.with_extension("md"));
        match std::fs::remove_file(self.path(id)?) {
            Ok(()) => Ok(()),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::NotKept(id.to_owned()))
            }
            Err(source) => Err(failed(&self.folder, source).into()),
        }
    }

    /// Removes every incident of this repository; returns how many there were.
    pub fn forget_all(&self) -> Result<usize, StoreError> {
        let n_incidents = self.files().len();
        remove_folder(&self.folder)?;
        Ok(n_incidents)
    }

    fn path(&self, id: &str) -> Result<PathBuf, StoreError> {
        let is_id = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id {
            return Err(StoreError::NotAnId(crate::message::plain(id)));
        }
        Ok(self.folder.join(format!("{}.json", id.to_ascii_lowercase())))
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
            .collect()
    }

    /// Removes what is too old, and files that nobody can read any more.
    fn expire(&self, now: i64) {
        self.expire_by_age(now);
        for path in self.files() {
            if read(&path).is_none_or(|incident| has_expired(&incident, now)) {
                // Another process may have removed it.
                let _ = std::fs::remove_file(path.with_extension("md"));
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Removes what nobody comes back for: incidents of every repository, by the time of writing
    /// alone, and what a process that was killed left half written.
    fn expire_by_age(&self, now: i64) {
        let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
        let repositories = self.folder.parent().into_iter().flat_map(entries);
        for file in repositories.flat_map(|repository| entries(&repository.path())) {
            let (name, path) = (file.file_name(), file.path());
            let is_unfinished = name.as_encoded_bytes().ends_with(TMP.as_bytes());
            let kept_seconds = if is_unfinished { UNFINISHED_SECONDS } else { KEPT_SECONDS };
            if name != *".lock" && is_older(&path, kept_seconds, now) {
                // Another process may have removed it.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

/// Returns the name that the repository (or the bare folder) around `workspace` has in our folders.
pub(crate) fn repository_key(workspace: &Path) -> String {
    let real = workspace.canonicalize().unwrap_or_else(|_| workspace.to_owned());
    let home = real
        .ancestors()
        .find(|folder| folder.join(".git").symlink_metadata().is_ok())
        .unwrap_or(&real);
    let digest = Sha256::digest(home.as_os_str().as_encoded_bytes());
    digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect()
}

/// Removes the kept incidents of every repository, and all that was cached on the way to them.
///
/// What the user made stays: the list of trusted folders, and scratch worktrees.
pub fn forget_everything(folders: &Folders) -> Result<(), StoreError> {
    remove_folder(&everything(folders))?;
    Ok(folders.clear_cache()?)
}

fn everything(folders: &Folders) -> PathBuf {
    folders.state().join("incidents")
}

fn failed(folder: &Path, source: std::io::Error) -> FolderError {
    FolderError::Write { path: folder.display().to_string(), source }
}

fn has_expired(incident: &StoredIncident, now: i64) -> bool {
    now.saturating_sub(incident.saved_at) > KEPT_SECONDS
}

fn read(path: &Path) -> Option<StoredIncident> {
    let size = path.metadata().ok()?.len();
    if size > MAX_FILE_BYTES {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn redact_strings(value: &mut serde_json::Value, redactor: &mut Redactor) {
    // Depth is bounded: serde_json reads no deeper than 128, and our reports are far flatter.
    match value {
        serde_json::Value::String(text) => *text = redactor.redact(text),
        serde_json::Value::Array(items) => {
            items.iter_mut().for_each(|item| redact_strings(item, redactor));
        }
        serde_json::Value::Object(fields) => {
            fields.values_mut().for_each(|field| redact_strings(field, redactor));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
