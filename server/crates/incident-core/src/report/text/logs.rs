//! A log's groups for a terminal, on one screen: what a deploy changed on top, then what is severe.

use crate::logs::{GroupStatus, Level, LogGroup, LogReport, Minute};
use crate::neutral;
use crate::present::words;
use crate::problem::Problem;
use crate::report::styled::{Role, Styled};

use super::WIDTH;

/// How many groups a section shows; more are told by number.
const MAX_GROUPS: usize = 10;

/// How many marks the course over time has.
const N_MARKS: usize = 12;

/// Renders a log's groups for a terminal.
pub fn logs(report: &LogReport, problems: &[Problem]) -> Styled {
    let mut out = Styled::new();
    let lines = words::count(usize::try_from(report.n_lines).unwrap_or(usize::MAX), "line");
    let groups = words::count(report.groups.len(), "group");
    out.line(Role::Heading, &format!("{groups} in {lines}"));
    if let (Some(first), Some(last)) = (&report.first_seen, &report.last_seen) {
        out.line(Role::Dim, &format!("from {} to {}", seconds(first), seconds(last)));
    }
    if let Some(deploy) = &report.deploy {
        let evidence = neutral::headline(&deploy.evidence, WIDTH - 30);
        out.line(Role::Dim, &format!("deploy at {} ({evidence})", seconds(&deploy.at)));
    }
    let is_severe = |group: &&LogGroup| group.level >= Level::Warn;
    let with = |status: GroupStatus| {
        report.groups.iter().filter(is_severe).filter(move |it| it.status == status)
    };
    section(&mut out, "New since the deploy", with(GroupStatus::New), report);
    section(&mut out, "Far more often since", with(GroupStatus::Bursting), report);
    section(&mut out, "Gone since", with(GroupStatus::Gone), report);
    let is_rest = |it: &&LogGroup| matches!(it.status, GroupStatus::Steady | GroupStatus::Unknown);
    let severe = report.groups.iter().filter(is_severe).filter(is_rest);
    let title = if report.deploy.is_some() { "As before" } else { "Warnings and errors" };
    section(&mut out, title, severe, report);
    section(&mut out, "Other", report.groups.iter().filter(|it| !is_severe(it)), report);
    super::problems(&mut out, problems);
    out
}

fn section<'a>(
    out: &mut Styled,
    title: &str,
    groups: impl Iterator<Item = &'a LogGroup>,
    report: &LogReport,
) {
    let groups: Vec<&LogGroup> = groups.collect();
    if groups.is_empty() {
        return;
    }
    out.line(Role::Plain, "");
    out.line(Role::Strong, title);
    for group in groups.iter().take(MAX_GROUPS) {
        row(out, group, report);
    }
    if groups.len() > MAX_GROUPS {
        let more = words::count(groups.len() - MAX_GROUPS, "more group");
        out.line(Role::Dim, &format!("          … {more}, see --format json"));
    }
}

fn row(out: &mut Styled, group: &LogGroup, report: &LogReport) {
    let role = match group.level {
        Level::Error | Level::Fatal => Role::Alarm,
        Level::Warn => Role::Doubt,
        _ => Role::Dim,
    };
    out.put(role, &format!("{:>9} {:<5} ", group.count, group.level.as_str()));
    out.put(Role::Dim, &course(&group.minutes, report));
    let place = match group.first_line == group.last_line {
        true => format!("{}:{}", group.input, group.first_line),
        false => format!("{}:{}-{}", group.input, group.first_line, group.last_line),
    };
    let place = neutral::headline(&place, WIDTH - 40);
    out.put(Role::Place, &place);
    if let Some(rates) = group.rates.as_ref().filter(|_| group.status == GroupStatus::Bursting) {
        out.put(Role::Dim, &format!(" {:.1} -> {:.1} a minute", rates.before, rates.after));
    }
    out.line(Role::Plain, "");
    out.put(Role::Plain, "          ");
    let target = group.target.as_ref().map(|target| format!("{target}: ")).unwrap_or_default();
    out.line(Role::Plain, &neutral::headline(&format!("{target}{}", group.template), WIDTH - 10));
    if let Some(statement) = group.statements.first().filter(|it| !it.is_tied) {
        out.put(Role::Plain, "          ");
        out.line(
            Role::Place,
            &neutral::headline(&format!("{}:{}", statement.path, statement.line), WIDTH - 10),
        );
    }
}

/// Returns the course of a group over the time of the log, in marks of rising height.
fn course(minutes: &[Minute], report: &LogReport) -> String {
    const MARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let all = || report.groups.iter().flat_map(|group| &group.minutes).map(|it| it.minute);
    let (Some(first), Some(last)) = (all().min(), all().max()) else { return String::new() };
    if minutes.is_empty() || first == last {
        return String::new();
    }
    let length = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
    let mut sums = [0_u64; N_MARKS];
    for it in minutes {
        let at = usize::try_from(it.minute - first).unwrap_or(0);
        let mark = at.saturating_mul(N_MARKS) / length;
        if let Some(sum) = sums.get_mut(mark.min(N_MARKS - 1)) {
            *sum += it.count;
        }
    }
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let mark = |sum: &u64| match *sum {
        0 => ' ',
        sum => {
            let height = (sum * (MARKS.len() as u64 - 1)).div_ceil(most);
            usize::try_from(height).ok().and_then(|at| MARKS.get(at)).copied().unwrap_or('█')
        }
    };
    sums.iter().map(mark).chain(" ".chars()).collect()
}

/// Returns a time to the second.
fn seconds(time: &str) -> String {
    match (time.get(..19), time.len()) {
        (Some(whole), 20..) => format!("{whole}Z"),
        _ => time.to_owned(),
    }
}
