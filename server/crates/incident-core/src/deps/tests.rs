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

fn features_of(app: &str, manifests: &[&str], lock: &str, expected: Expect) {
    let (locked, _) = parse_cargo_lock("Cargo.lock", lock);
    let root = manifest::parse_manifest(app, None).unwrap();
    let manifests: BTreeMap<PackageId, manifest::Manifest> = manifests
        .iter()
        .map(|text| manifest::parse_manifest(text, None).unwrap())
        .map(|manifest| (manifest.id.clone().unwrap(), manifest))
        .collect();
    let features = features::resolve_features(&[root], &locked, &manifests);
    let shown: Vec<String> = features
        .on
        .iter()
        .map(|(id, on)| format!("{id}: {}\n", on.iter().cloned().collect::<Vec<_>>().join(" ")))
        .collect();
    expected.assert_eq(&shown.concat());
}

#[test]
fn features_that_only_another_dependency_turns_on() {
    features_of(
        "[package]\nname = 'app'\nversion = '0.1.0'\n[dependencies]\ntokio = { version = '1', features = ['rt'] }\nweb = '0.1'\n[target.'cfg(windows)'.dependencies]\nwin = '1'",
        &[
            "[package]\nname = 'tokio'\nversion = '1.0.0'\n[features]\ndefault = []\nrt = []\nfs = ['rt', 'dep:bytes', 'mio?/os']\nnet = ['mio']\n[dependencies]\nbytes = { version = '1', optional = true }\nmio = { version = '1', optional = true, default-features = false }",
            "[package]\nname = 'web'\nversion = '0.1.0'\n[dependencies]\ntokio = { version = '1', features = ['fs', 'net'] }",
            "[package]\nname = 'mio'\nversion = '1.0.0'\n[features]\ndefault = ['log']\nlog = []\nos = []",
        ],
        "version = 4\n[[package]]\nname = 'app'\nversion = '0.1.0'\ndependencies = ['tokio', 'web', 'win']\n[[package]]\nname = 'tokio'\nversion = '1.0.0'\ndependencies = ['bytes', 'mio']\n[[package]]\nname = 'web'\nversion = '0.1.0'\ndependencies = ['tokio']\n[[package]]\nname = 'bytes'\nversion = '1.0.0'\n[[package]]\nname = 'mio'\nversion = '1.0.0'\n[[package]]\nname = 'win'\nversion = '1.0.0'\n",
        expect![[r#"
            bytes 1.0.0: default
            mio 1.0.0: os
            tokio 1.0.0: default fs mio net rt
            web 0.1.0: 
        "#]],
    );
}

#[test]
fn two_major_versions_keep_their_own_features() {
    features_of(
        "[package]\nname = 'app'\nversion = '0.1.0'\n[dependencies]\nrand = { version = '0.9', features = ['small'] }\nold = { package = 'rand', version = '0.8', features = ['log'] }",
        &[
            "[package]\nname = 'rand'\nversion = '0.9.1'\n[features]\nsmall = []\nlog = []",
            "[package]\nname = 'rand'\nversion = '0.8.5'\n[features]\nsmall = []\nlog = []",
        ],
        "version = 4\n[[package]]\nname = 'app'\nversion = '0.1.0'\ndependencies = ['rand 0.8.5', 'rand 0.9.1']\n[[package]]\nname = 'rand'\nversion = '0.8.5'\n[[package]]\nname = 'rand'\nversion = '0.9.1'\n",
        expect![[r#"
            rand 0.8.5: log
            rand 0.9.1: small
        "#]],
    );
}
