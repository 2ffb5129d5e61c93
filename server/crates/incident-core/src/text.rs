//! Places in text: byte spans and the line index that git and rustc share.
//!
//! Lines end at `\n` alone here, as git and rustc count them; the three line ends of LSP live at
//! the protocol's edge. Lines and columns are from 1 wherever a person sees them.

/// A half-open range of bytes, `start..end`, in one text.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct ByteSpan {
    /// The offset of the first byte.
    pub start: usize,
    /// The offset after the last byte; never less than `start`.
    pub end: usize,
}

impl ByteSpan {
    /// Returns the span `start..end`; an end before the start gives the empty span at `start`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Returns the number of bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Says whether the span holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Says whether `offset` lies inside; the end does not.
    pub fn contains(self, offset: usize) -> bool {
        self.start <= offset && offset < self.end
    }

    /// Says whether `other` lies wholly inside.
    pub fn covers(self, other: ByteSpan) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns the text of the span, or `None` where it does not fit `text`.
    pub fn slice(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }
}

/// A line and a column, both from 1; the column counts UTF-8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineCol {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in UTF-8 bytes.
    pub column: u32,
}

/// The starts of a text's lines, as git and rustc count them (`\n` alone ends a line).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    /// Offsets of each line's first byte; sorted, the first is 0.
    starts: Vec<usize>,
    len: usize,
}

impl LineIndex {
    /// Indexes `text` in one pass.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { starts, len: text.len() }
    }

    /// Returns the number of lines; a text that ends in `\n` has an empty last line.
    pub fn n_lines(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// Returns the span of line `line` (from 1) without its `\n`, or `None` past the end.
    pub fn line_span(&self, line: u32) -> Option<ByteSpan> {
        let line_idx = usize::try_from(line.checked_sub(1)?).ok()?;
        let start = *self.starts.get(line_idx)?;
        let end = self.starts.get(line_idx + 1).map_or(self.len, |next| next - 1);
        Some(ByteSpan::new(start, end))
    }

    /// Returns the line and column of `offset`; an offset past the end gives the end.
    pub fn line_col(&self, offset: usize) -> LineCol {
        let offset = offset.min(self.len);
        let line_idx = self.starts.partition_point(|start| *start <= offset) - 1;
        LineCol {
            line: u32::try_from(line_idx + 1).unwrap_or(u32::MAX),
            column: u32::try_from(offset - self.starts[line_idx] + 1).unwrap_or(u32::MAX),
        }
    }

    /// Returns the offset of a line and byte column (both from 1), or `None` outside the text.
    pub fn offset(&self, at: LineCol) -> Option<usize> {
        let line = self.line_span(at.line)?;
        let offset = line.start + usize::try_from(at.column.checked_sub(1)?).ok()?;
        (offset <= line.end).then_some(offset)
    }

    /// Returns the offset of a position whose column counts characters, as rustc prints it.
    ///
    /// `text` must be the text that was indexed. `None` outside the text.
    pub fn offset_of_char_column(&self, text: &str, line: u32, char_column: u32) -> Option<usize> {
        let span = self.line_span(line)?;
        let line_text = span.slice(text)?;
        let n_chars = usize::try_from(char_column.checked_sub(1)?).ok()?;
        match line_text.char_indices().nth(n_chars) {
            Some((at, _)) => Some(span.start + at),
            None if line_text.chars().count() == n_chars => Some(span.end),
            None => None,
        }
    }
}

/// Returns the longest beginning of `text` that has at most `max_bytes` and whole characters.
pub fn cut(text: &str, max_bytes: usize) -> &str {
    let mut end = max_bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
