//! Holds what the check says of one snippet against the labels.

use std::collections::BTreeMap;

use incident_core::check::{Reference, Verdict};
use serde::Serialize;

use super::case::{Case, Label};

/// What was found of the labels with one truth.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct ClassScore {
    pub(crate) labelled: usize,
    /// Called wrong in any way.
    pub(crate) flagged: usize,
    /// Called what it is.
    pub(crate) right_class: usize,
    pub(crate) unknown: usize,
    /// Not among the references at all.
    pub(crate) not_listed: usize,
}

/// The score of a set of snippets.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Score {
    pub(crate) cases: usize,
    pub(crate) valid_cases: usize,
    pub(crate) valid_cases_accused: usize,
    pub(crate) by_truth: BTreeMap<String, ClassScore>,
    /// Accusations of labelled references that exist, and any in a valid snippet.
    pub(crate) false_accusations: usize,
    /// Accusations in a bad snippet at a place that has no label.
    pub(crate) unlabelled_accusations: usize,
    /// All references that were told, and those of them told as unknown.
    pub(crate) told: usize,
    pub(crate) told_unknown: usize,
    /// One line for each difference.
    pub(crate) misses: Vec<String>,
}

/// Scores one snippet.
pub(crate) fn score(case: &Case, references: &[Reference]) -> Score {
    let mut score = Score { cases: 1, valid_cases: usize::from(case.valid), ..Score::default() };
    score.told = references.len();
    score.told_unknown = references.iter().filter(|one| one.verdict == Verdict::Unknown).count();
    for label in &case.refs {
        let found = find(label, references);
        let class = score.by_truth.entry(label.truth.clone()).or_default();
        class.labelled += 1;
        match found {
            None => class.not_listed += 1,
            Some(found) => {
                class.unknown += usize::from(found.verdict == Verdict::Unknown);
                class.flagged += usize::from(found.verdict.is_accusation());
                class.right_class += usize::from(class_of(found.verdict) == label.truth);
            }
        }
        let is_right = found.is_some_and(|found| class_of(found.verdict) == label.truth);
        let is_bad = !matches!(label.truth.as_str(), "exists");
        let is_accused = found.is_some_and(|found| found.verdict.is_accusation());
        if !is_right || (!is_bad && is_accused) {
            let said = found.map_or_else(
                || "not listed".to_owned(),
                |found| format!("{}: {}", found.verdict.as_str(), found.reason),
            );
            score.misses.push(format!(
                "{} {}:{} {} is {}, said {said}",
                case.id, label.line, label.col, label.path, label.truth
            ));
        }
    }
    score_accusations(case, references, &mut score);
    score
}

fn score_accusations(case: &Case, references: &[Reference], score: &mut Score) {
    let mut accused = false;
    for reference in references.iter().filter(|one| one.verdict.is_accusation()) {
        let label = case.refs.iter().find(|label| is_at(label, reference));
        let is_true =
            label.is_some_and(|label| !matches!(label.truth.as_str(), "exists" | "deprecated"));
        if is_true {
            continue;
        }
        if case.valid || label.is_some() {
            accused = true;
            score.false_accusations += 1;
            score.misses.push(format!(
                "{} {}:{} FALSE {} said {}: {}",
                case.id,
                reference.line,
                reference.column,
                reference.api,
                reference.verdict.as_str(),
                reference.reason
            ));
        } else {
            score.unlabelled_accusations += 1;
            score.misses.push(format!(
                "{} {}:{} no label for {}: {}",
                case.id, reference.line, reference.column, reference.api, reference.reason
            ));
        }
    }
    score.valid_cases_accused += usize::from(case.valid && accused);
}

impl Score {
    /// Adds another.
    pub(crate) fn add(&mut self, other: Score) {
        self.cases += other.cases;
        self.valid_cases += other.valid_cases;
        self.valid_cases_accused += other.valid_cases_accused;
        self.false_accusations += other.false_accusations;
        self.unlabelled_accusations += other.unlabelled_accusations;
        self.told += other.told;
        self.told_unknown += other.told_unknown;
        for (truth, class) in other.by_truth {
            let sum = self.by_truth.entry(truth).or_default();
            sum.labelled += class.labelled;
            sum.flagged += class.flagged;
            sum.right_class += class.right_class;
            sum.unknown += class.unknown;
            sum.not_listed += class.not_listed;
        }
        self.misses.extend(other.misses);
    }

    /// Sums the classes that the compiler rejects.
    pub(crate) fn rejected(&self) -> ClassScore {
        let mut sum = ClassScore::default();
        for (truth, class) in &self.by_truth {
            if !matches!(truth.as_str(), "exists" | "deprecated") {
                sum.labelled += class.labelled;
                sum.flagged += class.flagged;
                sum.right_class += class.right_class;
                sum.unknown += class.unknown;
                sum.not_listed += class.not_listed;
            }
        }
        sum
    }
}

/// The corpus' name of a verdict's class.
fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exists => "exists",
        Verdict::Missing | Verdict::UnknownPackage | Verdict::WrongVersion => "missing",
        Verdict::FeatureDisabled => "feature-disabled",
        Verdict::Private => "private",
        Verdict::Deprecated => "deprecated",
        Verdict::WrongArity => "wrong-arity",
        _ => "unknown",
    }
}

/// Finds what was said at a label's place; the gravest where several things were.
fn find<'r>(label: &Label, references: &'r [Reference]) -> Option<&'r Reference> {
    let at_place = references.iter().filter(|reference| is_at(label, reference));
    at_place.max_by_key(|reference| {
        let same_class = class_of(reference.verdict) == label.truth && label.truth != "exists";
        (reference.verdict.is_accusation(), same_class)
    })
}

fn is_at(label: &Label, reference: &Reference) -> bool {
    if reference.line != label.line {
        return false;
    }
    if reference.column == label.col {
        return true;
    }
    // The compiler points at the last segment, or at the name's first use: what was said of the
    // same name, or of the part of its path that is the reason, is about the label.
    let last = reference.api.rsplit([':', '.']).next().unwrap_or_default();
    let is_prefix = label
        .path
        .strip_prefix(reference.api.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    label.truth != "exists"
        && reference.verdict.is_accusation()
        && (last == label.name || (is_prefix && reference.api.contains("::")))
}
