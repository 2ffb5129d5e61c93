//! `initialize`: what the client can do, and what this server offers to it.

use tower_lsp::lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions,
    DocumentLinkOptions, ExecuteCommandOptions, FoldingRangeProviderCapability,
    HoverProviderCapability, InitializeParams, InitializeResult, OneOf, SaveOptions,
    ServerCapabilities, ServerInfo, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextDocumentSyncSaveOptions, WorkDoneProgressOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};

use crate::lsp::capabilities::Capabilities;
use crate::lsp::commands::TABLE;
use crate::lsp::{from_proto, to_proto};
use crate::server::Server;

/// Starts the session.
pub(crate) fn initialize(server: &Server, params: &InitializeParams) -> InitializeResult {
    let client = Capabilities::new(&params.capabilities);
    let options = from_proto::init_options(params);
    server.state.update_session(|session| {
        session.capabilities = client;
        session.roots = from_proto::roots(params);
        session.trusted = options.workspace_trusted;
        session.message_buttons = options.message_buttons;
    });
    InitializeResult {
        capabilities: offered(&client),
        server_info: Some(ServerInfo {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}

fn offered(client: &Capabilities) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                include_text: Some(false),
            })),
            ..TextDocumentSyncOptions::default()
        })),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        definition_provider: Some(OneOf::Left(true)),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        code_action_provider: Some(code_actions(client)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: TABLE.iter().map(|row| row.id.to_owned()).collect(),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        ..ServerCapabilities::default()
    }
}

/// A client that knows no literals takes the bare word that there are actions.
fn code_actions(client: &Capabilities) -> CodeActionProviderCapability {
    if !client.code_action_literals {
        return CodeActionProviderCapability::Simple(true);
    }
    let kinds = to_proto::ACTION_KINDS.iter().map(|kind| CodeActionKind::from((*kind).to_owned()));
    CodeActionProviderCapability::Options(CodeActionOptions {
        code_action_kinds: Some(kinds.collect()),
        resolve_provider: Some(client.code_action_resolve),
        work_done_progress_options: WorkDoneProgressOptions::default(),
    })
}
