//! `macro_rules!` over tokens: enough of it to see the items that a package's own macros make.
//!
//! Matching is greedy and does not go back, as in rustc. Expansion is bounded by the caller's
//! budget, since a macro may call itself.

use std::collections::BTreeMap;

use super::tokens::{Token, TokenKind, skip_tree};
use super::types::Cursor;

/// A macro by example.
#[derive(Clone, Debug, Default)]
pub(crate) struct MacroRules<'a> {
    rules: Vec<(Vec<Part<'a>>, Vec<Part<'a>>)>,
}

#[derive(Clone, Debug)]
enum Part<'a> {
    Token(Token<'a>),
    Group(Token<'a>, Vec<Part<'a>>),
    /// `$name:kind`, or `$name` where the kind is empty.
    Variable(&'a str, &'a str),
    /// `$( .. ) separator op`.
    Repeat(Vec<Part<'a>>, Vec<Token<'a>>, u8),
}

#[derive(Clone, Debug)]
enum Bound<'a> {
    Tokens(Vec<Token<'a>>),
    Each(Vec<Bindings<'a>>),
}

/// The two sides of a rule: only in a pattern `$name:kind` declares.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Pattern,
    Expansion,
}

type Bindings<'a> = BTreeMap<&'a str, Bound<'a>>;

/// Patterns deeper than this are not read.
const MAX_DEPTH: usize = 32;

impl<'a> MacroRules<'a> {
    /// Reads the body of a `macro_rules!`: `(pattern) => { expansion }; ..`.
    pub(crate) fn parse(body: &[Token<'a>]) -> Self {
        let mut rules = Vec::new();
        let mut cursor = Cursor::new(body);
        while !cursor.at_end() {
            let Some(pattern) = any_group(&mut cursor) else { break };
            cursor.eat(b'=');
            cursor.eat(b'>');
            let Some(expansion) = any_group(&mut cursor) else { break };
            cursor.eat(b';');
            rules.push((parts(pattern, Side::Pattern, 0), parts(expansion, Side::Expansion, 0)));
        }
        Self { rules }
    }

    /// Reads the rest of `macro name(pattern) { expansion }` or `macro name { (p) => { e } }`.
    pub(crate) fn parse_decl(rest: &[Token<'a>]) -> Self {
        let mut cursor = Cursor::new(rest);
        match cursor.group(b'(') {
            Some(pattern) => {
                let expansion = cursor.group(b'{').unwrap_or_default();
                Self {
                    rules: vec![(
                        parts(pattern, Side::Pattern, 0),
                        parts(expansion, Side::Expansion, 0),
                    )],
                }
            }
            None => Self::parse(cursor.group(b'{').unwrap_or_default()),
        }
    }

    /// Expands a call with the argument `input`; `None` if no rule fits.
    ///
    /// At most `budget` tokens are made; what goes beyond is cut.
    pub(crate) fn expand(&self, input: &[Token<'a>], budget: usize) -> Option<Vec<Token<'a>>> {
        for (pattern, expansion) in &self.rules {
            let mut bindings = Bindings::new();
            if match_parts(pattern, input, 0, &mut bindings, 0) == Some(input.len()) {
                let mut out = Vec::new();
                transcribe(expansion, &[&bindings], &mut out, budget);
                return Some(out);
            }
        }
        None
    }
}

fn any_group<'t, 'a>(cursor: &mut Cursor<'t, 'a>) -> Option<&'t [Token<'a>]> {
    match cursor.peek()?.kind {
        TokenKind::Open(open) => cursor.group(open),
        _ => None,
    }
}

fn parts<'a>(tokens: &[Token<'a>], side: Side, depth: usize) -> Vec<Part<'a>> {
    let mut parts_read = Vec::new();
    if depth > MAX_DEPTH {
        return parts_read;
    }
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = tokens.get(at + 1);
        match (token.kind, next.map(|next| next.kind)) {
            (TokenKind::Punct(b'$'), Some(TokenKind::Open(b'('))) => {
                let end = skip_tree(tokens, at + 1);
                let inner = tokens.get(at + 2..end.saturating_sub(1)).unwrap_or_default();
                let (separator, op, after) = repeat_tail(tokens, end);
                parts_read.push(Part::Repeat(parts(inner, side, depth + 1), separator, op));
                at = after;
            }
            (TokenKind::Punct(b'$'), Some(TokenKind::Ident)) => {
                let name = next.map_or("", |next| next.text);
                if name == "crate" {
                    let start = token.start;
                    let kind = TokenKind::Ident;
                    parts_read.push(Part::Token(Token {
                        kind,
                        text: "$crate",
                        start,
                        joint: true,
                    }));
                    at += 2;
                    continue;
                }
                let is_declared = side == Side::Pattern
                    && tokens.get(at + 2).is_some_and(|token| token.is_punct(b':'))
                    && tokens.get(at + 3).is_some_and(|token| is_fragment(token));
                if is_declared {
                    let kind = tokens.get(at + 3).map_or("", |token| token.text);
                    parts_read.push(Part::Variable(name, kind));
                    at += 4;
                } else {
                    parts_read.push(Part::Variable(name, ""));
                    at += 2;
                }
            }
            (TokenKind::Punct(b'$'), Some(TokenKind::Open(_))) => {
                at = skip_tree(tokens, at + 1); // `${count(..)}` and the like.
            }
            (TokenKind::Open(_), _) => {
                let end = skip_tree(tokens, at);
                let inner = tokens.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
                parts_read.push(Part::Group(*token, parts(inner, side, depth + 1)));
                at = end;
            }
            _ => {
                parts_read.push(Part::Token(*token));
                at += 1;
            }
        }
    }
    parts_read
}

fn is_fragment(token: &Token<'_>) -> bool {
    matches!(
        token.text,
        "item"
            | "block"
            | "stmt"
            | "pat"
            | "pat_param"
            | "expr"
            | "expr_2021"
            | "ty"
            | "ident"
            | "path"
            | "tt"
            | "meta"
            | "lifetime"
            | "vis"
            | "literal"
    )
}

/// Reads `separator op` after `$( .. )`.
fn repeat_tail<'a>(tokens: &[Token<'a>], from: usize) -> (Vec<Token<'a>>, u8, usize) {
    let op_at = |at: usize| match tokens.get(at).map(|token| token.kind) {
        Some(TokenKind::Punct(op @ (b'*' | b'+' | b'?'))) => Some(op),
        _ => None,
    };
    if let Some(op) = op_at(from) {
        // `$(..)+*`: the first is the separator if another operator follows without a space.
        let joint = tokens.get(from).is_some_and(|token| token.joint);
        match op_at(from + 1) {
            Some(second) if joint && op != b'*' && op != b'?' => {
                return (tokens[from..=from].to_vec(), second, from + 2);
            }
            _ => return (Vec::new(), op, from + 1),
        }
    }
    for n_separator in 1..=3 {
        if let Some(op) = op_at(from + n_separator) {
            let separator = tokens.get(from..from + n_separator).unwrap_or_default().to_vec();
            return (separator, op, from + n_separator + 1);
        }
    }
    (Vec::new(), b'*', from)
}

/// Matches `pattern` against `input` from `at`; returns where it ends.
fn match_parts<'a>(
    pattern: &[Part<'a>],
    input: &[Token<'a>],
    at: usize,
    bindings: &mut Bindings<'a>,
    depth: usize,
) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut at = at;
    for (index, part) in pattern.iter().enumerate() {
        match part {
            Part::Token(token) => {
                let found = input.get(at)?;
                if found.kind != token.kind || found.text != token.text {
                    return None;
                }
                at += 1;
            }
            Part::Group(open, inner) => {
                if input.get(at)?.kind != open.kind {
                    return None;
                }
                let end = skip_tree(input, at);
                let content = input.get(at + 1..end.saturating_sub(1))?;
                if match_parts(inner, content, 0, bindings, depth + 1)? != content.len() {
                    return None;
                }
                at = end;
            }
            Part::Variable(name, kind) => {
                let end = fragment_end(kind, input, at)?;
                bindings.insert(name, Bound::Tokens(input.get(at..end)?.to_vec()));
                at = end;
            }
            Part::Repeat(inner, separator, op) => {
                let rest = &pattern[index + 1..];
                at = match_repeat(inner, separator, *op, rest, input, at, bindings, depth)?;
            }
        }
    }
    Some(at)
}

#[allow(clippy::too_many_arguments, reason = "one loop of the matcher, split for reading")]
fn match_repeat<'a>(
    inner: &[Part<'a>],
    separator: &[Token<'a>],
    op: u8,
    rest: &[Part<'a>],
    input: &[Token<'a>],
    from: usize,
    bindings: &mut Bindings<'a>,
    depth: usize,
) -> Option<usize> {
    let mut at = from;
    let mut rounds = Vec::new();
    while at < input.len() {
        let mut start = at;
        if !rounds.is_empty() && !separator.is_empty() {
            let found = input.get(at..at + separator.len());
            let fits = found.is_some_and(|found| {
                found.iter().zip(separator).all(|(a, b)| a.text == b.text && a.kind == b.kind)
            });
            if !fits {
                break;
            }
            start = at + separator.len();
        }
        // `$(#[$m:meta])* #[..]`: a fixed token after the repetition wins where both would do.
        if separator.is_empty() && starts_literally(rest, input, start, inner) {
            break;
        }
        let mut round = Bindings::new();
        match match_parts(inner, input, start, &mut round, depth + 1) {
            Some(end) if end > start => {
                rounds.push(round);
                at = end;
            }
            _ => break,
        }
        if op == b'?' {
            break;
        }
    }
    // Doc comments are attributes to rustc, and no tokens here.
    let may_be_docs = matches!(inner.first(), Some(Part::Token(token)) if token.is_punct(b'#'));
    if op == b'+' && rounds.is_empty() && !may_be_docs {
        return None;
    }
    for name in variables(inner) {
        let each = rounds
            .iter()
            .map(|round| round.get(name).map(|bound| Bindings::from([(name, bound.clone())])))
            .map(Option::unwrap_or_default)
            .collect();
        bindings.insert(name, Bound::Each(each));
    }
    Some(at)
}

/// Says whether what follows the repetition starts with a word that stands here, and the
/// repetition with a variable that would swallow it.
fn starts_literally<'a>(
    rest: &[Part<'a>],
    input: &[Token<'a>],
    at: usize,
    inner: &[Part<'a>],
) -> bool {
    let swallows =
        matches!(inner.first(), Some(Part::Variable(_, "ident" | "path" | "ty" | "expr")));
    match rest.first() {
        Some(Part::Token(token)) if swallows => {
            input.get(at).is_some_and(|found| found.text == token.text && found.kind == token.kind)
        }
        _ => false,
    }
}

fn variables<'a>(pattern: &[Part<'a>]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for part in pattern {
        match part {
            Part::Variable(name, _) => names.push(*name),
            Part::Group(_, inner) | Part::Repeat(inner, ..) => names.extend(variables(inner)),
            Part::Token(_) => {}
        }
    }
    names
}

/// Returns where the fragment of this kind ends that starts at `at`; `None` if there is none.
fn fragment_end(kind: &str, input: &[Token<'_>], at: usize) -> Option<usize> {
    let token = input.get(at);
    let until = |stops: &dyn Fn(&Token<'_>, Option<&Token<'_>>) -> bool| {
        let mut end = at;
        while let Some(token) = input.get(end) {
            if stops(token, input.get(end + 1)) {
                break;
            }
            end = skip_tree(input, end);
        }
        (end > at).then_some(end)
    };
    let is_arrow = |token: &Token<'_>, next: Option<&Token<'_>>| {
        token.is_punct(b'=') && token.joint && next.is_some_and(|next| next.is_punct(b'>'))
    };
    match kind {
        "vis" => Some(visibility_end(input, at)),
        "ident" => (token?.kind == TokenKind::Ident && token?.text != "_").then_some(at + 1),
        "lifetime" => (token?.kind == TokenKind::Lifetime).then_some(at + 1),
        "tt" => Some(tree_end(input, at)).filter(|_| token.is_some()),
        "literal" => {
            let negative = usize::from(token?.is_punct(b'-'));
            let literal = input.get(at + negative)?;
            let is_literal =
                literal.kind == TokenKind::Literal || matches!(literal.text, "true" | "false");
            is_literal.then_some(at + negative + 1)
        }
        "block" => token?.opens(b'{').then(|| skip_tree(input, at)),
        "ty" | "path" => {
            let mut cursor = Cursor::new(input);
            cursor.seek(at);
            let starts_type = match token?.kind {
                TokenKind::Ident => !is_item_word(token?.text),
                TokenKind::Open(b'(' | b'[') => kind == "ty",
                TokenKind::Punct(byte) => matches!(byte, b'&' | b'*' | b'!' | b'<' | b':' | b'?'),
                _ => false,
            };
            if !starts_type {
                return None;
            }
            cursor.type_ref();
            while kind == "ty" && cursor.eat(b'+') {
                cursor.bounds();
            }
            (cursor.position() > at).then(|| cursor.position())
        }
        "meta" => {
            let mut cursor = Cursor::new(input);
            cursor.seek(at);
            cursor.eat_word("unsafe");
            cursor.path();
            match cursor.peek().map(|next| next.kind) {
                Some(TokenKind::Open(_)) => cursor.skip_tree(),
                Some(TokenKind::Punct(b'=')) => {
                    cursor.seek(input.len());
                }
                _ => {}
            }
            (cursor.position() > at).then(|| cursor.position())
        }
        "item" => item_end(input, at),
        "stmt" => until(&|token, _| token.is_punct(b';')),
        "pat" | "pat_param" => until(&|token, next| {
            token.is_punct(b',')
                || is_arrow(token, next)
                || token.is_punct(b'=')
                || token.is_word("if")
                || token.is_word("in")
        }),
        _ => until(&|token, next| {
            token.is_punct(b',') || token.is_punct(b';') || is_arrow(token, next)
        }),
    }
}

fn is_item_word(word: &str) -> bool {
    matches!(
        word,
        "struct" | "enum" | "trait" | "mod" | "use" | "pub" | "static" | "type" | "where" | "as"
    )
}

/// One token tree as rustc counts them: `::` and `=>` are one.
fn tree_end(input: &[Token<'_>], at: usize) -> usize {
    let Some(token) = input.get(at) else { return at };
    let TokenKind::Punct(first) = token.kind else { return skip_tree(input, at) };
    let punct = |at: usize| match input.get(at).map(|token| token.kind) {
        Some(TokenKind::Punct(byte)) => byte,
        _ => 0,
    };
    if !token.joint {
        return at + 1;
    }
    let second = punct(at + 1);
    let third = if input.get(at + 1).is_some_and(|token| token.joint) { punct(at + 2) } else { 0 };
    match (first, second, third) {
        (b'.', b'.', b'=' | b'.') | (b'<', b'<', b'=') | (b'>', b'>', b'=') => at + 3,
        (b':', b':', _)
        | (b'=', b'>' | b'=', _)
        | (b'-', b'>', _)
        | (b'.', b'.', _)
        | (b'&', b'&', _)
        | (b'|', b'|', _)
        | (b'<', b'<', _)
        | (b'>', b'>', _)
        | (b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'&' | b'|' | b'!' | b'<' | b'>', b'=', _) => {
            at + 2
        }
        _ => at + 1,
    }
}

/// Returns where a visibility ends; it may be empty.
pub(crate) fn visibility_end(input: &[Token<'_>], at: usize) -> usize {
    if !input.get(at).is_some_and(|token| token.is_word("pub")) {
        return at;
    }
    let restricted = input.get(at + 1).is_some_and(|token| token.opens(b'('))
        && input.get(at + 2).is_some_and(|token| {
            matches!(token.text, "crate" | "super" | "self" | "in" | "$crate")
        });
    if restricted { skip_tree(input, at + 1) } else { at + 1 }
}

/// Returns where the item ends that starts at `at` with its attributes.
fn item_end(input: &[Token<'_>], at: usize) -> Option<usize> {
    let mut end = at;
    while input.get(end).is_some_and(|token| token.is_punct(b'#')) {
        end = skip_tree(input, end + 1);
    }
    end = visibility_end(input, end);
    let first = input.get(end).filter(|token| token.kind == TokenKind::Ident)?;
    // What ends only at its semicolon, whatever braces its value has.
    let is_const_fn = first.text == "const"
        && input.get(end + 1).is_some_and(|token| {
            matches!(token.text, "fn" | "unsafe" | "extern" | "async" | "trait")
        });
    let to_semicolon = matches!(first.text, "use" | "static" | "type" | "const") && !is_const_fn;
    while let Some(token) = input.get(end) {
        if token.is_punct(b';') {
            return Some(end + 1);
        }
        let is_body = token.opens(b'{') && !to_semicolon;
        end = skip_tree(input, end);
        if is_body {
            return Some(end);
        }
    }
    None
}

/// Writes `parts` with the innermost bindings that have a name; stops at `budget` tokens.
fn transcribe<'a>(
    parts: &[Part<'a>],
    scopes: &[&Bindings<'a>],
    out: &mut Vec<Token<'a>>,
    budget: usize,
) {
    let lookup = |name: &str| scopes.iter().rev().find_map(|scope| scope.get(name));
    for part in parts {
        if out.len() >= budget {
            return;
        }
        match part {
            Part::Token(token) => out.push(*token),
            Part::Group(open, inner) => {
                out.push(*open);
                transcribe(inner, scopes, out, budget);
                let TokenKind::Open(byte) = open.kind else { continue };
                let text = match byte {
                    b'(' => ")",
                    b'[' => "]",
                    _ => "}",
                };
                let kind = TokenKind::Close(byte);
                out.push(Token { kind, text, start: open.start, joint: false });
            }
            Part::Variable(name, _) => match lookup(name) {
                Some(Bound::Tokens(tokens)) => out.extend_from_slice(tokens),
                Some(Bound::Each(_)) => {}
                None => {
                    let dollar = TokenKind::Punct(b'$');
                    out.push(Token { kind: dollar, text: "$", start: 0, joint: true });
                    let kind = TokenKind::Ident;
                    out.push(Token { kind, text: name, start: 0, joint: false });
                }
            },
            Part::Repeat(inner, separator, _) => {
                let names = variables(inner);
                let n_rounds = names
                    .iter()
                    .filter_map(|name| match lookup(name) {
                        Some(Bound::Each(each)) => Some(each.len()),
                        _ => None,
                    })
                    .max()
                    .unwrap_or(0);
                for round in 0..n_rounds {
                    if round > 0 {
                        out.extend_from_slice(separator);
                    }
                    let mut merged = Bindings::new();
                    for name in &names {
                        if let Some(Bound::Each(each)) = lookup(name)
                            && let Some(bound) = each.get(round).and_then(|one| one.get(name))
                        {
                            merged.insert(*name, bound.clone());
                        }
                    }
                    let mut inner_scopes = scopes.to_vec();
                    inner_scopes.push(&merged);
                    transcribe(inner, &inner_scopes, out, budget);
                    if out.len() >= budget {
                        return;
                    }
                }
            }
        }
    }
}
