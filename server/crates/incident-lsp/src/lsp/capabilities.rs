//! What the client can do, asked once and kept as a struct of bools.

use tower_lsp::lsp_types::{
    ClientCapabilities, CodeActionClientCapabilities, MarkupKind,
    PublishDiagnosticsClientCapabilities,
};

use super::position::Encoding;

/// What the client can do, as far as it matters here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Capabilities {
    /// How columns are counted in this session.
    pub(crate) encoding: Encoding,
    /// Hovers may be Markdown.
    pub(crate) hover_markdown: bool,
    /// Diagnostics may have `relatedInformation`.
    pub(crate) related_information: bool,
    /// Diagnostics may link to a page.
    pub(crate) code_description: bool,
    /// Diagnostics keep their `data` until a code action is asked for.
    pub(crate) diagnostic_data: bool,
    /// Code actions may be literals; without them a client takes commands only.
    pub(crate) code_action_literals: bool,
    /// Code actions keep their `data`, and their edit or command may be filled in later.
    pub(crate) code_action_resolve: bool,
    /// `window/workDoneProgress/create` is understood.
    pub(crate) work_done_progress: bool,
    /// `window/showDocument` is understood.
    pub(crate) show_document: bool,
    /// Files can be watched, and the server may ask for it.
    pub(crate) watched_files: bool,
    /// `workspace/codeLens/refresh` is understood.
    pub(crate) code_lens_refresh: bool,
    /// Folding ranges may have a text of their own.
    pub(crate) folding_collapsed_text: bool,
}

impl Capabilities {
    /// Reads them off the `initialize` request.
    pub(crate) fn new(client: &ClientCapabilities) -> Self {
        let text_document = client.text_document.clone().unwrap_or_default();
        let window = client.window.clone().unwrap_or_default();
        let workspace = client.workspace.clone().unwrap_or_default();
        let offered =
            client.general.as_ref().and_then(|general| general.position_encodings.as_deref());
        let diagnostics = text_document.publish_diagnostics.unwrap_or_default();
        let PublishDiagnosticsClientCapabilities {
            related_information,
            data_support,
            code_description_support,
            ..
        } = diagnostics;
        let code_action = text_document.code_action.unwrap_or_default();
        Self {
            encoding: Encoding::negotiate(offered),
            hover_markdown: text_document
                .hover
                .and_then(|hover| hover.content_format)
                .is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            related_information: related_information.unwrap_or_default(),
            code_description: code_description_support.unwrap_or_default(),
            diagnostic_data: data_support.unwrap_or_default(),
            code_action_literals: code_action.code_action_literal_support.is_some(),
            code_action_resolve: can_resolve(&code_action),
            work_done_progress: window.work_done_progress.unwrap_or_default(),
            show_document: window.show_document.is_some_and(|show| show.support),
            watched_files: workspace
                .did_change_watched_files
                .and_then(|watched| watched.dynamic_registration)
                .unwrap_or_default(),
            code_lens_refresh: workspace
                .code_lens
                .and_then(|code_lens| code_lens.refresh_support)
                .unwrap_or_default(),
            folding_collapsed_text: text_document
                .folding_range
                .and_then(|folding| folding.folding_range)
                .and_then(|range| range.collapsed_text)
                .unwrap_or_default(),
        }
    }
}

fn can_resolve(code_action: &CodeActionClientCapabilities) -> bool {
    code_action.data_support.unwrap_or_default()
        && code_action
            .resolve_support
            .as_ref()
            .is_some_and(|resolve| resolve.properties.iter().any(|property| property == "command"))
}
