//! A changed setting is held against what the program printed.

use std::sync::Arc;

use expect_test::{Expect, expect};

use super::{commit, functions, history, hunk};
use crate::cancel::Cancel;
use crate::config_changes::{FileStates, diff};
use crate::history::{Commit, CommitId};
use crate::input::RawInput;
use crate::logs;
use crate::resolve::{ResolvedTrace, Sources};
use crate::suspects::{RankInput, Suspects, rank};
use crate::syntax::SymbolIndex;

/// A commit that turned one text of a file into another.
struct Change {
    commit: &'static str,
    subject: &'static str,
    path: &'static str,
    before: &'static str,
    after: &'static str,
}

fn suspects(
    changes: &[Change],
    log: &str,
    traces: &[ResolvedTrace],
    functions: &SymbolIndex,
    sources: &Sources,
) -> Suspects {
    let made = |change: &Change| -> Commit {
        commit(change.commit, change.subject, change.path, hunk("", 1, &["x"], &["y"]))
    };
    let mut history = history(changes.iter().map(made).collect(), &[]);
    for change in changes {
        let states = FileStates {
            before: Some(change.before.to_owned()),
            after: Some(change.after.to_owned()),
        };
        let changed = diff(change.path, &states);
        history.config.insert(CommitId(change.commit.to_owned()), changed);
    }
    let input = RawInput { name: "app.log".to_owned(), text: log.to_owned() };
    let (logs, _) = logs::group(&[input], &Cancel::new());
    let input = RankInput {
        traces,
        logs: &logs,
        log_groups: &[],
        context: "",
        functions,
        producers: &[],
        sources,
        history: &history,
    };
    rank(&input, &Cancel::new()).0
}

fn check(changes: &[Change], log: &str, expected: Expect) {
    let suspects = suspects(changes, log, &[], &SymbolIndex::default(), &Sources::default());
    let mut shown: String = suspects
        .commits
        .iter()
        .map(|suspect| {
            let why = suspect.reasons.iter().find(|reason| reason.kind == "setting_changed");
            let why = why.map(|reason| reason.detail.as_str()).unwrap_or("-");
            format!("{}: {why}\n", suspect.commit.0)
        })
        .collect();
    shown.extend(suspects.abstained);
    expected.assert_eq(shown.trim_end());
}

#[test]
fn a_lowered_time_out_is_named_before_a_newer_label_in_the_same_file() {
    check(
        &[
            Change {
                commit: "c3",
                subject: "cache: name the cluster",
                path: "conf/cache.yaml",
                before: "redis:\n  read_timeout_ms: 40\n",
                after: "redis:\n  name: blue\n  read_timeout_ms: 40\n",
            },
            Change {
                commit: "c2",
                subject: "log in json",
                path: "conf/log.yaml",
                before: "format: text\n",
                after: "format: json\n",
            },
            Change {
                commit: "c1",
                subject: "cache: answer faster",
                path: "conf/cache.yaml",
                before: "redis:\n  read_timeout_ms: 500\n",
                after: "redis:\n  read_timeout_ms: 40\n",
            },
        ],
        "2024-05-01T10:00:00Z ERROR redis: read timed out after 41 ms\n",
        expect![[
            r#"c1: set redis.read_timeout_ms: 500 -> 40 (conf/cache.yaml:2), and the failure says "41 ms""#
        ]],
    );
}

#[test]
fn a_host_that_the_failure_names() {
    check(
        &[
            Change {
                commit: "c2",
                subject: "more workers",
                path: "deploy/values.yaml",
                before: "workers: 2\n",
                after: "workers: 8\n",
            },
            Change {
                commit: "c1",
                subject: "use the new broker",
                path: "deploy/values.yaml",
                before: "kafka:\n  bootstrap: kafka-1.acme.test:9092\n",
                after: "kafka:\n  bootstrap: broker.acme.test:9092\n",
            },
        ],
        "2024-05-01T10:00:00Z ERROR consumer: broker.acme.test:9092: lookup failed: no such host\n",
        expect![[
            r#"c1: set kafka.bootstrap: kafka-1.acme.test:9092 -> broker.acme.test:9092 (deploy/values.yaml:2), and the failure says "broker.acme.test:9092""#
        ]],
    );
}

#[test]
fn settings_that_have_nothing_to_do_with_the_failure_accuse_nobody() {
    check(
        &[Change {
            commit: "c1",
            subject: "quieter logs",
            path: "conf/app.toml",
            before: "[log]\nlevel = \"debug\"\n",
            after: "[log]\nlevel = \"info\"\n",
        }],
        "2024-05-01T10:00:00Z ERROR orders: total is negative for 4711\n",
        expect![
            "no frame could be tied to this repository, and the only change (since v1.0.0) has too little to do with the words of the failure to be named"
        ],
    );
}

#[test]
fn a_column_that_a_migration_dropped() {
    check(
        &[Change {
            commit: "c1",
            subject: "tidy the schema",
            path: "migrations/0042_tidy.sql",
            before: "",
            after: "ALTER TABLE invoices DROP COLUMN due_date;\n",
        }],
        "2024-05-01T10:00:00Z ERROR db: column invoices.due_date does not exist\n",
        expect![[
            r#"c1: set ALTER TABLE invoices DROP COLUMN due_date (migrations/0042_tidy.sql:1), and the failure says "does not exist""#
        ]],
    );
}

#[test]
fn a_setting_that_the_code_on_the_stack_reads() {
    let text = "fn open(cfg: &Cfg) -> Pool {\n    Pool::new(cfg.max_open_files)\n}\n";
    let mut sources = Sources::default();
    sources.deployed.insert("src/store.rs".to_owned(), Arc::from(text));
    let trace = super::panic_at("assertion failed: slots > 0", &[("src/store.rs", 2)]);
    let changes = [Change {
        commit: "c1",
        subject: "smaller",
        path: "config.toml",
        before: "[store]\nmax-open-files = 64\n",
        after: "[store]\nmax-open-files = 0\n",
    }];
    let functions = functions("src/store.rs", &[("open", 1, 3)]);
    let suspects = suspects(&changes, "", std::slice::from_ref(&trace), &functions, &sources);
    let reasons: Vec<&str> =
        suspects.commits.iter().flat_map(|it| &it.reasons).map(|it| it.detail.as_str()).collect();
    expect![[r#"["set store.max-open-files: 64 -> 0 (config.toml:2), which `open` (src/store.rs) on the stack reads", "number 1 of 1 changes, newest first", "changed 2 lines of code"] None"#]].assert_eq(&format!("{reasons:?} {:?}", suspects.abstained));
}
