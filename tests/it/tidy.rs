//! The project's rules that a machine can check.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Returns the tracked and untracked-but-not-ignored files, relative, with `/`.
fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success());
    let files: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    assert!(files.len() > 20, "git lists the repository's files");
    files
}

fn read(path: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(root().join(path)).unwrap()).into_owned()
}

fn rust_files() -> Vec<(String, String)> {
    files()
        .into_iter()
        .filter(|path| path.ends_with(".rs") && !path.contains("/fixtures/"))
        .map(|path| (path.clone(), read(&path)))
        .collect()
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/")
        || path.ends_with("/tests.rs")
        || path.contains("/tests/")
        || path.contains("/benches/")
}

/// Fails with every offender on a line of its own.
#[track_caller]
fn assert_none(rule: &str, offenders: Vec<String>) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

/// The dependency tables of a crate's manifest, without the ones for tests.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = read(manifest).parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().cloned().collect()
}

#[test]
fn core_depends_on_nothing_that_touches_the_world() {
    let forbidden = [
        "incident-host",
        "incident-lsp",
        "tokio",
        "lsp-types",
        "tower-lsp",
        "reqwest",
        "rusqlite",
        "ignore",
        "tempfile",
        "tracing",
    ];
    let offenders = dependencies("server/crates/incident-core/Cargo.toml")
        .into_iter()
        .filter(|name| forbidden.contains(&name.as_str()))
        .collect();
    assert_none("incident-core takes text and gives values", offenders);
}

#[test]
fn host_knows_no_protocol() {
    let forbidden = ["incident-lsp", "lsp-types", "tower-lsp", "clap", "anstream"];
    let offenders = dependencies("server/crates/incident-host/Cargo.toml")
        .into_iter()
        .filter(|name| forbidden.contains(&name.as_str()))
        .collect();
    assert_none("incident-host knows neither LSP nor the terminal", offenders);
}

#[test]
fn every_module_says_what_it_is_for() {
    let offenders = rust_files()
        .into_iter()
        .filter(|(path, _)| !path.ends_with("/tests.rs"))
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert_none("a module opens with a `//!` paragraph", offenders);
}

#[test]
fn no_file_is_too_long_to_hold_in_the_head() {
    let offenders = files()
        .into_iter()
        .filter(|path| path.ends_with(".rs") || path.ends_with(".ts") || path.ends_with(".lua"))
        .filter(|path| !path.contains("/fixtures/"))
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(n_lines, _)| *n_lines > 700)
        .map(|(n_lines, path)| format!("{path}: {n_lines} lines"))
        .collect();
    assert_none("find the second idea in a file over 700 lines", offenders);
}

#[test]
fn nothing_is_left_undone_in_silence() {
    let marks = [
        concat!("#[", "ignore"),
        concat!("should", "_panic"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("thread::", "sleep"),
    ];
    let mut offenders = Vec::new();
    for (path, text) in rust_files() {
        for (line_idx, line) in text.lines().enumerate() {
            let quoted = line.contains('"') || line.trim_start().starts_with("//");
            if marks.iter().any(|mark| line.contains(mark)) && !quoted {
                offenders.push(format!("{path}:{}: {}", line_idx + 1, line.trim()));
            }
        }
    }
    assert_none("no ignored test, no expected panic, no sleep, nothing unfinished", offenders);
}

#[test]
fn only_one_module_builds_subprocesses() {
    let ban = concat!("Command", "::new(");
    let offenders = rust_files()
        .into_iter()
        .filter(|(path, _)| path.starts_with("server/") && !is_test(path))
        .filter(|(path, _)| !path.starts_with("server/crates/incident-host/src/command/"))
        .filter(|(_, text)| text.contains(ban))
        .map(|(path, _)| path)
        .collect();
    assert_none("subprocesses are built in incident_host::command", offenders);
}

#[test]
fn the_root_holds_what_the_layout_names() {
    let named = ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "server", "editors", "tests"];
    let settings = ["rustfmt.toml", "clippy.toml", "rust-toolchain.toml"];
    let offenders: Vec<String> = files()
        .iter()
        .filter_map(|path| path.split('/').next().map(str::to_owned))
        .filter(|top| !top.starts_with('.'))
        .filter(|top| !named.contains(&top.as_str()) && !settings.contains(&top.as_str()))
        .collect();
    assert_none("everything lives below server, editors or tests", offenders);
}

#[test]
fn no_path_of_a_developers_machine_is_committed() {
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/fa", "rm/")];
    let mut offenders = Vec::new();
    for path in files() {
        if path.ends_with(".lock") || path.ends_with("package-lock.json") {
            continue;
        }
        for (line_idx, line) in read(&path).lines().enumerate() {
            for folder in folders {
                let mut rest = line;
                while let Some(at) = rest.find(folder) {
                    let before = rest[..at].chars().next_back();
                    if !before.is_some_and(|c| c.is_alphanumeric() || "_.-~$}".contains(c)) {
                        offenders.push(format!("{path}:{}", line_idx + 1));
                    }
                    rest = &rest[at + folder.len()..];
                }
            }
        }
    }
    offenders.dedup();
    assert_none("paths of one machine say nothing to another", offenders);
}
