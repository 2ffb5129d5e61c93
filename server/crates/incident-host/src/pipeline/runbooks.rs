//! What the workspace's runbooks and post-mortems say about each incident.

use incident_core::present::Explanation;
use incident_core::runbook;

use super::run::Run;
use crate::runbooks;
use crate::source::Listing;

/// How many incidents of one answer are looked up: the first ones are what the person came for.
const MAX_INCIDENTS: usize = 10;

impl Run<'_> {
    pub(super) fn find_runbooks(&mut self, listing: &Listing, explanation: &mut Explanation) {
        for explained in explanation.incidents.iter_mut().take(MAX_INCIDENTS) {
            if self.cancel.is_cancelled() {
                return;
            }
            let question = runbook::question(explained, &explanation.logs);
            let folders = &self.config.runbook_folders;
            let found = runbooks::search(self.workspace, listing, folders, &question, self.cancel);
            explained.incident.runbooks = self.noting(found);
        }
    }
}
