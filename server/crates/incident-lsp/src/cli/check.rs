//! `incident-lsp check`.

use std::process::ExitCode;

use anyhow::Context as _;
use incident_core::check::Verdict;
use incident_core::report;
use incident_host::checking::{CheckOptions, check_text};
use incident_host::workspace::Workspace;

use super::args::{CheckArgs, DataFormat, FailOn};
use super::{DONE, FINDINGS, Outcome, explain, input, job, output};

/// Runs the command.
pub(super) fn run(args: CheckArgs) -> Outcome {
    let (inputs, mut problems) = input::read_all(args.file.as_slice())?;
    let input = inputs.into_iter().next().context("nothing was read")?;
    let workspace = Workspace::open(&explain::root(&args.workspace)?);
    let name = input.name.clone();
    let options = CheckOptions {
        language: args.language.map(|language| language.name().to_owned()),
        file: args.file.filter(|file| file != "-"),
    };
    let (references, found) = job::run(move |cancel, stages| {
        stages.begin("Reading what the workspace depends on");
        check_text(&workspace, &input.text, &options, cancel)
    })?;
    problems.extend(found);
    match args.format {
        DataFormat::Text => {
            output::print_styled(&report::text::check(&name, &references, &problems))?;
        }
        DataFormat::Json => {
            let document = report::json::Check::new(&references, &problems);
            output::print(&report::json::to_string(&document))?;
        }
    }
    let found = references.iter().any(|reference| match args.fail_on {
        FailOn::Never => false,
        FailOn::Warning => reference.verdict.is_accusation(),
        FailOn::Note => reference.verdict != Verdict::Exists,
    });
    Ok(ExitCode::from(if found { FINDINGS } else { DONE }))
}
