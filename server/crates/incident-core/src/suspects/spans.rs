//! The functions most likely to hold the fault: those on the stack, and those that suspects changed.

use std::collections::BTreeMap;

use super::signals::is_code;
use super::stack;
use super::words::{self, WeightedWords};
use super::{Measured, RankInput, Reason, SuspectSpan, shares};
use crate::history::{Commit, FileChange, declared_function};
use crate::syntax::{Item, ItemKind, SymbolIndex};

/// How many suspects' changes are looked at.
const N_SUSPECTS: usize = 5;
/// How many functions are named.
const MAX_SPANS: usize = 10;
/// What the crash site is worth; further up it fades.
const ON_STACK: f64 = 1.0;
/// What being changed by the one sure suspect is worth.
const CHANGED: f64 = 0.9;
/// How much a stack function that nothing in range changed is worth of that.
const UNCHANGED: f64 = 0.6;
/// How much more a changed function counts in a file of the stack.
const SAME_FILE: f64 = 1.5;
/// How much more it counts in the very folder of a file of the stack; less with each folder between.
const SAME_FOLDER: f64 = 1.3;
/// What a word shared with the failure adds, as a share.
const SHARED_WORD: f64 = 0.5;
/// What it adds that the commit's subject names the function: the change is about it.
const NAMED: f64 = 1.0;
/// What a function is worth that tests others: it shows the fault, it does not hold it.
const TESTS: f64 = 0.4;

/// What is known of one function.
#[derive(Default)]
struct Candidate {
    lines: Option<(u32, u32)>,
    reasons: Vec<Reason>,
}

type Candidates = BTreeMap<(String, String), Candidate>;

/// Ranks functions; `ordered` is the ranking of the commits, best first.
pub(super) fn rank(
    input: &RankInput<'_>,
    ordered: &[(Measured, f64)],
    wanted: &WeightedWords,
) -> Vec<SuspectSpan> {
    let mut candidates = Candidates::new();
    on_stack(input, &mut candidates);
    producers(input, &mut candidates);
    for (share, (measured, _)) in shares(ordered).zip(ordered).take(N_SUSPECTS) {
        if let Some(commit) = input.history.commits.get(measured.commit_idx) {
            changed(input, commit, share, wanted, &mut candidates);
        }
    }
    let mut spans: Vec<SuspectSpan> =
        candidates.into_iter().filter_map(|(key, candidate)| span(key, candidate)).collect();
    // Candidates come sorted by path and name, and the sort is stable.
    spans.sort_by(|a, b| b.score.total_cmp(&a.score));
    spans.truncate(MAX_SPANS);
    spans
}

fn span((path, function): (String, String), mut candidate: Candidate) -> Option<SuspectSpan> {
    candidate.reasons.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let sum: f64 = candidate.reasons.iter().map(|reason| reason.weight).sum();
    let (start_line, end_line) = candidate.lines?;
    Some(SuspectSpan {
        path,
        function: Some(function),
        start_line,
        end_line,
        score: sum / (1.0 + sum),
        reasons: candidate.reasons,
    })
}

/// A function that made the bad value is as likely at fault as the one that could not use it.
fn producers(input: &RankInput<'_>, candidates: &mut Candidates) {
    for producer in input.producers {
        let Some(item) = super::producing_function(input.functions, producer) else { continue };
        let key = (producer.path.clone(), producer.function.clone());
        let candidate = candidates.entry(key).or_default();
        candidate.lines = Some((item.start_line, item.end_line));
        candidate.reasons.push(Reason {
            kind: "producer",
            detail: format!("it made the value that failed, by `{}`", producer.call),
            weight: ON_STACK / producer.distance.max(1) as f64,
        });
    }
}

fn on_stack(input: &RankInput<'_>, candidates: &mut Candidates) {
    for site in input.traces.iter().flat_map(stack::sites) {
        let item = stack::function_of(input.functions, &site);
        let Some(name) = item.map(|item| item.name.as_str()).or(site.function) else { continue };
        let lines = item.map(|item| (item.start_line, item.end_line));
        let lines = lines.or(site.line.map(|line| (line, line)));
        let candidate = candidates.entry((site.path.to_owned(), name.to_owned())).or_default();
        candidate.lines = candidate.lines.or(lines);
        // Of a function that calls itself only its innermost call counts.
        if candidate.reasons.iter().any(|reason| reason.kind == "on_stack") {
            continue;
        }
        let share = if is_code(site.path) { 1.0 } else { 0.4 };
        let (share, unchanged) = if was_changed(input, site.path, name) {
            (share, "")
        } else {
            (share * UNCHANGED, ", though nothing in range changed it")
        };
        let what = match site.depth {
            0 => "it failed here".to_owned(),
            1 => "it called what failed".to_owned(),
            n => format!("it stands {n} calls above the failure"),
        };
        candidate.reasons.push(Reason {
            kind: "on_stack",
            detail: format!("{what}{unchanged}"),
            weight: ON_STACK * share / (1.0 + 0.5 * site.depth as f64),
        });
    }
}

/// Says whether any commit of the range changed a function.
fn was_changed(input: &RankInput<'_>, path: &str, function: &str) -> bool {
    input.history.commits.iter().any(|commit| {
        commit.files.iter().filter(|file| file.path == path).any(|file| {
            changed_functions(input, commit, file).iter().any(|change| change.function == function)
        })
    })
}

fn changed(
    input: &RankInput<'_>,
    commit: &Commit,
    share: f64,
    wanted: &WeightedWords,
    candidates: &mut Candidates,
) {
    let mut changes: BTreeMap<(&str, &str), Change<'_>> = BTreeMap::new();
    for file in commit.files.iter().filter(|file| is_code(&file.path)) {
        for change in changed_functions(input, commit, file) {
            let key = (file.path.as_str(), change.function);
            let known = changes.entry(key).or_insert(Change { n_lines: 0, ..change });
            known.n_lines = known.n_lines.saturating_add(change.n_lines);
        }
    }
    let n_lines: u32 = changes.values().map(|c| c.n_lines).fold(0, u32::saturating_add);
    let mut subject = WeightedWords::new();
    words::add_words(&commit.subject, 1.0, &mut subject);
    for ((path, function), change) in changes {
        let part = (f64::from(change.n_lines) / f64::from(n_lines.max(1))).sqrt();
        let tests = if function.starts_with("test") { TESTS } else { 1.0 };
        let telling = tests * nearness(input, path) * said(function, wanted, &subject);
        let weight = CHANGED * share * part * telling;
        let candidate = candidates.entry((path.to_owned(), function.to_owned())).or_default();
        let known = known_lines(input, path, function);
        candidate.lines = candidate.lines.or(known).or(Some(change.lines));
        candidate.reasons.push(Reason {
            kind: "changed_by_suspect",
            detail: format!("{} changed it (\"{}\")", commit.id.short(), commit.subject),
            weight,
        });
    }
}

/// Returns how much more a function counts for standing near the files of the stack.
fn nearness(input: &RankInput<'_>, path: &str) -> f64 {
    let near = |site: stack::Site<'_>| {
        if site.path == path {
            return SAME_FILE;
        }
        let n_common = folders(site.path).zip(folders(path)).take_while(|(a, b)| a == b).count();
        let n_folders = folders(site.path).count().max(folders(path).count()).max(1);
        1.0 + (SAME_FOLDER - 1.0) * n_common as f64 / n_folders as f64
    };
    input.traces.iter().flat_map(stack::sites).map(near).fold(1.0, f64::max)
}

fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit_once('/').map_or("", |(folders, _)| folders).split('/')
}

/// Returns how much more a function counts for what is said of it: by the failure, and by the
/// subject of the commit.
fn said(function: &str, wanted: &WeightedWords, subject: &WeightedWords) -> f64 {
    let mut own = WeightedWords::new();
    words::add_words(function, 1.0, &mut own);
    let n_shared = own.keys().filter(|word| wanted.contains_key(*word)).count();
    let is_named = own.len() > 1 && own.keys().all(|word| subject.contains_key(word));
    let named = if is_named { NAMED } else { 0.0 };
    (1.0 + SHARED_WORD * n_shared.min(2) as f64) * (1.0 + named)
}

/// Returns the lines of a function at the deployed commit, where the file has one of that name.
fn known_lines(input: &RankInput<'_>, path: &str, function: &str) -> Option<(u32, u32)> {
    let items = &input.functions.file(path)?.items;
    let mut named =
        items.iter().filter(|item| item.kind == ItemKind::Function && item.name == function);
    let item = named.next()?;
    named.next().is_none().then_some((item.start_line, item.end_line))
}

/// What a commit changed in one function.
#[derive(Clone, Copy)]
struct Change<'a> {
    function: &'a str,
    /// How many lines it changed there.
    n_lines: u32,
    /// The function's lines where they are known, else those of the change.
    lines: (u32, u32),
}

/// Returns what a commit changed in the functions of a file.
///
/// Blame at the deployed commit is exact where it is at hand. Elsewhere the hunks tell: by what
/// they declare, and by their heading, which names what stands before the hunk.
fn changed_functions<'a>(
    input: &RankInput<'a>,
    commit: &'a Commit,
    file: &'a FileChange,
) -> Vec<Change<'a>> {
    let by_blame = blamed_functions(input, commit, &file.path);
    if !by_blame.is_empty() {
        return by_blame;
    }
    let mut changes = Vec::new();
    for hunk in &file.hunks {
        let n_lines = hunk.n_added.max(hunk.n_removed).max(1);
        let lines = (hunk.new_start, hunk.new_start.saturating_add(hunk.n_added.saturating_sub(1)));
        let declared = hunk.added.iter().filter_map(|line| declared_function(line));
        let before = changes.len();
        changes.extend(declared.map(|function| Change { function, n_lines, lines }));
        if let Some(function) = hunk.function().filter(|name| is_function_name(name, &file.path)) {
            // What stands before added functions was most likely not changed itself.
            let share = if changes.len() > before { 4 } else { 1 };
            changes.push(Change { function, n_lines: n_lines.div_ceil(share), lines });
        }
    }
    changes
}

fn blamed_functions<'a>(input: &RankInput<'a>, commit: &Commit, path: &str) -> Vec<Change<'a>> {
    let Some(known) = input.functions.file(path) else { return Vec::new() };
    let blame = input.history.blame.iter();
    let mut changes = Vec::new();
    for range in blame.filter(|range| range.commit == commit.id && range.path == path) {
        let range_end = range.start_line.saturating_add(range.n_lines.saturating_sub(1));
        for item in known.items.iter().filter(|item| item.kind == ItemKind::Function) {
            let first = item.start_line.max(range.start_line);
            let last = item.end_line.min(range_end);
            if first <= last {
                let lines = (item.start_line, item.end_line);
                changes.push(Change { function: &item.name, n_lines: last - first + 1, lines });
            }
        }
    }
    changes
}

/// Says whether a heading's name can be a function's: in Rust a capital opens a type.
fn is_function_name(name: &str, path: &str) -> bool {
    !(path.ends_with(".rs") && name.starts_with(char::is_uppercase))
}

/// Moves spans from the deployed commit's lines to those of the tree as it is now.
///
/// A function that is no longer there, or that several of its name could be, is left out: a place
/// that may be wrong is not shown as one.
pub(super) fn as_they_are_now(
    spans: Vec<SuspectSpan>,
    deployed: &SymbolIndex,
    now: &SymbolIndex,
) -> Vec<SuspectSpan> {
    let functions = |index: &SymbolIndex, path: &str, name: &str| -> Vec<Item> {
        let items = index.file(path).map(|file| file.items.as_slice()).unwrap_or_default();
        let is_wanted = |item: &&Item| item.kind == ItemKind::Function && item.name == name;
        items.iter().filter(is_wanted).cloned().collect()
    };
    spans
        .into_iter()
        .filter_map(|span| {
            let name = span.function.as_deref()?;
            let then = functions(deployed, &span.path, name);
            let then = then.iter().find(|item| item.start_line == span.start_line)?;
            let candidates = functions(now, &span.path, name);
            let mut same = candidates.iter().filter(|item| item.containers == then.containers);
            let (Some(item), None) = (same.next(), same.next()) else { return None };
            Some(SuspectSpan { start_line: item.start_line, end_line: item.end_line, ..span })
        })
        .collect()
}
