//! `incident-lsp help`: the offline page of each diagnostic code, what error codes mean, and the
//! help of each command.

use std::process::ExitCode;

use anyhow::bail;
use clap::CommandFactory as _;
use incident_core::error_codes;
use incident_core::present::Code;

use super::args::Args;
use super::{DONE, Outcome, output};

/// Runs the command.
pub(super) fn run(topic: &Option<String>) -> Outcome {
    let mut commands = Args::command();
    // Fills in what every command inherits, such as its full name in the usage line.
    commands.build();
    match topic.as_deref() {
        None => {
            let help = commands.render_long_help();
            output::print(&format!("{}\n{}", help.ansi(), list_of_codes()))?;
        }
        Some(topic) => match (Code::from_id(topic), commands.find_subcommand_mut(topic)) {
            (Some(code), _) => output::print(page(code))?,
            (None, Some(command)) => {
                output::print(&command.render_long_help().ansi().to_string())?;
            }
            (None, None) => match error_codes(topic) {
                Some(page) => output::print(&page)?,
                None => bail!(
                    "there is no help on `{topic}`: it is no command, no error code that is known \
                     here and none of the codes {}",
                    Code::ALL.map(Code::as_str).join(", ")
                ),
            },
        },
    }
    Ok(ExitCode::from(DONE))
}

/// Returns the page of a code; the same text is in the repository under `server/docs/codes`.
fn page(code: Code) -> &'static str {
    match code {
        Code::CrashSite => include_str!("../../../../docs/codes/crash-site.md"),
        Code::SuspectLine => include_str!("../../../../docs/codes/suspect-line.md"),
        Code::Hypothesis => include_str!("../../../../docs/codes/hypothesis.md"),
        Code::MissingApi => include_str!("../../../../docs/codes/missing-api.md"),
        Code::TriedBefore => include_str!("../../../../docs/codes/tried-before.md"),
        Code::FixLoop => include_str!("../../../../docs/codes/fix-loop.md"),
        Code::HostileText => include_str!("../../../../docs/codes/hostile-text.md"),
    }
}

/// Says what an error code of another program means: `ECONNREFUSED`, `137`, `40P01`.
fn error_codes(topic: &str) -> Option<String> {
    let found = error_codes::lookup(topic);
    let lines: Vec<String> = found
        .iter()
        .map(|code| format!("{}\n  ({})\n", code.line(), code.family.source()))
        .collect();
    (!lines.is_empty()).then(|| lines.concat())
}

fn list_of_codes() -> String {
    let lines = Code::ALL.map(|code| {
        let summary = page(code).lines().map(str::trim).filter(|line| !line.is_empty()).nth(1);
        format!("  {:<13} {}\n", code.as_str(), summary.unwrap_or_default())
    });
    format!("Codes (`incident-lsp help CODE`):\n{}", lines.concat())
}
