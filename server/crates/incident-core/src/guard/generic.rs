//! Advice that would fit any incident, and so helps in none.
//!
//! A sentence is specific where it names something that this incident's evidence holds: a name of
//! code, a place, a commit, a number. Advice from the stock list is generic unless the evidence
//! itself is about that; so is advice, or a guess in general terms, that meets nothing of the
//! evidence.

use std::collections::BTreeSet;

use super::words::{identifiers, numbers, telling};
use crate::hypothesis::{HypothesisInput, catalogue};

/// The words of everything that may be cited.
#[derive(Clone, Debug, Default)]
pub struct EvidenceWords {
    /// Every word as written.
    names: BTreeSet<String>,
    /// Stems of the telling words of messages, logs, changes and frames.
    telling: BTreeSet<String>,
    numbers: BTreeSet<String>,
    /// Messages, logs, changes and frames, in lower case.
    text: String,
}

/// Stock advice: words that all stand in the sentence, and what evidence about it shows.
const STOCK: &[(&[&str], &[&str])] = &[
    (&["check", "network"], &["network", "connect", "socket", "unreachable", "refused", "dns"]),
    (&["network", "connectivity"], &["connect", "socket", "unreachable", "refused", "dns"]),
    (&["increase", "timeout"], &["timeout", "timed out", "deadline"]),
    (&["raise", "timeout"], &["timeout", "timed out", "deadline"]),
    (&["restart"], &["restart", "sigterm", "crashloop"]),
    (&["reboot"], &["reboot"]),
    (&["clear", "cache"], &["cache"]),
    (&["reinstall"], &["install", "module_not_found"]),
    (&["update", "dependencies"], &["version", "cargo.lock", "package.json", "dependency"]),
    (&["latest", "version"], &["version", "cargo.lock", "package.json", "dependency"]),
    (&["more", "logging"], &[]),
    (&["add", "logging"], &[]),
    (&["check", "logs"], &[]),
    (&["review", "logs"], &[]),
    (&["look", "logs"], &[]),
    (&["monitor"], &["metric", "gauge"]),
    (&["scale"], &["load", "queue", "429", "503", "cpu", "too many"]),
    (&["increase", "memory"], &["memory", "oom", "137", "alloc", "heap"]),
    (&["more", "memory"], &["memory", "oom", "137", "alloc", "heap"]),
    (&["add", "retries"], &["retry", "timeout", "refused", "reset", "503"]),
    (&["retry", "logic"], &["retry", "timeout", "refused", "reset", "503"]),
    (&["circuit", "breaker"], &["circuit"]),
    (&["error", "handling"], &[]),
    (&["input", "validation"], &["parse", "invalid"]),
    (&["unit", "tests"], &[]),
    (&["contact", "support"], &[]),
    (&["contact", "administrator"], &[]),
    (&["best", "practices"], &[]),
    (&["environment", "variables"], &["env", "not set", "config"]),
    (&["permissions", "correct"], &["permission", "denied", "eacces", "eperm"]),
    (&["disk", "space"], &["disk", "space", "enospc"]),
    (&["firewall"], &["timed out", "unreachable", "firewall"]),
    (&["documentation"], &[]),
    (&["stack", "trace"], &[]),
    (&["debugger"], &[]),
    (&["thread", "safety"], &["thread", "mutex", "lock", "arc"]),
    (&["race", "condition"], &["thread", "mutex", "lock", "arc", "atomic", "spawn"]),
    (&["configuration", "correct"], &["config", "env", "setting"]),
    (&["up", "running"], &["refused", "unreachable", "503", "connect"]),
];

/// Verbs with which advice begins.
const ADVICE: &[&str] = &[
    "check",
    "verify",
    "ensure",
    "make sure",
    "consider",
    "try",
    "restart",
    "increase",
    "reduce",
    "update",
    "upgrade",
    "review",
    "monitor",
    "contact",
    "look",
    "add",
    "clear",
    "reinstall",
    "investigate",
    "examine",
    "inspect",
    "validate",
    "confirm",
    "use",
    "implement",
    "improve",
    "enable",
    "disable",
    "test",
    "debug",
    "analyze",
    "analyse",
    "examine",
    "set",
    "follow",
    "refer",
    "audit",
    "optimize",
    "refactor",
    "reboot",
    "scale",
    "roll",
    "double-check",
    "be sure",
    "always",
    "avoid",
    "handle",
    "wrap",
    "run",
];
/// Openings after which advice follows.
const OPENINGS: &[&str] = &[
    "please ",
    "first, ",
    "then ",
    "also, ",
    "also ",
    "next, ",
    "finally, ",
    "you should ",
    "you may want to ",
    "you might want to ",
    "you could ",
    "you can ",
    "we recommend to ",
    "we should ",
    "it is recommended to ",
    "it is advisable to ",
    "i would ",
    "i'd ",
    "to fix this, ",
    "to resolve this, ",
    "as a first step, ",
    "in general, ",
    "one option is to ",
];
/// Words of guesses.
const GUESSES: &[&str] = &[
    " may ",
    " might ",
    " could ",
    " possibly",
    " perhaps",
    "various",
    "several reasons",
    "many reasons",
    "some kind of",
    "something ",
    "somewhere",
    "an issue with",
    "a problem with",
    "an underlying",
    "unexpected",
    "usually",
    "typically",
    "often",
    "in general",
    "generally",
    "commonly",
    "it is possible",
    "it's possible",
    "there are many",
    "there can be",
    "can be caused",
    "is likely due to a bug",
    "went wrong",
    "bug in the",
];
/// Words of evidence that everybody uses.
const COMMON: &[&str] = &[
    "error",
    "valu",
    "data",
    "input",
    "output",
    "system",
    "service",
    "server",
    "request",
    "response",
    "application",
    "app",
    "program",
    "main",
    "panic",
    "thread",
    "test",
    "user",
    "file",
    "time",
    "state",
    "result",
    "type",
    "string",
    "number",
    "object",
    "list",
    "item",
    "new",
    "old",
    "return",
    "option",
    "check",
    "add",
    "remov",
    "run",
    "start",
    "stop",
    "log",
    "info",
    "warn",
    "debug",
    "trace",
    "config",
    "connection",
    "client",
    "handl",
    "process",
    "work",
    "unwrap",
    "called",
    "call",
    "none",
    "some",
    "src",
    "lib",
    "str",
    "vec",
    "len",
    "name",
    "id",
    "key",
    "index",
    "first",
    "last",
    "change",
    "version",
    "messag",
    "exception",
    "fail",
    "failed",
    "invalid",
    "empty",
    "null",
    "set",
    "size",
    "path",
    "read",
    "write",
    "open",
    "clos",
    "load",
    "memory",
    "cache",
    "databas",
    "network",
    "timeout",
    "http",
    "api",
];

impl EvidenceWords {
    /// Collects them.
    pub fn of(input: &HypothesisInput<'_>) -> Self {
        let mut words = Self::default();
        for (_, entry) in catalogue(input).entries() {
            words.read(&entry.text, true);
            words.read(&entry.location.path, true);
        }
        for trace in &input.incident.traces {
            for frame in &trace.trace.frames {
                words.read(frame.function.as_deref().unwrap_or_default(), true);
                if let Some(location) = &frame.location {
                    words.read(&location.file, false);
                    words.numbers.extend(location.line.map(|line| line.to_string()));
                }
            }
            words.read(trace.trace.thread.as_deref().unwrap_or_default(), false);
            for cause in &trace.trace.causes {
                words.read(cause.kind.as_deref().unwrap_or_default(), true);
            }
        }
        for suspect in &input.incident.suspects.commits {
            words.read(&suspect.subject, false);
        }
        for group in &input.logs.groups {
            words.numbers.insert(group.count.to_string());
        }
        for text in input.sources.current.values().chain(input.sources.deployed.values()) {
            words.read(text, false);
        }
        words.numbers.insert(input.incident.count.to_string());
        words
    }

    /// Collects the words of one text, for a check outside an incident.
    pub fn of_text(text: &str) -> Self {
        let mut words = Self::default();
        words.read(text, true);
        words
    }

    fn read(&mut self, text: &str, is_evidence: bool) {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let names = text.split(|c| !is_word(c)).filter(|word| !word.is_empty());
        self.names.extend(names.map(str::to_owned));
        self.numbers.extend(numbers(text));
        if is_evidence {
            self.telling.extend(telling(text));
            self.text.push_str(&text.to_lowercase());
            self.text.push('\n');
        }
    }

    /// Says whether a name of code stands somewhere in the evidence or the sources.
    pub fn has_name(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Says whether a number, without separators, stands somewhere in them.
    pub fn has_number(&self, number: &str) -> bool {
        self.numbers.contains(number) || self.names.contains(number)
    }

    /// Returns how many names of code and places in a sentence the evidence holds.
    fn n_names(&self, sentence: &str) -> usize {
        let named = identifiers(sentence).into_iter().filter(|name| self.has_name(name)).count();
        let numbered = numbers(sentence).into_iter().filter(|number| self.has_number(number));
        let is_path = |word: &&str| word.contains(['/', '.', ':']) && word.len() > 4;
        let places = sentence.split_whitespace().filter(is_path).filter(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            word.len() > 4 && self.text.contains(&word.to_lowercase())
        });
        named + numbered.count() + places.count()
    }
}

/// Says why a sentence would fit any incident, or `None` where it does not.
pub fn is_generic(sentence: &str, evidence: &EvidenceWords) -> Option<&'static str> {
    let lower = format!(" {} ", sentence.to_lowercase().replace('’', "'"));
    let n_names = evidence.n_names(sentence);
    if n_names > 0 {
        return None;
    }
    let n_telling = telling(sentence)
        .into_iter()
        .filter(|word| evidence.telling.contains(word) && !COMMON.contains(&word.as_str()))
        .count();
    let words: BTreeSet<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    for (stock, shows) in STOCK {
        let is_said = stock.iter().all(|it| words.iter().any(|word| word.starts_with(it)));
        if is_said && n_telling < 2 && !shows.iter().any(|it| evidence.text.contains(it)) {
            return Some("it is stock advice, and nothing in the evidence is about that");
        }
    }
    if n_telling > 0 {
        return None;
    }
    if is_advice(lower.trim()) {
        return Some("it is advice that names nothing of this incident");
    }
    if GUESSES.iter().any(|guess| lower.contains(guess)) {
        return Some("it is a guess that names nothing of this incident");
    }
    None
}

fn is_advice(lower: &str) -> bool {
    let mut rest = lower;
    // Two openings may stand in a row: "first, you should ...".
    for _ in 0..2 {
        rest = OPENINGS.iter().find_map(|open| rest.strip_prefix(open)).unwrap_or(rest);
    }
    let asks = ["you ", "we ", "please", "recommend", "advisable", "i would", "i'd"];
    let opening = lower.get(..lower.len() - rest.len()).unwrap_or_default();
    let opened = asks.iter().any(|it| opening.contains(it));
    let begins = ADVICE.iter().any(|verb| {
        rest.strip_prefix(verb).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
    });
    begins || (opened && rest.split_whitespace().count() > 2) || lower.contains(" should be ")
}

#[cfg(test)]
mod tests;
