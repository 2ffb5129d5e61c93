//! Which lines of one text another text kept.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// The lines that two texts share in order, by a histogram diff that looks past indentation.
#[derive(Debug)]
pub(super) struct LineMap {
    /// What was replaced by what: 0-based lines before and after, in order.
    hunks: Vec<(Range<u32>, Range<u32>)>,
    n_before: u32,
}

impl LineMap {
    /// Compares two texts.
    pub(super) fn new(before: &str, after: &str) -> Self {
        let mut input = InternedInput::default();
        input.update_before(before.lines().map(str::trim));
        input.update_after(after.lines().map(str::trim));
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_no_heuristic(&input);
        let hunks = diff.hunks().map(|hunk| (hunk.before, hunk.after)).collect();
        Self { hunks, n_before: u32::try_from(input.before.len()).unwrap_or(u32::MAX) }
    }

    /// Returns where line `line` (from 1) is now, if it was kept.
    pub(super) fn kept(&self, line: u32) -> Option<u32> {
        let line_idx = line.checked_sub(1).filter(|line_idx| *line_idx < self.n_before)?;
        // The hunks up to the line; the last of them tells how far the lines after it moved.
        let n_hunks = self.hunks.partition_point(|(before, _)| before.start <= line_idx);
        let Some((before, after)) = self.hunks.get(n_hunks.wrapping_sub(1)) else {
            return Some(line);
        };
        if before.contains(&line_idx) {
            return None;
        }
        Some(line_idx - before.end + after.end + 1)
    }

    /// Says whether line `line` (from 1) of the later text stood in the earlier one.
    pub(super) fn is_old(&self, line: u32) -> bool {
        let line_idx = line.saturating_sub(1);
        let n_hunks = self.hunks.partition_point(|(_, after)| after.start <= line_idx);
        !self.hunks.get(n_hunks.wrapping_sub(1)).is_some_and(|(_, after)| after.contains(&line_idx))
    }

    /// Returns the lines (from 1) that took the place of line `line`, where it was replaced.
    pub(super) fn replaced_by(&self, line: u32) -> Option<Range<u32>> {
        let line_idx = line.checked_sub(1)?;
        let (_, after) = self.hunks.iter().find(|(before, _)| before.contains(&line_idx))?;
        (!after.is_empty()).then_some(after.start + 1..after.end + 1)
    }
}
