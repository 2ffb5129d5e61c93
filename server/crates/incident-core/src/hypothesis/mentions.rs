//! Names in a sentence that can be looked up: places, functions, commits.

/// A name that a text relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mention<'a> {
    /// `1a2b3c4` after the word commit, or between back-ticks.
    Commit(&'a str),
    /// `name()` between back-ticks; the last name of its path.
    Function(&'a str),
    /// `src/pool.rs` or `src/pool.rs:41`.
    Place {
        /// As written.
        path: &'a str,
        /// From 1.
        line: Option<u32>,
    },
}

/// Ends of names that are source files for sure.
const SOURCE_ENDS: &[&str] =
    &[".rs", ".toml", ".py", ".js", ".ts", ".tsx", ".go", ".java", ".sql", ".yaml", ".yml"];

/// Returns the names in `text` that can be looked up, in order.
///
/// Source code between back-ticks is no claim by itself: only a lone name there is read.
pub(super) fn mentions(text: &str) -> Vec<Mention<'_>> {
    let mut found = Vec::new();
    for (part_idx, part) in text.split('`').enumerate() {
        if part_idx % 2 == 1 {
            found.extend(quoted(part));
            continue;
        }
        let mut previous = "";
        for word in part.split_whitespace() {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
            let names_commit = previous.eq_ignore_ascii_case("commit");
            if names_commit && is_hex(word, 7) {
                found.push(Mention::Commit(word));
            } else {
                found.extend(place(word));
            }
            previous = word;
        }
    }
    found
}

fn quoted(code: &str) -> Option<Mention<'_>> {
    let code = code.trim();
    if let Some(path) = code.strip_suffix("()") {
        let name = path.rsplit(['.', ':']).next()?;
        let is_name =
            !name.is_empty() && path.chars().all(|c| c.is_alphanumeric() || "_:.".contains(c));
        return is_name.then_some(Mention::Function(name));
    }
    let mixed =
        code.contains(|c: char| c.is_ascii_digit()) && code.contains(|c: char| c.is_alphabetic());
    if mixed && is_hex(code, 7) {
        return Some(Mention::Commit(code));
    }
    place(code)
}

fn place(word: &str) -> Option<Mention<'_>> {
    let mut path = word;
    let mut line = None;
    // `path:41:5` names a column as well.
    for _ in 0..2 {
        if let Some((before, number)) = path.rsplit_once(':')
            && let Ok(number) = number.parse::<u32>()
        {
            (path, line) = (before, Some(number));
        }
    }
    let is_path = path.chars().all(|c| c.is_alphanumeric() || "_-./".contains(c));
    let is_source = SOURCE_ENDS.iter().any(|end| path.len() > end.len() && path.ends_with(end));
    (is_path && is_source).then_some(Mention::Place { path, line })
}

fn is_hex(word: &str, at_least: usize) -> bool {
    (at_least..=40).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Splits a text into sentences; a full stop between back-ticks ends none.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut in_code, mut after_stop) = (0, false, false);
    for (at, c) in text.char_indices() {
        if after_stop && c.is_whitespace() && !in_code {
            found.push(text.get(start..at).unwrap_or_default().trim());
            start = at;
        }
        if c == '`' {
            in_code = !in_code;
        }
        after_stop = matches!(c, '.' | '!' | '?') && !in_code;
    }
    found.push(text.get(start..).unwrap_or_default().trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}
