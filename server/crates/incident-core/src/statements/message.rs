//! What a log line may put around the message of a statement: fields behind it, causes on either
//! side of it, the type of an error before it.

/// The most parts of a chain of causes that are tried.
const MAX_PARTS: usize = 8;

/// The longest message that is looked at, in bytes: a statement shows itself long before.
pub(super) const MAX_MESSAGE_BYTES: usize = 16 << 10;

/// Returns the message without the structured fields that follow it: `key=value` words, or an
/// object in JSON. `None` where none follow.
pub(super) fn without_fields(message: &str) -> Option<&str> {
    let message = message.trim_end();
    if message.ends_with('}')
        && let Some(at) = message.find(" {\"").or_else(|| message.find(" { "))
    {
        return Some(message.get(..at)?.trim_end());
    }
    let first = first_field(message)?;
    message.get(..first).map(str::trim_end).filter(|rest| !rest.is_empty())
}

/// Returns the keys of the fields behind `message_end`.
pub(super) fn field_keys(message: &str, message_end: usize) -> Vec<&str> {
    let tail = message.get(message_end..).unwrap_or_default().trim();
    if tail.starts_with('{') {
        return tail.split('"').skip(1).step_by(2).collect();
    }
    tail.split_whitespace()
        .filter_map(|word| word.split_once('='))
        .map(|(key, _)| key)
        .filter(|key| is_key(key))
        .collect()
}

/// Returns where the run of `key=value` words at the end begins.
fn first_field(message: &str) -> Option<usize> {
    let mut first = None;
    let mut quoted = false;
    let mut at = 0;
    for word in message.split(' ') {
        let starts_field = word.split_once('=').is_some_and(|(key, _)| is_key(key));
        if !quoted {
            match (starts_field, first) {
                (true, None) => first = Some(at),
                (false, _) if !word.is_empty() => first = None,
                _ => {}
            }
        }
        // A value in quotes may hold blanks.
        let n_quotes = word.matches('"').count() - word.matches("\\\"").count();
        quoted ^= first.is_some() && n_quotes % 2 == 1;
        at += word.len() + 1;
    }
    first
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-#".contains(&byte))
}

/// A part of a message that may be one statement's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'m> {
    /// The text.
    pub(super) text: &'m str,
    /// What stands before it, without the colon.
    pub(super) before: &'m str,
}

/// Splits a chain of causes, `outer: inner: root`, into every part that is not the whole.
pub(super) fn parts(message: &str) -> Vec<Part<'_>> {
    let mut bounds: Vec<(usize, usize)> = vec![(0, 0)];
    bounds.extend(message.match_indices(": ").take(MAX_PARTS).map(|(at, _)| (at, at + 2)));
    let mut parts = Vec::new();
    for (bound_idx, (before_end, start)) in bounds.iter().enumerate() {
        let ends = bounds.iter().skip(bound_idx + 1).map(|(end, _)| *end);
        for end in std::iter::once(message.len()).chain(ends) {
            let is_whole = *start == 0 && end == message.len();
            if let (false, Some(text)) = (is_whole, message.get(*start..end)) {
                parts.push(Part { text, before: message.get(..*before_end).unwrap_or_default() });
            }
        }
    }
    parts
}

/// Returns the words of a text: runs of letters, digits and underscores.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
