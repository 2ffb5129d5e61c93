//! Counted answers: what is labelled, what is right, what was made up.

use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

/// The answers of one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Answers that are written down.
    pub(crate) labelled: usize,
    /// Answers that agree with what is written down.
    pub(crate) right: usize,
    /// Answers given where the label says that there is none.
    pub(crate) invented: usize,
}

impl Tally {
    /// Counts one answer against its label.
    pub(crate) fn compare<T: PartialEq>(&mut self, expected: Option<&T>, got: Option<&T>) -> bool {
        match (expected, got) {
            (Some(expected), got) => {
                let right = got == Some(expected);
                self.labelled += 1;
                self.right += usize::from(right);
                right
            }
            (None, Some(_)) => {
                self.invented += 1;
                false
            }
            (None, None) => true,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.labelled += other.labelled;
        self.right += other.right;
        self.invented += other.invented;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.labelled, self.invented) {
            (0, 0) => "-".to_owned(),
            (_, 0) => format!("{}/{}", self.right, self.labelled),
            (_, n) => format!("{}/{} +{n}", self.right, self.labelled),
        };
        f.pad(&text)
    }
}
