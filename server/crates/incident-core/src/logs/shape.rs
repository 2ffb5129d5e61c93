//! Shapes: the constant part of a message as a hash, made in one pass and without allocation.
//!
//! Two messages of one shape differ in values only: in words with a digit, in paths and links, in
//! what stands in quotes, in fields that trail the text. It is the first of two looks: shapes are
//! few, and [`super::mine`] sees which of them one statement printed.

/// How many bytes of a message make its shape; what follows is a dump.
const MAX_BYTES: usize = 2048;

/// What stands for a value.
pub(super) const VALUE: &str = "<*>";

/// Mixes a number into a hash.
pub(super) fn mix(hash: u64, value: u64) -> u64 {
    let product = u128::from(hash.rotate_left(29) ^ value) * u128::from(0x9E37_79B9_7F4A_7C15_u64);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Mixes bytes into a hash.
pub(super) fn mix_bytes(hash: u64, bytes: &[u8]) -> u64 {
    // Most are words of a few letters: those are one number, made without a loop.
    let seeded = hash.wrapping_add(bytes.len() as u64);
    let word = match (bytes, bytes.first_chunk(), bytes.last_chunk()) {
        (_, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        ([], ..) => 0,
        ([first, .., last], ..) => {
            let middle = bytes.get(1).copied().unwrap_or_default();
            u64::from(*first) << 16 | u64::from(middle) << 8 | u64::from(*last)
        }
        ([only], ..) => u64::from(*only),
    };
    if bytes.len() <= 8 {
        return mix(seeded, word);
    }
    let (numbers, _) = bytes.as_chunks();
    let hash = numbers.iter().fold(seeded, |hash, it| mix(hash, u64::from_le_bytes(*it)));
    let last = bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
    mix(hash, last)
}

/// What a byte may be in a word.
const DIGIT: u8 = 1;
const SLASH: u8 = 2;
/// What ends a word or may change what it is, from here on.
const EQUALS: u8 = 4;
const QUOTE: u8 = 8;
const BLANK: u8 = 16;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b' ' | b'\t' | b'\n' | b'\r' => BLANK,
            b'=' => EQUALS,
            b'/' => SLASH,
            b'"' | b'\'' => QUOTE,
            // Control characters come from data, not from a statement.
            0..=31 | 127 => DIGIT,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// One word of a message, as its shape has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// A constant.
    Constant(&'a [u8]),
    /// A value.
    Value {
        /// The value ends with a colon: what follows explains it.
        colon: bool,
    },
    /// A field, with its key.
    Field(&'a [u8]),
    /// A JSON object: fields.
    Object,
}

/// Reads the words of a message one by one.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        let text = message.get(..MAX_BYTES).unwrap_or(message);
        Self { text, at: 0 }
    }

    /// Returns the offset of the next word's first byte, or of the end.
    fn skip_blanks(&mut self) -> usize {
        while self.text.get(self.at).is_some_and(|byte| CLASS[usize::from(*byte)] == BLANK) {
            self.at += 1;
        }
        self.at
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let start = self.skip_blanks();
        let first = *self.text.get(start)?;
        if first == b'{' && self.text.get(start + 1) == Some(&b'"') {
            let rest = self.text.get(start..)?;
            let after = super::json::skip_nested(rest).unwrap_or_default();
            self.at = self.text.len() - after.len();
            return Some(Word::Object);
        }
        let mut seen = 0;
        let mut end = self.text.len();
        let mut equals = usize::MAX;
        for (byte, at) in self.text.get(start..)?.iter().zip(start..) {
            let class = CLASS[usize::from(*byte)];
            seen |= class;
            if class < EQUALS {
                continue;
            }
            if class == BLANK {
                end = at;
                break;
            }
            if class == EQUALS {
                equals = equals.min(at);
            } else if let Some(close) = self.quoted(start, at) {
                return Some(self.after_quote(start, at, close, equals));
            }
        }
        self.at = end;
        let word = self.text.get(start..end)?;
        if seen & EQUALS != 0
            && equals < end
            && let Some(key) = key(self.text.get(start..equals)?)
        {
            return Some(Word::Field(key));
        }
        let is_value = seen & DIGIT != 0
            || (seen & SLASH != 0 && word.len() > 1 && (first == b'/' || is_link(word)))
            || is_long_hex(word);
        if is_value {
            if let Some(name) = before_dots(word) {
                return Some(Word::Constant(name));
            }
            return Some(Word::Value { colon: word.last() == Some(&b':') });
        }
        Some(Word::Constant(word))
    }
}

impl<'a> Words<'a> {
    /// Returns where the quote that opens at `at` closes, within the word that begins at `start`.
    fn quoted(&self, start: usize, at: usize) -> Option<usize> {
        let mark = *self.text.get(at)?;
        // An apostrophe stands inside a word.
        if at > start && self.text.get(at - 1)?.is_ascii_alphanumeric() {
            return None;
        }
        let inside = self.text.get(at + 1..)?;
        let mut from = 0;
        loop {
            let close = from + memchr::memchr(mark, inside.get(from..)?)?;
            let escaped = close > 0 && inside.get(close - 1) == Some(&b'\\');
            let ends = mark == b'"'
                || inside.get(close + 1).is_none_or(|next| !next.is_ascii_alphanumeric());
            if !escaped && ends {
                return Some(at + 1 + close);
            }
            from = close + 1;
        }
    }

    fn after_quote(&mut self, start: usize, open: usize, close: usize, equals: usize) -> Word<'a> {
        // A request line: what was asked for is no value.
        if let Some(method) = self.text.get(open + 1..close).and_then(http_method) {
            self.at = close + 1;
            return Word::Constant(method);
        }
        let mut end = close + 1;
        while self.text.get(end).is_some_and(|byte| CLASS[usize::from(*byte)] != BLANK) {
            // A JSON object or a list goes on after the quote.
            if matches!(self.text.get(end), Some(b'"'))
                && let Some(next) = self.quoted(end, end)
            {
                end = next;
            }
            end += 1;
        }
        self.at = end;
        let before = self.text.get(start..equals.min(open)).unwrap_or_default();
        match key(before) {
            Some(key) if equals < open => Word::Field(key),
            _ => Word::Value { colon: self.text.get(end - 1) == Some(&b':') },
        }
    }
}

/// Returns the method of `GET /path HTTP/1.1`.
fn http_method(request: &[u8]) -> Option<&[u8]> {
    let method = request.get(..memchr::memchr(b' ', request.get(..9).unwrap_or(request))?)?;
    let is_method = matches!(
        method,
        b"GET" | b"POST" | b"PUT" | b"DELETE" | b"HEAD" | b"PATCH" | b"OPTIONS" | b"CONNECT"
    );
    is_method.then_some(method)
}

/// Returns what stands before the dots of `depth....0`: a name in a column, with its value.
fn before_dots(word: &[u8]) -> Option<&[u8]> {
    let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = word.get(..word.len() - digits)?;
    let dots = rest.iter().rev().take_while(|byte| **byte == b'.').count();
    let name = rest.get(..rest.len() - dots)?;
    (digits > 0 && dots > 1 && !name.iter().any(u8::is_ascii_digit)).then_some(name)
}

/// Returns the key of a field, where `text` looks like one.
fn key(text: &[u8]) -> Option<&[u8]> {
    let is_key =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b':');
    let key = match text {
        [b'(' | b'[', key @ ..] => key,
        key => key,
    };
    let starts = matches!(key.first(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'_'));
    (starts && key.len() <= 48 && key.iter().all(is_key)).then_some(key)
}

fn is_link(word: &[u8]) -> bool {
    memchr::memmem::find(word, b"://").is_some()
}

/// Says whether a word is a hash without a single digit: long, and of few letters.
fn is_long_hex(word: &[u8]) -> bool {
    word.len() >= 16 && word.iter().all(u8::is_ascii_hexdigit)
}

/// Returns the shape's hash, begun with `seed` (level, target).
pub(super) fn hash(message: &[u8], seed: u64) -> u64 {
    let mut hash = seed;
    // The state before the fields that may turn out to be the last words.
    let mut before_fields = None;
    let mut n_words = 0;
    for word in Words::new(message) {
        n_words += 1;
        match word {
            Word::Field(_) | Word::Object => {
                if before_fields.is_none() && n_words > 1 {
                    before_fields = Some(hash);
                }
                let key = if let Word::Field(key) = word { key } else { b"{" };
                hash = mix(mix_bytes(hash, key), 3);
                continue;
            }
            Word::Constant(word) => hash = mix_bytes(hash, word),
            Word::Value { colon } => hash = mix(hash, 1 + u64::from(colon)),
        }
        before_fields = None;
    }
    before_fields.unwrap_or(hash)
}
