//! What the program leaves on the disk: private, without secrets, whole, and gone when told.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use crate::lsp_incident::{crash_text, repository};
use crate::support::{Home, Repository, Run};

/// Assembled, so that no scanner takes this file for a leak.
fn secret() -> String {
    format!("{}{}", "ghp_", "16C7e42F292c6912E7710c838347Ae178B4a")
}

/// All files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

/// The files that hold something: locks are empty and say nothing.
fn holding(home: &Home) -> Vec<PathBuf> {
    let files = files(home.path()).into_iter();
    files.filter(|path| path.file_name().is_some_and(|name| name != ".lock")).collect()
}

fn explain(repository: &Repository, home: &Home, trace: &str) -> Run {
    Run::new(["explain", "-"]).dir(repository.path()).home(home).stdin(trace)
}

#[test]
fn what_is_kept_is_private_and_holds_no_secret() {
    let repository = repository();
    let secret = secret();
    let pool = format!(
        "pub fn pick(names: &[String], at: usize) -> &str {{\n    let _token = \"{secret}\";\n    \
         let _ = \"é👩‍👩‍👧\"; &names[at] // token={secret}\n}}\n"
    );
    repository.commit(&format!("Use token={secret}"), &[("src/pool.rs", &pool)]);
    let home = Home::new();
    let trace = crash_text().replace("index out", &format!("token={secret}: index out"));
    let trace = format!("2026-02-03T10:00:00Z ERROR refused Bearer {secret}\n{trace}");
    let report = explain(&repository, &home, &trace).end().done();
    assert!(report.contains("src/pool.rs:3"), "{report}");
    explain(&repository, &home, &crash_text()).end().done();

    let kept = holding(&home);
    assert!(kept.iter().any(|path| path.extension().is_some_and(|it| it == "json")), "{kept:?}");
    for path in kept {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&secret), "{}: {text}", path.display());
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
        for folder in path.ancestors().skip(1).take_while(|it| *it != home.path()) {
            let mode = folder.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o700, "{}", folder.display());
        }
    }
}

#[test]
fn nothing_is_kept_when_told_so() {
    let repository = repository();
    let home = Home::new();
    explain(&repository, &home, &crash_text()).arg("--no-store").end().done();
    assert_eq!(files(&home.state()), Vec::<PathBuf>::new());
}

#[test]
fn forgetting_leaves_nothing() {
    let repository = repository();
    let home = Home::new();
    let report = explain(&repository, &home, &crash_text()).arg("--format=json").end().done();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let id = report["incidents"][0]["id"].as_str().unwrap();
    assert!(files(&home.state()).iter().any(|path| path.to_string_lossy().contains(id)));
    Run::new(["forget", id]).dir(repository.path()).home(&home).end().done();
    assert!(!files(&home.state()).iter().any(|path| path.to_string_lossy().contains(id)));
    let refused = Run::new(["forget", id]).dir(repository.path()).home(&home).end().refused();
    assert!(refused.contains("no incident"), "{refused}");

    explain(&repository, &home, &crash_text()).end().done();
    Run::new(["explain", "--sample"]).home(&home).end().done();
    Run::new(["forget", "--all"]).home(&home).end().done();
    // The memory's file stays, since a server may have it open; nothing stands in it.
    let kept = holding(&home);
    let is_memory = |path: &PathBuf| path.to_string_lossy().contains("memory.sqlite");
    assert!(kept.iter().all(is_memory), "{kept:?}");
    for path in kept {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(id), "{}", path.display());
    }
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_breaks_the_next() {
    let repository = repository();
    let home = Home::new();
    let (_never, silence) = mpsc::channel::<()>();
    for round in 0..8 {
        let mut child = explain(&repository, &home, "").child();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, crash_text().as_bytes()).unwrap();
        drop(stdin);
        // A moment of its own in every round, from the first steps to the end.
        let _ = silence.recv_timeout(Duration::from_millis(round * 20));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report = explain(&repository, &home, &crash_text()).end().done();
    assert!(report.contains("src/pool.rs:3") && !report.contains("not kept"), "{report}");
}

#[test]
fn half_a_file_is_no_file() {
    let repository = repository();
    let home = Home::new();
    let first = explain(&repository, &home, &crash_text()).end().done();
    for path in holding(&home) {
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    assert_eq!(explain(&repository, &home, &crash_text()).end().done(), first);
}

#[test]
fn two_processes_explain_and_forget_at_once() {
    let repository = repository();
    let home = Home::new();
    std::thread::scope(|scope| {
        for is_explaining in [true, false, true, false] {
            let (root, home) = (repository.path(), &home);
            scope.spawn(move || {
                for _ in 0..4 {
                    if is_explaining {
                        let run = Run::new(["explain", "-"]).dir(root).home(home);
                        let report = run.stdin(crash_text()).end().done();
                        assert!(!report.contains("not kept"), "{report}");
                    } else {
                        Run::new(["forget", "--all"]).dir(root).home(home).end().done();
                    }
                }
            });
        }
    });
    explain(&repository, &home, &crash_text()).end().done();
}
