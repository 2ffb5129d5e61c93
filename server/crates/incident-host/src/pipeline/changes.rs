//! What changed, with no trace: the commits in range with their settings, held against a log where
//! one is given.

use incident_core::cancel::Cancel;
use incident_core::changes::Changes;
use incident_core::exports::{self, Unfolded};
use incident_core::input::RawInput;
use incident_core::logs;
use incident_core::resolve::Sources;
use incident_core::suspects::{self, RankInput};
use incident_core::syntax::SymbolIndex;

use super::road::context;
use super::run::{Run, without_repeats};
use super::tie::Task;
use super::{ExplainOptions, Update, fetch};
use crate::config;
use crate::workspace::Workspace;

/// Lists what changed up to the deployed commit of `workspace`.
///
/// Total, like [`explain`](super::explain): what goes wrong is a problem in the answer.
pub fn changes(
    inputs: Vec<RawInput>,
    workspace: &Workspace,
    options: &ExplainOptions,
    cancel: &Cancel,
    updates: &mut dyn FnMut(Update),
) -> Changes {
    let (config, problems) = config::read(workspace.root(), workspace.is_trusted());
    let deployed = options.deployed.clone().or_else(|| config.deployed_revision.clone());
    let options = &ExplainOptions { deployed, ..options.clone() };
    let mut run = Run { workspace, options, config: &config, cancel, updates, problems };
    let mut changes = run.changes(&exports::unfold(inputs));
    changes.problems = without_repeats(run.problems);
    changes
}

impl Run<'_> {
    fn changes(&mut self, unfolded: &Unfolded) -> Changes {
        let inputs = unfolded.inputs.as_slice();
        let mut changes = Changes::default();
        self.stage("Looking at the workspace");
        let look = self.workspace.look_again(self.cancel);
        let tree = self.tree(look, &[]);
        let task = Task { unfolded, traces: &[] };
        let (Some(ground), _) = self.ground(task, &tree) else { return changes };
        changes.deployed = Some(ground.deployed.clone());
        self.stage("Asking git what changed");
        let reader = fetch::LogReader {
            repository: ground.repository.clone(),
            deployed: ground.deployed.clone(),
            options: self.options,
            max_commits: self.config.max_commits,
            cancel: self.cancel,
        };
        let log = self.noting(reader.read());
        let functions = SymbolIndex::default();
        let history = fetch::history(self, &ground, log, &[], &functions, &[]);
        if !inputs.is_empty() {
            self.stage("Ranking the changes");
            let report = self.noting(logs::group(inputs, self.cancel));
            let input = RankInput {
                traces: &[],
                logs: &report,
                log_groups: &[],
                context: &context(inputs),
                functions: &functions,
                producers: &[],
                sources: &Sources::default(),
                history: &history,
            };
            let suspects = self.noting(suspects::rank(&input, self.cancel));
            changes.suspects = Some(self.mitigate(suspects, &history));
        }
        changes.bounds = history.bounds;
        changes.commits = history.commits.to_vec();
        changes.config = history.config;
        changes
    }
}
