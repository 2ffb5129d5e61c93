//! `textDocument/didClose`.

use tower_lsp::lsp_types::DidCloseTextDocumentParams;

use crate::engine::Event;
use crate::server::Server;

/// Forgets the text; what shows there goes back to where the file on disk has it.
pub(crate) fn did_close(server: &Server, params: &DidCloseTextDocumentParams) {
    let moved = server.state.close_document(&params.text_document.uri);
    if !moved.is_empty() {
        server.engine.send(Event::Touched(moved));
    }
}
