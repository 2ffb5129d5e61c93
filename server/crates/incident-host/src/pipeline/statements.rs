//! The statements behind a log's groups.

use std::collections::BTreeSet;

use incident_core::cancel::Cancel;
use incident_core::history::History;
use incident_core::logs::{Level, LogReport};
use incident_core::problem::Problem;
use incident_core::statements;

use crate::source::Listing;
use crate::workspace::Workspace;

/// Ties the groups of `report` to the statements of the workspace that can have printed them.
///
/// Nothing is read where there is no group.
pub fn attach_statements(
    report: &mut LogReport,
    workspace: &Workspace,
    listing: &Listing,
    cancel: &Cancel,
) -> Vec<Problem> {
    if report.groups.is_empty() {
        return Vec::new();
    }
    let (index, problems) = workspace.statements().update(workspace, listing, cancel);
    statements::attach(report, &index, cancel);
    problems
}

/// Says whether a log has more to tell than its traces: the statements of a bare paste of a trace
/// are its frames.
pub(super) fn are_worthwhile(report: &LogReport) -> bool {
    report.groups.iter().any(|group| {
        group.trace.is_none() && (group.first_seen.is_some() || group.level >= Level::Warn)
    })
}

/// How many files with statements that print errors are read.
const MAX_FILES: usize = 40;

/// Returns the files whose statements print the log's errors and warnings.
pub(super) fn files_of_errors(report: &LogReport) -> BTreeSet<String> {
    let severe = report.groups.iter().filter(|group| group.level >= Level::Warn);
    let places = severe.filter_map(|group| group.statements.first());
    places.take(MAX_FILES).map(|place| place.path.clone()).collect()
}

/// Returns the settings files that the commits changed: a fault without a trace may lie there.
pub(super) fn settings_files(history: &History) -> BTreeSet<String> {
    let changes = history.config.values().flatten();
    changes.map(|change| change.path.clone()).take(MAX_FILES).collect()
}
