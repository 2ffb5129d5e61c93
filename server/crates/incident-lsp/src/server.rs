//! The protocol's methods, each handed to the file that bears its name.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::lsp_types::notification::ShowMessage;
use tower_lsp::lsp_types::{
    CodeAction, CodeActionParams, CodeActionResponse, CodeLens, CodeLensParams,
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentLink,
    DocumentLinkParams, ExecuteCommandParams, FoldingRange, FoldingRangeParams,
    GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverParams, InitializeParams,
    InitializeResult, InitializedParams, MessageType, ShowDocumentParams, ShowMessageParams, Url,
    WorkDoneProgressCancelParams,
};
use tower_lsp::{Client, ClientSocket, LanguageServer, LspService};

use crate::client_process::ClientProcess;
use crate::engine::Engine;
use crate::state::State;
use crate::transport::Outbox;
use crate::{notifications, requests};

/// What every handler can reach; cheap to clone, for work that outlives its request.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// What is known.
    pub(crate) state: Arc<State>,
    /// Who does slow work.
    pub(crate) engine: Engine,
    /// Requests to the client.
    pub(crate) client: Client,
    /// Notifications to the client.
    pub(crate) outbox: Outbox,
    client_process: ClientProcess,
}

impl Server {
    /// Builds the service around a server; must be called inside the runtime.
    pub(crate) fn service(outbox: Outbox) -> (LspService<Self>, ClientSocket) {
        LspService::build(|client| Self::new(client, outbox))
            .custom_method("window/workDoneProgress/cancel", Self::work_done_progress_cancel)
            .finish()
    }

    fn new(client: Client, outbox: Outbox) -> Self {
        let state = Arc::new(State::default());
        let engine = Engine::start(Arc::clone(&state), client.clone(), outbox.clone());
        Self { state, engine, client, outbox, client_process: ClientProcess::unknown() }
    }

    /// Waits until the client's process is gone.
    pub(crate) async fn client_gone(&self) {
        self.client_process.gone().await;
    }

    /// Cancels all work and waits for it.
    pub(crate) async fn stop(&self) {
        self.engine.stop().await;
    }

    /// Tells the person something that they should not miss.
    pub(crate) fn tell(&self, message: &str) {
        self.outbox.tell(message);
    }

    /// Shows a file where the client can; returns whether it can. Does not wait for it.
    pub(crate) fn show(&self, path: &Path) -> bool {
        self.window().show(path, TakeFocus::Yes)
    }

    /// Returns the client's window, for work that outlives its request.
    pub(crate) fn window(&self) -> Window {
        Window {
            state: Arc::clone(&self.state),
            client: self.client.clone(),
            outbox: self.outbox.clone(),
        }
    }

    async fn work_done_progress_cancel(&self, params: WorkDoneProgressCancelParams) {
        notifications::work_done_progress_cancel(self, &params);
    }
}

#[tower_lsp::async_trait]
impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        if let Some(process_id) = params.process_id {
            self.client_process.watch(process_id);
        }
        Ok(requests::initialize(self, &params))
    }

    async fn initialized(&self, _: InitializedParams) {
        notifications::watch_files(self);
        notifications::initialized(self);
    }

    async fn shutdown(&self) -> Result<()> {
        self.engine.send(crate::engine::Event::Stop);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        notifications::did_open(self, params);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        notifications::did_change(self, &params);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        notifications::did_save(self, &params);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        notifications::did_close(self, &params);
    }

    async fn did_change_watched_files(&self, _: DidChangeWatchedFilesParams) {
        notifications::did_change_watched_files(self);
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        notifications::did_change_workspace_folders(self, &params);
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        requests::execute_command(self, params).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        Ok(requests::hover(&self.state.snapshot(), &params))
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        Ok(requests::code_lens(self.state.snapshot(), params).await)
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        Ok(requests::folding_range(self.state.snapshot(), params).await)
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        Ok(requests::document_link(self.state.snapshot(), params).await)
    }

    async fn document_link_resolve(&self, link: DocumentLink) -> Result<DocumentLink> {
        requests::document_link_resolve(self, link).await
    }

    async fn goto_definition(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>> {
        requests::definition(self, params).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        Ok(requests::code_action(&self.state.snapshot(), &params))
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        requests::code_action_resolve(action)
    }
}

impl Outbox {
    /// Tells the person something that they should not miss.
    pub(crate) fn tell(&self, message: &str) {
        let params = ShowMessageParams { typ: MessageType::INFO, message: message.to_owned() };
        self.notify::<ShowMessage>(params);
    }
}

/// Whether a document that is shown takes the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TakeFocus {
    /// The person asked for it.
    Yes,
    /// It comes by itself: the person may be typing, and goes on typing.
    No,
}

/// The client's window.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    state: Arc<State>,
    client: Client,
    outbox: Outbox,
}

impl Window {
    /// Asks the client to show a file; says whether it can.
    pub(crate) fn show(&self, path: &Path, focus: TakeFocus) -> bool {
        let can_show = self.state.snapshot().session.capabilities.show_document;
        let Some(uri) = Url::from_file_path(path).ok().filter(|_| can_show) else { return false };
        let (client, path) = (self.client.clone(), path.display().to_string());
        let told = self.outbox.clone();
        tokio::spawn(async move {
            let params = ShowDocumentParams {
                uri,
                external: Some(false),
                take_focus: Some(focus == TakeFocus::Yes),
                selection: None,
            };
            if !matches!(client.show_document(params).await, Ok(true)) {
                told.tell(&format!("The editor did not show {path}; open it by hand."));
            }
        });
        true
    }
}
