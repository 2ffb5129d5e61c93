//! Which hosts may be asked, as what, and with whose token.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The section `links`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkSettings {
    /// `links.hosts`: by host, with `:port` where it is not the scheme's own.
    pub hosts: BTreeMap<String, HostSettings>,
    /// `links.queries`: by name.
    pub queries: BTreeMap<String, QuerySettings>,
    /// `links.ca_file`: further roots, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// `links.timeout_s`: for each request.
    pub timeout: Option<Duration>,
    /// `links.max_mib`: for all answers to one link.
    pub max_mib: Option<u32>,
    /// The file has such a section and it was ignored, since the tree is not trusted.
    pub was_ignored: bool,
}

/// A question that is asked again in every incident, at one of the hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuerySettings {
    /// Its address, with `{start}` and `{end}` (RFC 3339), `{start_s}` and `{end_s}`, or
    /// `{start_ns}` and `{end_ns}` where the times go.
    pub url: String,
    /// How far back it looks.
    pub minutes: Option<u32>,
}

/// One host that may be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// What answers there; known hosts need not say it.
    pub kind: Option<Kind>,
    /// The environment variable that holds the token for this host.
    pub token_env: Option<String>,
    /// The API's base address, where it is not where the kind has it.
    pub api: Option<String>,
    /// The host may have a private, loopback or link-local address.
    pub private: bool,
    /// It may be asked by plain `http`.
    pub http: bool,
}

/// What answers at a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Sentry, in the cloud or self-hosted.
    Sentry,
    /// Bugsink.
    Bugsink,
    /// GitHub, enterprise too.
    GitHub,
    /// PagerDuty.
    PagerDuty,
    /// Notion.
    Notion,
    /// A server of plain texts.
    Text,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Sentry, Self::Bugsink, Self::GitHub, Self::PagerDuty, Self::Notion, Self::Text];

    /// Returns the name used in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sentry => "sentry",
            Self::Bugsink => "bugsink",
            Self::GitHub => "github",
            Self::PagerDuty => "pagerduty",
            Self::Notion => "notion",
            Self::Text => "text",
        }
    }

    /// Returns the kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sentry => "Sentry",
            Self::Bugsink => "Bugsink",
            Self::GitHub => "GitHub",
            Self::PagerDuty => "PagerDuty",
            Self::Notion => "Notion",
            Self::Text => "the server",
        }
    }

    /// Returns the header that shows the token.
    pub(super) fn authorization(self, token: &str) -> String {
        match self {
            Self::PagerDuty => format!("Token token={token}"),
            _ => format!("Bearer {token}"),
        }
    }

    /// Returns the variable that is looked at for the public service's own host.
    pub(super) fn usual_variable(self) -> &'static str {
        match self {
            Self::Sentry => "SENTRY_AUTH_TOKEN",
            Self::Bugsink => "BUGSINK_TOKEN",
            Self::GitHub => "GITHUB_TOKEN",
            Self::PagerDuty => "PAGERDUTY_TOKEN",
            Self::Notion => "NOTION_TOKEN",
            Self::Text => "INCIDENT_LINK_TOKEN",
        }
    }
}
