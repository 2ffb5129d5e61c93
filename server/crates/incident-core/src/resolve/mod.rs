//! Frames tied to source spans: [`Trace`] becomes [`ResolvedTrace`].
//!
//! Never a silent wrong line: each place has a [`Status`], and what is not certain says so.
//! Ask, fetch, compute: [`wanted_files`] names the files whose text is needed, the host answers
//! with [`Sources`], and [`resolve`] goes on.

mod drift;
mod linemap;
mod lookup;
mod paths;
mod place;
mod shape;
mod symbol;
mod unseen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cancel::Cancel;
use crate::deps::PackageId;
use crate::problem::Problem;
use crate::resolve::paths::{FileNames, PathOwner, PrintedPath};
use crate::resolve::place::{Printed, View};
use crate::resolve::symbol::SymbolPath;
use crate::syntax::rust::FailureHint;
use crate::syntax::{FailingExpression, Item, SymbolIndex};
use crate::trace::{Frame, Origin, SourceLocation, Trace};

/// A name that more functions than this share asks for none of their files.
const MAX_WANTED_BY_NAME: usize = 16;

/// A trace whose places were looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTrace {
    /// The trace as it was read.
    pub trace: Trace,
    /// The panic line's own place.
    pub location: Option<Resolution>,
    /// One for each of `trace.frames`, in the same order.
    pub frames: Vec<Resolution>,
}

/// What became of one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// How sure it is.
    pub status: Status,
    /// Where it is now. `None` for `unresolved`, and for `deleted` where the function is gone too.
    pub place: Option<Place>,
    /// The dependency that the place lies in.
    pub package: Option<PackageId>,
    /// What it may be, when `ambiguous`; sorted by path, then line.
    pub candidates: Vec<Candidate>,
    /// Why it is not `exact`, in words.
    pub reason: Option<String>,
    /// One for each of the frame's `more_locations`, in the same order.
    pub more: Vec<Resolution>,
    /// Where it stood when it was deployed, where that text was seen.
    pub was: Option<Was>,
}

/// A place in the deployed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Was {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The line's text, trimmed.
    pub line_text: String,
    /// The innermost named function around it.
    pub item: Option<Item>,
}

/// How sure a place is; design rule 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Same file, same line, same text as in the deployed version.
    Exact,
    /// The same statement at another line or in another file.
    Moved,
    /// The statement is recognisable but its text differs.
    Edited,
    /// The statement is gone; the function may remain.
    Deleted,
    /// The function was found by its name; the line inside is not known.
    BySymbol,
    /// Several places fit; they are listed.
    Ambiguous,
    /// In a dependency's source.
    Dependency,
    /// Not found, with the reason.
    #[default]
    Unresolved,
}

/// A place in a source tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Relative to the workspace, or to the package's root for a dependency; with `/`.
    pub path: String,
    /// The line, from 1; `None` where only the function is known.
    pub line: Option<u32>,
    /// The column, from 1, in UTF-8 bytes.
    pub column: Option<u32>,
    /// The innermost named function around it.
    pub item: Option<Item>,
    /// The line's text, trimmed at its end.
    pub line_text: Option<String>,
    /// The expression that failed, for a panic's own place and the frames of the program.
    pub expression: Option<FailingExpression>,
}

/// One of several places that fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The function around it.
    pub function: Option<String>,
}

/// The texts that the host brought, by workspace-relative path.
///
/// Open buffers stand here in place of the disk's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// As the file is now.
    pub current: BTreeMap<String, Arc<str>>,
    /// As it was in the deployed commit, where that is known.
    pub deployed: BTreeMap<String, Arc<str>>,
}

/// A dependency's source on disk, as far as a trace needs it.
#[derive(Clone, Debug, Default)]
pub struct PackageSources {
    /// By package; the inner key is the path below the package's root, with `/`.
    pub files: BTreeMap<PackageId, BTreeMap<String, Arc<str>>>,
    /// The versions that the workspace's lock file resolves, to name differences with.
    pub resolved: Vec<PackageId>,
}

/// Everything that resolving looks at, besides the trace.
#[derive(Clone, Copy, Debug)]
pub struct ResolveInput<'a> {
    /// Every file of the workspace that may be source, relative, with `/`, sorted.
    pub files: &'a [String],
    /// The symbols of the workspace; empty before the first incident has indexed it.
    pub symbols: &'a SymbolIndex,
    /// The texts that [`wanted_files`] asked for.
    pub sources: &'a Sources,
    /// The texts that [`wanted_packages`] asked for.
    pub packages: &'a PackageSources,
    /// Names of the workspace's own packages, sorted: their frames are the program's own.
    pub members: &'a [WorkspaceMember],
}

/// A package of the workspace itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkspaceMember {
    /// The name in its manifest.
    pub name: String,
    /// The version in its manifest.
    pub version: Option<String>,
    /// The folder of its manifest, relative to the workspace, with `/`; empty for the root.
    pub root: String,
}

/// A file of a package whose text is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedPackageFile {
    /// The package and version that the trace or the lock file names.
    pub package: PackageId,
    /// The path below the package's root, with `/`.
    pub path: String,
}

impl Status {
    /// Returns the name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Moved => "moved",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
            Self::BySymbol => "by_symbol",
            Self::Ambiguous => "ambiguous",
            Self::Dependency => "dependency",
            Self::Unresolved => "unresolved",
        }
    }
}

impl ResolvedTrace {
    /// Pairs each frame with what became of it.
    pub fn resolved_frames(&self) -> impl Iterator<Item = (&Frame, &Resolution)> {
        self.trace.frames.iter().zip(&self.frames)
    }
}

/// Names the workspace files whose text [`resolve`] needs: all that a place of the trace may lie in.
///
/// Asked with the deployed commit's own file list (and no symbols), it names the deployed texts.
/// Sorted, without repeats.
pub fn wanted_files(
    trace: &Trace,
    files: &[String],
    symbols: &SymbolIndex,
    members: &[WorkspaceMember],
) -> Vec<String> {
    let names = FileNames::new(files.iter().map(String::as_str));
    let mut wanted = BTreeSet::new();
    for location in locations(trace) {
        wanted.extend(place::wanted(&names, Some(location), members));
    }
    for frame in trace.frames.iter().filter(|frame| frame.origin != Origin::Std) {
        let Some(symbol) = frame.function.as_deref().and_then(SymbolPath::parse) else { continue };
        if symbol.is_bare() {
            continue;
        }
        let found = lookup::functions(&symbol, symbols, members);
        if found.len() <= MAX_WANTED_BY_NAME {
            wanted.extend(found.iter().map(|found| found.file.path.clone()));
        }
    }
    wanted.into_iter().collect()
}

/// Says whether a place of the trace is not in the function that it was deployed in, so that
/// [`wanted_moved`] wants to know which files changed.
pub fn has_strayed(trace: &Trace, input: &ResolveInput<'_>, cancel: &Cancel) -> bool {
    let Sources { current, deployed } = input.sources;
    if deployed.iter().all(|(path, text)| current.get(path) == Some(text)) {
        return false;
    }
    let view = View::new(input, cancel);
    locations(trace).any(|location| view.has_strayed(location))
}

/// Names further workspace files that [`resolve`] needs once the deployed texts are there: those that
/// code may have moved to. Asked once more after [`wanted_files`] was answered; both the texts of
/// now and those of the deployed commit help.
///
/// `changed` are the files that differ from the deployed commit's. Empty where every place stands
/// in the function that it stood in. Sorted, without repeats.
pub fn wanted_moved(
    trace: &Trace,
    input: &ResolveInput<'_>,
    changed: &[String],
    cancel: &Cancel,
) -> Vec<String> {
    if input.sources.deployed.is_empty() {
        return Vec::new();
    }
    let view = View::new(input, cancel);
    let mut wanted = BTreeSet::new();
    for location in locations(trace) {
        wanted.extend(view.wanted_moved(location, changed));
    }
    wanted.retain(|path| !input.sources.current.contains_key(path));
    wanted.into_iter().collect()
}

/// Names the dependency files whose text [`resolve`] needs; the host brings those that exist.
///
/// Sorted, without repeats.
pub fn wanted_packages(trace: &Trace, resolved: &[PackageId]) -> Vec<WantedPackageFile> {
    let mut wanted = BTreeSet::new();
    for location in locations(trace) {
        let Some(path) = PrintedPath::parse(&location.file) else { continue };
        let PathOwner::Package { name, version, below, .. } = path.owner() else { continue };
        let locked = resolved.iter().find(|id| id.name == name).map(|id| id.version.clone());
        let Some(version) = version.or(locked) else { continue };
        let package = PackageId { name, version };
        wanted.insert(WantedPackageFile { package, path: below });
    }
    for frame in trace.frames.iter().filter(|frame| frame.location.is_none()) {
        let Some(symbol) = frame.function.as_deref().and_then(SymbolPath::parse) else { continue };
        for crate_name in symbol.crates() {
            let Some(package) = resolved.iter().find(|id| lookup::same_crate(&id.name, crate_name))
            else {
                continue;
            };
            for path in lookup::module_files(&symbol) {
                wanted.insert(WantedPackageFile { package: package.clone(), path });
            }
        }
    }
    wanted.into_iter().collect()
}

fn locations(trace: &Trace) -> impl Iterator<Item = &SourceLocation> {
    let of_frames =
        trace.frames.iter().flat_map(|frame| frame.location.iter().chain(&frame.more_locations));
    trace.location.iter().chain(of_frames)
}

/// Ties every place of `trace` to the source.
pub fn resolve(
    trace: Trace,
    input: &ResolveInput<'_>,
    cancel: &Cancel,
) -> (ResolvedTrace, Vec<Problem>) {
    let view = View::new(input, cancel);
    let hint = trace.message().map(FailureHint::from_message).unwrap_or_default();
    let symbols: Vec<Option<SymbolPath>> = trace
        .frames
        .iter()
        .map(|frame| frame.function.as_deref().and_then(SymbolPath::parse))
        .collect();
    let location = trace.location.as_ref().map(|location| {
        // The panic line names no function; a frame at the same place does.
        let same_place = trace.frames.iter().position(|frame| {
            frame.location.as_ref().is_some_and(|of_frame| {
                of_frame.file == location.file && of_frame.line == location.line
            })
        });
        let symbol = same_place.and_then(|frame_idx| symbols.get(frame_idx)?.as_ref());
        let innermost = trace.frames.iter().position(|frame| {
            matches!(frame.origin, Origin::App | Origin::Dependency) && !frame.noise
        });
        let near = innermost.and_then(|frame_idx| symbols.get(frame_idx)?.as_ref());
        let printed = Printed { location: Some(location), symbol, near, callee: None, hint };
        let mut resolution = view.resolve(printed);
        // The line is the one that the trace names, but it cannot have failed with this message.
        // Only a line with nothing on it that calls, indexes or computes is told: macros hide a lot.
        let cannot_fail = |place: &Place| {
            let line = place.line_text.as_deref().unwrap_or_default();
            let code = line.split("//").next().unwrap_or_default();
            place.path.ends_with(".rs") && !code.contains(['(', '[', '+', '-', '*', '/', '%', '!'])
        };
        if resolution.status == Status::Exact
            && !hint.is_open()
            && resolution.place.as_ref().is_some_and(cannot_fail)
        {
            resolution.reason = Some(
                "nothing on this line fails like this, so the trace may be of another version"
                    .to_owned(),
            );
        }
        resolution
    });
    let mut frames = Vec::with_capacity(trace.frames.len());
    let mut problems = Vec::new();
    for (frame_idx, frame) in trace.frames.iter().enumerate() {
        if cancel.is_cancelled() {
            frames.resize_with(trace.frames.len(), || {
                place::unresolved("cancelled before it was looked up".to_owned())
            });
            problems.push(Problem::warning("resolving the trace was cancelled"));
            break;
        }
        let symbol = symbols.get(frame_idx).and_then(Option::as_ref);
        let inner = frame_idx.checked_sub(1).and_then(|inner| symbols.get(inner)?.as_ref());
        let callee = inner.map(SymbolPath::name);
        // The frame of the panic itself knows what failed.
        let is_panic = frame.location.is_some()
            && frame.location.as_ref().map(|at| (&at.file, at.line))
                == trace.location.as_ref().map(|at| (&at.file, at.line));
        let hint = if is_panic { hint } else { FailureHint::default() };
        let at = |location| view.resolve(Printed { location, symbol, near: None, callee, hint });
        let mut resolution = at(frame.location.as_ref());
        resolution.more = frame.more_locations.iter().map(|location| at(Some(location))).collect();
        frames.push(resolution);
    }
    (ResolvedTrace { trace, location, frames }, problems)
}

/// Ties one place that stands outside a trace, such as in a log line, to the source.
pub fn resolve_location(
    location: &SourceLocation,
    input: &ResolveInput<'_>,
    cancel: &Cancel,
) -> Resolution {
    let view = View::new(input, cancel);
    let hint = FailureHint::default();
    view.resolve(Printed { location: Some(location), symbol: None, near: None, callee: None, hint })
}

#[cfg(test)]
mod tests;
