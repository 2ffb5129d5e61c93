//! `textDocument/hover`: why a place shows.

use tower_lsp::lsp_types::{Hover, HoverParams, Range};

use crate::lsp::to_proto;
use crate::state::Snapshot;

/// Returns what is known of the places under the cursor.
pub(crate) fn hover(snapshot: &Snapshot, params: &HoverParams) -> Option<Hover> {
    let at = &params.text_document_position_params;
    let range = Range::new(at.position, at.position);
    let mut shown = snapshot.board.marks_at(&at.text_document.uri, range);
    // What happened comes before what is thought of it.
    shown.sort_by_key(|mark| mark.diagnostic.code);
    let first = shown.first()?;
    Some(to_proto::hover(&shown, first.place.range, &snapshot.session.capabilities))
}
