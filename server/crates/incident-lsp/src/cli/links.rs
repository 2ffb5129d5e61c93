//! Links among the inputs: fetched once the person has given them, in the order of the command line.

use std::path::Path;

use anyhow::bail;
use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::problem::Problem;
use incident_host::clock;
use incident_host::command::Environment;
use incident_host::config;
use incident_host::links::{self, Context, Loaded};
use incident_host::workspace::Workspace;

use super::{input, job};

/// Reads files, standard input and links; `confirmed` are hosts that may be asked for this time.
pub(super) fn read_all(
    names: &[String],
    root: &Path,
    confirmed: &[String],
) -> anyhow::Result<(Vec<RawInput>, Vec<Problem>)> {
    let is_asked = |name: &String| links::is_link(name) || links::query_name(name).is_some();
    if !names.iter().any(is_asked) {
        return input::read_all(names);
    }
    let workspace = Workspace::open(root);
    // What is wrong with the settings is told by the run itself.
    let (config, _) = config::read(workspace.root(), workspace.is_trusted());
    let (mut inputs, mut problems) = (Vec::new(), Vec::new());
    for name in names {
        let loaded = match links::query_name(name) {
            Some(query) => {
                let link = links::query_link(query, &config.links, clock::now())?;
                let loaded = fetch(&link, &config, confirmed)?;
                // Its name tells more than the address with all its times.
                let named = |input: RawInput| RawInput { name: name.clone(), ..input };
                Loaded { inputs: loaded.inputs.into_iter().map(named).collect(), ..loaded }
            }
            None if links::is_link(name) => fetch(name, &config, confirmed)?,
            None => {
                let (inputs, problems) = input::read_parts(name)?;
                Loaded { inputs, problems }
            }
        };
        inputs.extend(loaded.inputs);
        problems.extend(loaded.problems);
    }
    if inputs.iter().all(|input| input.text.trim().is_empty()) {
        let told: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        bail!("{} gave no text to read: {}", names.join(", "), told.join("; "));
    }
    Ok((inputs, problems))
}

fn fetch(link: &str, config: &config::Config, confirmed: &[String]) -> anyhow::Result<Loaded> {
    let (link, settings) = (link.to_owned(), config.links.clone());
    let confirmed = confirmed.to_vec();
    let loaded = job::run(move |cancel: &Cancel, stages| {
        let host = links::host_of(&link).unwrap_or_default();
        stages.begin(format!("Asking {host}"));
        let environment = Environment::of_process();
        let context =
            Context { settings: &settings, confirmed: &confirmed, environment: &environment };
        links::load(&link, &context, cancel)
    })?;
    Ok(loaded?)
}
