//! The command line as a person meets it: help, codes, exit codes, formats.

use expect_test::expect;

use crate::support::{Home, Repository, Run};

const PANIC: &str = "\
thread 'main' panicked at src/main.rs:3:33:
called `Option::unwrap()` on a `None` value
stack backtrace:
   0: till::main
             at ./src/main.rs:3:33
";

const MAIN: &str = "\
fn main() {
    let names: Vec<String> = Vec::new();
    println!(\"{}\", names.first().unwrap());
}
";

fn service() -> Repository {
    Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"till\"\nversion = \"1.0.0\"\n"),
        ("src/main.rs", MAIN),
    ])
}

#[test]
fn the_report_starts_with_the_point() {
    let repository = service();
    let report = Run::new(["explain"]).dir(repository.path()).stdin(PANIC).end().done();
    let shown: Vec<&str> = report.lines().skip(2).take(8).collect();
    expect![[r#"

         --> src/main.rs:3:33 in main
          |
        1 | fn main() {
        2 |     let names: Vec<String> = Vec::new();
        3 |     println!("{}", names.first().unwrap());
          |                    ^^^^^^^^^^^^^^^^^^^^^^
        4 | }"#]]
    .assert_eq(&shown.join("\n"));
    assert!(report.starts_with("panic: called `Option::unwrap()` on a `None` value\n"), "{report}");
}

#[test]
fn the_same_input_gives_the_same_report() {
    let repository = service();
    for format in ["text", "json", "markdown", "sarif"] {
        let report = || {
            let run = Run::new(["explain", "--format", format]).dir(repository.path());
            run.stdin(PANIC).end().done()
        };
        assert_eq!(report(), report(), "{format}");
    }
}

#[test]
fn several_inputs_are_read_in_order() {
    let repository = service();
    repository.write("a.txt", PANIC);
    repository.write("b.txt", PANIC.replace("None", "Nothing"));
    let run = Run::new(["explain", "b.txt", "-", "a.txt"]).dir(repository.path());
    let report = run.stdin("nothing here\n").end().done();
    assert!(report.find("`Nothing`").unwrap() < report.find("`None`").unwrap(), "{report}");
    let run = Run::new(["explain", "-", "-"]).dir(repository.path());
    assert!(run.stdin(PANIC).end().refused().contains("once only"));
}

#[test]
fn exit_status_follows_fail_on() {
    let repository = service();
    let code = |level: &str, input: &str| {
        let run = Run::new(["explain", "--fail-on", level]).dir(repository.path());
        run.stdin(input).end().code
    };
    assert_eq!(code("never", PANIC), Some(0));
    assert_eq!(code("warning", PANIC), Some(1));
    assert_eq!(code("note", PANIC), Some(1));
    assert_eq!(code("note", "all is well\n"), Some(0));
}

#[test]
fn usage_errors_end_with_2() {
    for args in [&["--nope"][..], &["explain", "--format", "xml"], &["forget"], &["logs"]] {
        let run = args.iter().fold(Run::new([]), |run, arg| run.arg(arg));
        let ended = run.end();
        assert_eq!(ended.code, Some(2), "{args:?}");
        assert!(ended.stderr.starts_with("error: "), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{args:?}");
    }
}

#[test]
fn every_code_has_a_page() {
    let list = Run::new(["help"]).end().done();
    let codes = [
        "crash-site",
        "suspect-line",
        "hypothesis",
        "missing-api",
        "tried-before",
        "fix-loop",
        "hostile-text",
    ];
    for code in codes {
        let page = Run::new(["help", code]).end().done();
        assert!(page.starts_with(&format!("# {code}\n")), "{page}");
        assert!(page.contains("**What to do.**"), "{page}");
        assert!(list.contains(code), "{list}");
    }
    let sentence = Run::new(["help", "nope"]).end().refused();
    assert!(codes.iter().all(|code| sentence.contains(code)), "{sentence}");
}

#[test]
fn every_command_has_help() {
    for command in
        ["explain", "logs", "check", "fix", "doctor", "trust", "forget", "serve", "completions"]
    {
        let help = Run::new(["help", command]).end().done();
        assert!(help.contains(&format!("Usage: incident-lsp {command}")), "{help}");
        let asked = Run::new([command, "--help"]).end().done();
        assert!(asked.contains(&format!("Usage: incident-lsp {command}")), "{asked}");
    }
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Run::new(["completions", shell]).end().done();
        assert!(script.contains("explain"), "{shell}");
    }
}

#[test]
fn nothing_is_coloured_where_nobody_sees_it() {
    let repository = service();
    let run = Run::new(["explain"]).dir(repository.path()).env("NO_COLOR", "");
    let report = run.env("TERM", "xterm-256color").stdin(PANIC).end().done();
    assert!(!report.contains('\u{1b}'), "{report}");
}

#[test]
fn colour_where_it_is_asked_for() {
    let repository = service();
    let run = Run::new(["explain"]).dir(repository.path()).env("NO_COLOR", "");
    let report = run.env("CLICOLOR_FORCE", "1").stdin(PANIC).end().done();
    assert!(report.contains("\u{1b}["), "{report}");
}

#[test]
fn the_sample_is_explained_from_any_folder() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new();
    let sample = || {
        let run = Run::new(["explain", "--sample"]).dir(folder.path());
        run.home(&home).end().done()
    };
    let report = sample();
    assert!(report.starts_with("panic: called `Option::unwrap()` on a `None` value"), "{report}");
    for expected in ["--> src/pricing.rs:20:39 in total", "tiers.get(&order.tier)", "Fix: "] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
    assert_eq!(sample(), report, "the second run finds the sample unpacked");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let unpacked = std::fs::read_dir(home.path().join("cache/sample")).unwrap().count();
    assert_eq!(unpacked, 1, "nothing half unpacked is left");
}

#[test]
fn the_sample_needs_git_and_says_so() {
    let empty = tempfile::tempdir().unwrap();
    let run = Run::new(["explain", "--sample"]).env("PATH", empty.path());
    let sentence = run.end().refused();
    assert!(sentence.contains("no `git` was found"), "{sentence}");
}

#[test]
fn doctor_says_what_works() {
    let repository = service();
    let words = Run::new(["doctor"]).dir(repository.path()).end().done();
    for expected in ["ok   workspace", "ok   git", "not trusted", "nothing leaves this machine"] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
}

#[test]
fn doctor_writes_settings_once() {
    let repository = Repository::with(&[("src/main.rs", "fn main() {}\n")]);
    let words = Run::new(["doctor", "--init"]).dir(repository.path()).end().done();
    assert!(words.contains(".incident.toml"), "{words}");
    let written = std::fs::read_to_string(repository.path().join(".incident.toml")).unwrap();
    assert!(written.contains("# check = ["), "{written}");
    let words = Run::new(["doctor"]).dir(repository.path()).end().done();
    assert!(words.contains(".incident.toml"), "{words}");

    repository.write(".incident.toml", "[deploy]\nrevison = \"v1\"\n");
    let refusal = Run::new(["doctor", "--init"]).dir(repository.path()).end().refused();
    assert!(refusal.contains("was not written"), "{refusal}");
    let words = Run::new(["doctor"]).dir(repository.path()).end().done();
    assert!(words.contains("`deploy.revison` is no key"), "{words}");
}

#[test]
fn doctor_says_what_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let words = Run::new(["doctor"]).dir(folder.path()).env("PATH", folder.path()).end().done();
    for expected in ["less workspace", "less git", "less cargo"] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn trust_is_given_and_taken_back() {
    let repository = service();
    let home = Home::new();
    let real = repository.path().canonicalize().unwrap().display().to_string();
    let trust = |args: &[&str]| {
        let run = Run::new(["trust"]).dir(repository.path()).home(&home);
        args.iter().fold(run, |run, arg| run.arg(arg)).end()
    };
    assert!(trust(&["--list"]).done().contains("no folder is trusted"));
    assert!(trust(&[]).done().contains(&real));
    assert_eq!(trust(&["--list"]).done().trim(), real);
    assert!(trust(&["--remove"]).done().contains("not trusted any more"));
    assert!(trust(&["--remove"]).refused().contains("not on the list"));
    assert!(trust(&["nope"]).refused().contains("not a folder"));
}

#[test]
fn forget_refuses_what_is_no_incident() {
    let repository = service();
    let forget = |what: &str| Run::new(["forget", what]).dir(repository.path()).end();
    assert!(forget("../../etc").refused().contains("not the id of an incident"));
    assert!(forget("0123456789ab").refused().contains("no incident `0123456789ab`"));
    assert!(forget("--all").done().contains("forgotten"));
}
