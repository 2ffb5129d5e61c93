//! What to do next: commands that a person can type as they stand.

use crate::history::DeployedHow;
use crate::hypothesis::CheckedHypothesis;
use crate::present::{ExplainedIncident, words};
use crate::report::styled::{Role, Styled};

use super::{Typed, heading};

/// Prints up to four commands, each with what it does.
pub(super) fn steps(out: &mut Styled, explained: &ExplainedIncident, typed: &Typed) {
    let steps = list(explained, typed);
    if steps.is_empty() {
        return;
    }
    heading(out, "Next");
    for (command, why) in &steps {
        out.line(Role::Dim, &format!("  {why}"));
        // On a line of its own, so that it can be copied whole however long its paths are.
        out.put(Role::Plain, "    ").line(Role::Command, command);
    }
}

fn list(explained: &ExplainedIncident, typed: &Typed) -> Vec<(String, &'static str)> {
    let incident = &explained.incident;
    let Typed { explain, fix, git } = typed;
    let mut steps = Vec::new();
    let with_fix = explained.hypotheses.iter().position(CheckedHypothesis::fix_is_ready);
    if let (Some(fix), Some(at)) = (fix, with_fix) {
        let command = format!("{fix} {} {}", incident.id, at + 1);
        steps.push((command, "opens the fix on a branch of its own, beside your tree"));
    }
    if let Some(suspect) = incident.suspects.commits.first() {
        steps.push((format!("{git} show {}", suspect.commit.short()), "what the suspect changed"));
    }
    let site = incident.traces.iter().find_map(words::site);
    if let Some(place) = site.and_then(|site| site.resolution.place.as_ref())
        && let Some(item) = &place.item
        && is_plain(&place.path)
        && incident.deployed.as_ref().is_some_and(|deployed| deployed.commit.is_some())
    {
        let lines = format!("{},{}", item.start_line, item.end_line);
        let log = format!("{git} log -L{lines}:{}", place.path);
        steps.push((log, "how this function came to be"));
    }
    if incident.deployed.as_ref().is_some_and(|deployed| deployed.how == DeployedHow::Head) {
        steps.push((format!("{explain} --deployed REV"), "if another version than HEAD ran"));
    }
    steps
}

/// A path that means the same to every shell without quotes.
fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'))
        && !path.starts_with('-')
}
