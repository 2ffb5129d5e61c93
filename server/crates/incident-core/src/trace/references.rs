//! `path:line` references in any text, in the breadth of an editor's terminal links.
//!
//! Used where a text holds no trace, and to find the place in a line that a custom hook printed.

use super::location::Place;
use super::pairs::{Pairs, Told};
use super::unwrap::each_line;
use super::{Frame, Origin, SourceLocation, Trace, TraceKind, packages};
use crate::input::Language;
use crate::text::ByteSpan;

/// A text with more references than this is a log, not a paste.
const MAX_REFERENCES: usize = 1000;

/// Longer paths than this are not paths.
const MAX_PATH: usize = 1024;
/// So many words of a path with blanks are looked at.
const MAX_WORDS: usize = 8;

/// Extensions of files that a developer opens. Sorted.
const EXTENSIONS: [&str; 62] = [
    "S", "asm", "bash", "bzl", "c", "cc", "cfg", "cjs", "clj", "cpp", "cs", "css", "cu", "cxx",
    "dart", "ex", "exs", "fs", "go", "gradle", "groovy", "h", "hh", "hpp", "hs", "html", "inc",
    "ini", "java", "jl", "js", "json", "jsx", "kt", "kts", "lock", "lua", "md", "mjs", "ml", "mm",
    "nim", "nix", "php", "pl", "proto", "py", "pyx", "rb", "rs", "sass", "scala", "scss", "sh",
    "sql", "svelte", "swift", "toml", "ts", "tsx", "vue", "zig",
];

/// Reads the references of a text without a trace as the frames of one.
///
/// Places with a line come first; bare file names count only where there is no such place.
pub(super) fn as_trace(text: &str) -> Option<Trace> {
    let frames = Some(frames(text, Bare::Skip))
        .filter(|frames| !frames.is_empty())
        .unwrap_or_else(|| frames(text, Bare::Take));
    let (first, last) = (frames.first()?, frames.last()?);
    let span = ByteSpan::new(first.span.start, last.span.end);
    let language = first.location.as_ref().map_or(Language::Unknown, |place| language(&place.file));
    Some(Trace { language, kind: TraceKind::Exception, frames, span, ..Trace::default() })
}

fn frames(text: &str, bare: Bare) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut pairs = Pairs::default();
    each_line(text, |line| {
        if frames.len() >= MAX_REFERENCES {
            return;
        }
        frames.extend(find_all(line.body(), bare).map(|place| frame(place.located(&line))));
        match pairs.take(&line) {
            Some(Told::Place(location)) => {
                // The file alone may have been taken already.
                frames.retain(|frame| !location.span.covers(frame.span));
                frames.push(frame(location));
            }
            Some(Told::Column(column, end)) => {
                if let Some(location) = frames.last_mut().and_then(|frame| frame.location.as_mut())
                {
                    location.column = Some(column);
                    location.span = ByteSpan::new(location.span.start, end);
                }
            }
            None => {}
        }
    });
    frames.truncate(MAX_REFERENCES);
    frames
}

fn frame(location: SourceLocation) -> Frame {
    let span = location.span;
    let origin = match packages::home_of(&location.file) {
        packages::PathHome::Std => Origin::Std,
        packages::PathHome::Runtime => Origin::Runtime,
        packages::PathHome::Package(_) => Origin::Dependency,
        packages::PathHome::Nowhere | packages::PathHome::Other => Origin::App,
    };
    Frame { location: Some(location), origin, span, ..Frame::default() }
}

fn language(file: &str) -> Language {
    match file.rsplit('.').next().unwrap_or_default() {
        "rs" => Language::Rust,
        "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
        "ts" | "tsx" => Language::TypeScript,
        "py" | "pyx" => Language::Python,
        "go" => Language::Go,
        "java" | "kt" | "kts" | "scala" | "groovy" => Language::Java,
        _ => Language::Unknown,
    }
}

/// Finds the references of `text` in order, first those with a line.
///
/// With `bare` file names without a line count too, where their extension is known.
pub(super) fn find_all(text: &str, bare: Bare) -> impl Iterator<Item = Place<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let (place, end) = find_from(text, from, bare)?;
        from = end;
        Some(place)
    })
}

/// Returns the first reference of `text` that has a line.
pub(super) fn find_first(text: &str) -> Option<Place<'_>> {
    find_all(text, Bare::Skip).next()
}

/// What to do with file names that no line number follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    /// They count.
    Take,
    /// They do not.
    Skip,
}

/// Finds the first reference at or after `from`; returns it with the offset behind it.
fn find_from(text: &str, from: usize, bare: Bare) -> Option<(Place<'_>, usize)> {
    let mut at = from;
    loop {
        let dot = at + memchr::memchr(b'.', text.as_bytes().get(at..)?)?;
        at = dot + 1;
        let after_dot = text.get(at..)?;
        let ext_len = after_dot.bytes().take(12).take_while(u8::is_ascii_alphanumeric).count();
        if !(1..12).contains(&ext_len) || !after_dot.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            continue;
        }
        let ext_end = at + ext_len;
        let extension = text.get(at..ext_end)?;
        let is_known = EXTENSIONS.binary_search(&extension).is_ok();
        let after = text.get(ext_end..)?;
        let suffix = Suffix::parse(after);
        let takes = match &suffix {
            Some(_) => true,
            None => bare == Bare::Take && is_known && !continues(after),
        };
        if !takes {
            continue;
        }
        let start = path_start(text, from, dot);
        let start = start + key_len(text.get(start..dot)?);
        let path = text.get(start..ext_end)?;
        let file = path.strip_prefix("file://").unwrap_or(path);
        // `example.com:8080` is a host and a port.
        let is_path = is_known || file.contains(['/', '\\']);
        if dot == start || !is_path || file.len() > MAX_PATH {
            continue;
        }
        let suffix = suffix.unwrap_or_default();
        let end = ext_end + suffix.len;
        at = end;
        let whole = text.get(start..end)?;
        let place = Place { file, line: suffix.line, column: suffix.column, text: whole };
        return Some((place, at));
    }
}

/// Says whether a name goes on behind its extension: `foo.rs.bak`, `foo.rs/bar`.
fn continues(after: &str) -> bool {
    let mut chars = after.chars();
    match chars.next() {
        Some('.') => chars.next().is_some_and(char::is_alphanumeric),
        Some(c) => c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '\\' | '(' | '!'),
        None => false,
    }
}

/// The line and column behind a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Suffix {
    line: Option<u32>,
    column: Option<u32>,
    len: usize,
}

impl Suffix {
    fn parse(after: &str) -> Option<Self> {
        Self::colons(after)
            .or_else(|| Self::brackets(after))
            .or_else(|| Self::hash(after))
            .or_else(|| Self::words(after))
    }

    fn new(after: &str, rest: &str, line: u32, column: Option<u32>) -> Option<Self> {
        (line > 0).then(|| Self { line: Some(line), column, len: after.len() - rest.len() })
    }

    /// `:12`, `:12:5`, `:12.5`.
    fn colons(after: &str) -> Option<Self> {
        let (line, rest) = number(after.strip_prefix(':')?)?;
        let column = rest.strip_prefix([':', '.']).and_then(number);
        let (column, rest) = column.map_or((None, rest), |(column, rest)| (Some(column), rest));
        Self::new(after, rest, line, column)
    }

    /// `(12)`, `(12,5)`, `(12:5)`, `[12, 5]`.
    fn brackets(after: &str) -> Option<Self> {
        let after_bracket = after.trim_start_matches(' ');
        if after.len() - after_bracket.len() > 1 {
            return None;
        }
        let close = if after_bracket.starts_with('(') { ')' } else { ']' };
        let (line, rest) = number(after_bracket.strip_prefix(['(', '['])?)?;
        let column =
            rest.strip_prefix([',', ':']).and_then(|column| number(column.trim_start_matches(' ')));
        let (column, rest) = column.map_or((None, rest), |(column, rest)| (Some(column), rest));
        Self::new(after, rest.strip_prefix(close)?, line, column)
    }

    /// `#12`, `#L12`, `#L12C5`.
    fn hash(after: &str) -> Option<Self> {
        let rest = after.strip_prefix('#')?;
        let (line, rest) = number(rest.strip_prefix('L').unwrap_or(rest))?;
        let column = rest.strip_prefix('C').and_then(number);
        let (column, rest) = column.map_or((None, rest), |(column, rest)| (Some(column), rest));
        Self::new(after, rest, line, column)
    }

    /// `", line 12, column 5`, ` line 12`, `' at line 12`, ` on line 12, col 5`, `","line":12`,
    /// ` line=12`, `", line_number: 12`.
    fn words(after: &str) -> Option<Self> {
        let rest = after.trim_start_matches(['"', '\'', '`', '’', '”']);
        if after.len() - rest.len() > 6 {
            return None;
        }
        let rest = rest.strip_prefix([',', ':', ';']).unwrap_or(rest).trim_start_matches(' ');
        let rest =
            ["at ", "on ", "in "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
        let rest = rest.strip_prefix('"').unwrap_or(rest);
        let rest = ["line number", "line_number", "lineno", "line", "Line", "ln"]
            .iter()
            .find_map(|word| rest.strip_prefix(word))?;
        let rest = rest.strip_prefix('"').unwrap_or(rest);
        let value = rest.trim_start_matches([' ', ':', '=']);
        let n_between = rest.len() - value.len();
        let (line, rest) = number(value).filter(|_| (1..=3).contains(&n_between))?;
        let column = column_words(rest);
        let (column, rest) = column.map_or((None, rest), |(column, rest)| (Some(column), rest));
        Self::new(after, rest, line, column)
    }
}

fn column_words(rest: &str) -> Option<(u32, &str)> {
    if let Some(column) = rest.strip_prefix(':').and_then(number) {
        return Some(column);
    }
    let rest = rest.strip_prefix([',', ':']).unwrap_or(rest).trim_start_matches(' ');
    let rest = rest.strip_prefix("and ").unwrap_or(rest);
    let rest = ["column ", "column: ", "col ", "col: ", "char ", "character "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))?;
    number(rest)
}

fn number(text: &str) -> Option<(u32, &str)> {
    let n_digits = text.bytes().take(10).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(n_digits)?;
    Some((digits.parse().ok()?, rest))
}

/// Walks back from the dot of the extension to where the path starts, not before `from`.
fn path_start(text: &str, from: usize, dot: usize) -> usize {
    let floor = from.max(dot.saturating_sub(MAX_PATH));
    let Some(head) = text.get(..dot) else { return dot };
    let mut start = dot;
    for (at, c) in head.char_indices().rev().take_while(|(at, _)| *at >= floor) {
        if !is_path_char(c) && !is_drive_or_scheme(head, at, c) {
            break;
        }
        start = at;
    }
    // Inside quotes a path may hold blanks.
    if let Some(quote) = head.get(..start).and_then(|before| before.chars().next_back())
        && quote == ' '
        && let Some(open) = quoted_start(head, floor)
        && open < start
    {
        return open;
    }
    rooted_start(head, floor, start).unwrap_or(start)
}

/// Returns the length of `file=` before a path: a field of a log line.
fn key_len(path: &str) -> usize {
    let key = path.bytes().take_while(|byte| byte.is_ascii_lowercase() || *byte == b'_').count();
    let is_key = key > 0 && path.as_bytes().get(key) == Some(&b'=');
    if is_key { key + 1 } else { 0 }
}

fn is_path_char(c: char) -> bool {
    c.is_alphanumeric() || "/\\._-+@~$%=^!".contains(c)
}

/// The colon of `C:\` and of `file://`.
fn is_drive_or_scheme(head: &str, at: usize, c: char) -> bool {
    if c != ':' {
        return false;
    }
    let after = head.get(at + 1..).unwrap_or_default();
    let before = head.get(..at).unwrap_or_default();
    let is_scheme = after.starts_with("//") && before.ends_with(|c: char| c.is_ascii_alphabetic());
    let mut letters = before.chars().rev();
    let is_drive = after.starts_with(['\\', '/'])
        && letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.next().is_none_or(|c| !c.is_alphanumeric());
    is_scheme || is_drive
}

/// Returns the offset behind a quote that is opened in `head` and not closed.
fn quoted_start(head: &str, floor: usize) -> Option<usize> {
    let (at, quote) = head
        .char_indices()
        .rev()
        .take_while(|(at, _)| *at >= floor)
        .find(|(_, c)| matches!(c, '"' | '\'' | '`'))?;
    let inside = head.get(at + quote.len_utf8()..)?;
    inside.starts_with(|c: char| is_path_char(c) && c != ' ').then_some(at + quote.len_utf8())
}

/// Finds `/` or `C:\` some words before `start`, where what lies between can be one path.
fn rooted_start(head: &str, floor: usize, start: usize) -> Option<usize> {
    let piece = head.get(start..)?;
    let has_root = piece.starts_with(['/', '\\', '~', '.']) || piece.get(1..2) == Some(":");
    if has_root || !piece.contains(['/', '\\']) {
        return None;
    }
    let mut word_end = start;
    for _ in 0..MAX_WORDS {
        let before = head.get(floor..word_end)?.strip_suffix(' ')?;
        let word_start = floor + before.rfind(' ').map_or(0, |at| at + 1);
        let word = head.get(word_start..floor + before.len())?;
        let is_part = word.chars().all(|c| is_path_char(c) || c == ':' || c == '(' || c == ')');
        if word.is_empty() || !is_part {
            return None;
        }
        let is_drive = word.get(1..3).is_some_and(|after| after == ":\\" || after == ":/");
        if is_drive || (word.starts_with('/') && word.len() > 1) {
            return Some(word_start);
        }
        if word.contains(':') {
            return None;
        }
        word_end = word_start;
    }
    None
}
