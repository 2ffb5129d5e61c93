//! Flags and subcommands out of manual pages and help texts.

use std::collections::{BTreeMap, BTreeSet};

/// What a tool's documentation lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolHelp {
    /// Flags with their dashes, by name.
    pub flags: BTreeMap<String, Takes>,
    /// Commands of the tool.
    pub subcommands: BTreeSet<String>,
    /// There is a list of commands, so that what is not on it is none.
    pub lists_subcommands: bool,
    /// Not every flag is listed, so that another one is `unknown`.
    pub is_partial: bool,
    /// Where this was read: `grep(1)`, `docker ps --help`.
    pub source: String,
    /// The tool's version where the documentation says it.
    pub version: Option<String>,
}

/// Whether a flag takes the next word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Takes {
    /// It was seen, and how was not.
    Unknown,
    /// It stands alone, or takes a value after `=` only.
    Nothing,
    /// The next word is its value.
    Value,
}

impl ToolHelp {
    /// Says whether a flag is listed, and what it takes.
    pub fn takes(&self, flag: &str) -> Option<Takes> {
        self.flags.get(flag).copied()
    }

    /// Says whether there are enough flags to call another one missing.
    pub fn lists_flags(&self) -> bool {
        !self.is_partial && self.flags.keys().filter(|flag| flag.len() > 2).count() >= 2
    }

    /// The same for flags of one letter.
    pub fn lists_short_flags(&self) -> bool {
        !self.is_partial && self.flags.keys().filter(|flag| flag.len() == 2).count() >= 3
    }

    /// Adds what another text of the same tool lists.
    pub fn merge(&mut self, other: Self) {
        for (flag, takes) in other.flags {
            let known = self.flags.entry(flag).or_insert(takes);
            *known = (*known).max(takes);
        }
        self.subcommands.extend(other.subcommands);
        self.lists_subcommands |= other.lists_subcommands;
        self.is_partial &= other.is_partial;
        if self.source.is_empty() {
            self.source = other.source;
        } else if !other.source.is_empty() && other.source != self.source {
            self.source = format!("{} or {}", self.source, other.source);
        }
        self.version = self.version.take().or(other.version);
    }

    /// Adds one flag.
    pub fn add(&mut self, flag: &str, takes: Takes) {
        let known = self.flags.entry(flag.to_owned()).or_insert(takes);
        *known = (*known).max(takes);
    }
}

/// Returns a flag without its value: `--lines=20` is `--lines`.
pub(super) fn flag_name(text: &str) -> &str {
    text.split('=').next().unwrap_or(text)
}

/// Reads a manual page in roff.
pub fn read_man(page: &str, source: &str) -> ToolHelp {
    let mut help = ToolHelp { source: source.to_owned(), ..ToolHelp::default() };
    for line in page.lines().take(200_000) {
        let plain = plain_line(line);
        if plain.starts_with('-') {
            definition(&plain, &mut help);
        }
        for (flag, rest) in flags_in(&plain) {
            // A page often shows a value in italics only, which plain text no longer tells.
            let takes = if rest.starts_with('=') { Takes::Value } else { Takes::Unknown };
            help.add(flag, takes);
            if let Some(positive) = optional_negation(&plain, flag) {
                help.add(&positive, takes);
            }
        }
    }
    help
}

/// Reads what a tool prints for `--help`.
pub fn read_help(text: &str, source: &str) -> ToolHelp {
    let mut help = ToolHelp { source: source.to_owned(), ..ToolHelp::default() };
    let mut in_commands = false;
    for line in text.lines().take(20_000) {
        let indent = line.len() - line.trim_start().len();
        let trimmed = line.trim();
        if indent == 0 && !trimmed.is_empty() {
            let lower = trimmed.to_ascii_lowercase();
            in_commands = trimmed.ends_with(':')
                && (lower.contains("command") || lower.contains("subcommand"));
            help.lists_subcommands |= in_commands;
        }
        if trimmed.starts_with('-') {
            definition(trimmed, &mut help);
        } else if in_commands && indent > 0 && indent < 8 {
            let names = trimmed.split("  ").next().unwrap_or_default();
            for name in names.split(',') {
                let name = name.trim().trim_end_matches(['*', ':']);
                if super::tools::is_plain_word(name) {
                    help.subcommands.insert(name.to_owned());
                }
            }
        }
        for (flag, _) in flags_in(trimmed) {
            help.add(flag, Takes::Unknown);
            if let Some(positive) = optional_negation(trimmed, flag) {
                help.add(&positive, Takes::Unknown);
            }
        }
    }
    help
}

/// Reads `-f, --filter filter   Filter output`: a value is named before the description.
fn definition(line: &str, help: &mut ToolHelp) {
    let head = line.split("  ").next().unwrap_or(line);
    let flags: Vec<(&str, &str)> = flags_in(head).collect();
    let Some((_, rest)) = flags.last() else { return };
    let value = rest.trim_start_matches(['=', ' ']);
    let takes = match value.chars().next() {
        None | Some('.') => Takes::Nothing,
        // `--color[=WHEN]` takes its value after `=` only.
        Some('[') if value.starts_with("[=") => Takes::Nothing,
        Some(',') => Takes::Unknown,
        Some(_) => Takes::Value,
    };
    for (flag, _) in flags {
        help.add(flag, takes);
    }
}

/// Finds `-x` and `--word` with the text that follows each.
fn flags_in(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            at += 1;
            let before = start.checked_sub(1).and_then(|before| bytes.get(before));
            let is_start = bytes.get(start) == Some(&b'-')
                && before.is_none_or(|byte| {
                    !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.')
                });
            if !is_start {
                continue;
            }
            let dashes = bytes.iter().skip(start).take_while(|byte| **byte == b'-').count();
            let is_part =
                |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            let length = bytes.iter().skip(start + dashes).take_while(is_part).count();
            let mut end = start + dashes + length;
            if dashes == 1 && length == 0 {
                // `-?`, `-#`: a flag of one sign.
                let sign = bytes.get(start + 1);
                if sign.is_some_and(|byte| matches!(byte, b'#' | b'?' | b'@' | b'%' | b'0'..=b'9'))
                {
                    end += 1;
                } else {
                    continue;
                }
            } else if dashes > 2 || length == 0 {
                at = end.max(at);
                continue;
            }
            at = end;
            let flag = text.get(start..end)?.trim_end_matches(['.', '-']);
            if flag.len() < 2 {
                continue;
            }
            return Some((flag, text.get(end..).unwrap_or_default()));
        }
        None
    })
}

/// Returns `--no-x` where the text shows `--[no-]x`, of which only `--` is left as a flag.
fn optional_negation(text: &str, flag: &str) -> Option<String> {
    let name = flag.strip_prefix("--")?;
    text.contains(&format!("--[no-]{name}")).then(|| format!("--no-{name}"))
}

/// Turns one line of roff into text: macros joined, fonts and special signs resolved.
fn plain_line(line: &str) -> String {
    let unescaped = unescape(line);
    let Some(rest) = unescaped.strip_prefix('.') else { return unescaped };
    let (name, args) = rest.split_once(' ').unwrap_or((rest, ""));
    // Alternating fonts set their arguments side by side.
    if matches!(name, "BR" | "RB" | "BI" | "IB" | "IR" | "RI" | "SM" | "SB") {
        return macro_args(args).concat();
    }
    let words = macro_args(args);
    let mut plain = String::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        // mdoc: `Fl x` is `-x`.
        if word == "Fl" && matches!(name, "It" | "Op" | "Fl" | "Nm" | "Cm" | "Xo" | "Oo") {
            if let Some(flag) = words.next() {
                plain.push('-');
                plain.push_str(flag);
            }
        } else {
            plain.push_str(word);
        }
        plain.push(' ');
    }
    if name == "Fl" {
        plain.insert(0, '-');
    }
    plain
}

/// Splits a macro's arguments; quotes hold one together.
fn macro_args(args: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in args.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn unescape(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('-') => plain.push('-'),
            Some('e') => plain.push('\\'),
            Some(' ' | '~' | '0') => plain.push(' '),
            Some('f' | '*' | 'F') => match chars.next() {
                Some('(') => {
                    chars.next();
                    chars.next();
                }
                Some('[') => {
                    chars.by_ref().find(|c| *c == ']');
                }
                _ => {}
            },
            Some('(') => {
                let name: String = chars.by_ref().take(2).collect();
                plain.push(special(&name));
            }
            Some('[') => {
                let name: String = chars.by_ref().take_while(|c| *c != ']').collect();
                plain.push(special(&name));
            }
            Some('s') => {
                // A size: `\s-1`, `\s0`.
                let mut rest = chars.clone();
                let skipped = match rest.next() {
                    Some('-' | '+') => 2,
                    _ => 1,
                };
                chars.by_ref().take(skipped).for_each(drop);
            }
            Some('"') => break,
            Some('^' | '|' | '&' | '/' | ',' | ':' | '%') | None => {}
            Some(other) => plain.push(other),
        }
    }
    plain
}

fn special(name: &str) -> char {
    match name {
        "hy" | "mi" | "-" => '-',
        "aq" | "cq" | "oq" => '\'',
        "dq" | "lq" | "rq" => '"',
        "lB" => '[',
        "rB" => ']',
        _ => '?',
    }
}
