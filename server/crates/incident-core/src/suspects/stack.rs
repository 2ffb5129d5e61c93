//! The program's own frames, crash site first, whatever order the dialect prints them in.

use crate::input::Language;
use crate::resolve::{Resolution, ResolvedTrace, Status};
use crate::syntax::{Item, ItemKind, SymbolIndex};
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

/// By how many lines a named function may lie off the line that a trace prints.
const MAX_DRIFT: u32 = 50;

/// A place of the program on the stack, in the deployed commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    /// Relative to the workspace, with `/`.
    pub(crate) path: &'a str,
    /// The line that the trace prints; the resolved one where it prints none.
    pub(crate) line: Option<u32>,
    /// The function's own name.
    pub(crate) function: Option<&'a str>,
    /// How many of the program's own calls lie between it and the crash.
    pub(crate) depth: usize,
}

/// Returns the program's places on the stack, crash site first: the panic line's own place, then
/// those of the frames. Places that stand in a row twice count once.
pub(crate) fn sites(trace: &ResolvedTrace) -> Vec<Site<'_>> {
    let panic_site = trace.location.as_ref().and_then(|resolution| {
        let printed = trace.trace.location.as_ref().and_then(|location| location.line);
        site(resolution, printed)
    });
    let frame_sites = own_frames(trace).into_iter().filter_map(|own| {
        let printed = own.frame.location.as_ref().and_then(|location| location.line);
        site(own.resolution, printed)
    });
    let mut sites: Vec<Site<'_>> = panic_site.into_iter().chain(frame_sites).collect();
    sites.dedup_by(|next, kept| next.path == kept.path && next.line == kept.line);
    for (depth, site) in sites.iter_mut().enumerate() {
        site.depth = depth;
    }
    sites
}

fn site(resolution: &Resolution, printed_line: Option<u32>) -> Option<Site<'_>> {
    if resolution.status == Status::Dependency || resolution.package.is_some() {
        return None;
    }
    let place = resolution.place.as_ref()?;
    Some(Site {
        path: &place.path,
        line: printed_line.or(place.line),
        function: place.item.as_ref().map(|item| item.name.as_str()),
        depth: 0,
    })
}

/// Returns the function that a site lies in.
///
/// The name that the trace gives beats the line: lines drift by a few, names do not.
pub(crate) fn function_of<'a>(functions: &'a SymbolIndex, site: &Site<'_>) -> Option<&'a Item> {
    let file = functions.file(site.path)?;
    let items = || file.items.iter().filter(|item| item.kind == ItemKind::Function);
    let line = site.line?;
    let distance =
        |item: &Item| item.start_line.saturating_sub(line).max(line.saturating_sub(item.end_line));
    let by_name = items()
        .filter(|item| Some(item.name.as_str()) == site.function)
        .filter(|item| distance(item) <= MAX_DRIFT)
        .min_by_key(|item| (distance(item), item.end_line.saturating_sub(item.start_line)));
    by_name.or_else(|| {
        items()
            .filter(|item| distance(item) == 0)
            .min_by_key(|item| item.end_line.saturating_sub(item.start_line))
    })
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
