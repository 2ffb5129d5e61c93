//! Settings that are written line by line: pairs, blocks in braces, Dockerfiles, migrations.

use super::leaves::{Leaves, put};

/// Longest line that is read.
const MAX_LINE: usize = 4096;
/// Deepest block that is named.
const MAX_DEPTH: usize = 32;

/// Reads `key = value`, `KEY=value`, `key: value`; `[section]` goes before the keys below it.
pub(super) fn pairs(text: &str, first_line: u32) -> Leaves {
    let mut leaves = Leaves::new();
    let mut section = String::new();
    for (line, content) in numbered(text, first_line) {
        if content.starts_with(['#', ';', '!']) || content.starts_with("//") {
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim_matches(['[', ']']).to_owned();
            continue;
        }
        let content = content.strip_prefix("export ").unwrap_or(content);
        let content = content.trim_start_matches("- ");
        let Some((key, value)) = split_pair(content) else { continue };
        let key = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
        put(&mut leaves, key, value.trim_end_matches(','), line);
    }
    leaves
}

fn split_pair(content: &str) -> Option<(&str, &str)> {
    let at = content.find(['=', ':'])?;
    let key = content.get(..at)?.trim().trim_matches(['"', '\'']);
    let value = content.get(at + 1..)?.trim();
    let is_key = !key.is_empty()
        && key.len() <= 200
        && key.chars().all(|c| c.is_alphanumeric() || "._-/".contains(c));
    (is_key && !value.is_empty() && value != "{").then_some((key, value))
}

/// Reads `head { key = value }` and `key value;` as Terraform and nginx write them.
pub(super) fn blocks(text: &str) -> Leaves {
    let mut leaves = Leaves::new();
    let mut around: Vec<String> = Vec::new();
    for (line, content) in numbered(text, 1) {
        if content.starts_with('#') || content.starts_with("//") {
            continue;
        }
        if content.starts_with('}') {
            around.pop();
            continue;
        }
        if let Some(head) = content.strip_suffix('{') {
            let name: Vec<&str> = head
                .split(|c: char| c.is_whitespace() || c == '"' || c == '=')
                .filter(|word| !word.is_empty())
                .collect();
            if around.len() < MAX_DEPTH {
                around.push(name.join("."));
            }
            continue;
        }
        let content = content.trim_end_matches([';', ',']);
        let pair = content.split_once('=').or_else(|| content.split_once(char::is_whitespace));
        let Some((key, value)) = pair else { continue };
        let key = key.trim().trim_matches('"');
        if key.is_empty() || key.len() > 200 || value.trim().is_empty() {
            continue;
        }
        let mut whole = around.join(".");
        if !whole.is_empty() {
            whole.push('.');
        }
        whole.push_str(key);
        put(&mut leaves, whole, value, line);
    }
    leaves
}

/// Reads a Dockerfile: `ENV` and `ARG` by name, other instructions by themselves.
pub(super) fn dockerfile(text: &str) -> Leaves {
    let mut leaves = Leaves::new();
    for (line, content) in numbered(text, 1) {
        let Some((word, rest)) = content.split_once(char::is_whitespace) else { continue };
        let instruction = word.to_ascii_uppercase();
        let rest = rest.trim();
        match instruction.as_str() {
            "ENV" | "ARG" | "LABEL" => {
                let Some((name, value)) =
                    rest.split_once('=').or_else(|| rest.split_once(char::is_whitespace))
                else {
                    continue;
                };
                put(&mut leaves, format!("{instruction}.{}", name.trim()), value, line);
            }
            "FROM" | "CMD" | "ENTRYPOINT" | "EXPOSE" | "USER" | "WORKDIR" | "HEALTHCHECK"
            | "COPY" | "ADD" | "RUN" | "VOLUME" | "STOPSIGNAL" => {
                put(&mut leaves, instruction, rest, line);
            }
            _ => {}
        }
    }
    leaves
}

/// Reads the statements of a migration, each by its head: `ALTER TABLE orders`.
pub(super) fn sql(text: &str) -> Leaves {
    let mut leaves = Leaves::new();
    let mut statement = String::new();
    let mut start = 0;
    for (line, content) in numbered(text, 1) {
        let content = content.split("--").next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        if statement.is_empty() {
            start = line;
        }
        if statement.len() < MAX_LINE {
            statement.push_str(content);
            statement.push(' ');
        }
        if content.ends_with(';') {
            keep_statement(&mut leaves, &statement, start);
            statement.clear();
        }
    }
    keep_statement(&mut leaves, &statement, start);
    leaves
}

fn keep_statement(leaves: &mut Leaves, statement: &str, line: u32) {
    let statement = statement.trim().trim_end_matches(';');
    let words: Vec<&str> = statement
        .split(|c: char| c.is_whitespace() || c == '(')
        .filter(|word| !word.is_empty())
        .filter(|word| {
            !["IF", "NOT", "EXISTS", "ONLY"].contains(&word.to_ascii_uppercase().as_str())
        })
        .take(3)
        .collect();
    let Some(first) = words.first() else { return };
    let changes = ["CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "UPDATE", "DELETE", "INSERT"];
    if changes.contains(&first.to_ascii_uppercase().as_str()) {
        put(leaves, words.join(" "), statement, line);
    }
}

/// Returns the trimmed lines that say something, with their numbers.
fn numbered(text: &str, first_line: u32) -> impl Iterator<Item = (u32, &str)> {
    text.lines()
        .enumerate()
        .map(move |(at, line)| {
            let line_number = first_line.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
            (line_number, crate::text::cut(line, MAX_LINE).trim())
        })
        .filter(|(_, line)| !line.is_empty())
}
