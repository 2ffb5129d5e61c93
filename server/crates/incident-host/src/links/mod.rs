//! Links as inputs: an issue of an error tracker, a thread, a failed run, a page, a text.
//!
//! Everything here happens because a person gave a link, and nothing without it. A host must be
//! configured or confirmed; addresses that are not public are refused unless a person allowed them;
//! redirects are followed here, checked hop by hop, and never carry a token; requests, sizes and
//! times are bounded. What comes back is hostile text, read like any file of the same.

mod bugsink;
mod error;
mod fetch;
mod github;
mod guard;
mod notion;
mod pagerduty;
mod query;
mod sentry;
mod service;
mod settings;

use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::problem::Problem;
use reqwest::Url;

pub use self::error::LinkError;
use self::fetch::Fetcher;
pub use self::query::{query_link, query_name};
use self::service::Service;
pub use self::settings::{HostSettings, Kind, LinkSettings, QuerySettings};
use crate::command::Environment;
use crate::message::plain;

/// What decides whether and how a link is asked.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The section `links` of the settings.
    pub settings: &'a LinkSettings,
    /// Hosts that a person confirmed for this time, as [`host_of`] names them.
    pub confirmed: &'a [String],
    /// Holds tokens and proxies.
    pub environment: &'a Environment,
}

/// What a link led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Documents and texts, as files of the same would be.
    pub inputs: Vec<RawInput>,
    /// What could not be read, and what a person should know of the rest.
    pub problems: Vec<Problem>,
}

/// Says whether an input is a link rather than a file's name.
pub fn is_link(name: &str) -> bool {
    let name = name.trim();
    name.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// Returns the link that a text consists of, alone or between angle brackets.
pub fn only_link(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = text.strip_prefix('<').and_then(|it| it.strip_suffix('>')).unwrap_or(text);
    let is_one = text.len() <= 4_096 && !text.contains(char::is_whitespace);
    (is_one && text.starts_with("http") && host_of(text).is_some()).then_some(text)
}

/// Returns the host that a person has to allow before `link` can be read.
pub fn unconfirmed_host(link: &str, settings: &LinkSettings) -> Option<String> {
    host_of(link).filter(|host| !settings.hosts.contains_key(host))
}

/// Returns the host of a link as the settings and a confirmation spell it.
pub fn host_of(link: &str) -> Option<String> {
    let url = Url::parse(link.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| service::host_key(&url))
}

/// Fetches what `link` leads to.
pub fn load(link: &str, context: &Context<'_>, cancel: &Cancel) -> Result<Loaded, LinkError> {
    let link = link.trim();
    let shown = plain(link);
    let url = Url::parse(link).map_err(|_| LinkError::NoLink { link: shown.clone() })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(LinkError::NoLink { link: shown });
    }
    let service = Service::of(&url, context)?;
    let mut fetcher = Fetcher::new(service, context, cancel)?;
    match fetcher.service().kind {
        Kind::Sentry => sentry::load(&url, &mut fetcher),
        Kind::Bugsink => bugsink::load(&url, &mut fetcher),
        Kind::GitHub => github::load(&url, &mut fetcher),
        Kind::PagerDuty => pagerduty::load(&url, &mut fetcher),
        Kind::Notion => notion::load(&url, &mut fetcher),
        Kind::Text => text(&url, &mut fetcher),
    }
}

/// Reads a plain text; a web page is none.
fn text(url: &Url, fetcher: &mut Fetcher<'_>) -> Result<Loaded, LinkError> {
    let answer = fetcher.get(url, &[("accept", "text/plain, application/json, */*;q=0.1")])?;
    if answer.head.header("content-type").is_some_and(|kind| kind.contains("html")) {
        return Err(LinkError::WebPage { host: fetcher.service().host.clone() });
    }
    let (input, problems) = crate::input::from_bytes(url.as_str(), answer.body);
    Ok(Loaded { inputs: vec![input], problems })
}

/// Returns the parts of a link's path.
fn segments(url: &Url) -> Vec<&str> {
    url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests;
