//! A lexer for Rust that keeps what item scanning needs and skips the rest.
//!
//! Comments, strings, characters, lifetimes and numbers can hold any bracket or keyword; here they
//! become nothing or one opaque token. Linear, total, without recursion: an unterminated string or
//! comment ends with the text.

use memchr::{memchr, memchr2};

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// Offset after its last byte.
    pub(crate) end: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword or an identifier; raw ones without their `r#`.
    Word,
    /// A string of any sort.
    Str,
    /// A number, a character, a lifetime.
    Opaque,
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close(u8),
    /// One byte of any other punctuation.
    Punct(u8),
}

/// The tokens of a text.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    /// Starts at the first byte.
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Moves behind spaces and comments.
    fn skip_trivia(&mut self) {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'/' if self.byte(1) == b'/' => {
                    self.at += memchr(b'\n', self.rest()).unwrap_or(self.rest().len());
                }
                b'/' if self.byte(1) == b'*' => self.skip_block_comment(),
                _ => return,
            }
        }
    }

    /// Moves behind a block comment; they nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0usize;
        while let Some(found) = memchr2(b'/', b'*', self.rest()) {
            self.at += found;
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.at = self.text.len();
    }

    /// Moves behind a string whose opening quote is the next byte.
    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(found) = memchr2(b'"', b'\\', self.rest()) {
            self.at += found;
            if self.byte(0) == b'"' {
                self.at += 1;
                return;
            }
            self.at += 2;
        }
        self.at = self.text.len();
    }

    /// Moves behind a raw string, from its first `#` or quote; says no where none begins here.
    fn skip_raw_string(&mut self, ahead: usize) -> bool {
        let n_hashes = self.rest().iter().skip(ahead).take_while(|byte| **byte == b'#').count();
        if self.byte(ahead + n_hashes) != b'"' {
            return false;
        }
        self.at += ahead + n_hashes + 1;
        while let Some(found) = memchr(b'"', self.rest()) {
            self.at += found + 1;
            if self.rest().iter().take(n_hashes).filter(|byte| **byte == b'#').count() == n_hashes {
                self.at = (self.at + n_hashes).min(self.text.len());
                return true;
            }
        }
        self.at = self.text.len();
        true
    }

    /// Moves behind a character or a lifetime, from its quote.
    fn skip_quote(&mut self) {
        if self.byte(1) == b'\\' {
            // The escaped byte may be the quote itself.
            self.at += 3;
            let end = memchr2(b'\'', b'\n', self.rest()).unwrap_or(self.rest().len());
            self.at = (self.at + end + 1).min(self.text.len());
            return;
        }
        let character = self.text.get(self.at + 1..).and_then(|rest| rest.chars().next());
        let width = character.map_or(0, char::len_utf8);
        if width > 0 && self.byte(1 + width) == b'\'' {
            self.at += width + 2;
            return;
        }
        self.at += 1;
        self.skip_word();
    }

    fn skip_word(&mut self) {
        self.at += self.rest().iter().take_while(|byte| is_word(**byte)).count();
    }

    /// Moves behind a token that begins with a word byte, and says what it was.
    fn word_like(&mut self) -> TokenKind {
        let (first, second) = (self.byte(0), self.byte(1));
        match first {
            b'r' if second == b'"' || second == b'#' => {
                if self.skip_raw_string(1) {
                    return TokenKind::Str;
                }
                if second == b'#' && is_word(self.byte(2)) {
                    self.at += 2;
                }
            }
            b'b' | b'c' if second == b'r' && self.skip_raw_string(2) => return TokenKind::Str,
            b'b' | b'c' if second == b'"' => {
                self.at += 1;
                self.skip_string();
                return TokenKind::Str;
            }
            b'b' if second == b'\'' => {
                self.at += 1;
                self.skip_quote();
                return TokenKind::Opaque;
            }
            _ => {}
        }
        self.skip_word();
        if first.is_ascii_digit() { TokenKind::Opaque } else { TokenKind::Word }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_trivia();
        let mut start = self.at;
        let first = *self.text.as_bytes().get(start)?;
        let kind = match first {
            b'"' => {
                self.skip_string();
                TokenKind::Str
            }
            b'\'' => {
                self.skip_quote();
                TokenKind::Opaque
            }
            b'(' | b'[' | b'{' => {
                self.at += 1;
                TokenKind::Open(first)
            }
            b')' | b']' | b'}' => {
                self.at += 1;
                TokenKind::Close(first)
            }
            _ if is_word(first) => {
                let kind = self.word_like();
                let raw = self.text.get(start..self.at).is_some_and(|word| word.starts_with("r#"));
                if kind == TokenKind::Word && raw {
                    start += 2;
                }
                kind
            }
            _ => {
                self.at += 1;
                TokenKind::Punct(first)
            }
        };
        self.at = self.at.min(self.text.len());
        Some(Token { kind, start, end: self.at })
    }
}

/// Says whether a byte can stand in an identifier; all of UTF-8 beyond ASCII counts.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
