//! The JSON that scripts, the store and other tools read: schema version 1.
//!
//! These are wire types: their names and meanings are a promise (`server/docs/json.md`, with a
//! JSON Schema beside it). Fields may be added within version 1; none changes its meaning. They
//! read back what they write.

mod changes;
mod check;
mod explain;
mod from_explanation;
mod logs;
mod verification;

pub use changes::{ChangedCommit, ChangedSetting, Changes};
pub use check::{Check, Finding, PackageVersion, Reference};
pub use explain::*;
pub use from_explanation::explain;
use from_explanation::{deployed, suspect_commits};
pub use logs::{Burst, LogGroup, Logs, Statement};
pub use verification::{Branch, CommandLine, Row, Verification, verification};

use serde::{Deserialize, Serialize};

use crate::{neutral, problem};

/// The version of every document that this module writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Something that could not be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// One sentence for a person.
    pub message: String,
    /// Where, if it has a place.
    pub location: Option<Location>,
}

/// A place in a file of the workspace or in an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// A workspace path with `/`, or an input's name.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
}

impl From<&problem::Problem> for Problem {
    fn from(problem: &problem::Problem) -> Self {
        Self {
            severity: problem.severity.as_str().to_owned(),
            message: problem.message.clone(),
            location: problem
                .location
                .as_ref()
                .map(|at| Location { path: at.path.clone(), line: at.line }),
        }
    }
}

/// Returns `document` as indented JSON with a last line end.
///
/// Characters that a terminal would obey stand as `\u` escapes, which mean the same to a reader.
pub fn to_string<T: Serialize>(document: &T) -> String {
    let text = serde_json::to_string_pretty(document)
        .expect("wire types hold strings, numbers, lists and structs, which JSON always takes");
    // Only strings hold anything but ASCII, so that an escape is right wherever one is needed.
    let mut shown = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match neutral::is_control(c) && c != '\n' {
            true => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    shown.push_str(&format!("\\u{unit:04x}"));
                }
            }
            false => shown.push(c),
        }
    }
    shown.push('\n');
    shown
}

#[cfg(test)]
mod tests;
