use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use incident_core::cancel::Cancel;

use super::{CheckOptions, check_text};
use crate::command::Environment;
use crate::workspace::Workspace;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A project with one vendored package, `clock`, and a home without a toolchain.
fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(
        root,
        "work/Cargo.toml",
        "[package]\nname = 'app'\nversion = '0.1.0'\nedition = '2021'\n[dependencies]\nclock = { version = '1', features = ['time'] }\ngone = '1'\n",
    );
    write(
        root,
        "work/Cargo.lock",
        "version = 4\n[[package]]\nname = 'app'\nversion = '0.1.0'\ndependencies = ['clock', 'gone']\n[[package]]\nname = 'clock'\nversion = '1.0.0'\nsource = 'registry+x'\nchecksum = 'abcd'\n[[package]]\nname = 'gone'\nversion = '1.0.0'\nsource = 'registry+x'\nchecksum = 'ef01'\n",
    );
    write(root, "work/.cargo/config.toml", "[source.vendored]\ndirectory = 'vendor'\n");
    write(
        root,
        "work/vendor/clock/Cargo.toml",
        "[package]\nname = 'clock'\nversion = '1.0.0'\nedition = '2021'\n[features]\ntime = []\nnet = []\n",
    );
    write(
        root,
        "work/vendor/clock/src/lib.rs",
        "pub mod outside;\n#[cfg(feature = \"time\")] pub fn pause() {}\n#[cfg(feature = \"net\")] pub fn connect() {}\n",
    );
    write(root, "secret.rs", "pub fn secret() {}\n");
    fs::create_dir(root.join("home")).unwrap();
    dir
}

fn check(dir: &Path, text: &str, options: &CheckOptions, expected: Expect) {
    let environment = Environment::of_process()
        .with("HOME", dir.join("home"))
        .with("PATH", "")
        .without("CARGO_HOME")
        .without("RUSTUP_HOME")
        .with("INCIDENT_LSP_CACHE_DIR", dir.join("cache"))
        .with("INCIDENT_LSP_STATE_DIR", dir.join("state"))
        .with("INCIDENT_LSP_CONFIG_DIR", dir.join("config"));
    let workspace = Workspace::open(&dir.join("work")).with_environment(environment);
    let (references, problems) = check_text(&workspace, text, options, &Cancel::new());
    let mut shown = String::new();
    for one in references {
        writeln!(shown, "{}:{} {} {}", one.line, one.column, one.api, one.verdict.as_str())
            .unwrap();
    }
    for problem in problems {
        writeln!(shown, "{}", problem.message).unwrap();
    }
    expected.assert_eq(&shown);
}

#[test]
fn vendored_package_twice_the_second_time_from_the_cache() {
    let dir = project();
    for _ in 0..2 {
        check(
            dir.path(),
            "use clock::{pause, connect, nap};\nuse gone::x;\nuse absent::y;\n",
            &CheckOptions::default(),
            expect![[r#"
                1:5 clock exists
                1:13 clock::pause exists
                1:20 clock::connect feature_disabled
                1:29 clock::nap missing
                2:5 gone unknown
                3:5 absent unknown
            "#]],
        );
    }
    assert!(dir.path().join("cache").is_dir());
}

#[cfg(unix)]
#[test]
fn link_out_of_a_package_is_not_read() {
    let dir = project();
    let link = dir.path().join("work/vendor/clock/src/outside.rs");
    std::os::unix::fs::symlink(dir.path().join("secret.rs"), link).unwrap();
    check(
        dir.path(),
        "use clock::outside::secret;\n",
        &CheckOptions::default(),
        expect![[r#"
        1:5 clock exists
        1:12 clock::outside exists
        1:21 clock::outside::secret unknown
    "#]],
    );
}

#[test]
fn huge_file_of_a_package_is_left_out() {
    let dir = project();
    let path = dir.path().join("work/vendor/clock/src/outside.rs");
    fs::File::create(path).unwrap().set_len(100 << 20).unwrap();
    check(
        dir.path(),
        "use clock::outside::anything;\nuse clock::nap;\n",
        &CheckOptions::default(),
        expect![[r#"
            1:5 clock exists
            1:12 clock::outside exists
            1:21 clock::outside::anything unknown
            2:5 clock exists
            2:12 clock::nap missing
        "#]],
    );
}

#[test]
fn other_languages_say_so() {
    let dir = project();
    let options = CheckOptions { language: Some("go".to_owned()), file: None };
    check(
        dir.path(),
        "import x",
        &options,
        expect![[r#"
            go is not checked; rust, javascript, typescript, python, shell, diffs and Markdown are
        "#]],
    );
}
