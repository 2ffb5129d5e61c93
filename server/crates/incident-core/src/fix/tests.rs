use expect_test::{Expect, expect};

use super::*;

fn edit(start: usize, end: usize, replacement: &str) -> Edit {
    Edit { span: ByteSpan::new(start, end), replacement: replacement.to_owned() }
}

fn check_diff(before: &str, edits: &[Edit], expected: Expect) {
    let patch = unified_diff("src/a.rs", before, edits);
    expected.assert_eq(&patch);
    let parsed = parse_patch(&patch).unwrap();
    assert_eq!(parsed.files[0].apply(before).unwrap(), apply_edits(before, edits));
}

#[test]
fn one_line_in_the_middle() {
    let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    check_diff(
        before,
        &[edit(8, 9, "five")],
        expect![[r#"
        --- a/src/a.rs
        +++ b/src/a.rs
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +five
         6
         7
         8
    "#]],
    );
}

#[test]
fn far_changes_are_two_hunks_and_near_ones_are_one() {
    let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
    check_diff(
        before,
        &[edit(0, 2, ""), edit(21, 24, "11\nnew\n")],
        expect![[r#"
        --- a/src/a.rs
        +++ b/src/a.rs
        @@ -1,4 +1,3 @@
        -1
         2
         3
         4
        @@ -9,4 +8,5 @@
         9
         10
         11
        +new
         12
    "#]],
    );
    check_diff(
        before,
        &[edit(0, 1, "one"), edit(14, 15, "eight")],
        expect![[r#"
        --- a/src/a.rs
        +++ b/src/a.rs
        @@ -1,11 +1,11 @@
        -1
        +one
         2
         3
         4
         5
         6
         7
        -8
        +eight
         9
         10
         11
    "#]],
    );
}

#[test]
fn the_last_line_has_no_end() {
    check_diff(
        "a\nb",
        &[edit(2, 3, "c")],
        expect![[r#"
        --- a/src/a.rs
        +++ b/src/a.rs
        @@ -1,2 +1,2 @@
         a
        -b
        \ No newline at end of file
        +c
        \ No newline at end of file
    "#]],
    );
}

#[test]
fn carriage_returns_are_kept() {
    let before = "a\r\nb\r\n";
    let patch = unified_diff("x", before, &[edit(3, 4, "c")]);
    assert_eq!(patch, "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n");
    assert_eq!(parse_patch(&patch).unwrap().files[0].apply(before).unwrap(), "a\r\nc\r\n");
}

#[test]
fn a_new_file() {
    let patch = new_file_diff("notes/a b.md", "x\ny\n");
    assert_eq!(patch, "--- /dev/null\n+++ b/notes/a b.md\t\n@@ -0,0 +1,2 @@\n+x\n+y\n");
    let parsed = parse_patch(&patch).unwrap();
    assert_eq!(
        (parsed.files[0].old_path.as_deref(), parsed.files[0].path()),
        (None, "notes/a b.md")
    );
    assert_eq!(parsed.files[0].added_lines(), [(1, "x"), (2, "y")]);
}

#[test]
fn edits_that_change_nothing_or_do_not_fit() {
    assert_eq!(unified_diff("x", "abc\n", &[edit(0, 1, "a")]), "");
    assert_eq!(unified_diff("x", "é\n", &[edit(1, 2, "a"), edit(90, 99, "b")]), "");
    assert_eq!(apply_edits("abcd", &[edit(0, 2, "x"), edit(1, 3, "y")]), "xcd");
}

#[test]
fn odd_names_survive_the_round_trip() {
    for path in ["a b/c.rs", "q\"uote.rs", "ta\tb.rs", "ümläut/日本.rs"] {
        let patch = unified_diff(path, "a\n", &[edit(0, 1, "b")]);
        assert_eq!(parse_patch(&patch).unwrap().files[0].path(), path, "{patch}");
    }
}

#[track_caller]
fn refused(patch: &str, why: &str) {
    let problem = parse_patch(patch).unwrap_err();
    assert!(problem.message.contains(why), "{}", problem.message);
}

#[test]
fn places_outside_the_repository_are_refused() {
    for path in [
        "../x",
        "a/../../x",
        "/etc/passwd",
        "c:/x",
        "a\\..\\x",
        ".git/hooks/post-checkout",
        "sub/.GIT/config",
        ".git./config",
        "a//b",
        "./x",
    ] {
        refused(&format!("--- a/x\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n"), "leaves the repository");
    }
    refused(
        "diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc\n",
        "link",
    );
    refused("diff --git a/x b/x\nGIT binary patch\nliteral 0\n", "binary");
}

#[test]
fn broken_patches_are_refused_whole() {
    refused("", "no file");
    refused("hello\n", "no file");
    refused("--- a/x\n+++ b/x\n", "without a hunk");
    refused("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n", "middle of a hunk");
    refused("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n", "more lines");
    refused("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n+c\ndiff --git a/y b/y\n", "fewer lines");
    refused("@@ -1 +1 @@\n-a\n+b\n", "before any file name");
}

#[test]
fn a_git_patch_with_prose_a_rename_and_stripped_blanks() {
    let patch = "Here is the fix:\n\ndiff --git a/old.rs b/new.rs\nsimilarity index 100%\nrename from old.rs\nrename to new.rs\ndiff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@ fn x\n a\n\n-b\n+c\n";
    let parsed = parse_patch(patch).unwrap();
    assert_eq!(parsed.files.iter().map(FilePatch::path).collect::<Vec<_>>(), ["new.rs", "x"]);
    assert_eq!(parsed.files[1].apply("a\n\nb\n").unwrap(), "a\n\nc\n");
    assert_eq!(parsed.files[1].apply("a\n\nB\n"), None);
    assert_eq!(parsed.files[1].added_lines(), [(3, "c")]);
}
