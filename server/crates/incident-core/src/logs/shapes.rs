//! The table of shapes with what is counted of each.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::report::{GroupFrame, GroupKind, Level};
use super::shape::mix;
use super::stamp::Micros;

/// How many shapes are kept apart. A log with more has words that are values and do not look like
/// it; what comes after the limit is counted by level and logger alone.
const MAX_SHAPES: usize = 50_000;

/// The longest message that a shape keeps, in bytes; a group shows 1,000 characters.
const MAX_MESSAGE_BYTES: usize = 1200;

/// The longest head line that a shape keeps, in bytes; a group shows 400 characters.
const MAX_SAMPLE_BYTES: usize = 600;

/// Records of one shape.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// The hash of level, logger and constant words, or of a crash.
    pub(super) key: u64,
    pub(super) level: Level,
    pub(super) kind: GroupKind,
    /// The logger as written; empty where the record names none.
    pub(super) target: String,
    /// The message of the first record.
    pub(super) message: Box<[u8]>,
    /// The head line of the first record.
    pub(super) sample: Box<[u8]>,
    /// The length of that line, not cut.
    pub(super) sample_len: u64,
    pub(super) crash: Option<CrashShape>,
    pub(super) stats: Stats,
}

/// What a shape keeps of its first trace.
#[derive(Clone, Debug)]
pub(super) struct CrashShape {
    /// The key of the shape that the record's head has without the trace; `None` of a trace alone.
    pub(super) head: Option<u64>,
    pub(super) exception: String,
    pub(super) place: u64,
    pub(super) frames: Vec<GroupFrame>,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the input, in the order given.
    pub(super) input: u32,
    /// From 1.
    pub(super) line: u64,
    pub(super) byte: u64,
}

/// What is counted of a shape or a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Stats {
    pub(super) count: u64,
    /// Records before the deploy, where it was known when the log was read.
    pub(super) n_before: u64,
    pub(super) first: Place,
    pub(super) last: Place,
    pub(super) first_time: Option<Micros>,
    pub(super) last_time: Option<Micros>,
    /// Records by minute since 1970, in order.
    pub(super) minutes: Vec<(i64, u64)>,
}

impl Stats {
    pub(super) fn add(&mut self, place: Place, time: Option<Micros>, is_before: bool) {
        let order = |place: &Place| (place.input, place.byte);
        if self.count == 0 || order(&place) < order(&self.first) {
            self.first = place;
        }
        if self.count == 0 || order(&place) > order(&self.last) {
            self.last = place;
        }
        self.count += 1;
        self.n_before += u64::from(is_before);
        let Some(time) = time else { return };
        self.first_time = Some(self.first_time.map_or(time, |first| first.min(time)));
        self.last_time = Some(self.last_time.map_or(time, |last| last.max(time)));
        self.add_minute(time.div_euclid(60_000_000), 1);
    }

    fn add_minute(&mut self, minute: i64, count: u64) {
        // Records come nearly in order: the place is at the end or close to it.
        let mut at = self.minutes.len();
        while at > 0 {
            match self.minutes.get_mut(at - 1) {
                Some((found, n)) if *found == minute => {
                    *n += count;
                    return;
                }
                Some((found, _)) if *found > minute => at -= 1,
                _ => break,
            }
        }
        self.minutes.insert(at, (minute, count));
    }

    /// Counts another's records in.
    pub(super) fn merge(&mut self, other: &Stats) {
        if other.count == 0 {
            return;
        }
        let order = |place: &Place| (place.input, place.byte);
        if self.count == 0 || order(&other.first) < order(&self.first) {
            self.first = other.first;
        }
        if self.count == 0 || order(&other.last) > order(&self.last) {
            self.last = other.last;
        }
        self.count += other.count;
        self.n_before += other.n_before;
        self.first_time = [self.first_time, other.first_time].into_iter().flatten().min();
        self.last_time = self.last_time.max(other.last_time);
        self.merge_minutes(&other.minutes);
    }

    fn merge_minutes(&mut self, other: &[(i64, u64)]) {
        let Some((first, _)) = other.first() else { return };
        let after_mine = self.minutes.last().is_none_or(|(last, _)| last < first);
        if after_mine {
            self.minutes.extend_from_slice(other);
        } else if other.len() < 64 {
            other.iter().for_each(|(minute, count)| self.add_minute(*minute, *count));
        } else {
            self.minutes.extend_from_slice(other);
            self.minutes.sort_unstable();
            self.minutes.dedup_by(|next, kept| {
                let is_same = next.0 == kept.0;
                if is_same {
                    kept.1 += next.1;
                }
                is_same
            });
        }
    }
}

/// Keys are hashes already.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = super::shape::mix_bytes(self.0, bytes);
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

pub(super) type KeyMap<T> = HashMap<u64, T, BuildHasherDefault<KeyHasher>>;

/// Shapes in the order in which they first came.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    by_key: KeyMap<u32>,
    pub(super) list: Vec<Shape>,
}

impl Shapes {
    /// Returns the number of the shape with `key`; a new one is made by `make`. `family` is the
    /// hash of what is told apart when there are too many.
    pub(super) fn intern(&mut self, key: u64, family: u64, make: impl FnOnce() -> Shape) -> u32 {
        if let Some(found) = self.by_key.get(&key) {
            return *found;
        }
        let n_shapes = self.list.len();
        let key = match n_shapes {
            ..MAX_SHAPES => key,
            // Loggers may be too many too.
            _ if n_shapes < MAX_SHAPES + 1000 => mix(family, 0xC0A2),
            _ => 0xC0A2,
        };
        if let Some(found) = self.by_key.get(&key) {
            return *found;
        }
        let number = u32::try_from(n_shapes).unwrap_or(u32::MAX);
        self.list.push(Shape { key, ..make() });
        self.by_key.insert(key, number);
        number
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Shape> {
        self.list.get_mut(number as usize)
    }
}

impl Shape {
    /// Returns a shape that nothing was counted of yet.
    pub(super) fn new(level: Level, target: &[u8], message: &[u8], line: &[u8]) -> Self {
        Self {
            key: 0,
            level,
            kind: level.kind(),
            target: String::from_utf8_lossy(target.get(..200).unwrap_or(target)).into_owned(),
            message: message.get(..MAX_MESSAGE_BYTES).unwrap_or(message).into(),
            sample: line.get(..MAX_SAMPLE_BYTES).unwrap_or(line).into(),
            sample_len: line.len() as u64,
            crash: None,
            stats: Stats::default(),
        }
    }
}
