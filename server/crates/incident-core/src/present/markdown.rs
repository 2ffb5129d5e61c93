//! Markdown that text from outside cannot break out of: no link, image, HTML or heading of its own.

use crate::neutral;

/// Returns `text` as one line of plain Markdown text.
pub fn text(text: &str) -> String {
    escape(&neutral::one_line(text))
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
            // Keeps a bare address from becoming a link.
            ':' => escaped.push_str("&#58;"),
            _ => escaped.push(c),
        }
    }
    escaped
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
