//! `incident-lsp logs`.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use incident_core::logs::{LogReport, Tallied};
use incident_core::problem::Problem;
use incident_core::report;
use incident_host::logs::{Follower, LogOptions};
use incident_host::pipeline::attach_statements;
use incident_host::source;
use incident_host::workspace::Workspace;

use super::args::{DataFormat, LogsArgs};
use super::{DONE, Outcome, explain, job, output};

/// How long a follower waits between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs the command.
pub(super) fn run(args: &LogsArgs) -> Outcome {
    let options = LogOptions {
        deploy_at: args.deploy_at.clone(),
        zone: args.tz.clone(),
        severe_only: args.severe,
        ..LogOptions::default()
    };
    if args.follow {
        return follow(args, &options);
    }
    let names = args.files.clone();
    let root = args.workspace.workspace.is_some().then(|| explain::root(&args.workspace));
    let root = root.transpose()?;
    let tallied = job::run(move |cancel, stages| {
        stages.begin("grouping the log");
        let mut tallied = incident_host::logs::read(&names, &options, cancel);
        if let Some(root) = root {
            stages.begin("finding the statements");
            let workspace = Workspace::open(&root);
            let (listing, problems) = source::list(workspace.root(), cancel);
            tallied.problems.extend(problems);
            let report = &mut tallied.report;
            tallied.problems.extend(attach_statements(report, &workspace, &listing, cancel));
        }
        tallied
    })?;
    if tallied.report.n_bytes == 0 {
        let told = tallied.problems.first().map(|problem| format!(": {}", problem.message));
        bail!("{} holds no text{}", args.files.join(", "), told.unwrap_or_default());
    }
    print(args.format, &tallied.report, &tallied.problems)?;
    Ok(ExitCode::from(DONE))
}

fn print(format: DataFormat, report: &LogReport, problems: &[Problem]) -> io::Result<()> {
    match format {
        DataFormat::Text => output::print_styled(&report::text::logs(report, problems)),
        DataFormat::Json => {
            output::print(&report::json::to_string(&report::json::Logs::new(report, problems)))
        }
    }
}

/// Shows the groups each time that lines came, until Ctrl-C or a closed pipe.
fn follow(args: &LogsArgs, options: &LogOptions) -> Outcome {
    let [name] = args.files.as_slice() else {
        bail!("--follow follows one file: name it alone");
    };
    if name == "-" {
        bail!("--follow follows a file: standard input cannot be looked at again");
    }
    let (mut follower, mut problems) = Follower::new(Path::new(name), options);
    let (format, is_terminal) = (args.format, io::stdout().is_terminal());
    job::run(move |cancel, _| -> io::Result<()> {
        let mut is_first = true;
        while !cancel.is_cancelled() {
            let look = follower.look(cancel);
            let is_news = look.n_bytes > 0 || !look.problems.is_empty() || is_first;
            problems.extend(look.problems);
            problems.dedup();
            if is_news {
                let Tallied { report, problems: found, .. } = follower.report();
                let problems: Vec<Problem> = problems.iter().cloned().chain(found).collect();
                if is_terminal {
                    // Home, and the screen below it cleared.
                    output::print("\x1b[H\x1b[J")?;
                }
                print(format, &report, &problems)?;
            }
            is_first = false;
            // No system tells of a file's growth everywhere: on network disks only a look does.
            std::thread::park_timeout(PAUSE);
        }
        Ok(())
    })??;
    Ok(ExitCode::from(DONE))
}
