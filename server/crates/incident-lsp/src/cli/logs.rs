//! `incident-lsp logs`.

use std::process::ExitCode;

use incident_core::report;

use super::args::{DataFormat, LogsArgs};
use super::{DONE, Outcome, input, job, output};

/// Runs the command.
pub(super) fn run(args: &LogsArgs) -> Outcome {
    let (inputs, mut problems) = input::read_all(&args.files)?;
    let (report, found) = job::run(move |cancel, stages| {
        stages.begin("grouping the log");
        incident_core::logs::group(&inputs, cancel)
    })?;
    problems.extend(found);
    match args.format {
        DataFormat::Text => output::print_styled(&report::text::logs(&report, &problems))?,
        DataFormat::Json => {
            output::print(&report::json::to_string(&report::json::Logs::new(&report, &problems)))?;
        }
    }
    Ok(ExitCode::from(DONE))
}
