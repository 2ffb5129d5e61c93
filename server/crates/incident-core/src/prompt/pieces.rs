//! The pieces of evidence that a prompt may hold, each with its value.

use std::collections::BTreeSet;

use super::PromptInput;
use crate::guard::hostile;
use crate::hypothesis::{Catalogue, Entry, catalogue};
use crate::logs::{GroupStatus, LogGroup};
use crate::neutral;
use crate::redact::Redactor;
use crate::suspects::stack::own_frames;
use crate::text::LineIndex;

/// The longest piece that is looked at, in bytes.
const MAX_PIECE: usize = 64 << 10;
/// Lines of a function that are shown above and below a frame's line.
const MAX_AROUND: u32 = 60;
/// Lines that are shown on each side where the function is not known.
const BLIND_AROUND: u32 = 12;

/// Where a piece stands in the prompt. The order is that of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Errors,
    Frames,
    Source,
    Changes,
    Logs,
    Versions,
    Missing,
}

impl Section {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Errors => "Errors",
            Self::Frames => "Frames",
            Self::Source => "Source",
            Self::Changes => "Changes",
            Self::Logs => "Log groups",
            Self::Versions => "Versions",
            Self::Missing => "Not known",
        }
    }
}

/// One piece.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) section: Section,
    /// Its place among those of its section.
    pub(super) order: usize,
    /// What it is called where it is left out.
    pub(super) name: String,
    /// What may be cited of it.
    pub(super) ids: Vec<String>,
    /// Our own words before it.
    pub(super) head: String,
    /// The words of others.
    pub(super) body: String,
    /// From 0 to 1.
    pub(super) value: f64,
    /// Never left out.
    pub(super) must: bool,
}

impl Piece {
    /// Takes secrets out, marks what reads like an instruction, and spells controls out.
    pub(super) fn made_safe(
        mut self,
        redactor: &mut Redactor,
        hostile: &mut Vec<(String, String)>,
    ) -> Self {
        let body = redactor.redact(crate::text::cut(&self.body, MAX_PIECE));
        for line in hostile::find(&body) {
            hostile.push((self.name.clone(), format!("{}: {}", line.what, line.shown)));
        }
        let marked = hostile::marked(&body);
        // Tabs stay: quotes of indented code must match.
        let parts: Vec<_> = marked.split('\t').map(neutral::block).collect();
        self.body = parts.join("\t");
        self.head = redactor.redact(&neutral::one_line(&self.head));
        self
    }

    pub(super) fn rendered(&self, tag: &str) -> String {
        format!("{}\n<{tag}>\n{}\n</{tag}>\n", self.head, self.body.trim_end())
    }
}

/// Collects what a prompt about the incident may hold.
pub(super) fn collect(input: &PromptInput<'_>) -> Vec<Piece> {
    let catalogue = catalogue(&input.evidence);
    let mut pieces = errors(&catalogue);
    pieces.extend(frames(input, &catalogue));
    pieces.extend(source(input));
    pieces.extend(changes(input, &catalogue));
    pieces.extend(logs(input, &catalogue));
    pieces.extend(versions(input));
    pieces.extend(missing(input));
    pieces
}

/// Returns the entries `X1`, `X2`, ... by number.
fn numbered(catalogue: &Catalogue, prefix: char) -> Vec<(usize, String, &Entry)> {
    let mut found: Vec<_> = catalogue
        .entries()
        .filter_map(|(id, entry)| {
            let number: usize = id.strip_prefix(prefix)?.parse().ok()?;
            Some((number, id.to_owned(), entry))
        })
        .collect();
    found.sort_by_key(|(number, ..)| *number);
    found
}

/// Returns how much less a piece is worth for each one before it, up to `most`.
fn later(at: usize, step: f64, most: usize) -> f64 {
    u32::try_from(at.min(most)).map_or(0.0, f64::from) * step
}

fn errors(catalogue: &Catalogue) -> Vec<Piece> {
    let messages = numbered(catalogue, 'M').into_iter().enumerate();
    messages
        .map(|(at, (number, id, entry))| Piece {
            section: Section::Errors,
            order: number,
            name: id.clone(),
            head: format!("[{id}] message"),
            ids: vec![id],
            body: entry.text.clone(),
            value: 1.0 - later(at, 0.05, 10),
            must: at == 0,
        })
        .collect()
}

fn frames(input: &PromptInput<'_>, catalogue: &Catalogue) -> Vec<Piece> {
    let traces = &input.evidence.incident.traces;
    let own: BTreeSet<(&str, Option<u32>)> = traces
        .iter()
        .flat_map(own_frames)
        .filter_map(|own| own.resolution.place.as_ref())
        .map(|place| (place.path.as_str(), place.line))
        .collect();
    let crash = crash_id(input, catalogue);
    let entries = numbered(catalogue, 'P').into_iter().chain(numbered(catalogue, 'F'));
    entries
        .enumerate()
        .map(|(at, (_, id, entry))| {
            let is_own = own.contains(&(entry.location.path.as_str(), entry.location.line));
            let line = entry.location.line.map(|line| format!(":{line}")).unwrap_or_default();
            let whose = if is_own || id.starts_with('P') { "" } else { " (not the program's own)" };
            Piece {
                section: Section::Frames,
                order: at,
                name: id.clone(),
                head: format!("[{id}] {}{line}{whose}", entry.location.path),
                body: entry.text.clone(),
                value: if is_own { 0.9 } else { 0.3 } - later(at, 0.01, 20),
                must: crash.as_deref() == Some(id.as_str()),
                ids: vec![id],
            }
        })
        .collect()
}

/// Returns the id of the frame at which it failed.
fn crash_id(input: &PromptInput<'_>, catalogue: &Catalogue) -> Option<String> {
    if catalogue.get("P1").is_some() {
        return Some("P1".to_owned());
    }
    let crash = input.evidence.incident.traces.iter().flat_map(own_frames).next();
    let place = crash.and_then(|own| own.resolution.place.as_ref());
    let frames = numbered(catalogue, 'F');
    let is_crash = |entry: &Entry| {
        place.is_some_and(|it| it.path == entry.location.path && it.line == entry.location.line)
    };
    let found = frames.iter().find(|(_, _, entry)| is_crash(entry)).or(frames.first());
    found.map(|(_, id, _)| id.clone())
}

/// The functions around the program's own frames, with numbered lines.
fn source(input: &PromptInput<'_>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut seen = BTreeSet::new();
    let places = input.evidence.incident.traces.iter().flat_map(|trace| {
        let crash = trace.location.iter().filter(|it| it.package.is_none());
        crash.chain(own_frames(trace).into_iter().map(|own| own.resolution))
    });
    for place in places.filter_map(|resolution| resolution.place.as_ref()) {
        let Some(line) = place.line else { continue };
        let Some(text) = input.evidence.sources.current.get(&place.path) else { continue };
        let (first, last) = match &place.item {
            Some(item) => (
                item.start_line.max(line.saturating_sub(MAX_AROUND)),
                item.end_line.min(line.saturating_add(MAX_AROUND)),
            ),
            None => (line.saturating_sub(BLIND_AROUND).max(1), line.saturating_add(BLIND_AROUND)),
        };
        if !seen.insert((place.path.as_str(), first)) {
            continue;
        }
        let lines = LineIndex::new(text);
        let shown: Vec<(u32, &str)> = (first..=last)
            .map_while(|line| Some((line, lines.line_span(line)?.slice(text)?)))
            .collect();
        let numbered = |(line, text): &(u32, &str)| format!("{line}| {}", text.trim_end());
        pieces.push(Piece {
            section: Section::Source,
            order: pieces.len(),
            name: format!("{}:{first}", place.path),
            ids: shown.iter().map(|(line, _)| format!("{}:{line}", place.path)).collect(),
            head: format!("{} from line {first}", place.path),
            body: shown.iter().map(numbered).collect::<Vec<_>>().join("\n"),
            value: 0.95 - later(pieces.len(), 0.04, 20),
            must: false,
        });
    }
    pieces
}

fn changes(input: &PromptInput<'_>, catalogue: &Catalogue) -> Vec<Piece> {
    let suspects = &input.evidence.incident.suspects.commits;
    let traces = &input.evidence.incident.traces;
    let on_stack: BTreeSet<&str> = traces
        .iter()
        .flat_map(own_frames)
        .filter_map(|own| Some(own.resolution.place.as_ref()?.path.as_str()))
        .collect();
    let mut pieces = Vec::new();
    for (number, id, entry) in numbered(catalogue, 'H') {
        let Some(commit) = &entry.location.commit else { continue };
        let rank = suspects.iter().position(|suspect| suspect.commit == *commit);
        let suspect = rank.and_then(|rank| suspects.get(rank));
        let subject = suspect.map(|it| it.subject.as_str()).unwrap_or_default();
        let is_near = on_stack.contains(entry.location.path.as_str());
        let line = entry.location.line.map(|line| format!(":{line}")).unwrap_or_default();
        let path = &entry.location.path;
        let short = commit.short();
        pieces.push(Piece {
            section: Section::Changes,
            order: number,
            name: format!("{id} ({path} in {short})"),
            head: format!("[{id}] commit {short} changes {path}{line}; first its subject:"),
            body: format!("{}\n{}", neutral::headline(subject, 120), entry.text),
            value: 0.85 - later(rank.unwrap_or(5), 0.15, 5) + if is_near { 0.1 } else { -0.15 }
                - later(number, 0.002, 50),
            must: false,
            ids: vec![id],
        });
    }
    // The culprit's own hunk: of the first suspect, in a file on the stack where there is one.
    let best =
        pieces.iter_mut().reduce(|best, piece| if piece.value > best.value { piece } else { best });
    if let Some(piece) = best {
        piece.must = true;
    }
    pieces
}

fn logs(input: &PromptInput<'_>, catalogue: &Catalogue) -> Vec<Piece> {
    let groups = &input.evidence.logs.groups;
    let first = groups.iter().position(is_new).unwrap_or(0);
    let mut pieces = Vec::new();
    for (number, id, entry) in numbered(catalogue, 'L') {
        let at = number.saturating_sub(1);
        let Some(group) = groups.get(at) else { continue };
        let new = if is_new(group) { ", new since the deploy" } else { "" };
        pieces.push(Piece {
            section: Section::Logs,
            order: number,
            name: id.clone(),
            head: format!("[{id}] {} x{}{new}", group.level.as_str(), group.count),
            body: entry.text.clone(),
            value: if is_new(group) { 0.85 } else { 0.6 } - later(number, 0.005, 60),
            must: at == first,
            ids: vec![id],
        });
    }
    pieces
}

fn is_new(group: &LogGroup) -> bool {
    group.status == GroupStatus::New
}

fn versions(input: &PromptInput<'_>) -> Option<Piece> {
    let lines: Vec<String> =
        input.versions.iter().take(60).map(|it| format!("{} {}", it.name, it.version)).collect();
    (!lines.is_empty()).then(|| Piece {
        section: Section::Versions,
        order: 0,
        name: "package versions".to_owned(),
        ids: Vec::new(),
        head: "resolved packages on the stack".to_owned(),
        body: lines.join("\n"),
        value: 0.4,
        must: false,
    })
}

fn missing(input: &PromptInput<'_>) -> Option<Piece> {
    let missing = &input.evidence.incident.missing_context;
    (!missing.is_empty()).then(|| Piece {
        section: Section::Missing,
        order: 0,
        name: "what is not known".to_owned(),
        ids: Vec::new(),
        head: "what is not known".to_owned(),
        body: missing.iter().map(|it| it.why.clone()).collect::<Vec<_>>().join("\n"),
        value: 0.5,
        must: false,
    })
}
