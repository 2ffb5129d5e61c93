//! An explanation as a job: reads the input, chooses the folder, runs the pipeline, finds the places.
//!
//! Runs on a blocking thread, and touches nothing but its request and its snapshot.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use incident_core::cancel::Cancel;
use incident_core::input::RawInput;
use incident_core::present::{self, DiagnosticPlace, Explanation};
use incident_core::problem::Problem;
use incident_host::command::Environment;
use incident_host::config;
use incident_host::links::{self, Context, LinkSettings};
use incident_host::pipeline::{self, ExplainOptions, Update};
use ropey::Rope;
use tower_lsp::lsp_types::{Position, Range, Url};

use super::Found;
use crate::lsp::position::{self, Encoding};
use crate::state::{Entry, Mark, Origin, Snapshot, TrackedRange};

/// What is to be explained, and how.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The trace or log.
    pub(crate) input: Input,
    /// The workspace folder, as given.
    pub(crate) workspace: Option<PathBuf>,
    /// What the person asked for besides.
    pub(crate) options: ExplainOptions,
    /// What becomes of the answer.
    pub(crate) purpose: Purpose,
}

/// What becomes of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is shown.
    Explain,
    /// Only the one who asked sees it: somebody follows a frame.
    LookUp,
}

/// A trace or log.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A text that was handed in.
    Text {
        /// What the person calls it.
        name: String,
        /// The text itself.
        text: String,
    },
    /// A document, open or on disk, or a part of it.
    Document {
        /// Which one.
        uri: Url,
        /// The part.
        range: Option<Range>,
    },
    /// A link, fetched first.
    Link {
        /// As given.
        link: String,
        /// A host that the person allowed for this time.
        allow_host: Option<String>,
    },
}

/// What two requests have in common when the newer one takes the older one's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Text,
    Document(Url, Purpose),
}

/// What a running explanation reports.
pub(super) enum Progress {
    Stage(&'static str),
    Found(Box<Found>),
}

impl Request {
    /// Returns what tells whether another request is for the same thing.
    pub(super) fn key(&self) -> Key {
        match &self.input {
            Input::Text { .. } | Input::Link { .. } => Key::Text,
            Input::Document { uri, .. } => Key::Document(uri.clone(), self.purpose),
        }
    }

    /// Returns a title for a progress display.
    pub(super) fn title(&self) -> String {
        match &self.input {
            Input::Text { name, .. } => format!("Explaining {name}"),
            Input::Document { uri, .. } => format!("Explaining {}", file_name(uri)),
            Input::Link { link, .. } => {
                format!("Explaining {}", links::host_of(link).unwrap_or_default())
            }
        }
    }

    /// Returns the whole document that was asked for, where it was one.
    pub(super) fn whole_document(&self) -> Option<&Url> {
        match &self.input {
            Input::Document { uri, range: None } => Some(uri),
            Input::Document { .. } | Input::Text { .. } | Input::Link { .. } => None,
        }
    }

    fn origin(&self) -> Origin {
        match &self.input {
            Input::Text { .. } | Input::Link { .. } => Origin::default(),
            Input::Document { uri, .. } => Origin { uri: Some(uri.clone()) },
        }
    }
}

/// Explains, and reports what it has found whenever there is more.
pub(super) fn run(
    request: &Request,
    snapshot: &Snapshot,
    cancel: &Cancel,
    report: &mut dyn FnMut(Progress),
) {
    let roots = roots(request, snapshot);
    let (inputs, problems) = match &request.input {
        Input::Link { link, allow_host } => {
            report(Progress::Stage("Asking for the link"));
            fetch(link, allow_host.as_slice(), roots.first(), snapshot, cancel)
        }
        input => {
            let (input, problems) = read_input(input, snapshot);
            (input.into_iter().collect(), problems)
        }
    };
    let mut best: Option<(usize, PathBuf, Explanation)> = None;
    let is_only_root = roots.len() == 1;
    for root in roots {
        let workspace = snapshot.workspace(&root);
        let mut on_update = |update: Update| match update {
            Update::Stage(stage) => report(Progress::Stage(stage)),
            Update::Partial(partial) if is_only_root => {
                report(Progress::Found(Box::new(found(request, snapshot, &root, *partial, false))));
            }
            Update::Partial(_) | Update::Request(_) => {}
        };
        let explanation =
            pipeline::explain(inputs.clone(), &workspace, &request.options, cancel, &mut on_update);
        if cancel.is_cancelled() {
            return;
        }
        let n_placed = n_placed(&explanation);
        if best.as_ref().is_none_or(|(most, ..)| n_placed > *most) {
            best = Some((n_placed, root, explanation));
        }
    }
    let Some((_, root, mut explanation)) = best else { return };
    explanation.problems.splice(0..0, problems);
    report(Progress::Found(Box::new(found(request, snapshot, &root, explanation, true))));
}

/// The folders to try: the one that was named, the one that holds the document, else all.
fn roots(request: &Request, snapshot: &Snapshot) -> Vec<PathBuf> {
    if let Some(workspace) = &request.workspace {
        return vec![workspace.clone()];
    }
    match &request.input {
        Input::Document { uri, .. } => snapshot.roots_for(Some(uri)),
        Input::Text { .. } | Input::Link { .. } => snapshot.roots_for(None),
    }
}

/// How many of the program's own places were found: what tells one folder from another.
fn n_placed(explanation: &Explanation) -> usize {
    let incidents = explanation.incidents.iter();
    let traces = incidents.flat_map(|explained| &explained.incident.traces);
    traces
        .map(|trace| {
            let frames = present::words::app_frames(trace);
            let n_frames = frames.filter(|(.., found)| found.place.is_some()).count();
            n_frames + usize::from(present::words::site(trace).is_some())
        })
        .sum()
}

fn read_input(input: &Input, snapshot: &Snapshot) -> (Option<RawInput>, Vec<Problem>) {
    let (uri, range) = match input {
        Input::Text { name, text } => {
            return (Some(RawInput { name: name.clone(), text: text.clone() }), Vec::new());
        }
        Input::Document { uri, range } => (uri, *range),
        Input::Link { .. } => return (None, Vec::new()),
    };
    let encoding = snapshot.session.capabilities.encoding;
    if let Some(document) = snapshot.document(uri) {
        let name = file_name(uri);
        return (Some(RawInput { name, text: part(document.rope(), range, encoding) }), Vec::new());
    }
    match read_file(uri) {
        Ok((mut input, problems)) => {
            if range.is_some() {
                input.text = part(&Rope::from_str(&input.text), range, encoding);
            }
            (Some(RawInput { name: file_name(uri), ..input }), problems)
        }
        Err(reason) => (None, vec![Problem::error(reason)]),
    }
}

/// Fetches a link by the settings of the folder that it is held against.
fn fetch(
    link: &str,
    confirmed: &[String],
    root: Option<&PathBuf>,
    snapshot: &Snapshot,
    cancel: &Cancel,
) -> (Vec<RawInput>, Vec<Problem>) {
    let settings = root.map(|root| link_settings(root, snapshot)).unwrap_or_default();
    let environment = Environment::of_process();
    let context = Context { settings: &settings, confirmed, environment: &environment };
    match links::load(link, &context, cancel) {
        Ok(loaded) => (loaded.inputs, loaded.problems),
        Err(err) => (Vec::new(), vec![Problem::error(err.to_string())]),
    }
}

/// Returns which hosts a folder's settings allow.
pub(crate) fn link_settings(root: &Path, snapshot: &Snapshot) -> LinkSettings {
    // What is wrong with them is told by the explanation itself.
    let (config, _) = config::read(root, snapshot.workspace(root).is_trusted());
    config.links
}

fn part(rope: &Rope, range: Option<Range>, encoding: Encoding) -> String {
    let Some(range) = range else { return rope.to_string() };
    let start = position::char_offset(rope, range.start, encoding);
    let end = position::char_offset(rope, range.end, encoding);
    rope.slice(start.min(end)..start.max(end)).to_string()
}

/// Reads a regular file; never waits at a pipe or a device.
fn read_file(uri: &Url) -> Result<(RawInput, Vec<Problem>), String> {
    let path = uri.to_file_path().map_err(|()| {
        format!("{uri} is neither open nor a file on this machine; open it, or paste its text")
    })?;
    if path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return Err(format!("{} is not a regular file", path.display()));
    }
    incident_host::input::load_file(&path).map_err(|error| error.to_string())
}

fn file_name(uri: &Url) -> String {
    let name = uri.path_segments().and_then(|mut segments| segments.next_back());
    name.filter(|name| !name.is_empty()).unwrap_or("the document").to_owned()
}

/// Turns an explanation into what the board keeps.
fn found(
    request: &Request,
    snapshot: &Snapshot,
    root: &Path,
    explanation: Explanation,
    is_last: bool,
) -> Found {
    let mut presentation = present::present(&explanation);
    let mut ropes = Ropes { explanation: &explanation, root, ropes: BTreeMap::new() };
    let encoding = snapshot.session.capabilities.encoding;
    let mut marks: BTreeMap<String, Vec<Mark>> = BTreeMap::new();
    for diagnostic in std::mem::take(&mut presentation.diagnostics) {
        let Some(place) = ropes.tracked(&diagnostic.place, encoding) else { continue };
        let related = diagnostic.related.iter().filter_map(|related| {
            Some((ropes.tracked(&related.place, encoding)?, related.message.clone()))
        });
        let related = related.collect();
        let of_incident = marks.entry(diagnostic.incident.clone()).or_default();
        of_incident.push(Mark {
            place,
            related,
            diagnostic: Arc::new(diagnostic),
            page: None,
            names: Vec::new(),
        });
    }
    let is_shown = request.purpose == Purpose::Explain;
    let explanation = Arc::new(explanation);
    let entry = |explained: &present::ExplainedIncident| Entry {
        explained: Arc::new(explained.clone()),
        explanation: Arc::clone(&explanation),
        root: root.to_owned(),
        origin: request.origin(),
        is_partial: !is_last,
        dismissed: false,
        marks: marks.remove(&explained.incident.id).unwrap_or_default(),
    };
    let entries = explanation.incidents.iter().filter(|_| is_shown).map(entry).collect();
    Found {
        seen_revision: snapshot.revision,
        root: root.to_owned(),
        explanation,
        presentation,
        entries,
        is_last,
    }
}

/// The texts that the explanation has seen, with LSP's line ends.
struct Ropes<'a> {
    explanation: &'a Explanation,
    root: &'a Path,
    ropes: BTreeMap<&'a str, Rope>,
}

impl Ropes<'_> {
    fn tracked(&mut self, place: &DiagnosticPlace, encoding: Encoding) -> Option<TrackedRange> {
        let path = self.root.join(&place.path);
        let uri = Url::from_file_path(path).ok()?;
        let known = self.explanation.sources.current.get_key_value(&place.path);
        let range = match (known, place.span) {
            (Some((path, text)), Some(span)) => {
                let rope = self.ropes.entry(path).or_insert_with(|| Rope::from_str(text));
                position::range(rope, span.start, span.end, encoding)
            }
            // Without the text a column of another encoding would be a guess: the whole line.
            _ => {
                let line = place.start.line.saturating_sub(1);
                Range::new(Position::new(line, 0), Position::new(line.saturating_add(1), 0))
            }
        };
        Some(TrackedRange::new(uri, range))
    }
}
