//! Fits the weights of the ranking, so that the table in the product can be made again.
//!
//! A conditional logit: the chance that a commit is the culprit is its share of the exponentials
//! of all weighted sums of its case. Signs are the table's and never turn; a pull towards the
//! table's prior keeps signals that the cases hardly show where reason put them.

use std::collections::BTreeSet;

use incident_core::cancel::Cancel;
use incident_core::suspects::{self, N_SIGNALS, TABLE, Weights};

use super::Scored;
use super::score::Tally;

/// How strongly weights are pulled to the round numbers that they started as.
const PULL: f64 = 0.02;
const N_STEPS: usize = 600;
const STEP: f64 = 0.5;

/// One case as numbers: a row of signals for each commit, and which of them are culprits.
struct Sample {
    rows: Vec<[f64; N_SIGNALS]>,
    is_culprit: Vec<bool>,
}

/// Fits weights on all cases but those of the repository `left_out`.
pub(super) fn fit(results: &[Scored<'_>], left_out: Option<&str>) -> Weights {
    let samples: Vec<Sample> = results
        .iter()
        .filter(|result| left_out != Some(result.case.facts.repo.as_str()))
        .map(sample)
        .filter(|sample| sample.is_culprit.contains(&true))
        .collect();
    let mut weights: Weights = TABLE.map(|row| row.prior);
    for _ in 0..N_STEPS {
        let gradient = gradient(&samples, &weights);
        for ((weight, slope), row) in weights.iter_mut().zip(gradient).zip(TABLE) {
            *weight += STEP * (slope - PULL * (*weight - row.prior));
            if *weight * row.prior < 0.0 {
                *weight = 0.0;
            }
        }
    }
    weights
}

/// Orders each case with weights that were fitted on the other repositories.
pub(super) fn leave_one_repository_out(results: &[Scored<'_>]) -> Tally {
    let repos: BTreeSet<&str> = results.iter().map(|r| r.case.facts.repo.as_str()).collect();
    Tally::of(repos.into_iter().flat_map(|repo| {
        let weights = fit(results, Some(repo));
        let of_repo = results.iter().filter(move |result| result.case.facts.repo == repo);
        of_repo.map(move |result| super::order(result.case, &result.scene, &weights))
    }))
}

fn sample(result: &Scored<'_>) -> Sample {
    let measured = suspects::measure(&result.scene.input(), &Cancel::new());
    let commits = &result.scene.history.commits;
    Sample {
        rows: measured.iter().map(|measured| measured.values).collect(),
        is_culprit: commits.iter().map(|commit| result.case.is_culprit(&commit.id.0)).collect(),
    }
}

/// Returns the mean slope of the log-likelihood.
fn gradient(samples: &[Sample], weights: &Weights) -> Weights {
    let mut gradient = [0.0; N_SIGNALS];
    for sample in samples {
        let sums: Vec<f64> = sample
            .rows
            .iter()
            .map(|row| row.iter().zip(weights).map(|(value, weight)| value * weight).sum())
            .collect();
        let highest = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = sums.iter().map(|sum| (sum - highest).exp()).collect();
        let total: f64 = shares.iter().sum();
        let of_culprits: f64 =
            shares.iter().zip(&sample.is_culprit).filter(|(_, is)| **is).map(|(s, _)| s).sum();
        for ((row, share), is_culprit) in sample.rows.iter().zip(&shares).zip(&sample.is_culprit) {
            let wanted = if *is_culprit { share / of_culprits } else { 0.0 };
            for (slope, value) in gradient.iter_mut().zip(row) {
                *slope += (wanted - share / total) * value / samples.len() as f64;
            }
        }
    }
    gradient
}
