//! A labelled suite of replies: none of the bad ones gets through, the good ones survive whole.

use super::*;
use crate::hypothesis::tests::{World, world};
use crate::hypothesis::verify;
use crate::reply::Cite;

struct Case {
    /// `None` for a good one, else what is wrong with it.
    wrong: Option<String>,
    claim: Claim,
}

/// Reads the suite: worlds with their cases.
fn suite() -> Vec<(World, Vec<Case>)> {
    let mut worlds: Vec<(World, Vec<Case>)> = Vec::new();
    for part in include_str!("suite.txt").split("=== ").skip(1) {
        let (head, body) = part.split_once('\n').unwrap();
        if head.starts_with("world") {
            worlds.push((world(body), Vec::new()));
            continue;
        }
        let wrong = head.strip_prefix("bad ").map(str::to_owned);
        worlds.last_mut().unwrap().1.push(Case { wrong, claim: claim(body) });
    }
    worlds
}

fn claim(text: &str) -> Claim {
    let (title, rest) = text.split_once('\n').unwrap();
    let mut claim = Claim { title: title.to_owned(), confidence: 0.7, ..Claim::default() };
    for line in rest.lines() {
        if let Some(says) = line.strip_prefix("> ") {
            claim.chain.push(Link { says: says.to_owned(), evidence: Vec::new() });
        } else if let Some(what) = line.strip_prefix("? ") {
            claim.would_disprove.push(what.to_owned());
        } else {
            let (id, quote) = line.split_once(" :: ").unwrap();
            let cite = Cite { id: id.to_owned(), quote: quote.to_owned() };
            claim.chain.last_mut().unwrap().evidence.push(cite);
        }
    }
    claim
}

/// Returns what a person would see of one claim, or why nothing.
fn shown(claim: &Claim, world: &World) -> Result<Hypothesis, String> {
    let input = world.input();
    let reply = Reply { hypotheses: vec![claim.clone()], missing: Vec::new() };
    let judged = judge(&reply, "test", &input);
    if let Some(withheld) = judged.withheld.first() {
        return Err(withheld.why.clone());
    }
    let checked = verify(judged.hypotheses, &input);
    checked.first().map(|it| it.hypothesis().clone()).ok_or("the last lock dropped it".to_owned())
}

#[test]
fn nothing_invented_gets_through_and_what_holds_survives_whole() {
    let (mut n_good, mut n_bad, mut lost, mut passed) = (0, 0, Vec::new(), Vec::new());
    for (world, cases) in suite() {
        for case in cases {
            let shown = shown(&case.claim, &world);
            match (&case.wrong, shown) {
                (None, Ok(hypothesis)) => {
                    n_good += 1;
                    let n_links = case.claim.chain.len();
                    let n_sentences = hypothesis.explanation.matches(". ").count() + 1;
                    if n_sentences < n_links {
                        lost.push(format!("{}: a step is gone", case.claim.title));
                    }
                }
                (None, Err(why)) => {
                    n_good += 1;
                    lost.push(format!("{}: {why}", case.claim.title));
                }
                (Some(wrong), Ok(_)) => {
                    n_bad += 1;
                    passed.push(format!("{wrong}: {}", case.claim.title));
                }
                (Some(_), Err(_)) => n_bad += 1,
            }
        }
    }
    assert!(n_good >= 60 && n_bad >= 60, "{n_good} good, {n_bad} bad");
    assert!(passed.is_empty(), "{passed:#?}");
    assert!(lost.len() <= 2, "{lost:#?}");
}
