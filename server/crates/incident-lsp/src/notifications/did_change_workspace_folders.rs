//! `workspace/didChangeWorkspaceFolders`.

use tower_lsp::lsp_types::DidChangeWorkspaceFoldersParams;

use crate::lsp::from_proto;
use crate::server::Server;

/// Takes folders in and out; what was explained stays.
pub(crate) fn did_change_workspace_folders(
    server: &Server,
    params: &DidChangeWorkspaceFoldersParams,
) {
    server.state.update_session(|session| {
        for folder in &params.event.removed {
            if let Ok(path) = folder.uri.to_file_path() {
                session.roots.retain(|root| *root != path);
            }
        }
        for folder in &params.event.added {
            from_proto::push_root(&mut session.roots, &folder.uri);
        }
    });
}
