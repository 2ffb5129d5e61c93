//! A chat channel's messages, as Slack exports them: one JSON list a day, names in `users.json`.
//!
//! Bots put their text into `attachments` or `blocks` and leave `text` empty; all three are read.
//!
//! Source: <https://slack.com/help/articles/220556107> and the message reference of the web API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::json::{first_string, list, string, time};
use crate::timeline::{Clock, Event, EventKind};

/// Messages of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chat {
    /// In the document's order.
    pub messages: Vec<Message>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When; also the message's key.
    pub at: Timestamp,
    /// The id of the person or bot.
    pub author: Option<String>,
    /// The name that the message itself gives its author.
    pub name: Option<String>,
    /// A program wrote it.
    pub is_bot: bool,
    /// Marks for links, users and escapes undone as far as the message alone allows.
    pub text: String,
}

/// Names by user id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users(BTreeMap<String, String>);

impl Users {
    /// Reads `users.json`; `None` where the JSON is something else.
    pub fn from_json(value: &Value) -> Option<Self> {
        let items = value.as_array()?;
        let is_user = |item: &Value| {
            string(item, "id").is_some_and(|id| id.starts_with(['U', 'W']))
                && item.get("name").is_some()
                && item.get("ts").is_none()
        };
        if items.is_empty() || !items.iter().all(is_user) {
            return None;
        }
        let names = items.iter().filter_map(|item| {
            let shown = item.get("profile").and_then(|it| string(it, "display_name"));
            let name = shown.or_else(|| first_string(item, &["real_name", "name"]))?;
            Some((string(item, "id")?, name))
        });
        Some(Self(names.collect()))
    }

    /// Adds another list's names.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns the name of a user.
    pub fn name(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

impl Chat {
    /// Reads a day of a channel; `None` where the JSON is something else.
    pub fn from_json(value: &Value) -> Option<Self> {
        let items = value.as_array()?;
        let is_message = |item: &Value| {
            string(item, "type").as_deref() == Some("message") && item.get("ts").is_some()
        };
        if !items.first().is_some_and(is_message) {
            return None;
        }
        Some(Self { messages: items.iter().filter_map(message).collect() })
    }

    /// Returns what the channel adds to the timeline.
    pub(super) fn timeline(&self, source: &str, users: &Users) -> Vec<Event> {
        let events = self.messages.iter().filter_map(|message| {
            let text = with_names(&message.text, users);
            let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
            let known = message.author.as_deref().and_then(|id| users.name(id));
            let author = message.name.as_deref().or(known);
            let what = author.map_or_else(|| line.to_owned(), |name| format!("{name}: {line}"));
            let kind = EventKind::of_message(line, message.is_bot);
            Some(Event::new(message.at, kind, Clock::Chat, source, &what))
        });
        events.collect()
    }

    /// Returns the messages' text, one after the other.
    pub(super) fn prose(&self) -> String {
        let texts: Vec<&str> = self.messages.iter().map(|message| message.text.as_str()).collect();
        texts.join("\n")
    }
}

fn message(value: &Value) -> Option<Message> {
    let subtype = string(value, "subtype");
    // Joins, topics and renames say nothing about an incident.
    let is_housekeeping = subtype.as_deref().is_some_and(|it| {
        it.starts_with("channel_") || it.starts_with("group_") || it == "bot_add"
    });
    if is_housekeeping {
        return None;
    }
    let mut parts = vec![string(value, "text").unwrap_or_default()];
    for attachment in list(value, "attachments") {
        let pieces = [string(attachment, "title"), first_string(attachment, &["text", "fallback"])];
        parts.extend(pieces.into_iter().flatten());
        parts.extend(list(attachment, "fields").iter().filter_map(|field| {
            Some(format!("{}: {}", string(field, "title")?, string(field, "value")?))
        }));
    }
    if parts.iter().all(|part| part.trim().is_empty()) {
        block_texts(value.get("blocks").unwrap_or(&Value::Null), &mut parts);
    }
    parts.retain(|part| !part.trim().is_empty());
    let profile = value.get("user_profile");
    let named = profile.and_then(|it| first_string(it, &["display_name", "real_name"]));
    Some(Message {
        at: time(value.get("ts")?)?,
        author: first_string(value, &["user", "bot_id"]),
        name: named.or_else(|| string(value, "username")),
        is_bot: subtype.as_deref() == Some("bot_message") || value.get("bot_id").is_some(),
        text: unmark(&parts.join("\n")),
    })
}

/// Collects the texts of blocks, however they nest.
fn block_texts(blocks: &Value, out: &mut Vec<String>) {
    // Own stack: nesting is whatever the document says.
    let mut waiting = vec![blocks];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items.iter().rev()),
            Value::Object(members) => match members.get("text") {
                Some(Value::String(text)) => out.push(text.clone()),
                _ => waiting.extend(members.values().rev()),
            },
            _ => {}
        }
    }
}

/// Undoes the marks of the message format: `<url|label>`, `<!here>`, `&amp;`.
fn unmark(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let mark = after.find(['>', '\n']).filter(|end| after[*end..].starts_with('>'));
        match mark {
            Some(end) if after.starts_with(['@', '#', '!']) || after[..end].contains("://") => {
                out.push_str(&shown_mark(&after[..end]));
                rest = &after[end + 1..];
            }
            _ => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn shown_mark(mark: &str) -> String {
    let (target, label) =
        mark.split_once('|').map_or((mark, None), |(it, label)| (it, Some(label)));
    match target.chars().next() {
        // Users keep their mark until the names are known.
        Some('@') => format!("<{target}>"),
        Some('#') => format!("#{}", label.unwrap_or(&target[1..])),
        Some('!') => format!("@{}", label.unwrap_or(&target[1..])),
        _ => label.unwrap_or(target).to_owned(),
    }
}

/// Puts names for `<@U...>`; an unknown user stays as an id.
fn with_names(text: &str, users: &Users) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("<@") {
        out.push_str(&rest[..open]);
        let after = &rest[open + 2..];
        let Some(end) = after.find('>') else {
            rest = &rest[open..];
            break;
        };
        let id = &after[..end];
        out.push('@');
        out.push_str(users.name(id).unwrap_or(id));
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    out
}
