//! The explained incidents and the places where they show.
//!
//! Places are kept as ranges in the client's own encoding, and move with each edit.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use incident_core::present::{Diagnostic, ExplainedIncident, Explanation};
use tower_lsp::lsp_types::{Range, Url};

use crate::lsp::position::Shift;

/// So many incidents are kept; the oldest give way.
const MAX_ENTRIES: usize = 64;

/// The explained incidents, newest first; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    entries: Vec<Arc<Entry>>,
    /// What a check of names found, by document; no list is empty.
    checks: BTreeMap<Url, Arc<Vec<Mark>>>,
}

/// One explained incident.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What was found.
    pub(crate) explained: Arc<ExplainedIncident>,
    /// The whole answer that it is a part of.
    pub(crate) explanation: Arc<Explanation>,
    /// The workspace folder that it was held against.
    pub(crate) root: PathBuf,
    /// Where the trace or log came from.
    pub(crate) origin: Origin,
    /// More is on its way.
    pub(crate) is_partial: bool,
    /// Put aside by the person: it shows nothing until it is reopened.
    pub(crate) dismissed: bool,
    /// Where it shows, by place.
    pub(crate) marks: Vec<Mark>,
}

/// Where a trace or log came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The document, where it was one.
    pub(crate) uri: Option<Url>,
}

/// A place where an incident shows.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Where.
    pub(crate) place: TrackedRange,
    /// Further places with what they have to do with it.
    pub(crate) related: Vec<(TrackedRange, String)>,
    /// What is said there; its own places are those of the text that was explained.
    pub(crate) diagnostic: Arc<Diagnostic>,
    /// An official page about it.
    pub(crate) page: Option<Url>,
    /// Real names that can stand in its place, the nearest first.
    pub(crate) names: Vec<String>,
}

/// A range of a document that follows its edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrackedRange {
    /// The document.
    pub(crate) uri: Url,
    /// The range as the document is now.
    pub(crate) range: Range,
    /// The range as the file on disk is.
    saved_range: Range,
}

impl TrackedRange {
    /// Starts to follow a range.
    pub(crate) fn new(uri: Url, range: Range) -> Self {
        Self { uri, range, saved_range: range }
    }
}

impl Entry {
    /// Returns the incident's id.
    pub(crate) fn id(&self) -> &str {
        &self.explained.incident.id
    }

    /// Moves the places in one document; says whether there were any.
    pub(crate) fn shift(&mut self, uri: &Url, shift: &Shift) -> bool {
        self.change_places_in(uri, |place| place.range = shift.apply(place.range))
    }

    fn change_places_in(&mut self, uri: &Url, mut change: impl FnMut(&mut TrackedRange)) -> bool {
        let mut any = false;
        for mark in &mut self.marks {
            let places = mark.related.iter_mut().map(|(place, _)| place);
            for place in std::iter::once(&mut mark.place).chain(places) {
                if place.uri == *uri {
                    change(place);
                    any = true;
                }
            }
        }
        any
    }

    fn has_places_in(&self, uri: &Url) -> bool {
        self.marks.iter().any(|mark| {
            mark.place.uri == *uri || mark.related.iter().any(|(place, _)| place.uri == *uri)
        })
    }

    /// Returns the documents whose diagnostics speak of this incident.
    fn documents(&self) -> impl Iterator<Item = Url> {
        self.marks.iter().map(|mark| mark.place.uri.clone())
    }
}

impl Board {
    /// Returns the incidents, newest first.
    pub(crate) fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// Returns one incident: by its id, or by the beginning of it where that is enough.
    pub(crate) fn find(&self, id: &str) -> Option<&Arc<Entry>> {
        let mut fitting = self.entries.iter().filter(|entry| entry.id().starts_with(id));
        let first = fitting.next()?;
        (first.id() == id || fitting.next().is_none()).then_some(first)
    }

    /// Puts incidents in; one that was known gives way and keeps its being dismissed.
    ///
    /// A whole answer never gives way to a partial one: what shows must not flicker.
    ///
    /// Returns every document in which something appeared or went.
    pub(crate) fn put(&mut self, entries: Vec<Entry>) -> Vec<Url> {
        let mut touched = Vec::new();
        for mut entry in entries.into_iter().rev() {
            if let Some(at) = self.entries.iter().position(|known| known.id() == entry.id()) {
                if entry.is_partial && !self.entries.get(at).is_some_and(|known| known.is_partial) {
                    continue;
                }
                let known = self.entries.remove(at);
                touched.extend(known.documents());
                entry.dismissed = known.dismissed;
            }
            touched.extend(entry.documents());
            self.entries.insert(0, Arc::new(entry));
        }
        for gone in self.entries.drain(MAX_ENTRIES.min(self.entries.len())..) {
            touched.extend(gone.documents());
        }
        touched
    }

    /// Takes out one incident, or all of them; returns the documents in which something went.
    pub(crate) fn clear(&mut self, id: Option<&str>) -> Vec<Url> {
        let is_meant = |entry: &Arc<Entry>| id.is_none_or(|id| entry.id() == id);
        let (gone, kept) = self.entries.drain(..).partition(is_meant);
        self.entries = kept;
        let gone: Vec<Arc<Entry>> = gone;
        let checks = if id.is_none() { std::mem::take(&mut self.checks) } else { BTreeMap::new() };
        let of_entries = gone.iter().flat_map(|entry| entry.documents());
        of_entries.chain(checks.into_keys()).collect()
    }

    /// Puts an incident aside or takes it up again; returns the documents in which that shows.
    pub(crate) fn set_dismissed(&mut self, id: &str, dismissed: bool) -> Vec<Url> {
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.id() == id) else {
            return Vec::new();
        };
        Arc::make_mut(entry).dismissed = dismissed;
        entry.documents().collect()
    }

    /// Puts in what a check of names found in a document, in place of what an earlier one did.
    pub(crate) fn put_check(&mut self, uri: &Url, marks: Vec<Mark>) {
        if marks.is_empty() {
            self.checks.remove(uri);
        } else {
            self.checks.insert(uri.clone(), Arc::new(marks));
        }
    }

    /// Moves every place in one document; returns the documents whose diagnostics changed.
    pub(crate) fn shift(&mut self, uri: &Url, shift: &Shift) -> Vec<Url> {
        self.change_places_in(uri, |place| place.range = shift.apply(place.range))
    }

    /// Notes that a document stands on disk as it is now.
    pub(crate) fn save(&mut self, uri: &Url) {
        self.change_places_in(uri, |place| place.saved_range = place.range);
    }

    /// Takes back what was edited and not saved; returns the documents whose diagnostics changed.
    ///
    /// What a check found goes: it spoke of the open text.
    pub(crate) fn revert(&mut self, uri: &Url) -> Vec<Url> {
        let checked = self.checks.remove(uri).map(|_| uri.clone());
        let mut touched = self.change_places_in(uri, |place| place.range = place.saved_range);
        touched.extend(checked);
        touched
    }

    /// Returns what shows in a document, in the order of incidents and their marks.
    pub(crate) fn marks_in(&self, uri: &Url) -> Vec<&Mark> {
        let checked = self.checks.get(uri).into_iter().flat_map(|marks| marks.iter());
        self.entries
            .iter()
            .filter(|entry| !entry.dismissed)
            .flat_map(|entry| entry.marks.iter())
            .filter(|mark| mark.place.uri == *uri)
            .chain(checked)
            .collect()
    }

    /// Returns what shows in a range, its ends included.
    pub(crate) fn marks_at(&self, uri: &Url, range: Range) -> Vec<&Mark> {
        let mut marks = self.marks_in(uri);
        marks.retain(|mark| {
            mark.place.range.start <= range.end && range.start <= mark.place.range.end
        });
        marks
    }

    fn change_places_in(
        &mut self,
        uri: &Url,
        mut change: impl FnMut(&mut TrackedRange),
    ) -> Vec<Url> {
        let mut touched = Vec::new();
        if let Some(marks) = self.checks.get_mut(uri) {
            Arc::make_mut(marks).iter_mut().for_each(|mark| change(&mut mark.place));
            touched.push(uri.clone());
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.has_places_in(uri)) {
            let entry = Arc::make_mut(entry);
            entry.change_places_in(uri, &mut change);
            touched.extend(entry.documents());
        }
        touched
    }
}
