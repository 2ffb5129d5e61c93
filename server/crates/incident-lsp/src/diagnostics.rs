//! Publishing: what shows in a document, under its version, and its clearing afterwards.

use std::collections::{BTreeMap, BTreeSet};

use tower_lsp::lsp_types::notification::PublishDiagnostics;
use tower_lsp::lsp_types::{Diagnostic, PublishDiagnosticsParams, Url};

use crate::lsp::to_proto;
use crate::state::State;
use crate::transport::Outbox;

/// Publishes diagnostics, and knows where some are shown.
#[derive(Debug)]
pub(crate) struct Publisher {
    outbox: Outbox,
    /// What the client shows of ours, with the version that it was told for; no entry is empty.
    shown: BTreeMap<Url, (Option<i32>, Vec<Diagnostic>)>,
}

impl Publisher {
    /// Returns a publisher that has shown nothing.
    pub(crate) fn new(outbox: Outbox) -> Self {
        Self { outbox, shown: BTreeMap::new() }
    }

    /// Brings the client up to date for some documents.
    ///
    /// Nothing is told twice, and a document that had nothing and has nothing is left alone.
    pub(crate) fn publish(&mut self, state: &State, touched: BTreeSet<Url>) {
        if touched.is_empty() {
            return;
        }
        let snapshot = state.snapshot();
        let client = &snapshot.session.capabilities;
        for uri in touched {
            let marks = snapshot.board.marks_in(&uri);
            let diagnostics: Vec<Diagnostic> =
                marks.iter().map(|mark| to_proto::diagnostic(mark, client)).collect();
            let version = snapshot.document(&uri).map(|document| document.version());
            let is_shown = match self.shown.get(&uri) {
                Some((told_for, shown)) => *told_for == version && *shown == diagnostics,
                None => diagnostics.is_empty(),
            };
            if is_shown {
                continue;
            }
            if diagnostics.is_empty() {
                self.shown.remove(&uri);
            } else {
                self.shown.insert(uri.clone(), (version, diagnostics.clone()));
            }
            self.outbox.notify::<PublishDiagnostics>(PublishDiagnosticsParams::new(
                uri,
                diagnostics,
                version,
            ));
        }
    }
}
