//! `textDocument/foldingRange`: frames of libraries and the runtime, in trace and log documents.

use tower_lsp::lsp_types::{FoldingRange, FoldingRangeParams};

use crate::state::Snapshot;
use crate::trace_document;

/// Returns the folds; none outside trace and log documents.
pub(crate) async fn folding_range(
    snapshot: Snapshot,
    params: FoldingRangeParams,
) -> Option<Vec<FoldingRange>> {
    let document = snapshot.trace_document(&params.text_document.uri)?.clone();
    let has_text = snapshot.session.capabilities.folding_collapsed_text;
    super::blocking(move || {
        let traces = document.traces();
        let mut folds = trace_document::folds(&document, &traces);
        if !has_text {
            folds.iter_mut().for_each(|fold| fold.collapsed_text = None);
        }
        folds
    })
    .await
}
