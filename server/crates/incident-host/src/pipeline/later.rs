//! Whether what failed was changed after the deploy: perhaps it is mended, and not yet shipped.

use std::collections::BTreeSet;
use std::sync::Arc;

use incident_core::history::CommitId;
use incident_core::incident::Incident;
use incident_core::later::{self, LaterChange, LaterCommit, Spot, Texts};
use incident_core::producers::Producer;

use super::run::Run;
use super::tie::Ground;
use crate::git::Contents;

/// So many incidents are looked at; what comes after them in a log is seldom what is asked about.
const MAX_INCIDENTS: usize = 16;
/// So many commits of a branch are read that touch the files in question.
const MAX_COMMITS: usize = 40;

impl Run<'_> {
    /// Notes for each incident the commit on HEAD or the default branch that may have mended it.
    pub(super) fn look_later(
        &mut self,
        incidents: &mut [Incident],
        producers: &[Vec<Producer>],
        ground: Option<&Ground>,
        head: Option<&CommitId>,
    ) {
        let (Some(ground), Some(head)) = (ground, head) else { return };
        let Some(deployed) = &ground.deployed.commit else { return };
        let spots: Vec<Vec<Spot>> = incidents
            .iter()
            .zip(producers)
            .take(MAX_INCIDENTS)
            .map(|(incident, producers)| later::spots(incident, producers))
            .collect();
        let paths: BTreeSet<&String> = spots.iter().flatten().map(|spot| &spot.path).collect();
        let paths: Vec<String> = paths.into_iter().cloned().collect();
        if paths.is_empty() {
            return;
        }
        let tips = self.answered(ground.repository.tips(head, self.cancel)).unwrap_or_default();
        for (on, tip) in tips.into_iter().filter(|(_, tip)| tip != deployed) {
            let Some(branch) = self.branch(ground, deployed, &tip, &paths) else { continue };
            for (incident, spots) in incidents.iter_mut().zip(&spots) {
                let found = || branch.perhaps_fixed(spots, &on);
                incident.later = incident.later.take().or_else(found);
            }
        }
    }

    /// Reads what a branch did to `paths` after the deployed commit; nothing where it did nothing.
    fn branch(
        &mut self,
        ground: &Ground,
        deployed: &CommitId,
        tip: &CommitId,
        paths: &[String],
    ) -> Option<Branch> {
        let repository = &ground.repository;
        let touching = repository.touching_since(deployed, tip, paths, MAX_COMMITS, self.cancel);
        let touching = self.answered(touching).filter(|commits| !commits.is_empty())?;
        let mut states = vec![deployed.clone(), tip.clone()];
        states.extend(touching.iter().map(|it| it.commit.clone()));
        let parents = touching.iter().filter_map(|it| it.parent.clone());
        let parents: Vec<CommitId> = parents.filter(|it| !states.contains(it)).collect();
        states.extend(BTreeSet::from_iter(parents));
        let contents = self.answered(repository.states(&states, paths, self.cancel))?;
        let texts = |commit: &CommitId| {
            let at = states.iter().position(|it| it == commit);
            at.and_then(|at| contents.get(at)).map(texts).unwrap_or_default()
        };
        let commits = touching.into_iter().map(|it| LaterCommit {
            before: it.parent.as_ref().map(texts).unwrap_or_default(),
            after: texts(&it.commit),
            id: it.commit,
            subject: it.subject,
        });
        Some(Branch { commits: commits.collect(), deployed: texts(deployed), tip: texts(tip) })
    }
}

/// What a branch did after the deployed commit.
struct Branch {
    /// Oldest first.
    commits: Vec<LaterCommit>,
    deployed: Texts,
    tip: Texts,
}

impl Branch {
    fn perhaps_fixed(&self, spots: &[Spot], on: &str) -> Option<LaterChange> {
        later::perhaps_fixed(spots, &self.deployed, &self.commits, &self.tip, on)
    }
}

fn texts(contents: &Contents) -> Texts {
    let text = |bytes: &Arc<[u8]>| Arc::from(String::from_utf8_lossy(bytes));
    contents.iter().map(|(path, bytes)| (path.clone(), text(bytes))).collect()
}
