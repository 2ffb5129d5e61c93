//! Format strings of the languages, read into patterns.

use super::pattern::Pattern;

/// How a format string marks its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `{}`, `{name:spec}`; `{{` is a brace. Rust, Python's `format`.
    Braces,
    /// `{}` alone, and `\{` for a brace: SLF4J.
    EmptyBraces,
    /// `%s`, `%(name)s`, `%[1]d`, `%5.2f`; `%%` is a percent sign.
    Percent,
    /// Either of `%s` and `{}`: loggers that wrap another one.
    PercentOrBraces,
}

/// Reads `text` (escapes already undone) in `style`; `names` are the arguments in order.
pub(super) fn expand(text: &str, style: Style, names: &[String]) -> Pattern {
    let mut pattern = Pattern::default();
    let mut names = names.iter().map(String::as_str);
    let percent = matches!(style, Style::Percent | Style::PercentOrBraces);
    let braces = matches!(style, Style::Braces | Style::EmptyBraces | Style::PercentOrBraces);
    let mut rest = text;
    while let Some(at) = rest.find(|c| (percent && c == '%') || (braces && matches!(c, '{' | '}')))
    {
        let (before, marked) = rest.split_at(at);
        pattern.push_text(before);
        let hole =
            if marked.starts_with('%') { percent_hole(marked) } else { brace_hole(marked, style) };
        rest = match hole {
            Some(Hole::Literal { text, len }) => {
                pattern.push_text(text);
                marked.get(len..).unwrap_or_default()
            }
            Some(Hole::Value { name, len }) => {
                let is_position = name.bytes().all(|byte| byte.is_ascii_digit());
                let name = if is_position { names.next().unwrap_or_default() } else { name };
                pattern.push_value(name);
                marked.get(len..).unwrap_or_default()
            }
            None => {
                pattern.push_text(marked.get(..1).unwrap_or_default());
                marked.get(1..).unwrap_or_default()
            }
        };
    }
    pattern.push_text(rest);
    pattern
}

enum Hole<'t> {
    /// An escaped mark: what it prints, and how much of the format it takes.
    Literal { text: &'static str, len: usize },
    /// A value.
    Value { name: &'t str, len: usize },
}

/// Reads what begins with `%`.
fn percent_hole(marked: &str) -> Option<Hole<'_>> {
    let bytes = marked.as_bytes();
    let mut at = 1;
    let mut name = "";
    match *bytes.get(1)? {
        b'%' => return Some(Hole::Literal { text: "%", len: 2 }),
        b'(' => {
            let end = marked.find(')')?;
            name = marked.get(2..end)?;
            at = end + 1;
        }
        b'[' => at = marked.find(']')? + 1,
        _ => {}
    }
    let is_flag = |byte: &u8| b"0123456789.#+-* 'lhLz".contains(byte);
    // `% d` has a flag, but `100% done` has a percent sign and a word.
    if at == 1 && bytes.get(1) == Some(&b' ') {
        return None;
    }
    at += bytes.get(at..)?.iter().take_while(|byte| is_flag(byte)).count();
    let conversion = bytes.get(at)?;
    let known = b"sdifFjoOcvqwTxXeEgGpbBtUuranAS".contains(conversion);
    known.then_some(Hole::Value { name, len: at + 1 })
}

/// Reads what begins with a brace.
fn brace_hole(marked: &str, style: Style) -> Option<Hole<'_>> {
    match marked.as_bytes() {
        [b'{', b'{', ..] if style == Style::Braces => Some(Hole::Literal { text: "{", len: 2 }),
        [b'}', b'}', ..] if style == Style::Braces => Some(Hole::Literal { text: "}", len: 2 }),
        [b'{', b'}', ..] => Some(Hole::Value { name: "", len: 2 }),
        [b'{', ..] if style == Style::Braces => {
            let end = closing_brace(marked)?;
            let inside = marked.get(1..end)?;
            let name = inside.split([':', '!']).next().unwrap_or_default();
            Some(Hole::Value { name, len: end + 1 })
        }
        _ => None,
    }
}

/// Returns the offset of the brace that closes the first one; a specification may hold braces.
fn closing_brace(marked: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in marked.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Undoes the escapes of a string literal's inside, as C, Rust, Python, Go, Java and JavaScript
/// share them; what is no escape is kept.
pub(super) fn unescape(inside: &str) -> String {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        text.push_str(rest.get(..at).unwrap_or_default());
        let escape = rest.get(at + 1..).unwrap_or_default();
        let mut chars = escape.chars();
        let first = chars.next();
        let mut len = first.map_or(0, char::len_utf8);
        match first {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('0') => text.push('\0'),
            // A line that goes on below: Rust also drops the blanks that follow.
            Some('\n') => len += chars.as_str().len() - chars.as_str().trim_start().len(),
            Some('x') => len += push_code(&mut text, chars.as_str().get(..2), 2),
            Some('u') if chars.as_str().starts_with('{') => {
                let code = chars.as_str().get(1..).and_then(|code| code.split('}').next());
                len += push_code(&mut text, code, code.map_or(0, str::len) + 2);
            }
            Some('u') => len += push_code(&mut text, chars.as_str().get(..4), 4),
            Some('U') => len += push_code(&mut text, chars.as_str().get(..8), 8),
            Some(other) => text.push(other),
            None => text.push('\\'),
        }
        rest = escape.get(len..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// Pushes the character of a hexadecimal code and returns how many bytes it took; nothing where it
/// is none.
fn push_code(text: &mut String, code: Option<&str>, len: usize) -> usize {
    let character = code
        .and_then(|code| u32::from_str_radix(&code.replace('_', ""), 16).ok())
        .and_then(char::from_u32);
    match character {
        Some(character) => {
            text.push(character);
            len
        }
        None => 0,
    }
}
