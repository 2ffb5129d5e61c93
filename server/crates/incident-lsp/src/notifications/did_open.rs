//! `textDocument/didOpen`.

use tower_lsp::lsp_types::DidOpenTextDocumentParams;

use crate::engine::Event;
use crate::server::Server;
use crate::state::Document;

/// Takes in the text; what shows there is published again, under the version.
pub(crate) fn did_open(server: &Server, params: DidOpenTextDocumentParams) {
    let opened = params.text_document;
    let document = Document::new(&opened.language_id, opened.version, &opened.text);
    server.state.open_document(opened.uri.clone(), document);
    server.engine.send(Event::Touched(vec![opened.uri]));
}
