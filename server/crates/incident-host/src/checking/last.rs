//! The checker of the last run, for the next one.
//!
//! It is taken again only where everything that it was made from still stands: the look at the
//! workspace, and the manifests of packages that were missing. Crates that it has read stay where
//! a checksum of the lock file names their very text; all others are read again.

use std::sync::{Arc, Mutex, PoisonError};

use incident_core::api::CrateKey;
use incident_core::cancel::Cancel;
use incident_core::problem::Problem;

use super::Checker;
use super::toolchain::Toolchain;
use crate::look::Look;
use crate::workspace::Workspace;

/// The last checker, shared by all clones of a workspace.
#[derive(Debug, Default)]
pub(crate) struct LastChecker {
    /// Held to take it out and to put it in.
    last: Mutex<Option<(Arc<Checker>, Vec<Problem>)>>,
}

impl LastChecker {
    /// Returns a checker of `workspace` as `look` has seen it.
    pub(crate) fn get(
        &self,
        workspace: &Workspace,
        look: &Arc<Look>,
        cancel: &Cancel,
    ) -> (Arc<Checker>, Vec<Problem>) {
        // An unsaved manifest is of this run alone.
        let has_open_manifest =
            workspace.open_buffers().keys().any(|path| path.ends_with("Cargo.toml"));
        if !has_open_manifest
            && let Some((checker, problems)) = self.lock().clone()
            && checker.still_stands(look, cancel)
        {
            checker.forget_what_may_change();
            return (checker, problems);
        }
        let (checker, problems) = Checker::of(workspace, look, cancel);
        let answer = (Arc::new(checker), problems);
        if !has_open_manifest && !cancel.is_cancelled() {
            *self.lock() = Some(answer.clone());
        }
        answer
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Arc<Checker>, Vec<Problem>)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checker {
    /// Says whether the look and the toolchain are those that this was made from, and no package
    /// that was missing then is there now.
    fn still_stands(&self, look: &Arc<Look>, cancel: &Cancel) -> bool {
        let mut missing = self.locked.packages.iter().filter(|package| {
            package.source.is_some() && !self.manifests.contains_key(&package.id)
        });
        Arc::ptr_eq(&self.look, look)
            && Toolchain::find(&self.workspace).map(|it| it.version()) == self.toolchain_version
            && missing.all(|package| look.packages.source(&package.id, cancel).is_err())
    }

    /// Forgets the crates whose text may have changed under the same version, and those that could
    /// not be had.
    fn forget_what_may_change(&self) {
        self.world().retain(|key| match key {
            CrateKey::Toolchain(_) => true,
            CrateKey::Package(id) => self.checksum(id).is_some(),
            CrateKey::Snippet => false,
        });
    }
}
