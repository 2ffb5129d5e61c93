//! Publishing: what shows in a document, under its version, and its clearing afterwards.

use std::collections::BTreeSet;

use tower_lsp::lsp_types::notification::PublishDiagnostics;
use tower_lsp::lsp_types::{PublishDiagnosticsParams, Url};

use crate::lsp::to_proto;
use crate::state::State;
use crate::transport::Outbox;

/// Publishes diagnostics, and knows where some are shown.
#[derive(Debug)]
pub(crate) struct Publisher {
    outbox: Outbox,
    /// Documents for which the client shows something of ours.
    shown: BTreeSet<Url>,
}

impl Publisher {
    /// Returns a publisher that has shown nothing.
    pub(crate) fn new(outbox: Outbox) -> Self {
        Self { outbox, shown: BTreeSet::new() }
    }

    /// Brings the client up to date for some documents.
    ///
    /// A document that had nothing and has nothing is left alone: nothing shows unasked.
    pub(crate) fn publish(&mut self, state: &State, touched: BTreeSet<Url>) {
        if touched.is_empty() {
            return;
        }
        let snapshot = state.snapshot();
        let client = &snapshot.session.capabilities;
        for uri in touched {
            let marks = snapshot.board.marks_in(&uri);
            let diagnostics: Vec<_> =
                marks.iter().map(|(_, mark)| to_proto::diagnostic(mark, client)).collect();
            if diagnostics.is_empty() {
                if !self.shown.remove(&uri) {
                    continue;
                }
            } else {
                self.shown.insert(uri.clone());
            }
            let version = snapshot.document(&uri).map(|document| document.version());
            self.outbox.notify::<PublishDiagnostics>(PublishDiagnosticsParams::new(
                uri,
                diagnostics,
                version,
            ));
        }
    }
}
