//! Makes text from outside safe to show: what a terminal or an editor would obey becomes visible.
//!
//! Traces, logs, commit subjects and source lines may hold escape sequences that move the cursor,
//! hide text or type on the person's behalf, and bidirectional controls that reorder what is read.
//! Nothing is dropped: each such character is spelled out, so that it can be seen.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns `text` for one line of output: line breaks are spelled out too, tabs become spaces.
pub fn one_line(text: &str) -> Cow<'_, str> {
    spell_out(text, |_| false)
}

/// Returns `text` for a block of output: line breaks stay, tabs become spaces.
pub fn block(text: &str) -> Cow<'_, str> {
    spell_out(text, |c| c == '\n')
}

/// Returns the first line of `text`, neutralised, with at most `max_chars` characters.
///
/// What was cut is marked by an ellipsis.
pub fn headline(text: &str, max_chars: usize) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    // The cut comes before the spelling-out, so that a huge line costs no more than a short one.
    let few: String = first.chars().take(max_chars + 1).collect();
    shorten(&one_line(&few), max_chars)
}

/// Returns `text` cut to at most `max_chars` characters, the last one an ellipsis where it was cut.
pub fn shorten(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// Returns the end of `text`, at most `max_chars` characters, after an ellipsis where it was cut.
pub fn shorten_start(text: &str, max_chars: usize) -> String {
    let n_chars = text.chars().count();
    if n_chars <= max_chars {
        return text.to_owned();
    }
    let tail: String = text.chars().skip(n_chars + 1 - max_chars.max(1)).collect();
    format!("…{tail}")
}

/// Says whether a terminal or an editor may obey `c` instead of showing it.
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e01ef}')
}

fn spell_out(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(|c| is_control(c) && !keep(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            _ if keep(c) || !is_control(c) => shown.push(c),
            '\t' => shown.push_str("    "),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\0'..='\u{ff}' => {
                let _ = write!(shown, "\\x{:02x}", u32::from(c)); // A String takes every write.
            }
            _ => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests;
