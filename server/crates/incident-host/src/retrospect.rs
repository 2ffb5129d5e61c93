//! What is known of an incident afterwards: the kept report, what was tried, what people said.

use std::path::Path;

use incident_core::report::json::Explain;
use incident_core::report::postmortem::Attempt;
use jiff::Timestamp;

use crate::folders::Folders;
use crate::memory::{Answer, MarkKind, Memory, MemoryError};
use crate::store::{Store, StoreError};

/// Why an incident could not be recalled.
#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    /// It is not kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The memory can't be used.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// What was kept was written by another version.
    #[error("what is kept of incident {id} can't be read any more ({reason}); explain it again")]
    Unreadable {
        /// The incident's id.
        id: String,
        /// What was wrong with it.
        reason: String,
    },
}

/// What is known of one incident.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// The kept report, redacted.
    pub report: Explain,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
    /// The hypothesis that a person confirmed.
    pub confirmed: Option<String>,
    /// The moment of recalling.
    pub now: Timestamp,
}

/// Recalls the incident with this id. `now` is seconds since 1970.
pub fn recall(folders: &Folders, root: &Path, id: &str, now: i64) -> Result<Recalled, RecallError> {
    let stored = Store::open(folders, root).get(id, now)?;
    let unreadable = |err: serde_json::Error| RecallError::Unreadable {
        id: id.to_owned(),
        reason: err.to_string(),
    };
    let report: Explain = serde_json::from_value(stored.report).map_err(unreadable)?;
    let memory = Memory::open(folders, root);
    let marks = memory.marks(id)?;
    let confirmed = marks.iter().rev().find(|mark| mark.kind == MarkKind::Confirmed);
    let attempts = memory.attempts(id)?.into_iter().filter_map(|attempt| {
        Some(Attempt {
            at: Timestamp::from_second(attempt.opened_at).ok()?,
            what: attempt.tried.hypothesis,
            branch: attempt.tried.branch,
            outcome: attempt.outcome.map(|(outcome, words)| {
                if words.is_empty() { outcome.as_str().to_owned() } else { words }
            }),
            worked: attempt.answer.map(|answer| answer == Answer::Worked),
        })
    });
    Ok(Recalled {
        report,
        attempts: attempts.collect(),
        confirmed: confirmed.map(|mark| mark.subject.clone()),
        now: Timestamp::from_second(now).unwrap_or_default(),
    })
}
