//! One link's requests: hop by hop, within one budget.

use std::time::Duration;

use incident_core::cancel::Cancel;
use incident_core::neutral;
use incident_core::redact::redact;
use reqwest::Url;
use serde_json::Value;

use super::guard::Guard;
use super::service::{self, Service};
use super::{Context, LinkError};
use crate::http::{Client, Head, HttpError, Limits, Request};
use crate::message::plain;

/// How many requests one link is worth, redirects among them.
const MAX_REQUESTS: usize = 120;
/// How many redirects one request is followed through.
const MAX_REDIRECTS: usize = 5;
/// How many bytes one link is worth, where the settings do not say it.
const MAX_MIB: u32 = 64;
/// How long one request may take, where the settings do not say it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Asks one service for one link.
pub(super) struct Fetcher<'a> {
    service: Service,
    context: &'a Context<'a>,
    guard: Guard,
    cancel: &'a Cancel,
    client: Client,
    n_requests: usize,
    max_mib: u32,
    bytes_left: usize,
}

/// An answer of success.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) head: Head,
    /// Unpacked.
    pub(super) body: Vec<u8>,
}

/// An answer in JSON, and where the next page of it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) value: Value,
    pub(super) next: Option<Url>,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(
        service: Service,
        context: &'a Context<'a>,
        cancel: &'a Cancel,
    ) -> Result<Self, LinkError> {
        let settings = context.settings;
        let private = settings.hosts.iter().filter(|(_, host)| host.private);
        let private = private.map(|(host, _)| name_of(host).to_owned());
        let timeout = settings.timeout.unwrap_or(TIMEOUT);
        let max_mib = settings.max_mib.unwrap_or(MAX_MIB);
        let guard = Guard::new(private.chain(proxies(context)));
        let bytes_left = usize::try_from(max_mib).unwrap_or(usize::MAX).saturating_mul(1 << 20);
        let limits = Limits {
            connect: timeout.min(Duration::from_secs(10)),
            first_byte: timeout,
            idle: timeout.min(Duration::from_secs(10)),
            total: timeout,
            max_bytes: bytes_left,
        };
        let client = Client::guarded(limits, settings.ca_file.as_deref(), guard.clone())?;
        Ok(Self { service, context, guard, cancel, client, n_requests: 0, max_mib, bytes_left })
    }

    /// Returns who is asked.
    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// Makes an address of the API; each part is one segment of its path, whatever it holds.
    pub(super) fn api_url(&self, parts: &[&str], query: &[(&str, &str)]) -> Result<Url, LinkError> {
        let unusable = || {
            let told = format!("`{}` is no base address of an API", plain(&self.service.api));
            LinkError::NotThis(told)
        };
        let mut url = Url::parse(&self.service.api).map_err(|_| unusable())?;
        url.path_segments_mut().map_err(|()| unusable())?.pop_if_empty().extend(parts);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Asks for `url`; a status that is no success is an error in words.
    pub(super) fn get(
        &mut self,
        url: &Url,
        headers: &[(&'static str, &str)],
    ) -> Result<Answer, LinkError> {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.walk(url.clone(), &headers, true)
    }

    /// Asks for an address that an answer of the service named: where a redirect might lead, and
    /// like there without a token.
    pub(super) fn get_named(&mut self, url: &Url) -> Result<Answer, LinkError> {
        let api = Url::parse(&self.service.api).unwrap_or_else(|_| url.clone());
        let url = self.next_hop(&api, url.as_str())?;
        self.walk(url, &[], false)
    }

    fn walk(
        &mut self,
        mut url: Url,
        headers: &[(&'static str, String)],
        mut may_show_token: bool,
    ) -> Result<Answer, LinkError> {
        for _ in 0..=MAX_REDIRECTS {
            let (head, body) = self.hop(&url, headers, may_show_token)?;
            may_show_token = false;
            if head.is_success() {
                return Ok(Answer { head, body });
            }
            let location = head.header("location").filter(|_| is_redirect(head.status));
            let Some(location) = location else { return Err(self.no_success(&url, &head, &body)) };
            url = self.next_hop(&url, location)?;
        }
        Err(LinkError::Circle { host: self.service.host.clone() })
    }

    /// Asks for JSON.
    pub(super) fn json(
        &mut self,
        url: &Url,
        headers: &[(&'static str, &str)],
        what: &'static str,
    ) -> Result<Page, LinkError> {
        let answer = self.get(url, headers)?;
        let value = serde_json::from_slice(&answer.body);
        let value = value.map_err(|_| LinkError::Strange { host: service::host_key(url), what })?;
        let link = answer.head.header("link").and_then(next_page);
        // A next page lies where this one does: anything else would lead away under our token.
        let next = link.and_then(|link| url.join(&link).ok());
        let next = next.filter(|next| next.origin() == url.origin() && next != url);
        Ok(Page { value, next })
    }

    /// The error for a service that answers nobody without a token.
    pub(super) fn closed(&self, said: &str) -> LinkError {
        LinkError::Closed {
            host: self.service.host.clone(),
            said: said.to_owned(),
            kind: self.service.kind,
            variable: self.service.variable.clone(),
            has_token: self.service.has_token(),
        }
    }

    fn hop(
        &mut self,
        url: &Url,
        headers: &[(&'static str, String)],
        may_show_token: bool,
    ) -> Result<(Head, Vec<u8>), LinkError> {
        self.check(url)?;
        self.n_requests += 1;
        let host = service::host_key(url);
        if self.n_requests > MAX_REQUESTS {
            let limit = format!("{MAX_REQUESTS} requests");
            return Err(LinkError::TooMuch { host, limit });
        }
        let mut headers = headers.to_vec();
        if may_show_token && let Some(token) = self.service.token_for(url) {
            headers.push(("authorization", self.service.kind.authorization(token)));
        }
        let client = self.client.with_max_bytes(self.bytes_left);
        let request = Request { url: url.as_str(), headers: &headers, body: None };
        let mut body = Vec::new();
        let sent = client.send(&request, self.cancel, &mut |_, bytes| {
            body.extend_from_slice(bytes);
            std::ops::ControlFlow::Continue(())
        });
        let (head, error_body) = sent.map_err(|err| match err {
            // The limit is on all answers together, not on what was left for this one.
            HttpError::TooLarge { host, .. } => {
                LinkError::TooMuch { host, limit: format!("{} MiB", self.max_mib) }
            }
            err => LinkError::Http(err),
        })?;
        self.bytes_left = self.bytes_left.saturating_sub(body.len());
        Ok(if head.is_success() { (head, body) } else { (head, error_body) })
    }

    /// Checks scheme and address of a hop, each time anew.
    fn check(&self, url: &Url) -> Result<(), LinkError> {
        let key = service::host_key(url);
        let settings = self.context.settings.hosts.get(&key);
        let may_be_plain = settings.is_some_and(|settings| settings.http);
        if url.scheme() != "https" && !(url.scheme() == "http" && may_be_plain) {
            return Err(LinkError::NotHttps { host: key });
        }
        let no_host = || LinkError::NoLink { link: plain(url.as_str()) };
        let host = url.host().ok_or_else(no_host)?;
        let refused = |err: &dyn std::error::Error| LinkError::Refused(plain(&err.to_string()));
        self.guard.check_literal(&host).map_err(|err| refused(&err))?;
        // Behind a proxy our own look-up is never asked, so it is asked here; a network that
        // leaves names to its proxy can't answer it.
        if let url::Host::Domain(name) = host
            && proxies(self.context).next().is_some()
            && let Err(err) = self.guard.look_up(name)
            && err.get_ref().is_some_and(|inner| inner.is::<super::guard::Refused>())
        {
            return Err(refused(&err));
        }
        Ok(())
    }

    /// Returns where a redirect leads, if it may be followed.
    fn next_hop(&self, from: &Url, location: &str) -> Result<Url, LinkError> {
        let from_host = service::host_key(from);
        let strange =
            || LinkError::Strange { host: from_host.clone(), what: "a redirect to an address" };
        let to = from.join(location).map_err(|_| strange())?;
        let to_host = service::host_key(&to);
        let is_configured = self.context.settings.hosts.contains_key(&to_host);
        let is_confirmed =
            self.context.confirmed.iter().any(|it| it.eq_ignore_ascii_case(&to_host));
        let is_own = to_host == from_host || self.service.may_lead_to(&to_host);
        if !(is_own || is_configured || is_confirmed) {
            return Err(LinkError::LedAway { from: from_host, to: plain(&to_host) });
        }
        Ok(to)
    }

    fn no_success(&self, url: &Url, head: &Head, body: &[u8]) -> LinkError {
        let host = service::host_key(url);
        let status = head.status;
        if matches!(status, 401 | 403 | 404) && !is_rate_limit(head) {
            let said = match status {
                401 => "does not know who asks (status 401)",
                403 => "refuses (status 403)",
                _ => "has nothing there, or does not show it to us (status 404)",
            };
            let said = format!("{said}{}", own_words(body));
            return self.closed(&said);
        }
        let said = match status {
            300..=399 => "redirects without saying where to".to_owned(),
            403 | 429 => {
                format!("says that its limit of requests is reached; {}", wait_words(head))
            }
            410 => "has deleted it".to_owned(),
            500..=599 => "failed: it is down or overloaded, try again later".to_owned(),
            _ => format!("said no{}", own_words(body)),
        };
        LinkError::Status { host, status, said }
    }
}

/// Returns the name in a host of the settings, without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Returns the hosts of the proxies that the environment names: the person's own, wherever they are.
fn proxies<'a>(context: &'a Context<'_>) -> impl Iterator<Item = String> + 'a {
    let names =
        ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    names.into_iter().filter_map(|name| {
        let value = context.environment.get(name)?.to_str()?;
        let url = Url::parse(value).or_else(|_| Url::parse(&format!("http://{value}"))).ok()?;
        url.host_str().map(str::to_owned)
    })
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

fn is_rate_limit(head: &Head) -> bool {
    head.header("retry-after").is_some() || head.header("x-ratelimit-remaining") == Some("0")
}

fn wait_words(head: &Head) -> String {
    let seconds = head.header("retry-after").and_then(|it| it.parse::<u64>().ok());
    let reset = head.header("x-ratelimit-reset").and_then(|it| it.parse().ok());
    let reset = reset.and_then(|second| jiff::Timestamp::from_second(second).ok());
    match (seconds, reset) {
        (Some(seconds), _) => format!("try again in {seconds} seconds"),
        (None, Some(reset)) => format!("try again after {reset}"),
        (None, None) => "try again later".to_owned(),
    }
}

/// Returns a server's own reason as the end of a sentence, short, safe and without secrets.
fn own_words(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let members = ["/detail", "/message", "/error/message", "/error"];
    let said = members.iter().find_map(|member| value.pointer(member)?.as_str());
    said.map(|said| format!(": {}", neutral::headline(&redact(said).text, 200))).unwrap_or_default()
}

/// Returns the next page of a `Link` header; Sentry names one even where it is empty.
fn next_page(header: &str) -> Option<String> {
    header.split(',').find_map(|link| {
        let mut parts = link.split(';').map(str::trim);
        let target = parts.next()?.strip_prefix('<')?.strip_suffix('>')?;
        let has = |wanted: &str| parts.clone().any(|part| part.replace('"', "") == wanted);
        (has("rel=next") && !has("results=false")).then(|| target.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::next_page;

    #[test]
    fn the_next_page_of_a_link_header() {
        let github = r#"<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=9>; rel="last""#;
        assert_eq!(next_page(github).as_deref(), Some("https://api.github.com/x?page=2"));
        let sentry = |results| {
            format!(
                r#"<https://sentry.io/x?cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", <https://sentry.io/x?cursor=0:100:0>; rel="next"; results="{results}"; cursor="0:100:0""#
            )
        };
        assert_eq!(
            next_page(&sentry("true")).as_deref(),
            Some("https://sentry.io/x?cursor=0:100:0")
        );
        assert_eq!(next_page(&sentry("false")), None);
        assert_eq!(next_page(""), None);
    }
}
