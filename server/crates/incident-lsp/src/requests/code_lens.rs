//! `textDocument/codeLens`: "Explain this incident", in trace and log documents.

use serde_json::json;
use tower_lsp::lsp_types::{CodeLens, CodeLensParams, Command as LspCommand, Range, Url};

use crate::lsp::commands::Command;
use crate::lsp::position;
use crate::state::Snapshot;
use crate::trace_document;

/// More than this helps nobody; the lens on the first line explains all of them.
const MAX_LENSES: usize = 100;

/// Returns a lens over each trace, and one for the whole document where it is a log or holds several.
pub(crate) async fn code_lens(snapshot: Snapshot, params: CodeLensParams) -> Option<Vec<CodeLens>> {
    let uri = params.text_document.uri;
    let document = snapshot.trace_document(&uri)?.clone();
    let encoding = snapshot.session.capabilities.encoding;
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
        let each = ranges.into_iter().take(MAX_LENSES);
        lenses.extend(each.map(|range| lens("Explain this incident", &uri, range)));
        lenses
    })
    .await
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
