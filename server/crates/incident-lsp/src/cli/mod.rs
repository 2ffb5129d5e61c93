//! The command line: reads arguments and inputs, runs the pipeline, prints reports.
//!
//! Nothing here decides what an incident means. Reports go to standard output, everything else to
//! standard error, and an error is one sentence that says what failed, where, and what to do.

mod args;
mod changes;
mod check;
mod command_line;
mod doctor;
mod explain;
mod fix;
mod forget;
mod help;
mod input;
mod job;
mod links;
mod logs;
mod mcp;
mod output;
mod postmortem;
mod sample;
mod trust;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Args, Command};

/// Everything went as asked.
const DONE: u8 = 0;
/// Findings at or above `--fail-on`.
const FINDINGS: u8 = 1;
/// Bad usage or input.
const BAD_INPUT: u8 = 2;
/// What shells report for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// How a command ended, where it did not fail.
type Outcome = anyhow::Result<ExitCode>;

/// Runs the program; `serve` is the language server.
pub(crate) fn main(serve: fn() -> io::Result<ExitCode>) -> ExitCode {
    match run(std::env::args_os().collect(), serve) {
        Ok(code) => code,
        Err(err) if output::is_broken_pipe(&err) => ExitCode::from(DONE),
        Err(err) if err.is::<job::Interrupted>() => {
            output::error(&err);
            ExitCode::from(INTERRUPTED)
        }
        Err(err) => {
            output::error(&err);
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// Returns the arguments as clap knows them.
#[cfg(test)]
pub(crate) fn grammar() -> clap::Command {
    Args::command()
}

fn run(argv: Vec<OsString>, serve: fn() -> io::Result<ExitCode>) -> Outcome {
    let args = match Args::try_parse_from(argv) {
        Ok(args) => args,
        Err(err) => {
            // Clap knows which of its messages are answers (`--help`) and which are errors.
            err.print()?;
            return Ok(ExitCode::from(if err.use_stderr() { BAD_INPUT } else { DONE }));
        }
    };
    let Some(command) = args.command else {
        if io::stdin().is_terminal() {
            output::print(&Args::command().render_long_help().ansi().to_string())?;
            return Ok(ExitCode::from(DONE));
        }
        return Ok(serve()?);
    };
    match command {
        Command::Serve { .. } => Ok(serve()?),
        Command::Explain(args) => explain::run(&args),
        Command::Fix(args) => fix::run(args),
        Command::Changes(args) => changes::run(&args),
        Command::Logs(args) => logs::run(&args),
        Command::Check(args) => check::run(args),
        Command::Postmortem(args) => postmortem::run(&args),
        Command::Doctor { init: true, workspace } => doctor::init(&workspace),
        Command::Doctor { workspace, .. } => doctor::run(&workspace),
        Command::Trust { list: true, .. } => trust::list(),
        Command::Trust { dir, remove: true, .. } => trust::remove(dir),
        Command::Trust { dir, .. } => trust::add(dir),
        Command::Forget { incident: Some(id), workspace, .. } => forget::one(&id, &workspace),
        Command::Forget { .. } => forget::all(),
        Command::Mcp(args) => mcp::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "incident-lsp", &mut script);
            output::print(&String::from_utf8_lossy(&script))?;
            Ok(ExitCode::from(DONE))
        }
        Command::Help { topic } => help::run(&topic),
    }
}
