//! Streams: standard input, pipes, and compressed files, which are unpacked on the way.

use std::fs::File;
use std::io::{self, Cursor, Read};

use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::logs::{BLOCK_BYTES, MARGIN_BYTES, ScanOptions, Tally, Window, scan};
use incident_core::problem::Problem;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use crate::input::MAX_INPUT_BYTES;

/// The largest window that a zstd frame may ask for: what `zstd --long` writes by default.
const MAX_ZSTD_WINDOW: u64 = 128 << 20;

/// A file, opened.
pub(crate) struct Opened {
    /// What stands in it, unpacked.
    pub(crate) reader: Box<dyn Read + Send>,
    /// The file, where it is plain text that may be read at any place.
    pub(crate) plain_file: Option<File>,
}

/// Opens a file by its first bytes: gzip, zstd, UTF-16, or plain.
pub(crate) fn unpacked(mut file: File) -> io::Result<Opened> {
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic)?;
    let again = Cursor::new(magic.clone());
    let opened = |reader: Box<dyn Read + Send>| Ok(Opened { reader, plain_file: None });
    match magic.as_slice() {
        [0x1f, 0x8b, ..] => opened(Box::new(flate2::read::MultiGzDecoder::new(again.chain(file)))),
        [0x28, 0xb5, 0x2f, 0xfd] => opened(Box::new(Frames::new(again.chain(file)))),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            let mut bytes = magic;
            file.take(MAX_INPUT_BYTES as u64).read_to_end(&mut bytes)?;
            let (input, _) = RawInput::decode("", &bytes);
            opened(Box::new(Cursor::new(input.text.into_bytes())))
        }
        _ => {
            let plain_file = file.try_clone().ok();
            Ok(Opened { reader: Box::new(again.chain(file)), plain_file })
        }
    }
}

/// The frames of a zstd file, one after another.
struct Frames<R: Read> {
    state: State<R>,
}

enum State<R: Read> {
    /// Before a frame, or at the end.
    Between(Peeked<R>),
    In(Box<StreamingDecoder<Peeked<R>, FrameDecoder>>),
    Ended,
}

/// A reader of which the first byte was looked at.
struct Peeked<R> {
    first: Option<u8>,
    source: R,
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match (self.first, buffer.first_mut()) {
            (Some(byte), Some(slot)) => {
                *slot = byte;
                self.first = None;
                Ok(1)
            }
            _ => self.source.read(buffer),
        }
    }
}

impl<R: Read> Frames<R> {
    fn new(source: R) -> Self {
        Self { state: State::Between(Peeked { first: None, source }) }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::In(mut frame) => {
                    let n = frame.read(buffer)?;
                    self.state = if n > 0 || buffer.is_empty() {
                        State::In(frame)
                    } else {
                        State::Between(frame.into_inner())
                    };
                    if n > 0 || buffer.is_empty() {
                        return Ok(n);
                    }
                }
                State::Between(mut source) => {
                    let mut first = [0];
                    if source.read(&mut first)? == 0 {
                        return Ok(0);
                    }
                    source.first = first.first().copied();
                    let frame = StreamingDecoder::new_with_max_window_size(source, MAX_ZSTD_WINDOW)
                        .map_err(io::Error::other)?;
                    self.state = State::In(Box::new(frame));
                }
                State::Ended => return Ok(0),
            }
        }
    }
}

/// Reads a stream to its end, block by block.
pub(super) fn read(
    name: &str,
    mut reader: impl Read,
    options: &ScanOptions,
    tally: &mut Tally,
    cancel: &Cancel,
) -> Result<(), Problem> {
    let input = tally.begin_input(name);
    let mut blocks = Blocks::default();
    loop {
        let room = (BLOCK_BYTES + MARGIN_BYTES).saturating_sub(blocks.n_waiting());
        let read = reader.by_ref().take(room as u64).read_to_end(&mut blocks.bytes);
        let is_end = !matches!(read, Ok(n) if n == room);
        let owned_end = if is_end { blocks.bytes.len() } else { blocks.start + BLOCK_BYTES };
        blocks.scan(owned_end, input, options, tally, cancel);
        match read {
            Err(err) => {
                let told = format!(
                    "{name} could not be read to its end: {err}; what came before is counted"
                );
                return Err(Problem::warning(told).at(name, None));
            }
            Ok(_) if is_end || cancel.is_cancelled() => return Ok(()),
            Ok(_) => {}
        }
    }
}

/// The part of a stream that is in memory: a margin, and what was not counted yet.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    pub(super) bytes: Vec<u8>,
    /// Where what was not counted begins.
    pub(super) start: usize,
    /// The offset of the first byte in the stream.
    offset: u64,
}

impl Blocks {
    fn n_waiting(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Counts the lines that begin before `owned_end` and keeps a margin of them.
    pub(super) fn scan(
        &mut self,
        owned_end: usize,
        input: u32,
        options: &ScanOptions,
        tally: &mut Tally,
        cancel: &Cancel,
    ) {
        let owned_end = owned_end.clamp(self.start, self.bytes.len());
        let window = Window {
            bytes: &self.bytes,
            owned: self.start..owned_end,
            begins_line: self.offset == 0,
            input,
            offset: self.offset,
        };
        tally.add(scan(&window, options, cancel));
        let cut = owned_end.saturating_sub(MARGIN_BYTES);
        self.bytes.drain(..cut);
        self.offset += cut as u64;
        self.start = owned_end - cut;
    }

    /// Begins again with an empty stream: after a rotation.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}
