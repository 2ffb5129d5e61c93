//! A fix that is there and not shipped, and deployed commits that are not there.

use crate::support::{Home, Repository, Run};

const POOL: &str = "\
pub struct Pool {
    free: Vec<u32>,
}

impl Pool {
    pub fn take(&mut self) -> u32 {
        let slot = self.free.pop();
        slot.unwrap()
    }
}
";

const PANIC: &str = "\
thread 'main' panicked at src/pool.rs:8:14:
called `Option::unwrap()` on a `None` value
stack backtrace:
   0: till::pool::Pool::take
             at ./src/pool.rs:8:14
   1: till::main
             at ./src/main.rs:3:10
";

fn service() -> Repository {
    Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"till\"\nversion = \"1.0.0\"\nedition = \"2021\"\n"),
        ("src/main.rs", "mod pool;\nfn main() {\n    pool::Pool::new().take();\n}\n"),
        ("src/pool.rs", POOL),
    ])
}

fn mended() -> String {
    POOL.replace("slot.unwrap()", "slot.unwrap_or_else(|| self.grow())")
}

#[test]
fn a_later_commit_on_head_is_named_and_can_be_backported() {
    let repository = service();
    repository.git(["tag", "v1.0.0"]);
    let fix = repository.commit("Grow the pool when it is empty", &[("src/pool.rs", &mended())]);
    let home = Home::new();
    let run = |args: &[&str]| {
        let mut run = Run::new(["explain", "--deployed", "v1.0.0"]).home(&home);
        for arg in args {
            run = run.arg(arg);
        }
        run.dir(repository.path()).stdin(PANIC).end().done()
    };
    let report = run(&[]);
    let short = &fix[..7];
    let told = format!("the statement that failed in `take` was changed in {short} after this");
    assert!(report.replace("\n  ", " ").to_lowercase().contains(&told), "{report}");
    assert!(report.contains("not yet shipped"), "{report}");

    let document: serde_json::Value = serde_json::from_str(&run(&["--format", "json"])).unwrap();
    let incident = &document["incidents"][0];
    assert_eq!(incident["already_fixed"]["commit"], fix.as_str());
    assert_eq!(incident["already_fixed"]["changed"], "statement");

    let id = incident["id"].as_str().unwrap();
    let fix_run = Run::new(["fix"]).arg(id).arg("--backport").arg(&fix);
    let opened = fix_run.dir(repository.path()).home(&home).end().done();
    let deployed = repository.git(["rev-parse", "--short=7", "v1.0.0"]);
    assert!(opened.contains(&format!("from {}", deployed.trim())), "{opened}");
    let branch = opened.split("branch ").nth(1).unwrap().split(' ').next().unwrap();
    let diff = repository.git(["diff", "--name-only", "v1.0.0", branch]);
    let text = repository.git(["log", "-1", "--format=%s", branch]);
    assert!(diff.is_empty() || diff.trim() == "src/pool.rs", "{diff} {text}");
}

#[test]
fn a_later_commit_on_the_default_branch_alone_is_named() {
    let repository = service();
    repository.git(["branch", "release"]);
    let fix = repository.commit("Fix the panic on an empty pool", &[("src/pool.rs", &mended())]);
    let default = repository.git(["rev-parse", "--abbrev-ref", "HEAD"]);
    repository.git(["checkout", "-q", "release"]);
    let run = Run::new(["explain", "--deployed", "release"]).dir(repository.path());
    let report = run.stdin(PANIC).end().done().replace("\n  ", " ");
    assert!(report.contains(&format!("{} after this deploy", &fix[..7])), "{report}");
    assert!(report.contains(&format!("on {}", default.trim())), "{report}");
}

#[test]
fn a_commit_that_the_text_names_and_the_clone_lacks_is_said() {
    let repository = service();
    let trace = format!("starting till, commit 0a1b2c3d4e5f\n{PANIC}");
    let report = Run::new(["explain"]).dir(repository.path()).stdin(trace).end().done();
    let report = report.replace("\n         ", " ");
    assert!(report.contains("commit 0a1b2c3d4e5f, which this clone does not hold"), "{report}");
}

#[test]
fn versions_are_found_by_the_patterns_of_tags() {
    for (tag, text) in [
        ("v1.0.0", "till 1.0.0 starting"),
        ("till/v1.0.0", "till v1.0.0 starting"),
        ("till-1.0.0", "image: registry.example/team/till:1.0.0"),
        ("1.0.0", "image=registry.example/team/till:v1.0.0"),
    ] {
        let repository = service();
        repository.git(["tag", tag]);
        let deployed = repository.git(["rev-parse", "HEAD"]);
        repository.commit("Go on", &[("src/pool.rs", &format!("// Moved.\n{POOL}"))]);
        let trace = format!("{text}\n{PANIC}");
        let run = Run::new(["explain", "--format", "json"]).dir(repository.path());
        let report = run.stdin(trace).end().done();
        let document: serde_json::Value = serde_json::from_str(&report).unwrap();
        let incident = &document["incidents"][0]["deployed"];
        assert_eq!(incident["commit"], deployed.trim(), "{tag} {text}");
        assert_eq!(incident["how"], "tag", "{tag} {text}");
    }
}

#[test]
fn a_described_commit_is_found() {
    let repository = service();
    repository.git(["tag", "v1.0.0"]);
    let deployed = repository.commit("Go on", &[("README.md", "on\n")]);
    repository.commit("Further", &[("src/pool.rs", &format!("// Moved.\n{POOL}"))]);
    let trace = format!("till v1.0.0-1-g{} starting\n{PANIC}", &deployed[..8]);
    let run = Run::new(["explain", "--format", "json"]).dir(repository.path());
    let report = run.stdin(trace).end().done();
    let document: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(document["incidents"][0]["deployed"]["commit"], deployed.as_str());
}
