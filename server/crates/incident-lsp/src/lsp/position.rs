//! Positions: the one place where columns of the client's encoding meet byte offsets.
//!
//! Lines end as LSP says (`\n`, `\r\n`, `\r`). A position outside the text means the nearest place
//! inside; one in the middle of a character means the character's start.

use ropey::Rope;
use tower_lsp::lsp_types::{Position, PositionEncodingKind, Range};

/// How the client counts columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// In bytes.
    Utf8,
    /// In UTF-16 code units: what holds where nothing was agreed.
    #[default]
    Utf16,
    /// In characters.
    Utf32,
}

impl Encoding {
    /// Chooses among what the client offers: bytes first, since they cost nothing.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let offered = offered.unwrap_or_default();
        if offered.contains(&PositionEncodingKind::UTF8) {
            Self::Utf8
        } else if offered.contains(&PositionEncodingKind::UTF32)
            && !offered.contains(&PositionEncodingKind::UTF16)
        {
            Self::Utf32
        } else {
            Self::Utf16
        }
    }

    /// Returns the protocol's name.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// Returns the width of `text`, which holds no line end, in columns.
    fn width(self, text: &str) -> u32 {
        let width = match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
            Self::Utf32 => text.chars().count(),
        };
        column(width)
    }
}

/// Returns the character offset of `position`.
pub(crate) fn char_offset(rope: &Rope, position: Position, encoding: Encoding) -> usize {
    let line_idx = usize::try_from(position.line).unwrap_or(usize::MAX);
    if line_idx >= rope.len_lines() {
        return rope.len_chars();
    }
    let start = rope.line_to_char(line_idx);
    let end = line_end(rope, line_idx);
    let column = usize::try_from(position.character).unwrap_or(usize::MAX);
    match encoding {
        Encoding::Utf8 => {
            let at = rope.char_to_byte(start).saturating_add(column);
            rope.byte_to_char(at.min(rope.char_to_byte(end)))
        }
        Encoding::Utf16 => {
            let at = rope.char_to_utf16_cu(start).saturating_add(column);
            rope.utf16_cu_to_char(at.min(rope.char_to_utf16_cu(end)))
        }
        Encoding::Utf32 => start.saturating_add(column).min(end),
    }
}

/// Returns the byte offset of `position`.
pub(crate) fn byte_offset(rope: &Rope, position: Position, encoding: Encoding) -> usize {
    rope.char_to_byte(char_offset(rope, position, encoding))
}

/// Returns the position of a byte offset; one past the end gives the end.
pub(crate) fn position(rope: &Rope, byte_offset: usize, encoding: Encoding) -> Position {
    let at = rope.byte_to_char(byte_offset.min(rope.len_bytes()));
    let line_idx = rope.char_to_line(at);
    let start = rope.line_to_char(line_idx);
    // An offset between `\r` and `\n` has no position of its own.
    let at = at.min(line_end(rope, line_idx)).max(start);
    let width = match encoding {
        Encoding::Utf8 => rope.char_to_byte(at) - rope.char_to_byte(start),
        Encoding::Utf16 => rope.char_to_utf16_cu(at) - rope.char_to_utf16_cu(start),
        Encoding::Utf32 => at - start,
    };
    Position::new(column(line_idx), column(width))
}

/// Returns the range of a byte span.
pub(crate) fn range(rope: &Rope, start: usize, end: usize, encoding: Encoding) -> Range {
    Range::new(position(rope, start, encoding), position(rope, end, encoding))
}

/// Returns the offset behind the last character of a line, before its end.
fn line_end(rope: &Rope, line_idx: usize) -> usize {
    let start = rope.line_to_char(line_idx);
    if line_idx + 1 >= rope.len_lines() {
        return rope.len_chars();
    }
    let mut end = rope.line_to_char(line_idx + 1);
    for terminator in ['\n', '\r'] {
        if end > start && rope.get_char(end - 1) == Some(terminator) {
            end -= 1;
            if terminator == '\r' {
                break;
            }
        }
    }
    end
}

fn column(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// An edit as far as positions behind it are concerned: a range gave way to a text of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shift {
    /// First position that was replaced.
    start: Position,
    /// Position behind what was replaced.
    old_end: Position,
    /// Position behind what stands there now.
    new_end: Position,
}

impl Shift {
    /// Measures the replacement of a character range of `rope`, which still holds the old text.
    ///
    /// What both texts have in common at their ends is left out, so that a client which always
    /// sends the whole document moves nothing that did not change.
    pub(crate) fn new(
        rope: &Rope,
        chars: std::ops::Range<usize>,
        text: &str,
        encoding: Encoding,
    ) -> Self {
        let old = rope.slice(chars.clone());
        let n_prefix = old.chars().zip(text.chars()).take_while(|(a, b)| a == b).count();
        let n_new = text.chars().count();
        let n_most = old.len_chars().min(n_new) - n_prefix;
        let n_suffix = old
            .chars_at(old.len_chars())
            .reversed()
            .zip(text.chars().rev())
            .take(n_most)
            .take_while(|(a, b)| a == b)
            .count();
        // A cut between `\r` and `\n` would make one line end into two: whole lines are safe.
        let n_prefix = n_prefix - trailing_line_end(text.chars().take(n_prefix));
        let n_suffix =
            n_suffix - usize::from(starts_with_line_feed(text, n_new - n_suffix, n_suffix));
        let middle: String =
            text.chars().skip(n_prefix).take(n_new - n_suffix - n_prefix).collect();
        let at = |char_idx: usize| position(rope, rope.char_to_byte(char_idx), encoding);
        let start = at(chars.start + n_prefix);
        Self { start, old_end: at(chars.end - n_suffix), new_end: end_of(start, &middle, encoding) }
    }

    /// Moves a range: what was inserted at its edges stays outside of it.
    pub(crate) fn apply(&self, range: Range) -> Range {
        let start = self.move_position(range.start, true);
        let end = self.move_position(range.end, false);
        Range::new(start, end.max(start))
    }

    fn move_position(&self, at: Position, is_start: bool) -> Position {
        if at < self.start || (at == self.start && !is_start) {
            at
        } else if at >= self.old_end {
            if at.line == self.old_end.line {
                let column = u64::from(at.character) - u64::from(self.old_end.character)
                    + u64::from(self.new_end.character);
                Position::new(self.new_end.line, u32::try_from(column).unwrap_or(u32::MAX))
            } else {
                let line = u64::from(at.line) - u64::from(self.old_end.line)
                    + u64::from(self.new_end.line);
                Position::new(u32::try_from(line).unwrap_or(u32::MAX), at.character)
            }
        } else {
            // Inside what was replaced: the nearest place that still exists.
            at.min(self.new_end)
        }
    }
}

fn trailing_line_end(prefix: impl Iterator<Item = char>) -> usize {
    usize::from(prefix.last() == Some('\r'))
}

/// Says whether the suffix of `n_suffix` characters begins with a `\n`.
fn starts_with_line_feed(text: &str, at: usize, n_suffix: usize) -> bool {
    n_suffix > 0 && text.chars().nth(at) == Some('\n')
}

fn end_of(start: Position, text: &str, encoding: Encoding) -> Position {
    let mut n_line_ends = 0;
    let mut last_line_start = 0;
    let mut previous = '\0';
    for (at, char) in text.char_indices() {
        match char {
            '\n' if previous == '\r' => last_line_start = at + 1,
            '\n' | '\r' => {
                n_line_ends += 1;
                last_line_start = at + 1;
            }
            _ => {}
        }
        previous = char;
    }
    let width = encoding.width(text.get(last_line_start..).unwrap_or_default());
    if n_line_ends == 0 {
        Position::new(start.line, start.character.saturating_add(width))
    } else {
        Position::new(start.line.saturating_add(n_line_ends), width)
    }
}

#[cfg(test)]
mod tests;
