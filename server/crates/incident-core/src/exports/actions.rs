//! A failed run of GitHub Actions: the step and the tests that failed, and whether the change, the
//! machines or luck did it.
//!
//! Source: <https://docs.github.com/en/rest/actions>, workflow jobs, and the logs themselves: each
//! line begins with a time stamp, `##[group]Run ...` opens a step, `##[error]` says what failed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json::{list, string};
use crate::escapes;
use crate::neutral;

/// One job of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: u64,
    /// `test (ubuntu-latest, 1.91)`.
    pub name: String,
    /// `failure`, `success`, `cancelled`, `timed_out`, ...; none while it runs.
    pub conclusion: Option<String>,
    /// The first step that failed.
    pub failed_step: Option<String>,
}

/// What made a job fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// The same commit passed the same job.
    Flaky,
    /// The machines, the network, a registry.
    Infrastructure,
    /// The code.
    Real,
    /// The log does not tell.
    Unknown,
}

/// What is known of a failed job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What made it fail.
    pub nature: Nature,
    /// What speaks for that, neutralised.
    pub why: String,
    /// Tests that failed, in the log's order, without repeats.
    pub tests: Vec<String>,
}

/// How many failed tests are named.
const MAX_TESTS: usize = 50;

impl Job {
    /// Says whether it failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.conclusion.as_deref(), Some("failure" | "timed_out" | "startup_failure"))
    }

    fn has_passed(&self) -> bool {
        self.conclusion.as_deref() == Some("success")
    }
}

/// Reads the jobs of an answer.
pub fn jobs(value: &Value) -> Vec<Job> {
    let jobs = list(value, "jobs").iter().filter_map(|job| {
        let failed = |step: &&Value| {
            matches!(string(step, "conclusion").as_deref(), Some("failure" | "timed_out"))
        };
        Some(Job {
            id: job.get("id")?.as_u64()?,
            name: string(job, "name").unwrap_or_default(),
            conclusion: string(job, "conclusion"),
            failed_step: list(job, "steps").iter().find(failed).and_then(|it| string(it, "name")),
        })
    });
    jobs.collect()
}

/// Returns a log as the terminal would have shown it: without stamps, colours and marks.
pub fn terminal_text(log: &str) -> String {
    let mut out = String::with_capacity(log.len());
    for line in log.trim_start_matches('\u{feff}').lines() {
        let line = without_stamp(line);
        let mark = line.strip_prefix("##[").and_then(|rest| rest.split_once(']'));
        let line = mark.map_or(line, |(_, rest)| rest);
        out.push_str(&escapes::removed(line));
        out.push('\n');
    }
    out
}

/// Returns the part of a log that the failing step wrote: from its opening to the last error.
/// The whole log where it marks no error.
pub fn failing_part(log: &str) -> &str {
    let Some(error) = log.rfind("##[error]") else { return log };
    let end = log[error..].find('\n').map_or(log.len(), |at| error + at);
    let opening = log[..error].rfind("##[group]Run ").unwrap_or(0);
    let start = log[..opening].rfind('\n').map_or(0, |at| at + 1);
    &log[start..end]
}

/// Judges a failed job by its log and by the same job in other attempts at the same commit.
pub fn judge(job: &Job, log: &str, others: &[Job]) -> Verdict {
    let text = terminal_text(failing_part(log));
    let tests = failed_tests(&text);
    let verdict = |nature, why: String| Verdict { nature, why, tests: tests.clone() };
    if others.iter().any(|other| other.name == job.name && other.has_passed()) {
        let why = "the same job passed for the same commit in another attempt";
        return verdict(Nature::Flaky, why.to_owned());
    }
    // Registries and networks fail before a test could; a test's own words about them are its own.
    let machine = text.lines().find(|line| is_of_machines(line));
    match (machine, tests.is_empty()) {
        (Some(line), true) => {
            verdict(Nature::Infrastructure, format!("the log says \u{201c}{}\u{201d}", shown(line)))
        }
        (_, false) => {
            let n_tests = tests.len();
            let many = if n_tests == 1 { "a test" } else { "tests" };
            verdict(Nature::Real, format!("{many} failed, and no attempt at this commit passed"))
        }
        (None, true) => match text.lines().find(|line| is_of_code(line)) {
            Some(line) => {
                verdict(Nature::Real, format!("the log says \u{201c}{}\u{201d}", shown(line)))
            }
            None => verdict(Nature::Unknown, "the log names neither a test nor a machine".into()),
        },
    }
}

impl Nature {
    /// Returns the end of a sentence about a failure.
    pub fn as_words(self) -> &'static str {
        match self {
            Self::Flaky => "looks flaky",
            Self::Infrastructure => "looks like the machines, not the code",
            Self::Real => "looks real",
            Self::Unknown => "can't be told from the log alone",
        }
    }
}

fn shown(line: &str) -> String {
    neutral::headline(line.trim(), 120)
}

/// What runners, networks and registries say when it is them.
const OF_MACHINES: &[&str] = &[
    "the runner has received a shutdown signal",
    "lost communication with the server",
    "the hosted runner encountered an error",
    "no space left on device",
    "could not resolve host",
    "temporary failure in name resolution",
    "connection reset by peer",
    "network is unreachable",
    "toomanyrequests",
    "failed to pull image",
    "error response from daemon",
    "spurious network error",
    "failed to download from",
    "503 service unavailable",
    "502 bad gateway",
    "504 gateway time",
    "econnreset",
    "etimedout",
    "unable to acquire the dpkg",
    "exit code 137",
    "the operation was canceled",
    "read timed out",
];

fn is_of_machines(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    OF_MACHINES.iter().any(|said| line.contains(said))
}

fn is_of_code(line: &str) -> bool {
    let line = line.trim_start();
    ["error[E", "error: ", "SyntaxError", "TypeError", "AssertionError", "panic:", "FAIL "]
        .iter()
        .any(|start| line.starts_with(start))
        || line.contains(": error TS")
        || line.contains("panicked at")
}

/// Returns the failed tests as cargo, pytest, go, TAP, Jest and Maven name them.
fn failed_tests(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let named = text.lines().filter_map(failed_test);
    named.filter(|name| seen.insert(name.clone())).take(MAX_TESTS).collect()
}

fn failed_test(line: &str) -> Option<String> {
    let line = line.trim();
    let cargo = line.strip_prefix("test ").and_then(|it| it.strip_suffix(" ... FAILED"));
    let pytest = || {
        let rest = line.strip_prefix("FAILED ")?;
        let name = rest.split(" - ").next()?;
        name.contains("::").then_some(name)
    };
    let go = || line.strip_prefix("--- FAIL: ")?.split(" (").next();
    let tap = || line.strip_prefix("not ok ")?.split_once(" - ").map(|(_, name)| name);
    let jest = || line.strip_prefix("\u{25cf} ").filter(|name| name.contains(" \u{203a} "));
    let maven = || {
        let name = line.strip_prefix("[ERROR] ")?.trim_start();
        let name = name.split(':').next()?;
        let (class, method) = name.rsplit_once('.')?;
        let is_name = |it: &str| {
            !it.is_empty() && it.chars().all(|c| c.is_alphanumeric() || "._$".contains(c))
        };
        (is_name(class) && is_name(method) && class.contains("Test")).then_some(name)
    };
    let name = cargo.or_else(pytest).or_else(go).or_else(tap).or_else(jest).or_else(maven)?;
    Some(neutral::headline(name.trim(), 160)).filter(|name| !name.is_empty())
}

/// Takes an RFC 3339 stamp and the blank behind it off.
fn without_stamp(line: &str) -> &str {
    let Some((stamp, rest)) = line.split_once(' ') else {
        return if is_stamp(line) { "" } else { line };
    };
    if is_stamp(stamp) { rest } else { line }
}

fn is_stamp(word: &str) -> bool {
    word.len() >= 20
        && word.ends_with('Z')
        && word.as_bytes().get(10) == Some(&b'T')
        && word.bytes().all(|c| c.is_ascii_digit() || b"-:.TZ".contains(&c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(conclusion: &str) -> Job {
        Job {
            id: 7,
            name: "test (ubuntu)".to_owned(),
            conclusion: Some(conclusion.to_owned()),
            failed_step: Some("cargo test".to_owned()),
        }
    }

    const LOG: &str = "\u{feff}2026-03-03T14:05:00.1234567Z ##[group]Run actions/checkout@v4\n\
        2026-03-03T14:05:01.1234567Z ##[endgroup]\n\
        2026-03-03T14:05:02.1234567Z ##[group]Run cargo test\n\
        2026-03-03T14:05:03.1234567Z test cart::total ... \u{1b}[31mFAILED\u{1b}[0m\n\
        2026-03-03T14:05:03.1234567Z \n\
        2026-03-03T14:05:04.1234567Z thread 'cart::total' panicked at src/cart.rs:3:5:\n\
        2026-03-03T14:05:05.1234567Z ##[error]Process completed with exit code 101.\n\
        2026-03-03T14:05:06.1234567Z Post job cleanup.\n";

    #[test]
    fn the_failing_step_reads_like_a_terminal() {
        assert_eq!(
            terminal_text(failing_part(LOG)),
            "Run cargo test\ntest cart::total ... FAILED\n\n\
             thread 'cart::total' panicked at src/cart.rs:3:5:\nProcess completed with exit code 101.\n"
        );
        assert_eq!(failing_part("no marks"), "no marks");
        // Cut in the middle; `ESC [ x` is a whole sequence, of which a terminal shows nothing.
        assert_eq!(terminal_text("\u{1b}[1\u{1b}[xy\n"), "y\n");
    }

    #[test]
    fn code_machines_and_luck() {
        let real = judge(&job("failure"), LOG, &[job("failure")]);
        assert_eq!(
            (real.nature, real.tests.as_slice()),
            (Nature::Real, &["cart::total".to_owned()][..])
        );
        assert_eq!(judge(&job("failure"), LOG, &[job("success")]).nature, Nature::Flaky);
        let network = "##[group]Run npm ci\nnpm ERR! code ECONNRESET\n##[error]Process completed with exit code 1.\n";
        let verdict = judge(&job("failure"), network, &[]);
        assert_eq!(verdict.nature, Nature::Infrastructure);
        assert_eq!(verdict.why, "the log says \u{201c}npm ERR! code ECONNRESET\u{201d}");
        let build = "##[group]Run cargo build\nerror[E0308]: mismatched types\n##[error]x";
        assert_eq!(judge(&job("failure"), build, &[]).nature, Nature::Real);
        assert_eq!(judge(&job("failure"), "##[error]x", &[]).nature, Nature::Unknown);
    }

    #[test]
    fn tests_by_the_names_of_their_runners() {
        let text = "FAILED tests/test_cart.py::test_total - assert 1 == 2\n--- FAIL: TestTotal (0.00s)\n\
             not ok 3 - adds up\n  \u{25cf} cart \u{203a} adds up\n[ERROR]   CartTest.total:12 expected 1\n\
             [ERROR] Failed to execute goal org.apache\ntest a ... FAILED\ntest a ... FAILED\nFAILED 3 tests";
        assert_eq!(
            failed_tests(text),
            [
                "tests/test_cart.py::test_total",
                "TestTotal",
                "adds up",
                "cart \u{203a} adds up",
                "CartTest.total",
                "a"
            ]
        );
    }

    #[test]
    fn jobs_with_their_failed_steps() {
        let answer = json!({"jobs": [{"id": 7, "name": "test (ubuntu)", "status": "completed",
            "conclusion": "failure", "steps": [{"name": "checkout", "number": 1, "conclusion": "success"},
            {"name": "cargo test", "number": 2, "conclusion": "failure"}]}, {"name": "no id"}]});
        assert_eq!(jobs(&answer), [job("failure")]);
        assert!(jobs(&json!({})).is_empty());
    }
}
