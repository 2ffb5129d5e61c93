//! Control sequences, invisible characters and HTML entities.

use super::{Line, LineBuilder};
use crate::escapes;

/// Returns `line` without what only a terminal or a browser understands, or `None` where there
/// is nothing to undo.
pub(super) fn clean(line: &Line<'_>) -> Option<Line<'static>> {
    let physical = line.body();
    let mut builder = LineBuilder::default();
    let mut kept_from = 0;
    let mut at = 0;
    let mut changed = false;
    while let Some(rest) = physical.get(at..) {
        let Some(skip) = rest.bytes().position(|byte| MAY_NEED_CLEANING[usize::from(byte)]) else {
            break;
        };
        let found = at + skip;
        let Some(undone) = physical.get(found..).and_then(undo_first) else {
            at = found + physical.get(found..).map_or(1, first_char_len);
            continue;
        };
        changed = true;
        builder.keep_from(line, physical.get(kept_from..found)?);
        at = found + undone.len;
        let span = line.span_of(physical.get(found..at)?);
        builder.replace(undone.text, span.start, span.len());
        kept_from = at;
    }
    if !changed {
        return None;
    }
    builder.keep_from(line, physical.get(kept_from..)?);
    Some(builder.finish(Some(line)))
}

/// What stands at the start of a text and what should be read instead.
struct Undone {
    text: &'static str,
    len: usize,
}

/// By byte: whether it can start something that [`undo_first`] undoes. Every byte of a text is looked
/// up here once.
static MAY_NEED_CLEANING: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = may_need_cleaning(byte as u8);
        byte += 1;
    }
    table
};

const fn may_need_cleaning(byte: u8) -> bool {
    match byte {
        b'\t' => false,
        0..=0x1f | 0x7f | b'&' | b'[' => true,
        // The first bytes of U+0080..U+00BF, U+2000..U+2FFF, U+3000.. and U+FEFF.
        0xc2 | 0xe2 | 0xe3 | 0xef => true,
        _ => false,
    }
}

fn undo_first(text: &str) -> Option<Undone> {
    let first = text.chars().next()?;
    match first {
        '\u{1b}' => Some(Undone { text: "", len: escapes::sequence_len(text) }),
        '\u{9b}' => Some(Undone { text: "", len: 2 + escapes::csi_len(text.get(2..)?) }),
        '[' => bare_colour_len(text).map(|len| Undone { text: "", len }),
        '&' => entity(text),
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' => {
            Some(Undone { text: " ", len: first.len_utf8() })
        }
        '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{2060}' | '\u{feff}' => removed(first),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            removed(first)
        }
        _ if first.is_control() && first != '\t' => removed(first),
        _ => None,
    }
}

fn removed(first: char) -> Option<Undone> {
    Some(Undone { text: "", len: first.len_utf8() })
}

fn first_char_len(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

/// Returns the length of a colour sequence that lost its escape character: `[0m`, `[38;5;1m`.
fn bare_colour_len(text: &str) -> Option<usize> {
    let body = text.strip_prefix('[')?;
    let n_params = body.bytes().take(16).take_while(|b| b.is_ascii_digit() || *b == b';').count();
    let rest = body.get(n_params..)?.strip_prefix('m')?;
    // `[5m]` is a duration in a query, not a colour.
    (n_params > 0 && !rest.starts_with(']')).then_some(1 + n_params + 1)
}

fn entity(text: &str) -> Option<Undone> {
    const ENTITIES: [(&str, &str); 14] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&#39;", "'"),
        ("&#039;", "'"),
        ("&#x27;", "'"),
        ("&#34;", "\""),
        ("&#96;", "`"),
        ("&#x60;", "`"),
        ("&#60;", "<"),
        ("&#62;", ">"),
    ];
    let (name, text) = ENTITIES.into_iter().find(|(name, _)| text.starts_with(name))?;
    Some(Undone { text, len: name.len() })
}
