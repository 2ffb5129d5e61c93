//! `incident.explain`.

mod consent;

use std::time::Duration;

use incident_core::present::Explanation;
use incident_core::problem::Problem;
use incident_core::report;
use incident_host::links;
use incident_host::pipeline::ExplainOptions;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{Range, Url};

use crate::engine::{Found, Input, Outcome, Purpose, Request};
use crate::lsp::ext::{ExplainParams, ExplainResult};
use crate::lsp::{position, to_proto};
use crate::server::Server;
use crate::state::{Board, Snapshot};

/// After this the answer is what is known by then.
const PATIENCE: Duration = Duration::from_secs(2);

/// Explains a text or a document; diagnostics appear on the way.
pub(super) async fn explain(server: &Server, params: ExplainParams) -> Result<ExplainResult> {
    let request = request(params, &server.state.snapshot())?;
    if let Some(host) = consent::needed(server, &request).await {
        return Ok(consent::ask(server, request, host));
    }
    let mut job = server.engine.explain(request);
    let Ok(outcome) = tokio::time::timeout(PATIENCE, job.outcome()).await else {
        let so_far = job.found_so_far();
        job.release();
        return Ok(match so_far {
            Some(found) => answer(server, &found),
            None => ExplainResult {
                partial: true,
                message: "Still reading; diagnostics show what is found.".to_owned(),
                ..ExplainResult::default()
            },
        });
    };
    match outcome {
        Outcome::Found(found) => {
            let answer = answer(server, &found);
            if found.explanation.incidents.is_empty() {
                server.tell(&answer.message);
            }
            Ok(answer)
        }
        other => Err(other.into_error()),
    }
}

fn request(params: ExplainParams, snapshot: &Snapshot) -> Result<Request> {
    let ExplainParams { text, name, uri, range, url, allow_host, workspace, deployed, since } =
        params;
    let input = match (text, uri, url) {
        (Some(text), None, None) => match links::only_link(&text) {
            Some(link) => Input::Link { link: link.to_owned(), allow_host },
            None => {
                let name = name.filter(|name| !name.is_empty());
                Input::Text { name: name.unwrap_or_else(|| "the pasted text".to_owned()), text }
            }
        },
        (None, Some(uri), None) => match link_in(&uri, range, snapshot) {
            Some(link) => Input::Link { link, allow_host },
            None => Input::Document { uri, range },
        },
        (None, None, Some(link)) => Input::Link { link, allow_host },
        _ => {
            return Err(Error::invalid_params("incident.explain takes one of text, uri and url"));
        }
    };
    let options = ExplainOptions { deployed, since, store: true, ..ExplainOptions::default() };
    Ok(Request { input, workspace, options, purpose: Purpose::Explain })
}

/// Returns the link that an open document, or a part of it, consists of.
fn link_in(uri: &Url, range: Option<Range>, snapshot: &Snapshot) -> Option<String> {
    let rope = snapshot.document(uri)?.rope();
    let encoding = snapshot.session.capabilities.encoding;
    let offset = |at| position::char_offset(rope, at, encoding);
    let (start, end) = match range {
        Some(range) => (offset(range.start), offset(range.end)),
        None => (0, rope.len_chars()),
    };
    // A link is short: a log need not be copied to see that it is none.
    let part =
        rope.get_slice(start.min(end)..start.max(end)).filter(|it| it.len_chars() < 8_192)?;
    links::only_link(&part.to_string()).map(str::to_owned)
}

fn answer(server: &Server, found: &Found) -> ExplainResult {
    let incidents = incidents(&found.explanation, &server.state.snapshot().board);
    ExplainResult {
        incident: incidents.first().cloned(),
        incidents,
        partial: !found.is_last,
        message: found.presentation.summary.clone(),
        problems: found.explanation.problems.iter().map(problem).collect(),
    }
}

/// Returns the incidents as the JSON report has them, each with the place where it shows first.
fn incidents(explanation: &Explanation, board: &Board) -> Vec<Value> {
    let mut report = serde_json::to_value(report::json::explain(explanation)).unwrap_or_default();
    let Some(Value::Array(mut incidents)) = report.get_mut("incidents").map(Value::take) else {
        return Vec::new();
    };
    for (reported, explained) in incidents.iter_mut().zip(&explanation.incidents) {
        let place = board.find(&explained.incident.id).and_then(|entry| to_proto::place(entry));
        if let Value::Object(fields) = reported {
            fields.insert("place".to_owned(), json!(place));
        }
    }
    incidents
}

fn problem(problem: &Problem) -> String {
    match &problem.location {
        Some(location) => match location.line {
            Some(line) => format!("{}:{line}: {}", location.path, problem.message),
            None => format!("{}: {}", location.path, problem.message),
        },
        None => problem.message.clone(),
    }
}
