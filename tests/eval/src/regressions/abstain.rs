//! Silence: how often nobody is named, where somebody should be and where nobody should.

use incident_core::cancel::Cancel;
use incident_core::suspects;

use super::{Scene, Scored};
use crate::table::Section;

/// How sure the product is of its first suspect, and whether it is right.
struct Sureness {
    best: f64,
    is_right: bool,
    /// The same with the culprit taken out of the history, where anyone named is wrong.
    best_without: f64,
}

/// Shows how often a first suspect is right, by how sure the product says it is.
pub(super) fn reliability(results: &[Scored<'_>]) -> Section {
    let mut section = Section::new("reliability of the first suspect");
    section.columns(&["named", "right"]);
    let firsts: Vec<(f64, bool)> = results
        .iter()
        .filter_map(|result| {
            let (suspects, _) = suspects::rank(&result.scene.input(), &Cancel::new());
            let first = suspects.commits.into_iter().next()?;
            Some((first.score, result.case.is_culprit(&first.commit.0)))
        })
        .collect();
    for (name, low, high) in [("weak", 0.0, 0.5), ("possible", 0.5, 0.8), ("likely", 0.8, 1.01)] {
        let inside = firsts.iter().filter(|(score, _)| (low..high).contains(score));
        let n_right = inside.clone().filter(|(_, is_right)| *is_right).count();
        section.row(
            &format!("  {name}: {low:.1} to {high:.1}"),
            vec![inside.count().to_string(), n_right.to_string()],
        );
    }
    section
}

/// Shows risk against coverage for a falling threshold, and where the product stands.
pub(super) fn curve(results: &[Scored<'_>]) -> Section {
    let sureness: Vec<Sureness> = results.iter().map(measure).collect();
    let mut section = Section::new("abstaining");
    section.columns(&["score", "answered", "right", "risk", "silent without culprit"]);
    let (n_named, n_rightly_silent) = silence(results);
    let mut thresholds: Vec<f64> = sureness.iter().map(|s| s.best).collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    for threshold in thresholds.iter().rev().step_by(3) {
        let answered = sureness.iter().filter(|s| s.best >= *threshold);
        let n_answered = answered.clone().count();
        let n_right = answered.filter(|s| s.is_right).count();
        let n_silent = sureness.iter().filter(|s| s.best_without < *threshold).count();
        let risk = 1.0 - n_right as f64 / n_answered.max(1) as f64;
        section.row(
            "",
            vec![
                format!("{threshold:.2}"),
                n_answered.to_string(),
                n_right.to_string(),
                format!("{risk:.2}"),
                n_silent.to_string(),
            ],
        );
    }
    section.row(
        "incident-lsp names somebody",
        vec![
            String::new(),
            n_named.to_string(),
            String::new(),
            String::new(),
            n_rightly_silent.to_string(),
        ],
    );
    section
}

/// Counts the cases in which somebody is named, and those that stay silent without the culprit.
pub(super) fn silence(results: &[Scored<'_>]) -> (usize, usize) {
    let silent =
        |scene: &Scene| suspects::rank(&scene.input(), &Cancel::new()).0.commits.is_empty();
    let n_named = results.iter().filter(|r| !silent(&r.scene)).count();
    let n_silent = results.iter().filter(|r| silent(&r.scene.without_culprits(r.case))).count();
    (n_named, n_silent)
}

fn measure(result: &Scored<'_>) -> Sureness {
    Sureness {
        best: best(&result.scene),
        is_right: result.commits.rank == Some(1),
        best_without: best(&result.scene.without_culprits(result.case)),
    }
}

fn best(scene: &Scene) -> f64 {
    let ordered =
        suspects::order(suspects::measure(&scene.input(), &Cancel::new()), &suspects::weights());
    ordered.first().map_or(f64::NEG_INFINITY, |(_, score)| *score)
}
