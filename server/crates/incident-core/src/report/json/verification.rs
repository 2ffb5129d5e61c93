//! The verdict on a fix, for programs.

use serde::{Deserialize, Serialize};

use super::SCHEMA_VERSION;
use crate::verification::{self, StepKind};

/// What `fix --verify --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Always [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The scratch branch.
    pub branch: Branch,
    /// `better`, `worse`, `same` or `unknown`.
    pub outcome: String,
    /// One sentence: the outcome and what decided it.
    pub headline: String,
    /// The step that kept later ones from running: `check`; null where all ran.
    pub stopped_at: Option<String>,
    /// The commands that ran on both sides, in order.
    pub commands: Vec<CommandLine>,
    /// Row by row, in a fixed order.
    pub rows: Vec<Row>,
    /// What else a reader should know: what was kept apart, what load was reached.
    pub notes: Vec<String>,
}

/// A scratch branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Without `refs/heads/`.
    pub name: String,
    /// The commit that it started from.
    pub base: String,
    /// Where it is checked out, absolute.
    pub path: String,
}

/// A command that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// `check`, `test` or `load`.
    pub step: String,
    /// As a person would type it.
    pub command: String,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What was looked at.
    pub subject: String,
    /// Before, as a person reads it; empty where there is nothing to show.
    pub before: String,
    /// After.
    pub after: String,
    /// `better`, `worse`, `same` or `unknown`.
    pub outcome: String,
    /// It counts towards the whole.
    pub counts: bool,
    /// Why, in plain words.
    pub why: String,
}

/// Returns the document for one verdict.
pub fn verification(
    verdict: &verification::Verdict,
    commands: &[(StepKind, String)],
    branch: Branch,
) -> Verification {
    let row = |row: &verification::Row| Row {
        subject: row.subject.clone(),
        before: row.before.clone(),
        after: row.after.clone(),
        outcome: row.outcome.as_str().to_owned(),
        counts: row.counts,
        why: row.why.clone(),
    };
    let command = |(kind, command): &(StepKind, String)| CommandLine {
        step: kind.as_str().to_owned(),
        command: command.clone(),
    };
    Verification {
        schema_version: SCHEMA_VERSION,
        branch,
        outcome: verdict.outcome.as_str().to_owned(),
        headline: verdict.headline(),
        stopped_at: verdict.stopped_at.as_ref().map(|(kind, _)| kind.as_str().to_owned()),
        commands: commands.iter().map(command).collect(),
        rows: verdict.rows.iter().map(row).collect(),
        notes: verdict.notes.clone(),
    }
}
