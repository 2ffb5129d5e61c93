//! `textDocument/hover`: why a place shows, and what is known of a line of a log.

use tower_lsp::lsp_types::{Hover, HoverParams, Range, TextDocumentPositionParams};

use crate::log_document;
use crate::lsp::{position, to_proto};
use crate::state::Snapshot;

/// Returns what is known of the places under the cursor.
pub(crate) fn hover(snapshot: &Snapshot, params: &HoverParams) -> Option<Hover> {
    let at = &params.text_document_position_params;
    let range = Range::new(at.position, at.position);
    let mut shown = snapshot.board.marks_at(&at.text_document.uri, range);
    // What happened comes before what is thought of it.
    shown.sort_by_key(|mark| mark.diagnostic.code);
    let Some(first) = shown.first() else { return log_hover(snapshot, at) };
    Some(to_proto::hover(&shown, first.place.range, &snapshot.session.capabilities))
}

/// Tells of the group that a line of an explained log belongs to.
fn log_hover(snapshot: &Snapshot, at: &TextDocumentPositionParams) -> Option<Hover> {
    let uri = &at.text_document.uri;
    let document = snapshot.trace_document(uri)?;
    let explanation = snapshot.log_of(uri)?;
    let capabilities = &snapshot.session.capabilities;
    let offset = position::byte_offset(document.rope(), at.position, capabilities.encoding);
    let line = document.line_at(offset)?;
    let group = log_document::group_of(&explanation.logs, &line)?;
    let range = Range::new(at.position, at.position);
    Some(to_proto::markdown_hover(log_document::hover(group), range, capabilities))
}
