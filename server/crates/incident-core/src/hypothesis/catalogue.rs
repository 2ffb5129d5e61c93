//! Everything that may be cited about one incident, each piece under a short stable id.
//!
//! `P1` is the place in a panic line, `M1` an error message, `F1` a frame, `H1` a changed place of a
//! suspect commit, `L1` a group of log records, `N1` a change of a metric; numbers run over the
//! incident. A source line that no frame points at is cited by its number, `S41`, with its file as
//! the place, or by its whole place, `src/pool.rs:41`.

use std::collections::BTreeMap;

use crate::history::{Commit, Hunk};
use crate::hypothesis::{
    Evidence, EvidenceKind, EvidenceLocation, EvidenceOrigin, HypothesisInput,
};
use crate::resolve::{Resolution, Status};
use crate::text::LineIndex;

/// More changed places than this are not offered as evidence: nobody could weigh them.
const MAX_HUNKS: usize = 400;
/// Likewise for groups of log records.
const MAX_LOG_GROUPS: usize = 400;

/// The evidence of one incident, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    entries: BTreeMap<String, Entry>,
}

/// One piece of evidence, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EvidenceKind,
    /// Who could have written it.
    pub origin: EvidenceOrigin,
    /// Where it stands.
    pub location: EvidenceLocation,
    /// Its text; a quote is a part of it.
    pub text: String,
}

/// Collects what may be cited about an incident.
pub fn catalogue(input: &HypothesisInput<'_>) -> Catalogue {
    let mut entries = BTreeMap::new();
    let mut n_messages = 0;
    let mut n_frames = 0;
    for (trace_idx, trace) in input.incident.traces.iter().enumerate() {
        if let Some(entry) = trace.location.as_ref().and_then(|place| frame(place, None, input)) {
            entries.insert(format!("P{}", trace_idx + 1), entry);
        }
        for cause in &trace.trace.causes {
            n_messages += 1;
            let Some(message) = &cause.message else { continue };
            let location = trace.location.as_ref().and_then(|resolution| resolution.place.as_ref());
            let location = location.map_or_else(EvidenceLocation::default, |place| {
                EvidenceLocation { path: place.path.clone(), line: place.line, commit: None }
            });
            entries.insert(
                format!("M{n_messages}"),
                Entry {
                    kind: EvidenceKind::Log,
                    origin: EvidenceOrigin::Service,
                    location,
                    text: message.clone(),
                },
            );
        }
        for (printed, resolution) in trace.resolved_frames() {
            n_frames += 1;
            if let Some(entry) = frame(resolution, printed.function.as_deref(), input) {
                entries.insert(format!("F{n_frames}"), entry);
            }
        }
    }
    for (hunk_idx, (commit, path, hunk)) in suspect_hunks(input).enumerate() {
        let (start, _) = new_lines(hunk);
        entries.insert(
            format!("H{}", hunk_idx + 1),
            Entry {
                kind: EvidenceKind::Hunk,
                origin: EvidenceOrigin::Repository,
                location: EvidenceLocation {
                    path: path.to_owned(),
                    line: Some(start),
                    commit: Some(commit.id.clone()),
                },
                text: hunk_text(hunk),
            },
        );
    }
    for (group_idx, group) in input.logs.groups.iter().take(MAX_LOG_GROUPS).enumerate() {
        entries.insert(
            format!("L{}", group_idx + 1),
            Entry {
                kind: EvidenceKind::Log,
                origin: EvidenceOrigin::Service,
                location: EvidenceLocation {
                    path: group.input.clone(),
                    line: u32::try_from(group.first_line).ok(),
                    commit: None,
                },
                text: group.sample.clone(),
            },
        );
    }
    for (change_idx, change) in input.incident.metrics.iter().take(MAX_LOG_GROUPS).enumerate() {
        let location = EvidenceLocation { path: change.input.clone(), line: None, commit: None };
        entries.insert(
            format!("N{}", change_idx + 1),
            Entry {
                kind: EvidenceKind::Metric,
                origin: EvidenceOrigin::Service,
                location,
                text: format!("{} {}", change.shown_name(), change.shown()),
            },
        );
    }
    Catalogue { entries }
}

/// Returns the changed places of the suspect commits, best suspect first, with their paths.
pub(super) fn suspect_hunks<'a>(
    input: &HypothesisInput<'a>,
) -> impl Iterator<Item = (&'a Commit, &'a str, &'a Hunk)> {
    let commits = input.history.map(|history| &*history.commits).unwrap_or_default();
    input
        .incident
        .suspects
        .commits
        .iter()
        .filter_map(|suspect| commits.iter().find(|commit| commit.id == suspect.commit))
        .flat_map(|commit| {
            commit.files.iter().flat_map(move |file| {
                file.hunks.iter().map(move |hunk| (commit, file.path.as_str(), hunk))
            })
        })
        .take(MAX_HUNKS)
}

/// Returns a hunk as people read it: `-` and `+` lines.
pub(super) fn hunk_text(hunk: &Hunk) -> String {
    let removed = hunk.removed.iter().map(|line| format!("-{line}"));
    let added = hunk.added.iter().map(|line| format!("+{line}"));
    removed.chain(added).collect::<Vec<_>>().join("\n")
}

/// Returns the first line of a hunk after its commit, and the one after its last.
pub(super) fn new_lines(hunk: &Hunk) -> (u32, u32) {
    let n_added = u32::try_from(hunk.added.len()).unwrap_or(u32::MAX);
    (hunk.new_start, hunk.new_start.saturating_add(n_added))
}

fn frame(
    resolution: &Resolution,
    function: Option<&str>,
    input: &HypothesisInput<'_>,
) -> Option<Entry> {
    let place = resolution.place.as_ref()?;
    let from_package = resolution.status == Status::Dependency || resolution.package.is_some();
    let line_text = match (from_package, place.line) {
        (false, Some(line)) => source_line(input, &place.path, line).or(place.line_text.as_deref()),
        _ => place.line_text.as_deref(),
    };
    let function = function.or(place.item.as_ref().map(|item| item.name.as_str()));
    let lines: Vec<&str> = [line_text, function].into_iter().flatten().collect();
    Some(Entry {
        kind: EvidenceKind::Frame,
        origin: EvidenceOrigin::Repository,
        location: EvidenceLocation { path: place.path.clone(), line: place.line, commit: None },
        text: lines.join("\n"),
    })
}

/// Returns a line of a source file as it is now.
pub(super) fn source_line<'a>(
    input: &HypothesisInput<'a>,
    path: &str,
    line: u32,
) -> Option<&'a str> {
    let text = input.sources.current.get(path)?;
    let span = LineIndex::new(text).line_span(line)?;
    span.slice(text).map(|line| line.trim_end_matches('\r'))
}

impl Catalogue {
    /// Returns one piece.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// Returns all pieces, by id.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(id, entry)| (id.as_str(), entry))
    }

    /// Cites a part of the piece `id`; `None` where there is no such piece or it does not hold
    /// `quote`.
    pub fn cite(&self, id: &str, quote: &str) -> Option<Evidence> {
        let entry = self.entries.get(id)?;
        (!quote.is_empty() && entry.text.contains(quote)).then(|| Evidence {
            id: id.to_owned(),
            kind: entry.kind,
            origin: entry.origin,
            location: entry.location.clone(),
            quote: quote.to_owned(),
        })
    }

    /// Cites a source line: by the frame that points at it, else by its number, or by its whole
    /// place where the number is `taken` by another file.
    pub(super) fn cite_line(
        &self,
        path: &str,
        line: u32,
        quote: &str,
        taken: &[Evidence],
    ) -> Evidence {
        let location = EvidenceLocation { path: path.to_owned(), line: Some(line), commit: None };
        let known = self.entries.iter().find(|(_, entry)| {
            entry.kind == EvidenceKind::Frame
                && entry.location == location
                && entry.text.contains(quote)
        });
        let mut id = known.map_or_else(|| format!("S{line}"), |(id, _)| id.clone());
        if taken.iter().any(|other| other.id == id && other.location != location) {
            id = format!("{path}:{line}");
        }
        Evidence {
            id,
            kind: EvidenceKind::Frame,
            origin: EvidenceOrigin::Repository,
            location,
            quote: quote.to_owned(),
        }
    }
}
