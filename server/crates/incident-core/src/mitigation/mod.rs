//! What to do first: steps that stop the harm before the cause is mended, the least risky first.
//!
//! Each is a proposal with what it would undo and what may go wrong. Nothing here runs, and nothing
//! is proposed where no change is suspected: taking back what did not do it helps nobody.

mod restore;
mod revert;
mod roll_back;
mod toggle;
mod tried;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::history::{Commit, CommitId, History};
use crate::suspects::{SuspectCommit, Suspects};

pub use self::tried::TriedBefore;

/// One proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mitigation {
    /// What it is.
    pub kind: MitigationKind,
    /// What it does, in one line.
    pub summary: String,
    /// The commit that it is about: the suspect, or the one to go back to.
    pub commit: Option<CommitId>,
    /// What else it undoes.
    pub undoes: Vec<String>,
    /// What may go wrong.
    pub hazards: Vec<String>,
    /// What this adds up to.
    pub verdict: Verdict,
    /// A unified diff against the tree as it is now, where it is one.
    pub patch: Option<String>,
}

/// What a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MitigationKind {
    /// Set a setting to what it was.
    RestoreConfig,
    /// Turn a switch back.
    Toggle,
    /// Take the suspect back.
    Revert,
    /// Deploy the last good state again.
    RollBack,
}

impl MitigationKind {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RestoreConfig => "restore_config",
            Self::Toggle => "toggle",
            Self::Revert => "revert",
            Self::RollBack => "roll_back",
        }
    }
}

/// What is known of the risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Everything that could go wrong was looked for, and nothing was found.
    Safe,
    /// Not everything could be looked at.
    Unknown,
    /// Something stands against it.
    Hazardous,
}

impl Verdict {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unknown => "unknown",
            Self::Hazardous => "hazardous",
        }
    }
}

/// Texts of the tree as it is now, by path.
pub type Texts = BTreeMap<String, Arc<str>>;

/// How much a changed setting must have told against the suspect, so that restoring it may help.
const LEAST_SETTING_WEIGHT: f64 = 1.0;
/// How many files of the suspect are looked at.
const MAX_FILES: usize = 50;

/// Returns the files whose texts [`propose`] needs: those that the first suspect changed.
pub fn wanted_texts(suspects: &Suspects, history: &History) -> Vec<String> {
    let Some((_, commit)) = first(suspects, history) else { return Vec::new() };
    commit.files.iter().take(MAX_FILES).map(|file| file.path.clone()).collect()
}

/// Proposes what to do about the first suspect, the least risky first.
pub fn propose(suspects: &Suspects, history: &History, texts: &Texts) -> Vec<Mitigation> {
    let Some((suspect, commit)) = first(suspects, history) else { return Vec::new() };
    let is_by_setting = suspect
        .reasons
        .iter()
        .any(|it| it.kind == "setting_changed" && it.weight >= LEAST_SETTING_WEIGHT);
    let mut proposals = restore::propose(commit, history, texts);
    if !is_by_setting {
        // The setting is not why it is suspected: taking the whole back is the surer way.
        proposals.clear();
    }
    proposals.extend(toggle::propose(commit, texts));
    proposals.extend(revert::propose(suspect, commit, history, texts));
    proposals.extend(roll_back::propose(history));
    // What is known to be dangerous comes last, and the rest keeps its order.
    proposals.sort_by_key(|proposal| proposal.verdict == Verdict::Hazardous);
    proposals
}

/// Returns what was tried before on the settings and lines that the first suspect changed.
pub fn tried_before(suspects: &Suspects, history: &History) -> Vec<TriedBefore> {
    first(suspects, history).map(|(_, commit)| tried::find(commit, history)).unwrap_or_default()
}

fn first<'a>(
    suspects: &'a Suspects,
    history: &'a History,
) -> Option<(&'a SuspectCommit, &'a Commit)> {
    let suspect = suspects.commits.first()?;
    let commit = history.commits.iter().find(|commit| commit.id == suspect.commit)?;
    Some((suspect, commit))
}

#[cfg(test)]
mod tests;
