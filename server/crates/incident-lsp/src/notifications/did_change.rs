//! `textDocument/didChange`.

use tower_lsp::lsp_types::DidChangeTextDocumentParams;

use crate::engine::Event;
use crate::server::Server;

/// Applies the edits; what shows there moves along.
pub(crate) fn did_change(server: &Server, params: &DidChangeTextDocumentParams) {
    let document = &params.text_document;
    let moved =
        server.state.change_document(&document.uri, document.version, &params.content_changes);
    if !moved.is_empty() {
        server.engine.send(Event::Touched(moved));
    }
}
