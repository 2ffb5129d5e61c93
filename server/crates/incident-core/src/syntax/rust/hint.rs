//! What a panic's message says about the expression that failed.

use crate::syntax::FailureKind;
use crate::syntax::rust::lex::{Lexer, TokenKind};

/// What a panic's message says about the expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureHint<'m> {
    /// The kind of expression that gives such a message.
    pub kind: Option<FailureKind>,
    /// The method, operator or macro that the message names.
    pub name: Option<&'static str>,
    /// The message itself: the program's own words stand in its source.
    pub message: Option<&'m str>,
}

/// Literals with fewer fixed bytes than this stand in too many messages.
const TELLING_BYTES: usize = 6;

/// Beginnings of messages, and what gives them.
const MESSAGES: &[(&str, FailureKind, Option<&str>)] = &[
    ("called `Option::unwrap()`", FailureKind::MethodCall, Some("unwrap")),
    ("called `Result::unwrap()`", FailureKind::MethodCall, Some("unwrap")),
    ("called `Result::unwrap_err()`", FailureKind::MethodCall, Some("unwrap_err")),
    ("called `Result::expect_err()`", FailureKind::MethodCall, Some("expect_err")),
    ("index out of bounds", FailureKind::Index, None),
    ("range end index", FailureKind::Index, None),
    ("range start index", FailureKind::Index, None),
    ("slice index starts at", FailureKind::Index, None),
    ("byte index", FailureKind::Index, None),
    ("start byte index", FailureKind::Index, None),
    ("end byte index", FailureKind::Index, None),
    ("begin <= end", FailureKind::Index, None),
    ("begin > end", FailureKind::Index, None),
    ("no entry found for key", FailureKind::Index, None),
    ("attempt to add", FailureKind::Arithmetic, Some("+")),
    ("attempt to subtract", FailureKind::Arithmetic, Some("-")),
    ("attempt to multiply", FailureKind::Arithmetic, Some("*")),
    ("attempt to divide", FailureKind::Arithmetic, Some("/")),
    ("attempt to calculate the remainder", FailureKind::Arithmetic, Some("%")),
    ("attempt to shift left", FailureKind::Arithmetic, Some("<<")),
    ("attempt to shift right", FailureKind::Arithmetic, Some(">>")),
    ("attempt to negate", FailureKind::Arithmetic, Some("-")),
    ("already mutably borrowed", FailureKind::MethodCall, Some("borrow")),
    ("already borrowed", FailureKind::MethodCall, Some("borrow_mut")),
    ("RefCell already mutably borrowed", FailureKind::MethodCall, Some("borrow")),
    ("RefCell already borrowed", FailureKind::MethodCall, Some("borrow_mut")),
    ("assertion", FailureKind::MacroCall, None),
    ("explicit panic", FailureKind::MacroCall, Some("panic")),
    ("not implemented", FailureKind::MacroCall, Some("unimplemented")),
    ("not yet implemented", FailureKind::MacroCall, Some("todo")),
    ("internal error: entered unreachable code", FailureKind::MacroCall, Some("unreachable")),
];

impl<'m> FailureHint<'m> {
    /// Reads what a panic's message says.
    pub fn from_message(message: &'m str) -> Self {
        let message = message.trim_start();
        let known = MESSAGES.iter().find(|(start, ..)| message.starts_with(start));
        let (kind, name) = known.map_or((None, None), |(_, kind, name)| (Some(*kind), *name));
        Self { kind, name, message: Some(message) }
    }

    /// Says whether the message leaves open what failed: the program's own words, or none.
    pub fn is_open(&self) -> bool {
        self.kind.is_none()
    }

    /// Says whether an expression of this kind and name gives such a message.
    pub(super) fn fits(&self, kind: FailureKind, name: &str) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
            && self.name.is_none_or(|wanted| wanted == name.trim_end_matches('='))
    }

    /// Says whether the message was made with the text that stands in a call's arguments: a format
    /// string, an `expect` text, the condition of an `assert!`.
    pub(super) fn is_worded_by(&self, macro_name: &str, arguments: &str) -> bool {
        let Some(message) = self.message else { return false };
        if let Some(condition) = message.strip_prefix("assertion failed: ")
            && macro_name.ends_with("assert")
        {
            let words = |text| Lexer::new(text).map(|token| (token.start, token.end));
            let inner = arguments.get(1..).unwrap_or_default();
            let mut ours = words(inner).filter_map(|(start, end)| inner.get(start..end));
            return words(condition)
                .filter_map(|(start, end)| condition.get(start..end))
                .all(|word| ours.next() == Some(word));
        }
        let literal = Lexer::new(arguments)
            .find(|token| token.kind == TokenKind::Str)
            .and_then(|token| arguments.get(token.start..token.end));
        literal.is_some_and(|literal| is_made_with(message, literal))
    }
}

/// Says whether a message has the fixed parts of a format string, in order.
fn is_made_with(message: &str, literal: &str) -> bool {
    let mut n_fixed = 0usize;
    let mut rest = message;
    for piece in fixed_parts(literal.trim_matches(['b', 'r', '#', '"'])) {
        let Some(at) = rest.find(piece) else { return false };
        n_fixed += piece.len();
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    n_fixed >= TELLING_BYTES
}

/// Returns what a format string prints whatever its arguments are, cut at escapes.
fn fixed_parts(literal: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut in_braces) = (0usize, false);
    let mut characters = literal.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let after = at + character.len_utf8();
        match character {
            '}' if in_braces => {
                in_braces = false;
                start = after;
            }
            _ if in_braces => {}
            '{' => {
                parts.push((start, at));
                start = after;
                // A doubled brace prints one.
                in_braces = characters.next_if(|(_, next)| *next == '{').is_none();
            }
            '}' => {
                parts.push((start, at));
                start = after;
            }
            '\\' => {
                parts.push((start, at));
                start = characters.next().map_or(after, |(at, escaped)| at + escaped.len_utf8());
            }
            _ => {}
        }
    }
    if !in_braces {
        parts.push((start, literal.len()));
    }
    let parts = parts.into_iter().filter_map(|(start, end)| literal.get(start..end));
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}
