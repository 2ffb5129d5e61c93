//! Which lines of one text another text kept.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::resolve::place::Lines;

/// The lines that two texts share in order, by a histogram diff that looks past indentation.
#[derive(Clone, Debug)]
pub(super) struct LineMap {
    /// What was replaced by what: 0-based lines before and after, in order.
    hunks: Vec<(Range<u32>, Range<u32>)>,
    n_before: u32,
    /// Lines before the compared part, in the earlier and in the later text.
    skipped: (u32, u32),
    /// Every line of the later text counts as new.
    forgets: bool,
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
        let n_before = u32::try_from(input.before.len()).unwrap_or(u32::MAX);
        Self { hunks, n_before, skipped: (0, 0), forgets: false }
    }

    /// Compares two parts; lines are still counted from the start of their texts.
    pub(super) fn between(before: Lines<'_>, after: Lines<'_>) -> Self {
        let skipped = (before.first.saturating_sub(1), after.first.saturating_sub(1));
        Self { skipped, ..Self::new(before.text, after.text) }
    }

    /// Returns the map for a search that looks at every line of the later text.
    pub(super) fn forgetting(&self) -> Self {
        Self { forgets: true, ..self.clone() }
    }

    /// Returns where line `line` (from 1) is now, if it was kept.
    pub(super) fn kept(&self, line: u32) -> Option<u32> {
        let line_idx =
            line.checked_sub(1 + self.skipped.0).filter(|line_idx| *line_idx < self.n_before)?;
        // The hunks up to the line; the last of them tells how far the lines after it moved.
        let n_hunks = self.hunks.partition_point(|(before, _)| before.start <= line_idx);
        let Some((before, after)) = self.hunks.get(n_hunks.wrapping_sub(1)) else {
            return Some(line_idx + 1 + self.skipped.1);
        };
        if before.contains(&line_idx) {
            return None;
        }
        Some(line_idx - before.end + after.end + 1 + self.skipped.1)
    }

    /// Says whether line `line` (from 1) of the later text stood in the earlier one.
    pub(super) fn is_old(&self, line: u32) -> bool {
        if self.forgets {
            return false;
        }
        let Some(line_idx) = line.checked_sub(1 + self.skipped.1) else { return false };
        let n_hunks = self.hunks.partition_point(|(_, after)| after.start <= line_idx);
        !self.hunks.get(n_hunks.wrapping_sub(1)).is_some_and(|(_, after)| after.contains(&line_idx))
    }

    /// Returns the lines (from 1) that took the place of line `line`, where it was replaced.
    pub(super) fn replaced_by(&self, line: u32) -> Option<Range<u32>> {
        let line_idx = line.checked_sub(1 + self.skipped.0)?;
        let (_, after) = self.hunks.iter().find(|(before, _)| before.contains(&line_idx))?;
        let first = 1 + self.skipped.1;
        (!after.is_empty()).then_some(after.start + first..after.end + first)
    }
}
