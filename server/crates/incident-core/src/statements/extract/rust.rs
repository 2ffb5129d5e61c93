//! Rust: macros of `log`, `tracing`, `anyhow` and the standard library, `expect` and `context`,
//! `#[error(..)]` attributes; from tokens.

use super::names::{is_error_type, level};
use super::tree::placed;
use super::{Pattern, Said};
use crate::statements::format::{Style, expand, unescape};
use crate::statements::{Statement, StatementKind};
use crate::syntax::rust::lex::{Lexer, Token, TokenKind};
use crate::syntax::rust::{enclosing_function, index};
use crate::text::{ByteSpan, LineIndex};

/// Returns the statements of one file.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let tokens: Vec<Token> = Lexer::new(text).collect();
    let file = File { text, closes: closes(&tokens), tokens };
    let found: Vec<(ByteSpan, Said)> =
        (0..file.tokens.len()).filter_map(|token_idx| file.statement_at(token_idx)).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let items = index("", text).items;
    let lines = LineIndex::new(text);
    let place = |(span, said): (ByteSpan, Said)| {
        let function = enclosing_function(&items, span.start).map(|item| item.name.clone());
        placed(said, span, function, &lines)
    };
    found.into_iter().map(place).collect()
}

/// The tokens of a file, with the partner of each opening bracket.
struct File<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    /// For each token: where the bracket that it opens is closed; its own place for all others.
    closes: Vec<usize>,
}

/// Pairs brackets; one without a partner closes with the last token.
fn closes(tokens: &[Token]) -> Vec<usize> {
    let mut closes: Vec<usize> = (0..tokens.len()).collect();
    let mut open = Vec::new();
    for (token_idx, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open(_) => open.push(token_idx),
            TokenKind::Close(_) => {
                if let Some(partner) = open.pop().and_then(|opened: usize| closes.get_mut(opened)) {
                    *partner = token_idx;
                }
            }
            _ => {}
        }
    }
    for unclosed in open {
        if let Some(partner) = closes.get_mut(unclosed) {
            *partner = tokens.len();
        }
    }
    closes
}

/// One argument: the tokens between two commas.
type Arg<'f> = &'f [Token];

impl<'t> File<'t> {
    fn kind(&self, token_idx: usize) -> Option<TokenKind> {
        self.tokens.get(token_idx).map(|token| token.kind)
    }

    fn word(&self, token_idx: usize) -> &'t str {
        match self.tokens.get(token_idx) {
            Some(token) if token.kind == TokenKind::Word => self.slice(token),
            _ => "",
        }
    }

    fn slice(&self, token: &Token) -> &'t str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    fn is_open(&self, token_idx: usize) -> bool {
        matches!(self.kind(token_idx), Some(TokenKind::Open(_)))
    }

    /// Returns the statement whose name, or attribute, begins at a token.
    fn statement_at(&self, token_idx: usize) -> Option<(ByteSpan, Said)> {
        let (open, said) = match self.kind(token_idx)? {
            TokenKind::Punct(b'#') => self.attribute(token_idx)?,
            TokenKind::Word if self.kind(token_idx + 1) == Some(TokenKind::Punct(b'!')) => {
                let open = token_idx + 2;
                self.is_open(open).then_some(())?;
                (open, self.macro_call(self.word(token_idx), &self.arguments(open))?)
            }
            TokenKind::Word if self.kind(token_idx + 1) == Some(TokenKind::Open(b'(')) => {
                (token_idx + 1, self.call(token_idx)?)
            }
            _ => return None,
        };
        let start = self.tokens.get(self.path_start(token_idx))?.start;
        let close = *self.closes.get(open)?;
        let end = self.tokens.get(close).map_or(self.text.len(), |token| token.end);
        Some((ByteSpan::new(start, end), said))
    }

    /// Returns the first token of the path that ends in the name at `token_idx`.
    fn path_start(&self, mut token_idx: usize) -> usize {
        let colon = Some(TokenKind::Punct(b':'));
        while token_idx >= 3
            && self.kind(token_idx - 1) == colon
            && self.kind(token_idx - 2) == colon
            && self.kind(token_idx - 3) == Some(TokenKind::Word)
        {
            token_idx -= 3;
        }
        token_idx
    }

    /// Splits what stands in the bracket at `open` at its own commas and semicolons.
    fn arguments(&self, open: usize) -> Vec<Arg<'_>> {
        let close = self.closes.get(open).copied().unwrap_or_default();
        let mut args = Vec::new();
        let (mut start, mut at) = (open + 1, open + 1);
        while at < close {
            if matches!(self.kind(at), Some(TokenKind::Punct(b',' | b';'))) {
                args.extend(self.tokens.get(start..at));
                start = at + 1;
            }
            at = self.closes.get(at).map_or(at, |partner| (*partner).max(at)) + 1;
        }
        args.extend(
            self.tokens.get(start..close.min(self.tokens.len())).filter(|it| !it.is_empty()),
        );
        args
    }

    /// Returns the text of an argument that is a string, or a `concat!` of strings.
    fn literal(&self, arg: Arg<'_>) -> Option<String> {
        match arg {
            [only] if only.kind == TokenKind::Str => Some(self.string(only)),
            [name, _, _, parts @ ..] if self.slice(name) == "concat" => {
                let strings = parts.iter().filter(|part| part.kind == TokenKind::Str);
                Some(strings.map(|part| self.string(part)).collect())
            }
            _ => None,
        }
    }

    /// Returns what a string token means.
    fn string(&self, token: &Token) -> String {
        let quoted = self.slice(token).trim_start_matches(['b', 'c']);
        if let Some(raw) = quoted.strip_prefix('r') {
            return raw.trim_matches('#').trim_matches('"').to_owned();
        }
        let inside = quoted.strip_prefix('"').unwrap_or(quoted);
        unescape(inside.strip_suffix('"').unwrap_or(inside))
    }

    /// Reads the format among `args` with the names of its values.
    fn format(&self, args: &[Arg<'_>]) -> Option<Pattern> {
        let (format_idx, literal) =
            args.iter().enumerate().find_map(|(idx, arg)| Some((idx, self.literal(arg)?)))?;
        let values = args.get(format_idx + 1..).unwrap_or_default();
        let names: Vec<String> = values.iter().map(|arg| self.source(arg).to_owned()).collect();
        Some(expand(&literal, Style::Braces, &names))
    }

    fn source(&self, arg: Arg<'_>) -> &'t str {
        let (Some(first), Some(last)) = (arg.first(), arg.last()) else { return "" };
        self.text.get(first.start..last.end).unwrap_or_default()
    }

    fn macro_call(&self, name: &str, args: &[Arg<'_>]) -> Option<Said> {
        let after = |n: usize| self.format(args.get(n..)?);
        let prefixed = |prefix: &str| {
            let mut pattern = Pattern::text(prefix);
            pattern.push(&after(0)?);
            Some(Said::new(StatementKind::Panic, pattern))
        };
        let kind = match name {
            "panic" => StatementKind::Panic,
            "unreachable" => return prefixed("internal error: entered unreachable code: "),
            "todo" => return prefixed("not yet implemented: "),
            "unimplemented" => return prefixed("not implemented: "),
            "assert" | "debug_assert" => return Some(Said::new(StatementKind::Panic, after(1)?)),
            "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => {
                return Some(Said::new(StatementKind::Panic, after(2)?));
            }
            "ensure" => return Some(Said::new(StatementKind::Error, after(1)?)),
            "anyhow" | "bail" | "eyre" | "format_err" | "whatever" | "err" => StatementKind::Error,
            "println" | "eprintln" | "print" | "eprint" => StatementKind::Print,
            "format" | "format_args" | "write" | "writeln" => StatementKind::Text,
            "log" | "event" => return self.logged(self.level_argument(args), args),
            _ if name.ends_with("span") || name.contains("assert") => return None,
            _ => return self.logged(Some(level(name)?), args),
        };
        Some(Said::new(kind, after(0)?))
    }

    /// Finds `Level::WARN` among the arguments.
    fn level_argument(&self, args: &[Arg<'_>]) -> Option<&'static str> {
        args.iter().take(2).find_map(|arg| level(self.slice(arg.last()?)))
    }

    /// Reads `target: "..", key = value, %shown, "message {}", value`.
    fn logged(&self, level: Option<&'static str>, args: &[Arg<'_>]) -> Option<Said> {
        let mut fields = Vec::new();
        let mut logger = None;
        for (arg_idx, arg) in args.iter().enumerate() {
            let option = matches!(arg, [_, colon, ..] if colon.kind == TokenKind::Punct(b':'));
            if option && self.source(arg).starts_with("target") {
                logger = arg.last().and_then(|last| self.literal(std::slice::from_ref(last)));
            } else if self.literal(arg).is_some() {
                let pattern = self.format(args.get(arg_idx..)?)?;
                return Some(Said { fields, logger, ..Said::log(level, pattern) });
            } else if let Some((key, value)) = self.key_value(arg) {
                if key == "message"
                    && let Some(message) = self.literal(value)
                {
                    let pattern = expand(&message, Style::Braces, &[]);
                    return Some(Said { fields, logger, ..Said::log(level, pattern) });
                }
                fields.push(key.to_owned());
            } else {
                let shorthand = self.source(arg).trim_start_matches(['%', '?']);
                // `Level::WARN` of `event!` is none.
                if !shorthand.contains(':') {
                    fields.push(shorthand.to_owned());
                }
            }
        }
        None
    }

    fn key_value<'f>(&self, arg: Arg<'f>) -> Option<(&'t str, Arg<'f>)> {
        let at = arg.iter().position(|token| token.kind == TokenKind::Punct(b'='))?;
        let (key, value) = arg.split_at(at);
        Some((self.source(key), value.get(1..)?))
    }

    /// Reads a call that turns a string into an error or a panic.
    fn call(&self, token_idx: usize) -> Option<Said> {
        let name = self.word(token_idx);
        let args = self.arguments(token_idx + 1);
        let before = token_idx.checked_sub(1).and_then(|before| self.kind(before));
        let literal = |n: usize| Some(Pattern::text(&self.literal(args.get(n)?)?));
        if before == Some(TokenKind::Punct(b'.')) {
            let kind = match name {
                "expect" | "expect_err" => StatementKind::Panic,
                "context" | "wrap_err" | "ok_or" | "ok_or_eyre" | "whatever_context" => {
                    StatementKind::Error
                }
                _ => return None,
            };
            return Some(Said::new(kind, literal(0)?));
        }
        if matches!(name, "Err" | "msg" | "other" | "custom") {
            return Some(Said::new(StatementKind::Error, literal(0)?));
        }
        let path = self.path_start(token_idx);
        let error_type =
            (path..=token_idx).map(|idx| self.word(idx)).find(|it| is_error_type(it))?;
        let message = (0..args.len().min(3)).find_map(literal)?;
        Some(Said::error(error_type, message))
    }

    /// Reads `#[error("..")]`, `#[display("..")]`, `#[snafu(display("..", ..))]`.
    fn attribute(&self, token_idx: usize) -> Option<(usize, Said)> {
        let open = token_idx + 1;
        (self.kind(open)? == TokenKind::Open(b'[')).then_some(())?;
        let close = *self.closes.get(open)?;
        let name = (open..close)
            .find(|at| matches!(self.word(*at), "error" | "display") && self.is_open(at + 1))?;
        let pattern = self.format(&self.arguments(name + 1))?;
        Some((open, Said::new(StatementKind::Error, pattern)))
    }
}
