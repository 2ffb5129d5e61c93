//! Words that a failure and a change share, weighed by how rare they are among the changes.

use std::collections::{BTreeMap, HashMap};

use crate::history::Commit;

/// Words of one text, each with how much it matters there, from 0 to 1.
pub(crate) type WeightedWords = BTreeMap<String, f64>;

/// Shortest word that says anything.
const MIN_WORD: usize = 3;
/// Longest word that is one; past it stands a hash or a blob.
const MAX_WORD: usize = 64;
/// How many distinct words of one text count; a hostile paste has no end of them.
const MAX_WORDS: usize = 2000;
/// How much more a whole name counts than a word of it: `json_dumps`, `UP012`.
const WHOLE_NAME: f64 = 1.5;
/// How many of the shared words count, rarest first: a big change shares some with everything.
const MAX_SHARED: usize = 5;

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

/// Adds the words of `text`, each at least with `weight`.
///
/// Lower-case, split at what is neither letter nor digit and at camel-case humps, without plural
/// `s`. A name of several parts (also `--debug-check`) is kept whole too (`json_dumps` gives `json`, `dump`,
/// `json_dumps`): two texts seldom share one by chance.
pub(crate) fn add_words(text: &str, weight: f64, words: &mut WeightedWords) {
    for name in text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-') {
        if words.len() >= MAX_WORDS {
            return;
        }
        let name = name.trim_matches(['_', '-']);
        let parts = parts(name);
        let is_whole_name = parts.len() > 1 || name.contains(|c: char| c.is_ascii_digit());
        if is_whole_name {
            push(&name.replace(['_', '-'], "").to_lowercase(), weight * WHOLE_NAME, words);
        }
        for part in &parts {
            push(
                part.strip_suffix('s').filter(|stem| stem.len() > 3).unwrap_or(part),
                weight,
                words,
            );
        }
    }
}

fn push(word: &str, weight: f64, words: &mut WeightedWords) {
    let n_letters = word.chars().filter(|c| c.is_alphabetic()).count();
    // A short word may be a code (`up012`), but a number alone is a value.
    let says_something = n_letters >= MIN_WORD || (n_letters >= 1 && word.chars().count() >= 4);
    if says_something && word.len() <= MAX_WORD && !STOP_WORDS.contains(&word) {
        let known = words.entry(word.to_owned()).or_insert(0.0);
        *known = known.max(weight);
    }
}

/// Splits `add_FiToMap2` into `add`, `fi`, `to`, `map2`.
fn parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut ends_part = true;
    for c in name.chars() {
        if c == '_' || c == '-' {
            ends_part = true;
            continue;
        }
        match parts.last_mut() {
            Some(part) if !(ends_part || c.is_uppercase() && part.ends_with(is_lower)) => {
                part.push(c);
            }
            _ => parts.push(c.to_string()),
        }
        ends_part = false;
    }
    parts.iter().map(|part| part.to_lowercase()).collect()
}

fn is_lower(c: char) -> bool {
    c.is_lowercase()
}

/// The words of each candidate, and how rare each word is among them.
pub(crate) struct Vocabulary {
    per_commit: Vec<WeightedWords>,
    n_commits_with: HashMap<String, usize>,
}

/// Words that a commit and a failure share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// From 0 to about [`MAX_SHARED`].
    pub(crate) strength: f64,
    /// Strongest first.
    pub(crate) words: Vec<String>,
}

impl Vocabulary {
    /// Reads subjects, messages, paths and hunk headings.
    pub(crate) fn new(commits: &[Commit], is_on_stack: &dyn Fn(&str) -> bool) -> Self {
        let per_commit: Vec<WeightedWords> =
            commits.iter().map(|commit| commit_words(commit, is_on_stack)).collect();
        let mut n_commits_with = HashMap::new();
        for word in per_commit.iter().flat_map(BTreeMap::keys) {
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

    /// Returns the words that commit `commit_idx` shares with `wanted`.
    pub(crate) fn shared(&self, commit_idx: usize, wanted: &WeightedWords) -> Shared {
        let Some(words) = self.per_commit.get(commit_idx) else { return Shared::default() };
        let mut shared: Vec<(&str, f64)> = wanted
            .iter()
            .filter_map(|(word, weight)| {
                let rarity = self.rarity(word);
                Some((word.as_str(), weight * words.get(word)? * rarity * rarity))
            })
            .collect();
        shared.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        shared.truncate(MAX_SHARED);
        Shared {
            strength: shared.iter().map(|(_, strength)| strength).sum(),
            words: shared.into_iter().map(|(word, _)| word.to_owned()).collect(),
        }
    }
}

/// Takes the words of a commit: of what it says, and of the names that it touched.
///
/// Files of the stack are left out: that a commit touched one is a signal of its own.
fn commit_words(commit: &Commit, is_on_stack: &dyn Fn(&str) -> bool) -> WeightedWords {
    let mut words = WeightedWords::new();
    add_words(&commit.subject, 1.0, &mut words);
    add_words(&commit.body, 0.7, &mut words);
    for file in commit.files.iter().filter(|file| !is_on_stack(&file.path)) {
        add_path(&file.path, 0.7, &mut words);
        for hunk in &file.hunks {
            add_words(hunk.around().unwrap_or_default(), 0.5, &mut words);
        }
    }
    words
}

/// Adds the words of a path: the file's own name, since folders are shared by too many.
pub(crate) fn add_path(path: &str, weight: f64, words: &mut WeightedWords) {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or(name);
    // `mod.rs`, `index.js`, `lib.rs`: such a file is called what its folder is called.
    let stem = match stem {
        "mod" | "lib" | "main" | "index" | "__init__" => {
            folders.rsplit('/').find(|folder| *folder != "src").unwrap_or(folders)
        }
        _ => stem,
    };
    add_words(stem, weight, words);
}
