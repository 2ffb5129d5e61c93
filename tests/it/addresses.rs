//! Traces of stripped programs: bare addresses, and the file from before.

use std::path::Path;
use std::process::Command;

use crate::support::{Repository, Run};

const MAIN: &str = "\
mod pool;

fn main() {
    let key = std::env::args().count();
    println!(\"{}\", pool::serve(key));
}
";

const POOL: &str = "\
#[inline(never)]
pub fn serve(key: usize) -> u64 {
    let total: u64 = (0..key).map(|at| shard(at)).sum();
    total + shard(key + 7)
}

#[inline(never)]
fn shard(key: usize) -> u64 {
    let shards = [1, 2, 3, 4];
    shards[std::hint::black_box(key)]
}
";

fn service() -> Repository {
    Repository::with(&[
        ("Cargo.toml", "[package]\nname = \"till\"\nversion = \"1.0.0\"\nedition = \"2021\"\n"),
        ("src/main.rs", MAIN),
        ("src/pool.rs", POOL),
    ])
}

/// Builds the service, strips a copy, and returns what that prints when it panics.
fn crash(repository: &Repository, folder: &Path) -> String {
    let whole = folder.join("till");
    let built = Command::new("rustc")
        .args(["--crate-name", "till", "--edition", "2021", "-Copt-level=1"])
        .args(["-Cdebuginfo=line-tables-only", "src/main.rs", "-o"])
        .arg(&whole)
        .current_dir(repository.path())
        .status();
    assert!(built.unwrap().success());
    let stripped = folder.join("stripped");
    assert!(Command::new("strip").arg("-o").args([&stripped, &whole]).status().unwrap().success());
    let run = Command::new(stripped).env("RUST_BACKTRACE", "full").output().unwrap();
    String::from_utf8(run.stderr).unwrap()
}

#[test]
fn the_file_from_before_it_was_stripped_names_the_frames() {
    let repository = service();
    let folder = tempfile::tempdir().unwrap();
    let trace = crash(&repository, folder.path());
    assert!(trace.contains("- <unknown>"), "{trace}");
    assert!(!trace.contains("till::"), "{trace}");

    let explain = || Run::new(["explain"]).dir(repository.path()).stdin(trace.clone());
    let bare = explain().end().done();
    assert!(bare.contains("src/pool.rs:10"), "{bare}");
    assert!(bare.contains("--binary FILE"), "{bare}");
    assert!(bare.contains("strip = \"none\""), "{bare}");

    let named = explain().arg("--binary").arg(folder.path().join("till")).end().done();
    for frame in ["till::pool::shard", "till::pool::serve", "src/pool.rs:4", "src/main.rs:5"] {
        assert!(named.contains(frame), "{frame}: {named}");
    }

    // The stripped copy has no names, and says so.
    let stripped = explain().arg("--binary").arg(folder.path().join("stripped")).end().done();
    assert!(stripped.contains("neither debug information nor symbols"), "{stripped}");
}
