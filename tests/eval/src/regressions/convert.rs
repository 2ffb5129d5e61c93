//! Turns a case into the very values that the product's ranking takes.

use std::sync::Arc;

use incident_core::history::{
    BlameRange, Commit, CommitId, Deployed, DeployedHow, FileChange, History, Hunk,
};
use incident_core::input::{Language, RawInput};
use incident_core::logs::LogReport;
use incident_core::producers::Producer;
use incident_core::resolve::{Place, Resolution, ResolvedTrace, Sources, Status};
use incident_core::suspects::RankInput;
use incident_core::syntax::{FileSymbols, Item, ItemKind, SymbolIndex};
use incident_core::text::ByteSpan;
use incident_core::trace::{Cause, Frame, Origin, SourceLocation, Trace};

use super::case::{Case, FrameFact, PackCommit, PackFile};

/// What `rank` takes, owned.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) traces: Vec<ResolvedTrace>,
    pub(super) context: String,
    pub(super) functions: SymbolIndex,
    pub(super) history: History,
    logs: LogReport,
    pub(super) sources: Sources,
    pub(super) producers: Vec<Producer>,
}

impl Scene {
    /// Converts a case; the frames are the ones that the case gives as resolved.
    pub(super) fn new(case: &Case) -> Self {
        Self {
            traces: vec![trace(case)],
            context: case.trace.clone(),
            functions: functions(case),
            history: history(case),
            logs: LogReport::default(),
            sources: Sources::default(),
            producers: Vec::new(),
        }
    }

    /// Returns the same scene as if the culprits had never been made.
    pub(super) fn without_culprits(&self, case: &Case) -> Self {
        let mut scene = self.clone();
        let others = scene.history.commits.iter().filter(|it| !case.is_culprit(&it.id.0));
        scene.history.commits = others.cloned().collect();
        scene.history.blame.retain(|range| !case.is_culprit(&range.commit.0));
        scene
    }

    /// Lends the scene to the ranking.
    pub(super) fn input(&self) -> RankInput<'_> {
        RankInput {
            log_groups: &[],
            producers: &self.producers,
            traces: &self.traces,
            logs: &self.logs,
            context: &self.context,
            functions: &self.functions,
            sources: &self.sources,
            history: &self.history,
        }
    }
}

fn trace(case: &Case) -> ResolvedTrace {
    let language = match case.facts.language.as_str() {
        "rust" => Language::Rust,
        "javascript" => Language::JavaScript,
        "typescript" => Language::TypeScript,
        "python" => Language::Python,
        "go" => Language::Go,
        _ => Language::Unknown,
    };
    let text = RawInput { name: case.id.clone(), text: case.trace.clone() };
    let (parsed, _) = incident_core::trace::parse(&text);
    // The frames of the case belong to the error that was thrown: the root of the chain.
    let cause = parsed.into_iter().next().and_then(|trace| trace.causes.into_iter().next_back());
    let mut frames: Vec<&FrameFact> = case.facts.frames.iter().collect();
    if language == Language::Python {
        // The case has the crash site first, a Python trace prints it last.
        frames.reverse();
    }
    ResolvedTrace {
        frames: frames.iter().map(|frame| resolution(frame)).collect(),
        location: None,
        trace: Trace {
            language,
            causes: cause
                .into_iter()
                .map(|cause| Cause { relation: Default::default(), ..cause })
                .collect(),
            frames: frames.iter().map(|frame| printed(frame)).collect(),
            ..Trace::default()
        },
    }
}

fn printed(fact: &FrameFact) -> Frame {
    Frame {
        function: fact.function.clone(),
        location: Some(SourceLocation {
            file: fact.file.clone(),
            line: Some(fact.line),
            column: None,
            span: ByteSpan::default(),
        }),
        origin: Origin::App,
        ..Frame::default()
    }
}

fn resolution(fact: &FrameFact) -> Resolution {
    Resolution {
        status: Status::Exact,
        place: Some(Place {
            path: fact.file.clone(),
            line: Some(fact.line),
            column: None,
            item: fact.function.as_ref().map(|name| function(name, fact.line, fact.line)),
            line_text: None,
            expression: None,
        }),
        ..Resolution::default()
    }
}

fn function(name: &str, start_line: u32, end_line: u32) -> Item {
    Item {
        kind: ItemKind::Function,
        name: name.to_owned(),
        containers: Vec::new(),
        start_line,
        end_line,
        span: ByteSpan::default(),
        inside_macro: false,
    }
}

fn functions(case: &Case) -> SymbolIndex {
    let files = case.pack.trace_files.iter().map(|(path, file)| {
        let items =
            file.functions.iter().map(|(name, start, end)| function(name, *start, *end)).collect();
        Arc::new(FileSymbols { path: path.clone(), items, module_files: Vec::new() })
    });
    SymbolIndex::new(files.collect())
}

fn history(case: &Case) -> History {
    let blame = case.pack.trace_files.iter().flat_map(|(path, file)| {
        file.blame.iter().map(|(start_line, n_lines, sha)| BlameRange {
            path: path.clone(),
            start_line: *start_line,
            n_lines: *n_lines,
            commit: CommitId(sha.clone()),
        })
    });
    History {
        deployed: Deployed {
            commit: Some(CommitId(case.facts.range.bad_sha.clone())),
            how: DeployedHow::Given,
            candidates: Vec::new(),
            confidence: 1.0,
            present_locally: true,
        },
        commits: commits(case).collect(),
        blame: blame.collect(),
        config: Default::default(),
        attempts: Vec::new(),
        last_good: None,
        bounds: format!("since {}", case.facts.range.good),
        bounded: true,
        shallow: false,
    }
}

/// Converts the commits; each one's parent is the next older one, as far as a pack tells.
fn commits(case: &Case) -> impl Iterator<Item = Commit> {
    let older = case.pack.commits.iter().skip(1).map(|older| older.sha.as_str());
    let parents = older.chain([case.facts.range.good_sha.as_str()]);
    case.pack.commits.iter().zip(parents).map(|(it, parent)| commit(it, parent))
}

fn commit(commit: &PackCommit, parent: &str) -> Commit {
    let time = days_since_1970(&commit.date).map_or(0, |days| days * 86_400);
    Commit {
        id: CommitId(commit.sha.clone()),
        parents: vec![CommitId(parent.to_owned())],
        author_time: time,
        commit_time: time,
        subject: commit.subject.clone(),
        body: String::new(),
        files: commit.files.iter().map(file_change).collect(),
        n_files: commit.files_total.unwrap_or(commit.files.len()),
    }
}

fn file_change(file: &PackFile) -> FileChange {
    let (path, n_added, n_removed, hunks) = match file {
        PackFile::WithHunks(path, added, removed, hunks) => {
            (path, added, removed, hunks.as_slice())
        }
        PackFile::Plain(path, added, removed) => (path, added, removed, [].as_slice()),
    };
    let hunks = hunks.iter().map(|hunk| Hunk {
        old_start: hunk.0,
        new_start: hunk.0,
        // A pack does not count removed lines; a hunk without new lines removed at least one.
        n_removed: u32::from(hunk.1 == 0),
        n_added: hunk.1,
        heading: (!hunk.2.is_empty()).then(|| hunk.2.clone()),
        removed: Vec::new(),
        added: Vec::new(),
    });
    FileChange {
        path: path.clone(),
        old_path: None,
        n_added: *n_added,
        n_removed: *n_removed,
        hunks: hunks.collect(),
    }
}

/// Counts the days of a date `YYYY-MM-DD` (proleptic Gregorian).
fn days_since_1970(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    // Counted from March, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(before_year + (153 * month + 2) / 5 + day - 1 - 719_468)
}
