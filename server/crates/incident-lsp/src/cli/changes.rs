//! `incident-lsp changes`.

use std::process::ExitCode;

use incident_core::changes::Changes;
use incident_core::config_changes::{self, FileStates};
use incident_core::input::RawInput;
use incident_core::problem::Problem;
use incident_core::report;
use incident_host::pipeline::{self, ExplainOptions, Update};
use incident_host::workspace::Workspace;

use super::args::{ChangesArgs, DataFormat};
use super::{DONE, Outcome, explain, input, job, output};

/// Runs the command.
pub(super) fn run(args: &ChangesArgs) -> Outcome {
    let (inputs, mut problems) = match args.inputs.is_empty() {
        // Unlike `explain`, this command has an answer without an input.
        true => (Vec::new(), Vec::new()),
        false => input::read_all(&args.inputs)?,
    };
    let mut compared = Vec::new();
    if let [before, after] = args.changed.as_slice() {
        let (before, after) = both(before, after, &mut problems)?;
        let name = after.name.clone();
        let states = FileStates { before: Some(before.text), after: Some(after.text) };
        compared = config_changes::diff(&name, &states);
    }
    if let (Some(good), Some(bad)) = (&args.last_good_build, &args.build) {
        let (good, bad) = both(good, bad, &mut problems)?;
        compared.extend(config_changes::between_builds(&bad.name, &good.text, &bad.text));
    }
    let root = explain::root(&args.workspace)?;
    let options = ExplainOptions {
        deployed: args.deployed.clone(),
        since: args.since.clone(),
        ..ExplainOptions::default()
    };
    let workspace = Workspace::open(&root);
    let mut changes: Changes = job::run(move |cancel, stages| {
        pipeline::changes(inputs, &workspace, &options, cancel, &mut |update| {
            if let Update::Stage(stage) = update {
                stages.begin(stage);
            }
        })
    })?;
    changes.problems.splice(0..0, problems);
    changes.compared = compared;
    match args.format {
        DataFormat::Text => output::print_styled(&report::text::changes(&changes))?,
        DataFormat::Json => {
            output::print(&report::json::to_string(&report::json::Changes::new(&changes)))?;
        }
    }
    Ok(ExitCode::from(DONE))
}

/// Reads two states of one thing.
fn both(
    before: &str,
    after: &str,
    problems: &mut Vec<Problem>,
) -> anyhow::Result<(RawInput, RawInput)> {
    let (before, found_before) = input::read(before)?;
    let (after, found_after) = input::read(after)?;
    problems.extend(found_before.into_iter().chain(found_after));
    Ok((before, after))
}
