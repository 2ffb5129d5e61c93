//! The benchmark of incident-lsp: scores a corpus folder and prints a table.

mod apis;
mod drift;
mod floor;
mod histories;
mod incident;
mod index;
mod logs;
mod published;
mod regressions;
mod table;
mod tally;
mod traces;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Scores a folder of cases and prints a table, with baselines on the same cases.
#[derive(Debug, Parser)]
#[command(name = "incident-eval", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Which change caused the incident, and which function holds the fault.
    Regressions(regressions::Args),
    /// How stack traces are read, and where their places lie in the published source.
    Traces(traces::Args),
    /// Whether invented APIs are caught and real ones left alone.
    Apis(apis::Args),
    /// How fast the symbols of a workspace are read.
    Index(index::Args),
    /// An incident folder: culprit, places, change points, from log, repository and metrics.
    Incident(incident::Args),
    /// Where the places of older traces lie in later source.
    Drift(drift::Args),
    /// How well a log's records are grouped, and what is new after a deploy.
    Logs(logs::Args),
}

/// How the figures are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables for a person.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Regressions(args) => regressions::run(&args),
        Command::Traces(args) => traces::run(&args),
        Command::Apis(args) => apis::run(&args),
        Command::Incident(args) => incident::run(&args),
        Command::Drift(args) => drift::run(&args),
        Command::Index(args) => index::run(&args),
        Command::Logs(args) => logs::run(&args),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write as _;
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "incident-eval: {error:#}");
            ExitCode::from(2)
        }
    }
}
