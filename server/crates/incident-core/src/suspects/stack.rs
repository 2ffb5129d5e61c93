//! The program's own frames, crash site first, whatever order the dialect prints them in.

use crate::input::Language;
use crate::resolve::{Resolution, ResolvedTrace, Status};
use crate::trace::{Frame, Origin, Relation};

/// One of the program's own frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnFrame<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) resolution: &'a Resolution,
}

/// Returns the program's own frames, those of the root cause first, innermost call first.
pub(crate) fn own_frames(trace: &ResolvedTrace) -> Vec<OwnFrame<'_>> {
    let mut own: Vec<OwnFrame<'_>> = trace
        .resolved_frames()
        .map(|(frame, resolution)| OwnFrame { frame, resolution })
        .filter(|own| is_own(own.frame, own.resolution))
        .collect();
    // Python prints the outermost call first.
    if trace.trace.language == Language::Python {
        own.reverse();
    }
    let last = trace.trace.causes.len();
    own.sort_by_key(|own| match trace.trace.causes.get(own.frame.cause).map(|c| c.relation) {
        // Causes stand outermost first, so the last one of the chain is the root of the failure.
        Some(Relation::Root | Relation::CausedBy | Relation::DuringHandling) => {
            last.saturating_sub(own.frame.cause)
        }
        _ => last + own.frame.cause,
    });
    own
}

fn is_own(frame: &Frame, resolution: &Resolution) -> bool {
    if frame.noise || resolution.status == Status::Dependency || resolution.package.is_some() {
        return false;
    }
    match frame.origin {
        Origin::App => true,
        Origin::Unknown => resolution.place.is_some(),
        Origin::Dependency | Origin::Std | Origin::Runtime => false,
    }
}
