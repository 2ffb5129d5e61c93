//! What to do next: commands that a person can type as they stand.

use crate::history::DeployedHow;
use crate::present::{ExplainedIncident, words};
use crate::report::styled::{Role, Styled, width_of};

use super::{Typed, heading};

/// Prints up to four commands, each with what it does.
pub(super) fn steps(out: &mut Styled, explained: &ExplainedIncident, typed: &Typed) {
    let steps = list(explained, typed);
    if steps.is_empty() {
        return;
    }
    heading(out, "Next");
    let column = steps.iter().map(|(command, _)| width_of(command)).max().unwrap_or(0).min(58);
    for (command, why) in &steps {
        let padding = column.saturating_sub(width_of(command));
        out.put(Role::Plain, "  ").put(Role::Command, command);
        if out.current_width() > 60 {
            out.end_line().put(Role::Plain, "  ").put(Role::Plain, &" ".repeat(column));
        } else {
            out.put(Role::Plain, &" ".repeat(padding));
        }
        out.line(Role::Dim, &format!("  {why}"));
    }
}

fn list(explained: &ExplainedIncident, typed: &Typed) -> Vec<(String, &'static str)> {
    let incident = &explained.incident;
    let Typed { explain, git } = typed;
    let mut steps = Vec::new();
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
    if explained.hypotheses.iter().any(|checked| checked.hypothesis().fix.is_some()) {
        steps
            .push((format!("{explain} --format json"), "the same for scripts, the fix as a patch"));
    }
    steps
}

/// A path that means the same to every shell without quotes.
fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'))
        && !path.starts_with('-')
}
