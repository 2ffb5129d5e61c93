//! What one gets without a ranking, on the same cases.

use std::collections::HashSet;

use super::case::Case;
use super::score::{Outcome, Tally};

/// The commits of a baseline, best first.
type Listing<'a> = Vec<&'a str>;

/// Runs every baseline: its name and its figures.
pub(super) fn run(cases: &[&Case]) -> Vec<(&'static str, Tally)> {
    let with = |list: fn(&Case) -> Listing<'_>| {
        Tally::of(cases.iter().map(|case| Outcome::of(&list(case), |sha| case.is_culprit(sha))))
    };
    let mut random = Tally::default();
    for case in cases {
        let chance = |k| chance_within(case, k);
        random.add(chance(1), chance(3), chance(5), expected_reciprocal(case));
    }
    vec![
        ("blame-top", with(blame_top)),
        ("blame-recent", with(blame_recent)),
        ("touch-any", with(touch_any)),
        ("blend", with(blend)),
        ("expected random", random),
    ]
}

/// The commit that last changed the line of the top frame.
fn blame_top(case: &Case) -> Listing<'_> {
    blame_order(case).into_iter().take(usize::from(line_blame(case, 0).is_some())).collect()
}

/// The commits that last changed the frames' lines, newest first.
fn blame_recent(case: &Case) -> Listing<'_> {
    newest_first(case, &blame_order(case).into_iter().collect())
}

/// The commits that last changed the frames' lines, in the order of the frames.
fn blame_order(case: &Case) -> Listing<'_> {
    unique((0..case.facts.frames.len()).filter_map(|at| line_blame(case, at)))
}

fn line_blame(case: &Case, frame_idx: usize) -> Option<&str> {
    let frame = case.facts.frames.get(frame_idx)?;
    let blame = &case.pack.trace_files.get(&frame.file)?.blame;
    blame
        .iter()
        .find(|(start, n_lines, _)| *start <= frame.line && frame.line < start + n_lines)
        .map(|(_, _, sha)| sha.as_str())
}

/// The commits that last changed any line of the frames' functions, frame by frame, newest first.
fn functions_blame(case: &Case) -> Listing<'_> {
    let mut listing = Vec::new();
    for frame in &case.facts.frames {
        let Some(file) = case.pack.trace_files.get(&frame.file) else { continue };
        let around = file
            .functions
            .iter()
            .filter(|(_, start, end)| *start <= frame.line && frame.line <= *end)
            .min_by_key(|(_, start, end)| end - start);
        let Some((_, start, end)) = around else { continue };
        let last: HashSet<&str> = file
            .blame
            .iter()
            .filter(|(first, n_lines, _)| first <= end && first + n_lines > *start)
            .map(|(_, _, sha)| sha.as_str())
            .collect();
        listing.extend(newest_first(case, &last));
    }
    unique(listing)
}

/// The commits that touch a file of the trace, newest first.
fn touch_any(case: &Case) -> Listing<'_> {
    touching(case, &|path| case.facts.frames.iter().any(|frame| frame.file == path))
}

fn touching<'a>(case: &'a Case, is_wanted: &dyn Fn(&str) -> bool) -> Listing<'a> {
    let touches = |files: &[super::case::PackFile]| files.iter().any(|file| is_wanted(file.path()));
    case.pack.commits.iter().filter(|c| touches(&c.files)).map(|c| c.sha.as_str()).collect()
}

/// Blame in frame order, then the functions' blame, the top file, any file, the newest.
fn blend(case: &Case) -> Listing<'_> {
    let top = case.facts.frames.first().map(|frame| frame.file.as_str());
    unique(
        blame_order(case)
            .into_iter()
            .chain(functions_blame(case))
            .chain(touching(case, &|path| Some(path) == top))
            .chain(touch_any(case))
            .chain(case.pack.commits.iter().map(|commit| commit.sha.as_str())),
    )
}

fn newest_first<'a>(case: &'a Case, wanted: &HashSet<&str>) -> Listing<'a> {
    case.pack.commits.iter().map(|c| c.sha.as_str()).filter(|sha| wanted.contains(sha)).collect()
}

fn unique<'a>(shas: impl IntoIterator<Item = &'a str>) -> Listing<'a> {
    let mut seen = HashSet::new();
    shas.into_iter().filter(|sha| seen.insert(*sha)).collect()
}

/// The chance that a random order has a culprit among the first `k`.
fn chance_within(case: &Case, k: usize) -> f64 {
    let mut chance_none = 1.0;
    for drawn in 0..k {
        chance_none *= chance_of_miss(case, drawn);
    }
    1.0 - chance_none
}

/// The expected reciprocal rank of the first culprit in a random order.
fn expected_reciprocal(case: &Case) -> f64 {
    let mut chance_none = 1.0;
    let mut expected = 0.0;
    for drawn in 0..case.facts.range.commits {
        let miss = chance_of_miss(case, drawn);
        expected += chance_none * (1.0 - miss) / (drawn + 1) as f64;
        chance_none *= miss;
    }
    expected
}

/// The chance that the next draw is no culprit, after `drawn` that were none.
fn chance_of_miss(case: &Case, drawn: usize) -> f64 {
    let n_left = case.facts.range.commits.saturating_sub(drawn).max(1) as f64;
    (1.0 - case.facts.truth.culprits.len() as f64 / n_left).max(0.0)
}
