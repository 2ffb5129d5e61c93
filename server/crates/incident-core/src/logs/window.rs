//! What a scan is given, and what it gives: a window of a log, and its shapes with their counts.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::shapes::Shape;

/// How the lines are read.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// The zone of stamps that name none; `None` is UTC.
    pub zone: Option<TimeZone>,
    /// The year of stamps that name none; without it such records have no time.
    pub year: Option<i16>,
    /// When the change went out, in microseconds since 1970, where that is known beforehand.
    pub deploy: Option<i64>,
    /// Group warnings and worse alone; the others are counted as lines and records.
    pub severe_only: bool,
    /// Keep, for each line, the group of its record.
    pub labels: bool,
}

/// A block with the bytes around it.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    /// The block and what stands around it.
    pub bytes: &'a [u8],
    /// The block in `bytes`: lines that begin in it are its own.
    pub owned: Range<usize>,
    /// Whether the first byte begins a line.
    pub begins_line: bool,
    /// The number of the input, in the order given.
    pub input: u32,
    /// The offset of the first byte in its input.
    pub offset: u64,
}

/// What was read of one block.
#[derive(Debug, Default)]
pub struct Block {
    pub(super) input: u32,
    /// Lines that begin in the block.
    pub(super) n_lines: u64,
    pub(super) n_bytes: u64,
    pub(super) n_records: u64,
    /// Places count lines from 1 in this block.
    pub(super) shapes: Vec<Shape>,
    /// For each line of the block the number of its record's shape; empty unless asked for.
    pub(super) labels: Vec<u32>,
    pub(super) saw_no_zone: bool,
    /// How many lines were read past the flag of the job, for a place to name.
    pub(super) is_cancelled: bool,
}

/// The label of a line that belongs to no group.
pub(super) const NO_SHAPE: u32 = u32::MAX;
