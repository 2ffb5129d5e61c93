//! What to do first about the suspect, and what was tried before.

use incident_core::history::History;
use incident_core::mitigation::{self, Texts};
use incident_core::suspects::Suspects;

use super::run::Run;

impl Run<'_> {
    /// Adds proposals, with patches against the tree as it is now.
    pub(super) fn mitigate(&self, mut suspects: Suspects, history: &History) -> Suspects {
        let wanted = mitigation::wanted_texts(&suspects, history);
        let texts: Texts = wanted
            .into_iter()
            .take_while(|_| !self.cancel.is_cancelled())
            .filter_map(|path| {
                // A file that is gone or not text has no patch, which the proposal says.
                let (text, _) = self.workspace.text(&path).ok()?;
                Some((path, text))
            })
            .collect();
        suspects.mitigations = mitigation::propose(&suspects, history, &texts);
        suspects.tried_before = mitigation::tried_before(&suspects, history);
        suspects
    }
}
