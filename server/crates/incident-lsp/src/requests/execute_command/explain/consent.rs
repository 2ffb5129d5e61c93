//! May this host be asked? The person says so, in the settings, in the command or in a dialog.

use incident_host::links;
use tower_lsp::lsp_types::{MessageActionItem, MessageType};

use crate::engine::{Input, Request, link_settings};
use crate::lsp::ext::ExplainResult;
use crate::requests::blocking;
use crate::server::Server;

/// Returns the host of a link that nobody has allowed yet.
pub(super) async fn needed(server: &Server, request: &Request) -> Option<String> {
    let Input::Link { link, allow_host } = &request.input else { return None };
    let (link, snapshot) = (link.clone(), server.state.snapshot());
    let root = request.workspace.clone().or_else(|| snapshot.roots_for(None).into_iter().next());
    let host = blocking(move || {
        let settings = root.map(|root| link_settings(&root, &snapshot)).unwrap_or_default();
        links::unconfirmed_host(&link, &settings)
    });
    let is_allowed = |host: &String| {
        allow_host.as_ref().is_some_and(|allowed| allowed.eq_ignore_ascii_case(host))
    };
    host.await.flatten().filter(|host| !is_allowed(host))
}

/// Asks the person and answers at once; with a yes the explanation runs and shows as diagnostics.
pub(super) fn ask(server: &Server, request: Request, host: String) -> ExplainResult {
    let message = format!(
        "{host} is not allowed yet: say yes in the dialog, give allowHost with the command, or add \
         `[links.hosts.\"{host}\"]` to .incident.toml of a trusted folder"
    );
    let (client, engine) = (server.client.clone(), server.engine.clone());
    tokio::spawn(async move {
        let yes =
            MessageActionItem { title: format!("Ask {host}"), properties: Default::default() };
        let question = format!("Ask {host} for this link? A token goes along only if one is set.");
        let said =
            client.show_message_request(MessageType::INFO, question, Some(vec![yes.clone()]));
        let is_yes = said.await.is_ok_and(|said| said.is_some_and(|it| it.title == yes.title));
        if let (true, Input::Link { link, .. }) = (is_yes, &request.input) {
            let input = Input::Link { link: link.clone(), allow_host: Some(host) };
            engine.explain(Request { input, ..request }).release();
        }
    });
    ExplainResult { partial: true, message, ..ExplainResult::default() }
}
