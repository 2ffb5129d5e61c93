//! `incident.checkApis`.

use incident_core::check::{Language, Reference, Verdict};
use incident_core::present::DiagnosticSeverity;
use incident_core::present::words::count;
use incident_core::problem::Problem;
use incident_core::text::ByteSpan;
use incident_core::{neutral, report};
use incident_host::checking::{CheckOptions, check_text};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{Range, Url};

use crate::api_marks::{self, CheckedPart};
use crate::engine::Event;
use crate::lsp::ext::{CheckParams, CheckResult};
use crate::lsp::position;
use crate::server::Server;
use crate::state::Snapshot;

/// How many wrong names the message spells out.
const MAX_NAMED: usize = 3;

/// Holds the names of a text against the resolved versions; wrong ones show as diagnostics.
pub(super) async fn check_apis(server: &Server, params: CheckParams) -> Result<CheckResult> {
    let snapshot = server.state.snapshot();
    let CheckParams { text, uri, range, language } = params;
    let target = match (&text, &uri) {
        (None, Some(uri)) => Some(part(&snapshot, uri, range)?),
        (Some(_), None) => None,
        (Some(_), Some(_)) | (None, None) => {
            return Err(Error::invalid_params("incident.checkApis takes either a text or a uri"));
        }
    };
    let file = target
        .as_ref()
        .and_then(|(part, _)| part.uri.path_segments()?.next_back().map(str::to_owned));
    let text = target.as_ref().map(|(part, _)| part.text()).or(text).unwrap_or_default();
    let Some(root) = snapshot.roots_for(uri.as_ref()).into_iter().next() else {
        return Err(Error::invalid_params("no workspace folder is open"));
    };
    let id = server.engine.new_job_id();
    let seen = snapshot.clone();
    let checked = server.engine.run(id, "Checking the APIs".to_owned(), move |cancel| {
        let options = CheckOptions { language, file };
        let workspace = seen.workspace(&root);
        let (references, problems) = check_text(&workspace, &text, &options, cancel);
        let marked = target.map(|(part, version)| {
            let marks = api_marks::marks(&workspace, &part, &text, &references, cancel);
            (part.uri, version, marks)
        });
        (references, problems, marked)
    });
    let (references, problems, marked) = checked.await.ok_or_else(Error::internal_error)?;
    if let Some((uri, version, marks)) = marked {
        // A document that has changed meanwhile is checked again by whoever wants to know.
        let is_current = server.state.snapshot().document(&uri).map(|it| it.version());
        if is_current == Some(version) {
            server.state.change_board(|board| board.put_check(&uri, marks));
            server.engine.send(Event::Touched(vec![uri]));
        }
    }
    let message = message(&references, &problems);
    server.tell(&message);
    let report = serde_json::to_value(report::json::Check::new(&references, &problems));
    Ok(CheckResult { report: report.map_err(|_| Error::internal_error())?, message })
}

/// Returns the part of an open document that is meant, and the document's version.
fn part(snapshot: &Snapshot, uri: &Url, range: Option<Range>) -> Result<(CheckedPart, i32)> {
    let document = snapshot.document(uri).ok_or_else(|| {
        Error::invalid_params(format!("{uri} is not open; open it, or pass its text"))
    })?;
    let (rope, encoding) = (document.rope().clone(), snapshot.session.capabilities.encoding);
    let span = match range {
        Some(range) => {
            let start = position::byte_offset(&rope, range.start, encoding);
            let end = position::byte_offset(&rope, range.end, encoding);
            ByteSpan::new(start.min(end), start.max(end))
        }
        None => ByteSpan::new(0, rope.len_bytes()),
    };
    let language =
        Language::of_file(uri.path()).or_else(|| Language::named(document.language_id()));
    let severity = DiagnosticSeverity::Information;
    let part = CheckedPart { uri: uri.clone(), rope, encoding, span, language, severity };
    Ok((part, document.version()))
}

/// Says what was checked, so that silence is never taken for approval.
fn message(references: &[Reference], problems: &[Problem]) -> String {
    let wrong: Vec<&Reference> =
        references.iter().filter(|reference| reference.verdict.is_accusation()).collect();
    let n_unknown = references.iter().filter(|it| it.verdict == Verdict::Unknown).count();
    let looked_at = count(references.len(), "name");
    let unknown = match n_unknown {
        0 => String::new(),
        n => format!(", {n} of them could not be seen"),
    };
    let said = match (references.is_empty(), wrong.is_empty()) {
        (true, _) => match problems.first() {
            Some(problem) => format!("No name was checked: {}", problem.message),
            None => {
                "No name of a package stands in this text; select code that uses one.".to_owned()
            }
        },
        (false, true) => format!("Checked {looked_at}{unknown}; none was proved wrong."),
        (false, false) => {
            let named: Vec<String> = wrong
                .iter()
                .take(MAX_NAMED)
                .map(|it| format!("{} ({})", it.api, it.verdict.as_str().replace('_', " ")))
                .collect();
            format!("Checked {looked_at}{unknown}; wrong: {}.", named.join(", "))
        }
    };
    neutral::one_line(&said).into_owned()
}
