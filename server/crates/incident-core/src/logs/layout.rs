//! Layouts: heads that were read before, told by their bytes.
//!
//! A writer's heads differ in little but the digits of their stamps. Where a line begins with the
//! bytes of a head that was read, digits aside, the parts stand at the same places.

use std::borrow::Cow;
use std::ops::Range;

use super::Level;
use super::head::Head;
use super::shape::mix;
use super::stamp::{self, Clock};

/// How many layouts are kept.
const N_LAYOUTS: usize = 128;

/// The longest head that is kept, in bytes.
const MAX_PREFIX: usize = 160;

/// The bytes that tell which layout a line may have.
const LOOK: Range<usize> = 16..64;

/// The upper halves of eight bytes.
const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;

/// Eight zeros, as digits.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Heads, by a hash of what their bytes are.
#[derive(Debug)]
pub(super) struct Layouts {
    known: Vec<Layout>,
}

#[derive(Clone, Debug, Default)]
struct Layout {
    /// What stands before the message, eight bytes at a time; the last eight may overlap.
    parts: Vec<(usize, Part)>,
    stamp_len: usize,
    level: Option<Level>,
    target: Range<usize>,
    message: usize,
    /// How often it was found, less how often another stood in its place.
    credit: u32,
}

/// Eight bytes of a head.
#[derive(Clone, Copy, Debug)]
struct Part {
    bytes: u64,
    /// All ones where the byte is a digit.
    digits: u64,
}

impl Default for Layouts {
    fn default() -> Self {
        Self { known: vec![Layout::default(); N_LAYOUTS] }
    }
}

impl Layouts {
    /// Reads a head whose layout is known.
    pub(super) fn read<'a>(&mut self, line: &'a [u8], clock: &Clock) -> Option<Head<'a>> {
        let layout = self.known.get_mut(slot(line)?)?;
        let message = line.get(layout.message..)?;
        if layout.message == 0 || !layout.parts.iter().all(|(at, part)| part.fits(line, *at)) {
            layout.credit = layout.credit.saturating_sub(1);
            return None;
        }
        layout.credit = layout.credit.saturating_add(1);
        let (time, stamp_len) = stamp::read(line, clock)?;
        let target = Cow::Borrowed(line.get(layout.target.clone())?);
        let message = Cow::Borrowed(message);
        let head = Head { time, level: layout.level, target, message, ..Head::default() };
        (stamp_len == layout.stamp_len).then_some(head)
    }

    /// Keeps the layout of a head that was read from `line`, where nothing after the head can have
    /// had a say in it.
    pub(super) fn learn(&mut self, line: &[u8], head: &Head<'_>, clock: &Clock) {
        let (Cow::Borrowed(target), Cow::Borrowed(message)) = (&head.target, &head.message) else {
            return;
        };
        let at = line.len().saturating_sub(message.len());
        let begins_with_date = matches!(line.get(4), Some(b'-' | b'/'));
        // `target: message`: no later word was looked at.
        let Some(name_end) =
            line.get(..at).and_then(|prefix| prefix.trim_ascii_end().strip_suffix(b":"))
        else {
            return;
        };
        let is_last = !target.is_empty() && name_end.ends_with(target) && line.ends_with(message);
        if !begins_with_date || !is_last || head.level.is_none() || !(8..=MAX_PREFIX).contains(&at)
        {
            return;
        }
        let Some(layout) = slot(line).and_then(|slot| self.known.get_mut(slot)) else { return };
        if layout.credit > 0 {
            return;
        }
        let Some((_, stamp_len)) = stamp::read(line, clock) else { return };
        let starts = (0..at / 8).map(|part| part * 8).chain([at - 8]);
        *layout = Layout {
            parts: starts.filter_map(|start| Some((start, Part::of(line, start)?))).collect(),
            stamp_len,
            level: head.level,
            target: name_end.len() - target.len()..name_end.len(),
            message: at,
            credit: 0,
        };
    }
}

impl Part {
    fn of(line: &[u8], at: usize) -> Option<Self> {
        let bytes = line.get(at..)?.first_chunk()?;
        let digits = bytes.map(|byte| if byte.is_ascii_digit() { 0xff } else { 0 });
        Some(Self { bytes: u64::from_le_bytes(*bytes), digits: u64::from_le_bytes(digits) })
    }

    /// Says whether the line has these bytes at `at`, and digits where these are some.
    fn fits(self, line: &[u8], at: usize) -> bool {
        const TO_CARRY: u64 = 0x0606_0606_0606_0606;
        let Some(bytes) = line.get(at..).and_then(|rest| rest.first_chunk()) else { return false };
        let found = u64::from_le_bytes(*bytes);
        // From 0x30 to 0x39: the upper half is 3, and the lower does not carry when 6 is added.
        let in_column = (found & HIGH) ^ ZEROS;
        let carries = ((found & !HIGH) + TO_CARRY) & HIGH;
        ((found ^ self.bytes) & !self.digits) | ((in_column | carries) & self.digits) == 0
    }
}

/// Returns where a line's layout is kept: by a hash of some of its bytes, digits aside.
fn slot(line: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (numbers, _) = line.get(LOOK)?.as_chunks();
    let hash = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).fold(0, |hash, bytes| {
        // What has 3 in its upper half loses the lower: digits, and a few signs.
        let is_other = (((bytes & HIGH) ^ ZEROS) >> 4) + ONES * 15;
        let kept = HIGH | (((is_other >> 4) & ONES) * 15);
        mix(hash, bytes & kept)
    });
    usize::try_from(hash >> 32).ok().map(|hash| hash % N_LAYOUTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::head;

    /// What is read by its layout is what is read word by word.
    #[test]
    fn as_without_a_layout() {
        let clock = Clock::new(None, None);
        let mut layouts = Layouts::default();
        let first =
            b"2026-03-03T13:24:00.000000Z  INFO ThreadId(12) app::pool::manager: took 7 slots";
        let head = head::read(first, &clock).expect("a head");
        layouts.learn(first, &head, &clock);
        for (line, is_known) in [
            (&b"2026-03-04T14:05:59.123456Z  INFO ThreadId(01) app::pool::manager: gone: ERROR"[..], true),
            (b"2026-03-04T14:05:59.123456Z  WARN ThreadId(01) app::pool::manager: took 7 slots", false),
            (b"2026-03-04T14:05:59.123456Z  INFO ThreadId(1) app::pool::manager::managers: took 7 slots", false),
            (b"2026-03-04T14:05:59.12345:Z  INFO ThreadId(01) app::pool::manager: took 7 slots", false),
            (b"2026-03-04T94:05:59.123456Z  INFO ThreadId(01) app::pool::manager: took 7 slots", false),
        ] {
            let found = layouts.read(line, &clock);
            assert_eq!(found.is_some(), is_known, "{}", String::from_utf8_lossy(line));
            assert!(!is_known || found == head::read(line, &clock));
        }
    }
}
