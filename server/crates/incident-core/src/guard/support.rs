//! Whether a quote has anything to do with the sentence that it is cited for.
//!
//! A true quote proves nothing by itself: "the database was down" may cite a real line about a list.
//! A sentence must share telling words with its quotes, and where it speaks of a field of causes
//! (a database, a race, memory) the cited evidence must show something of that field.

use std::collections::BTreeSet;

use super::words::{stem, telling};

/// A field of causes: what claims of it say, and what evidence of it shows, in lower case.
struct Field {
    says: &'static [&'static str],
    shows: &'static [&'static str],
}

const FIELDS: &[Field] = &[
    Field {
        says: &["database", "postgres", "mysql", "sql query", "db connection"],
        shows: &[
            "database", "postgres", "mysql", "sql", "query", "db", "pg", "sqlx", "diesel", "row",
        ],
    },
    Field {
        says: &["network", "packet", "connection was", "connectivity", "socket", "connection to"],
        shows: &[
            "network",
            "connect",
            "socket",
            "tcp",
            "http",
            "refused",
            "reset",
            "unreachable",
            "host",
            "peer",
            "url",
            "request",
            "econn",
            "upstream",
        ],
    },
    Field {
        says: &["dns", "name resolution"],
        shows: &["dns", "resolve", "lookup", "enotfound", "eai_again"],
    },
    Field {
        says: &["timeout", "timed out", "time-out", "latency", "slow response", "too slow"],
        shows: &[
            "timeout", "timed", "deadline", "elapsed", "duration", "slow", "504", "latency", "ms",
            "seconds",
        ],
    },
    Field {
        says: &[
            "out of memory",
            "memory leak",
            "oom",
            "memory pressure",
            "memory corruption",
            "heap exhaust",
            "ran out of memory",
            "not enough memory",
        ],
        shows: &["memory", "oom", "alloc", "heap", "leak", "killed", "137", "rss", "signal 9"],
    },
    Field {
        says: &["disk is full", "disk was full", "disk space", "full disk", "storage is full"],
        shows: &["disk", "space", "enospc", "volume", "storage", "quota", "28"],
    },
    Field {
        says: &["permission", "access right", "privilege", "not allowed to"],
        shows: &[
            "permission",
            "denied",
            "eacces",
            "eperm",
            "forbidden",
            "403",
            "access",
            "role",
            "chmod",
        ],
    },
    Field {
        says: &[
            "credential",
            "token expired",
            "expired token",
            "authentication",
            "unauthorized",
            "logged out",
        ],
        shows: &["auth", "token", "credential", "401", "login", "session", "password", "jwt"],
    },
    Field {
        says: &["certificate", "tls", "ssl"],
        shows: &["cert", "tls", "ssl", "x509", "handshake", "https"],
    },
    Field {
        says: &[
            "race condition",
            "data race",
            "race between",
            "concurren",
            "two threads",
            "thread safety",
            "not thread-safe",
            "in parallel",
            "another thread",
        ],
        shows: &[
            "thread",
            "mutex",
            "lock",
            "atomic",
            "spawn",
            "arc",
            "rwlock",
            "async",
            "await",
            "concurren",
            "channel",
            "parallel",
            "rayon",
            "worker",
            "goroutine",
            "synchronized",
            "poison",
            "task",
        ],
    },
    Field { says: &["deadlock"], shows: &["deadlock", "lock", "mutex", "blocked", "wait"] },
    Field {
        says: &["cache", "stale entry"],
        shows: &["cache", "ttl", "evict", "stale", "memo", "lru"],
    },
    Field {
        says: &[
            "misconfigur",
            "configuration",
            "environment variable",
            "config value",
            "wrong setting",
        ],
        shows: &[
            "config", "env", "setting", "option", ".toml", ".yaml", ".yml", ".json", "flag",
            "default",
        ],
    },
    Field {
        says: &[
            "dependency",
            "library upgrade",
            "version bump",
            "upgraded to",
            "new version of",
            "incompatible version",
        ],
        shows: &[
            "version", "cargo", "lock", "upgrade", "bump", "depend", "package", "import", "require",
        ],
    },
    Field {
        says: &[
            "high load",
            "heavy load",
            "traffic",
            "overload",
            "too many requests",
            "spike in",
            "load spike",
        ],
        shows: &[
            "load",
            "traffic",
            "rate",
            "queue",
            "burst",
            "limit",
            "429",
            "503",
            "pool",
            "exhausted",
            "too many",
        ],
    },
    Field {
        says: &["time zone", "timezone", "daylight", "clock skew", "leap second", "leap year"],
        shows: &[
            "date",
            "zone",
            "utc",
            "clock",
            "tz",
            "chrono",
            "instant",
            "epoch",
            "timestamp",
            "time",
        ],
    },
    Field {
        says: &["encoding", "charset", "invalid utf", "unicode"],
        shows: &["utf", "encod", "unicode", "char", "byte", "ascii", "decode", "str"],
    },
    Field {
        says: &[
            "hardware",
            "cosmic",
            "bit flip",
            "faulty ram",
            "cpu bug",
            "kernel bug",
            "disk failure",
        ],
        shows: &["hardware", "ecc", "mce", "kernel", "i/o error", "eio"],
    },
    Field { says: &["garbage collect"], shows: &["gc", "garbage", "heap"] },
    Field {
        says: &["kubernetes", "container", "pod ", "orchestrator", "docker"],
        shows: &["kube", "pod", "container", "docker", "k8s", "evict"],
    },
    Field {
        says: &["kafka", "rabbitmq", "message broker", "message queue", "consumer lag"],
        shows: &["kafka", "rabbit", "broker", "topic", "consumer", "amqp", "queue"],
    },
    Field {
        says: &["attack", "hacker", "malicious", "sql injection", "ddos", "intrusion"],
        shows: &["attack", "inject", "malicious", "ddos", "exploit", "union select", "../"],
    },
    Field {
        says: &["compiler bug", "miscompil", "optimizer"],
        shows: &["llvm", "miscompil", "internal compiler error"],
    },
    Field {
        says: &["firewall", "security group"],
        shows: &["firewall", "timed out", "etimedout", "unreachable", "iptables"],
    },
    Field {
        says: &["load balancer", "reverse proxy"],
        shows: &["balancer", "proxy", "nginx", "envoy", "502", "504", "gateway", "haproxy"],
    },
    Field {
        says: &[
            "third-party",
            "third party",
            "external service",
            "external api",
            "vendor",
            "outage",
        ],
        shows: &[
            "upstream", "api", "http", "client", "gateway", "service", "502", "503", "504",
            "response", "external",
        ],
    },
    Field {
        says: &["feature flag", "feature toggle"],
        shows: &["flag", "feature", "toggle", "rollout"],
    },
    Field {
        says: &["migration", "schema change"],
        shows: &["migrat", "schema", "alter", "column", "table"],
    },
    Field {
        says: &["integer overflow", "arithmetic overflow", "underflow"],
        shows: &[
            "overflow", "subtract", "add ", "multiply", "-", "+", "*", "usize", "u32", "i32",
            "u64", "i64",
        ],
    },
    Field {
        says: &["null pointer", "dangling", "use after free", "use-after-free"],
        shows: &["null", "nil", "pointer", "unsafe", "segv", "sigsegv", "none", "undefined"],
    },
];

/// Words in evidence, and what sentences about it say in other words.
const IMPLIES: &[(&[&str], &[&str])] = &[
    (
        &["unwrap", "none", "option", "expect", "null", "nil", "undefined"],
        &[
            "none", "empty", "miss", "absent", "noth", "option", "panic", "unwrap", "valu",
            "return", "null", "undefin", "guard", "check", "handl", "assum", "granted", "lack",
            "found",
        ],
    ),
    (
        &["bounds", "index", "range", "len"],
        &[
            "index", "bound", "length", "len", "rang", "short", "empty", "element", "item",
            "slice", "array", "list", "vector", "panic", "last", "past", "end", "size", "first",
            "position",
        ],
    ),
    (
        &["overflow", "subtract", "underflow"],
        &[
            "overflow",
            "underflow",
            "negativ",
            "wrap",
            "subtract",
            "smaller",
            "larger",
            "less",
            "greater",
            "big",
            "panic",
            "arithmetic",
        ],
    ),
    (&["divide", "zero", "division"], &["zero", "divid", "division", "divisor", "empty", "panic"]),
    (
        &["poison", "lock", "mutex"],
        &["lock", "mutex", "thread", "panic", "poison", "held", "guard"],
    ),
    (&["borrow", "refcell"], &["borrow", "refcell", "cell", "mutabl", "twice", "held", "panic"]),
    (
        &["parse", "invalid", "digit", "parseint", "expected"],
        &[
            "pars", "number", "digit", "string", "text", "input", "invalid", "format", "valu",
            "convert", "malform", "empty", "field",
        ],
    ),
    (
        &["utf", "char", "boundary"],
        &["utf", "byte", "charact", "boundary", "string", "slice", "encod", "invalid", "multibyt"],
    ),
    (
        &["assert", "assertion", "left", "right"],
        &[
            "assert",
            "expect",
            "left",
            "right",
            "equal",
            "invariant",
            "condition",
            "check",
            "hold",
            "violat",
        ],
    ),
    (
        &["refused", "econnrefused"],
        &["connect", "refus", "port", "listen", "server", "reach", "down"],
    ),
    (
        &["timed", "timeout", "deadline", "etimedout"],
        &["timeout", "timed", "slow", "wait", "answer", "deadlin", "long", "time"],
    ),
    (&["reset", "broken", "pipe", "closed"], &["connect", "reset", "clos", "peer", "drop", "pipe"]),
    (&["enoent", "such", "file"], &["file", "miss", "exist", "path", "found", "open", "director"]),
    (&["recursion", "stack", "overflowed"], &["recurs", "stack", "depth", "infinit", "deep"]),
    (
        &["env", "var", "environ"],
        &[
            "environment",
            "variabl",
            "set",
            "unset",
            "setting",
            "miss",
            "config",
            "start",
            "default",
        ],
    ),
    (
        &["url", "uri", "host", "base", "port", "addr"],
        &["address", "url", "port", "host", "endpoint", "server", "servic", "connect", "request"],
    ),
    (&["memory", "alloc", "killed", "oom"], &["memory", "alloc", "kill", "oom", "limit", "heap"]),
];

/// Words of sentences about a change.
const OF_CHANGES: &[&str] = &[
    "change", "commit", "remov", "add", "replac", "refactor", "introduc", "guard", "check", "drop",
    "delet", "rewrit", "switch", "now", "instead", "longer", "earlier", "previous", "old", "new",
    "mov", "swap", "revert",
];

/// What one sentence rests on, as words.
#[derive(Debug)]
pub(super) struct Ground {
    /// All cited text with what stands around it, in lower case.
    text: String,
    words: BTreeSet<String>,
    /// Some of it is a change.
    has_change: bool,
    /// No step has rested on it yet.
    pub(super) is_first: bool,
}

impl Default for Ground {
    fn default() -> Self {
        Self { text: String::new(), words: BTreeSet::new(), has_change: false, is_first: true }
    }
}

impl Ground {
    /// Adds a piece of evidence.
    pub(super) fn add(&mut self, text: &str, is_change: bool) {
        self.words.extend(telling(text));
        self.text.push_str(&text.to_lowercase());
        self.text.push('\n');
        self.has_change |= is_change;
    }

    /// Says why the sentence does not rest on it, or nothing where it does.
    ///
    /// `chain` is what the steps before it rest on, with the error itself: a later step may speak
    /// of that too.
    pub(super) fn fails(&self, sentence: &str, chain: &Ground) -> Option<String> {
        let lower = sentence.to_lowercase();
        for field in FIELDS {
            let Some(said) = field.says.iter().find(|it| begins_word(&lower, it)) else { continue };
            if !field.shows.iter().any(|it| begins_word(&self.text, it)) {
                return Some(format!("nothing cited shows anything of `{}`", said.trim()));
            }
        }
        let claimed = telling(sentence);
        let own = self.known();
        let n_own = claimed.iter().filter(|word| own.contains(*word)).count();
        let before = chain.known();
        let n_shared =
            claimed.iter().filter(|word| own.contains(*word) || before.contains(*word)).count();
        let n_wanted = if claimed.len() >= 5 { 2 } else { 1 };
        let goes_on = !chain.is_first && n_shared >= 2;
        let holds = n_shared >= n_wanted.min(claimed.len()) && (n_own >= 1 || goes_on);
        (!holds && !claimed.is_empty())
            .then(|| "its quotes do not speak of what it says".to_owned())
    }

    /// Returns the words of the evidence, and those in which people speak of it.
    fn known(&self) -> BTreeSet<String> {
        let mut known = self.words.clone();
        for (seen, implied) in IMPLIES {
            if seen.iter().any(|it| begins_word(&self.text, it)) {
                known.extend(implied.iter().map(|word| (*word).to_owned()));
            }
        }
        if self.has_change {
            known.extend(OF_CHANGES.iter().map(|word| stem(word).to_owned()));
        }
        known
    }
}

/// Says whether a word of `text` begins with `start`.
fn begins_word(text: &str, start: &str) -> bool {
    if !start.starts_with(char::is_alphanumeric) {
        return text.contains(start);
    }
    text.match_indices(start).any(|(at, _)| {
        !text.get(..at).and_then(|it| it.chars().next_back()).is_some_and(char::is_alphanumeric)
    })
}
