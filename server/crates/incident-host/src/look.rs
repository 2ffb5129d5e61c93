//! What a run saw of a workspace: its files and its packages. Kept for the next run.
//!
//! A kept look is a guess, never the truth: the run that begins with one looks again beside the
//! road, and ties the frames anew where something has changed since. Texts are not part of it,
//! they are read by each run.

use std::sync::{Arc, Mutex, PoisonError};

use incident_core::cancel::Cancel;
use incident_core::problem::Problem;

use crate::packages::Packages;
use crate::source::{self, Listing, SourceFile};
use crate::workspace::Workspace;

/// The files and packages of a workspace at one moment.
#[derive(Debug)]
pub struct Look {
    /// The files.
    pub listing: Listing,
    /// The packages that they describe.
    pub packages: Packages,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}

impl Look {
    /// Looks at `workspace`.
    pub fn take(workspace: &Workspace, cancel: &Cancel) -> Self {
        let (listing, mut problems) = source::list(workspace.root(), cancel);
        let (packages, found) = Packages::read(workspace, &listing, cancel);
        problems.extend(found);
        Self { listing, packages, problems }
    }

    /// Says whether a frame is tied to the same place and a name is checked in the same way,
    /// whichever of the two looks it is done with.
    ///
    /// Which source files there are counts, not what they hold: their texts and symbols are no
    /// part of a look. Of every other file, a manifest or a lock file, its version counts.
    fn means_the_same(&self, other: &Self) -> bool {
        let is_same = |a: &SourceFile, b: &SourceFile| {
            a.path == b.path && (a == b || source::is_source(&a.path))
        };
        let (files, others) = (&self.listing.files, &other.listing.files);
        files.len() == others.len()
            && files.iter().zip(others).all(|(a, b)| is_same(a, b))
            && self.packages.mean_the_same(&other.packages)
            && self.problems == other.problems
    }
}

/// The last look, shared by all clones of a workspace.
#[derive(Debug, Default)]
pub(crate) struct LastLook {
    /// Held to take it out and to put it in.
    look: Mutex<Option<Arc<Look>>>,
}

impl LastLook {
    /// Returns the last look; `None` before the first one, and where `workspace` may see more or
    /// less by now than it did then.
    pub(crate) fn get(&self, workspace: &Workspace) -> Option<Arc<Look>> {
        let look = self.look.lock().unwrap_or_else(PoisonError::into_inner).clone();
        look.filter(|look| look.packages.are_of(workspace))
    }

    /// Looks again. Returns the look that was kept where nothing has changed: what hangs on it
    /// stays good.
    pub(crate) fn again(&self, workspace: &Workspace, cancel: &Cancel) -> Arc<Look> {
        let look = Look::take(workspace, cancel);
        if cancel.is_cancelled() {
            return Arc::new(look);
        }
        let mut last = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = last.as_ref().filter(|last| last.packages.are_of(workspace));
        if let Some(kept) = kept.filter(|last| last.means_the_same(&look)) {
            return Arc::clone(kept);
        }
        Arc::clone(last.insert(Arc::new(look)))
    }
}

#[cfg(test)]
mod tests;
