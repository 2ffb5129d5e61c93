//! `textDocument/documentLink` and `documentLink/resolve`: frames as links, in trace and log documents.
//!
//! Where a link leads is looked up when it is followed: drawing it costs no look at the workspace.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{DocumentLink, DocumentLinkParams, Url};

use super::definition;
use crate::lsp::position;
use crate::server::Server;
use crate::state::Snapshot;
use crate::trace_document::{self, Printed};

/// More than this is drawn by no editor in time.
const MAX_LINKS: usize = 5_000;

/// What a link carries until it is followed.
#[derive(Debug, Deserialize, Serialize)]
struct LinkData {
    uri: Url,
    offset: usize,
}

/// Returns a link for each printed place that may have a source.
pub(crate) async fn document_link(
    snapshot: Snapshot,
    params: DocumentLinkParams,
) -> Option<Vec<DocumentLink>> {
    let uri = params.text_document.uri;
    let document = snapshot.trace_document(&uri)?.clone();
    let encoding = snapshot.session.capabilities.encoding;
    super::blocking(move || {
        let traces = document.traces();
        let places = trace_document::printed_places(&traces);
        let link = |printed: Printed| {
            let span = printed.location.span;
            DocumentLink {
                range: position::range(document.rope(), span.start, span.end, encoding),
                target: None,
                tooltip: Some("Go to the source of this frame".to_owned()),
                data: Some(json!(LinkData { uri: uri.clone(), offset: span.start })),
            }
        };
        places.into_iter().take(MAX_LINKS).map(link).collect()
    })
    .await
}

/// Looks up where a link leads.
pub(crate) async fn document_link_resolve(
    server: &Server,
    mut link: DocumentLink,
) -> Result<DocumentLink> {
    let data = link.data.take().map(serde_json::from_value::<LinkData>);
    let Some(Ok(LinkData { uri, offset })) = data else {
        return Err(Error::invalid_params("the link's data is not what this server gave out"));
    };
    let found = definition::look_up(server, &uri, offset).await?;
    if let Some(target) = found.targets.first() {
        let line = target.range.start.line.saturating_add(1);
        link.target = Some(trace_document::line_link(target.uri.clone(), Some(line)));
    }
    link.tooltip = Some(found.message);
    Ok(link)
}
