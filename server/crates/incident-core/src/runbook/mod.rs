//! Runbooks and post-mortems: Markdown pages cut into passages, and what of them speaks of an incident.
//!
//! A page is found as a whole, since a runbook names its signals at the top and the remedy below;
//! what is shown are its passages that say what to do, and what was tried and taken back. The
//! host keeps the index and retrieves; here pages are read, questions made and answers put in order.

mod page;
mod question;

use std::collections::{BTreeMap, BTreeSet};

pub use self::page::{Page, Passage, Role, read};
pub use self::question::{Question, question};
use crate::neutral;

/// A passage that the index found for one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrieved {
    /// The page, relative to the workspace, with `/`.
    pub path: String,
    /// The heading's line, from 1.
    pub line: u32,
    /// The heading; the page's title for what stands before the first one.
    pub heading: String,
    /// What the passage is for.
    pub role: Role,
    /// How well it fits, above 0; comparable within one question.
    pub score: f64,
    /// Its text.
    pub text: String,
    /// The page says that it is about this very fingerprint.
    pub same_fingerprint: bool,
}

/// A passage to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The page, relative to the workspace, with `/`.
    pub path: String,
    /// The heading's line, from 1.
    pub line: u32,
    /// The heading.
    pub heading: String,
    /// What the passage is for.
    pub role: Role,
    /// From 0 to 1.
    pub score: f64,
    /// The first sentences, neutralised.
    pub excerpt: String,
}

/// How many pages are shown.
const MAX_PAGES: usize = 3;
/// How many passages of one page.
const MAX_PASSAGES: usize = 3;
/// How much of a passage is shown, in characters.
const MAX_EXCERPT: usize = 400;
/// A page below this share of the best one's score speaks of something else.
const LEAST_SHARE: f64 = 0.35;

/// Puts what the index found in order: the page that fits best first, and of each page what to do
/// before what was tried, before what merely matched.
///
/// `pages` holds every passage of the pages that were found, with score 0 where it did not match.
pub fn rank(pages: Vec<Retrieved>, question: &Question) -> Vec<Hit> {
    let mut by_page: BTreeMap<String, Vec<Retrieved>> = BTreeMap::new();
    for passage in pages {
        by_page.entry(passage.path.clone()).or_default().push(passage);
    }
    let mut scored: Vec<(f64, Vec<Retrieved>)> = by_page
        .into_values()
        .filter(|passages| speaks_of(passages, question))
        .map(|passages| (page_score(&passages), passages))
        .collect();
    scored.sort_by(|(a, one), (b, other)| {
        let path = |passages: &[Retrieved]| passages.first().map(|it| it.path.clone());
        b.total_cmp(a).then_with(|| path(one).cmp(&path(other)))
    });
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    let near = scored.into_iter().filter(|(score, _)| *score >= best * LEAST_SHARE);
    near.take(MAX_PAGES)
        .flat_map(|(score, mut passages)| {
            passages.retain(|it| it.score > 0.0 || it.role != Role::Other);
            passages.sort_by(|a, b| {
                let by_score = b.score.total_cmp(&a.score);
                a.role.cmp(&b.role).then(by_score).then(a.line.cmp(&b.line))
            });
            let share = if best > 0.0 { score / best } else { 0.0 };
            passages.into_iter().take(MAX_PASSAGES).map(move |passage| hit(passage, share))
        })
        .collect()
}

/// One shared word is chance: a page must share several with the question, one that code would
/// write, or the fingerprint itself.
fn speaks_of(passages: &[Retrieved], question: &Question) -> bool {
    if passages.iter().any(|passage| passage.same_fingerprint) {
        return true;
    }
    let mut shared: BTreeSet<&str> = BTreeSet::new();
    for passage in passages {
        let text = format!("{} {}", passage.heading, passage.text).to_lowercase();
        let words: BTreeSet<&str> = text.split(|c: char| !is_word(c)).collect();
        shared.extend(question.words().filter(|word| words.contains(word)));
        shared.extend(question.names().filter(|name| text.contains(name.to_lowercase().as_str())));
    }
    shared.len() >= 3 || question.names().any(|name| shared.contains(name))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn page_score(passages: &[Retrieved]) -> f64 {
    let best = passages.iter().map(|it| it.score).fold(0.0, f64::max);
    let sum: f64 = passages.iter().map(|it| it.score).sum();
    let known = passages.iter().any(|it| it.same_fingerprint);
    best + 0.3 * (sum - best) + if known { 1000.0 } else { 0.0 }
}

fn hit(passage: Retrieved, score: f64) -> Hit {
    let text = passage.text.split_whitespace().collect::<Vec<_>>().join(" ");
    Hit {
        path: passage.path,
        line: passage.line,
        heading: neutral::headline(&passage.heading, 120),
        role: passage.role,
        score,
        excerpt: neutral::headline(&text, MAX_EXCERPT),
    }
}

#[cfg(test)]
mod tests;
