//! Markdown that text from outside cannot break out of: no link, image, HTML or heading of its own.

use crate::neutral;

/// Returns `text` as one line of Markdown text; only pairs of single backticks keep their meaning.
pub fn text(text: &str) -> String {
    let text = neutral::one_line(text);
    let pieces: Vec<&str> = text.split('`').collect();
    let inner = pieces.len().saturating_sub(1);
    let in_pairs = pieces.len() % 2 == 1
        && pieces.iter().take(inner).skip(1).all(|piece| !piece.trim().is_empty());
    if !in_pairs {
        return escape(&text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for (at, piece) in pieces.iter().enumerate() {
        match at % 2 {
            1 => shown.push_str(&format!("`{piece}`")),
            _ => shown.push_str(&escape(piece)),
        }
    }
    shown
}

/// Returns `text` as an inline code span of one line.
pub fn code(text: &str) -> String {
    let text = neutral::one_line(text);
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(text) + 1);
    match text.starts_with('`') || text.ends_with('`') {
        true => format!("{ticks} {text} {ticks}"),
        false => format!("{ticks}{text}{ticks}"),
    }
}

/// Returns `body` as a fenced block; `language` is one of ours, never from outside.
pub fn fence(language: &str, body: &str) -> String {
    let body = neutral::block(body);
    let ticks = "`".repeat(longest_run(&body).max(2) + 1);
    format!("{ticks}{language}\n{}\n{ticks}", body.trim_end_matches('\n'))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            // Entities, since a renderer that allows HTML may not honour the backslash.
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    // Keeps a bare address from becoming a link.
    escaped.replace("://", "&#58;//").replace("www.", "www&#46;")
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for byte in text.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests;
