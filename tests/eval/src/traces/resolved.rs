//! Resolved places against the published source that each case names.

use std::collections::BTreeMap;

use incident_core::resolve::Status;

use rayon::prelude::*;

use super::labels::{Case, ResolvedLabel};
use super::places;
use super::score::CaseScore;
use crate::published::Published;
use crate::tally::Tally;

/// The column that this file fills.
pub(super) const COLUMN: &str = "resolved";

/// What became of one labelled place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// Path, line and function are the labelled ones.
    Right,
    /// They are not, and the product claimed to be sure.
    WrongWhileSure(String),
    /// They are not, and the product said that it does not know.
    Missed(String),
}

/// Adds the column to the cases that have resolved labels; returns how many places are wrong while
/// claiming to be sure.
pub(super) fn score_into(scores: &mut [CaseScore], cases: &[Case]) -> usize {
    let of_score = |score: &mut CaseScore| {
        let case = cases.iter().find(|case| case.id == score.id);
        let verdicts = case.map(score_case).unwrap_or_default();
        let mut tally = Tally { labelled: verdicts.len(), ..Tally::default() };
        let mut n_wrong = 0;
        for verdict in verdicts {
            match verdict {
                Verdict::Right => tally.right += 1,
                Verdict::Missed(what) => score.misses.push(format!("{COLUMN}: {what}")),
                Verdict::WrongWhileSure(what) => {
                    n_wrong += 1;
                    score.misses.push(format!("{COLUMN}, WRONG WHILE SURE: {what}"));
                }
            }
        }
        score.tallies.push((COLUMN, tally));
        n_wrong
    };
    scores.par_iter_mut().map(of_score).sum()
}

fn score_case(case: &Case) -> Vec<Verdict> {
    let traces = places::traces_of(&case.id, &case.text);
    let mut packages: BTreeMap<(&str, &str), Result<Published, String>> = BTreeMap::new();
    let mut verdicts = Vec::new();
    for label in &case.facts.expected.resolved {
        let package = packages.entry((&label.package, &label.version)).or_insert_with(|| {
            Published::load(&label.package, &label.version).map_err(|error| format!("{error:#}"))
        });
        let verdict = match package {
            Ok(package) => judge(case, label, package, &traces),
            Err(error) => Verdict::Missed(error.clone()),
        };
        verdicts.push(verdict);
    }
    verdicts
}

fn judge(
    case: &Case,
    label: &ResolvedLabel,
    package: &Published,
    traces: &[incident_core::trace::Trace],
) -> Verdict {
    let expected = &case.facts.expected;
    let Some(spot) = places::find(traces, expected, &label.frame, label.location, label.line)
    else {
        return Verdict::Missed(format!("{:?}: not parsed", label.frame));
    };
    let resolved = spot.trace(traces).map(|trace| package.resolve(trace.clone(), Some(package)));
    let Some(resolution) = resolved.as_ref().and_then(|resolved| spot.resolution(resolved)) else {
        return Verdict::Missed(format!("{:?}: not resolved", label.frame));
    };
    let place = resolution.place.as_ref();
    let right = place.is_some_and(|place| place.path == label.path && place.line == label.line)
        && places::item_fits(resolution, label.item.as_ref());
    if right {
        return Verdict::Right;
    }
    let what = format!("{:?}: {}", label.frame, places::shown(resolution));
    match resolution.status {
        Status::Ambiguous | Status::Unresolved => Verdict::Missed(what),
        _ => Verdict::WrongWhileSure(what),
    }
}
