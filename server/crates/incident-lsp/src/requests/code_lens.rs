//! `textDocument/codeLens`: "Explain this incident", in trace and log documents, what is new since
//! the deploy, in explained logs, and how often a statement printed, in the source.

use std::collections::BTreeMap;
use std::path::Path;

use incident_core::logs::{Level, LogGroup, LogReport};
use serde_json::json;
use tower_lsp::lsp_types::{CodeLens, CodeLensParams, Command as LspCommand, Position, Range, Url};

use crate::log_document;
use crate::lsp::commands::Command;
use crate::lsp::position::{self, Encoding};
use crate::state::{Document, Snapshot};
use crate::trace_document;

/// More than this helps nobody; the lens on the first line explains all of them.
const MAX_LENSES: usize = 100;

/// Returns a lens over each trace, and one for the whole document where it is a log or holds several.
pub(crate) async fn code_lens(snapshot: Snapshot, params: CodeLensParams) -> Option<Vec<CodeLens>> {
    let uri = params.text_document.uri;
    let Some(document) = snapshot.trace_document(&uri).cloned() else {
        return printed_here(&snapshot, &uri);
    };
    let encoding = snapshot.session.capabilities.encoding;
    let explanation = snapshot.log_of(&uri);
    super::blocking(move || {
        let traces = document.traces();
        let ranges = trace_document::trace_ranges(&document, &traces, encoding);
        let mut lenses = Vec::new();
        let is_log = document.language_id() == "log" && document.rope().len_chars() > 0;
        if is_log || ranges.len() > 1 {
            let title = if is_log { "Explain this log" } else { "Explain all incidents" };
            let end = document.rope().len_bytes();
            let all = position::range(document.rope(), 0, end, encoding);
            lenses.push(lens(title, &uri, all));
        }
        lenses.extend(explanation.iter().flat_map(|it| news(&it.logs, &uri, &document, encoding)));
        let each = ranges.into_iter().take(MAX_LENSES);
        lenses.extend(each.map(|range| lens("Explain this incident", &uri, range)));
        lenses
    })
    .await
}

/// Returns a lens over the first record of each severe group that is new or bursts.
fn news(logs: &LogReport, uri: &Url, document: &Document, encoding: Encoding) -> Vec<CodeLens> {
    let severe = logs.groups.iter().filter(|group| group.level >= Level::Warn);
    let lens = |group: &LogGroup| {
        let title = log_document::lens(group)?;
        let line_idx = usize::try_from(group.first_line.checked_sub(1)?).ok()?;
        let start = document.rope().try_line_to_byte(line_idx).ok()?;
        let end = document.rope().len_bytes();
        let mut lens = lens(&title, uri, position::range(document.rope(), 0, end, encoding));
        let here = position::range(document.rope(), start, start, encoding);
        lens.range = here;
        Some(lens)
    };
    severe.filter_map(lens).take(MAX_LENSES).collect()
}

/// Returns a lens over each statement of a source document that printed severe records of an
/// explained log.
fn printed_here(snapshot: &Snapshot, uri: &Url) -> Option<Vec<CodeLens>> {
    let document = snapshot.document(uri)?;
    let path = uri.to_file_path().ok()?;
    let entries = snapshot.board.entries().iter().filter(|entry| !entry.dismissed);
    let mut lenses = BTreeMap::new();
    for entry in entries {
        let (Some(log), Ok(path)) = (&entry.origin.uri, path.strip_prefix(&entry.root)) else {
            continue;
        };
        let groups = entry.explanation.logs.groups.iter();
        for group in groups.filter(|group| group.level >= Level::Warn) {
            let place = log_document::sole_place(group);
            let Some(place) = place.filter(|it| Path::new(&it.path) == path) else { continue };
            let line_idx = place.line.saturating_sub(1);
            // The document may have been edited since: the statement must still be there.
            let is_there = (line_idx..place.end_line).any(|line_idx| {
                let line = document.rope().get_line(line_idx as usize);
                line.is_some_and(|line| log_document::is_printed_by(group, &line.to_string()))
            });
            if is_there {
                let here = Position::new(line_idx, 0);
                let lens = lens(&log_document::printed(group), log, Range::new(here, here));
                lenses.entry(line_idx).or_insert(lens);
            }
        }
    }
    (!lenses.is_empty()).then(|| lenses.into_values().take(MAX_LENSES).collect())
}

fn lens(title: &str, uri: &Url, range: Range) -> CodeLens {
    CodeLens {
        range: Range::new(range.start, range.start),
        command: Some(LspCommand {
            title: title.to_owned(),
            command: Command::Explain.id().to_owned(),
            arguments: Some(vec![json!({ "uri": uri, "range": range })]),
        }),
        data: None,
    }
}
