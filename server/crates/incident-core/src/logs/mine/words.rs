//! Words of templates, and what speaks for one being a value.

use std::collections::{BTreeSet, HashMap};

use crate::logs::shape::{VALUE, Word, Words};

/// How many words of a message make its template.
const MAX_WORDS: usize = 64;

/// A word of a template: a constant, by number, or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Token(pub(super) u32);

impl Token {
    pub(super) const VALUE: Self = Self(0);
    pub(super) const VALUE_COLON: Self = Self(1);

    fn is_value(self) -> bool {
        self.0 < 2
    }
}

/// The constants, and what is known of each.
#[derive(Debug)]
pub(super) struct Symbols {
    numbers: HashMap<Vec<u8>, u32>,
    list: Vec<Symbol>,
}

#[derive(Debug, Default)]
struct Symbol {
    text: String,
    /// How much it looks like a value, from -1 to 1.
    softness: f32,
    /// What follows is likely a value: a preposition, or a sign.
    announces: bool,
    colon: bool,
}

impl Default for Symbols {
    fn default() -> Self {
        let value = |text: &str, colon| Symbol {
            text: text.to_owned(),
            softness: 1.0,
            announces: colon,
            colon,
        };
        Self { numbers: HashMap::new(), list: vec![value(VALUE, false), value("<*>:", true)] }
    }
}

impl Symbols {
    /// Returns the words of a message without the fields that trail it.
    pub(super) fn tokens(&mut self, message: &[u8]) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut n_without_fields = 0;
        for word in Words::new(message).take(MAX_WORDS) {
            match word {
                Word::Constant(text) if is_word_for_value(text) => tokens.push(Token::VALUE),
                Word::Constant(text) => tokens.push(self.number(text, text)),
                Word::Value { colon: true } => tokens.push(Token::VALUE_COLON),
                Word::Value { colon: false } => tokens.push(Token::VALUE),
                Word::Field(key) => {
                    tokens.push(self.number(&[key, b"=<*>"].concat(), b"="));
                    continue;
                }
                Word::Object => {
                    tokens.push(Token::VALUE);
                    continue;
                }
            }
            n_without_fields = tokens.len();
        }
        if n_without_fields > 0 {
            tokens.truncate(n_without_fields);
        }
        tokens
    }

    fn number(&mut self, text: &[u8], word: &[u8]) -> Token {
        if let Some(found) = self.numbers.get(text) {
            return Token(*found);
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.to_vec(), number);
        self.list.push(Symbol {
            text: String::from_utf8_lossy(text).into_owned(),
            softness: softness(word),
            announces: announces(word),
            colon: word.ends_with(b":"),
        });
        Token(number)
    }

    /// Shows a template.
    pub(super) fn show(&self, tokens: &[Token]) -> String {
        let words: Vec<&str> = tokens
            .iter()
            .filter_map(|token| self.list.get(token.0 as usize))
            .map(|it| it.text.as_str())
            .collect();
        words.join(" ")
    }

    fn get(&self, token: Token) -> Option<&Symbol> {
        self.list.get(token.0 as usize)
    }

    pub(super) fn is_colon(&self, token: Token) -> bool {
        self.get(token).is_some_and(|symbol| symbol.colon)
    }

    fn announces(&self, token: Token) -> bool {
        self.get(token).is_some_and(|symbol| symbol.announces)
    }

    fn n_constants(tokens: &[Token]) -> usize {
        tokens.iter().filter(|token| !token.is_value()).count()
    }

    /// Returns how likely the word at `at` is a value, where the others are `tokens` and it took
    /// these forms; at 0.2 it is.
    pub(super) fn variability(&self, tokens: &[Token], at: usize, forms: &BTreeSet<Token>) -> f32 {
        let others =
            Self::n_constants(tokens) - usize::from(!tokens.get(at).is_none_or(|it| it.is_value()));
        let softness =
            forms.iter().filter_map(|form| self.get(*form)).map(|it| it.softness).sum::<f32>()
                / forms.len() as f32;
        let announced =
            at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|it| self.announces(*it));
        // `to` opens an infinitive as well as a place.
        let is_to = at
            .checked_sub(1)
            .and_then(|at| tokens.get(at))
            .and_then(|it| self.get(*it))
            .is_some_and(|it| it.text == "to");
        let announced = announced && (!is_to || softness > 0.1);
        let softness = if at == 0 { softness - 0.6 } else { softness };
        let n_more = forms.len().saturating_sub(2).min(6) as f32;
        let constancy = match others {
            0 => -1.5,
            1 => -0.6,
            2 => -0.2,
            3 => 0.0,
            4..=6 => 0.1,
            _ => 0.2,
        };
        softness + if announced { 0.35 } else { 0.0 } + n_more * 0.12 + constancy
    }

    /// Says whether what stands between the same first and last words is a value.
    pub(super) fn frames_a_value(
        &self,
        all: &[&[Token]],
        n_prefix: usize,
        n_suffix: usize,
        is_severe: bool,
    ) -> bool {
        let Some(first) = all.first() else { return false };
        let prefix = first.get(..n_prefix).unwrap_or_default();
        let suffix = first.get(first.len() - n_suffix..).unwrap_or_default();
        let inside: Vec<&[Token]> =
            all.iter().filter_map(|it| it.get(n_prefix..it.len() - n_suffix)).collect();
        let n_distinct = |pick: fn(&[Token]) -> Option<&Token>| {
            inside.iter().filter_map(|it| pick(it)).collect::<BTreeSet<_>>().len()
        };
        // Where all go on with the same word, the frame is a wider one; a single word is looked at
        // by itself.
        let is_known = inside.iter().any(|it| *it == [Token::VALUE]);
        let is_wider =
            n_distinct(|it| it.first()) < 2 || (n_suffix > 0 && n_distinct(|it| it.last()) < 2);
        if (is_wider && !is_known) || inside.iter().all(|it| it.len() == 1) {
            return false;
        }
        let n_framing = Self::n_constants(prefix) + Self::n_constants(suffix);
        let after_colon = prefix.last().is_some_and(|it| self.is_colon(*it));
        let announced = prefix.last().is_some_and(|it| self.announces(*it));
        let n_forms = all.len();
        let has_value = inside.iter().any(|it| it.first().is_some_and(|it| it.is_value()));
        if n_suffix == 0 {
            // What an error says after a colon is its cause.
            return match (after_colon, announced) {
                (true, _) => is_severe && Self::n_constants(prefix) >= 2,
                (_, true) => n_framing >= 3 && n_forms >= 3 && (self.is_soft(&inside) || has_value),
                _ if is_severe && n_framing >= 5 => n_forms >= 3,
                _ => n_framing >= 3 && n_forms >= 4 && self.is_soft(&inside),
            };
        }
        let n_inside: usize = inside.iter().map(|it| Self::n_constants(it)).sum();
        let share = n_framing as f32 / (n_framing as f32 + n_inside as f32 / n_forms as f32);
        match n_framing {
            0..=2 => false,
            3 => n_forms >= 3 && share >= 0.5 && (announced || is_severe),
            _ => {
                (n_forms >= 3 && (announced || is_severe || self.is_soft(&inside)))
                    || (share >= if has_value { 0.5 } else { 0.7 } && self.is_soft(&inside))
            }
        }
    }

    /// Says whether most of these begin with a word that looks like a value.
    fn is_soft(&self, all: &[&[Token]]) -> bool {
        let softness =
            |it: &&[Token]| it.first().and_then(|it| self.get(*it)).map_or(0.0, |it| it.softness);
        all.iter().map(softness).sum::<f32>() >= 0.25 * all.len() as f32
    }

    /// Says whether `form` has the words of `template`, with values where that has values.
    pub(super) fn fits(&self, template: &[Token], form: &[Token]) -> bool {
        if Self::n_constants(template) < 2 {
            return false;
        }
        let mut rest = form;
        for (at, token) in template.iter().enumerate() {
            let is_last = at + 1 == template.len();
            let before = at.checked_sub(1).and_then(|at| template.get(at));
            let announced = before.is_some_and(|it| self.announces(*it));
            let Some((first, after)) = rest.split_first() else {
                // A value at the end may be empty.
                return is_last && *token == Token::VALUE;
            };
            if token.is_value() && !first.is_value() {
                let Some(symbol) = self.get(*first) else { return false };
                if symbol.colon != (*token == Token::VALUE_COLON) {
                    return false;
                }
                let is_value = symbol.softness >= 0.4 || (announced && symbol.softness >= 0.0);
                if is_last {
                    let is_framed = Self::n_constants(template) >= 4;
                    return (is_value || (is_framed && symbol.softness >= 0.0))
                        && (after.is_empty() || announced || is_framed);
                }
                if !is_value {
                    return false;
                }
            } else if token != first {
                return false;
            } else if is_last && *token == Token::VALUE && announced {
                return true;
            }
            rest = after;
        }
        rest.is_empty()
    }
}

/// Says whether a word stands for a value by itself.
fn is_word_for_value(word: &[u8]) -> bool {
    let is_edge = |byte: &u8| matches!(byte, b',' | b';' | b')' | b']' | b'.');
    let end = word.iter().rposition(|byte| !is_edge(byte)).map_or(0, |at| at + 1);
    let is_flag = matches!(word.get(..end), Some(b"true" | b"false" | b"True" | b"False"));
    let is_unit = matches!(
        word.get(..end),
        Some(b"B" | b"KB" | b"KiB" | b"MB" | b"MiB" | b"GB" | b"GiB" | b"ns" | b"us" | b"NaN")
    );
    is_flag || is_unit || word == b"*"
}

/// Says how much a word looks like a value: a name more than a plain word, a verb least.
fn softness(word: &[u8]) -> f32 {
    let core: &[u8] = {
        let is_edge = |byte: &u8| {
            matches!(
                byte,
                b'(' | b')'
                    | b'['
                    | b']'
                    | b'{'
                    | b'}'
                    | b'<'
                    | b'>'
                    | b','
                    | b';'
                    | b'.'
                    | b':'
                    | b'!'
                    | b'?'
            )
        };
        let start = word.iter().position(|byte| !is_edge(byte)).unwrap_or(0);
        let end = word.iter().rposition(|byte| !is_edge(byte)).map_or(word.len(), |at| at + 1);
        word.get(start..end).unwrap_or(word)
    };
    if core.iter().any(|byte| *byte >= 0x80) {
        return 0.6;
    }
    let letters = core.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if letters == 0 {
        return 0.1;
    }
    if core.iter().any(|byte| matches!(byte, b'_' | b'.' | b'/' | b'@' | b'$' | b'#' | b'\\'))
        || core.iter().skip(1).any(|byte| matches!(byte, b'-' | b':'))
    {
        return 0.6;
    }
    if matches!(core, b"GET" | b"POST" | b"PUT" | b"DELETE" | b"HEAD" | b"PATCH" | b"OPTIONS") {
        return -0.5;
    }
    let n_upper = core.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let inner_upper = core.iter().skip(1).any(u8::is_ascii_uppercase);
    if inner_upper {
        return if n_upper == letters { 0.4 } else { 0.5 };
    }
    if n_upper == 1 {
        return 0.1;
    }
    let is_verb = core.len() > 4 && (core.ends_with(b"ed") || core.ends_with(b"ing"));
    let is_negation = matches!(
        core,
        b"not"
            | b"no"
            | b"cannot"
            | b"un"
            | b"to"
            | b"from"
            | b"before"
            | b"after"
            | b"start"
            | b"stop"
            | b"begin"
            | b"end"
            | b"open"
            | b"close"
            | b"failed"
            | b"success"
            | b"GET"
            | b"POST"
            | b"PUT"
            | b"DELETE"
            | b"HEAD"
            | b"PATCH"
    );
    if is_verb || is_negation { -0.5 } else { 0.0 }
}

/// Says whether a value is likely to follow.
fn announces(word: &[u8]) -> bool {
    word.ends_with(b":")
        || word.ends_with(b"=")
        || matches!(
            word,
            b"for"
                | b"from"
                | b"to"
                | b"by"
                | b"with"
                | b"on"
                | b"in"
                | b"at"
                | b"of"
                | b"via"
                | b"is"
                | b"into"
                | b"key"
                | b"id"
                | b"name"
                | b"named"
                | b"user"
                | b"host"
                | b"service"
                | b"named:"
                | b"onto"
                | b"option"
                | b"flag"
                | b"cipher"
                | b"class"
                | b"file"
                | b"queue"
                | b"topic"
                | b"table"
                | b"pool"
                | b"title"
        )
}
