//! Who is suspected, who is not, and when nobody is.

mod rules;
mod settings;

use std::sync::Arc;

use expect_test::{Expect, expect};

use super::{RankInput, Suspects, TABLE, measure, order, rank, wanted_history, weights};
use crate::cancel::Cancel;
use crate::history::{
    BlameRange, Commit, CommitId, Deployed, DeployedHow, FileChange, History, Hunk,
};
use crate::logs::LogReport;
use crate::resolve::{Place, Resolution, ResolvedTrace, Sources, Status};
use crate::syntax::{FileSymbols, Item, ItemKind, SymbolIndex};
use crate::trace::{Cause, Frame, Origin, SourceLocation, Trace};

/// A commit of one file: `id subject | path heading new_start +added -removed`.
fn commit(id: &str, subject: &str, path: &str, hunk: Hunk) -> Commit {
    Commit {
        id: CommitId(id.to_owned()),
        parents: vec![CommitId("parent".to_owned())],
        author_time: 0,
        commit_time: 0,
        subject: subject.to_owned(),
        body: String::new(),
        files: vec![FileChange {
            path: path.to_owned(),
            old_path: None,
            n_added: hunk.n_added,
            n_removed: hunk.n_removed,
            hunks: vec![hunk],
        }],
        n_files: 1,
    }
}

fn hunk(heading: &str, start: u32, added: &[&str], removed: &[&str]) -> Hunk {
    let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    Hunk {
        old_start: start,
        new_start: start,
        n_removed: u32::try_from(removed.len()).unwrap(),
        n_added: u32::try_from(added.len()).unwrap(),
        heading: Some(heading.to_owned()),
        removed: own(removed),
        added: own(added),
    }
}

fn history(commits: Vec<Commit>, blame: &[(&str, u32, u32, &str)]) -> History {
    History {
        deployed: Deployed {
            commit: commits.first().map(|commit| commit.id.clone()),
            how: DeployedHow::Given,
            candidates: Vec::new(),
            confidence: 1.0,
            present_locally: true,
        },
        commits: commits.into(),
        blame: blame
            .iter()
            .map(|(path, start_line, n_lines, id)| BlameRange {
                path: (*path).to_owned(),
                start_line: *start_line,
                n_lines: *n_lines,
                commit: CommitId((*id).to_owned()),
            })
            .collect(),
        config: Default::default(),
        attempts: Vec::new(),
        last_good: None,
        bounds: "since v1.0.0".to_owned(),
        bounded: true,
        shallow: false,
    }
}

/// A panic at `path:line`, called from `callers`.
fn panic_at(message: &str, places: &[(&str, u32)]) -> ResolvedTrace {
    let location = |(path, line): &(&str, u32)| SourceLocation {
        file: (*path).to_owned(),
        line: Some(*line),
        column: None,
        span: Default::default(),
    };
    let resolution = |(path, line): &(&str, u32)| Resolution {
        status: Status::Exact,
        place: Some(Place {
            path: (*path).to_owned(),
            line: Some(*line),
            column: None,
            item: None,
            line_text: None,
            expression: None,
        }),
        ..Resolution::default()
    };
    let frames = places
        .iter()
        .map(|place| Frame {
            location: Some(location(place)),
            origin: Origin::App,
            ..Frame::default()
        })
        .collect();
    ResolvedTrace {
        trace: Trace {
            causes: vec![Cause { message: Some(message.to_owned()), ..Cause::default() }],
            location: places.first().map(location),
            frames,
            ..Trace::default()
        },
        location: places.first().map(resolution),
        frames: places.iter().map(resolution).collect(),
    }
}

fn functions(path: &str, functions: &[(&str, u32, u32)]) -> SymbolIndex {
    let items = functions
        .iter()
        .map(|(name, start_line, end_line)| Item {
            kind: ItemKind::Function,
            name: (*name).to_owned(),
            containers: Vec::new(),
            start_line: *start_line,
            end_line: *end_line,
            span: Default::default(),
            inside_macro: false,
        })
        .collect();
    SymbolIndex::new(vec![Arc::new(FileSymbols {
        path: path.to_owned(),
        items,
        module_files: Vec::new(),
    })])
}

fn run(trace: &ResolvedTrace, functions: &SymbolIndex, history: &History) -> Suspects {
    let input = RankInput {
        log_groups: &[],
        producers: &[],
        traces: std::slice::from_ref(trace),
        logs: &LogReport::default(),
        context: "",
        functions,
        sources: &Sources::default(),
        history,
    };
    rank(&input, &Cancel::new()).0
}

fn check(suspects: &Suspects, expected: Expect) {
    let mut shown = String::new();
    for suspect in &suspects.commits {
        shown += &format!("{} {}\n", suspect.commit.0, suspect.subject);
        for reason in suspect.reasons.iter().filter(|reason| reason.weight.abs() > 0.5) {
            shown += &format!("  {}: {}\n", reason.kind, reason.detail);
        }
    }
    if let Some(reason) = &suspects.abstained {
        shown += &format!("nobody: {reason}\n");
    }
    expected.assert_eq(&shown);
}

#[test]
fn the_commit_that_wrote_the_failing_line_comes_first() {
    let history = history(
        vec![
            commit("ccc", "Tidy the pool", "src/pool.rs", hunk("fn release", 90, &["x"], &["y"])),
            commit(
                "bbb",
                "Look pools up by name",
                "src/pool.rs",
                hunk("fn acquire", 41, &["x"], &["y"]),
            ),
            commit("aaa", "Say hello", "README.md", hunk("", 1, &["x"], &[])),
        ],
        &[
            ("src/pool.rs", 1, 40, "old"),
            ("src/pool.rs", 41, 1, "bbb"),
            ("src/pool.rs", 42, 60, "old"),
        ],
    );
    let trace = panic_at("no pool", &[("src/pool.rs", 41)]);
    let functions = functions("src/pool.rs", &[("acquire", 38, 45), ("release", 88, 95)]);
    check(
        &run(&trace, &functions, &history),
        expect![[r#"
            bbb Look pools up by name
              blamed_line: last changed the line of the crash (src/pool.rs:41)
              blamed_near: last changed the code at src/pool.rs:41
              file_touched: touched src/pool.rs
              focused: 2 of its 2 changed lines lie in files of the stack
              function_changed: changed `acquire` (src/pool.rs)
              recent: number 2 of 3 changes, newest first
            ccc Tidy the pool
              file_touched: touched src/pool.rs
              recent: number 1 of 3 changes, newest first
              focused: 2 of its 2 changed lines lie in files of the stack
        "#]],
    );
}

#[test]
fn a_change_of_what_the_crash_site_calls_is_seen_through_its_text() {
    let history = history(
        vec![
            commit("ccc", "Tidy", "src/log.rs", hunk("fn note", 9, &["x"], &["y"])),
            commit("bbb", "Look pools up by name", "src/map.rs", hunk("fn lookup", 7, &["x"], &[])),
        ],
        &[],
    );
    let trace = panic_at("no pool", &[("src/pool.rs", 2)]);
    let functions = functions("src/pool.rs", &[("acquire", 1, 3)]);
    let mut sources = Sources::default();
    let text = "fn acquire(name: &str) -> Pool {\n    map.lookup(name).unwrap()\n}\n";
    sources.current.insert("src/pool.rs".to_owned(), text.into());
    let kinds = |sources: &Sources| -> Vec<&str> {
        let input = RankInput {
            log_groups: &[],
            producers: &[],
            traces: std::slice::from_ref(&trace),
            logs: &LogReport::default(),
            context: "",
            functions: &functions,
            sources,
            history: &history,
        };
        let first = order(measure(&input, &Cancel::new()), &weights()).remove(0).0;
        first.details.iter().map(|(signal, _)| TABLE[*signal as usize].name).collect()
    };
    assert!(!kinds(&Sources::default()).contains(&"callee_changed"));
    assert!(kinds(&sources).contains(&"callee_changed"));
}

#[test]
fn a_file_that_changes_together_with_the_stack_is_tied_to_it() {
    let together = |id: &str| {
        let mut both = commit(id, "Both", "src/pool.rs", hunk("", 1, &["x"], &["y"]));
        let other = commit(id, "Both", "src/map.rs", hunk("", 1, &["x"], &["y"]));
        both.files.extend(other.files);
        both.n_files = 2;
        both
    };
    let alone = |id: &str, path: &str| commit(id, "Alone", path, hunk("", 1, &["x"], &["y"]));
    let commits = vec![alone("ddd", "src/log.rs"), alone("ccc", "src/map.rs"), together("bbb")];
    let history = history(commits, &[]);
    let trace = panic_at("no pool", &[("src/pool.rs", 41)]);
    let input = RankInput {
        log_groups: &[],
        producers: &[],
        traces: std::slice::from_ref(&trace),
        logs: &LogReport::default(),
        context: "",
        functions: &SymbolIndex::default(),
        sources: &Sources::default(),
        history: &history,
    };
    let coupled: Vec<f64> = measure(&input, &Cancel::new())
        .iter()
        .map(|measured| measured.value(super::Signal::Coupled))
        .collect();
    assert_eq!(coupled, [0.0, 1.0, 0.0]);
}

#[test]
fn the_first_commit_is_not_accused_of_all_the_code() {
    let root = || {
        let mut root = commit("aaa", "Begin", "src/pool.rs", hunk("", 1, &["x"], &[]));
        root.parents.clear();
        root
    };
    let blame = [("src/pool.rs", 1, 60, "aaa")];
    let functions = functions("src/pool.rs", &[("acquire", 38, 45)]);
    let trace = panic_at("no pool", &[("src/pool.rs", 41)]);
    check(
        &run(&trace, &functions, &history(vec![root()], &blame)),
        expect![[r#"
            nobody: the only change (since v1.0.0) brought all of the code in, so there is nothing to tell it by
        "#]],
    );
    let changed = commit("bbb", "Rework", "src/pool.rs", hunk("fn acquire", 40, &["x"], &["y"]));
    let blame = [("src/pool.rs", 40, 1, "bbb"), ("src/pool.rs", 41, 20, "aaa")];
    let later = run(&trace, &functions, &history(vec![changed, root()], &blame));
    assert_eq!(later.commits[0].commit.0, "bbb");
    assert!(later.commits[0].score < 0.8, "{later:?}");
}

#[test]
fn a_full_disk_is_nobodys_fault_but_needs_more_than_nearness() {
    let history = history(
        vec![commit("bbb", "Write pools", "src/pool.rs", hunk("fn write", 9, &["x"], &["y"]))],
        &[("src/pool.rs", 1, 40, "old")],
    );
    let functions = functions("src/pool.rs", &[("acquire", 38, 45), ("write", 5, 20)]);
    let trace = |message| panic_at(message, &[("src/pool.rs", 10)]);
    let near = run(&trace("no pool for writing"), &functions, &history);
    check(
        &near,
        expect![[r#"
            bbb Write pools
              shared_words: speaks of "pool" like the failure
              file_touched: touched src/pool.rs
              focused: 2 of its 2 changed lines lie in files of the stack
              function_changed: changed `write` (src/pool.rs)
              recent: number 1 of 1 changes, newest first
        "#]],
    );
    let outside = run(&trace("write failed: No space left on device"), &functions, &history);
    check(
        &outside,
        expect![[r#"
        nobody: the message says that the disk was full, and the only change (since v1.0.0) does not explain it
    "#]],
    );
}

#[test]
fn blame_outside_the_bounds_names_nobody() {
    let history = history(
        vec![commit("aaa", "Say hello", "README.md", hunk("", 1, &["x"], &[]))],
        &[("src/pool.rs", 41, 1, "old")],
    );
    let trace = panic_at("no pool", &[("src/pool.rs", 41)]);
    check(
        &run(&trace, &SymbolIndex::default(), &history),
        expect![[r#"
            nobody: the only change (since v1.0.0) neither touched the code on the stack nor speaks of the failure
        "#]],
    );
}

#[test]
fn no_history_is_said() {
    let trace = panic_at("no pool", &[("src/pool.rs", 41)]);
    check(
        &run(&trace, &SymbolIndex::default(), &history(Vec::new(), &[])),
        expect![[r#"
        nobody: there is no change to look at (since v1.0.0)
    "#]],
    );
}

#[test]
fn the_functions_of_the_stack_are_blamed() {
    let trace = panic_at("no pool", &[("src/pool.rs", 41), ("src/main.rs", 9)]);
    let functions = functions("src/pool.rs", &[("acquire", 38, 45), ("release", 88, 95)]);
    let wanted: Vec<String> = wanted_history(&[trace], &functions, &[])
        .blame
        .iter()
        .map(|blame| format!("{}:{}-{}", blame.path, blame.start_line, blame.end_line))
        .collect();
    assert_eq!(wanted, ["src/main.rs:1-34", "src/pool.rs:38-45"]);
}
