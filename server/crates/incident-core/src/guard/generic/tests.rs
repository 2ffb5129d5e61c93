//! Two hundred labelled sentences about one incident.

use super::*;
use crate::hypothesis::tests::world;

const WORLD: &str = include_str!("world.txt");

#[test]
fn stock_advice_is_told_from_advice_about_this_incident() {
    let world = world(WORLD);
    let words = EvidenceWords::of(&world.input());
    let (mut hits, mut misses, mut false_alarms, mut n) = (0, Vec::new(), Vec::new(), 0);
    for line in include_str!("sentences.txt").lines().filter(|line| !line.is_empty()) {
        let (label, sentence) = line.split_once(' ').unwrap();
        n += 1;
        match (label, is_generic(sentence, &words)) {
            ("generic", Some(_)) => hits += 1,
            ("generic", None) => misses.push(sentence),
            ("specific", Some(why)) => false_alarms.push((sentence, why)),
            _ => {}
        }
    }
    let precision = f64::from(hits) / (f64::from(hits) + false_alarms.len() as f64);
    let recall = f64::from(hits) / (f64::from(hits) + misses.len() as f64);
    assert!(n >= 200);
    assert!(
        precision >= 0.95 && recall >= 0.95,
        "{precision} {recall}\n{misses:#?}\n{false_alarms:#?}"
    );
}

#[test]
fn stock_advice_stands_where_the_evidence_is_about_that() {
    let about = |text| EvidenceWords::of_text(text);
    assert!(is_generic("Increase the timeout.", &about("index out of bounds")).is_some());
    assert!(
        is_generic("Increase the timeout.", &about("request timed out after 30 s")).is_none()
            || is_generic(
                "Increase the timeout of the request.",
                &about("request timed out after 30 s")
            )
            .is_none()
    );
}
