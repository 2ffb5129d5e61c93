//! A fix before and after, with commands that behave like a service under load.

use std::path::Path;

use serde_json::Value;

use crate::support::{Home, Repository, Run};

/// A service in four lines: what its settings say is how it behaves.
const POOL: &str = "size = 2\ntimeout_ms = 250\nleak = no\napi = acquire\n";

const CHECK: &str = "\
#!/bin/sh
grep -q '^api = acquire$' pool.conf || { echo 'error: pool.conf:4: no such api' >&2; exit 1; }
";

const TEST: &str = "\
#!/bin/sh
size=$(sed -n 's/^size = //p' pool.conf)
[ \"$size\" -ge 8 ] && echo 'test pool::holds_the_peak ... ok' || echo 'test pool::holds_the_peak ... FAILED'
echo 'test pool::starts ... ok'
";

/// Too small a pool fails a third of the requests after their time-out; with a leak it grows.
const LOAD: &str = "\
#!/bin/sh
echo \"$INCIDENT_SIDE\" >> \"$CARGO_TARGET_DIR/loads\"
size=$(sed -n 's/^size = //p' pool.conf)
timeout=$(sed -n 's/^timeout_ms = //p' pool.conf)
errors=0 p99=20
[ \"$size\" -ge 8 ] || { errors=300; p99=$timeout; }
grep -q '^leak = yes$' pool.conf && leak=1 || leak=0
awk -v leak=$leak 'BEGIN {
    block = \"x\"; while (length(block) < 1000000) block = block block
    for (i = 0; i < 18; i++) { if (leak) kept[i] = block i; system(\"sleep 0.1\") }
}'
jitter=$(($$ % 7))
printf '{\"requests\": 1000, \"errors\": %d, \"per_second\": %d, \"concurrency\": %d, ' \\
    $((errors + jitter)) 200 \"$INCIDENT_LOAD_CONCURRENCY\"
printf '\"latency_ms\": {\"p50\": 10, \"p99\": %d}}\\n' \"$p99\"
";

const SETTINGS: &str = "\
[fix]
check = [\"sh\", \"check.sh\"]
test = [\"sh\", \"test.sh\"]
load = [\"sh\", \"load.sh\"]
load_rate = 900
load_concurrency = 32
repeats = 4
";

struct Service {
    repository: Repository,
    home: Home,
}

impl Service {
    fn new(settings: &str) -> Self {
        let repository = Repository::with(&[
            ("pool.conf", POOL),
            ("check.sh", CHECK),
            ("test.sh", TEST),
            ("load.sh", LOAD),
            (".incident.toml", settings),
        ]);
        let service = Self { repository, home: Home::new() };
        service.run(["trust"]).end().done();
        service
    }

    fn run<const N: usize>(&self, args: [&str; N]) -> Run {
        Run::new(args).dir(self.repository.path()).home(&self.home)
    }

    fn patch(&self, from: &str, to: &str) -> std::path::PathBuf {
        let lines = |mark: char, text: &str| -> String {
            text.lines().map(|line| format!("{mark}{line}\n")).collect()
        };
        let n_lines = POOL.lines().count();
        let patch = format!(
            "--- a/pool.conf\n+++ b/pool.conf\n@@ -1,{n_lines} +1,{n_lines} @@\n{}{}",
            lines('-', POOL),
            lines('+', &POOL.replace(from, to))
        );
        let path = self.home.path().join("fix.patch");
        std::fs::write(&path, patch).unwrap();
        path
    }

    /// Verifies the change; returns the exit code and the report.
    fn verify(&self, from: &str, to: &str) -> (Option<i32>, Value) {
        let run = self.run(["fix", "--verify", "--format", "json", "--patch"]);
        let ended = run.arg(self.patch(from, to)).end();
        let report = serde_json::from_str(&ended.stdout);
        (ended.code, report.unwrap_or_else(|_| panic!("{}{}", ended.stdout, ended.stderr)))
    }

    /// On which sides the load has run, in order.
    fn loads(&self) -> String {
        let loads = self.home.path().join("cache/target/loads");
        std::fs::read_to_string(loads).unwrap_or_default().replace('\n', " ")
    }
}

fn outcome<'a>(report: &'a Value, subject: &str) -> &'a str {
    let rows = report["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["subject"] == subject);
    row.map_or("no row", |row| row["outcome"].as_str().unwrap())
}

#[test]
fn the_right_fix_is_better_and_signed_off_with_the_evidence() {
    let service = Service::new(SETTINGS);
    let status = service.repository.git(["status", "--porcelain=v2", "--branch"]);
    let (code, report) = service.verify("size = 2", "size = 16");
    assert_eq!((code, &report["outcome"]), (Some(0), &"better".into()), "{report:#}");
    for (subject, expected) in [
        ("check", "same"),
        ("tests", "better"),
        ("failed requests", "better"),
        ("latency p99", "better"),
        ("memory over time", "same"),
    ] {
        assert_eq!(outcome(&report, subject), expected, "{subject}: {report:#}");
    }
    let notes = report["notes"].to_string();
    assert!(notes.contains("900 requests a second, this load reached 200"), "{notes}");
    assert_eq!(service.loads(), "before after before after before after before after ");
    assert_eq!(service.repository.git(["status", "--porcelain=v2", "--branch"]), status);

    let branch = report["branch"]["name"].as_str().unwrap();
    let id = branch.split('/').nth(1).unwrap();
    let diff = service.run(["fix", id, "0", "--diff"]).end().done();
    assert!(diff.contains("-size = 2\n") && diff.contains("+size = 16\n"), "{diff}");
    let draft = service.run(["fix", id, "0", "--pull-request"]).end().done();
    assert!(draft.contains("**better: tests") && draft.contains("| failed requests |"), "{draft}");
    assert!(draft.contains("- load: `sh load.sh`"), "{draft}");

    let worktree = Path::new(report["branch"]["path"].as_str().unwrap());
    assert!(worktree.exists());
    assert!(service.run(["fix", "--clean"]).end().done().contains("removed "));
    let left: Vec<_> = std::fs::read_dir(worktree.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name != ".lock")
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(service.repository.git(["worktree", "list"]).lines().count(), 1);
    assert_eq!(service.repository.git(["branch", "--list", "incident/*"]), "");
}

#[test]
fn a_longer_timeout_is_worse() {
    let service = Service::new(SETTINGS);
    let (code, report) = service.verify("timeout_ms = 250", "timeout_ms = 2000");
    assert_eq!((code, &report["outcome"]), (Some(1), &"worse".into()), "{report:#}");
    assert_eq!(outcome(&report, "latency p99"), "worse", "{report:#}");
}

#[test]
fn a_cure_that_leaks_is_worse() {
    let service = Service::new(SETTINGS);
    let (code, report) = service
        .verify("size = 2\ntimeout_ms = 250\nleak = no", "size = 16\ntimeout_ms = 250\nleak = yes");
    assert_eq!((code, &report["outcome"]), (Some(1), &"worse".into()), "{report:#}");
    assert_eq!(outcome(&report, "failed requests"), "better", "{report:#}");
    if cfg!(target_os = "linux") {
        assert_eq!(outcome(&report, "memory over time"), "worse", "{report:#}");
    }
}

#[test]
fn what_does_not_compile_never_reaches_the_load() {
    let service = Service::new(SETTINGS);
    let (code, report) = service.verify("api = acquire", "api = acquire_all");
    assert_eq!((code, &report["outcome"]), (Some(1), &"worse".into()), "{report:#}");
    assert_eq!(report["stopped_at"], "check", "{report:#}");
    let headline = report["headline"].as_str().unwrap();
    assert_eq!(headline, "worse: check fails: error: pool.conf:4: no such api");
    assert_eq!(service.loads(), "");
}

#[test]
fn a_command_is_not_pointed_at_production() {
    let settings = "[fix]\ncheck = \"true\"\nload = \"oha https://shop.example.com/checkout\"\n";
    let service = Service::new(settings);
    let run = service.run(["fix", "--verify", "--patch"]);
    let refused = run.arg(service.patch("size = 2", "size = 16")).end().refused();
    assert_eq!(
        refused,
        "`fix.load` was not run: it would reach `shop.example.com` (in `fix.load`); only the \
         loopback and what `fix.hosts` lists may be reached"
    );
}
