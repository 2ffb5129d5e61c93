//! JavaScript and TypeScript: names held against what is installed, by type declarations first and
//! by exports of the source where there are none.
//!
//! Nothing is run, neither node nor the TypeScript compiler. Core names the imports and globals
//! that it needs; host answers with files. What is computed, untyped or not at hand is `unknown`.

use crate::problem::Problem;

use super::{OtherPart, Reference};

mod bindings;
mod calls;
mod eval;
mod imports;
mod index;
mod infer;
mod judge;
mod types;
mod walk;
mod world;

pub use index::{JsModule, index_javascript};
pub use world::{JsWanted, JsWorld, Resolution};

/// What a check of JavaScript found, and what it would need to say more.
#[derive(Clone, Debug, Default)]
pub struct CheckedJavaScript {
    /// Every name that was looked at.
    pub references: Vec<Reference>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Imports and globals that were asked for and are not in the world.
    pub wanted: JsWanted,
}

/// Holds the names of `part` against `world`.
pub fn check_javascript(part: &OtherPart, world: &JsWorld) -> CheckedJavaScript {
    walk::check(part, world)
}

#[cfg(test)]
mod tests;
