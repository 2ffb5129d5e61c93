//! Incident folders: explains one from its log, repository and metrics, and scores the answer.

mod score;
mod write;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::present::Explanation;
use incident_host::input::load_file;
use incident_host::pipeline::{ExplainOptions, explain};
use incident_host::workspace::Workspace;

use crate::Format;
use crate::floor::Floor;

/// Explains an incident folder: `repo/`, `logs/*.log`, `metrics/*.json`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder.
    dir: PathBuf,
    /// Where `groups.json` is written (`incident-groups/1`).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the figures are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Fail below this count: `culprit-first=1`.
    #[arg(long, value_name = "NAME=COUNT")]
    floor: Vec<Floor>,
}

/// Runs the suite: the answer is scored where the folder holds `truth.json`.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut inputs = files(&args.dir.join("logs"), "log")?;
    if inputs.is_empty() {
        bail!("{} holds no logs/*.log", args.dir.display());
    }
    let metrics = args.dir.join("metrics");
    if metrics.is_dir() {
        inputs.extend(files(&metrics, "json")?);
    }
    let workspace = Workspace::open(&args.dir.join("repo"));
    let options = ExplainOptions::default();
    let started = std::time::Instant::now();
    let explanation = explain(inputs, &workspace, &options, &Cancel::new(), &mut |_| {});
    let elapsed = started.elapsed();
    if let Some(out) = &args.out {
        write::write(&explanation, elapsed, out)?;
    }
    let truth = args.dir.join("truth.json");
    if !truth.is_file() {
        return Ok(ExitCode::SUCCESS);
    }
    score::run(&explanation, &truth, args.format, &args.floor)
}

fn files(dir: &Path, ending: &str) -> anyhow::Result<Vec<RawInput>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
        .with_context(|| dir.display().to_string())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == ending))
        .collect();
    paths.sort();
    let has_truth = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|it| it.contains(".truth."))
    };
    paths.retain(|path| !has_truth(path));
    paths.iter().map(|path| Ok(load_file(path)?.0)).collect()
}

/// Returns the incident that stands for the whole log.
fn main_incident(explanation: &Explanation) -> Option<&incident_core::present::ExplainedIncident> {
    let by_count = explanation.incidents.iter().max_by_key(|it| it.incident.count);
    let burst = explanation.incidents.iter().find(|it| it.incident.traces.is_empty());
    burst.or(by_count)
}
