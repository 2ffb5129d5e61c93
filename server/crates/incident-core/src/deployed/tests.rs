use expect_test::{Expect, expect};

use super::{Agreement, best_fits, mentions, previous_release, tagged};
use crate::history::CommitId;

fn check(text: &str, expected: Expect) {
    let found = mentions(text, &["till", "till-core"]);
    let mut shown = String::new();
    for mention in &found.versions {
        shown += &format!("{} {}\n", mention.name.as_deref().unwrap_or("-"), mention.version);
    }
    for revision in &found.revisions {
        shown += &format!("revision {revision}\n");
    }
    expected.assert_eq(&shown);
}

fn tags(names: &[&str]) -> Vec<(String, CommitId)> {
    names.iter().map(|name| ((*name).to_owned(), CommitId(format!("commit of {name}")))).collect()
}

#[test]
fn banners_reports_and_paths_name_versions() {
    check(
        "INFO till 1.4.0 listening on 127.0.0.1:7070",
        expect![[r#"
        till 1.4.0
    "#]],
    );
    check(
        "till/1.3.9\ntill v1.4.0-rc.1 (commit 65bd6db1)",
        expect![[r#"
        till 1.4.0-rc.1
        till 1.3.9
        revision 65bd6db1
    "#]],
    );
    check(
        "/home/user/.cargo/registry/src/x/till-1.2.3/src/main.rs",
        expect![[r#"
        till 1.2.3
    "#]],
    );
    check(
        r#"{"version":"2.0.1","git_sha":"0f97b59aa"}"#,
        expect![[r#"
        - 2.0.1
        revision 0f97b59aa
    "#]],
    );
    check(
        "running v1.4.0-3-gabc1234",
        expect![[r#"
        revision abc1234
    "#]],
    );
    check(
        "image: registry.example/till:1.4.0",
        expect![[r#"
        till 1.4.0
        - 1.4.0
    "#]],
    );
}

#[test]
fn other_numbers_are_no_versions_of_ours() {
    check("distill 1.4.0, 10.0.0.1 and tokio 1.40.0; build 12345678; still 2.0", expect![""]);
}

#[test]
fn four_numbers_are_not_the_first_three() {
    check("till 1.0.0.7 and version=1.0.0.7", expect![""]);
    check(
        "till 1.0.0. Bye",
        expect![[r#"
            till 1.0.0
        "#]],
    );
}

#[test]
fn tags_match_in_their_usual_dresses() {
    let found = mentions("till 1.4.0", &["till"]);
    for tag in ["v1.4.0", "1.4.0", "till-1.4.0", "till/v1.4.0", "release-1.4.0", "till@1.4.0"] {
        assert_eq!(tagged(&found.versions, &tags(&[tag])).len(), 1, "{tag}");
    }
    for tag in ["v1.4.1", "other-1.4.0", "v11.4.0", "nightly", "1.4.0.1", "v1.4.0-rc.1"] {
        assert!(tagged(&found.versions, &tags(&[tag])).is_empty(), "{tag}");
    }
}

#[test]
fn the_release_before_is_the_highest_lower_version_of_the_same_kind() {
    let tags = tags(&["v1.10.0", "v1.9.0", "v1.9.0-rc.1", "other-1.9.5", "v1.2.0", "nightly"]);
    let previous = |tag| previous_release(tag, &tags).map(|(name, _)| name.as_str());
    assert_eq!(previous("v1.10.0"), Some("v1.9.0"));
    assert_eq!(previous("v1.9.0"), Some("v1.2.0"));
    assert_eq!(previous("v1.2.0"), None);
    assert_eq!(previous("nightly"), None);
}

#[test]
fn the_deploy_before_is_the_one_of_the_day_or_number_before() {
    let tags = tags(&["deploy-2026-03-03", "deploy-2026-02-26", "prod-2026-03-01", "b-9", "b-10"]);
    let previous = |tag| previous_release(tag, &tags).map(|(name, _)| name.as_str());
    assert_eq!(previous("deploy-2026-03-03"), Some("deploy-2026-02-26"));
    assert_eq!(previous("deploy-2026-02-26"), None);
    assert_eq!(previous("b-10"), Some("b-9"));
}

#[test]
fn states_that_fit_best_are_all_kept() {
    let fit = |points| Agreement { points, most: 8 };
    let id = |name: &str| CommitId(name.to_owned());
    let fits = [(id("c"), fit(2)), (id("b"), fit(8)), (id("a"), fit(8))];
    assert_eq!(best_fits(&fits), vec![id("b"), id("a")]);
    assert_eq!(best_fits(&[(id("c"), fit(0))]), Vec::<CommitId>::new());
}
