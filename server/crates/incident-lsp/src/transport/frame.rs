//! The base protocol: a header with `Content-Length`, an empty line, a body.

use std::io::{self, BufRead, Read};

/// The largest body that is read; a longer one is skipped and reported.
const MAX_BODY_BYTES: u64 = 128 << 20;

/// A length from here on is no length: skipping it would swallow the rest of the session.
const ABSURD_BODY_BYTES: u64 = 4 << 30;

/// The largest header line that is looked at.
const MAX_HEADER_LINE_BYTES: usize = 8 << 10;

/// What stood on the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A body of the length that its header named.
    Body(Vec<u8>),
    /// A body longer than the limit; it was skipped.
    TooLong {
        /// Its length.
        n_bytes: u64,
    },
    /// Bytes that are no header; reading goes on at the next `Content-Length`.
    BadHeader,
}

/// Reads frames off a stream.
pub(crate) struct FrameReader<R> {
    stream: R,
    max_body_bytes: u64,
    /// Bytes that are no header were reported, and no header has come since.
    in_garbage: bool,
}

impl<R: BufRead> FrameReader<R> {
    /// Wraps a stream that stands before a header.
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, max_body_bytes: MAX_BODY_BYTES, in_garbage: false }
    }

    /// Returns the same reader with another limit for bodies.
    #[cfg(test)]
    pub(crate) fn with_limit(self, max_body_bytes: u64) -> Self {
        Self { max_body_bytes, ..self }
    }

    /// Returns the next frame, or `None` at the end of input, also where it ends inside a frame.
    pub(crate) fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let mut length = None;
        loop {
            let Some(line) = self.header_line()? else { return Ok(None) };
            let text = line.trim_ascii();
            match (text.is_empty(), length) {
                (true, Some(n_bytes)) => {
                    self.in_garbage = false;
                    return self.body(n_bytes);
                }
                // Empty lines between frames do no harm.
                (true, None) => {}
                (false, _) => match header(text) {
                    // With garbage before it on the line, it follows a body that was miscounted.
                    Header::Length(n_bytes) if n_bytes < ABSURD_BODY_BYTES => {
                        length = Some(n_bytes);
                    }
                    Header::Other => {}
                    Header::Length(_) | Header::Garbage => {
                        length = None;
                        if !std::mem::replace(&mut self.in_garbage, true) {
                            return Ok(Some(Frame::BadHeader));
                        }
                    }
                },
            }
        }
    }

    /// Reads up to and including `\n`, or what fits the limit; `None` where the input ends.
    fn header_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let n_read =
            self.stream.by_ref().take(MAX_HEADER_LINE_BYTES as u64).read_until(b'\n', &mut line)?;
        let is_cut = n_read < MAX_HEADER_LINE_BYTES && line.last() != Some(&b'\n');
        Ok((!is_cut).then_some(line))
    }

    fn body(&mut self, n_bytes: u64) -> io::Result<Option<Frame>> {
        let mut wanted = self.stream.by_ref().take(n_bytes);
        if n_bytes > self.max_body_bytes {
            let n_skipped = io::copy(&mut wanted, &mut io::sink())?;
            return Ok((n_skipped == n_bytes).then_some(Frame::TooLong { n_bytes }));
        }
        // The buffer grows with what really arrives: a header alone reserves nothing.
        let mut body = Vec::new();
        wanted.read_to_end(&mut body)?;
        let complete = u64::try_from(body.len()).is_ok_and(|n_read| n_read == n_bytes);
        Ok(complete.then_some(Frame::Body(body)))
    }
}

enum Header {
    Length(u64),
    /// A header that is not about the length.
    Other,
    Garbage,
}

fn header(line: &[u8]) -> Header {
    const NAME: &[u8] = b"content-length";
    let lower = line.to_ascii_lowercase();
    if let Some(at) = lower.windows(NAME.len()).rposition(|window| window == NAME) {
        let value = lower.get(at + NAME.len()..).unwrap_or_default().trim_ascii_start();
        let digits = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        return number.map_or(Header::Garbage, Header::Length);
    }
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if is_name && !name.is_empty() && name.len() < line.len() {
        Header::Other
    } else {
        Header::Garbage
    }
}
