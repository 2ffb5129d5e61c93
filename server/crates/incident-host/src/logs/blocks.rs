//! Plain files: blocks read at their places by all cores, added up in order.

use std::fs::File;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use incident_core::cancel::Cancel;
use incident_core::logs::{BLOCK_BYTES, Block, MARGIN_BYTES, ScanOptions, Tally, Window, scan};
use incident_core::problem::Problem;
use rayon::prelude::*;

use super::unreadable;

/// How much of one line is read; the rest of a longer one is passed over.
const MAX_LINE_BYTES: usize = 16 << 20;

/// Reads `file` to the length that it has now.
pub(super) fn read(
    name: &str,
    file: &File,
    options: &ScanOptions,
    tally: &mut Tally,
    cancel: &Cancel,
) -> Result<(), Problem> {
    let len = file.metadata().map_err(|err| unreadable(name, &err))?.len();
    read_to(len, name, file, options, tally, cancel)
}

/// Reads the first `len` bytes of `file`, or what of them is still there.
pub(super) fn read_to(
    len: u64,
    name: &str,
    file: &File,
    options: &ScanOptions,
    tally: &mut Tally,
    cancel: &Cancel,
) -> Result<(), Problem> {
    let input = tally.begin_input(name);
    let block = BLOCK_BYTES as u64;
    let starts: Vec<u64> = (0..len.div_ceil(block)).map(|number| number * block).collect();
    // So many blocks are in memory at once as there are threads; their sums are small.
    let buffers = Mutex::new(Vec::new());
    for batch in starts.chunks(4 * rayon::current_num_threads().max(1)) {
        let done: Vec<io::Result<(Block, bool)>> = batch
            .par_iter()
            .map(|start| {
                let spare = lock(&buffers).pop();
                let mut buffer: Buffer = spare.unwrap_or_default();
                let answer = one(file, *start, len, input, options, &mut buffer, cancel);
                lock(&buffers).push(buffer);
                answer
            })
            .collect();
        for answer in done {
            let (block, is_short) = answer.map_err(|err| unreadable(name, &err))?;
            tally.add(block);
            if is_short {
                let told = format!(
                    "{name} became shorter while it was read; what was there by then is counted"
                );
                return Err(Problem::warning(told).at(name, None));
            }
        }
        if cancel.is_cancelled() {
            return Ok(());
        }
    }
    if file.metadata().is_ok_and(|now| now.len() > len) {
        let told = format!("{name} grew while it was read; the first {len} bytes are counted");
        return Err(Problem::info(told).at(name, None));
    }
    Ok(())
}

/// Held for a push or a pop.
fn lock(buffers: &Mutex<Vec<Buffer>>) -> MutexGuard<'_, Vec<Buffer>> {
    buffers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of the file. What was allocated and cleared once is written over, block by block.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Appends the bytes `from..to` of the file, or what of them is there.
    fn append(&mut self, file: &File, from: u64, to: u64) -> io::Result<()> {
        let kept = self.len;
        let end = kept + usize::try_from(to.saturating_sub(from)).unwrap_or(0);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        while let Some(room) = self.bytes.get_mut(self.len..end).filter(|room| !room.is_empty()) {
            match read_at(file, room, from + (self.len - kept) as u64) {
                Ok(0) => break,
                Ok(n) => self.len += n,
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }
}

/// Reads and scans one block; says whether the file ended before its length.
fn one(
    file: &File,
    start: u64,
    len: u64,
    input: u32,
    options: &ScanOptions,
    buffer: &mut Buffer,
    cancel: &Cancel,
) -> io::Result<(Block, bool)> {
    let from = start.saturating_sub(MARGIN_BYTES as u64);
    let end = (start + BLOCK_BYTES as u64).min(len);
    let to = (end + MARGIN_BYTES as u64).min(len);
    buffer.len = 0;
    buffer.append(file, from, to)?;
    let owned_start = usize::try_from(start - from).unwrap_or(0);
    let owned_end = usize::try_from(end - from).unwrap_or(0).min(buffer.len);
    // The block's last line is read to its end.
    let mut at = to;
    let mut seen = owned_end;
    while at < len && buffer.len < owned_end + MAX_LINE_BYTES {
        if memchr::memchr(b'\n', buffer.as_slice().get(seen..).unwrap_or_default()).is_some() {
            break;
        }
        seen = buffer.len;
        let next = (at + (1 << 20)).min(len);
        buffer.append(file, at, next)?;
        if buffer.len == seen {
            break;
        }
        at = next;
    }
    let is_short = (buffer.len as u64) < to - from;
    let window = Window {
        bytes: buffer.as_slice(),
        owned: owned_start.min(owned_end)..owned_end,
        begins_line: from == 0,
        input,
        offset: from,
    };
    Ok((scan(&window, options, cancel), is_short))
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
