//! The commands: one table for the protocol, the palette, `:Incident` and the command line.
//!
//! The editors' manifests are held against it by a test.

/// A command that a client can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Explains a text, a document, a range of it.
    Explain,
    /// Takes incidents away, one or all.
    Clear,
    /// Lists what was explained.
    List,
    /// Shows the whole report of one incident.
    Report,
    /// Puts an incident aside: it shows nothing more.
    Dismiss,
    /// Takes up an incident that was put aside.
    Reopen,
    /// Returns a few redacted lines for the channel.
    CopySummary,
    /// Opens a fix, or the reverse of a commit, in a scratch worktree.
    OpenFix,
    /// Runs the check command in a scratch worktree.
    VerifyFix,
    /// Stops a check.
    CancelVerify,
    /// Removes scratch worktrees.
    CleanScratch,
    /// Says what the server sees: folders, trust, what is open and what runs.
    Status,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The command.
    pub(crate) command: Command,
    /// Its id in `workspace/executeCommand`.
    pub(crate) id: &'static str,
    /// Its title in a command palette, after `Incident: `.
    pub(crate) palette_title: &'static str,
    /// Its verb after `:Incident`.
    pub(crate) verb: &'static str,
    /// What does the same on the command line.
    pub(crate) cli_verb: Option<&'static str>,
}

/// The table, in the order of the documentation.
pub(crate) const TABLE: &[Row] = &[
    row(Command::Explain, "incident.explain", "Explain Incident Here", "explain", Some("explain")),
    row(Command::Report, "incident.report", "Show Report", "report", None),
    row(Command::OpenFix, "incident.openFix", "Open Fix in Scratch Worktree", "fix", Some("fix")),
    row(Command::VerifyFix, "incident.verifyFix", "Verify Fix", "verify", Some("fix --verify")),
    row(Command::CancelVerify, "incident.cancelVerify", "Cancel Verification", "cancel", None),
    row(
        Command::CleanScratch,
        "incident.cleanScratch",
        "Remove Scratch Worktrees",
        "clean",
        Some("fix --clean"),
    ),
    row(Command::CopySummary, "incident.copySummary", "Copy Summary", "summary", None),
    row(Command::List, "incident.list", "List Incidents", "list", None),
    row(Command::Dismiss, "incident.dismiss", "Dismiss Incident", "dismiss", None),
    row(Command::Reopen, "incident.reopen", "Reopen Incident", "reopen", None),
    row(Command::Clear, "incident.clear", "Clear Incidents", "clear", None),
    row(Command::Status, "incident.status", "Show Status", "status", Some("doctor")),
];

const fn row(
    command: Command,
    id: &'static str,
    palette_title: &'static str,
    verb: &'static str,
    cli_verb: Option<&'static str>,
) -> Row {
    Row { command, id, palette_title, verb, cli_verb }
}

impl Command {
    /// Returns the command with this id.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.id == id).map(|row| row.command)
    }

    /// Returns its id.
    pub(crate) fn id(self) -> &'static str {
        TABLE
            .iter()
            .find(|row| row.command == self)
            .map(|row| row.id)
            .expect("every command has a row")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TABLE;

    #[test]
    fn names_are_used_once() {
        let ids: BTreeSet<&str> = TABLE.iter().map(|row| row.id).collect();
        let titles: BTreeSet<&str> = TABLE.iter().map(|row| row.palette_title).collect();
        let verbs: BTreeSet<&str> = TABLE.iter().map(|row| row.verb).collect();
        assert_eq!([ids.len(), titles.len(), verbs.len()], [TABLE.len(); 3]);
    }

    #[test]
    fn every_command_has_a_row_and_only_one() {
        for row in TABLE {
            assert_eq!(row.command.id(), row.id);
        }
    }
}
