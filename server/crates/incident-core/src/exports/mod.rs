//! Documents that other systems export or answer with: an error tracker's event, a pager's incident,
//! a chat's days, an issue's thread.
//!
//! [`recognise`] tells them by their shape, never by a file's name. What is read are the listed
//! fields alone: a frame's local variables, request bodies, cookies and user records stay unread, so
//! that they can't leak into a report. All text in them is hostile like any other input.

pub mod actions;
pub mod github;
mod json;
pub mod loki;
pub mod notion;
pub mod pagerduty;
pub mod sentry;
pub mod slack;

use std::borrow::Cow;

use serde_json::Value;

use crate::input::RawInput;
use crate::timeline::Event as TimelineEvent;

/// A document whose shape is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// One event of an error tracker that speaks Sentry's format.
    Event(Box<sentry::Event>),
    /// What an error tracker counts of an issue.
    Issue(sentry::Issue),
    /// A release's deploys, as an error tracker was told of them.
    Deploys(Vec<sentry::Deploy>),
    /// A pager's incident with its log.
    Page(pagerduty::Page),
    /// Messages of a chat channel.
    Chat(slack::Chat),
    /// The names behind a chat's user ids.
    ChatUsers(slack::Users),
    /// Issues and comments of a forge.
    Thread(github::Thread),
    /// Lines of a log store.
    Lines(loki::Lines),
}

/// The largest document that is read as one, in bytes; a larger JSON text is a log.
pub const MAX_DOCUMENT_BYTES: usize = 32 << 20;

/// Reads `text` if it is one JSON document of a known shape.
///
/// Reads JSON only where the first character opens an object or a list, so that logs cost nothing.
pub fn recognise(text: &str) -> Option<Document> {
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    if trimmed.len() > MAX_DOCUMENT_BYTES || !trimmed.starts_with(['{', '[']) {
        return None;
    }
    let value: Value = serde_json::from_str(trimmed).ok()?;
    sentry::Event::from_json(&value)
        .map(|event| Document::Event(Box::new(event)))
        .or_else(|| sentry::Issue::from_json(&value).map(Document::Issue))
        .or_else(|| sentry::deploys(&value).map(Document::Deploys))
        .or_else(|| pagerduty::Page::from_json(&value).map(Document::Page))
        .or_else(|| slack::Users::from_json(&value).map(Document::ChatUsers))
        .or_else(|| slack::Chat::from_json(&value).map(Document::Chat))
        .or_else(|| github::Thread::from_json(&value).map(Document::Thread))
        .or_else(|| loki::Lines::from_json(&value).map(Document::Lines))
}

/// Inputs with the documents among them taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unfolded {
    /// What to read traces and logs from, in order: plain texts, and events in their JSON.
    pub inputs: Vec<RawInput>,
    /// What people and bots wrote in documents: it may hold a trace, and need not.
    pub asides: Vec<RawInput>,
    /// What the documents know a time for, in their order.
    pub timeline: Vec<TimelineEvent>,
}

/// Takes the documents among `inputs` apart; other inputs pass as they are.
pub fn unfold(inputs: Vec<RawInput>) -> Unfolded {
    let mut users = slack::Users::default();
    let mut read: Vec<(RawInput, Option<Document>)> = Vec::new();
    for input in inputs {
        match recognise(&input.text) {
            Some(Document::ChatUsers(names)) => users.extend(names),
            document => read.push((input, document)),
        }
    }
    let mut unfolded = Unfolded::default();
    for (input, document) in read {
        let Some(document) = document else {
            unfolded.inputs.push(input);
            continue;
        };
        unfolded.timeline.extend(document.timeline(&input.name, &users));
        match document {
            Document::Event(_) => unfolded.inputs.push(input),
            Document::Lines(lines) => {
                unfolded.inputs.push(RawInput { name: input.name, text: lines.text() });
            }
            other => {
                unfolded.asides.push(RawInput { name: input.name, text: other.prose() });
            }
        }
    }
    unfolded
}

/// Returns what a text says about the build: an event's release, else the text itself.
///
/// An event is full of ids that look like revisions.
pub fn build_words(text: &str) -> Cow<'_, str> {
    match recognise(text) {
        Some(Document::Event(event)) => {
            let words = [event.last_commit.as_deref(), event.release.as_deref()];
            let words: Vec<&str> = words.into_iter().flatten().collect();
            Cow::Owned(format!("release: {}", words.join(" ")))
        }
        _ => Cow::Borrowed(text),
    }
}

impl Document {
    /// Returns what it is, for a sentence.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "an error tracker's event",
            Self::Issue(_) => "an error tracker's issue",
            Self::Deploys(_) => "a release's deploys",
            Self::Page(_) => "a pager's incident",
            Self::Chat(_) => "a chat export",
            Self::ChatUsers(_) => "a chat's user list",
            Self::Thread(_) => "an issue thread",
            Self::Lines(_) => "a log store's answer",
        }
    }

    /// Returns what it adds to the timeline. `source` is the input's name, `users` the chat's names.
    pub fn timeline(&self, source: &str, users: &slack::Users) -> Vec<TimelineEvent> {
        match self {
            Self::Event(event) => event.timeline(source),
            Self::Issue(issue) => issue.timeline(source),
            Self::Deploys(deploys) => {
                deploys.iter().flat_map(|deploy| deploy.timeline(source)).collect()
            }
            Self::Page(page) => page.timeline(source),
            Self::Chat(chat) => chat.timeline(source, users),
            Self::ChatUsers(_) | Self::Lines(_) => Vec::new(),
            Self::Thread(thread) => thread.timeline(source),
        }
    }

    /// Returns the prose in it that may hold a trace or a log, pasted by a person or a bot.
    ///
    /// An event's own trace is read from its fields and is not part of it.
    pub fn prose(&self) -> String {
        match self {
            Self::Event(_)
            | Self::Issue(_)
            | Self::Deploys(_)
            | Self::ChatUsers(_)
            | Self::Lines(_) => String::new(),
            Self::Page(page) => page.details.join("\n"),
            Self::Chat(chat) => chat.prose(),
            Self::Thread(thread) => thread.prose(),
        }
    }
}

#[cfg(test)]
mod tests;
