//! PagerDuty: an incident with its log, notes and alerts, as one document.
//!
//! Source: <https://developer.pagerduty.com/api-reference/>.

use incident_core::problem::Problem;
use reqwest::Url;
use serde_json::{Value, json};

use super::fetch::Fetcher;
use super::{LinkError, Loaded, segments};
use crate::message::plain;

const HEADERS: [(&str, &str); 1] = [("accept", "application/vnd.pagerduty+json;version=2")];
/// Entries a page; the most that the API gives.
const PAGE: u64 = 100;
/// More entries than an incident has.
const MAX_ENTRIES: u64 = 2_000;

pub(super) fn load(url: &Url, fetcher: &mut Fetcher<'_>) -> Result<Loaded, LinkError> {
    let parts = segments(url);
    let id = match parts.as_slice() {
        ["incidents", id, ..] if id.chars().all(|c| c.is_ascii_alphanumeric()) => *id,
        _ => {
            return Err(LinkError::NotThis(format!(
                "{} is no link to an incident: it looks like https://TEAM.pagerduty.com/incidents/ID",
                plain(url.as_str())
            )));
        }
    };
    if !fetcher.service().has_token() {
        return Err(fetcher.closed("shows its incidents to nobody without a token"));
    }
    let incident = fetcher.api_url(&["incidents", id], &[])?;
    let mut document = fetcher.json(&incident, &HEADERS, "an incident")?.value;
    let Value::Object(members) = &mut document else {
        let host = fetcher.service().host.clone();
        return Err(LinkError::Strange { host, what: "an incident" });
    };
    let mut loaded = Loaded::default();
    let (entries, is_cut) = log_entries(fetcher, id)?;
    if is_cut {
        let told = format!(
            "the incident's log is longer than {MAX_ENTRIES} entries, and the rest was not read"
        );
        loaded.problems.push(Problem::warning(told).at(plain(url.as_str()), None));
    }
    members.insert("log_entries".to_owned(), json!(entries));
    for part in ["notes", "alerts"] {
        let asked = fetcher.api_url(&["incidents", id, part], &[])?;
        match fetcher.json(&asked, &HEADERS, "a list of the incident") {
            Ok(page) => {
                let found = page.value.get(part).cloned().unwrap_or_default();
                members.insert(part.to_owned(), found);
            }
            Err(err) => {
                let told = format!("the incident's {part} could not be read: {err}");
                loaded.problems.push(Problem::warning(told).at(plain(url.as_str()), None));
            }
        }
    }
    loaded.push(url, &document);
    Ok(loaded)
}

/// Reads the log page by page; says whether there is more of it.
fn log_entries(fetcher: &mut Fetcher<'_>, id: &str) -> Result<(Vec<Value>, bool), LinkError> {
    let (mut entries, mut offset) = (Vec::new(), 0);
    while offset < MAX_ENTRIES {
        let (limit, from) = (PAGE.to_string(), offset.to_string());
        let query = [("limit", limit.as_str()), ("offset", &from), ("include[]", "channels")];
        let asked = fetcher.api_url(&["incidents", id, "log_entries"], &query)?;
        let mut page = fetcher.json(&asked, &HEADERS, "an incident's log")?.value;
        let more = page.get("more").and_then(Value::as_bool).unwrap_or(false);
        let Some(Value::Array(found)) = page.get_mut("log_entries").map(Value::take) else { break };
        let n_found = found.len() as u64;
        entries.extend(found);
        if !more || n_found == 0 {
            return Ok((entries, false));
        }
        offset += n_found;
    }
    Ok((entries, offset >= MAX_ENTRIES))
}
