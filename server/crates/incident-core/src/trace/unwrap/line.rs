//! A logical line and the map from its text back to the original.

use std::borrow::Cow;
use std::ops::Range;

use crate::text::ByteSpan;

/// One line as a person would have seen it before it was wrapped.
#[derive(Clone, Debug)]
pub(crate) struct Line<'t> {
    text: Cow<'t, str>,
    map: SourceMap,
    /// Where the body starts, after the prefixes that logging tools put before it.
    body_start: usize,
    /// Lines of different streams (containers, processes) do not belong to one trace.
    stream: u64,
    /// The time stamp that stood before the body, as printed.
    stamp: Option<Box<str>>,
}

/// From offsets in the unwrapped text to offsets in the original.
#[derive(Clone, Debug)]
enum SourceMap {
    /// The text stands in the original as it is, from this offset on.
    Verbatim(usize),
    /// Sorted by `start`; the first starts at 0 and each ends where the next one starts.
    Pieces(Vec<Piece>),
}

/// A stretch of unwrapped text and the stretch of the original that it stands for.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: usize,
    len: usize,
    original: usize,
    original_len: usize,
}

impl Piece {
    fn is_verbatim(self) -> bool {
        self.len == self.original_len
    }
}

impl<'t> Line<'t> {
    /// Returns a line that stands in the original as it is, at `offset`.
    pub(crate) fn verbatim(text: &'t str, offset: usize) -> Self {
        let text = Cow::Borrowed(text);
        Self { text, map: SourceMap::Verbatim(offset), body_start: 0, stream: 0, stamp: None }
    }

    /// Returns the text after the prefixes.
    pub(crate) fn body(&self) -> &str {
        self.text.get(self.body_start..).unwrap_or_default()
    }

    /// Says whether logging tools put something before the body.
    pub(crate) fn has_prefix(&self) -> bool {
        self.body_start > 0
    }

    /// Returns the stream that the line came on: a container, a process, a file.
    pub(crate) fn stream(&self) -> u64 {
        self.stream
    }

    /// Returns the time stamp that stood before the body, as printed.
    pub(crate) fn stamp(&self) -> Option<&str> {
        self.stamp.as_deref()
    }

    /// Returns the place of the whole line in the original text.
    pub(crate) fn span(&self) -> ByteSpan {
        self.span_of_range(self.body_start..self.text.len())
    }

    /// Returns the place in the original text of `part`, a slice of this line's own text.
    ///
    /// A slice of another text gives the span of the whole line.
    pub(crate) fn span_of(&self, part: &str) -> ByteSpan {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        match offset.checked_add(part.len()) {
            Some(end) if end <= self.text.len() => self.span_of_range(offset..end),
            _ => self.span(),
        }
    }

    fn span_of_range(&self, range: Range<usize>) -> ByteSpan {
        ByteSpan::new(self.original_start(range.start), self.original_end(range.end, range.start))
    }

    fn original_start(&self, offset: usize) -> usize {
        match &self.map {
            SourceMap::Verbatim(base) => base + offset,
            SourceMap::Pieces(pieces) => {
                let after = pieces.partition_point(|piece| piece.start <= offset);
                let Some(piece) = after.checked_sub(1).and_then(|at| pieces.get(at)) else {
                    return 0;
                };
                if piece.is_verbatim() {
                    piece.original + (offset - piece.start).min(piece.len)
                } else {
                    piece.original
                }
            }
        }
    }

    /// The end is looked up by the last byte inside, so that what was cut out behind it stays out.
    fn original_end(&self, end: usize, start: usize) -> usize {
        if end <= start {
            return self.original_start(start);
        }
        match &self.map {
            SourceMap::Verbatim(base) => base + end,
            SourceMap::Pieces(pieces) => {
                let after = pieces.partition_point(|piece| piece.start < end);
                let Some(piece) = after.checked_sub(1).and_then(|at| pieces.get(at)) else {
                    return 0;
                };
                if piece.is_verbatim() {
                    piece.original + (end - piece.start).min(piece.len)
                } else {
                    piece.original + piece.original_len
                }
            }
        }
    }

    /// Moves the start of the body `n_bytes` on.
    pub(crate) fn skip(&mut self, n_bytes: usize) {
        self.body_start = (self.body_start + n_bytes).min(self.text.len());
    }

    /// Returns the stream that `name` stands for within the one that the line is on.
    pub(super) fn stream_within(&self, name: &str) -> u64 {
        // FNV-1a: deterministic, and a collision only lets two streams be read as one.
        name.bytes().fold(self.stream ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// Moves the start of the body behind a prefix of `len` bytes, of which the first `stamp_len`
    /// are a time stamp.
    pub(super) fn take_prefix(&mut self, len: usize, stamp_len: usize, stream: Option<u64>) {
        if self.stamp.is_none() && stamp_len > 0 {
            self.stamp = self.body().get(..stamp_len).map(|stamp| stamp.trim().into());
        }
        self.stream = stream.unwrap_or(self.stream);
        self.body_start = (self.body_start + len).min(self.text.len());
    }
}

/// Builds a [`Line`] from stretches that stand in the original and stretches that replace some.
#[derive(Debug, Default)]
pub(crate) struct LineBuilder {
    text: String,
    pieces: Vec<Piece>,
}

impl LineBuilder {
    /// Appends `text`, which stands in the original at `original`.
    pub(crate) fn keep(&mut self, text: &str, original: usize) {
        self.replace(text, original, text.len());
    }

    /// Appends `text` for the `original_len` bytes of the original at `original`.
    pub(crate) fn replace(&mut self, text: &str, original: usize, original_len: usize) {
        if text.is_empty() {
            return;
        }
        let piece = Piece { start: self.text.len(), len: text.len(), original, original_len };
        self.text.push_str(text);
        match self.pieces.last_mut() {
            Some(last)
                if last.is_verbatim()
                    && piece.is_verbatim()
                    && last.original + last.original_len == piece.original =>
            {
                last.len += piece.len;
                last.original_len += piece.original_len;
            }
            _ => self.pieces.push(piece),
        }
    }

    /// Appends `part`, a slice of `line`'s own text, with its places.
    pub(crate) fn keep_from(&mut self, line: &Line<'_>, part: &str) {
        let SourceMap::Pieces(pieces) = &line.map else {
            return self.keep(part, line.span_of(part).start);
        };
        let from = (part.as_ptr() as usize).wrapping_sub(line.text.as_ptr() as usize);
        let to = from.saturating_add(part.len());
        let first = pieces.partition_point(|piece| piece.start + piece.len <= from);
        for piece in pieces.iter().skip(first).take_while(|piece| piece.start < to) {
            let start = piece.start.max(from);
            let end = (piece.start + piece.len).min(to);
            let Some(text) = line.text.get(start..end) else { continue };
            if piece.is_verbatim() {
                self.keep(text, piece.original + (start - piece.start));
            } else {
                self.replace(text, piece.original, piece.original_len);
            }
        }
    }

    /// Says whether nothing was appended so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the line, on the stream and with the time stamp of `like` where one is given.
    pub(crate) fn finish(self, like: Option<&Line<'_>>) -> Line<'static> {
        let map = SourceMap::Pieces(self.pieces);
        let stream = like.map_or(0, |line| line.stream);
        let stamp = like.and_then(|line| line.stamp.clone());
        Line { text: Cow::Owned(self.text), map, body_start: 0, stream, stamp }
    }
}
