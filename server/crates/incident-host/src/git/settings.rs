//! What commits changed in settings files.

use incident_core::cancel::Cancel;
use incident_core::config_changes::{self, ConfigChange, ConfigChanges};
use incident_core::history::{Commit, CommitId};
use rayon::prelude::*;

use super::Repository;

impl Repository {
    /// Tells what the commits changed in settings, by the files' texts before and after.
    ///
    /// Where git does not give those the hunks tell, with shorter keys.
    pub fn config_changes(&self, commits: &[Commit], cancel: &Cancel) -> ConfigChanges {
        let wanted = config_changes::wanted(commits);
        let Ok(states) = self.file_states(&wanted, cancel) else {
            return commits
                .iter()
                .map(|commit| (commit, commit.files.iter().flat_map(config_changes::from_hunks)))
                .map(|(commit, changes)| (commit.id.clone(), changes.collect::<Vec<_>>()))
                .filter(|(_, changes)| !changes.is_empty())
                .collect();
        };
        let diffs: Vec<(CommitId, Vec<ConfigChange>)> = wanted
            .into_par_iter()
            .zip(states)
            .map(|(file, states)| (file.commit, config_changes::diff(&file.path, &states)))
            .collect();
        let mut config = ConfigChanges::new();
        for (commit, changes) in diffs.into_iter().filter(|(_, changes)| !changes.is_empty()) {
            config.entry(commit).or_default().extend(changes);
        }
        config
    }
}
