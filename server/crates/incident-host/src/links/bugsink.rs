//! Bugsink: an issue's event, in the shape in which the SDK sent it.
//!
//! Source: the service's own OpenAPI description, `/api/canonical/0/`.

use reqwest::Url;
use serde_json::Value;

use super::fetch::Fetcher;
use super::{LinkError, Loaded, segments};
use crate::message::plain;

pub(super) fn load(url: &Url, fetcher: &mut Fetcher<'_>) -> Result<Loaded, LinkError> {
    let parts = segments(url);
    // A server below a path has that path first.
    let at =
        parts.windows(2).position(|pair| matches!(pair, ["issues", "issue"] | ["events", "event"]));
    let rest = at.and_then(|at| parts.get(at..)).unwrap_or_default();
    let is_id = |it: &str| it.len() >= 32 && it.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let (issue, event) = match rest {
        ["issues", "issue", issue, "event", event, ..] if is_id(issue) => (*issue, Some(*event)),
        ["issues", "issue", issue, ..] if is_id(issue) => (*issue, None),
        ["events", "event", event, ..] => ("", Some(*event)),
        _ => {
            return Err(LinkError::NotThis(format!(
                "{} is no link to an issue: it looks like \
                 https://HOST/issues/issue/ID/event/EVENT/",
                plain(url.as_str())
            )));
        }
    };
    if !fetcher.service().has_token() {
        return Err(fetcher.closed("shows its issues to nobody without a token"));
    }
    let event = match event.filter(|event| is_id(event)) {
        Some(event) => event.to_owned(),
        None => newest_event(fetcher, issue)?,
    };
    let event = fetcher.api_url(&["api", "canonical", "0", "events", &event, ""], &[])?;
    let mut event = fetcher.json(&event, &[], "an event")?.value;
    let host = fetcher.service().host.clone();
    let payload = event.get_mut("data").map(Value::take).filter(Value::is_object);
    let payload = payload.ok_or(LinkError::Strange { host, what: "an event" })?;
    let mut loaded = Loaded::default();
    loaded.push(url, &payload);
    Ok(loaded)
}

/// Returns the id of an issue's newest event.
fn newest_event(fetcher: &mut Fetcher<'_>, issue: &str) -> Result<String, LinkError> {
    let query = [("issue", issue), ("order", "desc")];
    let events = fetcher.api_url(&["api", "canonical", "0", "events", ""], &query)?;
    let page = fetcher.json(&events, &[], "a list of events")?.value;
    let id = page.pointer("/results/0/id").and_then(Value::as_str).map(str::to_owned);
    let host = fetcher.service().host.clone();
    id.ok_or(LinkError::Strange { host, what: "a list with an event" })
}
