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

/// Crash sites per trace that are followed: the panic's own place and the innermost frames.
const MAX_SITES: usize = 3;
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

/// Follows the failing expressions of `trace` back to the functions that made their values.
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
    let frame_sites = own_frames(trace).into_iter().filter_map(|own| own.resolution.place.as_ref());
    let mut sites: Vec<&Place> = panic_site.into_iter().chain(frame_sites).collect();
    sites.dedup_by(|next, kept| next.path == kept.path && next.line == kept.line);
    let mut found: Vec<Producer> = Vec::new();
    for site in sites.into_iter().take(MAX_SITES) {
        if cancel.is_cancelled() {
            break;
        }
        let Some(text) = sources.current.get(&site.path) else { continue };
        let Some(expression) = &site.expression else { continue };
        found.extend(walk::back_from(site, text, expression, symbols, cancel));
    }
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
