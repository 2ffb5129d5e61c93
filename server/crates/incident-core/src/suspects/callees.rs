//! The functions that those on the stack call, by name: one of them may have made the bad value.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::RankInput;
use super::signals::{Spot, is_code};
use crate::history::{Commit, declared_function};
use crate::text::LineIndex;

/// Shortest name that is looked for: `new`, `get` and the like are everybody's.
const MIN_NAME: usize = 5;
/// How many lines of one function are read.
const MAX_LINES: u32 = 400;
/// Names that the standard libraries own.
const COMMON: &[&str] = &[
    "unwrap",
    "expect",
    "clone",
    "collect",
    "to_owned",
    "to_string",
    "into_iter",
    "iter_mut",
    "unwrap_or",
    "unwrap_or_else",
    "unwrap_or_default",
    "as_ref",
    "as_str",
    "as_mut",
    "is_empty",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "filter",
    "filter_map",
    "flat_map",
    "for_each",
    "insert",
    "remove",
    "extend",
    "contains",
    "contains_key",
    "starts_with",
    "ends_with",
    "format",
    "println",
    "eprintln",
    "assert",
    "assert_eq",
    "write",
    "writeln",
    "panic",
    "unreachable",
    "default",
    "match",
    "while",
    "return",
    "print",
    "append",
    "isinstance",
    "range",
    "enumerate",
    "super",
    "length",
    "map_err",
    "and_then",
    "or_else",
    "ok_or",
    "ok_or_else",
    "push_str",
    "debug",
    "error",
    "trace",
    "replace",
    "split",
    "position",
    "cloned",
    "copied",
    "borrow",
    "borrow_mut",
    "switch",
    "catch",
    "function",
    "require",
    "async",
    "await",
];

/// A called name: who calls it, and how near the crash.
pub(super) struct Call<'a> {
    pub(super) caller: &'a str,
    pub(super) path: &'a str,
    pub(super) depth: usize,
}

/// Collects the names called in the functions on the stack, as far as their text is at hand.
pub(super) fn called<'a>(
    input: &RankInput<'a>,
    spots: &'a [Spot<'a>],
) -> BTreeMap<&'a str, Call<'a>> {
    let mut calls = BTreeMap::new();
    for spot in spots {
        let Some((path, caller, (start, end))) = spot.function_lines() else { continue };
        let sources = input.sources;
        let Some(text) = sources.deployed.get(path).or_else(|| sources.current.get(path)) else {
            continue;
        };
        let index = LineIndex::new(text);
        let lines = (start..=end.min(start.saturating_add(MAX_LINES)))
            .filter_map(|line| index.line_span(line)?.slice(text));
        for name in lines.flat_map(called_in) {
            // Spots come crash site first, so the nearest caller is the one that is kept.
            calls.entry(name).or_insert(Call { caller, path, depth: spot.depth() });
        }
    }
    // A function on the stack has signals of its own.
    for spot in spots {
        if let Some((_, function, _)) = spot.function_lines() {
            calls.remove(function);
        }
    }
    calls
}

/// Returns the called functions that a commit changed, each with the file; once for each file.
pub(super) fn changed<'a>(
    commit: &'a Commit,
    calls: &BTreeMap<&str, Call<'_>>,
) -> BTreeSet<(&'a str, &'a str)> {
    let mut changed = BTreeSet::new();
    if calls.is_empty() {
        return changed;
    }
    for file in commit.files.iter().filter(|file| is_code(&file.path)) {
        for hunk in &file.hunks {
            let declared = hunk.added.iter().filter_map(|line| declared_function(line));
            let names = declared.chain(hunk.function()).filter(|name| calls.contains_key(name));
            changed.extend(names.map(|name| (file.path.as_str(), name)));
        }
    }
    changed
}

/// Counts the commits that changed each called function.
pub(super) fn n_changes<'a>(
    commits: &'a [Commit],
    calls: &BTreeMap<&str, Call<'_>>,
) -> HashMap<&'a str, usize> {
    let mut n_changes = HashMap::new();
    for commit in commits {
        let names: BTreeSet<&str> =
            changed(commit, calls).into_iter().map(|(_, name)| name).collect();
        for name in names {
            *n_changes.entry(name).or_insert(0) += 1;
        }
    }
    n_changes
}

/// Returns the names in a line that an opening bracket follows.
fn called_in(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or(line);
    code.match_indices('(').filter_map(move |(at, _)| {
        let head = code.get(..at)?.trim_end_matches('!');
        let start = head.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |i| {
            i + head.get(i..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let name = head.get(start..)?;
        (name.len() >= MIN_NAME && !COMMON.contains(&name)).then_some(name)
    })
}
