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
    /// Notes that a hypothesis was the cause, for the next time.
    Confirm,
    /// Returns a few redacted lines for the channel.
    CopySummary,
    /// Returns the redacted prompt of an incident, for a chat of one's own.
    CopyPrompt,
    /// Shows the same: what a model would get to see.
    ShowPrompt,
    /// Holds advice from anywhere against an incident.
    CheckSuggestion,
    /// Opens a fix, or the reverse of a commit, in a scratch worktree.
    OpenFix,
    /// Runs the check command in a scratch worktree.
    VerifyFix,
    /// Stops a check.
    CancelVerify,
    /// Shows all that a person signs a fix off with: the diff, the verdict, what to type.
    SignOff,
    /// Remembers that a fix mended the incident.
    FixWorked,
    /// Remembers that a fix did not.
    FixFailed,
    /// Takes back what was said last about an incident.
    TakeBack,
    /// Removes scratch worktrees.
    CleanScratch,
    /// Holds the names in a text against the versions that the lock file resolves.
    CheckApis,
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
        Command::SignOff,
        "incident.signOff",
        "Sign Off Fix",
        "sign-off",
        Some("fix --pull-request"),
    ),
    row(Command::FixWorked, "incident.fixWorked", "This Fixed It", "worked", Some("fix --worked")),
    row(
        Command::FixFailed,
        "incident.fixFailed",
        "This Did Not Fix It",
        "failed",
        Some("fix --failed"),
    ),
    row(Command::TakeBack, "incident.takeBack", "Take Back Answer", "undo", Some("fix --undo")),
    row(
        Command::CleanScratch,
        "incident.cleanScratch",
        "Remove Scratch Worktrees",
        "clean",
        Some("fix --clean"),
    ),
    row(
        Command::CheckApis,
        "incident.checkApis",
        "Check APIs in Selection",
        "check",
        Some("check"),
    ),
    row(Command::CopySummary, "incident.copySummary", "Copy Summary", "summary", None),
    row(Command::CopyPrompt, "incident.copyPrompt", "Copy Prompt", "prompt", None),
    row(
        Command::ShowPrompt,
        "incident.showPrompt",
        "Show Prompt",
        "show-prompt",
        Some("explain --show-prompt"),
    ),
    row(
        Command::CheckSuggestion,
        "incident.checkSuggestion",
        "Check Suggestion",
        "suggestion",
        None,
    ),
    row(Command::List, "incident.list", "List Incidents", "list", None),
    row(Command::Dismiss, "incident.dismiss", "Dismiss Incident", "dismiss", None),
    row(Command::Reopen, "incident.reopen", "Reopen Incident", "reopen", None),
    row(Command::Confirm, "incident.confirm", "Confirm Cause", "confirm", None),
    row(Command::Clear, "incident.clear", "Clear", "clear", None),
    row(Command::Status, "incident.status", "Status", "status", Some("doctor")),
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
    use std::path::Path;

    use super::{Row, TABLE};

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

    fn read(path: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        std::fs::read_to_string(root.join(path)).expect("the file is part of the repository")
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let rows: Vec<String> = TABLE
            .iter()
            .map(|row| {
                let Row { id, palette_title, verb, cli_verb, .. } = row;
                let cli = cli_verb.map_or(" ".to_owned(), |verb| format!(" `{verb}` "));
                format!("| `{id}` | {palette_title} | `{verb}` |{cli}|\n")
            })
            .collect();
        let page = read("server/docs/lsp-extensions.md");
        assert!(page.contains(&rows.concat()), "the table should be\n{}", rows.concat());
    }

    /// Returns the ids that stand between `before` and a quote.
    fn ids_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
        let parts = text.split(before).skip(1);
        parts.filter_map(|part| part.split(['"', '\'']).next()).collect()
    }

    #[test]
    fn the_editors_run_commands_that_exist() {
        let lua = read("editors/nvim/lua/incident/init.lua");
        let typescript = read("editors/vscode/src/commands.ts");
        let mut used = ids_after(&lua, "execute('");
        used.extend(ids_after(&lua, "command = '"));
        used.extend(ids_after(&typescript, "execute(\""));
        assert!(used.len() > 10, "{used:?}");
        for id in used {
            assert!(TABLE.iter().any(|row| row.id == id), "there is no command {id}");
        }
    }

    #[test]
    fn the_editors_have_the_same_names() {
        let package: serde_json::Value =
            serde_json::from_str(&read("editors/vscode/package.json")).expect("it is JSON");
        let commands = package["contributes"]["commands"].as_array().expect("it has commands");
        let titles: BTreeSet<&str> =
            commands.iter().filter_map(|command| command["title"].as_str()).collect();
        // What concerns the client alone.
        let own = ["Explain Clipboard", "Restart Server", "Show Server Log"];
        let expected = TABLE.iter().map(|row| row.palette_title).chain(own);
        assert_eq!(titles, expected.collect());

        let lua = read("editors/nvim/lua/incident/init.lua");
        let verbs = lua.split("M.verbs = {").nth(1).expect("it has verbs");
        let verbs = verbs.split("\n}\n").next().expect("the verbs end");
        let names = verbs.lines().filter_map(|line| {
            let name = line.strip_prefix("  ")?.strip_suffix(" = {")?;
            // A name with a hyphen is written `['like-this']`.
            let bare = name.strip_prefix("['").and_then(|name| name.strip_suffix("']"));
            Some(bare.unwrap_or(name)).filter(|name| !name.starts_with(' '))
        });
        let expected = TABLE.iter().map(|row| row.verb).chain(["paste"]);
        assert_eq!(names.collect::<BTreeSet<&str>>(), expected.collect());
    }

    #[test]
    fn the_command_line_knows_its_verbs() {
        let grammar = crate::cli::grammar();
        for cli_verb in TABLE.iter().filter_map(|row| row.cli_verb) {
            let mut words = cli_verb.split(" --");
            let verb = words.next().and_then(|verb| grammar.find_subcommand(verb));
            let verb = verb.unwrap_or_else(|| panic!("{cli_verb}"));
            for option in words {
                let known = verb.get_arguments().any(|it| it.get_long() == Some(option));
                assert!(known, "{cli_verb}");
            }
        }
    }
}
