//! Logs: how well records are grouped, and what is new after a deploy.
//!
//! A folder of labelled samples is scored on the messages, as published figures are; a file is
//! grouped and written in a form that can be scored elsewhere, and against a truth at hand.

mod samples;
mod score;
mod speed;
mod truth;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use incident_core::cancel::Cancel;
use incident_host::logs::{LogOptions, read};
use incident_host::pipeline::attach_statements;
use incident_host::source;
use incident_host::workspace::Workspace;

use crate::Format;
use crate::floor::Floor;

/// Groups logs and scores the groups.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A folder of labelled samples (`X/X_2k.log`), or a log file.
    path: PathBuf,
    /// The source tree of the program that wrote the log.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// When the change went out.
    #[arg(long, value_name = "TIME")]
    deploy_at: Option<String>,
    /// Where `groups.json` and `labels.u32` are written.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The truth of a generated log (`log-truth/1`), to score against.
    #[arg(long, value_name = "FILE", requires = "labels")]
    truth: Option<PathBuf>,
    /// The truth's line labels.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Group warnings and worse alone.
    #[arg(long)]
    severe: bool,
    /// Score whole lines: the heads are found, not given.
    #[arg(long)]
    raw: bool,
    /// Group the file so many times and print the processor time beside ripgrep's.
    #[arg(long, value_name = "RUNS")]
    speed: Option<u32>,
    /// How the figures are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Fail below this count: `groups-right=379`.
    #[arg(long, value_name = "NAME=COUNT")]
    floor: Vec<Floor>,
}

/// Runs the suite.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.path.is_dir() {
        return samples::run(&args.path, args.raw, args.format, &args.floor);
    }
    if let Some(n_runs) = args.speed {
        return speed::run(&args.path, n_runs);
    }
    let name = args.path.to_str().context("the log's name is no text")?.to_owned();
    let options = LogOptions {
        deploy_at: args.deploy_at.clone(),
        severe_only: args.severe,
        labels: args.out.is_some() || args.truth.is_some(),
        ..LogOptions::default()
    };
    let started = std::time::Instant::now();
    let cancel = Cancel::new();
    let mut tallied = read(&[name], &options, &cancel);
    if let Some(root) = &args.workspace {
        let workspace = Workspace::open(root);
        let (listing, _) = source::list(workspace.root(), &cancel);
        attach_statements(&mut tallied.report, &workspace, &listing, &cancel);
    }
    let elapsed = started.elapsed();
    if let Some(out) = &args.out {
        write::write(&tallied, elapsed, out)?;
    }
    match (&args.truth, &args.labels) {
        (Some(truth), Some(labels)) => {
            truth::run(&tallied, truth, labels, args.format, &args.floor)
        }
        _ => {
            write::summary(&tallied, elapsed)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
