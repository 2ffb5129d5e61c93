//! `file:line:column` as traces print it.

use super::SourceLocation;
use super::unwrap::Line;

/// A place in a source file, borrowed from a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    /// The whole of it.
    pub(super) text: &'a str,
}

impl Place<'_> {
    /// Returns the place with its span in the original text; `line` must hold it.
    pub(super) fn located(self, line: &Line<'_>) -> SourceLocation {
        SourceLocation {
            file: self.file.to_owned(),
            line: self.line,
            column: self.column,
            span: line.span_of(self.text),
        }
    }
}

/// Reads `text` as nothing but `file:line` or `file:line:column`.
pub(super) fn parse(text: &str) -> Option<Place<'_>> {
    let (head, last) = split_number(text)?;
    let (file, line, column) = match split_number(head) {
        Some((file, line)) => (file, line, Some(last)),
        None => (head, last, None),
    };
    let has_name = file.chars().any(char::is_alphabetic);
    has_name.then_some(Place { file, line: Some(line), column, text })
}

/// Finds the first `file:line:column` or `file:line` that `text` starts with.
///
/// The file may hold blanks and colons; it ends at the first `:digits` that something other than
/// a letter or digit follows. Returns the place and what follows it.
pub(super) fn parse_prefix(text: &str) -> Option<(Place<'_>, &str)> {
    let mut from = 0;
    loop {
        let colon = from + memchr::memchr(b':', text.as_bytes().get(from..)?)?;
        let after = text.get(colon + 1..)?;
        let n_digits = digits_len(after);
        from = colon + 1 + n_digits;
        if n_digits == 0 {
            continue;
        }
        let mut end = from;
        if let Some(column) = text.get(end..)?.strip_prefix(':') {
            let n_digits = digits_len(column);
            if n_digits > 0 {
                end += 1 + n_digits;
            }
        }
        let (place, rest) = text.split_at_checked(end)?;
        if rest.chars().next().is_some_and(char::is_alphanumeric) {
            continue;
        }
        return Some((parse(place)?, rest));
    }
}

/// Splits `text` before its last `:digits`.
fn split_number(text: &str) -> Option<(&str, u32)> {
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = text.get(head.len()..)?.parse().ok()?;
    Some((head.strip_suffix(':')?, number)).filter(|(head, _)| !head.is_empty())
}

fn digits_len(text: &str) -> usize {
    text.bytes().take(10).take_while(u8::is_ascii_digit).count()
}
