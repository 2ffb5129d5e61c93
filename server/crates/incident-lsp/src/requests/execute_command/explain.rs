//! `incident.explain`.

use std::time::Duration;

use incident_core::present::Explanation;
use incident_core::problem::Problem;
use incident_core::report;
use incident_host::pipeline::ExplainOptions;
use serde_json::Value;
use tower_lsp::jsonrpc::{Error, Result};

use crate::engine::{Found, Input, Outcome, Purpose, Request};
use crate::lsp::ext::{ExplainParams, ExplainResult};
use crate::server::Server;

/// After this the answer is what is known by then.
const PATIENCE: Duration = Duration::from_secs(2);

/// Explains a text or a document; diagnostics appear on the way.
pub(super) async fn explain(server: &Server, params: ExplainParams) -> Result<ExplainResult> {
    let mut job = server.engine.explain(request(params)?);
    let Ok(outcome) = tokio::time::timeout(PATIENCE, job.outcome()).await else {
        let so_far = job.found_so_far();
        job.release();
        return Ok(match so_far {
            Some(found) => answer(&found),
            None => ExplainResult {
                partial: true,
                message: "Still reading; diagnostics show what is found.".to_owned(),
                ..ExplainResult::default()
            },
        });
    };
    match outcome {
        Outcome::Found(found) => {
            let answer = answer(&found);
            if found.explanation.incidents.is_empty() {
                server.tell(&answer.message);
            }
            Ok(answer)
        }
        other => Err(other.into_error()),
    }
}

fn request(params: ExplainParams) -> Result<Request> {
    let ExplainParams { text, uri, range, workspace, deployed, since } = params;
    let input = match (text, uri) {
        (Some(text), None) => Input::Text(text),
        (None, Some(uri)) => Input::Document { uri, range },
        (Some(_), Some(_)) | (None, None) => {
            return Err(Error::invalid_params("incident.explain takes either a text or a uri"));
        }
    };
    let options = ExplainOptions { deployed, since, store: true };
    Ok(Request { input, workspace, options, purpose: Purpose::Explain })
}

fn answer(found: &Found) -> ExplainResult {
    let incidents = incidents(&found.explanation);
    ExplainResult {
        incident: incidents.first().cloned(),
        incidents,
        partial: !found.is_last,
        message: found.presentation.summary.clone(),
        problems: found.explanation.problems.iter().map(problem).collect(),
    }
}

/// Returns the incidents as the JSON report has them.
fn incidents(explanation: &Explanation) -> Vec<Value> {
    let mut report = serde_json::to_value(report::json::explain(explanation)).unwrap_or_default();
    match report.get_mut("incidents").map(Value::take) {
        Some(Value::Array(incidents)) => incidents,
        _ => Vec::new(),
    }
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
