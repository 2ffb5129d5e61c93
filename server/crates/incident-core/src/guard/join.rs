//! A model's causes beside those of the signatures: duplicates merge, contradictions are shown.

use std::collections::BTreeSet;

use super::words::telling;
use crate::hypothesis::{Evidence, Hypothesis, HypothesisOrigin};

/// How much of its doubt a claim loses when a model comes to it by itself.
const AGREEMENT: f64 = 0.4;

/// Joins verified-to-be claims: signatures first, then what the model adds.
///
/// The lock ([`crate::hypothesis::verify`]) still has to hold what comes out.
pub fn join(signatures: Vec<Hypothesis>, model: Vec<Hypothesis>) -> Vec<Hypothesis> {
    let mut joined = signatures;
    for claim in model {
        if let Some(known) = joined.iter_mut().find(|known| is_same(known, &claim)) {
            agree(known, claim);
            continue;
        }
        let mut claim = claim;
        for known in &mut joined {
            if contradicts(known, &claim) {
                let (a, b) = (claim.title.clone(), known.title.clone());
                note(known, format!("Contradicted by another cause for the same place: {a}"));
                note(&mut claim, format!("Contradicts another cause for the same place: {b}"));
            }
        }
        joined.push(claim);
    }
    joined
}

fn agree(known: &mut Hypothesis, claim: Hypothesis) {
    let who = match &claim.origin {
        HypothesisOrigin::Model(name) => format!("The model {name}"),
        HypothesisOrigin::Signature(_) => "A signature".to_owned(),
    };
    if known.origin != claim.origin {
        known.confidence += (1.0 - known.confidence) * AGREEMENT * claim.confidence;
        note(known, format!("{who} came to the same cause by itself."));
    }
    if known.fix.is_none() {
        known.fix = claim.fix;
    }
    for check in claim.validation {
        if known.validation.len() < 3 && !known.validation.contains(&check) {
            known.validation.push(check);
        }
    }
}

fn note(hypothesis: &mut Hypothesis, text: String) {
    if !hypothesis.notes.contains(&text) {
        hypothesis.notes.push(text);
    }
}

/// Says whether two claims are one: the same place, and mostly the same words.
fn is_same(a: &Hypothesis, b: &Hypothesis) -> bool {
    if places(a).is_disjoint(&places(b)) {
        return false;
    }
    let words = |it: &Hypothesis| telling(&format!("{} {}", it.title, it.explanation));
    let (a_title, b_title) = (telling(&a.title), telling(&b.title));
    let (a_all, b_all) = (words(a), words(b));
    let covered = |title: &BTreeSet<String>, all: &BTreeSet<String>| {
        let n_shared = title.iter().filter(|word| all.contains(*word)).count();
        n_shared as f64 / title.len().max(1) as f64
    };
    covered(&a_title, &b_all).max(covered(&b_title, &a_all)) >= 0.6
}

/// Says whether two claims about one place blame different changes, or one a change and one none.
fn contradicts(a: &Hypothesis, b: &Hypothesis) -> bool {
    let blamed = |it: &Hypothesis| -> BTreeSet<String> {
        let commits = it.evidence.iter().filter_map(|it| it.location.commit.as_ref());
        commits.map(|commit| commit.0.clone()).collect()
    };
    let (a_blames, b_blames) = (blamed(a), blamed(b));
    !places(a).is_disjoint(&places(b))
        && !a_blames.is_empty()
        && !b_blames.is_empty()
        && a_blames.is_disjoint(&b_blames)
}

/// Returns the places of source that a claim rests on.
fn places(hypothesis: &Hypothesis) -> BTreeSet<(String, u32)> {
    let place = |it: &Evidence| Some((it.location.path.clone(), it.location.line?));
    let of_source = |it: &&Evidence| it.location.commit.is_none();
    hypothesis.evidence.iter().filter(of_source).filter_map(place).collect()
}

#[cfg(test)]
mod tests;
