//! Inputs that are empty, huge, cut, lost or hostile: a sentence or a partial answer, never a crash.

use std::path::Path;
use std::time::{Duration, Instant};

use expect_test::expect;

use crate::support::{Ended, Home, Repository, Run};

const POOL: &str = "\
pub struct Pool {
    shards: Vec<u64>,
}

impl Pool {
    pub fn get(&self, key: &str) -> u64 {
        let shard = key.len() % 4 + 1;
        self.shards[shard]
    }
}
";

const PANIC: &str = "\
thread 'main' panicked at src/pool.rs:8:9:
index out of bounds: the len is 4 but the index is 4
stack backtrace:
   0: rust_begin_unwind
             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/std/src/panicking.rs:665:5
   1: core::panicking::panic_fmt
             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/core/src/panicking.rs:76:14
   2: till::pool::Pool::get
             at ./src/pool.rs:8:9
   3: till::main
             at ./src/main.rs:4:5
";

fn service() -> Repository {
    Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"till\"\nversion = \"1.0.0\"\nedition = \"2021\"\n"),
        ("src/main.rs", "mod pool;\n\nfn main() {\n    pool::Pool::get(&todo(), \"a\");\n}\n"),
        ("src/pool.rs", POOL),
    ])
}

fn explain(repository: &Repository, trace: impl Into<Vec<u8>>) -> Ended {
    Run::new(["explain"]).dir(repository.path()).stdin(trace).end()
}

#[test]
fn empty_input() {
    let sentence = Run::new(["explain"]).end().refused();
    expect!["stdin holds no text: give the program's output or a log"].assert_eq(&sentence);
}

#[test]
fn white_space_only() {
    let sentence = Run::new(["explain", "-"]).stdin("\n \r\n\t\n").end().refused();
    expect!["stdin holds no text: give the program's output or a log"].assert_eq(&sentence);
}

#[test]
fn missing_file() {
    let sentence = Run::new(["explain", "nope.txt"]).end().refused();
    assert!(sentence.starts_with("nope.txt "), "{sentence}");
}

#[test]
fn a_folder_of_files_without_an_incident() {
    let repository = service();
    let ended = Run::new(["explain", "src"]).dir(repository.path()).end();
    for part in
        ["No incident found", "no stack trace in src/main.rs", "no stack trace in src/pool.rs"]
    {
        assert!(ended.stdout.contains(part), "no {part:?} in {}{}", ended.stdout, ended.stderr);
    }
}

#[test]
fn a_workspace_that_is_no_folder() {
    let sentence = Run::new(["explain", "-", "--workspace", "/nope"]).stdin(PANIC).end().refused();
    expect!["/nope is not a folder: name the root of the source tree"].assert_eq(&sentence);
}

#[test]
fn a_link() {
    let sentence = Run::new(["explain", "https://example.invalid/1"]).end().refused();
    assert!(sentence.contains("example.invalid is not allowed yet"), "{sentence}");
}

#[test]
fn a_file_name_that_a_terminal_would_obey() {
    let ended = Run::new(["explain", "\u{1b}[2Jnope\u{202e}"]).end();
    assert!(!ended.stderr.contains(['\u{1b}', '\u{202e}']), "{}", ended.stderr);
    assert!(ended.stderr.contains("nope"), "{}", ended.stderr);
}

#[test]
fn random_bytes_are_no_incident() {
    // 50 MB within 5 s is the promise of the release build; without optimization a tenth is enough
    // to see that time grows with the length and not faster.
    let n_bytes = if cfg!(debug_assertions) { 5 << 20 } else { 50 << 20 };
    // A shift-register generator: the same bytes every time, and no pattern that text has.
    let mut state: u64 = 88_172_645_463_325_252;
    let mut bytes = Vec::with_capacity(n_bytes);
    while bytes.len() < n_bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    let repository = service();
    let started = Instant::now();
    let report = explain(&repository, bytes).done();
    let took = started.elapsed();
    assert!(cfg!(debug_assertions) || took < Duration::from_secs(5), "took {took:?}");
    assert!(report.starts_with("No incident found.\n"), "{}", &report[..report.len().min(500)]);
    assert!(report.len() < 4000, "{} bytes said about noise", report.len());
}

#[test]
fn a_trace_that_ends_in_the_middle_of_a_line() {
    let repository = service();
    let cut = PANIC.find("pool.rs:8:9\n   3").unwrap() + 7;
    let report = explain(&repository, &PANIC[..cut]).done();
    assert!(report.contains("src/pool.rs:8:9"), "{report}");
}

#[test]
fn a_trace_that_ends_after_any_byte() {
    let repository = service();
    for cut in (1..PANIC.len()).step_by(41) {
        let ended = explain(&repository, &PANIC[..cut]);
        assert!(matches!(ended.code, Some(0)), "cut at {cut}: {}", ended.stderr);
    }
}

#[test]
fn a_frame_path_that_leaves_the_workspace() {
    let repository = service();
    for path in ["../../../../../../../../etc/passwd", "/etc/passwd", "src/../../../etc/passwd"] {
        let trace = PANIC.replace("src/pool.rs", path);
        let report = explain(&repository, trace).done();
        assert!(!report.contains("root:"), "{report}");
        assert!(report.contains("not found"), "{report}");
    }
}

#[test]
fn a_message_that_a_terminal_would_obey() {
    let repository = service();
    let trace = PANIC.replace("index out", "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}index out");
    for format in ["text", "markdown", "json", "sarif"] {
        let run = Run::new(["explain", "--format", format]).dir(repository.path());
        let report = run.stdin(trace.clone()).end().done();
        let obeyed = report.chars().find(|c| matches!(c, '\u{1b}' | '\u{7}' | '\u{202e}'));
        assert_eq!(obeyed, None, "{format}: {report}");
    }
}

#[test]
fn outside_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/pool.rs"), POOL).unwrap();
    let report = Run::new(["explain"]).dir(folder.path()).stdin(PANIC).end().done();
    assert!(report.contains("src/pool.rs:8"), "{report}");
    assert!(report.contains("not in a git repository"), "{report}");
}

#[test]
fn without_git_and_cargo_on_the_path() {
    let repository = service();
    let empty = tempfile::tempdir().unwrap();
    let run = Run::new(["explain"]).dir(repository.path()).env("PATH", empty.path());
    let report = run.stdin(PANIC).end().done();
    assert!(report.contains("src/pool.rs:8"), "{report}");
    assert!(report.contains("no `git` was found on PATH"), "{report}");
}

#[test]
fn a_shallow_clone() {
    let repository = service();
    repository.commit("Say why", &[("README.md", "why\n")]);
    let clone = tempfile::tempdir().unwrap();
    let origin = format!("file://{}", repository.path().display());
    repository.git(["clone", "-q", "--depth=1", &origin, clone.path().to_str().unwrap()]);
    let report = Run::new(["explain"]).dir(clone.path()).stdin(PANIC).end().done();
    assert!(report.contains("src/pool.rs:8:9"), "{report}");
    assert!(report.contains("shallow"), "{report}");
}

#[test]
fn a_manifest_that_does_not_parse() {
    let repository = service();
    repository.commit("Break it", &[("Cargo.toml", "[package\nname = \n"), ("Cargo.lock", "?")]);
    let report = explain(&repository, PANIC).done();
    assert!(report.contains("src/pool.rs:8:9"), "{report}");
}

#[test]
fn a_revision_that_does_not_exist() {
    let repository = service();
    let run = Run::new(["explain", "--deployed", "v9.9.9"]).dir(repository.path());
    let report = run.stdin(PANIC).end().done();
    assert!(report.contains("v9.9.9"), "{report}");
}

#[test]
fn a_revision_that_looks_like_an_option() {
    let repository = service();
    let marker = repository.path().join("written");
    let revision = format!("--output={}", marker.display());
    let run = Run::new(["explain", "--deployed"]).arg(&revision).dir(repository.path());
    run.stdin(PANIC).end();
    let run = Run::new(["explain"]).arg(format!("--deployed={revision}")).dir(repository.path());
    run.stdin(PANIC).end().done();
    assert!(!marker.exists());
}

#[test]
fn a_state_folder_that_cannot_be_written() {
    let repository = service();
    let home = Home::new();
    // A file where the folder should be: no mode keeps root out, this does.
    std::fs::write(home.state(), "").unwrap();
    let run = Run::new(["explain"]).dir(repository.path()).home(&home);
    let report = run.stdin(PANIC).end().done();
    assert!(report.contains("src/pool.rs:8:9"), "{report}");
    let sentence = Run::new(["trust"]).dir(repository.path()).home(&home).end().refused();
    assert!(sentence.contains("could not be written"), "{sentence}");
}

#[cfg(unix)]
#[test]
fn a_symlink_loop_in_the_workspace() {
    let repository = service();
    std::os::unix::fs::symlink("..", repository.path().join("src/up")).unwrap();
    std::os::unix::fs::symlink("loop", repository.path().join("loop")).unwrap();
    let report = explain(&repository, PANIC).done();
    assert!(report.contains("src/pool.rs:8:9"), "{report}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early() {
    let repository = service();
    let program = crate::support::incident_lsp();
    let script =
        format!("'{}' explain trace.txt | true; exit \"${{PIPESTATUS[0]}}\"", program.display());
    repository.write("trace.txt", PANIC);
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .env("INCIDENT_LSP_STATE_DIR", repository.path().join(".git/state"))
        .current_dir(repository.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_binary_file() {
    let program = crate::support::incident_lsp();
    let bytes = std::fs::read(program).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes[..bytes.len().min(4 << 20)]).unwrap();
    let ended = Run::new(["explain"]).arg(file.path()).dir(Path::new("/")).end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// A folder whose `git` does `trick` when asked for `what`, and else what git does.
#[cfg(unix)]
fn tricky_git(what: &str, trick: &str) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var("PATH").unwrap();
    let script = format!(
        "#!/bin/sh\nfor word; do\n    [ \"$word\" = {what} ] && {trick}\ndone\nPATH='{path}'\nexec git \
         \"$@\"\n"
    );
    let git = folder.path().join("git");
    std::fs::write(&git, script).unwrap();
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[cfg(unix)]
#[test]
fn git_killed_at_any_step() {
    let repository = service();
    repository.commit("Say why", &[("README.md", "why\n")]);
    for what in ["rev-parse", "cat-file", "log", "blame"] {
        let folder = tricky_git(what, "kill -9 $$");
        let run = Run::new(["explain"]).dir(repository.path()).env("PATH", folder.path());
        let report = run.stdin(PANIC).end().done();
        assert!(report.contains("src/pool.rs:8:9"), "{what}: {report}");
        let told = format!("`git {what}` was killed before it answered");
        assert!(report.contains(&told), "{what}: {report}");
    }
}

#[cfg(unix)]
#[test]
fn git_that_never_answers() {
    let repository = service();
    let folder = tricky_git("rev-parse", "exec /bin/sleep 1000");
    let run = Run::new(["explain"]).dir(repository.path()).env("PATH", folder.path());
    let started = Instant::now();
    let report = run.stdin(PANIC).end().done();
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
    assert!(report.contains("src/pool.rs:8:9"), "{report}");
    assert!(report.contains("was stopped after 10 s"), "{report}");
}

#[cfg(unix)]
#[test]
fn a_disk_without_room() {
    let repository = service();
    let home = Home::new();
    // No file may grow: for a writer the same as a full disk.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" explain -";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script]).arg(crate::support::incident_lsp()).current_dir(repository.path());
    shell.env("INCIDENT_LSP_STATE_DIR", home.state());
    shell.env("INCIDENT_LSP_CACHE_DIR", home.path().join("cache"));
    repository.write("trace.txt", PANIC);
    let trace = std::fs::File::open(repository.path().join("trace.txt")).unwrap();
    let output = shell.stdin(trace).output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains("src/pool.rs:8:9"), "{report}");
    assert!(report.contains("the incident was not kept"), "{report}");
    let left = std::fs::read_dir(home.state().join("incidents")).unwrap().flatten();
    let files = left.flat_map(|it| std::fs::read_dir(it.path()).unwrap().flatten());
    let names: Vec<_> = files.map(|it| it.file_name()).filter(|it| *it != *".lock").collect();
    assert!(names.is_empty(), "half of something is left: {names:?}");
}

#[test]
fn a_cache_folder_that_cannot_be_written() {
    let repository = service();
    let home = Home::new();
    std::fs::write(home.path().join("cache"), "").unwrap();
    let run = Run::new(["explain"]).dir(repository.path()).home(&home);
    let report = run.stdin(PANIC).end().done();
    assert!(report.contains("src/pool.rs:8:9"), "{report}");
    let sentence = Run::new(["explain", "--sample"]).home(&home).end().refused();
    assert!(sentence.contains("cache"), "{sentence}");
}

#[test]
fn a_repository_that_is_deleted_on_the_way() {
    use incident_core::cancel::Cancel;
    use incident_core::input::RawInput;
    use incident_host::command::Environment;
    use incident_host::pipeline::{self, ExplainOptions};
    use incident_host::workspace::Workspace;

    let home = Home::new();
    let environment = Environment::of_process()
        .with("INCIDENT_LSP_STATE_DIR", home.state())
        .with("INCIDENT_LSP_CACHE_DIR", home.path().join("cache"));
    let explain = |deleted_at: usize| {
        let repository = service();
        repository.commit("Say why", &[("README.md", "why\n")]);
        let workspace = Workspace::open(repository.path()).with_environment(environment.clone());
        let inputs = vec![RawInput { name: "trace".into(), text: PANIC.into() }];
        let options = ExplainOptions { store: true, ..ExplainOptions::default() };
        let mut n_updates = 0;
        let explanation =
            pipeline::explain(inputs, &workspace, &options, &Cancel::new(), &mut |_| {
                if n_updates == deleted_at {
                    std::fs::remove_dir_all(repository.path()).unwrap();
                }
                n_updates += 1;
            });
        (explanation, n_updates)
    };
    let (whole, n_updates) = explain(usize::MAX);
    assert_eq!(whole.incidents.len(), 1);
    assert!(n_updates > 5, "{n_updates}");
    for deleted_at in 0..n_updates {
        let (explanation, _) = explain(deleted_at);
        // Nothing of the tree may be left to look at, and still the trace is read.
        assert_eq!(explanation.incidents.len(), 1, "deleted at {deleted_at}");
        let title = &explanation.incidents[0].incident.title;
        assert!(title.contains("index out of bounds"), "{title}");
        let broken = explanation.problems.iter().find(|it| it.message.contains("fault of"));
        assert_eq!(broken, None, "deleted at {deleted_at}");
    }
    let (explanation, _) = explain(0);
    assert!(!explanation.problems.is_empty(), "a tree that is gone is worth a sentence");
}
