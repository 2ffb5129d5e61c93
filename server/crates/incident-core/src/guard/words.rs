//! Words of claims and of evidence, brought to one form.

use std::collections::BTreeSet;

/// Words that say nothing about a fault.
const STOP_WORDS: &[&str] = &[
    "the", "and", "that", "this", "with", "from", "for", "are", "was", "were", "has", "have",
    "had", "not", "but", "its", "then", "than", "when", "where", "which", "while", "will", "would",
    "can", "could", "may", "might", "should", "must", "does", "did", "because", "since", "after",
    "before", "into", "onto", "there", "here", "their", "they", "them", "some", "any", "all",
    "each", "more", "most", "only", "also", "very", "such", "been", "being", "what", "who", "how",
    "why", "out", "over", "under", "again", "still", "just", "now", "you", "your", "our", "use",
    "used", "using", "get", "got", "cause", "caus", "issue", "problem", "error", "fail", "failure",
    "likely", "probably", "line", "code", "function", "call", "happen", "occur", "make", "made",
    "let", "mut", "pub", "self", "one", "two", "same", "other", "so", "an", "is", "it", "in", "of",
    "to", "on", "at", "by", "or", "as", "be", "if", "no", "do", "we", "thi",
];

/// Returns the telling words of a text: split at case and `_`, in lower case, brought to a stem.
pub(super) fn telling(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let mut part = String::new();
        let mut was_lower = false;
        for c in word.chars().chain([' ']) {
            if c == ' ' || (c.is_uppercase() && was_lower) {
                keep(&part, &mut words);
                part.clear();
            }
            was_lower = c.is_lowercase() || c.is_ascii_digit();
            part.extend(c.to_lowercase());
        }
    }
    words
}

fn keep(part: &str, words: &mut BTreeSet<String>) {
    let part = part.trim();
    let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
    if part.is_empty() || STOP_WORDS.contains(&part) || (part.len() < 3 && !is_number) {
        return;
    }
    let stem = stem(part);
    if !STOP_WORDS.contains(&stem) {
        words.insert(stem.to_owned());
    }
}

/// Takes common English endings off.
pub(super) fn stem(word: &str) -> &str {
    for end in ["ingly", "ing", "edly", "ed", "ies", "es", "s", "ly"] {
        if let Some(stem) = word.strip_suffix(end)
            && stem.len() >= 4
        {
            return stem;
        }
    }
    word.strip_suffix('e').filter(|stem| stem.len() >= 4).unwrap_or(word)
}

/// Returns the names of code in a text: what stands in back-ticks, and words with `_`, an inner
/// capital or `::`.
pub(super) fn identifiers(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, part) in text.split('`').enumerate() {
        for word in part.split(|c: char| !c.is_alphanumeric() && c != '_') {
            let is_name = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
            let looks_like_code = word.trim_matches('_').contains('_') || has_inner_capital(word);
            if is_name && word.len() >= 3 && (at % 2 == 1 || looks_like_code) {
                found.push(word);
            }
        }
    }
    found
}

/// Says whether a word is written like a type or a variable: `PoolError`, `maxSize`.
fn has_inner_capital(word: &str) -> bool {
    let n_capitals = word.chars().filter(|c| c.is_uppercase()).count();
    let inner = word.chars().skip(1).any(char::is_uppercase);
    inner && word.chars().any(char::is_lowercase) && n_capitals < word.len()
        // `GitHub` and `OOMKilled` are not told apart from types; short all-capitals with an `s` are.
        && !(word.ends_with('s') && word.chars().rev().skip(1).all(char::is_uppercase))
}

/// Returns the numbers of two and more digits in a text, without separators.
pub(super) fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut digits = String::new();
    let mut glued = false;
    let mut before = ' ';
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() {
            if digits.is_empty() {
                glued = before.is_alphabetic() || before == '_';
            }
            digits.push(c);
        } else if matches!(c, ',' | '_') && !digits.is_empty() {
            // `10,000` and `10_000` are one number.
        } else {
            if digits.len() >= 2 && !glued && !c.is_alphabetic() {
                found.push(std::mem::take(&mut digits));
            }
            digits.clear();
        }
        before = c;
    }
    found
}
