//! Rust text as a flat list of tokens that borrow from it.
//!
//! The index reads items from tokens rather than from a syntax tree: `macro_rules!` works on
//! tokens, bodies are skipped by counting brackets, and a package of megabytes is read in
//! milliseconds. Comments are dropped, doc comments too: nobody asks the index for prose.

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Its text; a raw identifier comes without `r#`.
    pub(crate) text: &'a str,
    /// Where it starts in its text; an expansion's tokens keep the places they came from.
    pub(crate) start: usize,
    /// No space stands between it and the next token.
    pub(crate) joint: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// An identifier or a keyword.
    Ident,
    /// `'a`.
    Lifetime,
    /// A string, a character, a number.
    Literal,
    /// One character of punctuation.
    Punct(u8),
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close(u8),
}

impl<'a> Token<'a> {
    /// Says whether this is the identifier or keyword `word`.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Ident && self.text == word
    }

    /// Says whether this is the punctuation `byte`.
    pub(crate) fn is_punct(&self, byte: u8) -> bool {
        self.kind == TokenKind::Punct(byte)
    }

    /// Says whether this opens the bracket `byte`.
    pub(crate) fn opens(&self, byte: u8) -> bool {
        self.kind == TokenKind::Open(byte)
    }
}

/// Splits `text` into tokens. Total and linear; what is no token is skipped.
pub(crate) fn tokenize(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::with_capacity(text.len() / 8);
    let mut at =
        if text.starts_with("#!") && !text.starts_with("#![") { line_end(bytes, 0) } else { 0 };
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let kind = match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = line_end(bytes, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = block_comment_end(bytes, at);
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'"' => {
                at = string_end(bytes, at + 1);
                TokenKind::Literal
            }
            b'\'' => {
                let (end, kind) = quote_end(text, at);
                at = end;
                kind
            }
            b'0'..=b'9' => {
                at = number_end(bytes, at);
                TokenKind::Literal
            }
            b'(' | b'[' | b'{' => {
                at += 1;
                TokenKind::Open(byte)
            }
            b')' | b']' | b'}' => {
                at += 1;
                TokenKind::Close(match byte {
                    b')' => b'(',
                    b']' => b'[',
                    _ => b'{',
                })
            }
            _ if is_word_start(byte) => match prefixed_literal_end(bytes, at) {
                Some(end) => {
                    at = end;
                    TokenKind::Literal
                }
                None => {
                    at = word_end(bytes, at);
                    TokenKind::Ident
                }
            },
            _ => {
                at += 1;
                TokenKind::Punct(byte)
            }
        };
        // Every branch ends on a character's end: multi-byte characters count as word bytes.
        let Some(mut token_text) = text.get(start..at) else { continue };
        if kind == TokenKind::Ident {
            token_text = token_text.strip_prefix("r#").unwrap_or(token_text);
        }
        let joint = !bytes.get(at).is_none_or(|next| next.is_ascii_whitespace());
        tokens.push(Token { kind, text: token_text, start, joint });
    }
    tokens
}

/// Returns the index after the bracket group that starts at `at`, or after the one token there.
pub(crate) fn skip_tree(tokens: &[Token<'_>], at: usize) -> usize {
    let mut depth = 0usize;
    let mut index = at;
    while let Some(token) = tokens.get(index) {
        match token.kind {
            TokenKind::Open(_) => depth += 1,
            TokenKind::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        index += 1;
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', bytes.get(from..).unwrap_or_default())
        .map_or(bytes.len(), |end| from + end)
}

fn block_comment_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0usize;
    let mut at = from;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// `'a'`, `'\n'` or `'lifetime`.
fn quote_end(text: &str, from: usize) -> (usize, TokenKind) {
    let bytes = text.as_bytes();
    if bytes.get(from + 1) == Some(&b'\\') {
        let mut at = from + 3;
        while let Some(&byte) = bytes.get(at) {
            if byte == b'\'' {
                return (at + 1, TokenKind::Literal);
            }
            if byte == b'\n' {
                break;
            }
            at += 1;
        }
        return (at.min(bytes.len()), TokenKind::Literal);
    }
    let Some(next) = text.get(from + 1..).and_then(|rest| rest.chars().next()) else {
        return (bytes.len(), TokenKind::Punct(b'\''));
    };
    let after = from + 1 + next.len_utf8();
    if bytes.get(after) == Some(&b'\'') {
        return (after + 1, TokenKind::Literal);
    }
    if next == '_' || next.is_alphabetic() {
        return (word_end(bytes, from + 1), TokenKind::Lifetime);
    }
    (after, TokenKind::Literal)
}

fn number_end(bytes: &[u8], from: usize) -> usize {
    let mut at = word_end(bytes, from);
    if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at = word_end(bytes, at + 1);
    }
    let exponent = matches!(bytes.get(at.wrapping_sub(1)), Some(b'e' | b'E'));
    let hexadecimal = bytes.get(from + 1) == Some(&b'x');
    if exponent && !hexadecimal && matches!(bytes.get(at), Some(b'+' | b'-')) {
        at = word_end(bytes, at + 1);
    }
    at
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let is_word = |byte: &u8| is_word_start(*byte) || byte.is_ascii_digit();
    let mut end = from + rest.iter().take_while(|byte| is_word(byte)).count();
    if end == from + 1 && bytes[from] == b'r' && bytes.get(end) == Some(&b'#') {
        // `r#type`; `r#"..."#` was taken before.
        let raw = bytes.get(end + 1..).unwrap_or_default();
        end += 1 + raw.iter().take_while(|byte| is_word(byte)).count();
    }
    end
}

/// Returns the end of `r"..."`, `br#"..."#`, `b"..."`, `c"..."` or `b'.'` at `from`.
fn prefixed_literal_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let mut raw = false;
    while let Some(byte @ (b'b' | b'c' | b'r')) = bytes.get(at) {
        raw |= *byte == b'r';
        at += 1;
        if at - from > 2 {
            return None;
        }
    }
    if at == from {
        return None;
    }
    if bytes.get(at) == Some(&b'\'') && bytes[from] == b'b' && at == from + 1 {
        let escaped = bytes.get(at + 1) == Some(&b'\\');
        let close = memchr::memchr(b'\'', bytes.get(at + if escaped { 3 } else { 2 }..)?)?;
        return Some(at + if escaped { 3 } else { 2 } + close + 1);
    }
    if !raw {
        return (bytes.get(at) == Some(&b'"')).then(|| string_end(bytes, at + 1));
    }
    let n_hashes = bytes.get(at..)?.iter().take_while(|byte| **byte == b'#').count();
    at += n_hashes;
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    at += 1;
    while let Some(found) = memchr::memchr(b'"', bytes.get(at..)?) {
        at += found + 1;
        let closing = bytes.get(at..)?.iter().take(n_hashes).take_while(|byte| **byte == b'#');
        if closing.count() == n_hashes {
            return Some(at + n_hashes);
        }
    }
    Some(bytes.len())
}
