//! Python: names held against the modules that an environment installs, by their source.
//!
//! Nothing is imported. Core names the modules that it needs; host answers with what was found of
//! each, stubs before sources; what is compiled, computed or not at hand is `unknown`.

use std::collections::BTreeSet;

use crate::problem::Problem;

use super::{OtherPart, Reference};

mod builtins;
mod definitions;
mod expr;
mod imports;
mod index;
mod judge;
mod members;
mod values;
mod visit;
mod walk;
mod world;

pub use index::{PyModule, index_python};
pub use world::{Found, PyWorld};

/// What a check of Python found, and what it would need to say more.
#[derive(Clone, Debug, Default)]
pub struct CheckedPython {
    /// Every name that was looked at.
    pub references: Vec<Reference>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Modules that were asked for and are not in the world.
    pub wanted: BTreeSet<String>,
}

/// Holds the names of `part` against `world`.
pub fn check_python(part: &OtherPart, world: &PyWorld) -> CheckedPython {
    walk::check(part, world)
}

impl PyModule {
    /// Returns the same with the modules that lie right below it.
    pub fn with_submodules(mut self, submodules: BTreeSet<String>) -> Self {
        self.submodules = submodules;
        self
    }

    /// Returns a package without a file of its own.
    pub fn namespace(submodules: BTreeSet<String>) -> Self {
        Self { submodules, ..Self::default() }
    }

    /// Adds the names of a module's source to those of its stub: a stub may lag behind.
    pub fn with_source(mut self, source: Self) -> Self {
        for (name, bindings) in source.names {
            self.names.entry(name).or_insert(bindings);
        }
        self.stars.extend(source.stars);
        self.open = self.open.or(source.open);
        self
    }
}

#[cfg(test)]
mod tests;
