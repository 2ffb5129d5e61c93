//! What a person hands in, read from a file or from standard input, within limits.

mod archive;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use incident_core::input::RawInput;
use incident_core::problem::Problem;

use crate::logs::unpacked;
use crate::message::plain;

/// How much of one input is read, in bytes: the end of it, where an incident usually is.
pub const MAX_INPUT_BYTES: usize = 64 << 20;

/// Why an input could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The system would not open or read it.
    #[error("{name} could not be read: {reason}")]
    Unreadable {
        /// The input as named.
        name: String,
        /// The system's words.
        reason: String,
    },
    /// It is a folder.
    #[error("{name} is a folder; name a trace or log file, or `-` for standard input")]
    Folder {
        /// The input as named.
        name: String,
    },
}

/// Reads the file at `path`: one text, or the texts of an archive.
pub fn load_all(path: &Path) -> Result<(Vec<RawInput>, Vec<Problem>), InputError> {
    let name = plain(&path.display().to_string());
    let unreadable = |err: std::io::Error| InputError::Unreadable {
        name: name.clone(),
        reason: err.to_string(),
    };
    // A pipe can't be looked at twice, and no archive comes through one.
    if path.metadata().is_ok_and(|meta| meta.is_file()) {
        let mut file = File::open(path).map_err(unreadable)?;
        let mut start = Vec::new();
        file.by_ref().take(4).read_to_end(&mut start).map_err(unreadable)?;
        if archive::is_archive(&start) {
            file.rewind().map_err(unreadable)?;
            return Ok(archive::read(&name, BufReader::new(file)));
        }
    }
    let (input, problems) = load_file(path)?;
    Ok((vec![input], problems))
}

/// Reads the file at `path`, unpacked; of a larger one the last [`MAX_INPUT_BYTES`].
pub fn load_file(path: &Path) -> Result<(RawInput, Vec<Problem>), InputError> {
    let name = plain(&path.display().to_string());
    let unreadable = |err: std::io::Error| InputError::Unreadable {
        name: name.clone(),
        reason: err.to_string(),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if meta.is_dir() {
        return Err(InputError::Folder { name });
    }
    let limit = MAX_INPUT_BYTES as u64;
    // Pipes have no size and are read like standard input.
    let skipped = if meta.is_file() { meta.len().saturating_sub(limit) } else { 0 };
    if meta.is_file() {
        let opened = unpacked(file).map_err(unreadable)?;
        let Some(plain_file) = opened.plain_file else {
            let (bytes, dropped) = read_end(opened.reader, MAX_INPUT_BYTES).map_err(unreadable)?;
            return Ok(text_input(name, bytes, dropped));
        };
        file = plain_file;
        file.seek(SeekFrom::Start(skipped)).map_err(unreadable)?;
    }
    let (bytes, dropped) = read_end(file, MAX_INPUT_BYTES).map_err(unreadable)?;
    Ok(text_input(name, bytes, skipped + dropped))
}

/// Reads `reader` to its end and keeps the last [`MAX_INPUT_BYTES`]; `name` is what it is called.
pub fn load_reader(name: &str, reader: impl Read) -> Result<(RawInput, Vec<Problem>), InputError> {
    let (bytes, dropped) = read_end(reader, MAX_INPUT_BYTES)
        .map_err(|err| InputError::Unreadable { name: plain(name), reason: err.to_string() })?;
    Ok(text_input(plain(name), bytes, dropped))
}

/// Makes an input of bytes that are at hand already: a selection, a clipboard, a test.
pub fn from_bytes(name: &str, bytes: Vec<u8>) -> (RawInput, Vec<Problem>) {
    text_input(plain(name), bytes, 0)
}

/// Returns the last `limit` bytes and how many came before them.
fn read_end(mut reader: impl Read, limit: usize) -> std::io::Result<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    let mut dropped = 0;
    loop {
        // Twice the limit at most is held, so that dropping costs linear time.
        let room = (2 * limit).saturating_sub(bytes.len()).max(1);
        if reader.by_ref().take(room as u64).read_to_end(&mut bytes)? == 0 {
            break;
        }
        let excess = bytes.len().saturating_sub(limit);
        if bytes.len() >= 2 * limit {
            bytes.drain(..excess);
            dropped += excess as u64;
        }
    }
    let excess = bytes.len().saturating_sub(limit);
    bytes.drain(..excess);
    Ok((bytes, dropped + excess as u64))
}

fn text_input(name: String, mut bytes: Vec<u8>, skipped: u64) -> (RawInput, Vec<Problem>) {
    let mut problems = Vec::new();
    if skipped > 0 {
        // Half a line would be read as a whole one.
        if let Some(end) = memchr::memchr(b'\n', &bytes) {
            bytes.drain(..=end);
        }
        problems.push(
            Problem::warning(format!(
                "only the last {} MiB were read; lines are counted from there, and {} MiB before \
                 them were not looked at",
                MAX_INPUT_BYTES >> 20,
                skipped.div_ceil(1 << 20)
            ))
            .at(name.clone(), None),
        );
    }
    let (input, found) = RawInput::decode(name, &bytes);
    problems.extend(found);
    (input, problems)
}

#[cfg(test)]
mod tests;
