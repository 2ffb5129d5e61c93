//! What to ask the index about an incident.

use std::collections::BTreeSet;

use crate::logs::LogReport;
use crate::present::ExplainedIncident;

/// Words and names to look for. A bounded number of each, the most telling first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    words: Vec<String>,
    names: Vec<String>,
    /// The incident's id, as front matters name it.
    pub fingerprint: String,
}

/// How many words, and how many names, are asked for.
const MAX_TERMS: usize = 24;

/// Words that say nothing about an incident.
const EMPTY_WORDS: &[&str] = &[
    "about", "after", "again", "and", "any", "are", "been", "before", "but", "called", "can",
    "cannot", "could", "did", "does", "error", "errors", "failed", "failure", "for", "from", "had",
    "has", "have", "into", "its", "main", "more", "none", "not", "off", "out", "over", "panicked",
    "some", "src", "than", "that", "the", "their", "then", "there", "this", "thread", "value",
    "was", "were", "when", "which", "while", "will", "with", "would", "you", "your",
];

impl Question {
    /// Makes a question of plain text, as a person would type it.
    pub fn of_text(text: &str) -> Self {
        let mut question = Self::default();
        question.add(text);
        question
    }

    /// Returns the words, in lower case.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Returns the names as code writes them: `acquire_timeout_ms`, `Pool::acquire`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    fn add(&mut self, text: &str) {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
        for token in text.split(|c: char| !is_part(c)) {
            let token = token.trim_matches(['.', ':', '-']);
            let is_name = token.contains('_') || token.contains("::");
            // `pool.max_size` is written as `max_size` where the table is clear.
            if is_name && token.contains('.') {
                let parts = token.split('.').filter(|part| part.contains('_'));
                parts.for_each(|part| push_new(&mut self.names, part.to_owned()));
            }
            if is_name && token.len() <= 80 && self.names.len() < MAX_TERMS {
                push_new(&mut self.names, token.to_owned());
            }
            for word in token.split(|c: char| !c.is_alphanumeric()) {
                let word = word.to_lowercase();
                let counts = word.len() >= 3
                    && word.len() <= 40
                    && word.chars().all(char::is_alphabetic)
                    && !EMPTY_WORDS.contains(&word.as_str());
                if counts && self.words.len() < MAX_TERMS {
                    push_new(&mut self.words, word);
                }
            }
        }
    }
}

fn push_new(list: &mut Vec<String>, term: String) {
    if !list.contains(&term) {
        list.push(term);
    }
}

/// Makes the question for an incident: the likeliest cause, its messages, its own functions, its log groups, and the names
/// in the suspects' reasons.
pub fn question(explained: &ExplainedIncident, logs: &LogReport) -> Question {
    let incident = &explained.incident;
    let mut question = Question { fingerprint: incident.id.clone(), ..Question::default() };
    // What is held for the cause tells more than what merely came with it.
    if let Some(first) = explained.hypotheses.first() {
        question.add(&first.hypothesis().title);
    }
    let mut seen = BTreeSet::new();
    for trace in &incident.traces {
        for cause in &trace.trace.causes {
            if let Some(message) = cause.message.as_deref().filter(|it| seen.insert(*it)) {
                question.add(message.lines().next().unwrap_or_default());
            }
        }
    }
    question.add(&incident.title);
    let own = |group: &&crate::logs::LogGroup| incident.log_groups.contains(&group.id);
    for group in logs.groups.iter().filter(own).take(12) {
        question.add(&group.template);
    }
    for span in incident.suspects.spans.iter().take(3) {
        question.add(span.function.as_deref().unwrap_or_default());
    }
    for suspect in incident.suspects.commits.iter().take(2) {
        for reason in suspect.reasons.iter().take(3) {
            question.add(&reason.detail);
        }
    }
    question
}
