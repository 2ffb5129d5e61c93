use std::fmt::Write as _;

use expect_test::{Expect, expect};
use incident_core::cancel::Cancel;
use incident_core::history::{CommitId, WantedBlame};

use super::{GitError, LogQuery, Repository};
use crate::testing::Scratch;

mod ancestry;

fn open(scratch: &Scratch) -> Repository {
    Repository::discover(&scratch.root(), &scratch.environment(), &Cancel::new()).unwrap()
}

fn head(repository: &Repository) -> CommitId {
    repository.head(&Cancel::new()).unwrap().unwrap()
}

/// Renders a whole log for reading.
fn check_log(repository: &Repository, expected: Expect) {
    let query = LogQuery { tip: head(repository), since: None, since_time: None, max_commits: 100 };
    let log = repository.log(&query, &Cancel::new()).unwrap();
    assert!(!log.cut);
    let mut shown = String::new();
    for commit in log.commits.iter() {
        writeln!(shown, "{} | {:?} | {}", commit.subject, commit.body, commit.author_time).unwrap();
        for file in &commit.files {
            let from =
                file.old_path.as_ref().map(|old| format!(" (was {old})")).unwrap_or_default();
            writeln!(shown, "  {:?}{from}", file.path).unwrap();
            for hunk in &file.hunks {
                writeln!(
                    shown,
                    "    {} {:?} -> {} {:?}",
                    hunk.old_start, hunk.removed, hunk.new_start, hunk.added
                )
                .unwrap();
            }
        }
    }
    expected.assert_eq(&shown);
}

#[test]
fn log_with_every_kind_of_change() {
    let scratch = Scratch::new();
    scratch.write("src/a.rs", "one\ntwo\nthree\nfour\n");
    scratch.write("old name.rs", "1\n2\n3\n4\n5\n6\n7\n8\n");
    scratch.write("binary", "a\0b");
    scratch.write("empty", "");
    scratch.commit(1, "Begin\n\nWith a body\nof two lines");
    scratch.write("src/a.rs", "one\n2\nthree\nfour");
    scratch.git(&["mv", "old name.rs", "new \"name\"\t\u{fc}.rs"]);
    scratch.write("binary", "a\0c");
    std::fs::remove_file(scratch.root().join("empty")).unwrap();
    scratch.commit(2, "Change");
    check_log(
        &open(&scratch),
        expect![[r#"
            Change | "" | 1714651200
              "binary"
              "empty"
              "new \"name\"\tü.rs" (was old name.rs)
              "src/a.rs"
                2 ["two"] -> 2 ["2"]
                4 ["four"] -> 4 ["four"]
            Begin | "With a body\nof two lines" | 1714564800
              "binary"
              "empty"
              "old name.rs"
                0 [] -> 1 ["1", "2", "3", "4", "5", "6", "7", "8"]
              "src/a.rs"
                0 [] -> 1 ["one", "two", "three", "four"]
        "#]],
    );
}

#[test]
fn no_line_of_a_patch_passes_for_a_head() {
    let scratch = Scratch::new();
    scratch.write(".gitattributes", "*.rs diff\n");
    scratch.write("a.rs", "diff --git a/x b/x\n@@ -1 +1 @@\n-- a/x\n++ b/x\n");
    scratch.commit(1, "diff --git a/y b/y");
    let forged = format!("\0{0}\0{0}\x001\x002\0forged\0\n", "a".repeat(40));
    scratch.write("a.rs", &format!("x\n{forged}\n\0\n"));
    scratch.commit(2, "Change");
    check_log(
        &open(&scratch),
        expect![[r#"
            Change | "" | 1714651200
              "a.rs"
                1 ["diff --git a/x b/x", "@@ -1 +1 @@", "-- a/x", "++ b/x"] -> 1 ["x", "\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\01\02\0forged\0", "", "\0"]
            diff --git a/y b/y | "" | 1714564800
              ".gitattributes"
                0 [] -> 1 ["*.rs diff"]
              "a.rs"
                0 [] -> 1 ["diff --git a/x b/x", "@@ -1 +1 @@", "-- a/x", "++ b/x"]
        "#]],
    );
}

#[test]
fn settings_that_change_the_output_are_overruled() {
    let scratch = Scratch::new();
    scratch.write("a.rs", "one\n");
    scratch.commit(1, "Begin");
    scratch.write("a.rs", "two\n");
    scratch.commit(2, "Change");
    for (name, value) in [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.context", "5"),
        ("diff.orderFile", "missing"),
        ("diff.renames", "false"),
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("log.follow", "true"),
        ("format.pretty", "oneline"),
        ("color.ui", "always"),
        ("core.attributesFile", "missing"),
        ("i18n.logOutputEncoding", "latin1"),
    ] {
        scratch.git(&["config", name, value]);
    }
    let repository = open(&scratch);
    check_log(
        &repository,
        expect![[r#"
            Change | "" | 1714651200
              "a.rs"
                1 ["one"] -> 1 ["two"]
            Begin | "" | 1714564800
              "a.rs"
                0 [] -> 1 ["one"]
        "#]],
    );
    let wanted = [WantedBlame { path: "a.rs".into(), start_line: 1, end_line: 1 }];
    assert_eq!(
        repository.blame(&head(&repository), None, &wanted, &Cancel::new()).unwrap().len(),
        1
    );
}

#[test]
fn merges_are_read_against_their_first_parent() {
    let scratch = Scratch::new();
    scratch.write("a.rs", "one\n");
    scratch.commit(1, "Begin");
    scratch.git(&["checkout", "-q", "-b", "side"]);
    scratch.write("b.rs", "side\n");
    scratch.commit(2, "Side");
    scratch.git(&["checkout", "-q", "main"]);
    scratch.write("c.rs", "main\n");
    scratch.commit(3, "Main");
    scratch.git_at("2024-05-04T12:00:00Z", &["merge", "-q", "--no-ff", "-m", "Merge", "side"]);
    check_log(
        &open(&scratch),
        expect![[r#"
            Merge | "" | 1714824000
              "b.rs"
                0 [] -> 1 ["side"]
            Main | "" | 1714737600
              "c.rs"
                0 [] -> 1 ["main"]
            Side | "" | 1714651200
              "b.rs"
                0 [] -> 1 ["side"]
            Begin | "" | 1714564800
              "a.rs"
                0 [] -> 1 ["one"]
        "#]],
    );
}

#[test]
fn blame_at_an_older_commit() {
    let scratch = Scratch::new();
    scratch.write("src/a b.rs", "one\ntwo\nthree\nfour\n");
    let first = scratch.commit(1, "Begin");
    scratch.write("src/a b.rs", "one\n2\n3\nfour\n");
    let second = scratch.commit(2, "Change");
    scratch.write("src/a b.rs", "1\n2\n3\n4\n");
    scratch.commit(3, "Later");
    let wanted = [
        WantedBlame { path: "src/a b.rs".into(), start_line: 1, end_line: 2 },
        WantedBlame { path: "src/a b.rs".into(), start_line: 4, end_line: 900 },
        WantedBlame { path: "src/a b.rs".into(), start_line: 700, end_line: 900 },
        WantedBlame { path: "missing.rs".into(), start_line: 1, end_line: 2 },
        WantedBlame { path: "../../etc/passwd".into(), start_line: 1, end_line: 2 },
        WantedBlame { path: "--contents=/etc/passwd".into(), start_line: 1, end_line: 2 },
    ];
    let repository = open(&scratch);
    let blamed =
        repository.blame(&CommitId(second.clone()), None, &wanted, &Cancel::new()).unwrap();
    let shown: Vec<_> = blamed
        .iter()
        .map(|range| {
            let which = if range.commit.0 == first { "first" } else { "second" };
            format!("{}:{}+{} {which}", range.path, range.start_line, range.n_lines)
        })
        .collect();
    expect![[r#"
        [
            "src/a b.rs:1+1 first",
            "src/a b.rs:2+1 second",
            "src/a b.rs:4+1 first",
        ]
    "#]]
    .assert_debug_eq(&shown);
}

#[test]
fn blobs_of_a_workspace_below_the_top() {
    let scratch = Scratch::new();
    scratch.write("service/src/a.rs", "deployed\n");
    scratch.write("shared/b.rs", "shared\n");
    scratch.write("service/same.rs", "deployed\n");
    let first = CommitId(scratch.commit(1, "Begin"));
    scratch.write("service/src/a.rs", "now\n");
    scratch.write("shared/b.rs", "changed\n");
    scratch.commit(2, "Change");
    let service = scratch.root().join("service");
    let repository =
        Repository::discover(&service, &scratch.environment(), &Cancel::new()).unwrap();
    let paths =
        ["src/a.rs", "same.rs", "../shared/b.rs", "missing.rs", "../../../etc/passwd", "src"]
            .map(str::to_owned);
    let blobs = repository.blobs(&first, &paths, &Cancel::new()).unwrap();
    let shown: Vec<_> = blobs
        .iter()
        .map(|(path, bytes)| format!("{path}: {}", String::from_utf8_lossy(bytes).trim()))
        .collect();
    expect![[r#"
        [
            "../shared/b.rs: shared",
            "same.rs: deployed",
            "src/a.rs: deployed",
        ]
    "#]]
    .assert_debug_eq(&shown);
    check_log(
        &repository,
        expect![[r#"
            Change | "" | 1714651200
              "src/a.rs"
                1 ["deployed"] -> 1 ["now"]
              "../shared/b.rs"
                1 ["shared"] -> 1 ["changed"]
            Begin | "" | 1714564800
              "same.rs"
                0 [] -> 1 ["deployed"]
              "src/a.rs"
                0 [] -> 1 ["deployed"]
              "../shared/b.rs"
                0 [] -> 1 ["shared"]
        "#]],
    );
    assert_eq!(repository.ls_files(&Cancel::new()).unwrap(), ["same.rs", "src/a.rs"]);
}

#[test]
fn revisions_and_ancestry() {
    let scratch = Scratch::new();
    let first = CommitId(scratch.commit(1, "Begin"));
    scratch.git(&["tag", "-a", "-m", "release", "v1.0.0"]);
    let second = CommitId(scratch.commit(2, "Change"));
    scratch.git(&["tag", "light"]);
    let repository = open(&scratch);
    let cancel = Cancel::new();
    assert_eq!(repository.rev_parse("v1.0.0", &cancel).unwrap(), Some(first.clone()));
    assert_eq!(repository.rev_parse("HEAD~1", &cancel).unwrap(), Some(first.clone()));
    assert_eq!(repository.rev_parse(&first.0[..8], &cancel).unwrap(), Some(first.clone()));
    for nonsense in ["", "nonsense", "--all", "-h", "HEAD\nHEAD", "a\0b", "HEAD:", "@{-9}"] {
        assert_eq!(repository.rev_parse(nonsense, &cancel).unwrap(), None, "{nonsense:?}");
    }
    assert!(repository.is_ancestor(&first, &second, &cancel).unwrap());
    assert!(!repository.is_ancestor(&second, &first, &cancel).unwrap());
    assert_eq!(
        repository.tags(&cancel).unwrap(),
        [("light".to_owned(), second), ("v1.0.0".to_owned(), first)]
    );
}

#[test]
fn a_folder_without_repository_and_one_without_commits() {
    let scratch = Scratch::new();
    let found = Repository::discover(&scratch.root(), &scratch.environment(), &Cancel::new());
    assert_eq!(found.unwrap_err(), GitError::NotARepository);
    scratch.git(&["init", "-q"]);
    assert_eq!(open(&scratch).head(&Cancel::new()).unwrap(), None);
}

#[test]
fn a_shallow_clone_says_so() {
    let scratch = Scratch::new();
    scratch.write("a.rs", "one\n");
    scratch.commit(1, "Begin");
    scratch.commit(2, "Change");
    let clone = scratch.path("clone");
    let from = format!("file://{}", scratch.root().display());
    scratch.git(&["clone", "-q", "--depth=1", &from, &clone.display().to_string()]);
    assert!(!open(&scratch).is_shallow());
    let clone = Repository::discover(&clone, &scratch.environment(), &Cancel::new()).unwrap();
    assert!(clone.is_shallow());
}

#[test]
fn a_foreign_working_tree_is_no_repository_of_ours() {
    let scratch = Scratch::new();
    scratch.commit(1, "Begin");
    scratch.git(&["config", "core.worktree", "/etc"]);
    let found = Repository::discover(&scratch.root(), &scratch.environment(), &Cancel::new());
    assert_eq!(found.unwrap_err(), GitError::NotARepository);
}

#[test]
fn blame_of_a_commit_that_is_no_news_starts_no_filter() {
    let scratch = Scratch::new();
    scratch.write(".gitattributes", "*.rs filter=trap\n");
    scratch.write("a.rs", "one\n");
    let first = CommitId(scratch.commit(1, "Begin"));
    scratch.write("a.rs", "two\n");
    let second = CommitId(scratch.commit(2, "Change"));
    let marker = scratch.root().join("marker");
    scratch.git(&["config", "filter.trap.clean", &format!("cat; : > '{}'", marker.display())]);
    let wanted = [WantedBlame { path: "a.rs".into(), start_line: 1, end_line: 1 }];
    let repository = open(&scratch);
    for since in [&first, &second] {
        let blamed = repository.blame(&first, Some(since), &wanted, &Cancel::new()).unwrap();
        assert_eq!(blamed, []);
    }
    assert!(!marker.exists());
}

#[test]
fn a_clone_without_all_texts_tells_the_changed_files() {
    let scratch = Scratch::new();
    scratch.write("a.rs", "fn one() {}\n");
    let first = scratch.commit(1, "Begin");
    scratch.write("a.rs", "fn two() {}\n");
    scratch.commit(2, "Rename");
    let blob = scratch.git(&["rev-parse", &format!("{first}:a.rs")]);
    let (folder, file) = blob.split_at(2);
    let object = scratch.root().join(".git/objects").join(folder).join(file);
    std::fs::remove_file(object).unwrap();
    let cancel = Cancel::new();
    let (repository, head) =
        Repository::discover_with_head(&scratch.root(), &scratch.environment(), &cancel).unwrap();
    let query = LogQuery { tip: head.unwrap(), since: None, since_time: None, max_commits: 9 };
    let log = repository.log(&query, &cancel).unwrap();
    assert!(log.paths_only);
    let told: Vec<String> = log
        .commits
        .iter()
        .map(|commit| format!("{} {}", commit.subject, commit.files[0].path))
        .collect();
    assert_eq!(told, ["Rename a.rs", "Begin a.rs"]);
}
