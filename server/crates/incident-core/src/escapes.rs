//! Escape sequences of terminals: how long they are, and texts without them.
//!
//! Source: ECMA-48, section 5.4 and 5.6.

use std::borrow::Cow;

/// Returns `text` without its escape sequences.
pub(crate) fn removed(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, _)) = rest.split_once('\u{1b}') {
        kept.push_str(before);
        let sequence = rest.get(before.len()..).unwrap_or_default();
        rest = sequence.get(sequence_len(sequence)..).unwrap_or_default();
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Returns the length of the escape sequence that `text` starts with (ECMA-48).
pub(crate) fn sequence_len(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '[')) => 2 + text.get(2..).map_or(0, csi_len),
        Some((_, ']' | 'P' | '_' | '^' | 'X')) => {
            // A string up to BEL or ST; one that does not end within reason is left visible.
            let body = text.get(2..).unwrap_or_default();
            let end = body.bytes().take(4096).position(|byte| byte == 0x07 || byte == 0x1b);
            match end {
                Some(at) if body.as_bytes().get(at) == Some(&0x07) => 2 + at + 1,
                Some(at) if body.as_bytes().get(at + 1) == Some(&b'\\') => 2 + at + 2,
                _ => 2,
            }
        }
        Some((_, '(' | ')' | '*' | '+' | '#' | '%')) => match chars.next() {
            Some((at, third)) => at + third.len_utf8(),
            None => 2,
        },
        Some((at, second)) if second.is_ascii() => at + 1,
        _ => 1,
    }
}

/// Returns the length of a control sequence's parameters and final byte, without its start.
pub(crate) fn csi_len(text: &str) -> usize {
    for (at, byte) in text.bytes().enumerate().take(64) {
        match byte {
            0x20..=0x3f => {}
            0x40..=0x7e => return at + 1,
            _ => return at,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_colours_and_moves_goes() {
        let cases = [
            ("\u{1b}[1;31merror\u{1b}[0m: x", "error: x"),
            ("a\u{1b}]8;;https://x\u{7}b\u{1b}]8;;\u{1b}\\c", "abc"),
            ("\u{1b}[38;5;1", "38;5;1"),
            ("é\u{1b}", "é"),
            ("plain", "plain"),
        ];
        for (text, expected) in cases {
            assert_eq!(removed(text), expected, "{text:?}");
        }
    }
}
