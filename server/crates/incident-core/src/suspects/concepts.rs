//! What the words of a setting's key and of a failure have in common, beyond being the same words:
//! a time-out that was lowered and "timed out", a pool's size and "exhausted".

use std::collections::BTreeSet;

/// A kind of setting, with how keys name it and how failures speak of it.
struct Concept {
    keys: &'static [&'static str],
    failures: &'static [&'static str],
}

/// What every operator knows: which kind of setting makes which kind of message. All lower case.
const CONCEPTS: &[Concept] = &[
    Concept {
        keys: &["timeout", "deadline", "wait", "ttl", "expiry", "keepalive"],
        failures: &[
            "timed out",
            "timeout",
            "time out",
            "time-out",
            "deadline",
            "took too long",
            "etimedout",
            "elapsed",
            "context canceled",
        ],
    },
    Concept {
        keys: &[
            "max",
            "limit",
            "size",
            "capacity",
            "pool",
            "concurrency",
            "worker",
            "thread",
            "connection",
            "queue",
            "buffer",
            "quota",
            "slot",
            "permit",
            "burst",
            "rate",
            "replica",
            "fds",
            "nofile",
            "shards",
            "partitions",
        ],
        failures: &[
            "exhausted",
            "exceeded",
            "too many",
            "limit",
            "is full",
            "overflow",
            "overload",
            "saturated",
            "backpressure",
            "no available",
            "none available",
            "rejected",
            "shedding",
            "throttl",
            "429",
            "queued",
            "starv",
            "unavailable",
            "503",
        ],
    },
    Concept {
        keys: &["retry", "retrie", "backoff", "attempt"],
        failures: &["retry", "retries", "attempt", "giving up", "gave up", "retry storm"],
    },
    Concept {
        keys: &["memory", "heap", "mem", "rss", "xmx"],
        failures: &[
            "out of memory",
            "oom",
            "heap",
            "killed",
            "allocation fail",
            "cannot allocate",
            "memory limit",
            "sigkill",
            "exit code 137",
        ],
    },
    Concept {
        keys: &[
            "host",
            "url",
            "uri",
            "endpoint",
            "addr",
            "address",
            "port",
            "dns",
            "proxy",
            "upstream",
            "server",
            "dsn",
            "broker",
            "bootstrap",
        ],
        failures: &[
            "refused",
            "unreachable",
            "enotfound",
            "eai_again",
            "name resolution",
            "lookup",
            "no such host",
            "no route",
            "could not connect",
            "unknown host",
            "getaddrinfo",
        ],
    },
    Concept {
        keys: &["tls", "ssl", "cert", "certificate", "ca", "verify", "https"],
        failures: &["certificate", "handshake", "x509", "tls", "ssl", "unknown issuer"],
    },
    Concept {
        keys: &[
            "auth",
            "token",
            "password",
            "secret",
            "role",
            "permission",
            "credential",
            "user",
            "scope",
            "issuer",
            "audience",
        ],
        failures: &[
            "unauthorized",
            "unauthenticated",
            "forbidden",
            "permission denied",
            "access denied",
            "authentication",
            "401",
            "403",
            "invalid token",
            "expired token",
        ],
    },
    Concept {
        keys: &["disk", "volume", "storage", "ephemeral", "dir", "path", "mount"],
        failures: &["no space left", "enospc", "read-only file", "disk", "no such file", "enoent"],
    },
    Concept {
        keys: &["table", "column", "index", "constraint"],
        failures: &["no such column", "no such table", "does not exist", "violates", "constraint"],
    },
];

/// Names of settings that only describe.
const DESCRIBING: &[&str] = &[
    "name",
    "label",
    "description",
    "title",
    "version",
    "comment",
    "owner",
    "team",
    "tag",
    "author",
    "authors",
    "license",
    "homepage",
    "repository",
    "keywords",
    "timezone",
    "tz",
    "level",
    "color",
    "icon",
    "annotation",
    "edition",
    "schema",
];

/// Units at the end of a key, which failures and code leave out.
const UNITS: &[&str] = &[
    "ms",
    "millis",
    "milliseconds",
    "s",
    "sec",
    "secs",
    "seconds",
    "min",
    "mins",
    "minutes",
    "h",
    "hours",
    "us",
    "ns",
    "bytes",
    "kb",
    "mb",
    "gb",
    "kib",
    "mib",
    "gib",
    "percent",
    "pct",
    "count",
];

/// Words of keys that say nothing by themselves.
const EMPTY: &[&str] = &[
    "config",
    "setting",
    "settings",
    "default",
    "value",
    "data",
    "spec",
    "env",
    "app",
    "main",
    "production",
    "prod",
    "staging",
    "dev",
    "base",
    "common",
    "max",
    "min",
    "num",
    "size",
    "the",
    "enabled",
    "enable",
    "disable",
    "use",
    "is",
    "deployment",
    "values",
    "template",
    "metadata",
    "service",
    "application",
    "server",
    "spring",
    "resource",
    "arg",
    "container",
    "containers",
    "error",
    "warn",
    "info",
    "debug",
    "http",
    "log",
    "request",
    "failed",
];

/// Words of SQL that name nothing.
const SQL: &[&str] = &[
    "alter",
    "table",
    "create",
    "drop",
    "column",
    "add",
    "index",
    "on",
    "not",
    "null",
    "default",
    "if",
    "exists",
    "only",
    "unique",
    "primary",
    "key",
    "references",
    "constraint",
    "set",
    "type",
    "text",
    "varchar",
    "integer",
    "bigint",
    "int",
    "boolean",
    "timestamp",
    "rename",
    "to",
    "update",
    "insert",
    "into",
    "delete",
    "from",
    "where",
    "and",
    "or",
    "concurrently",
    "using",
    "cascade",
];
/// How many names of a statement count.
const MAX_STATEMENT_WORDS: usize = 40;

/// A setting's key, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Words of the last part, without units, stemmed.
    pub(super) last: Vec<String>,
    /// Its unit, if it names one.
    unit: Option<String>,
    /// Words of the parts before it and of the file's own name.
    around: BTreeSet<String>,
    /// The last part as written.
    written: String,
}

/// Words that a key and a line share.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedWords {
    /// From 0 to 1.
    pub(super) strength: f64,
    /// The telling ones first.
    pub(super) words: Vec<String>,
}

impl Key {
    pub(super) fn new(path: &str, key: &str) -> Self {
        let last_part = key.rsplit('.').next().unwrap_or(key);
        let before = key.get(..key.len() - last_part.len()).unwrap_or_default();
        let (mut last, mut unit) = (words(last_part), None);
        if last.len() > 1
            && let Some(word) = last.pop_if(|word| UNITS.contains(&word.as_str()))
        {
            unit = Some(word);
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or(file);
        let around = words(before).into_iter().chain(words(stem)).collect();
        Self {
            last: last.iter().map(|word| stem_of(word)).collect(),
            unit,
            around,
            written: last_part.to_owned(),
        }
    }

    /// Takes the names that a statement of a migration holds.
    pub(super) fn of_statement(statement: &str) -> Self {
        let names = words(statement).into_iter().filter(|word| !SQL.contains(&word.as_str()));
        let mut last: Vec<String> =
            names.take(MAX_STATEMENT_WORDS).map(|word| stem_of(&word)).collect();
        last.push("table".to_owned());
        Self { last, unit: None, around: BTreeSet::new(), written: String::new() }
    }

    /// Says whether the key only describes.
    pub(super) fn only_describes(&self) -> bool {
        let is_label = |word: &String| DESCRIBING.contains(&word.as_str());
        self.last.last().is_some_and(is_label)
            || self
                .around
                .iter()
                .any(|word| word == "label" || word == "annotation" || word == "annotations")
    }

    /// Says whether more of it means more load.
    pub(super) fn is_retry(&self) -> bool {
        self.last
            .iter()
            .chain(&self.around)
            .any(|word| ["retry", "retrie", "attempt"].contains(&stem_of(word).as_str()))
            && !self.last.iter().any(|word| word == "delay" || word == "backoff")
    }

    /// Returns the words that a line of a failure shares with the key.
    pub(super) fn shared_words(&self, line: &str) -> SharedWords {
        let in_line: BTreeSet<String> = words(line).iter().map(|word| stem_of(word)).collect();
        let mut shared = SharedWords::default();
        if self.written.len() >= 6 && line.contains(&self.written.to_lowercase()) {
            return SharedWords { strength: 1.0, words: vec![self.written.clone()] };
        }
        for (words, share) in
            [(self.last.iter().collect::<Vec<_>>(), 0.5), (self.around.iter().collect(), 0.25)]
        {
            for word in words {
                let stem = stem_of(word);
                if !EMPTY.contains(&word.as_str()) && stem.len() >= 3 && in_line.contains(&stem) {
                    shared.strength = 1.0 - (1.0 - shared.strength) * (1.0 - share);
                    shared.words.push(word.clone());
                }
            }
        }
        shared
    }

    /// Returns what a line says of the kind of setting that the key is.
    pub(super) fn shared_concept(&self, line: &str) -> Option<&'static str> {
        CONCEPTS
            .iter()
            .filter(|concept| self.is_a(concept))
            .flat_map(|concept| concept.failures)
            .copied()
            .find(|said| has_word(line, said))
    }

    fn is_a(&self, concept: &Concept) -> bool {
        self.last.iter().any(|word| {
            concept.keys.contains(&word.as_str()) || concept.keys.contains(&stem_of(word).as_str())
        })
    }

    /// Returns the names by which code reads the key, in one form.
    pub(super) fn reading_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let whole = in_one_form(&self.written);
        if self.last.len() > 1 && whole.len() >= 6 {
            if let Some(unit) = &self.unit {
                names.extend(whole.strip_suffix(unit.as_str()).map(str::to_owned));
            }
            names.push(whole);
        }
        names
    }

    /// Returns how many milliseconds or bytes one of the key's unit is, else one.
    fn unit_size(&self) -> f64 {
        self.unit.as_deref().map_or(1.0, unit_size)
    }
}

/// Returns a value as an amount in its smallest unit: `256Mi`, `30s`, `250`.
pub(super) fn amount(_key: &[String], value: &str) -> Option<f64> {
    let value = value.trim();
    let end =
        value.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(value.len());
    let number: f64 = value.get(..end)?.replace('_', "").parse().ok()?;
    let unit = value.get(end..)?.trim();
    if unit.is_empty() {
        return Some(number);
    }
    let is_unit = unit.len() <= 12 && unit.chars().all(char::is_alphabetic);
    is_unit.then(|| number * unit_size(&unit.to_lowercase()))
}

fn unit_size(unit: &str) -> f64 {
    match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => 1e3,
        "min" | "mins" | "minute" | "minutes" => 60e3,
        "h" | "hour" | "hours" => 3600e3,
        "us" => 1e-3,
        "ns" => 1e-6,
        "k" | "kb" => 1e3,
        "ki" | "kib" => 1024.0,
        "m" | "mb" => 1e6,
        "mi" | "mib" => 1024.0 * 1024.0,
        "g" | "gb" => 1e9,
        "gi" | "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => 1.0,
    }
}

/// Finds a setting's new value in a line: a name as written, an amount equal in its unit or, for
/// what is waited for, just passed.
pub(super) fn value_in(key: &Key, value: &str, line: &str) -> Option<String> {
    let value = value.trim();
    let Some(wanted) = amount(&key.last, value).map(|amount| amount * key.unit_size()) else {
        let lower = value.to_lowercase();
        let host = lower.split("://").last().unwrap_or(&lower).split(['/', '?']).next()?;
        let host = host.rsplit('@').next().unwrap_or(host);
        let is_name =
            host.len() >= 5 && host.chars().any(|c| c.is_alphabetic()) && !host.contains(' ');
        return (is_name && has_word(line, host)).then(|| host.to_owned());
    };
    // Small numbers stand everywhere: they count where the line speaks of the key's kind.
    if wanted < 2.0 || (wanted < 100.0 && key.shared_concept(line).is_none()) {
        return None;
    }
    let waits =
        key.last.iter().any(|word| ["timeout", "deadline", "wait"].contains(&word.as_str()));
    numbers(line).into_iter().find_map(|(shown, number)| {
        let passed = waits && number >= wanted && number <= wanted * 1.1;
        (number == wanted || passed).then_some(shown)
    })
}

/// Returns the amounts in a line, each with how it is written.
fn numbers(line: &str) -> Vec<(String, f64)> {
    let words: Vec<&str> =
        line.split(|c: char| c.is_whitespace() || "(),;=:[]{}\"'/".contains(c)).collect();
    let mut numbers = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_end_matches('.');
        // Parts of a clock or a date are no amounts.
        let is_padded = word.len() > 1 && word.starts_with('0') && !word.starts_with("0.");
        if is_padded || !word.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let Some(alone) = amount(&[], word) else { continue };
        let next = words.get(at + 1).copied().unwrap_or_default();
        let is_bare = word.chars().all(|c| c.is_ascii_digit() || c == '.');
        if is_bare && UNITS.contains(&next) {
            numbers.push((format!("{word} {next}"), alone * unit_size(next)));
        } else {
            numbers.push((word.to_owned(), alone));
        }
    }
    numbers
}

/// Says whether a line has a word, or words, that does not begin inside another word.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric())
    })
}

/// Returns the names in a text in one form, so that `acquireTimeout` is `acquire_timeout`.
pub(crate) fn names(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|name| name.len() >= 6 && name.len() <= 80)
        .map(in_one_form)
        .collect()
}

fn in_one_form(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Splits at what is no letter or digit and at camel-case humps; lower case.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut ends = true;
    let mut was_lower = false;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            ends = true;
            continue;
        }
        if ends || (was_lower && c.is_uppercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        ends = false;
        was_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words
}

/// Cuts the endings off that inflection adds: `acquiring`, `acquired`, `acquires` are one word.
fn stem_of(word: &str) -> String {
    for ending in ["ings", "ing", "ied", "ies", "ed", "es", "s", "e"] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.len() >= 3
            && !stem.ends_with('s')
        {
            return stem.to_owned();
        }
    }
    word.to_owned()
}
