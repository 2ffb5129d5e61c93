use super::*;
use crate::history::CommitId;
use crate::hypothesis::{EvidenceKind, EvidenceLocation, EvidenceOrigin};

fn claim(title: &str, origin: HypothesisOrigin, commit: Option<&str>) -> Hypothesis {
    let piece = |line, commit: Option<&str>| Evidence {
        id: "F1".to_owned(),
        kind: EvidenceKind::Frame,
        origin: EvidenceOrigin::Repository,
        location: EvidenceLocation {
            path: "src/a.rs".to_owned(),
            line: Some(line),
            commit: commit.map(|it| CommitId(it.to_owned())),
        },
        quote: "quote".to_owned(),
    };
    let mut evidence = vec![piece(3, None)];
    evidence.extend(commit.map(|commit| piece(2, Some(commit))));
    Hypothesis {
        title: title.to_owned(),
        explanation: String::new(),
        origin,
        confidence: 0.5,
        evidence,
        would_disprove: vec!["it".to_owned()],
        validation: Vec::new(),
        fix: None,
        notes: Vec::new(),
    }
}

fn model() -> HypothesisOrigin {
    HypothesisOrigin::Model("local".to_owned())
}

#[test]
fn the_same_cause_is_one_and_surer() {
    let known = claim("The pool is empty", HypothesisOrigin::Signature("x"), None);
    let joined = join(vec![known], vec![claim("An empty pool", model(), None)]);
    assert_eq!(joined.len(), 1);
    assert!((joined[0].confidence - 0.6).abs() < 1e-9, "{}", joined[0].confidence);
    assert_eq!(joined[0].notes, ["The model local came to the same cause by itself."]);
}

#[test]
fn a_model_that_repeats_itself_is_no_agreement() {
    let twice =
        vec![claim("An empty pool", model(), None), claim("The pool is empty", model(), None)];
    let joined = join(Vec::new(), twice);
    assert_eq!(joined.len(), 1);
    assert!((joined[0].confidence - 0.5).abs() < 1e-9);
}

#[test]
fn another_culprit_for_the_same_place_is_shown_as_a_contradiction() {
    let known = claim("The guard was removed", HypothesisOrigin::Signature("x"), Some("aaa"));
    let other = claim("The currency changed case", model(), Some("bbb"));
    let joined = join(vec![known], vec![other]);
    assert_eq!(joined.len(), 2);
    assert!(joined.iter().all(|it| it.notes[0].starts_with("Contradict")), "{joined:#?}");
}
