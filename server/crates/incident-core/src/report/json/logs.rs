//! The JSON of `logs`.

use serde::{Deserialize, Serialize};

use super::{Problem, SCHEMA_VERSION};
use crate::logs::GroupStatus;
use crate::{logs, problem};

/// What `logs --format json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logs {
    /// Always 1.
    pub schema_version: u32,
    /// Lines read, over all inputs.
    pub lines: u64,
    /// Bytes read, over all inputs.
    pub bytes: u64,
    /// The ones that matter first.
    pub groups: Vec<LogGroup>,
    /// The deploy that the log is held against; null where no deploy time is known.
    pub deploy: Option<Deploy>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

/// Records that one statement printed, as far as their text tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// A stable name made from level and template.
    pub id: String,
    /// The constant part of the message, with `<*>` where values stood.
    pub template: String,
    /// `trace`, `debug`, `info`, `warn`, `error` or `fatal`.
    pub level: String,
    /// `log`, `warn`, `error`, `exception` or `panic`.
    pub kind: String,
    /// The logger or module that the records name.
    pub target: Option<String>,
    /// How many records.
    pub count: u64,
    /// How many of them before the deploy; null where no deploy time is known.
    pub count_before: Option<u64>,
    /// How many of them from the deploy on; null where no deploy time is known.
    pub count_after: Option<u64>,
    /// Line of the first record, from 1.
    pub first_line: u64,
    /// Line of the last record, from 1.
    pub last_line: u64,
    /// Time of the first record.
    pub first_seen: Option<String>,
    /// Time of the last record.
    pub last_seen: Option<String>,
    /// Whether it appeared after the deploy only; null where no deploy time is known.
    pub new_after_deploy: Option<bool>,
    /// `unknown`, `new`, `bursting`, `gone` or `steady`.
    pub status: String,
    /// Where it became frequent.
    pub burst: Option<Burst>,
    /// The statement that prints it.
    pub statement: Option<Statement>,
    /// The incident that it belongs to.
    pub incident: Option<String>,
    /// Made from the top frame of the service's own code and the kind, of records with a trace.
    pub fingerprint: Option<String>,
    /// The message of one record without stamp, level and logger, cut at 1,000 characters.
    pub message: String,
    /// One record as it stands in the log, cut at 400 characters.
    pub sample: String,
}

/// The deploy that a log is held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deploy {
    /// The time.
    pub at: String,
    /// `given`, `words`, `event`, `commit`, `banner` or `change_point`.
    pub how: String,
    /// What tells, in words.
    pub evidence: String,
}

/// Where a group became frequent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// The time.
    pub start: String,
    /// Records a minute before.
    pub rate_before: f64,
    /// Records a minute after.
    pub rate_after: f64,
}

/// A statement that prints a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The function around it.
    pub function: Option<String>,
}

impl Logs {
    /// Returns the document for one grouping.
    pub fn new(report: &logs::LogReport, problems: &[problem::Problem]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            lines: report.n_lines,
            bytes: report.n_bytes,
            groups: report.groups.iter().map(LogGroup::from).collect(),
            deploy: report.deploy.as_ref().map(|deploy| Deploy {
                at: deploy.at.clone(),
                how: deploy.how.as_str().to_owned(),
                evidence: deploy.evidence.clone(),
            }),
            problems: problems.iter().map(Problem::from).collect(),
        }
    }
}

impl From<&logs::LogGroup> for LogGroup {
    fn from(group: &logs::LogGroup) -> Self {
        Self {
            id: group.id.clone(),
            template: group.template.clone(),
            level: group.level.as_str().to_owned(),
            kind: group.kind.as_str().to_owned(),
            target: group.target.clone(),
            count: group.count,
            count_before: group.count_before,
            count_after: group.count_after,
            first_line: group.first_line,
            last_line: group.last_line,
            first_seen: group.first_seen.clone(),
            last_seen: group.last_seen.clone(),
            new_after_deploy: (group.status != GroupStatus::Unknown)
                .then_some(group.status == GroupStatus::New),
            status: group.status.as_str().to_owned(),
            burst: group.rates.as_ref().filter(|_| group.status == GroupStatus::Bursting).map(
                |rates| Burst {
                    start: rates.start.clone(),
                    rate_before: rates.before,
                    rate_after: rates.after,
                },
            ),
            statement: group.statements.first().map(|place| Statement {
                path: place.path.clone(),
                line: place.line,
                function: place.function.clone(),
            }),
            incident: None,
            fingerprint: group.trace.as_ref().map(|trace| trace.fingerprint.clone()),
            message: group.message.clone(),
            sample: group.sample.clone(),
        }
    }
}
