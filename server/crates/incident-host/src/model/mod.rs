//! A model, where the person asked for one: one request, streamed, within limits, and no tools.
//!
//! One file a wire format. A stream that ends without a finish reason, and a success whose body is
//! no stream, are errors here: they are broken answers. Retries are few, wait as the server asks,
//! and stop at a limit. Nothing is sent that [`Request::body`] does not show first.

mod anthropic;
mod client;
mod gemini;
mod openai;
mod private;
mod replay;
mod retry;
mod settings;
mod stream;

use incident_core::reply::Finish;
use serde_json::Value;

pub use client::{Asked, ask, request};
pub use private::{note, seed};
pub use settings::{Choice, ModelSettings, Provider, SettingsError};

/// What is asked, in no provider's words yet.
#[derive(Clone, Debug)]
pub struct Question {
    /// The rules.
    pub system: String,
    /// The turns after them: the question, then, when asked again, the answer and what was wrong.
    pub turns: Vec<Turn>,
    /// The schema of the answer.
    pub schema: Value,
    /// How long the answer may be, in tokens.
    pub max_tokens: u32,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The model said it, not we.
    pub by_model: bool,
    /// The text.
    pub text: String,
}

/// How a server is held to the schema, the strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// It enforces the schema.
    Schema,
    /// It enforces JSON.
    Json,
    /// It enforces nothing.
    Text,
}

/// A request as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The address; holds no secret.
    pub url: String,
    /// The exact body.
    pub body: Vec<u8>,
    /// Names and values; values are secret.
    headers: Vec<(&'static str, String)>,
}

/// A piece of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Piece {
    text: String,
    finish: Option<Finish>,
    usage: Option<Usage>,
}

/// What an answer took, as the server counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer.
    pub answer: u64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The settings are not enough.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The network.
    #[error("the model could not be asked: {0}")]
    Http(#[from] crate::http::HttpError),
    /// The server said no.
    #[error("the model's server {host} {said} (status {status}){detail}")]
    Status {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
        /// What that means and what to do.
        said: String,
        /// The server's own words, redacted.
        detail: String,
    },
    /// The prompt does not fit its window.
    #[error("the prompt is too long for the model's window{}: set `model.window`", window(.0))]
    TooLong(Option<usize>),
    /// What came is no answer.
    #[error("the model's server {host} {what}")]
    NoAnswer {
        /// Host and port.
        host: String,
        /// What came instead.
        what: String,
    },
    /// The answer is not usable, also when asked again.
    #[error("{0}")]
    Reply(#[from] incident_core::reply::ReplyError),
}

fn window(window: &Option<usize>) -> String {
    window.map(|n| format!(" of {n} tokens")).unwrap_or_default()
}

impl Request {
    /// Returns where it goes, for a person: the address without any secret.
    pub fn target(&self) -> &str {
        &self.url
    }
}

#[cfg(test)]
mod tests;
