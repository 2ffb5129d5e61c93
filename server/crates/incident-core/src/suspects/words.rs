//! Words that a failure and a change share, weighed by how rare they are among the changes.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::history::Commit;

/// Shortest word that says anything.
const MIN_WORD: usize = 3;
/// How many distinct words of one text count; a hostile paste has no end of them.
const MAX_WORDS: usize = 2000;

/// Words that stand in failures of every kind and so tell nothing about one of them.
const STOP_WORDS: &[&str] = &[
    "the",
    "and",
    "for",
    "but",
    "not",
    "with",
    "from",
    "that",
    "this",
    "was",
    "are",
    "has",
    "had",
    "have",
    "been",
    "when",
    "where",
    "which",
    "into",
    "use",
    "run",
    "note",
    "error",
    "err",
    "main",
    "thread",
    "panicked",
    "panic",
    "called",
    "value",
    "unwrap",
    "expect",
    "option",
    "result",
    "none",
    "some",
    "rust",
    "backtrace",
    "environment",
    "variable",
    "display",
    "src",
    "lib",
    "mod",
    "index",
    "out",
    "bounds",
    "len",
    "core",
    "std",
    "usr",
    "home",
    "user",
    "file",
    "line",
    "internal",
    "entered",
    "unreachable",
    "code",
    "failed",
    "assertion",
    "left",
    "right",
    "attempt",
    "crates",
    "crate",
    "self",
    "unwind",
    "begin",
    "panicking",
    "closure",
    "call",
    "once",
    "ops",
    "fix",
    "feat",
    "chore",
    "refactor",
    "add",
    "remove",
    "update",
    "test",
    "tests",
    "invalid",
    "traceback",
    "recent",
    "last",
    "most",
    "stack",
    "trace",
    "omitted",
    "details",
    "verbose",
    "full",
    "com",
    "github",
    "http",
    "https",
    "www",
    "node",
    "modules",
    "new",
    "get",
    "set",
    "false",
    "true",
    "null",
    "undefined",
    "cannot",
    "could",
    "does",
    "please",
    "report",
    "bug",
    "issue",
    "version",
    "exe",
    "debug",
    "info",
    "warn",
    "release",
    "target",
];

/// Splits a text into lower-case words: at anything that is no letter, and at camel-case humps.
///
/// A name is also kept whole (`json_dumps` gives `json`, `dumps`, `json_dumps`): whole names are
/// rare, so a shared one says much.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for name in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
        if words.len() >= MAX_WORDS {
            break;
        }
        let mut parts = 0;
        for part in name.split('_').flat_map(humps) {
            parts += 1;
            push(&part, &mut words);
        }
        if parts > 1 {
            push(name, &mut words);
        }
    }
    words
}

fn push(word: &str, words: &mut BTreeSet<String>) {
    let word = word.to_lowercase();
    let n_letters = word.chars().filter(|c| c.is_alphabetic()).count();
    if n_letters >= MIN_WORD && word.len() <= 64 && !STOP_WORDS.contains(&word.as_str()) {
        words.insert(word);
    }
}

/// Splits `AddFiToMap2` into `Add`, `Fi`, `To`, `Map2`.
fn humps(name: &str) -> Vec<String> {
    let mut humps: Vec<String> = Vec::new();
    let mut previous_lower = false;
    for c in name.chars() {
        match humps.last_mut() {
            Some(hump) if !(c.is_uppercase() && previous_lower) => hump.push(c),
            _ => humps.push(c.to_string()),
        }
        previous_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    humps
}

/// The words of each candidate, and how rare each word is among them.
pub(crate) struct Vocabulary {
    per_commit: Vec<HashSet<String>>,
    n_commits_with: HashMap<String, usize>,
}

impl Vocabulary {
    /// Reads subjects, paths and hunk headings.
    pub(crate) fn new(commits: &[Commit]) -> Self {
        let per_commit: Vec<HashSet<String>> = commits.iter().map(commit_words).collect();
        let mut n_commits_with = HashMap::new();
        for word in per_commit.iter().flatten() {
            *n_commits_with.entry(word.clone()).or_insert(0) += 1;
        }
        Self { per_commit, n_commits_with }
    }

    /// Returns how rare a word is, from 0 (every change has it) to 1 (one change has it).
    fn rarity(&self, word: &str) -> f64 {
        let n_commits = self.per_commit.len().max(2) as f64;
        let n_with = self.n_commits_with.get(word).copied().unwrap_or(0).max(1) as f64;
        (n_commits / n_with).ln() / n_commits.ln()
    }

    /// Returns the words that commit `commit_idx` shares with `wanted`, rarest first.
    pub(crate) fn shared(
        &self,
        commit_idx: usize,
        wanted: &BTreeSet<String>,
    ) -> Vec<(String, f64)> {
        let Some(words) = self.per_commit.get(commit_idx) else { return Vec::new() };
        let mut shared: Vec<(String, f64)> = wanted
            .iter()
            .filter(|word| words.contains(*word))
            .map(|word| (word.clone(), self.rarity(word)))
            .collect();
        shared.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shared
    }
}

fn commit_words(commit: &Commit) -> HashSet<String> {
    let mut all: HashSet<String> = words(&commit.subject).into_iter().collect();
    all.extend(words(&commit.body));
    for file in &commit.files {
        all.extend(words(&file.path));
        for hunk in &file.hunks {
            if let Some(name) = hunk.around() {
                all.extend(words(name));
            }
        }
        if all.len() > MAX_WORDS {
            break;
        }
    }
    all
}
