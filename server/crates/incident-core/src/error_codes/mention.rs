//! Finds codes in text. A bare number is a code only where the words around it say so.

use super::{ErrorCode, Family, by_name, by_number};
use crate::text::ByteSpan;

/// A code that a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeMention {
    /// Where.
    pub span: ByteSpan,
    /// What it is.
    pub code: &'static ErrorCode,
}

/// A word of letters, digits and `_`.
#[derive(Clone, Copy)]
struct Word<'a> {
    start: usize,
    text: &'a str,
}

impl Word<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// How many words before a number may say what it is.
const CONTEXT_WORDS: usize = 4;

/// Finds the codes that `text` names, by place.
pub fn find(text: &str) -> Vec<CodeMention> {
    let mut found: Vec<CodeMention> = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let line_words = Line::new(line);
        for (at, word) in line_words.words.iter().enumerate() {
            let Some(code) = line_words.code_at(at) else { continue };
            let end = word.end() + reason_phrase(code, line.get(word.end()..).unwrap_or_default());
            found.push(CodeMention {
                span: ByteSpan::new(line_start + word.start, line_start + end),
                code,
            });
        }
        line_start += line.len();
    }
    found
}

fn words(line: &str) -> Vec<Word<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices().chain([(line.len(), ' ')]) {
        match (is_word(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(Word { start: from, text: line.get(from..at).unwrap_or_default() });
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The words of a line, and what it speaks of.
struct Line<'a> {
    words: Vec<Word<'a>>,
    speaks_of_sql: bool,
    speaks_of_grpc: bool,
}

impl<'a> Line<'a> {
    fn new(line: &'a str) -> Self {
        let words = words(line);
        let speaks_of = |wanted: &[&str]| {
            words.iter().any(|word| wanted.iter().any(|it| word.text.eq_ignore_ascii_case(it)))
        };
        let speaks_of_sql = speaks_of(SQL_WORDS);
        let speaks_of_grpc = speaks_of(&["grpc", "rpc", "status", "code"]);
        Self { words, speaks_of_sql, speaks_of_grpc }
    }

    fn code_at(&self, at: usize) -> Option<&'static ErrorCode> {
        let word = self.words.get(at)?.text;
        if let Ok(number) = word.parse::<u32>() {
            return self.number_at(number, word, at);
        }
        let code = by_name(word)?;
        let is_meant = match code.family {
            Family::Errno | Family::Node | Family::Signal => true,
            // `INTERNAL` and `UNKNOWN` are words of their own; with an underscore they are codes.
            Family::Grpc => word.contains('_') || self.speaks_of_grpc,
            Family::Tls => word.contains('_'),
            Family::Sql => true,
            Family::Http | Family::Exit => false,
        };
        is_meant.then_some(code)
    }

    fn number_at(&self, number: u32, word: &str, at: usize) -> Option<&'static ErrorCode> {
        if word.len() == 5 {
            let code = by_name(word)?;
            return (code.family == Family::Sql && self.speaks_of_sql).then_some(code);
        }
        let before = self.words.get(at.saturating_sub(CONTEXT_WORDS)..at).unwrap_or_default();
        let before: Vec<String> =
            before.iter().rev().map(|word| word.text.to_ascii_lowercase()).collect();
        let nearest = before.first().map(String::as_str).unwrap_or_default();
        let says = |words: &[&str]| before.iter().any(|word| words.contains(&word.as_str()));
        let is_exit = says(&["exit", "exits", "exited", "exitcode"])
            && matches!(
                nearest,
                "code" | "status" | "with" | "exit" | "exited" | "exitcode" | "exits"
            );
        let family = if is_exit {
            Family::Exit
        } else if nearest == "signal" {
            Family::Signal
        } else if nearest == "alert" || (nearest == "number" && says(&["alert"])) {
            Family::Tls
        } else if nearest == "errno" || (nearest == "error" && says(&["os"])) {
            Family::Errno
        } else if says(&["grpc"]) && matches!(nearest, "code" | "status" | "grpc") {
            Family::Grpc
        } else if word.len() == 3
            && (before.is_empty() || HTTP_WORDS.contains(&nearest) || says(&["http", "status"]))
        {
            Family::Http
        } else {
            return None;
        };
        by_number(family, number)
    }
}

/// Words of a line in which five digits may be an SQLSTATE.
const SQL_WORDS: &[&str] = &[
    "sqlstate",
    "postgres",
    "postgresql",
    "pg",
    "sql",
    "database",
    "db",
    "state",
    "code",
    "query",
    "constraint",
    "transaction",
];
/// Words right before a status of HTTP.
const HTTP_WORDS: &[&str] = &[
    "http", "status", "code", "response", "returns", "returned", "error", "a", "an", "the", "with",
    "gets", "got", "answers", "answered", "sends",
];

/// Returns how many bytes of what follows are the code's own name: `404 Not Found`.
fn reason_phrase(code: &ErrorCode, after: &str) -> usize {
    if code.family != Family::Http {
        return 0;
    }
    let name = after.trim_start_matches([' ', '(', '"', '`']);
    let n_skipped = after.len() - name.len();
    match name.get(..code.name.len()) {
        Some(start) if start.eq_ignore_ascii_case(code.name) => n_skipped + code.name.len(),
        _ => 0,
    }
}
