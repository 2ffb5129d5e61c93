//! One command on one side, in the sandbox.

use std::path::{Path, PathBuf};

use incident_core::cancel::Cancel;
use incident_core::verification::{RunEnd, StepKind, StepRun};

use super::super::{ScratchWorktree, WorktreeError};
use super::Told;
use super::commands::Commands;
use crate::config::FixSettings;
use crate::message::plain;
use crate::sandbox::guard::{Reads, foreign_endpoints};
use crate::sandbox::{self, Job, Sandbox};
use crate::source;
use crate::workspace::Workspace;

/// The largest file of variables that is read, in bytes.
const MAX_ENV_FILE: u64 = 1 << 20;

/// Runs the commands of one verification.
pub(super) struct Runner<'a> {
    sandbox: Sandbox,
    settings: &'a FixSettings,
    variables: Vec<(String, String)>,
    writable: Vec<PathBuf>,
    notes: Vec<String>,
    cancel: &'a Cancel,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        workspace: &Workspace,
        scratch: &ScratchWorktree,
        settings: &'a FixSettings,
        cancel: &'a Cancel,
    ) -> Result<Self, WorktreeError> {
        let mut notes = Vec::new();
        let n_swept = sandbox::sweep();
        if n_swept > 0 {
            notes.push(format!("ended {n_swept} processes that an earlier run left behind"));
        }
        let sandbox = Sandbox::probe(workspace.root(), workspace.environment(), cancel);
        notes.extend(sandbox.describe(settings.network));
        let mut variables = vec![
            ("CARGO_NET_OFFLINE".to_owned(), "true".to_owned()),
            ("npm_config_ignore_scripts".to_owned(), "true".to_owned()),
            ("npm_config_offline".to_owned(), "true".to_owned()),
            ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()),
        ];
        let mut writable = vec![scratch.path.clone(), scratch.base_path()];
        if let Some(folders) = workspace.folders() {
            // One target folder for all scratch worktrees: the second check is a warm one.
            let target = folders.make_cache("target")?;
            variables.push(("CARGO_TARGET_DIR".to_owned(), target.display().to_string()));
            writable.push(target);
        }
        if settings.network {
            variables.retain(|(name, _)| !name.ends_with("OFFLINE") && !name.ends_with("offline"));
        }
        for name in &settings.env {
            match workspace.environment().get(name).and_then(|value| value.to_str()) {
                Some(value) => variables.push((name.clone(), value.to_owned())),
                None => notes.push(format!("the variable {} is not set", plain(name))),
            }
        }
        if let Some(file) = &settings.env_file {
            variables.extend(read_env_file(workspace.root(), file)?);
        }
        for (name, figure) in [
            ("INCIDENT_LOAD_RATE", settings.load_rate),
            ("INCIDENT_LOAD_CONCURRENCY", settings.load_concurrency),
        ] {
            variables.extend(figure.map(|figure| (name.to_owned(), figure.to_string())));
        }
        Ok(Self { sandbox, settings, variables, writable, notes, cancel })
    }

    /// What the verdict should say about how the commands ran.
    pub(super) fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    /// How often a load is run on each side.
    pub(super) fn repeats(&self) -> u32 {
        self.settings.repeats
    }

    /// Stops before anything runs where a command would reach a service that is not listed.
    pub(super) fn refuse_foreign_endpoints(
        &self,
        commands: &Commands,
        dir: &Path,
    ) -> Result<(), WorktreeError> {
        for (kind, words) in commands.steps() {
            let reads = Reads { name: kind.as_str(), words, variables: &self.variables, dir };
            if let Some(endpoint) =
                foreign_endpoints(reads, &self.settings.hosts).into_iter().next()
            {
                return Err(WorktreeError::ForeignEndpoint {
                    command: kind.as_str(),
                    host: endpoint.host,
                    place: endpoint.place,
                });
            }
        }
        Ok(())
    }

    /// Runs a command in `dir`.
    pub(super) fn run(
        &mut self,
        kind: StepKind,
        words: &[String],
        dir: &Path,
        side: &str,
        told: Told<'_>,
    ) -> Result<StepRun, WorktreeError> {
        let what = format!("{} {side}", kind.as_str());
        told(&what);
        let mut variables = self.variables.clone();
        let first = side.split([' ', ',']).next().unwrap_or(side);
        variables.push(("INCIDENT_SIDE".to_owned(), first.to_owned()));
        let job = Job {
            words: words.to_vec(),
            dir: dir.to_owned(),
            writable: self.writable.clone(),
            variables,
            network: self.settings.network,
            time: match kind {
                StepKind::Check => self.settings.check_timeout,
                StepKind::Test => self.settings.test_timeout,
                StepKind::Load => self.settings.load_timeout,
            },
            memory: self.settings.memory_mib.saturating_mul(1 << 20),
        };
        let run =
            self.sandbox.run(&job, &mut |line| told(&format!("{what}: {line}")), self.cancel)?;
        if let RunEnd::Stopped(why) = &run.end {
            self.notes.push(format!("{what} was {why}"));
        }
        Ok(run)
    }
}

/// Reads `NAME=value` lines; quotes around a value go, and nothing is expanded.
fn read_env_file(root: &Path, file: &str) -> Result<Vec<(String, String)>, WorktreeError> {
    let read = source::read_text(root, file, MAX_ENV_FILE);
    let (text, _) = read.map_err(|err| WorktreeError::EnvFile(err.to_string()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| {
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        let name = name.trim();
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let value = value.trim();
        let bare = ['"', '\'']
            .into_iter()
            .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
        is_name.then(|| (name.to_owned(), bare.unwrap_or(value).to_owned()))
    });
    Ok(pairs.collect())
}
