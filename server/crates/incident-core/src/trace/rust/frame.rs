//! One frame of a backtrace as the standard library and its imitators print it.

use super::super::location::{self, Place};

/// The first line of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrameLine<'a> {
    pub(super) index: Option<u32>,
    /// `0x1035b560c`, where it is printed.
    pub(super) address: Option<&'a str>,
    /// The name as printed; may go on on the next line.
    pub(super) name: &'a str,
    /// A place on the same line.
    pub(super) place: Option<Place<'a>>,
    /// The frame was inlined into the next one with the same address.
    pub(super) inlined: bool,
    /// The offset into a library or module, where it is printed in place of a file.
    pub(super) offset: Option<&'a str>,
}

/// Reads `  12:     0x1035b560c - name` and `  12: name`.
pub(super) fn parse(text: &str) -> Option<FrameLine<'_>> {
    let text = text.trim_start_matches(is_margin);
    let n_digits = text.bytes().take(6).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(n_digits)?;
    let rest = rest.strip_prefix(':')?;
    if n_digits == 0 || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let index = number.parse().ok()?;
    let rest = without_artifacts(rest.trim());
    let (address, name) = split_address(rest);
    let (name, place) = split_place(name);
    Some(FrameLine { index: Some(index), address, name, place, inlined: false, offset: None })
}

/// Reads an `at file:line:column` line.
pub(super) fn parse_at(text: &str) -> Option<AtLine<'_>> {
    let text = without_artifacts(text.trim_start_matches(is_margin).trim_end());
    let place = text.strip_prefix("at ")?.trim();
    if place.starts_with("<unknown") || place.starts_with("<no info>") {
        return Some(AtLine::Unknown);
    }
    match location::parse(place) {
        Some(place) => Some(AtLine::Place(place)),
        None if looks_like_path(place) => Some(AtLine::Open(place)),
        None => None,
    }
}

/// What an `at` line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AtLine<'a> {
    Place(Place<'a>),
    /// A path whose line number is not there, perhaps on the next line.
    Open(&'a str),
    /// It says that nothing is known.
    Unknown,
}

/// What a margin is made of: blanks and the rules that reports draw.
pub(super) fn is_margin(c: char) -> bool {
    c.is_whitespace() || matches!(c, '│' | '┃' | '┆' | '╎' | '|' | '•' | '╰' | '├' | '─' | '▶')
}

/// Cuts off what a terminal's copy mode leaves at the end of a line: `   [9/154]`.
pub(super) fn without_artifacts(text: &str) -> &str {
    let trimmed = text.trim_end();
    let Some((head, position)) = trimmed.rsplit_once('[') else { return trimmed };
    let is_position =
        position.strip_suffix(']').and_then(|text| text.split_once('/')).is_some_and(|(at, of)| {
            let is_number = |text: &str| {
                !text.is_empty() && text.len() < 8 && text.bytes().all(|b| b.is_ascii_digit())
            };
            is_number(at) && is_number(of)
        });
    if is_position && head.ends_with("  ") { head.trim_end() } else { trimmed }
}

/// Splits `0x1035b560c - name`.
fn split_address(text: &str) -> (Option<&str>, &str) {
    if !text.starts_with("0x") {
        return (None, text);
    }
    let (address, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let is_address = address.len() > 2
        && address.get(2..).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if !is_address {
        return (None, text);
    }
    let rest = rest.trim_start();
    (Some(address), rest.strip_prefix('-').unwrap_or(rest).trim_start())
}

/// Splits `name at file:line:column` and `name (file:line)`.
fn split_place(text: &str) -> (&str, Option<Place<'_>>) {
    if let Some((name, place)) = text.rsplit_once(" at ")
        && let Some(place) = location::parse(place.trim())
    {
        return (name.trim_end(), Some(place));
    }
    if let Some((name, place)) = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("))
        && let Some(place) = location::parse(place)
    {
        return (name.trim_end(), Some(place));
    }
    (text, None)
}

fn looks_like_path(text: &str) -> bool {
    !text.is_empty()
        && text.contains(['/', '\\'])
        && (text.starts_with(['/', '.', '~', '\\', '<', '['])
            || !text.contains(' ')
            || text.get(1..3) == Some(":\\"))
}

/// Reads `File "src/main.rs", line 4, in app::main` of better-panic.
pub(super) fn parse_file_frame(trimmed: &str) -> Option<FrameLine<'_>> {
    let text = trimmed.strip_prefix("File \"")?;
    let (file, rest) = text.split_once('"')?;
    let rest = rest.strip_prefix(", line ")?;
    let (line, name) = rest.trim_end().split_once(", in ")?;
    let place_len = file.len() + "\", line ".len() + line.len();
    let line = line.parse().ok();
    let is_known = !file.starts_with('<');
    let place = Place { file, line, column: None, text: text.get(..place_len)? };
    let place = is_known.then_some(place);
    Some(FrameLine { index: None, address: None, name, place, inlined: false, offset: None })
}

/// Says whether a frame counts only under a heading, since other languages print the same.
pub(super) fn needs_heading(frame: &FrameLine<'_>) -> bool {
    frame.index.is_none() && frame.address.is_none() && frame.offset.is_none()
}

/// Says whether a frame can hardly be anything else, such as a numbered list.
pub(super) fn is_strong(frame: &FrameLine<'_>) -> bool {
    const MANGLED: [&str; 3] = ["_ZN", "_R", "ZN"];
    frame.address.is_some()
        || frame.place.is_some()
        || frame.offset.is_some()
        || frame.name.contains("::")
        || frame.name == "<unknown>"
        || MANGLED.iter().any(|start| frame.name.starts_with(start))
}
