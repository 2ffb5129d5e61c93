//! Which lines of traces were seen to follow one another.
//!
//! Programs crash in few ways, and each prints the same frames in the same order. Where the lines
//! of several traces are mixed, what followed before tells whose a line is.

use super::shape::{self, mix, mix_bytes};
use super::shapes::KeyMap;
use super::trace::Part;

/// How many pairs of lines are remembered.
const MAX_PAIRS: usize = 50_000;

/// How often a pair must have been seen to say something.
const MIN_SEEN: u32 = 3;

/// How many of a thousand lines after another make a line a usual one.
pub(super) const USUAL: u32 = 125;

/// How often a line was followed by another.
#[derive(Debug, Default)]
pub(super) struct Successions {
    /// By the hash of both lines, and by that of the first alone.
    counts: KeyMap<u32>,
}

impl Successions {
    /// Notes that `line` came right after `before` in one trace.
    pub(super) fn learn(&mut self, before: u64, line: u64) {
        if self.counts.len() < MAX_PAIRS {
            *self.counts.entry(before).or_default() += 1;
            *self.counts.entry(mix(before, line)).or_default() += 1;
        }
    }

    /// Returns how many of a thousand lines after `before` were `line`; 0 where too few were seen.
    pub(super) fn share(&self, before: u64, line: u64) -> u32 {
        let count = |key: u64| self.counts.get(&key).copied().unwrap_or_default();
        let n_seen = count(mix(before, line));
        if n_seen < MIN_SEEN { 0 } else { n_seen.saturating_mul(1000) / count(before).max(1) }
    }
}

/// Returns a hash of a trace's line: a frame counts as it stands, a message without its values.
pub(super) fn hash(line: &[u8], part: Part) -> u64 {
    match part {
        Part::Exception | Part::Text | Part::CausedBy => shape::hash(line, 0x11E),
        _ => mix_bytes(0x11E, line),
    }
}
