//! Holds sentences that define a code against what the code stands for.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{CodeMention, find};
use crate::check::{Reference, Verdict};
use crate::text::{ByteSpan, LineIndex};

/// An explanation that gives a code another meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongMeaning {
    /// The code.
    pub mention: CodeMention,
    /// What the explanation speaks of instead.
    pub said: Vec<&'static str>,
    /// One sentence with what the code does mean.
    pub reason: String,
}

/// Words after a code with which a definition goes on.
const CUES: &[&str] = &[
    "means",
    "mean",
    "meaning",
    "indicates",
    "indicate",
    "indicating",
    "signals",
    "signifies",
    "says",
    "tells",
    "stands for",
    "denotes",
    "is a",
    "is an",
    "is the",
    "is what",
    "shows that",
    "reports that",
    "is raised when",
    "is thrown when",
    "is returned when",
    "is sent when",
    "happens when",
    "occurs when",
    "comes up when",
    "appears when",
    "refers to",
    "represents",
    "translates to",
    "describes",
];
/// Signs that do the same right after a code.
const SIGNS: &[&str] =
    &[", a ", ", an ", ", the ", ", i.e. ", " (", ": ", " = ", " - ", " — ", " – "];
/// Words that turn what follows them into its opposite.
const NEGATIONS: &[&str] = &[
    " not ",
    "n't ",
    " never ",
    "rather than",
    "instead of",
    "as opposed to",
    "nothing to do with",
];
/// Words that end what a definition says at first.
const CLAUSE_ENDS: &[&str] = &[", so ", "; ", ", and ", ", but ", ", because ", ", which ", ". "];
/// How many bytes after a code its definition may begin.
const MAX_TO_CUE: usize = 48;

struct Topics {
    phrases: Option<AhoCorasick>,
    /// Topic and whether the phrase may go on as a longer word, by pattern.
    of: Vec<(&'static str, bool)>,
}

static TOPICS: LazyLock<Topics> = LazyLock::new(|| {
    let mut patterns = Vec::new();
    let mut of = Vec::new();
    for line in include_str!("topics.txt").lines().filter(|line| !line.starts_with('#')) {
        let Some((topic, phrases)) = line.split_once('|') else { continue };
        for phrase in phrases.split(';').map(str::trim).filter(|phrase| !phrase.is_empty()) {
            patterns.push(phrase.trim_end_matches('*'));
            of.push((topic.trim(), phrase.ends_with('*')));
        }
    }
    // Patterns that do not build fail the tests; they must not fail the user.
    let phrases =
        AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns).ok();
    Topics { phrases, of }
});

/// Finds the definitions in `text` that contradict the codes that they define.
pub fn wrong_meanings(text: &str) -> Vec<WrongMeaning> {
    let mentions = find(text);
    let mut wrong = Vec::new();
    for (at, mention) in mentions.iter().enumerate() {
        let end = mentions.get(at + 1).map_or(text.len(), |next| next.span.start);
        let after = text.get(mention.span.end..end).unwrap_or_default();
        let Some(definition) = definition(sentence(after)) else { continue };
        let first = CLAUSE_ENDS.iter().filter_map(|end| definition.find(end)).min();
        let claimed =
            topics(definition.get(..first.unwrap_or(definition.len())).unwrap_or_default());
        let spoken_of = topics(&definition);
        let accepted = |topic: &&str| mention.code.topics.contains(topic);
        if claimed.is_empty() || spoken_of.iter().any(accepted) {
            continue;
        }
        wrong.push(WrongMeaning { mention: *mention, said: claimed, reason: reason(*mention) });
    }
    wrong
}

/// Returns every code in `text` as a reference of the check: `wrong_meaning`, or `exists`.
pub fn references(text: &str) -> Vec<Reference> {
    let lines = LineIndex::new(text);
    let mut wrong = wrong_meanings(text).into_iter().peekable();
    find(text)
        .into_iter()
        .filter_map(|mention| {
            let wrong = wrong.next_if(|wrong| wrong.mention == mention);
            let (start, end) =
                (lines.line_col(mention.span.start), lines.line_col(mention.span.end));
            Some(Reference {
                api: mention.span.slice(text)?.to_owned(),
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
                verdict: if wrong.is_some() { Verdict::WrongMeaning } else { Verdict::Exists },
                package: None,
                suggestions: Vec::new(),
                exists_in: None,
                reason: wrong.map_or_else(|| mention.code.line(), |wrong| wrong.reason),
            })
        })
        .collect()
}

fn reason(mention: CodeMention) -> String {
    format!("{} ({})", mention.code.line(), mention.code.family.source())
}

/// Returns the text up to the end of its sentence.
fn sentence(text: &str) -> &str {
    let ends = text.match_indices(['.', '!', '?', '\n']).find(|(at, end)| {
        let next = text.get(at + end.len()..).and_then(|rest| rest.chars().next());
        *end == "\n" || next.is_none_or(char::is_whitespace)
    });
    text.get(..ends.map_or(text.len(), |(at, _)| at)).unwrap_or(text)
}

/// Returns what a text right after a code says that the code is, in lower case.
fn definition(after: &str) -> Option<String> {
    let after = after.trim_start_matches(['`', '"', '\'', '*', '_']).to_lowercase();
    let head = crate::text::cut(&after, MAX_TO_CUE);
    let sign = SIGNS.iter().find(|sign| after.starts_with(**sign)).map(|sign| sign.len());
    let word = CUES
        .iter()
        .filter_map(|cue| Some((find_word(head, cue)?, cue.len())))
        .min()
        .filter(|(at, _)| {
            !NEGATIONS.iter().any(|no| head.get(..*at).is_some_and(|it| it.contains(no)))
        })
        .map(|(at, n_bytes)| at + n_bytes);
    let start = word.or(sign)?;
    let said = format!(" {}", after.get(start..)?.trim_start());
    // `does not exist` and `not found` are topics of their own and turn nothing round.
    let hits: Vec<ByteSpan> = hits(&said).map(|(_, span)| span).collect();
    let is_topic = |at: usize| hits.iter().any(|hit| hit.start <= at + 1 && at + 1 < hit.end);
    let end = NEGATIONS
        .iter()
        .flat_map(|no| said.match_indices(no).map(|(at, _)| at).find(|at| !is_topic(*at)))
        .min();
    said.get(..end.unwrap_or(said.len())).map(str::to_owned)
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word)
        .find(|(at, _)| {
            let before = text.get(..*at).and_then(|it| it.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|it| it.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
        .map(|(at, _)| at)
}

/// Returns the topics that a text in lower case speaks of, in order, without repeats.
fn topics(text: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    for (topic, _) in hits(text) {
        if !found.contains(&topic) {
            found.push(topic);
        }
    }
    // `certificate` says little beside what is wrong with it.
    if found.iter().any(|topic| !is_broad(topic)) {
        found.retain(|topic| !is_broad(topic));
    }
    found
}

/// Returns the phrases of topics in a text in lower case.
fn hits(text: &str) -> impl Iterator<Item = (&'static str, ByteSpan)> {
    TOPICS.phrases.iter().flat_map(move |phrases| phrases.find_iter(text)).filter_map(move |hit| {
        let &(topic, is_stem) = TOPICS.of.get(hit.pattern().as_usize())?;
        let before = text.get(..hit.start()).and_then(|it| it.chars().next_back());
        let after = text.get(hit.end()..).unwrap_or_default();
        let goes_on = |text: &str| text.starts_with(char::is_alphanumeric);
        let ends = is_stem
            || !goes_on(after)
            || ["s", "es", "ed"]
                .iter()
                .any(|end| after.strip_prefix(end).is_some_and(|rest| !goes_on(rest)));
        (ends && !before.is_some_and(char::is_alphanumeric))
            .then(|| (topic, ByteSpan::new(hit.start(), hit.end())))
    })
}

fn is_broad(topic: &str) -> bool {
    matches!(topic, "cert" | "constraint")
}

/// Returns the topics that codes name and that no phrase speaks of, for the tests.
#[cfg(test)]
pub(super) fn known_topics() -> std::collections::BTreeSet<&'static str> {
    TOPICS.of.iter().map(|(topic, _)| *topic).collect()
}
