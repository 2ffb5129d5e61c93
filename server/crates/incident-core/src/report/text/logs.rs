//! A log's groups for a terminal: one line each, the ones that matter first.

use crate::logs::{Level, LogReport};
use crate::neutral;
use crate::present::words;
use crate::problem::Problem;
use crate::report::styled::{Role, Styled};

use super::WIDTH;

/// More groups than this are told by number.
const MAX_GROUPS: usize = 40;

/// Renders a log's groups for a terminal.
pub fn logs(report: &LogReport, problems: &[Problem]) -> Styled {
    let mut out = Styled::new();
    let lines = words::count(usize::try_from(report.n_lines).unwrap_or(usize::MAX), "line");
    let groups = words::count(report.groups.len(), "group");
    out.line(Role::Heading, &format!("{groups} in {lines}"));
    for group in report.groups.iter().take(MAX_GROUPS) {
        let role = match group.level {
            Level::Error | Level::Fatal => Role::Alarm,
            Level::Warn => Role::Doubt,
            _ => Role::Dim,
        };
        out.put(role, &format!("{:>9} {:<5} ", group.count, group.level.as_str()));
        let place = match group.first_line == group.last_line {
            true => format!("{}:{}", group.input, group.first_line),
            false => format!("{}:{}-{}", group.input, group.first_line, group.last_line),
        };
        out.line(Role::Place, &place);
        out.put(Role::Plain, "          ");
        out.line(Role::Plain, &neutral::headline(&group.template, WIDTH - 10));
    }
    if report.groups.len() > MAX_GROUPS {
        let more = words::count(report.groups.len() - MAX_GROUPS, "more group");
        out.line(Role::Dim, &format!("          … {more}, see --format json"));
    }
    super::problems(&mut out, problems);
    out
}
