use expect_test::{Expect, expect};

use super::*;

fn check(lock: &str, expected: Expect) {
    let (locked, problems) = parse_cargo_lock("Cargo.lock", lock);
    let mut shown = String::new();
    for package in &locked.packages {
        let checksum = package.checksum.as_deref().unwrap_or("-");
        let origin = if package.source.is_some() { "registry" } else { "path" };
        shown.push_str(&format!("{} {origin} {checksum}", package.id));
        for dependency in &package.dependencies {
            shown.push_str(&format!(" > {dependency}"));
        }
        shown.push('\n');
    }
    for problem in problems {
        let line = problem.location.and_then(|location| location.line);
        shown.push_str(&format!("{} at {line:?}\n", problem.message));
    }
    expected.assert_eq(&shown);
}

#[test]
fn two_versions_of_one_package() {
    check(
        r#"
version = 4
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["rand 0.8.5", "serde"]
[[package]]
name = "rand"
version = "0.9.0"
source = "registry+https://example.com/index"
checksum = "aa"
[[package]]
name = "rand"
version = "0.8.5"
source = "registry+https://example.com/index"
checksum = "bb"
[[package]]
name = "serde"
version = "1.0.0"
source = "registry+https://example.com/index"
checksum = "cc"
"#,
        expect![[r#"
            app 0.1.0 path - > rand 0.8.5 > serde 1.0.0
            rand 0.8.5 registry bb
            rand 0.9.0 registry aa
            serde 1.0.0 registry cc
        "#]],
    );
}

#[test]
fn first_format_keeps_checksums_apart() {
    check(
        r#"
[[package]]
name = "libc"
version = "0.2.0"
source = "registry+https://example.com/index"
dependencies = []
[root]
name = "app"
version = "0.1.0"
dependencies = ["libc 0.2.0 (registry+https://example.com/index)"]
[metadata]
"checksum libc 0.2.0 (registry+https://example.com/index)" = "dd"
"#,
        expect![[r#"
            app 0.1.0 path - > libc 0.2.0
            libc 0.2.0 registry dd
        "#]],
    );
}

#[test]
fn merge_conflict_is_named_with_its_line() {
    check(
        "version = 3\n<<<<<<< HEAD\n[[package]]\n",
        expect![[r#"
            Cargo.lock cannot be read as a Cargo lock file: key with no value, expected `=` at Some(2)
        "#]],
    );
}

#[test]
fn newer_format_is_read_with_a_warning() {
    check(
        "version = 9\n",
        expect![[r#"
        Cargo.lock has lock format 9, newer than 4: it was read as if it were that one at None
    "#]],
    );
}
