//! Ties a changed setting to a failure: by the words of its key, by what kind of limit it is, by its
//! values in the messages, and by the code on the stack that reads it.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::FailureLine;
use super::signals::{Measured, Spot};
use super::weights::Signal;
use super::{RankInput, concepts};
use crate::config_changes::{ChangeKind, ConfigChange};
use crate::text::LineIndex;

/// What a key that only describes is worth: a name, a label, a version.
const DESCRIBES: f64 = 0.15;
/// What an older change is worth whose value a newer one replaced.
const REPLACED: f64 = 0.3;
/// How much a shared word of the key, a shared kind of limit, and a shared value count.
const WORDS: f64 = 0.6;
const CONCEPT: f64 = 0.4;
const VALUE: f64 = 0.6;
/// What a key that the code on the stack reads counts.
const READ: f64 = 0.6;
/// Least tie that is one.
const LEAST: f64 = 0.12;
/// Least tie of a single key that is printed.
const LEAST_SHOWN: f64 = 0.2;

/// How one change is tied to the failure.
struct Tie<'a> {
    change: &'a ConfigChange,
    /// From 0 to 1.
    strength: f64,
    /// What ties it, in words.
    why: String,
}

/// Measures the changed settings of every commit.
pub(super) fn measure(
    input: &RankInput<'_>,
    spots: &[Spot<'_>],
    lines: &[FailureLine],
    measured: &mut [Measured],
) {
    let replaced = replaced(input);
    let readers = Readers::new(input, spots);
    let on_stack = packages_on_stack(input);
    for (measured, commit) in measured.iter_mut().zip(input.history.commits.iter()) {
        let Some(changes) = input.history.config.get(&commit.id) else { continue };
        packages(changes, &on_stack, measured);
        let mut ties: Vec<Tie<'_>> = changes
            .iter()
            .filter(|change| change.kind != ChangeKind::Package)
            .filter_map(|change| {
                let mut tie = tie(change, lines, &readers)?;
                let key = (commit.id.0.as_str(), change.path.as_str(), change.key.as_str());
                if replaced.contains(&key) {
                    tie.strength *= REPLACED;
                }
                (tie.strength >= LEAST).then_some(tie)
            })
            .collect();
        ties.sort_by(|a, b| b.strength.total_cmp(&a.strength));
        let missed: f64 = ties.iter().take(4).map(|tie| 1.0 - tie.strength).product();
        measured.put(Signal::SettingChanged, 1.0 - missed, || shown(&ties));
    }
}

fn shown(ties: &[Tie<'_>]) -> String {
    let strong: Vec<&Tie<'_>> = ties.iter().filter(|tie| tie.strength >= LEAST_SHOWN).collect();
    let shown = if strong.is_empty() { ties.iter().take(1).collect() } else { strong };
    let parts: Vec<String> = shown
        .iter()
        .take(3)
        .map(|tie| {
            let ConfigChange { path, line, .. } = tie.change;
            format!("{} ({path}:{line}), {}", tie.change.shown(), tie.why)
        })
        .collect();
    format!("set {}", parts.join("; "))
}

/// Returns the changes whose values newer commits replaced, by commit, path and key.
fn replaced<'a>(input: &RankInput<'a>) -> BTreeSet<(&'a str, &'a str, &'a str)> {
    let mut newer: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut replaced = BTreeSet::new();
    for commit in input.history.commits.iter() {
        for change in input.history.config.get(&commit.id).into_iter().flatten() {
            if !newer.insert((&change.path, &change.key)) {
                replaced.insert((commit.id.0.as_str(), change.path.as_str(), change.key.as_str()));
            }
        }
    }
    replaced
}

fn tie<'a>(
    change: &'a ConfigChange,
    lines: &[FailureLine],
    readers: &Readers<'_>,
) -> Option<Tie<'a>> {
    let key = match (change.kind, &change.new) {
        (ChangeKind::Schema, Some(statement)) => concepts::Key::of_statement(statement),
        _ => concepts::Key::new(&change.path, &change.key),
    };
    let reader = readers.of(&key);
    let mut best: Option<(f64, String)> = reader.as_ref().map(|reader| {
        (READ, format!("which `{}` ({}) on the stack reads", reader.function, reader.path))
    });
    for line in lines {
        let words = key.shared_words(&line.text);
        let concept = key.shared_concept(&line.text);
        let value = change.new.as_deref().and_then(|new| concepts::value_in(&key, new, &line.text));
        let read = if reader.is_some() { READ } else { 0.0 };
        let missed = (1.0 - WORDS * words.strength)
            * (1.0 - CONCEPT * f64::from(u8::from(concept.is_some())))
            * (1.0 - VALUE * f64::from(u8::from(value.is_some())))
            * (1.0 - read);
        let strength = (1.0 - missed) * line.weight;
        if strength <= 0.0 || best.as_ref().is_some_and(|(known, _)| *known >= strength) {
            continue;
        }
        let why = if let Some(value) = value {
            format!("and the failure says \"{value}\"")
        } else if let Some(said) = concept {
            format!("and the failure says \"{said}\"")
        } else if let Some(word) = words.words.first() {
            format!("and the failure speaks of \"{word}\"")
        } else {
            continue;
        };
        best = Some((strength, why));
    }
    let (strength, why) = best?;
    let strength = strength * worth(change, &key);
    Some(Tie { change, strength, why })
}

/// Says what a change is worth by itself: what only describes changes nothing, and what got tighter
/// fails sooner than what got wider.
fn worth(change: &ConfigChange, key: &concepts::Key) -> f64 {
    if key.only_describes() {
        return DESCRIBES;
    }
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => {
            match (concepts::amount(&key.last, old), concepts::amount(&key.last, new)) {
                (Some(old), Some(new)) => {
                    let tighter = if key.is_retry() { new > old } else { new < old };
                    let (low, high) = (old.min(new), old.max(new));
                    let is_much = low <= 0.0 || high / low >= 1.5;
                    match (tighter, is_much) {
                        (true, true) => 1.0,
                        (true, false) => 0.7,
                        (false, true) => 0.6,
                        (false, false) => 0.45,
                    }
                }
                _ => 1.0,
            }
        }
        (Some(_), None) => 0.8,
        (None, Some(_)) if change.kind == ChangeKind::Schema => 1.0,
        (None, _) => 0.5,
    }
}

/// Looks for changed versions of packages on the stack.
fn packages(changes: &[ConfigChange], on_stack: &BTreeMap<String, usize>, measured: &mut Measured) {
    for change in changes.iter().filter(|change| change.kind == ChangeKind::Package) {
        let Some(depth) = on_stack.get(&one_name(&change.key)) else { continue };
        measured.put(Signal::PackageChanged, 1.0 / (1.0 + 0.15 * *depth as f64), || {
            let ConfigChange { path, line, .. } = change;
            format!("changed {} ({path}:{line}), which is on the stack", change.shown())
        });
    }
}

/// Returns the packages whose code is on the stack, each with its nearest frame to the crash.
fn packages_on_stack(input: &RankInput<'_>) -> BTreeMap<String, usize> {
    let mut packages = BTreeMap::new();
    for trace in input.traces {
        let frames = trace.trace.frames.iter().zip(&trace.frames);
        for (depth, (frame, resolution)) in frames.enumerate() {
            let resolved = resolution.package.as_ref().map(|package| package.name.as_str());
            let named = frame.function.as_deref().and_then(crate_of);
            for package in resolved.into_iter().chain(named) {
                packages
                    .entry(one_name(package))
                    .and_modify(|known: &mut usize| *known = depth.min(*known))
                    .or_insert(depth);
            }
        }
    }
    packages
}

/// Returns the crate of a symbol: `h2` of `<h2::proto::Connection as Future>::poll`.
fn crate_of(function: &str) -> Option<&str> {
    let (first, _) = function.trim_start_matches(['<', '&']).split_once("::")?;
    Some(first)
}

/// A package is spelled with `-` in its manifest and with `_` in its symbols.
fn one_name(package: &str) -> String {
    package.replace('_', "-")
}

/// The functions on the stack with the names that their text holds.
struct Readers<'a> {
    functions: Vec<Reader<'a>>,
}

/// One function on the stack.
struct Reader<'a> {
    path: &'a str,
    function: &'a str,
    /// Names in its text in one form: lower case without separators.
    names: BTreeSet<String>,
}

impl<'a> Readers<'a> {
    fn new(input: &RankInput<'a>, spots: &'a [Spot<'a>]) -> Self {
        let mut indexes: BTreeMap<&str, LineIndex> = BTreeMap::new();
        let functions = spots
            .iter()
            .filter_map(|spot| {
                let (path, function, (start, end)) = spot.function_lines()?;
                let text = input.sources.deployed.get(path).or(input.sources.current.get(path))?;
                let index = indexes.entry(path).or_insert_with(|| LineIndex::new(text));
                let from = index.line_span(start)?.start;
                let to = index.line_span(end.min(start.saturating_add(400)))?.end;
                let names = concepts::names(text.get(from..to)?);
                Some(Reader { path, function, names })
            })
            .collect();
        Self { functions }
    }

    /// Returns the function nearest to the crash that reads a key.
    fn of(&self, key: &concepts::Key) -> Option<&Reader<'a>> {
        let wanted = key.reading_names();
        self.functions.iter().find(|reader| wanted.iter().any(|name| reader.names.contains(name)))
    }
}
