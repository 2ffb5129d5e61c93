//! The line that a panic hook prints: `thread 'main' panicked at ...`, in all its ages.

use super::super::location::{self, Place};

/// What one line says about a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PanicLine<'a> {
    /// From the word `thread` (or `panicked`) to the end of what was read.
    pub(super) text: &'a str,
    pub(super) thread: Option<&'a str>,
    pub(super) form: Form<'a>,
}

/// The order of message and place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// Since Rust 1.73: `panicked at src/main.rs:2:5:`, the message on the next lines.
    PlaceFirst { place: Place<'a>, message: Option<&'a str> },
    /// Before: `panicked at 'message', src/main.rs:2:5`.
    MessageFirst { message: &'a str, place: Option<Place<'a>> },
    /// The same, but the message goes on on the next line.
    MessageOpen { message: &'a str },
    /// Neither a quote nor a place: a hook of its own, or a place that is split over lines.
    Other { rest: &'a str },
}

/// Reads `text` if it holds a panic line; what stands before it is skipped.
pub(super) fn parse(text: &str) -> Option<PanicLine<'_>> {
    let verb = find_verb(text)?;
    let head = text.get(..verb.start)?;
    let (thread, start) = match thread_before(head) {
        Some((name, start)) => (Some(name), start),
        None => (None, verb.start),
    };
    let rest = text.get(verb.end..)?.trim_start();
    Some(PanicLine { text: text.get(start..)?, thread, form: parse_form(rest) })
}

struct Verb {
    start: usize,
    end: usize,
}

fn find_verb(text: &str) -> Option<Verb> {
    let bytes = text.as_bytes();
    for word in ["panicked at", "failed at"] {
        let Some(start) = memchr::memmem::find(bytes, word.as_bytes()) else { continue };
        // `task '<main>' failed at` is how Rust before 1.0 said it.
        let is_ours = word != "failed at" || text.get(..start)?.trim_end().ends_with('\'');
        if is_ours {
            return Some(Verb { start, end: start + word.len() });
        }
    }
    None
}

/// Finds `thread 'name' ` or `thread 'name' (id) ` at the end of `head`.
fn thread_before(head: &str) -> Option<(&str, usize)> {
    let mut trimmed = head.trim_end();
    if let Some(without) = trimmed.strip_suffix(')') {
        let (before, id) = without.rsplit_once('(')?;
        let is_id = !id.is_empty() && id.len() < 24 && id.bytes().all(|b| b.is_ascii_digit());
        if is_id {
            trimmed = before.trim_end();
        }
    }
    let start = ["thread ", "task "].iter().filter_map(|word| trimmed.rfind(word)).max()?;
    let name = trimmed.get(start..)?.split_once(' ')?.1;
    let name = unquote(name).unwrap_or(name);
    (!name.is_empty()).then_some((name, start))
}

fn unquote(text: &str) -> Option<&str> {
    text.strip_prefix(is_quote)?.strip_suffix(is_quote)
}

/// Typographic quotes come from chat programs and word processors.
fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '‘' | '’' | '“' | '”' | '`')
}

fn parse_form(rest: &str) -> Form<'_> {
    if let Some(quoted) = rest.strip_prefix(is_quote) {
        return parse_message_first(quoted);
    }
    match location::parse_prefix(rest) {
        Some((place, after)) => {
            let message = after.strip_prefix(':').unwrap_or(after).trim();
            Form::PlaceFirst { place, message: Some(message).filter(|text| !text.is_empty()) }
        }
        None => Form::Other { rest },
    }
}

/// Reads what follows the opening quote of `'message', file:line:column`.
fn parse_message_first(quoted: &str) -> Form<'_> {
    match split_message(quoted) {
        Some((message, place)) => Form::MessageFirst { message, place: Some(place) },
        None => Form::MessageOpen { message: quoted },
    }
}

/// Splits `message', file:line:column` at the quote that ends the message.
///
/// The message may hold quotes and commas itself, so the last quote before a place counts.
pub(super) fn split_message(text: &str) -> Option<(&str, Place<'_>)> {
    // What may follow the place: the end of inline code, of a JSON string, of a sentence.
    let trimmed = text.trim_end_matches(|c: char| c.is_whitespace() || "`\"')}],.;".contains(c));
    if let Some(split) = split_at_last_quote(trimmed) {
        return Some(split);
    }
    // Something follows on the same line: take the last quote that a place comes after.
    const MAX_TRIES: usize = 16;
    text.rmatch_indices(is_quote).take(MAX_TRIES).find_map(|(at, quote)| {
        let after = separator(text.get(at + quote.len()..)?)?;
        let token = after.split([' ', '\t']).next()?;
        let place = location::parse(token.trim_end_matches([':', ',', '.']))?;
        Some((text.get(..at)?, place))
    })
}

fn split_at_last_quote(text: &str) -> Option<(&str, Place<'_>)> {
    let whole = location::parse(text)?;
    let (at, quote) = whole
        .file
        .rmatch_indices(is_quote)
        .find(|(at, quote)| whole.file.get(at + quote.len()..).and_then(separator).is_some())?;
    let place = separator(text.get(at + quote.len()..)?)?;
    Some((text.get(..at)?, location::parse(place)?))
}

/// Strips what stands between the message and the place: `, ` or `: `.
fn separator(text: &str) -> Option<&str> {
    text.strip_prefix(", ").or_else(|| text.strip_prefix(": "))
}
