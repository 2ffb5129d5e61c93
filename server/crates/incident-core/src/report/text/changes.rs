//! What changed, for a terminal: a line for each commit, and the settings that it changed.

use crate::changes::Changes;
use crate::config_changes::ConfigChange;
use crate::history::Commit;
use crate::neutral;
use crate::present::words;
use crate::report::styled::{Role, Styled};

use super::{hang, heading};

/// More commits than this are told by number.
const MAX_COMMITS: usize = 60;
/// More settings of one commit than this are told by number.
const MAX_SETTINGS: usize = 12;

/// Renders what changed for a terminal.
pub fn changes(changes: &Changes) -> Styled {
    let mut out = Styled::new();
    if let Some(deployed) = changes.deployed.as_ref().and_then(|it| it.commit.as_ref()) {
        let count = words::count(changes.commits.len(), "commit");
        let title = format!("{count} up to {} ({})", deployed.short(), changes.bounds);
        out.line(Role::Headline, &title);
    }
    if let Some(suspects) = &changes.suspects {
        super::suspects_of(&mut out, suspects);
    }
    if !changes.compared.is_empty() {
        heading(&mut out, "Between the two states");
        settings(&mut out, &changes.compared);
    }
    if !changes.commits.is_empty() {
        heading(&mut out, "Commits");
        for commit in changes.commits.iter().take(MAX_COMMITS) {
            one(&mut out, commit, changes);
        }
        if changes.commits.len() > MAX_COMMITS {
            let more = words::count(changes.commits.len() - MAX_COMMITS, "more commit");
            out.line(Role::Dim, &format!("  … {more}, see --format json"));
        }
    }
    super::problems(&mut out, &changes.problems);
    out
}

fn one(out: &mut Styled, commit: &Commit, changes: &Changes) {
    let subject = neutral::headline(&commit.subject, 70);
    out.put(Role::Place, &format!("  {}", commit.id.short())).put(Role::Plain, " ");
    out.put(Role::Plain, &subject);
    let files = words::count(commit.n_files, "file");
    out.line(Role::Dim, &format!("  {}, {files}", words::day(commit.author_time)));
    if let Some(changed) = changes.config.get(&commit.id) {
        settings(out, changed);
    }
}

fn settings(out: &mut Styled, changed: &[ConfigChange]) {
    for change in changed.iter().take(MAX_SETTINGS) {
        out.put(Role::Dim, &format!("    {:<8}", change.kind.as_str()));
        out.put(Role::Place, &format!("{}:{} ", change.path, change.line));
        hang(out, Role::Plain, &change.shown(), 14);
    }
    if changed.len() > MAX_SETTINGS {
        let more = changed.len() - MAX_SETTINGS;
        out.line(Role::Dim, &format!("    … {more} more"));
    }
}
