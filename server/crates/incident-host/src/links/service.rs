//! Who answers a link, whether it may be asked, and with which token.

use reqwest::Url;

use super::settings::{HostSettings, Kind};
use super::{Context, LinkError};
use crate::message::plain;

/// A service that may be asked.
#[derive(Clone)]
pub(super) struct Service {
    /// What it speaks.
    pub(super) kind: Kind,
    /// The API's base address, without a slash at its end.
    pub(super) api: String,
    /// The link's host, as the settings spell it.
    pub(super) host: String,
    /// The variable that may hold the token; none where a host has no token.
    pub(super) variable: Option<String>,
    /// Never shown.
    token: Option<String>,
}

impl std::fmt::Debug for Service {
    /// Leaves the token out: debug output ends in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("kind", &self.kind).field("api", &self.api).finish()
    }
}

/// Public services that are known by their hosts; `*.` stands for subdomains.
const KNOWN: &[(Kind, &[&str], &str)] = &[
    (Kind::Sentry, &["sentry.io", "*.sentry.io"], "https://sentry.io"),
    (
        Kind::GitHub,
        &[
            "github.com",
            "gist.github.com",
            "gist.githubusercontent.com",
            "raw.githubusercontent.com",
        ],
        "https://api.github.com",
    ),
    (Kind::PagerDuty, &["*.pagerduty.com"], "https://api.pagerduty.com"),
    (Kind::Notion, &["notion.so", "www.notion.so", "*.notion.site"], "https://api.notion.com"),
];

/// Where GitHub keeps what it redirects to: logs and artifacts. They are signed for a minute and
/// want no token.
const GITHUB_STORES: &[&str] = &[
    "*.blob.core.windows.net",
    "*.actions.githubusercontent.com",
    "*.githubusercontent.com",
    "codeload.github.com",
];

impl Service {
    /// Finds the service behind `link`, where its host is configured or confirmed.
    pub(super) fn of(link: &Url, context: &Context<'_>) -> Result<Self, LinkError> {
        let host = host_key(link);
        let configured = context.settings.hosts.get(&host);
        let is_confirmed = context.confirmed.iter().any(|it| it.eq_ignore_ascii_case(&host));
        if configured.is_none() && !is_confirmed {
            return Err(LinkError::NotAllowed { host, is_untrusted: context.settings.was_ignored });
        }
        let settings = configured.cloned().unwrap_or_default();
        if !link.username().is_empty() || link.password().is_some() {
            return Err(LinkError::Password { host });
        }
        if link.scheme() != "https" && !settings.http {
            return Err(LinkError::NotHttps { host });
        }
        let known = KNOWN.iter().find(|(_, hosts, _)| hosts.iter().any(|it| matches(it, &host)));
        let kind = settings.kind.or(known.map(|(kind, ..)| *kind)).unwrap_or(Kind::Text);
        let api = api(kind, link, &settings, known.map(|(.., api)| *api));
        // The usual variable belongs to the public service: for any other host it is named.
        let is_public = known.is_some() && settings.api.is_none();
        let usual = is_public.then(|| kind.usual_variable().to_owned());
        let variable = settings.token_env.or(usual);
        let token = variable.as_deref().and_then(|name| context.environment.get(name));
        let token = token.and_then(|it| it.to_str()).map(|it| it.trim().to_owned());
        let token = token.filter(|it| !it.is_empty());
        Ok(Self { kind, api, host, variable, token })
    }

    /// Returns the token where `url` is at its own host: the API's, by the same scheme and port.
    pub(super) fn token_for(&self, url: &Url) -> Option<&str> {
        let own = Url::parse(&self.api).ok()?;
        (own.origin() == url.origin()).then_some(self.token.as_deref()?)
    }

    /// Says whether there is a token at all.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Says whether a redirect may lead from this service's host to `host`, which nobody named.
    pub(super) fn may_lead_to(&self, host: &str) -> bool {
        self.kind == Kind::GitHub && GITHUB_STORES.iter().any(|it| matches(it, host))
    }
}

/// Returns the host as the settings spell it: with the port where it is not the scheme's own.
pub(super) fn host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
        None => pattern == host,
    }
}

fn api(kind: Kind, link: &Url, settings: &HostSettings, known: Option<&str>) -> String {
    let own = || {
        let origin = link.origin().ascii_serialization();
        // Enterprise hosts have their API below a path.
        if kind == Kind::GitHub { format!("{origin}/api/v3") } else { origin }
    };
    let api = settings.api.clone().or(known.map(str::to_owned)).unwrap_or_else(own);
    plain(api.trim_end_matches('/'))
}
