//! A patch on a text that has moved on: placed near where it was made, with what that took said.

use super::{FilePatch, PatchHunk, PatchLine};

/// So many lines of context may be wrong at either end of a hunk, as `patch` allows by default.
const MAX_FUZZ: usize = 2;

/// More hunks or lines than this are placed strictly: the search looks at every line for each.
const MAX_WORK: usize = 20_000_000;

/// What applying a patch to a text took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The text afterwards.
    pub text: String,
    /// For each hunk that did not fit where it says: how far off it went in, in lines, and how many
    /// lines of context were passed over. Empty where all of them fit.
    pub moved: Vec<Moved>,
}

/// A hunk that went in elsewhere, or with less context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its number in the file's part of the patch, from 1.
    pub hunk: usize,
    /// By so many lines; negative is towards the start.
    pub by: i64,
    /// So many lines of context did not fit and were left alone.
    pub fuzz: usize,
}

impl FilePatch {
    /// Returns `before` with the patch applied, however far its lines have moved; `None` where a
    /// hunk fits nowhere, or in two places that are as near.
    pub fn apply_moved(&self, before: &str) -> Option<Applied> {
        if let Some(text) = self.apply(before) {
            return Some(Applied { text, moved: Vec::new() });
        }
        let lines: Vec<&str> = before.split_inclusive('\n').collect();
        let n_hunk_lines: usize = self.hunks.iter().map(|hunk| hunk.lines.len()).sum();
        if lines.len().saturating_mul(n_hunk_lines) > MAX_WORK {
            return None;
        }
        let mut after = String::with_capacity(before.len());
        let (mut at, mut drift, mut moved) = (0_usize, 0_i64, Vec::new());
        for (index, hunk) in self.hunks.iter().enumerate() {
            let found = place(hunk, &lines, at, drift)?;
            for kept in lines.get(at..found.start)? {
                after.push_str(kept);
            }
            at = found.start;
            for line in found.lines {
                match line {
                    PatchLine::Added(text) => after.push_str(text),
                    // The text's own line: its end may differ from the patch's.
                    PatchLine::Context(_) => {
                        after.push_str(lines.get(at)?);
                        at += 1;
                    }
                    PatchLine::Removed(_) => at += 1,
                }
            }
            if found.by != drift || found.fuzz > 0 {
                moved.push(Moved { hunk: index + 1, by: found.by, fuzz: found.fuzz });
            }
            drift = found.by;
        }
        for kept in lines.get(at..)? {
            after.push_str(kept);
        }
        Some(Applied { text: after, moved })
    }
}

struct Found<'a> {
    /// The first line that the hunk replaces, from 0.
    start: usize,
    /// How far that is from where the hunk says, in lines.
    by: i64,
    fuzz: usize,
    /// The hunk's lines without those that were passed over.
    lines: &'a [PatchLine],
}

/// Finds the nearest place for a hunk at or after line `from`; hunks before it moved by `drift`.
///
/// With as little fuzz as it takes, at one end or at both; where the ends disagree there is none.
fn place<'a>(hunk: &'a PatchHunk, text: &[&str], from: usize, drift: i64) -> Option<Found<'a>> {
    let is_context = |line: &&PatchLine| matches!(line, PatchLine::Context(_));
    let n_leading = hunk.lines.iter().take_while(is_context).count();
    let n_trailing = hunk.lines.iter().rev().take_while(is_context).count();
    for fuzz in 0..=MAX_FUZZ {
        let ends = [(fuzz, 0), (0, fuzz), (fuzz, fuzz)];
        // Some context must be left, or nothing says that this is the place.
        let is_possible = |(lead, tail): &(usize, usize)| {
            *lead <= n_leading
                && *tail <= n_trailing
                && (fuzz == 0 || lead + tail < n_leading + n_trailing)
        };
        let mut found: Vec<Found<'a>> = Vec::new();
        for (lead, tail) in ends.into_iter().filter(is_possible) {
            match place_without(hunk, text, from, drift, [lead, tail]) {
                Placed::Nowhere => {}
                Placed::Tied => return None,
                Placed::At(place) => found.push(place),
            }
        }
        let first = found.first().map(|place| place.by);
        if found.iter().any(|place| Some(place.by) != first) {
            return None;
        }
        if !found.is_empty() {
            return Some(found.swap_remove(0));
        }
    }
    None
}

enum Placed<'a> {
    At(Found<'a>),
    /// Two places are as near.
    Tied,
    Nowhere,
}

/// Finds the nearest place for a hunk without so many lines at its start and its end.
fn place_without<'a>(
    hunk: &'a PatchHunk,
    text: &[&str],
    from: usize,
    drift: i64,
    [lead, tail]: [usize; 2],
) -> Placed<'a> {
    let n_lines = hunk.lines.len().saturating_sub(tail);
    let lines = hunk.lines.get(lead..n_lines).unwrap_or_default();
    let old: Vec<&str> = lines
        .iter()
        .filter_map(|line| match line {
            PatchLine::Context(text) | PatchLine::Removed(text) => Some(text.as_str()),
            PatchLine::Added(_) => None,
        })
        .collect();
    if old.is_empty() {
        // Nothing says where it belongs.
        return Placed::Nowhere;
    }
    let line_number = |index: usize| i64::try_from(index).unwrap_or(i64::MAX / 4);
    let said = i64::from(hunk.old_start) - 1 + line_number(lead);
    let fits = |start: usize| {
        text.get(start..start + old.len()).is_some_and(|there| {
            there.iter().zip(&old).all(|(there, wanted)| same_line(there, wanted))
        })
    };
    let mut best: Option<(u64, usize)> = None;
    let mut is_tied = false;
    for start in from..=text.len().saturating_sub(old.len()) {
        let distance = (line_number(start) - said - drift).unsigned_abs();
        if best.is_some_and(|(nearest, _)| distance > nearest) || !fits(start) {
            continue;
        }
        is_tied = best.is_some_and(|(nearest, _)| nearest == distance);
        best = Some((distance, start));
    }
    match best {
        None => Placed::Nowhere,
        Some(_) if is_tied => Placed::Tied,
        Some((_, start)) => {
            Placed::At(Found { start, by: line_number(start) - said, fuzz: lead.max(tail), lines })
        }
    }
}

/// Compares two lines but for their ends, so that a patch fits a file with the other kind.
fn same_line(there: &str, wanted: &str) -> bool {
    there.trim_end_matches(['\n', '\r']) == wanted.trim_end_matches(['\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::{Applied, Moved};
    use crate::fix::parse_patch;

    const PATCH: &str = "--- a/x\n+++ b/x\n@@ -2,3 +2,3 @@\n two\n-three\n+THREE\n four\n";

    fn apply(before: &str) -> Option<Applied> {
        parse_patch(PATCH).unwrap().files[0].apply_moved(before)
    }

    #[track_caller]
    fn check(before: &str, after: &str, moved: &[(i64, usize)]) {
        let moved: Vec<Moved> =
            moved.iter().map(|(by, fuzz)| Moved { hunk: 1, by: *by, fuzz: *fuzz }).collect();
        assert_eq!(apply(before), Some(Applied { text: after.to_owned(), moved }), "{before:?}");
    }

    #[test]
    fn a_hunk_goes_where_its_lines_went_and_says_so() {
        check("one\ntwo\nthree\nfour\n", "one\ntwo\nTHREE\nfour\n", &[]);
        check("a\nb\none\ntwo\nthree\nfour\n", "a\nb\none\ntwo\nTHREE\nfour\n", &[(2, 0)]);
        check("two\nthree\nfour\n", "two\nTHREE\nfour\n", &[(-1, 0)]);
        check("one\ntwo\nthree\nFOUR\n", "one\ntwo\nTHREE\nFOUR\n", &[(0, 1)]);
    }

    #[test]
    fn a_hunk_without_a_place_or_with_two_is_refused() {
        assert_eq!(apply("one\ntwo\n3\nfour\n"), None);
        assert_eq!(apply(""), None);
        // One line up and one line down.
        assert_eq!(
            apply("two\nthree\nfour\nx\ntwo\nthree\nfour\n").map(|it| it.moved.len()),
            Some(1)
        );
        assert_eq!(apply("two\nthree\nthree\nfour\n"), None);
    }
}
