//! Puts what was explained into the store. A store that cannot be written costs the answer nothing.

use incident_core::present::Explanation;
use incident_core::problem::Problem;
use incident_core::report::json;

use crate::store::{Store, StoreError, StoredIncident};
use crate::workspace::Workspace;

/// Keeps each incident by itself; returns what kept it from that, once.
pub(super) fn keep(explanation: &Explanation, workspace: &Workspace, now: i64) -> Option<Problem> {
    if explanation.incidents.is_empty() {
        return None;
    }
    let not_kept = |why: &dyn std::fmt::Display| {
        Some(Problem::warning(format!(
            "the incident was not kept, so `fix` and `postmortem` cannot name it: {why}"
        )))
    };
    let Some(folders) = workspace.folders() else {
        return not_kept(&"no home folder is known; set HOME or INCIDENT_LSP_STATE_DIR");
    };
    let store = Store::open(folders, workspace.root());
    let kept: Result<(), StoreError> = explanation.incidents.iter().try_for_each(|explained| {
        let alone = Explanation {
            workspace: explanation.workspace.clone(),
            incidents: vec![explained.clone()],
            timeline: explanation.timeline.clone(),
            ..Explanation::default()
        };
        let report = serde_json::to_value(json::explain(&alone)).unwrap_or_default();
        store.put(&StoredIncident {
            id: explained.incident.id.clone(),
            title: explained.incident.title.clone(),
            saved_at: now,
            report,
        })
    });
    kept.err().and_then(|err| not_kept(&err))
}
