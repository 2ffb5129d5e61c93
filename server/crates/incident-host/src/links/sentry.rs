//! Sentry, in the cloud and self-hosted: an issue's event, what the issue counts, its release's
//! deploys.
//!
//! Source: <https://docs.sentry.io/api/>.

use incident_core::input::RawInput;
use incident_core::problem::Problem;
use reqwest::Url;
use serde_json::Value;

use super::fetch::Fetcher;
use super::{LinkError, Loaded, segments};
use crate::message::plain;

/// What a link names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    organization: String,
    /// A number or a short id.
    issue: String,
    /// 32 hex digits, or `latest`, `oldest`, `recommended`.
    event: Option<String>,
}

pub(super) fn load(url: &Url, fetcher: &mut Fetcher<'_>) -> Result<Loaded, LinkError> {
    let place = place(url)?;
    if !fetcher.service().has_token() {
        return Err(fetcher.closed("shows its issues to nobody without a token"));
    }
    let mut loaded = Loaded::default();
    let organization = place.organization.as_str();
    let of_issue = ["api", "0", "organizations", organization, "issues", &place.issue];
    let event = event(fetcher, &of_issue, place.event.as_deref())?;
    let release = event.get("release").and_then(|it| {
        it.get("version").and_then(Value::as_str).or(it.as_str()).map(str::to_owned)
    });
    loaded.push(url, &event);
    let issue = fetcher.api_url(&[&of_issue[..], &[""]].concat(), &[])?;
    loaded.extra(url, fetcher.json(&issue, &[], "an issue").map(|it| it.value), "the issue");
    if let Some(release) = release {
        let parts =
            ["api", "0", "organizations", organization, "releases", &release, "deploys", ""];
        let deploys = fetcher.api_url(&parts, &[])?;
        let deploys = fetcher.json(&deploys, &[], "a list of deploys").map(|it| it.value);
        loaded.extra(url, deploys, "the release's deploys");
    }
    Ok(loaded)
}

/// Fetches the event; where none is named the one that Sentry recommends, else the newest.
fn event(
    fetcher: &mut Fetcher<'_>,
    of_issue: &[&str],
    named: Option<&str>,
) -> Result<Value, LinkError> {
    let mut ask = |event: &str| {
        let url = fetcher.api_url(&[of_issue, &["events", event, ""]].concat(), &[])?;
        fetcher.json(&url, &[], "an event").map(|page| page.value)
    };
    match named {
        Some(event) => ask(event),
        // Self-hosted servers before 23 know no recommended event.
        None => ask("recommended").or_else(|_| ask("latest")),
    }
}

fn place(url: &Url) -> Result<Place, LinkError> {
    let host = url.host_str().unwrap_or_default();
    let parts = segments(url);
    let subdomain = host.strip_suffix(".sentry.io").filter(|it| !it.contains('.'));
    let (organization, rest) = match (parts.as_slice(), subdomain) {
        (["organizations", organization, rest @ ..], _) => (*organization, rest),
        (rest @ ["issues", ..], Some(organization)) => (organization, rest),
        (["share", ..], _) => {
            return Err(LinkError::NotThis(
                "a share link holds only a hash, which no API answers: give the issue's own \
                 address, the event's JSON as a file, or the text"
                    .to_owned(),
            ));
        }
        _ => return Err(no_issue(url)),
    };
    let (issue, event) = match rest {
        ["issues", issue] => (*issue, None),
        ["issues", issue, "events", event, ..] => (*issue, Some((*event).replace('-', ""))),
        ["issues", issue, ..] => (*issue, None),
        _ => return Err(no_issue(url)),
    };
    let is_name = |it: &str| {
        !it.is_empty() && it.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let is_event = |it: &String| {
        ["latest", "oldest", "recommended"].contains(&it.as_str())
            || (it.len() == 32 && it.bytes().all(|c| c.is_ascii_hexdigit()))
    };
    if !is_name(organization) || !is_name(issue) || !event.as_ref().is_none_or(is_event) {
        return Err(no_issue(url));
    }
    Ok(Place { organization: organization.to_owned(), issue: issue.to_owned(), event })
}

fn no_issue(url: &Url) -> LinkError {
    LinkError::NotThis(format!(
        "{} is no link to an issue: it looks like \
         https://ORG.sentry.io/issues/ID/ or https://HOST/organizations/ORG/issues/ID/events/EVENT/",
        plain(url.as_str())
    ))
}

impl Loaded {
    /// Adds a document under the link's name.
    pub(super) fn push(&mut self, link: &Url, value: &Value) {
        self.inputs.push(RawInput { name: plain(link.as_str()), text: value.to_string() });
    }

    /// Adds a document that helps and need not be there.
    pub(super) fn extra(&mut self, link: &Url, value: Result<Value, LinkError>, what: &str) {
        match value {
            Ok(value) => self.push(link, &value),
            Err(err) => {
                let told = format!("{what} could not be read: {err}");
                self.problems.push(Problem::warning(told).at(plain(link.as_str()), None));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(link: &str) -> String {
        match place(&Url::parse(link).unwrap()) {
            Ok(Place { organization, issue, event }) => {
                format!("{organization} {issue} {}", event.as_deref().unwrap_or("-"))
            }
            Err(_) => "no".to_owned(),
        }
    }

    #[test]
    fn links_of_the_cloud_and_of_own_hosts() {
        let event = "0123456789abcdef0123456789abcdef";
        let cases = [
            ("https://acme.sentry.io/issues/4509877862268928/", "acme 4509877862268928 -"),
            ("https://acme.sentry.io/issues/TILL-3F/?project=1", "acme TILL-3F -"),
            ("https://sentry.io/organizations/acme/issues/12/", "acme 12 -"),
            (
                "https://errors.example.org/organizations/acme/issues/12/events/latest/",
                "acme 12 latest",
            ),
            ("https://errors.example.org/organizations/acme/issues/12/activity/", "acme 12 -"),
            ("https://sentry.io/share/issue/abc/", "no"),
            ("https://acme.sentry.io/settings/", "no"),
            ("https://acme.sentry.io/issues/12/events/..%2f..%2fx/", "no"),
            ("https://sentry.io/organizations/a%2fb/issues/12/", "no"),
        ];
        for (link, wanted) in cases {
            assert_eq!(shown(link), wanted, "{link}");
        }
        let named = format!("https://acme.sentry.io/issues/12/events/{event}/?project=7");
        assert_eq!(shown(&named), format!("acme 12 {event}"));
    }
}
