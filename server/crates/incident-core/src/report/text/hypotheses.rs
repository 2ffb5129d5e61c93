//! The hypotheses: claim, evidence in its own words, what would disprove it, the fix.

use crate::hypothesis::{CheckedHypothesis, Evidence, HypothesisOrigin};
use crate::neutral;
use crate::present::words;
use crate::report::styled::{Role, Styled, width_of};

use super::{WIDTH, hang, heading};

/// How many quotes are printed.
const MAX_EVIDENCE: usize = 5;
/// Lines of a patch that are printed.
const MAX_PATCH_LINES: usize = 40;
/// The places of quotes stand in a column of at most this width.
const MAX_PLACE: usize = 34;

/// Prints the hypotheses, best first; `git` is how the person calls git on the workspace.
pub(super) fn list(out: &mut Styled, hypotheses: &[CheckedHypothesis], git: &str) {
    match hypotheses.len() {
        0 => return,
        1 => heading(out, "Hypothesis"),
        _ => heading(out, "Hypotheses"),
    }
    for (at, checked) in hypotheses.iter().enumerate() {
        if at > 0 {
            out.gap();
        }
        one(out, at + 1, checked, git);
    }
}

fn one(out: &mut Styled, number: usize, checked: &CheckedHypothesis, git: &str) {
    let claim = checked.hypothesis();
    let mut sure = words::likelihood(claim.confidence).to_owned();
    if let HypothesisOrigin::Model(name) = &claim.origin {
        sure.push_str(&format!(", from the model {}", neutral::headline(name, 40)));
    }
    out.put(Role::Strong, &format!("  {number}. "));
    hang(out, Role::Strong, &format!("{} ({sure})", neutral::one_line(&claim.title)), 5);
    out.fill(Role::Plain, &claim.explanation, 5, WIDTH);
    let column =
        claim.evidence.iter().take(MAX_EVIDENCE).map(|it| width_of(&short_place(it))).max();
    for evidence in claim.evidence.iter().take(MAX_EVIDENCE) {
        let place = short_place(evidence);
        let padding = column.unwrap_or(0).saturating_sub(width_of(&place));
        out.put(Role::Dim, "     > ")
            .put(Role::Place, &place)
            .put(Role::Plain, &" ".repeat(padding + 2));
        let room = WIDTH.saturating_sub(out.current_width());
        out.line(Role::Plain, &neutral::headline(&evidence.quote, room.max(20)));
    }
    if claim.evidence.len() > MAX_EVIDENCE {
        let more = words::count(claim.evidence.len() - MAX_EVIDENCE, "more quote");
        out.line(Role::Dim, &format!("     … {more}"));
    }
    for disproof in claim.would_disprove.iter().take(2) {
        labelled(out, "Wrong if: ", disproof);
    }
    for validation in claim.validation.iter().take(2) {
        labelled(out, "Right if: ", &validation.prediction);
        if let Some(command) = &validation.command {
            // As it is typed where the person stands.
            let command = match command.strip_prefix("git ") {
                Some(rest) => format!("{git} {rest}"),
                None => command.clone(),
            };
            out.put(Role::Plain, "       $ ").line(Role::Command, &command);
        }
    }
    for note in &claim.notes {
        labelled(out, "Note: ", note);
    }
    if let Some(fix) = &claim.fix {
        labelled(out, "Fix: ", &fix.summary);
        patch(out, &fix.patch);
    }
    for finding in checked.findings().iter().filter(|it| it.reference.verdict.is_accusation()) {
        out.put(Role::Alarm, "     Not in your versions: ");
        hang(out, Role::Plain, &finding.message, 7);
    }
}

fn labelled(out: &mut Styled, label: &str, text: &str) {
    out.put(Role::Dim, &format!("     {label}"));
    hang(out, Role::Plain, text, 7);
}

/// Names where a quote stands: `src/pool.rs:9`, `1a2b3c4 src/pool.rs`.
pub(in crate::report) fn place(evidence: &Evidence) -> String {
    let at = &evidence.location;
    match (&at.commit, at.line) {
        (Some(commit), Some(line)) => format!("{} {}:{line}", commit.short(), at.path),
        (Some(commit), None) => format!("{} {}", commit.short(), at.path),
        (None, Some(line)) => format!("{}:{line}", at.path),
        (None, None) => at.path.clone(),
    }
}

fn short_place(evidence: &Evidence) -> String {
    neutral::shorten_start(&place(evidence), MAX_PLACE)
}

fn patch(out: &mut Styled, patch: &str) {
    let n_lines = patch.lines().count();
    for line in patch.lines().take(MAX_PATCH_LINES) {
        let role = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] | [b'@', ..] => Role::Dim,
            [b'+', ..] => Role::Added,
            [b'-', ..] => Role::Removed,
            _ => Role::Plain,
        };
        let line = neutral::shorten(line, 400);
        out.put(Role::Plain, "       ").line(role, line.trim_end());
    }
    if n_lines > MAX_PATCH_LINES {
        let more = words::count(n_lines - MAX_PATCH_LINES, "more line");
        out.line(Role::Dim, &format!("       … {more}, see --format json"));
    }
}
