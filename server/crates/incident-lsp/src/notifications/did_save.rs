//! `textDocument/didSave`.

use tower_lsp::lsp_types::DidSaveTextDocumentParams;

use crate::server::Server;

/// Notes that the text stands on disk.
pub(crate) fn did_save(server: &Server, params: &DidSaveTextDocumentParams) {
    server.state.save_document(&params.text_document.uri);
}
