use expect_test::expect;
use incident_core::cancel::Cancel;

use super::{ReadError, list, read_text};
use crate::testing::Scratch;

#[test]
fn listing_leaves_out_what_is_ignored_built_or_installed() {
    let scratch = Scratch::new();
    for path in [
        "Cargo.toml",
        "src/main.rs",
        "src/target/mod.rs",
        "target/debug/out.rs",
        "web/node_modules/left/index.js",
        "web/app.ts",
        "vendor/dep/.cargo-checksum.json",
        "vendor/dep/src/lib.rs",
        "generated/a.rs",
        "deep/generated/b.rs",
        ".hidden/a.rs",
    ] {
        scratch.write(path, "");
    }
    scratch.write(".gitignore", "/generated\n");
    let (listing, problems) = list(&scratch.root(), &Cancel::new());
    expect![[r#"
        [
            "deep/generated/b.rs",
            "src/main.rs",
            "src/target/mod.rs",
            "web/app.ts",
        ]
    "#]]
    .assert_debug_eq(&listing.source_paths());
    assert!(listing.file("Cargo.toml").is_some());
    assert!(problems.is_empty());
}

#[test]
fn a_root_that_is_gone() {
    let scratch = Scratch::new();
    let (listing, problems) = list(&scratch.path("gone"), &Cancel::new());
    assert!(listing.files.is_empty());
    assert!(problems[0].message.ends_with("no file was looked at"), "{problems:?}");
}

#[test]
fn text_that_is_not_utf8_comes_with_a_problem() {
    let scratch = Scratch::new();
    std::fs::write(scratch.root().join("a.rs"), b"a\xffb").unwrap();
    let (text, problem) = read_text(&scratch.root(), "a.rs", 100).unwrap();
    assert_eq!(&*text, "a\u{fffd}b");
    assert!(problem.is_some());
}

#[test]
fn a_file_past_the_limit() {
    let scratch = Scratch::new();
    scratch.write("a.rs", "12345678");
    assert!(read_text(&scratch.root(), "a.rs", 8).is_ok());
    assert_eq!(
        read_text(&scratch.root(), "a.rs", 7),
        Err(ReadError::TooLarge { path: "a.rs".into(), size: 8, limit: 7 })
    );
}

#[test]
fn nothing_outside_the_root_is_read() {
    let scratch = Scratch::new();
    crate::testing::write(&scratch.path("secret.rs"), "secret");
    let absolute = scratch.path("secret.rs").display().to_string();
    for path in ["../secret.rs", "/etc/passwd", "a/../../secret.rs", "", "a\0b", &absolute] {
        let read = read_text(&scratch.root(), path, 100);
        assert!(matches!(read, Err(ReadError::Outside { .. })), "{path:?}: {read:?}");
    }
}

#[cfg(unix)]
mod unix {
    use super::*;

    #[test]
    fn links_are_neither_followed_nor_a_way_out() {
        use std::os::unix::fs::symlink;
        let scratch = Scratch::new();
        crate::testing::write(&scratch.path("secret.rs"), "secret");
        scratch.write("src/main.rs", "inside");
        symlink(scratch.root(), scratch.root().join("src/loop")).unwrap();
        symlink("../src", scratch.root().join("src/self")).unwrap();
        symlink(scratch.path("secret.rs"), scratch.root().join("out.rs")).unwrap();
        symlink("src/main.rs", scratch.root().join("in.rs")).unwrap();
        let (listing, _) = list(&scratch.root(), &Cancel::new());
        assert_eq!(listing.source_paths(), ["src/main.rs"]);
        let outside = Err(ReadError::Outside { path: "out.rs".into() });
        assert_eq!(read_text(&scratch.root(), "out.rs", 100), outside);
        assert_eq!(&*read_text(&scratch.root(), "in.rs", 100).unwrap().0, "inside");
    }

    #[test]
    fn a_pipe_does_not_make_us_wait() {
        let scratch = Scratch::new();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            scratch.root().join("pipe.rs"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert_eq!(
            read_text(&scratch.root(), "pipe.rs", 100),
            Err(ReadError::NotAFile { path: "pipe.rs".into() })
        );
        assert_eq!(
            read_text(&scratch.root(), ".", 100),
            Err(ReadError::NotAFile { path: ".".into() })
        );
    }
}
