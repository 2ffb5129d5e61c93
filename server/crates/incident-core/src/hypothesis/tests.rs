//! Signatures and the evidence lock on the real road: text, trace, source, group, claim.
//!
//! A fixture is `//- /path` for a file, `//- message` for what the panic said, `//- commit subject`
//! for a suspect commit as a diff, best first, `//- log` for a log. `$0` in a file is where it
//! panicked; `$1` and so on are where the functions above were called.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::cancel::Cancel;
use crate::fix::{PatchLine, parse_patch};
use crate::history::{Commit, Deployed, DeployedHow, FileChange, Hunk};
use crate::input::RawInput;
use crate::resolve::{PackageSources, ResolveInput, resolve};
use crate::suspects::{Reason, SuspectCommit, Suspects};
use crate::syntax::{SymbolIndex, index_file, rust};
use crate::text::LineIndex;
use crate::trace;

mod families;
mod hostile;
mod infra;
mod lock;
mod signatures;

/// Everything that a fixture says, through parse, resolve and group.
pub(crate) struct World {
    incident: Incident,
    sources: Sources,
    history: History,
    logs: LogReport,
}

impl World {
    pub(crate) fn input(&self) -> HypothesisInput<'_> {
        HypothesisInput {
            incident: &self.incident,
            sources: &self.sources,
            history: Some(&self.history),
            logs: &self.logs,
        }
    }
}

pub(crate) fn world(fixture: &str) -> World {
    let mut sources = Sources::default();
    let mut marks: Vec<(usize, String)> = Vec::new();
    let mut message = String::new();
    let mut commits = Vec::new();
    let mut log = String::new();
    for part in fixture.split("//- ").skip(1) {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        match head.split_once(' ').unwrap_or((head, "")) {
            ("message", _) => message = body.trim_end().to_owned(),
            ("commit", subject) => commits.push(commit(commits.len(), subject, body)),
            ("log", _) => log = body.to_owned(),
            (path, _) => {
                let path = path.trim_start_matches('/');
                let text = unmarked(path, body, &mut marks);
                sources.deployed.insert(path.to_owned(), Arc::from(text.as_str()));
                sources.current.insert(path.to_owned(), Arc::from(text));
            }
        }
    }
    marks.sort();
    let place = marks.first().map_or("src/gone.rs:1:1", |(_, place)| place);
    let place = place.split(' ').next().unwrap();
    let mut text = format!("thread 'main' panicked at {place}:\n{message}\nstack backtrace:\n");
    for (frame_idx, (_, place)) in marks.iter().enumerate() {
        let (place, function) = place.split_once(' ').unwrap();
        let _ = writeln!(text, "   {frame_idx}: app::{function}\n             at ./{place}");
    }
    let (traces, problems) = trace::parse(&RawInput { name: "trace.txt".to_owned(), text });
    assert_eq!(problems, []);
    let files: Vec<String> = sources.current.keys().cloned().collect();
    let symbols = sources.current.iter().map(|(path, text)| Arc::new(index_file(path, text)));
    let symbols = SymbolIndex::new(symbols.collect());
    let packages = PackageSources::default();
    let input = ResolveInput {
        files: &files,
        symbols: &symbols,
        sources: &sources,
        packages: &packages,
        members: &[],
    };
    let resolved = traces.into_iter().map(|trace| resolve(trace, &input, &Cancel::new()).0);
    let (logs, _) =
        crate::logs::group(&[RawInput { name: "app.log".to_owned(), text: log }], &Cancel::new());
    let mut incident = crate::incident::group(resolved.collect(), &logs).remove(0);
    incident.suspects = suspects(&commits);
    let deployed = Deployed {
        commit: commits.first().map(|commit: &Commit| commit.id.clone()),
        how: DeployedHow::Given,
        candidates: Vec::new(),
        confidence: 1.0,
        present_locally: true,
    };
    let history = History {
        deployed,
        commits: commits.into(),
        blame: Vec::new(),
        config: Default::default(),
        attempts: Vec::new(),
        last_good: None,
        bounds: "all".to_owned(),
        bounded: false,
        shallow: false,
    };
    World { incident, sources, history, logs }
}

/// Takes `$0`, `$1`, ... out of a file and notes where they stood.
fn unmarked(path: &str, body: &str, marks: &mut Vec<(usize, String)>) -> String {
    let mut text = body.to_owned();
    let mut found = Vec::new();
    while let Some(at) =
        text.find('$').filter(|at| text[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        found.push((text[at + 1..at + 2].parse().unwrap(), at));
        text.replace_range(at..at + 2, "");
    }
    let lines = LineIndex::new(&text);
    let items = index_file(path, &text).items;
    for (number, at) in found {
        let position = lines.line_col(at);
        let line_start = lines.line_span(position.line).unwrap().start;
        let column = text[line_start..at].chars().count() + 1;
        let function = rust::enclosing_function(&items, at).map_or("main", |item| &item.name);
        marks.push((number, format!("{path}:{}:{column} {function}", position.line)));
    }
    text
}

fn commit(commit_idx: usize, subject: &str, diff: &str) -> Commit {
    let digit = char::from_digit(commit_idx as u32 + 10, 16).unwrap();
    let files = parse_patch(diff).unwrap().files.into_iter().map(|file| {
        let path = file.path().to_owned();
        let hunks = file.hunks.into_iter().map(|hunk| {
            let lead =
                hunk.lines.iter().take_while(|line| matches!(line, PatchLine::Context(_))).count();
            let mut plain = Hunk {
                old_start: hunk.old_start + lead as u32,
                new_start: hunk.new_start + lead as u32,
                removed: Vec::new(),
                heading: None,
                n_added: 0,
                n_removed: 0,
                added: Vec::new(),
            };
            for line in hunk.lines {
                match line {
                    PatchLine::Removed(text) => plain.removed.push(text.trim_end().to_owned()),
                    PatchLine::Added(text) => plain.added.push(text.trim_end().to_owned()),
                    PatchLine::Context(_) => {}
                }
            }
            plain.n_removed = plain.removed.len() as u32;
            plain.n_added = plain.added.len() as u32;
            plain
        });
        FileChange { path, old_path: None, n_added: 0, n_removed: 0, hunks: hunks.collect() }
    });
    let files: Vec<FileChange> = files.collect();
    Commit {
        id: CommitId(digit.to_string().repeat(3) + &"0123456789abcdef".repeat(3)[..37]),
        parents: Vec::new(),
        author_time: 1_700_000_000,
        commit_time: 1_700_000_000,
        subject: subject.to_owned(),
        body: String::new(),
        n_files: files.len(),
        files,
    }
}

fn suspects(commits: &[Commit]) -> Suspects {
    let commits = commits.iter().map(|commit| SuspectCommit {
        commit: commit.id.clone(),
        subject: commit.subject.clone(),
        author_time: commit.author_time,
        has_parent: !commit.parents.is_empty(),
        score: 0.8,
        reasons: vec![Reason {
            kind: "test",
            detail: "said by the fixture".to_owned(),
            weight: 0.8,
        }],
    });
    Suspects { commits: commits.collect(), ..Suspects::default() }
}

/// Renders what survives the lock; a signature's own evidence must survive whole.
fn check(fixture: &str, expected: Expect) {
    let world = world(fixture);
    let input = world.input();
    let proposed = from_signatures(&input);
    let checked = verify(proposed.clone(), &input);
    let mut out = String::new();
    for (hypothesis, proposed) in checked.iter().map(CheckedHypothesis::hypothesis).zip(&proposed) {
        assert_eq!(hypothesis, proposed, "a signature claims only what holds");
        render(hypothesis, &mut out);
    }
    assert_eq!(checked.len(), proposed.len().min(3), "{proposed:#?}");
    expected.assert_eq(&out);
}

fn render(hypothesis: &Hypothesis, out: &mut String) {
    let HypothesisOrigin::Signature(name) = &hypothesis.origin else { return };
    let _ = writeln!(out, "{} [{name} {:.2}]", hypothesis.title, hypothesis.confidence);
    for sentence in mentions::sentences(&hypothesis.explanation) {
        let _ = writeln!(out, "  {sentence}");
    }
    for evidence in &hypothesis.evidence {
        let _ = writeln!(out, "  {}: {}", evidence.id, evidence.quote.replace('\n', " / "));
    }
    if let Some(fix) = &hypothesis.fix {
        let _ = writeln!(out, "  fix: {}", fix.summary);
        let changed = fix.patch.lines().skip(2).filter(|line| line.starts_with(['+', '-']));
        for line in changed {
            let _ = writeln!(out, "    {line}");
        }
    }
    for note in &hypothesis.notes {
        let _ = writeln!(out, "  note: {note}");
    }
}
