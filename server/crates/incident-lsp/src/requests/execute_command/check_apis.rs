//! `incident.checkApis`.

use std::sync::Arc;

use incident_core::check::{Reference, Verdict};
use incident_core::present::words::count;
use incident_core::present::{Code, Diagnostic, DiagnosticPlace, DiagnosticSeverity, markdown};
use incident_core::problem::Problem;
use incident_core::text::{ByteSpan, LineCol, LineIndex};
use incident_core::{neutral, report};
use incident_host::checking::{CheckOptions, check_text};
use ropey::Rope;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{Range, Url};

use crate::engine::Event;
use crate::lsp::ext::{CheckParams, CheckResult};
use crate::lsp::position::{self, Encoding};
use crate::server::Server;
use crate::state::{Mark, TrackedRange};

/// How many wrong names the message spells out.
const MAX_NAMED: usize = 3;

/// Holds the names of a text against the resolved versions; wrong ones show as diagnostics.
pub(super) async fn check_apis(server: &Server, params: CheckParams) -> Result<CheckResult> {
    let snapshot = server.state.snapshot();
    let CheckParams { text, uri, range, language } = params;
    let target = match (&text, &uri) {
        (None, Some(uri)) => Some(Target::new(&snapshot, uri, range)?),
        (Some(_), None) => None,
        (Some(_), Some(_)) | (None, None) => {
            return Err(Error::invalid_params("incident.checkApis takes either a text or a uri"));
        }
    };
    let file = target
        .as_ref()
        .and_then(|target| target.uri.path_segments()?.next_back().map(str::to_owned));
    let text = target.as_ref().map(Target::text).or(text).unwrap_or_default();
    let Some(root) = snapshot.roots_for(uri.as_ref()).into_iter().next() else {
        return Err(Error::invalid_params("no workspace folder is open"));
    };
    let id = server.engine.new_job_id();
    let seen = snapshot.clone();
    let checked = server.engine.run(id, "Checking the APIs".to_owned(), move |cancel| {
        let options = CheckOptions { language, file };
        let (references, problems) = check_text(&seen.workspace(&root), &text, &options, cancel);
        let wrong = marks(&text, &references, target.as_ref());
        (references, problems, wrong, target)
    });
    let (references, problems, marks, target) = checked.await.ok_or_else(Error::internal_error)?;
    if let Some(target) = target {
        // A document that has changed meanwhile is checked again by whoever wants to know.
        let is_current = server.state.snapshot().document(&target.uri).map(|it| it.version());
        if is_current == Some(target.version) {
            server.state.change_board(|board| board.put_check(&target.uri, marks));
            server.engine.send(Event::Touched(vec![target.uri]));
        }
    }
    let message = message(&references, &problems);
    server.tell(&message);
    let report = serde_json::to_value(report::json::Check::new(&references, &problems));
    Ok(CheckResult { report: report.map_err(|_| Error::internal_error())?, message })
}

/// The part of a document that is checked.
struct Target {
    uri: Url,
    version: i32,
    rope: Rope,
    encoding: Encoding,
    /// Where the part starts and ends, in bytes.
    span: ByteSpan,
}

impl Target {
    fn new(snapshot: &crate::state::Snapshot, uri: &Url, range: Option<Range>) -> Result<Self> {
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
        Ok(Self { uri: uri.clone(), version: document.version(), rope, encoding, span })
    }

    fn text(&self) -> String {
        self.rope.byte_slice(self.span.start..self.span.end).to_string()
    }
}

/// Marks the names that were proved wrong.
fn marks(text: &str, references: &[Reference], target: Option<&Target>) -> Vec<Mark> {
    let Some(target) = target else { return Vec::new() };
    let lines = LineIndex::new(text);
    let wrong = references.iter().filter(|reference| reference.verdict.is_accusation());
    wrong
        .filter_map(|reference| {
            let start = LineCol { line: reference.line, column: reference.column };
            let end = LineCol { line: reference.end_line, column: reference.end_column };
            let span = ByteSpan::new(lines.offset(start)?, lines.offset(end)?);
            let range = position::range(
                &target.rope,
                target.span.start + span.start,
                target.span.start + span.end,
                target.encoding,
            );
            Some(Mark {
                place: TrackedRange::new(target.uri.clone(), range),
                related: Vec::new(),
                diagnostic: Arc::new(diagnostic(reference, start, end)),
            })
        })
        .collect()
}

fn diagnostic(reference: &Reference, start: LineCol, end: LineCol) -> Diagnostic {
    let said = said(reference);
    Diagnostic {
        code: Code::MissingApi,
        severity: DiagnosticSeverity::Information,
        place: DiagnosticPlace { path: String::new(), start, end, span: None },
        message: neutral::block(&said).into_owned(),
        hover: markdown::text(&said),
        related: Vec::new(),
        incident: String::new(),
        hypothesis: None,
        actions: Vec::new(),
    }
}

fn said(reference: &Reference) -> String {
    let package = match &reference.package {
        Some(package) => format!(" ({package})"),
        None => String::new(),
    };
    let verdict = reference.verdict.as_str().replace('_', " ");
    let mut said = format!("{}{package}: {verdict}", reference.api);
    if !reference.reason.is_empty() {
        said.push_str(&format!("\n{}", reference.reason));
    }
    if let Some(suggestion) = reference.suggestions.first() {
        said.push_str(&format!("\nThere is {suggestion}."));
    }
    said
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
