//! The evidence lock: quotes, ids, lines and commits that do not hold are dropped.

use super::*;

const FIXTURE: &str = r#"
//- /src/lib.rs
pub fn first(items: &[u32]) -> u32 {
    let head = items.first();
    *head.$0unwrap()
}
//- message
called `Option::unwrap()` on a `None` value
//- commit Simplify first
--- a/src/lib.rs
+++ b/src/lib.rs
@@ -1,4 +1,3 @@
 pub fn first(items: &[u32]) -> u32 {
     let head = items.first();
-    if head.is_none() { return 0; }
     *head.unwrap()
//- log
2026-01-01T00:00:00Z ERROR no items for customer 7
"#;

fn evidence(id: &str, kind: EvidenceKind, quote: &str) -> Evidence {
    Evidence {
        id: id.to_owned(),
        kind,
        origin: EvidenceOrigin::Tool,
        location: EvidenceLocation::default(),
        quote: quote.to_owned(),
    }
}

fn claim(evidence: Vec<Evidence>) -> Hypothesis {
    Hypothesis {
        title: "The list is empty".to_owned(),
        explanation: "`first()` takes it for granted.".to_owned(),
        origin: HypothesisOrigin::Model("test/model".to_owned()),
        confidence: 1.0,
        evidence,
        would_disprove: vec!["an item was there".to_owned()],
        validation: Vec::new(),
        fix: None,
        notes: Vec::new(),
    }
}

fn good() -> Vec<Evidence> {
    vec![
        evidence("M1", EvidenceKind::Log, "called `Option::unwrap()`"),
        evidence("F1", EvidenceKind::Frame, "*head.unwrap()"),
        evidence("src/lib.rs:2", EvidenceKind::Frame, "let head = items.first();\n    *head"),
        evidence("H1", EvidenceKind::Hunk, "if head.is_none() { return 0; }"),
        evidence("L1", EvidenceKind::Log, "no items for customer 7"),
    ]
}

/// Returns what is left of one claim: ids of its evidence and its confidence.
fn left(hypothesis: Hypothesis) -> Option<(Vec<String>, f64)> {
    let world = world(FIXTURE);
    let checked = verify(vec![hypothesis], &world.input());
    let hypothesis = checked.first()?.hypothesis();
    Some((hypothesis.evidence.iter().map(|it| it.id.clone()).collect(), hypothesis.confidence))
}

#[test]
fn true_evidence_holds_and_gets_its_place_and_origin() {
    let world = world(FIXTURE);
    let checked = verify(vec![claim(good())], &world.input());
    let hypothesis = checked[0].hypothesis();
    assert_eq!(hypothesis.confidence, 1.0);
    let places: Vec<String> = hypothesis
        .evidence
        .iter()
        .map(|it| {
            let commit = it.location.commit.as_ref().map_or("-", CommitId::short);
            let line = it.location.line.unwrap_or(0);
            format!("{} {} {}:{line} {commit}", it.id, it.origin.as_str(), it.location.path)
        })
        .collect();
    expect![[r#"
        M1 service src/lib.rs:3 -
        F1 repository src/lib.rs:3 -
        src/lib.rs:2 repository src/lib.rs:2 -
        H1 repository src/lib.rs:3 aaa0123
        L1 service app.log:1 -"#]]
    .assert_eq(&places.join("\n"));
}

#[test]
fn a_corrupted_quote_is_dropped_and_lowers_the_confidence() {
    for changed in 0..good().len() {
        let mut evidence = good();
        evidence[changed].quote.push('~');
        let (ids, confidence) = left(claim(evidence)).unwrap();
        assert_eq!(ids.len(), 4);
        // Four pieces and one function name hold, of six claims.
        assert!((confidence - 5.0 / 6.0).abs() < 1e-9, "{confidence}");
    }
    assert_eq!(left(claim(vec![evidence("F1", EvidenceKind::Frame, "*tail.unwrap()")])), None);
    assert_eq!(left(claim(vec![evidence("F1", EvidenceKind::Frame, " ")])), None);
    assert_eq!(left(claim(Vec::new())), None);
}

#[test]
fn wrong_ids_kinds_lines_and_places_are_dropped() {
    let moved = |path: &str, line: u32| Evidence {
        location: EvidenceLocation { path: path.to_owned(), line: Some(line), commit: None },
        ..evidence("F1", EvidenceKind::Frame, "*head.unwrap()")
    };
    for wrong in [
        evidence("F9", EvidenceKind::Frame, "*head.unwrap()"),
        evidence("F1", EvidenceKind::Hunk, "*head.unwrap()"),
        evidence("src/lib.rs:1", EvidenceKind::Frame, "*head.unwrap()"),
        evidence("src/lib.rs:99", EvidenceKind::Frame, "*head.unwrap()"),
        evidence("src/lib.rs:0", EvidenceKind::Frame, "*head.unwrap()"),
        evidence("src/other.rs:3", EvidenceKind::Frame, "*head.unwrap()"),
        evidence("", EvidenceKind::Frame, "*head.unwrap()"),
        evidence("S3", EvidenceKind::Frame, "*head.unwrap()"),
        Evidence { id: "S2".to_owned(), ..moved("src/lib.rs", 3) },
        Evidence { id: "S3".to_owned(), ..moved("src/main.rs", 3) },
        moved("src/lib.rs", 2),
        moved("src/main.rs", 3),
    ] {
        assert_eq!(left(claim(vec![wrong.clone()])), None, "{wrong:?}");
    }
    assert!(left(claim(vec![moved("src/lib.rs", 3)])).is_some());
    let by_number = Evidence { id: "S3".to_owned(), ..moved("src/lib.rs", 3) };
    assert!(left(claim(vec![by_number])).is_some());
}

#[test]
fn sentences_with_invented_names_go() {
    let world = world(FIXTURE);
    let mut hypothesis = claim(good());
    hypothesis.explanation = "Commit aaa0123 took the check out. Commit deadbee1 put it in. \
        See src/lib.rs:3 for it. See src/pool.rs for more. At src/lib.rs:400 it is used. \
        `first()` panics. `Pool::acquire()` does not. It is `items.first()` that gives None."
        .to_owned();
    hypothesis.notes = vec!["Look at `a1b2c3d4e5`.".to_owned(), "Look twice.".to_owned()];
    let checked = verify(vec![hypothesis], &world.input());
    let hypothesis = checked[0].hypothesis();
    expect!["Commit aaa0123 took the check out. See src/lib.rs:3 for it. `first()` panics. It is `items.first()` that gives None."]
    .assert_eq(&hypothesis.explanation);
    assert_eq!(hypothesis.notes, ["Look twice."]);
    assert!(hypothesis.confidence < 0.7, "{}", hypothesis.confidence);
}

#[test]
fn a_title_with_an_invented_commit_ends_the_claim() {
    let mut hypothesis = claim(good());
    hypothesis.title = "Commit deadbee broke it".to_owned();
    assert_eq!(left(hypothesis), None);
}

#[test]
fn what_nothing_could_disprove_is_dropped() {
    let mut hypothesis = claim(good());
    hypothesis.would_disprove.clear();
    assert_eq!(left(hypothesis), None);
}

#[test]
fn words_of_the_service_alone_are_worth_half() {
    let log = vec![evidence("L1", EvidenceKind::Log, "no items for customer 7")];
    assert_eq!(left(claim(log)).unwrap().1, 0.5);
}

#[test]
fn odd_confidence_is_tamed() {
    for (claimed, kept) in [(f64::NAN, 0.0), (f64::INFINITY, 0.0), (7.0, 1.0), (-1.0, 0.0)] {
        let mut hypothesis = claim(good());
        hypothesis.confidence = claimed;
        assert_eq!(left(hypothesis).unwrap().1, kept, "{claimed}");
    }
}

#[test]
fn a_fix_that_does_not_fit_is_left_out() {
    let world = world(FIXTURE);
    for (old, path, fits) in [
        ("    *head.unwrap()", "src/lib.rs", true),
        ("    *head.expect()", "src/lib.rs", false),
        ("    *head.unwrap()", "../src/lib.rs", false),
        ("    *head.unwrap()", "src/gone.rs", false),
    ] {
        let mut hypothesis = claim(good());
        hypothesis.fix = Some(Fix {
            summary: "Give zero".to_owned(),
            patch: format!("--- a/{path}\n+++ b/{path}\n@@ -3 +3 @@\n-{old}\n+    0\n"),
        });
        let checked = verify(vec![hypothesis], &world.input());
        let hypothesis = checked[0].hypothesis();
        assert_eq!(hypothesis.fix.is_some(), fits, "{old} {path}");
        assert_eq!(hypothesis.confidence < 1.0, !fits);
    }
}

#[test]
fn the_best_three_stay() {
    let world = world(FIXTURE);
    let ranked = |rank: u8| Hypothesis {
        title: format!("Claim {rank}"),
        confidence: f64::from(rank) / 10.0,
        ..claim(good())
    };
    let proposed = vec![ranked(2), ranked(5), ranked(1), ranked(4), ranked(5)];
    let checked = verify(proposed, &world.input());
    let titles: Vec<&str> = checked.iter().map(|it| it.hypothesis().title.as_str()).collect();
    assert_eq!(titles, ["Claim 5", "Claim 4", "Claim 2"]);
}
