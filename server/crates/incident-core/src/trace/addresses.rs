//! Frames that are bare addresses, and the names that somebody else found for them.

use std::collections::BTreeMap;

use super::{Frame, SourceLocation, Trace, names, origin};

/// One call at an address, as debug information tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodePlace {
    /// The function as it is written there, mangled or not.
    pub function: Option<String>,
    /// The file as the compiler was given it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1, in bytes.
    pub column: Option<u32>,
}

/// What stands at an address: inlined calls first, the function that is really there last.
pub type CodePlaces = BTreeMap<u64, Vec<CodePlace>>;

/// Returns the addresses of frames that have no place, and so a name that may be a guess. Sorted,
/// without repeats.
pub fn wanted_addresses<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> Vec<u64> {
    let frames = traces.into_iter().flat_map(|trace| &trace.frames);
    let mut wanted: Vec<u64> = frames.filter_map(bare_address).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// Puts functions and places where `trace` has addresses alone; each inlined call becomes a frame.
pub fn with_places(mut trace: Trace, places: &CodePlaces) -> Trace {
    let frames = std::mem::take(&mut trace.frames);
    for frame in frames {
        let found = bare_address(&frame).and_then(|address| places.get(&address));
        match found.filter(|found| !found.is_empty()) {
            Some(found) => {
                let named = |(number, place)| named(&frame, place, number > 0);
                trace.frames.extend(found.iter().enumerate().map(named));
            }
            None => trace.frames.push(frame),
        }
    }
    origin::classify(&mut trace);
    trace
}

fn bare_address(frame: &Frame) -> Option<u64> {
    frame.address.filter(|_| frame.location.is_none())
}

fn named(bare: &Frame, place: &CodePlace, inlined: bool) -> Frame {
    let readable = place.function.as_deref().map(|name| names::readable(name).into_owned());
    let location = place.file.as_ref().map(|file| SourceLocation {
        file: file.clone(),
        line: place.line,
        column: place.column,
        span: bare.span,
    });
    Frame {
        function: readable.or_else(|| bare.function.clone()),
        raw_function: place.function.clone(),
        location,
        inlined,
        ..bare.clone()
    }
}
