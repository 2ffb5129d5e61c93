//! Who made the value that failed: functions of the workspace, one step back from a crash.
//!
//! The line that panics is seldom the one that is wrong. From the expression that failed this
//! follows calls and locals to the functions that made the value, through the receiver's written
//! type where there is one. What is not certain is left out where the name is a common one: a
//! wrong producer is worse than none.

mod walk;

use std::collections::BTreeSet;

use crate::cancel::Cancel;
use crate::resolve::{Place, ResolvedTrace, Sources};
use crate::suspects::stack::own_frames;
use crate::syntax::SymbolIndex;

/// Producers per trace.
const MAX_PRODUCERS: usize = 8;

/// A function of the workspace that made, or may have made, the value that failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Producer {
    /// How many steps it lies from the failing expression; 1 is the nearest.
    pub distance: usize,
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// The function's own name.
    pub function: String,
    /// The type or module that holds it: `Tiers`.
    pub holder: Option<String>,
    /// First line of the function as it is now, from 1.
    pub start_line: u32,
    /// Last line, inclusive.
    pub end_line: u32,
    /// The call, as source on one line: `tiers.get(&order.tier)`.
    pub call: String,
}

impl Producer {
    /// Returns the name that people use: `Tiers::get`.
    pub fn shown(&self) -> String {
        match &self.holder {
            Some(holder) => format!("{holder}::{}", self.function),
            None => self.function.clone(),
        }
    }
}

/// Follows the failing expression of `trace` back to the functions that made its value.
///
/// Needs the texts of the places on the stack (`sources.current`) and the workspace's symbols;
/// without them there is nothing to follow. Nearest first, then by path and line.
pub fn producers(
    trace: &ResolvedTrace,
    sources: &Sources,
    symbols: &SymbolIndex,
    cancel: &Cancel,
) -> Vec<Producer> {
    let panic_site = trace.location.as_ref().and_then(|location| location.place.as_ref());
    let frame_places: Vec<&Place> =
        own_frames(trace).into_iter().filter_map(|own| own.resolution.place.as_ref()).collect();
    // The frames further out only say how the program came here.
    let Some(site) = panic_site.or(frame_places.first().copied()) else { return Vec::new() };
    let Some(text) = sources.current.get(&site.path) else { return Vec::new() };
    let Some(expression) = &site.expression else { return Vec::new() };
    let mut found = walk::back_from(site, text, expression, symbols, cancel);
    found.retain(|producer| {
        !frame_places.iter().any(|place| {
            place.path == producer.path
                && place.item.as_ref().is_some_and(|item| item.start_line == producer.start_line)
        })
    });
    found.sort();
    let mut seen = BTreeSet::new();
    found.retain(|producer| seen.insert((producer.path.clone(), producer.start_line)));
    found.truncate(MAX_PRODUCERS);
    found
}

/// Names the files whose text tells more about the producers. Sorted, without repeats.
pub fn wanted_files(producers: &[Producer]) -> Vec<String> {
    let paths: BTreeSet<&String> = producers.iter().map(|producer| &producer.path).collect();
    paths.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests;
