//! Grouping accuracy and the F1 of groups.

use std::collections::{BTreeMap, BTreeSet};

/// How a grouping compares with the labelled one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Score {
    pub(super) n_records: usize,
    /// Records whose group has exactly the members of their labelled group.
    pub(super) n_records_right: usize,
    pub(super) n_groups: usize,
    pub(super) n_labelled: usize,
    /// Groups with exactly the members of a labelled group.
    pub(super) n_groups_right: usize,
}

impl Score {
    /// Compares record by record.
    pub(super) fn of(found: &[u32], labelled: &[u32]) -> Self {
        let mut members: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
        let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
        for (group, label) in found.iter().zip(labelled) {
            *members.entry(*group).or_default().entry(*label).or_default() += 1;
            *sizes.entry(*label).or_default() += 1;
        }
        let mut score = Self {
            n_records: found.len().min(labelled.len()),
            n_groups: members.len(),
            n_labelled: sizes.len(),
            ..Self::default()
        };
        for labels in members.values() {
            if let (1, Some((label, n))) = (labels.len(), labels.first_key_value())
                && sizes.get(label) == Some(n)
            {
                score.n_groups_right += 1;
                score.n_records_right += n;
            }
        }
        score
    }

    /// Returns the share of records that are grouped rightly.
    pub(super) fn accuracy(&self) -> f64 {
        self.n_records_right as f64 / self.n_records.max(1) as f64
    }

    /// Returns the F1 over groups.
    pub(super) fn f1(&self) -> f64 {
        2.0 * self.n_groups_right as f64 / (self.n_groups + self.n_labelled).max(1) as f64
    }
}

/// Returns the F1 of a set of names.
pub(super) fn precision_and_recall<T: Ord>(found: &BTreeSet<T>, right: &BTreeSet<T>) -> (f64, f64) {
    let hits = found.intersection(right).count() as f64;
    let share = |n: usize| if n == 0 { 1.0 } else { hits / n as f64 };
    (share(found.len()), share(right.len()))
}
