//! Why a link gave nothing, each time with a way on.

use crate::http::HttpError;

use super::settings::Kind;

/// Why a link gave nothing. No text of it holds a token.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No `http` address at all.
    #[error("{link} is no link that can be read: give an https address, a file or the text itself")]
    NoLink {
        /// As given, neutralised.
        link: String,
    },
    /// Nobody has allowed this host.
    #[error("{host} is not allowed yet: {}", allow_words(host, *is_untrusted))]
    NotAllowed {
        /// As the settings would spell it.
        host: String,
        /// There are settings, and they do not count.
        is_untrusted: bool,
    },
    /// The link itself carries a password.
    #[error("the link to {host} holds a name or a password, which is not sent: take it out")]
    Password {
        /// The host.
        host: String,
    },
    /// Plain `http`.
    #[error(
        "{host} is asked by https only; `http = true` for this host in .incident.toml allows it"
    )]
    NotHttps {
        /// The host.
        host: String,
    },
    /// An address that is not public.
    #[error("{0}")]
    Refused(String),
    /// A redirect to a host that nobody allowed.
    #[error(
        "{from} redirects to {to}, which nobody allowed: give the link to {to} itself, or add it to `[links.hosts]`"
    )]
    LedAway {
        /// The host that was asked.
        from: String,
        /// Where it leads.
        to: String,
    },
    /// Redirects without end.
    #[error("{host} redirects again and again")]
    Circle {
        /// The host that was asked.
        host: String,
    },
    /// More requests or bytes than one link is worth.
    #[error("{host} has more to say than {limit}, and the rest was not read")]
    TooMuch {
        /// The host.
        host: String,
        /// The limit, in words.
        limit: String,
    },
    /// The service wants to know who asks.
    #[error("{host} {said}; three ways on: {}", ways(*kind, host, variable.as_deref(), *has_token))]
    Closed {
        /// The host.
        host: String,
        /// What it said, as the end of a sentence.
        said: String,
        /// What answers there.
        kind: Kind,
        /// The variable that may hold the token.
        variable: Option<String>,
        /// It was set, and sent.
        has_token: bool,
    },
    /// Another status that is no success.
    #[error("{host} {said} (status {status})")]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
        /// What it means, as the end of a sentence.
        said: String,
    },
    /// A page for people.
    #[error(
        "{host} answers with a web page, which holds no trace to read: give the link to the raw text, save the text into a file, or paste it"
    )]
    WebPage {
        /// The host.
        host: String,
    },
    /// An answer that is not what the service documents.
    #[error("{host} answered with something that is not {what}")]
    Strange {
        /// The host.
        host: String,
        /// What was expected.
        what: &'static str,
    },
    /// The link is for something that can't be read.
    #[error("{0}")]
    NotThis(String),
    /// The network.
    #[error(transparent)]
    Http(#[from] HttpError),
}

fn allow_words(host: &str, is_untrusted: bool) -> String {
    let settings = format!("add `[links.hosts.\"{host}\"]` to .incident.toml");
    match is_untrusted {
        true => format!(
            "the settings of this tree are ignored until `incident-lsp trust`; for this time give --allow-host {host}"
        ),
        false => format!("{settings}, or give --allow-host {host} for this time"),
    }
}

/// The three ways on: a token, a file, a paste.
fn ways(kind: Kind, host: &str, variable: Option<&str>, has_token: bool) -> String {
    let scope = match kind {
        Kind::Sentry => " (scope event:read)",
        Kind::GitHub => " (it may read issues and actions)",
        Kind::Notion => " of an integration that the page is shared with",
        _ => "",
    };
    let token = match variable {
        Some(variable) if has_token => {
            format!("look at the token in {variable}: it is wrong, expired, or may not see this")
        }
        Some(variable) => format!("set {variable} to a token{scope}"),
        None => format!(
            "name the variable that holds the token as `token_env` in `[links.hosts.\"{host}\"]`"
        ),
    };
    let file = match kind {
        Kind::Sentry | Kind::Bugsink => "download the event's JSON and give the file",
        Kind::GitHub => "download the log archive or save the text and give the file",
        Kind::PagerDuty => "save the incident's JSON (incident, log_entries) and give the file",
        Kind::Notion => "export the page as Markdown and give the file",
        Kind::Text => "save the text and give the file",
    };
    format!("{token}; {file}; or paste the trace itself")
}
