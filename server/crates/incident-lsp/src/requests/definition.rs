//! `textDocument/definition`: from a frame of a trace or log document to its source, and from a
//! line of a log to the statement that prints it.

use std::sync::Arc;

use std::path::Path;

use incident_core::cancel::Cancel;
use incident_core::present::words;
use incident_core::resolve::Resolution;
use incident_core::statements::StatementPlace;
use incident_host::pipeline::ExplainOptions;
use tower_lsp::jsonrpc::Result;
use tower_lsp::lsp_types::{GotoDefinitionParams, GotoDefinitionResponse, Location, Range, Url};

use crate::engine::{Found, Input, Outcome, Purpose, Request};
use crate::log_document;
use crate::lsp::position;
use crate::server::Server;
use crate::trace_document::{self, Printed};

/// Returns the place of the frame under the cursor; all that fit where it is ambiguous.
pub(crate) async fn definition(
    server: &Server,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>> {
    let at = params.text_document_position_params;
    let snapshot = server.state.snapshot();
    let Some(document) = snapshot.trace_document(&at.text_document.uri) else { return Ok(None) };
    let encoding = snapshot.session.capabilities.encoding;
    let offset = position::byte_offset(document.rope(), at.position, encoding);
    let found = look_up(server, &at.text_document.uri, offset).await?;
    if found.targets.is_empty() && found.is_frame {
        server.tell(&found.message);
    }
    Ok((!found.targets.is_empty()).then_some(GotoDefinitionResponse::Array(found.targets)))
}

/// Where a frame leads.
#[derive(Debug, Default)]
pub(super) struct LookedUp {
    /// The places, best first.
    pub(super) targets: Vec<Location>,
    /// One sentence: what is not certain, or why there is none.
    pub(super) message: String,
    /// There is a frame at all.
    pub(super) is_frame: bool,
}

/// Looks up the frame at an offset of a document, in the last explanation of the same text or a new one.
pub(super) async fn look_up(server: &Server, uri: &Url, offset: usize) -> Result<LookedUp> {
    let snapshot = server.state.snapshot();
    let Some(document) = snapshot.document(uri).cloned() else { return Ok(LookedUp::default()) };
    let printed = super::blocking(move || trace_document::place_at(&document.traces(), offset));
    let Some(printed) = printed.await.flatten() else {
        let line = snapshot.document(uri).and_then(|it| it.line_at(offset)).unwrap_or_default();
        if line.trim().is_empty() {
            return Ok(LookedUp {
                message: "There is no frame here.".to_owned(),
                ..LookedUp::default()
            });
        }
        let found = explanation_of(server, uri).await?;
        let looked = super::blocking(move || statement_of(&found, &line));
        return Ok(looked.await.unwrap_or_default());
    };
    let found = explanation_of(server, uri).await?;
    let resolution = trace_document::resolution(&found.explanation, &printed).cloned();
    let root = found.root.clone();
    let package = resolution.as_ref().and_then(|it| it.package.clone());
    let base = match package {
        // Where a package lies only the disk tells.
        Some(id) => {
            let snapshot = server.state.snapshot();
            super::blocking(move || snapshot.workspace(&root).package_root(&id, &Cancel::new()))
                .await
                .flatten()
        }
        None => Some(root),
    };
    Ok(looked_up(base.as_deref(), &printed, resolution.as_ref()))
}

/// Returns the last explanation of a document's text, or a new one.
async fn explanation_of(server: &Server, uri: &Url) -> Result<Arc<Found>> {
    if let Some(found) = server.state.snapshot().looked_up(uri) {
        return Ok(found);
    }
    let input = Input::Document { uri: uri.clone(), range: None };
    let options = ExplainOptions::default();
    let request = Request { input, workspace: None, options, purpose: Purpose::LookUp };
    match server.engine.explain(request).outcome().await {
        Outcome::Found(found) => Ok(found),
        other => Err(other.into_error()),
    }
}

/// Returns the statements that can have printed a line of a log.
fn statement_of(found: &Found, line: &str) -> LookedUp {
    let Some(group) = log_document::group_of(&found.explanation.logs, line) else {
        let message = "There is no frame here, and no statement that prints this line.".to_owned();
        return LookedUp { message, ..LookedUp::default() };
    };
    let target = |place: &StatementPlace| {
        let uri = Url::from_file_path(found.root.join(&place.path)).ok()?;
        let start = trace_document::line_start(Some(place.line));
        Some(Location::new(uri, Range::new(start, start)))
    };
    let targets: Vec<Location> = log_document::likely_places(group).filter_map(target).collect();
    let message = match targets.len() {
        0 => "No statement of this workspace prints this line.".to_owned(),
        1 => "Go to the statement that prints this line.".to_owned(),
        n => format!("Go to one of {n} statements that can print this line."),
    };
    LookedUp { targets, message, is_frame: true }
}

/// Turns a resolution into places below `base`: the workspace's root, or that of a package;
/// `None` where the package is not on this machine.
fn looked_up(base: Option<&Path>, printed: &Printed, resolution: Option<&Resolution>) -> LookedUp {
    let printed_at = match printed.location.line {
        Some(line) => format!("{}:{line}", printed.location.file),
        None => printed.location.file.clone(),
    };
    let Some(resolution) = resolution else {
        let message = format!("{printed_at} was not looked up.");
        return LookedUp { message, is_frame: true, ..LookedUp::default() };
    };
    let target = |path: &str, line: Option<u32>| {
        let path = base?.join(path);
        let uri = Url::from_file_path(path.is_file().then_some(path)?).ok()?;
        let start = trace_document::line_start(line);
        Some(Location::new(uri, Range::new(start, start)))
    };
    let place = resolution.place.as_ref();
    let mut targets: Vec<Location> = Vec::new();
    targets.extend(place.and_then(|place| {
        let line = place.line.or(place.item.as_ref().map(|item| item.start_line));
        target(&place.path, line)
    }));
    let candidates = resolution.candidates.iter();
    targets.extend(candidates.filter_map(|it| target(&it.path, it.line)));
    let status = words::status(resolution, printed.location.line);
    let message = match (targets.first(), status) {
        (Some(_), None) => "Go to the source of this frame.".to_owned(),
        (Some(_), Some(status)) => format!("Go to the source of this frame: {status}."),
        (None, Some(status)) => format!("{printed_at}: {status}."),
        (None, None) => format!("{printed_at} has no place in this workspace."),
    };
    LookedUp { targets, message, is_frame: true }
}
